# SPDX-License-Identifier: BSD-2-Clause
"""world: the DNS that everybody asks, and the messages that are judged by it.

A real nsd serves one zone, the root. There are COUNT senders of the same kind,
so that a program that remembers answers can meet one that it has never seen.
"""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "test",
                                "lib"))
import namespace  # noqa: E402
import proc  # noqa: E402
import tree  # noqa: E402

COUNT = 100
SIZES = {"2 KiB": 2048, "4 KiB": 4096, "50 KiB": 50 * 1024, "1 MiB": 1024 * 1024}
AUTHSERV_ID = "mx.example.net"
# RFC 2544's network for benchmarks: no resolver answers for it by itself.
NETWORK = "198.18.0"
TYPES = {1: "A", 12: "PTR", 16: "TXT", 28: "AAAA", 15: "MX"}

# Its limit of answers to one client would have the others wait for seconds.
NSD_CONF = '''server:
	ip-address: {address}
	server-count: 1
	username: ""
	zonesdir: "{work}"
	database: ""
	pidfile: "{work}/nsd.pid"
	xfrdfile: "{work}/xfrd"
	zonelistfile: "{work}/zonelist"
	cookie-secret-file: ""
	rrl-ratelimit: 0
	rrl-whitelist-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: zone
'''

# The policy is found at the second step of the walk from mail.dN.example, the
# client by the second include.
SENDER = '''$ORIGIN d{n}.example.
@ TXT "v=spf1 include:_a.d{n}.example include:_b.d{n}.example -all"
_a TXT "v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.0/24 -all"
_b TXT "v=spf1 ip4:198.51.100.0/24 ip4:{network}.0/24 -all"
mail A {network}.{n}
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@d{n}.example"
s._domainkey TXT {rsa}
e{n}._domainkey.esp.example. TXT {ed25519}
c{n}.client.example. A {network}.{n}
c{n}.client.example. TXT "v=spf1 ip4:{network}.0/24 -all"
{n}.0.18.198.in-addr.arpa. PTR c{n}.client.example.
'''


def message(size, sender):
    """An ordinary message of about that many octets, CRLF line ends."""
    domain = sender.partition("@")[2]
    head = ("Received: from client.example.com (client.example.com "
            "[192.0.2.1])\r\n\tby mx.example.net with ESMTPS id 4F00A1\r\n"
            "\tfor <user@example.net>; Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            f"From: Alice Example <{sender}>\r\n"
            "To: Bob Example <bob@example.net>\r\n"
            "Subject: The minutes of the meeting of last Thursday\r\n"
            "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <20261122100000.1234@{domain}>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\n")
    line = ("The quick brown fox jumps over the lazy dog, and then it "
            "rests a while.\r\n")
    text = head
    while len(text) < size:
        text += line if len(text) % 9 else "\r\n"
    return text.encode()


class Mail:
    """A message file and the envelope that it comes in."""

    def __init__(self, path, n):
        self.path = path
        self.name = f"c{n}.client.example"
        self.ip = f"{NETWORK}.{n}"
        self.helo = self.name
        self.mail_from = f"bounce@d{n}.example"

    def options(self):
        return ["--name", self.name, "--ip", self.ip, "--helo", self.helo,
                "--mail-from", self.mail_from]


