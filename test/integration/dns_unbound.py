#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""dns.h through c-ares, and with a trust anchor through libunbound, against nsd
on a loopback port.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ASK = os.path.join(os.environ.get("top_builddir", "."),
                   "test/integration/dns_ask")
WAIT_MS = 8000
ZONE = """$TTL 300
@	IN SOA	ns host 1 3600 600 86400 77
	IN NS	ns
ns	A	127.0.0.1
strings	TXT	"v=DKIM1; " "k=rsa; " "p=AA"
odd	TXT	"a\\000\\255\\"b"
empty	TXT	""
several	TXT	"one"
	TXT	"two"
mx	MX	20 b.Mail
	MX	10 A.mail.example.
null	MX	0 .
oddmx	MX	10 a\\.b
	MX	20 c
oddonly	MX	10 a\\.b
alias	CNAME	strings
chain	CNAME	alias
dangling CNAME	nowhere
host	A	192.0.2.1
	A	192.0.2.2
	AAAA	2001:db8::1
short	1 TXT	"soon gone"
long	864000 TXT "for days"
zero	0 TXT	"never kept"
under.score._domainkey TXT "key"
*.wild	TXT	"wild"
big	TXT	%s
many	%s
"""
count = failed = 0


def point(name, got, want):
    global count, failed
    count += 1
    good = got == want
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name))
    if not good:
        print("# got:  %r\n# want: %r" % (got, want))
    sys.stdout.flush()


