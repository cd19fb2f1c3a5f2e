# SPDX-License-Identifier: BSD-2-Clause
"""daemons: the programs under test, each as its documentation has it set up,
writing no syslog."""
import os
import re
import signal
import subprocess
import sys
import uuid

from world import AUTHSERV_ID, host, proc, tree, which

TICKS = os.sysconf("SC_CLK_TCK")
SIGNING = '''Domain example.com
Selector s
KeyFile {key}
'''
OURS = '''Socket {address}
Background no
KeyStore none
UMask 000
LogTarget stderr
Mode {mode}
AuthservID {id}
Nameservers {dns}
'''
OPENDKIM = '''Socket {address}
Background no
UMask 000
Syslog no
Mode {mode}
UserID root
AuthservID {id}
Canonicalization relaxed/relaxed
RequireSafeKeys no
'''
# Its tree ends at the public suffixes that it knows of.
OPENDMARC = '''Socket {address}
Background no
Syslog no
UserID root
AuthservID {id}
TrustedAuthservIDs {id}
PublicSuffixList {suffixes}
SPFSelfValidate {spf}
'''
POLICYD = '''debugLevel = 0
TestOnly = 1
HELO_reject = Fail
Mail_From_reject = Fail
PermError_reject = False
TempError_Defer = False
skip_addresses = 127.0.0.0/8
Header_Type = AR
Authserv_Id = {id}
'''


class Daemon:
    """A milter: its process, CPU time and peak memory."""

    def __init__(self, name, argv, address, log):
        self.name, self.address = name, address
        place = address.partition(":")[2]
        self.server = proc.Server(
            argv, log, lambda: proc.unix_open(place) if place[0] == "/" else
            proc.port_open(int(host(place))))

    def _processes(self):
        """All of them: mailseald has three."""
        found = [self.server.pid]
        for pid in found:
            with open(f"/proc/{pid}/task/{pid}/children",
                      encoding="ascii") as f:
                found += map(int, f.read().split())
        return found

    def cpu_s(self):
        ticks = 0
        for pid in self._processes():
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                fields = f.read().rsplit(") ", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def peak_mb(self):
        kb = 0
        for pid in self._processes():
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                kb += int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
        return kb / 1024


class Side:
    """Milters in the order in which each message goes through them."""

    def __init__(self, *daemons):
        self.daemons = daemons
        self.name = " + ".join(d.name for d in daemons)

    def sockets(self):
        return [x for d in self.daemons for x in
                ("--milter", d.address)]

    def cpu_s(self):
        return sum(d.cpu_s() for d in self.daemons)

    def peak_mb(self):
        return sum(d.peak_mb() for d in self.daemons)

    def stop(self):
        for d in self.daemons:
            d.server.signal(signal.SIGTERM)
        for d in self.daemons:
            d.server.stop(40)


def start(world, name, argv, conf, inet=False, **values):
    """inet: over TCP; else over a unix socket."""
    stem = f"{name}{len(os.listdir(world.work))}"
    address = f"inet:{proc.free_port()}@127.0.0.1" if inet else \
        "unix:" + world.path(stem + ".sock")
    path = world.write(stem + ".conf", conf.format(
        address=address, id=AUTHSERV_ID, key=world.path("s.private"),
        **values))
    return Daemon(name, argv + [path], address, world.log)


def mailseald(world, mode, dns=None, inet=False):
    return start(world, "mailseald", [tree.MAILSEALD, "-f", "-c"],
                  OURS + (SIGNING if mode == "s" else ""), inet, mode=mode,
                  dns=dns or world.dns)


def opendkim(world, mode, dns=None, inet=False):
    """dns: of a server on port 53; else it has a file of keys."""
    return start(world, "opendkim", [which("opendkim"), "-f", "-x"],
                  OPENDKIM + (SIGNING if mode == "s" else "") +
                  (f"Nameservers {host(dns)}\n" if dns else
                   f"TestPublicKeys {world.path('keys')}\n"), inet, mode=mode)


def null(world, _mode, inet=False):
    """A milter that does nothing but add a field: see null.c."""
    address = f"inet:{proc.free_port()}@127.0.0.1" if inet else \
        "unix:" + world.path("null.sock")
    return Daemon("null", [tree.program("test/bench/null"), address], address,
                  world.log)


def opendmarc(world, dns, own_spf):
    world.resolver(dns)
    suffixes = world.write("suffixes", "example\n")
    return start(world, "opendmarc", [which("opendmarc"), "-f", "-c"],
                  OPENDMARC, suffixes=suffixes,
                  spf="yes" if own_spf else "no")


class Policyd:
    """The SPF policy daemon as Postfix has it run, asked once for each
    message."""
    name = "policyd-spf"

    def __init__(self, world, dns):
        world.resolver(dns)
        conf = world.write("policyd.conf", POLICYD.format(id=AUTHSERV_ID))
        with open(world.log, "ab") as log:
            self.process = subprocess.Popen(
                [which("policyd-spf"), conf], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True)

    def field(self, mail):
        """The header field that it has put on top."""
        self.process.stdin.write(
            "request=smtpd_access_policy\nprotocol_state=RCPT\n"
            "protocol_name=ESMTP\n"
            f"client_address={mail.ip}\nclient_name={mail.name}\n"
            f"helo_name={mail.helo}\nsender={mail.mail_from}\n"
            f"recipient=bob@example.net\ninstance={uuid.uuid4()}\n\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        self.process.stdout.readline()
        action, _, field = answer.partition(" ")
        if action.lower() != "action=prepend":
            sys.exit("bench: policyd-spf: " + answer)
        return field.rstrip("\n") + "\r\n"

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