class SlowDns:
    """nsd behind test/bench/slowdns."""

    def __init__(self, address, behind):
        self.process = subprocess.Popen(
            [tree.program("test/bench/slowdns"), address, behind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.delay(0)

    def _call(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline()
            if line == "":
                sys.exit("bench: slowdns ended")
            if line == ".\n":
                return lines
            lines.append(line.split())

    def delay(self, ms):
        self._call(f"delay {ms}")

    def queries(self):
        """Those since the last call: (came, answered, "TXT name")."""
        return [(int(came), int(answered), f"{TYPES.get(int(kind), kind)} "
                 f"{name}") for came, answered, kind, name in
                (line + [""] * (4 - len(line)) for line in self._call("log"))]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class World:
    """private: we are in a namespace of our own, with port 53."""

    def __init__(self, work, private):
        self.work, self.private = work, private
        port = [53, 53] if private else [proc.free_port(), proc.free_port()]
        self.dns = f"127.0.0.1@{port[0]}"
        self.slow_dns = f"127.0.0.2@{port[1]}"
        self._make_keys()
        self.slow = self.nsd = None
        self.log = self.path("log")
        self._serve()

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, text):
        return proc.write(self.path(name), text)

    def resolver(self, address):
        """What programs that start from now on take for the system's."""
        with open(namespace.resolv_conf(), "w", encoding="ascii") as f:
            f.write(f"nameserver {host(address)}\n")

    def _make_keys(self):
        self.records = {}
        for selector, kind in (("s", "rsa"), ("e", "ed25519")):
            subprocess.run([tree.DKIMKEYGEN, "new", "-d", "example.com", "-s",
                            selector, "-t", kind, "-D", self.work],
                           check=True, stdout=subprocess.DEVNULL)
            with open(self.path(selector + ".txt"), encoding="ascii") as f:
                self.records[kind] = re.findall(r'"[^"]*"', f.read())
        text = "".join(s.strip('"') for s in self.records["rsa"])
        self.write("keys", f"s._domainkey.example.com {text}\n")

    def _serve(self):
        rsa, ed25519 = (" ".join(self.records[kind])
                        for kind in ("rsa", "ed25519"))
        self.write("zone", "$TTL 3600\n$ORIGIN .\n"
                   "@ SOA ns.example. root.example. 1 1h 1h 1h 1h\n"
                   "@ NS ns.example.\nns.example. A 127.0.0.1\n"
                   f"s._domainkey.example.com. TXT {rsa}\n" +
                   "".join(SENDER.format(n=n, network=NETWORK, rsa=rsa,
                                         ed25519=ed25519)
                           for n in range(1, COUNT + 1)))
        conf = self.write("nsd.conf", NSD_CONF.format(address=self.dns,
                                                      work=self.work))
        port = int(self.dns.partition("@")[2])
        nsd = which("nsd")
        self.nsd = proc.Server([nsd, "-d", "-c", conf], self.log,
                               lambda: proc.port_open(port))
        self.slow = SlowDns(self.slow_dns, self.dns)

    def sign(self, name, plain, *keys):
        """keys: (domain, selector, the key's name)."""
        argv = [tree.MAILSEAL, "sign"]
        for domain, selector, key in keys:
            argv += ["--domain", domain, "--selector", selector, "--key",
                     self.path(key + ".private")]
        status, out, err = proc.run(argv + [plain])
        if status != 0:
            sys.exit("bench: " + err)
        return self.write(name, out)

    def ordinary(self, size_name):
        """(not signed, signed) for the cases of DKIM alone."""
        plain = self.write(f"{size_name}.eml", message(
            SIZES[size_name], "alice@example.com"))
        return plain, self.sign(f"{size_name}.signed.eml", plain,
                                ("example.com", "s", "s"))

    def from_sender(self, n, size, signatures=2):
        plain = self.write(f"{n}.plain", message(
            size, f"alice@mail.d{n}.example"))
        keys = [(f"d{n}.example", "s", "s"), ("esp.example", f"e{n}", "e")]
        return Mail(self.sign(f"{n}.{size}.eml", plain, *keys[:signatures]),
                    n)

    def close(self):
        if self.slow:
            self.slow.stop()
        if self.nsd:
            self.nsd.stop()


def host(address):
    return address.partition("@")[0]


def which(program):
    """Its path, or None; servers are not in everybody's PATH."""
    for folder in ["/usr/sbin"] + os.environ["PATH"].split(":"):
        path = os.path.join(folder, program)
        if os.access(path, os.X_OK):
            return path
    return None


def elapsed_ms(since):
    return (time.monotonic() - since) * 1e3