def skip(name, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, why))


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Nsd:
    def __init__(self, folder, zones):
        self.port = free_port()
        self.process = None
        self.conf = os.path.join(folder, "nsd.conf")
        with open(self.conf, "w") as f:
            f.write("""server:
	ip-address: 127.0.0.1@%d
	username: ""
	zonesdir: "%s"
	pidfile: "%s/nsd.pid"
	database: ""
	xfrdfile: "%s/xfrd"
	zonelistfile: "%s/zones"
	logfile: "%s/log"
	server-count: 1
	rrl-ratelimit: 0
remote-control:
	control-enable: no
""" % (self.port, folder, folder, folder, folder, folder))
            for name, path in zones:
                f.write('zone:\n\tname: "%s"\n\tzonefile: "%s"\n' %
                        (name, path))

    def start(self):
        self.process = subprocess.Popen(["nsd", "-d", "-c", self.conf],
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nsd did not start")

    def stop(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
            self.process = None


def about(answer):
    """TTLs count down: makes them what they are in the zone."""
    words = answer.split(" ")
    for ttl in (0, 5, 77, 300, 86400):
        if ttl - 60 < int(words[2]) <= ttl:
            words[2] = str(ttl)
            break
    return " ".join(words)


class Ask:
    """A resolver with the life of this object."""

    def __init__(self, *args):
        self.process = subprocess.Popen([ASK, *args], text=True,
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def batch(self, *questions, wait_ms=WAIT_MS):
        """questions: "TYPE NAME"; what is known of each, without its name."""
        self.send("%d %s" % (wait_ms, " ".join(questions)))
        return [about(self.line().split(" ", 2)[2]) for _ in questions]

    def one(self, question, wait_ms=WAIT_MS):
        return self.batch(question, wait_ms=wait_ms)[0]

    def close(self):
        out, _ = self.process.communicate()
        return self.process.returncode


def records(answer, count=3):
    """Without result, security and TTL; nsd may order a set as it likes."""
    return sorted(answer.split(" ", count)[count].split("|"))


def check_answers(ask):
    for name, question, want in (
            ("several strings", "TXT strings.example",
             "ok insecure 300 v=DKIM1; k=rsa; p=AA"),
            ("any octet", "TXT odd.example",
             'ok insecure 300 a\\x00\\xff"b'),
            ("an empty string", "TXT empty.example", "ok insecure 300 "),
            ("upper case", "TXT STRINGS.Example.",
             "ok insecure 300 v=DKIM1; k=rsa; p=AA"),
            ("null MX", "MX null.example", "ok insecure 300 0:"),
            ("a name that is no text is left out", "MX oddmx.example",
             "ok insecure 300 20:c.example"),
            ("nothing left", "MX oddonly.example", "servfail insecure 5"),
            ("CNAME", "TXT alias.example",
             "ok insecure 300 v=DKIM1; k=rsa; p=AA"),
            ("two CNAMEs", "TXT chain.example",
             "ok insecure 300 v=DKIM1; k=rsa; p=AA"),
            ("CNAME to nowhere", "TXT dangling.example",
             "nxdomain insecure 77"),
            ("CNAME asked for", "CNAME alias.example",
             "ok insecure 300 strings.example"),
            ("AAAA", "AAAA host.example",
             "ok insecure 300 20010db8000000000000000000000001"),
            ("PTR", "PTR 1.2.0.192.in-addr.arpa",
             "ok insecure 300 host.example"),
            ("PTR of a private address", "PTR 1.0.0.10.in-addr.arpa",
             "ok insecure 300 lan.example"),
            ("a name below test.", "TXT a.test",
             "ok insecure 300 in test"),
            ("underscores", "TXT under.score._domainkey.example",
             "ok insecure 300 key"),
            ("wildcard", "TXT a.b.wild.example", "ok insecure 300 wild"),
            ("NXDOMAIN and the SOA's minimum (RFC 2308 5)",
             "TXT nowhere.example", "nxdomain insecure 77"),
            ("NODATA and the SOA's minimum", "MX strings.example",
             "nodata insecure 77"),
            ("an empty non-terminal", "TXT score._domainkey.example",
             "nodata insecure 77"),
            ("a long TTL is capped", "TXT long.example",
             "ok insecure 86400 for days"),
            ("a zone that did not load", "TXT a.broken",
             "servfail insecure 5"),
            ("a zone that is refused", "TXT a.elsewhere",
             "servfail insecure 5"),
            ("not a name", "TXT a..example", "badname insecure 0")):
        point(name, ask.one(question), want)
    point("two records", records(ask.one("TXT several.example")),
          ["one", "two"])
    point("MX", records(ask.one("MX mx.example")),
          ["10:a.mail.example", "20:b.mail.example"])
    point("A", records(ask.one("A host.example")), ["c0000201", "c0000202"])
    point("a TXT record of 16 KB, over TCP", records(
        ask.one("TXT big.example"))[0] == "x" * 16000, True)
    point("256 of 300 records (DNS_MAX_RECORDS)",
          len(records(ask.one("TXT many.example"))), 256)


def hits(ask):
    ask.send("stats")
    return int(ask.line().split()[1])


def check_cache(ask, nsd):
    """Answers from the cache while the server is stopped."""
    ask.batch("TXT strings.example", "TXT nowhere.example",
              "MX strings.example", "TXT zero.example", "TXT short.example")
    nsd.stop()
    before = hits(ask)
    point("kept: an answer", ask.one("TXT strings.example"),
          "ok insecure 300 v=DKIM1; k=rsa; p=AA")
    point("kept: NXDOMAIN", ask.one("TXT nowhere.example"),
          "nxdomain insecure 77")
    point("kept: NODATA", ask.one("MX strings.example"),
          "nodata insecure 77")
    point("kept: three hits", hits(ask) - before, 3)
    answer = ask.one("TXT zero.example", wait_ms=300)
    point("not kept: a TTL of 0", answer.split()[0] in
          ("servfail", "timeout"), True)
    nsd.start()
    deadline = time.monotonic() + 60
    answer = ""
    while time.monotonic() < deadline and not answer.startswith("ok"):
        answer = ask.one("TXT back.wild.example")
    point("the server is back", answer, "ok insecure 300 wild")
    ask.send("rss")
    kib = int(ask.line().split()[1])
    with open(ASK, "rb") as f:
        program = f.read()
    # A sanitizer takes much itself.
    if b"__asan_init" not in program and b"__tsan_init" not in program:
        point("less than 16 MB", kib < 16384, True)


def check_silence(nsd):
    """A server that does not answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = "127.0.0.1@%d" % silent.getsockname()[1]
        ask = Ask(server)
        point("no answer before the deadline",
              ask.batch("TXT a.example", "A b.example", wait_ms=200),
              ["timeout insecure 0"] * 2)
        point("nor later", ask.one("TXT a.example", wait_ms=200),
              "timeout insecure 0")
        ask.send("stats")
        point("and still the same question", ask.line(),
              "hits 0 misses 2 joined 1")
        point("it ends with questions open", ask.close(), 0)
        ask = Ask("-t", "100", server)
        ask.batch("TXT a.example")
        ask.batch("TXT a.example")
        ask.send("stats")
        point("while no server answers, a timeout is not remembered",
              ask.line(), "hits 0 misses 2 joined 0")
        point("and that ends, too", ask.close(), 0)
        ask = Ask(server, "127.0.0.1@%d" % nsd.port)
        answer = ""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not answer.startswith("ok"):
            answer = ask.one("TXT strings.example")
        point("the other server answers", answer.split()[0], "ok")
        ask.close()


def check_many(server):
    """Many queries at once; many resolvers, one after the other."""
    ask = Ask(server)
    got = ask.batch(*("TXT n%d.wild.example" % i for i in range(256)))
    point("256 questions at once", set(got), {"ok insecure 300 wild"})
    point("and the end", ask.close(), 0)
    ask = Ask("-r", "20", server)
    ask.send("%d TXT strings.example" % WAIT_MS)
    got = [ask.line() for _ in range(20)]
    point("20 resolvers, one after the other", len(set(got)), 1)
    ask.send("1 TXT strings.example A host.example MX mx.example")
    point("20 that end at once", ask.close(), 0)


def sign(folder):
    """A signed zone; the same with one signed record changed; its anchor."""
    def run(*args):
        return subprocess.run(args, cwd=folder, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
    with open(os.path.join(folder, "signed"), "w") as f:
        f.write("$TTL 300\n@ IN SOA ns.example. host.example. 1 2 3 4 77\n"
                "@ IN NS ns.example.\ngood TXT \"good\"\n"
                "bad TXT \"before\"\n")
    ksk = run("ldns-keygen", "-k", "-a", "ECDSAP256SHA256", "signed.")
    run("ldns-signzone", "-n", "-o", "signed.", "-f", "signed.out", "signed",
        ksk)
    path = os.path.join(folder, "signed.out")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace('"before"', '"after"'))
    return os.path.join(folder, ksk + ".ds")


def check_dnssec(anchor, server):
    ask = Ask("-a", anchor, server)
    for name, question, want in (
            ("signed", "TXT good.signed", "ok secure 300 good"),
            ("signed, and no such name", "TXT nowhere.signed",
             "nxdomain secure 77"),
            ("signed, and no such type", "MX good.signed",
             "nodata secure 77"),
            ("changed", "TXT bad.signed", "servfail bogus 5"),
            ("not signed", "TXT strings.example",
             "ok insecure 300 v=DKIM1; k=rsa; p=AA")):
        point("DNSSEC: " + name, ask.one(question), want)
    ask.close()
    ask = Ask(server)
    point("DNSSEC: without an anchor nothing is checked",
          ask.batch("TXT good.signed", "TXT bad.signed"),
          ["ok insecure 300 good", "ok insecure 300 after"])
    ask.close()


def check_settings(folder):
    """Wrong settings are errors at the start."""
    empty = os.path.join(folder, "empty")
    with open(empty, "w") as f:
        f.write("this is no key\n")
    for name, args, want in (
            ("no address", ["192.0.2"],
             "error not the address of a name server: 192.0.2"),
            ("a name", ["ns.example"],
             "error not the address of a name server: ns.example"),
            ("no port", ["192.0.2.1@65536"],
             "error not the address of a name server: 192.0.2.1@65536"),
            ("no file", ["-a", "/nonexistent", "192.0.2.1"],
             "error /nonexistent: No such file or directory"),
            ("no anchor", ["-a", empty, "192.0.2.1"],
             "error libunbound: initialization failure")):
        out, _ = Ask(*args).process.communicate()
        point("settings: " + name, out, want + "\n")
    ask = Ask("::1", "192.0.2.1", "2001:db8::1@5353")
    point("settings: addresses of both families", ask.close(), 0)


def main():
    # So that the servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if shutil.which("nsd") is None:
        print("1..0 # SKIP nsd is not installed")
        return 0
    folder = tempfile.mkdtemp(prefix="dns_unbound.")
    big = " ".join('"%s"' % ("x" * 250) for _ in range(64))
    many = "\n\t".join('TXT "%d"' % i for i in range(300))
    files = {"example": ZONE % (big, many), "broken": "no zone\n",
             "test": "$TTL 300\n@ SOA a b 1 2 3 4 5\na TXT \"in test\"\n",
             "arpa": "$TTL 300\n@ SOA a b 1 2 3 4 5\n"
                     "1.2.0.192 PTR HOST.example.\n"
                     "1.0.0.10 PTR lan.example.\n"}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    zones = [("example.", "example"), ("broken.", "broken"),
             ("test.", "test"), ("in-addr.arpa.", "arpa")]
    anchor = None
    if shutil.which("ldns-signzone") is not None:
        anchor = sign(folder)
        zones.append(("signed.", "signed.out"))
    nsd = Nsd(folder, zones)
    server = "127.0.0.1@%d" % nsd.port
    try:
        nsd.start()
        ask = Ask(server)
        check_answers(ask)
        check_cache(ask, nsd)
        point("it ends", ask.close(), 0)
        check_silence(nsd)
        check_many(server)
        check_settings(folder)
        if anchor is not None:
            check_dnssec(anchor, server)
        else:
            skip("DNSSEC", "ldns-signzone is not installed")
    finally:
        nsd.stop()
        shutil.rmtree(folder)
    print("1..%d" % count)
    return failed != 0


sys.exit(main())
