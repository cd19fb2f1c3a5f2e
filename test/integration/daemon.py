#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mailseald as a process: start, reload, stop, and MTAs of all manners.

The MTA is played octet by octet, so that what no MTA of today does can be
played, too. No test looks at a clock; waiting has an end only so that a hang
is a failure.
"""
import base64
import fcntl
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))

import proc  # noqa: E402
import seald  # noqa: E402

TOP = os.environ.get("top_builddir", ".")
MAILSEALD = os.path.join(TOP, "milter", "mailseald")
PATIENCE = 60           # seconds; only a hang takes that long

ADDHDRS, CHGHDRS, QUARANTINE, SETSYMLIST = 0x1, 0x10, 0x20, 0x100
ACTIONS = 0x1ff
STEPS_6 = 0x1fffff      # all that protocol 6 has
STEPS_2 = 0x7f          # no SKIP, no NR_*, no LEADSPC
LEADSPC = 0x100000
NO_REPLY = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "L": 0x80, "N": 0x40000,
            "B": 0x80000}
# An MTA that waits for each reply: what was sent has been seen.
STEPS_WAIT = STEPS_6 & ~sum(NO_REPLY.values())

count = failed = 0


def point(ok, name, note=""):
    global count, failed
    count += 1
    if not ok:
        failed += 1
    print("%sok %d - %s" % ("" if ok else "not ", count, name))
    if not ok and note:
        for line in str(note).splitlines():
            print("# " + line)
    sys.stdout.flush()


def skip(name, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, why))


class Gone(Exception):
    pass


class Mta:
    """One connection to the milter."""

    def __init__(self, path, steps=STEPS_6, actions=ACTIONS, version=6):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(PATIENCE)
        self.s.connect(path)
        self.send("O", struct.pack("!III", version, actions, steps))
        cmd, data = self.read()
        if cmd != "O":
            raise Gone("negotiation: " + cmd)
        self.version, self.actions, self.steps = struct.unpack(
            "!III", data[:12])
        self.offered = steps
        self.macros = data[12:]

    def send(self, cmd, data=b""):
        self.s.sendall(struct.pack("!I", len(data) + 1) + cmd.encode() + data)

    def bytes(self, n):
        got = b""
        while len(got) < n:
            more = self.s.recv(n - len(got))
            if not more:
                raise Gone("the milter closed the connection")
            got += more
        return got

    def read(self):
        n = struct.unpack("!I", self.bytes(4))[0]
        packet = self.bytes(n)
        return packet[:1].decode(), packet[1:]

    def step(self, cmd, data=b""):
        """A step; its reply, or None where none was agreed."""
        self.send(cmd, data)
        if cmd in NO_REPLY and self.steps & NO_REPLY[cmd]:
            return None
        return self.read()[0]

    def macro(self, stage, *pairs):
        self.send("D", stage.encode() + b"".join(
            p.encode() + b"\0" for p in pairs))

    def hello(self, ip="127.0.0.1"):
        self.macro("C", "{daemon_name}", "smtpd")
        self.step("C", b"client.example.com\0" + b"4" +
                  struct.pack("!H", 25) + ip.encode() + b"\0")
        self.step("H", b"client.example.com\0")

    def mail(self, queue_id=None):
        if queue_id:
            self.macro("M", "i", queue_id)
        return self.step("M", b"<alice@example.com>\0")

    def header(self, lines):
        for line in lines:
            name, value = line.split(":", 1)
            if not self.steps & LEADSPC and value.startswith(" "):
                value = value[1:]
            self.step("L", name.encode() + b"\0" + value.encode() + b"\0")

    def eom(self):
        """The changes, and the last reply."""
        self.send("E")
        return self.changes()

    def changes(self):
        changes = []
        while True:
            cmd, data = self.read()
            if cmd in "hmiq+-":
                changes.append((cmd, data))
            elif cmd != "p":
                return changes, cmd, data

    def letter(self, lines=None, body=b"Noon?\r\n", queue_id=None):
        self.mail(queue_id)
        self.header(lines or LETTER)
        self.step("N")
        self.step("B", body)
        return self.eom()

    def close(self):
        self.s.close()


LETTER = ["From: Alice <alice@example.com>", "To: bob@example.net",
          "Subject: Lunch", "Date: Sun, 22 Nov 2026 12:00:00 +0000",
          "Message-ID: <1@example.com>"]


def inserted(changes, name):
    """The values of the inserted fields, as the MTA got them."""
    return [d[4:].split(b"\0")[1] for c, d in changes
            if c == "i" and d[4:].split(b"\0")[0] == name.encode()]


class Daemon:
    started = []

    def __init__(self, work, name, extra="", args=("-f",), start=True):
        self.dir = os.path.join(work, name)
        os.mkdir(self.dir)
        self.conf = os.path.join(self.dir, "mailseald.conf")
        self.socket = os.path.join(self.dir, "milter.sock")
        self.log_path = os.path.join(self.dir, "log")
        self.key = os.path.join(work, "key.pem")
        self.zone = os.path.join(work, "zone.txt")
        self.write(extra)
        if start:
            self.start(args)

    def start(self, args=("-f",), **how):
        with open(self.log_path, "wb") as log:
            self.p = subprocess.Popen([MAILSEALD, *args, "-c", self.conf],
                                      stderr=log, stdout=log, **how)
        self.started.append(self.p)
        self.wait_for("listens on")

    def write(self, extra="", selector="s1", zone=True):
        if zone:
            extra = "Zone %s\n" % self.zone + extra
        with open(self.conf, "w") as f:
            f.write("Socket unix:%s\nBackground no\n"
                    "KeyStore none\n"
                    "LogTarget stderr\nDomain example.com\nSelector %s\n"
                    "KeyFile %s\nAuthservID mx.example.net\n%s" %
                    (self.socket, selector, self.key, extra))

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def wait_for(self, text, times=1):
        end = time.monotonic() + PATIENCE
        while self.log().count(text) < times:
            if time.monotonic() > end:
                raise Gone("no %r in the log:\n%s" % (text, self.log()))
            time.sleep(0.01)

    def kill(self, sig):
        self.p.send_signal(sig)

    def wait(self):
        return self.p.wait(PATIENCE)

    def stop(self):
        if self.p.poll() is None:
            self.kill(signal.SIGTERM)
        return self.wait()


def run(*args):
    return subprocess.run([MAILSEALD, *args], capture_output=True, text=True,
                          timeout=PATIENCE)


def eventually(test):
    end = time.monotonic() + PATIENCE
    while not test() and time.monotonic() < end:
        time.sleep(0.01)
    return test()


def in_flight(d):
    """How many messages are, by its counters."""
    said = d.log().count("counters: ")
    d.kill(signal.SIGUSR1)
    d.wait_for("counters: ", said + 1)
    return int(re.findall(r"counters: .*\bin_flight=(\d+)", d.log())[-1])


def vanishes(path):
    return eventually(lambda: not os.path.exists(path))


def make_key(work):
    key = os.path.join(work, "key.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:1024", "-out", key], check=True,
                   capture_output=True)
    os.chmod(key, 0o600)
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout",
                          "-outform", "DER"], check=True,
                         capture_output=True).stdout
    text = base64.b64encode(der).decode()
    with open(os.path.join(work, "zone.txt"), "w") as f:
        f.write("s1._domainkey.example.com. 300 IN TXT \"v=DKIM1; p=\" %s\n"
                "$ORIGIN example.com.\n" %
                " ".join('"%s"' % text[i:i + 200]
                         for i in range(0, len(text), 200)))


def test_command_line(work):
    d = os.path.join(work, "command-line")
    os.mkdir(d)
    conf = os.path.join(d, "c")

    def write(text):
        with open(conf, "w") as f:
            f.write(text)
        return run("-n", "-c", conf)

    r = run("--version")
    point(r.returncode == 0 and r.stdout.startswith("mailseald "),
          "--version", r)
    r = run("--help")
    point(r.returncode == 0 and "usage:" in r.stdout, "--help", r)
    r = run("-z")
    point(r.returncode == 2 and "usage:" in r.stderr, "an unknown option", r)
    r = run("-f", "word")
    point(r.returncode == 2, "a word too many", r)
    r = run("-n", "-c", os.path.join(d, "none"))
    point(r.returncode == 2 and "none" in r.stderr,
          "no configuration at all", r)
    r = write("Socket unix:%s/s\nZone %s\nMode v\n" %
              (d, os.path.join(work, "zone.txt")))
    point(r.returncode == 0 and "fine" in r.stdout and not
          os.path.exists(os.path.join(d, "s")), "-n says that all is well", r)
    r = write("Mode v\nNoSuch thing\n")
    point(r.returncode == 1 and "c:2:" in r.stderr,
          "-n names file and line", r)
    r = write("Socket unix:%s/s\nMode v\nZone %s/none\n" % (d, d))
    point(r.returncode == 2 and "none" in r.stderr,
          "-n looks at the zone text, too", r)
    r = run("-f", "-c", conf)
    point(r.returncode == 2 and "none" in r.stderr,
          "a start says the same of a file that is not there", r)
    r = write("Socket unix:%s/s\nMode v\nZone %s\n" % (d, conf))
    point(r.returncode == 1 and "c:1: " in r.stderr,
          "and of one that is no zone text", r)
    r = run("-f", "-c", conf)
    point(r.returncode == 1 and "c:1: " in r.stderr, "at the start, too", r)
    for where in ("foo", "inet:99999@127.0.0.1", "inet:@127.0.0.1", "unix:"):
        for how in ("-n", "-f"):
            r = run(how, "-c", conf, "-p", where)
            point(r.returncode == 2 and where in r.stderr,
                  "%s -p %s: no socket" % (how, where), r)
    r = write("Mode v\nZone %s\n" % os.path.join(work, "zone.txt"))
    point(r.returncode == 1 and "Socket" in r.stderr, "no Socket", r)


def test_socket(work):
    d = Daemon(work, "socket")
    mode = os.stat(d.socket).st_mode & 0o777
    point(mode == 0o770, "UMask 007 holds for the socket", oct(mode))
    r = run("-f", "-c", d.conf)
    point(r.returncode == 1 and "listens" in r.stderr,
          "a socket in use is left alone", r)
    m = Mta(d.socket)
    point(m.version == 6, "the first daemon still serves")
    m.close()
    d.kill(signal.SIGKILL)
    d.wait()
    point(os.path.exists(d.socket), "a killed daemon leaves its socket")
    d.start()
    Mta(d.socket).close()
    point(True, "the next one replaces it")
    point(d.stop() == 0, "SIGTERM: exit 0")
    point(not os.path.exists(d.socket), "the socket is removed")
    with open(d.socket, "w") as f:
        f.write("precious")
    r = run("-f", "-c", d.conf)
    point(r.returncode == 1 and open(d.socket).read() == "precious",
          "a file in the socket's place is left alone", r)


def test_background(work):
    d = os.path.join(work, "background")
    os.mkdir(d)
    pid_file, sock = os.path.join(d, "pid"), os.path.join(d, "s")
    conf = os.path.join(d, "c")
    with open(conf, "w") as f:
        f.write("Socket unix:%s\nPidFile %s\nMode v\nZone %s\n"
                "LogTarget none\n" %
                (sock, pid_file, os.path.join(work, "zone.txt")))
    r = run("-c", conf)
    point(r.returncode == 0, "the command ends when the daemon serves", r)
    Mta(sock).close()
    pid = int(open(pid_file).read())
    point(pid > 1, "PidFile has the daemon's number")
    r = run("-c", conf, "-p", "unix:" + os.path.join(d, "other"))
    point(r.returncode == 1 and "runs already" in r.stderr,
          "PidFile keeps a second one out, and its caller is told", r)
    os.kill(pid, signal.SIGTERM)
    point(vanishes(pid_file), "it is removed at the end")
    r = run("-c", conf, "-p", "inet:8891@203.0.113.1")
    point(r.returncode == 1 and not os.path.exists(pid_file),
          "a start that failed leaves none", r)


def test_messages(work):
    d = Daemon(work, "messages", "LogFormat json\n")
    m = Mta(d.socket)
    point(m.steps & LEADSPC and not m.steps & 0x47 and
          all(m.steps & bit for bit in NO_REPLY.values()),
          "all it needs, no recipients, no replies", hex(m.steps))
    point(m.actions == ADDHDRS | CHGHDRS | QUARANTINE | SETSYMLIST,
          "no action too many", hex(m.actions))
    point(b"{auth_authen}" in m.macros and b"{daemon_name}" in m.macros,
          "the macros are asked for", m.macros)
    m.hello()
    changes, reply, _ = m.letter(queue_id="Q1")
    sig = inserted(changes, "DKIM-Signature")
    point(reply == "c" and len(sig) == 1, "mail of our own is signed", changes)
    point(sig[0].startswith(b" v=1") and b"\r" not in sig[0],
          "the space behind the colon is ours, folding is LF", sig)
    signed = ["DKIM-Signature:" + sig[0].decode()] + LETTER
    _, reply, _ = m.letter(queue_id="Q2")
    point(reply == "c", "a second message on the connection")
    m.mail("Q3")
    m.header(LETTER[:2])
    m.send("A")
    changes, reply, _ = m.letter(queue_id="Q4")
    point(reply == "c" and inserted(changes, "DKIM-Signature"),
          "a message behind an aborted one", changes)
    m.send("Q")
    m.close()

    m = Mta(d.socket)
    m.hello("192.0.2.1")
    ours = "Authentication-Results: mx.example.net; dkim=pass"
    changes, reply, _ = m.letter(
        [ours, "X: y", ours] + signed, queue_id="Q5")
    order = [(c, struct.unpack("!I", x[:4])[0]) for c, x in changes]
    results = inserted(changes, "Authentication-Results")
    point(order[:2] == [("m", 2), ("m", 1)],
          "forged fields go, the lowest first", changes)
    point(len(results) == 1 and b"dkim=pass" in results[0] and
          results[0].startswith(b" mx.example.net"),
          "one result on top: our signature verifies", changes)
    m.mail("Q6")
    m.macro("N", "i", "LATE")
    m.header(signed)
    m.step("N")
    m.step("B", b"Three?\r\n")
    _, reply, _ = m.eom()
    m.close()
    d.wait_for('"queue_id":"LATE"')
    lines = [json.loads(x) for x in d.log().splitlines() if x[:1] == "{"]
    line = [x for x in lines if x.get("queue_id") == "LATE"]
    point(line and line[0]["dkim"][0]["result"] == "fail",
          "the queue id may come late, and the log says fail", line)
    point(d.stop() == 0, "exit 0")


def test_old_mta(work):
    d = Daemon(work, "old", "Canonicalization simple/simple\n")
    m = Mta(d.socket, STEPS_2, ADDHDRS | CHGHDRS, 2)
    point(m.steps & 0x1fff80 == 0, "nothing that the MTA does not offer",
          hex(m.steps))
    m.hello()
    changes, reply, _ = m.letter()
    sig = inserted(changes, "DKIM-Signature")
    point(reply == "c" and sig and sig[0].startswith(b"v=1"),
          "the MTA adds the space behind the colon", changes)
    m.close()
    m = Mta(d.socket, STEPS_2, ADDHDRS | CHGHDRS, 2)
    m.hello("192.0.2.1")
    changes, reply, _ = m.letter(
        ["DKIM-Signature: " + sig[0].decode()] + LETTER)
    point(b"dkim=pass" in inserted(changes, "Authentication-Results")[0],
          "simple header canonicalization holds across it", changes)
    m.close()
    for steps in (STEPS_2, STEPS_6):
        m = Mta(d.socket, steps)
        m.hello()
        changes, reply, data = m.letter(
            LETTER + ["X-Long: " + "\n ".join(["x" * 1000] * 1500)])
        point(reply == "c" and inserted(changes, "DKIM-Signature"),
              "a field of 1.5 MB, steps 0x%x" % m.steps, (reply, data))
        m.close()
    m = Mta(d.socket, STEPS_6 & ~NO_REPLY["B"])
    m.hello("192.0.2.1")
    m.mail()
    m.header(LETTER)
    m.step("N")
    m.send("B", b"x\r\n" * 10000)
    if not m.steps & NO_REPLY["B"]:
        reply, _ = m.read()
    point(reply in "cs", "a reply to the body where the MTA waits for it",
          reply)
    point(m.eom()[1] == "c", "and then the end")
    m.close()
    try:
        Mta(d.socket, STEPS_6, ADDHDRS)
        point(False, "an MTA that deletes no field is turned away")
    except Gone:
        point(True, "an MTA that deletes no field is turned away")
    d.stop()


def test_verdicts(work):
    d = Daemon(work, "verdicts", "OnBadSignature reject\n")
    bad = ["DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1; h=from;"
           " bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA"] + LETTER
    m = Mta(d.socket)
    m.hello("192.0.2.1")
    changes, reply, data = m.letter(bad)
    point(reply == "y" and data[:1] == b"5" and not changes,
          "reject: a reply of our own, nothing changed", (reply, data))
    point(b"%" not in data, "without a percent sign", data)
    _, reply, _ = m.letter(LETTER)
    point(reply == "c", "the next message is another matter")
    m.close()
    d.write("OnBadSignature quarantine\n")
    d.kill(signal.SIGHUP)
    d.wait_for("is in service")
    m = Mta(d.socket)
    m.hello("192.0.2.1")
    changes, reply, _ = m.letter(bad)
    point(reply == "c" and "q" in [c for c, _ in changes], "quarantine",
          changes)
    m.close()
    m = Mta(d.socket, STEPS_6, ADDHDRS | CHGHDRS)
    m.hello("192.0.2.1")
    changes, reply, _ = m.letter(bad)
    point(reply == "t", "without quarantine: a temporary failure", reply)
    m.close()
    d.wait_for("quarantine was not possible")
    point(True, "the log says why")
    d.stop()

    d = Daemon(work, "test-mode", "OnBadSignature reject\n", ("-f", "-t"))
    m = Mta(d.socket)
    m.hello("192.0.2.1")
    changes, reply, _ = m.letter(bad)
    point(reply == "c" and not changes, "test mode changes nothing", changes)
    m.close()
    d.wait_for("action=reject")
    point("test=yes" in d.log(), "test mode logs what would be done")
    d.stop()


def test_reload(work):
    d = Daemon(work, "reload")
    m = Mta(d.socket, STEPS_WAIT)
    m.hello()
    m.mail("Q1")
    d.write(selector="s2")
    d.kill(signal.SIGHUP)
    d.wait_for("is in service")
    m.header(LETTER)
    m.step("N")
    m.step("B", b"x\r\n")
    changes, _, _ = m.eom()
    point(b"s=s1" in inserted(changes, "DKIM-Signature")[0],
          "a message in flight keeps the configuration of its beginning",
          changes)
    changes, _, _ = m.letter()
    point(b"s=s2" in inserted(changes, "DKIM-Signature")[0],
          "the next one has the new one, on the same connection", changes)
    for i, (what, text) in enumerate((
            ("an unknown option", "NoSuch option\n"),
            ("a key that is not there", "Selector s3\nKeyFile /none\n"))):
        d.write(text)
        d.kill(signal.SIGHUP)
        d.wait_for("not reloaded", i + 1)
        changes, _, _ = m.letter()
        point(b"s=s2" in inserted(changes, "DKIM-Signature")[0],
              what + ": the configuration before stays", d.log())
    point(re.search(r"mailseald\.conf:\d+: ", d.log()) is not None,
          "the log names file and line", d.log())
    os.chmod(d.key, 0o644)
    d.write()
    d.kill(signal.SIGHUP)
    d.wait_for("not reloaded", 3)
    os.chmod(d.key, 0o600)
    point("key.pem" in d.log(), "a key that others may read", d.log())
    d.write("UMask 000\n", selector="s2")
    d.kill(signal.SIGHUP)
    d.wait_for("needs a restart")
    point(True, "what needs a restart is said")
    with open(d.conf, "ab") as f:
        f.write(b"LogFormat json\n")
    d.kill(signal.SIGHUP)
    d.wait_for('conf is in service"}')
    with open(d.conf, "ab") as f:
        f.write(b"Selector s3\nKeyFile /no\xff\x1bne\n")
    d.kill(signal.SIGHUP)
    d.wait_for("not reloaded", 4)
    lines = d.log()[d.log().index('{"event":"log"'):].splitlines()
    point(all(x[:1] == "{" and json.loads(x) for x in lines),
          "a JSON log is JSON whatever octets a path has", lines)
    d.write(selector="s2")
    d.kill(signal.SIGHUP)
    d.wait_for("needs a restart", 2)
    # libmilter has a thread that stops at SIGHUP; it must never get one.
    for _ in range(500):
        d.kill(signal.SIGHUP)
    changes, reply, _ = m.letter()
    new = Mta(d.socket)
    new.hello()
    point(reply == "c" and new.letter()[1] == "c" and d.p.poll() is None,
          "many reloads at once")
    new.close()
    # In the old format until the last reload is done.
    end = time.monotonic() + PATIENCE
    while "counters: " not in d.log() and time.monotonic() < end:
        d.kill(signal.SIGUSR1)
        time.sleep(0.1)
    point("signed=" in d.log(), "SIGUSR1 logs the counters")
    m.close()
    point(d.stop() == 0, "exit 0")


class Nameserver(threading.Thread):
    """Answers every TXT question with the key, and counts them; one that is
    sent again, as if by a busy machine, only once."""

    def __init__(self, record):
        super().__init__(daemon=True)
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        self.record = record
        self.seen = set()
        self.start()

    @property
    def asked(self):
        return len(self.seen)

    def run(self):
        while True:
            query, peer = self.s.recvfrom(4096)
            end = query.index(b"\0", 12) + 5
            question = query[12:end]
            kind = struct.unpack("!H", question[-4:-2])[0]
            head = query[:2] + b"\x81\x80" + struct.pack(
                "!HHHH", 1, kind == 16, 0, 0)
            answer = b""
            if kind == 16:
                if b"_domainkey" in question:
                    self.seen.add((query[:2], question))
                text = b"".join(bytes([len(x)]) + x for x in self.record)
                answer = b"\xc0\x0c" + struct.pack(
                    "!HHIH", 16, 1, 3600, len(text)) + text
            self.s.sendto(head + question + answer, peer)


def test_cache(work):
    """A reload keeps what DNS said, as long as its options stay."""
    with open(os.path.join(work, "zone.txt")) as f:
        record = [x.encode() for x in re.findall('"([^"]*)"', f.read())]
    ns = Nameserver(record)
    d = Daemon(work, "cache")
    m = Mta(d.socket)
    m.hello()
    signed = ["DKIM-Signature:" + inserted(
        m.letter()[0], "DKIM-Signature")[0].decode()] + LETTER
    m.close()

    def verify(text, times):
        d.write(text, zone=False)
        d.kill(signal.SIGHUP)
        d.wait_for("is in service", times)
        peer = Mta(d.socket)
        peer.hello("192.0.2.1")
        changes, _, _ = peer.letter(signed)
        peer.close()
        return inserted(changes, "Authentication-Results")[0]

    there = "Nameservers 127.0.0.1@%d\n" % ns.port
    result = verify(there, 1)
    point(b"dkim=pass" in result and ns.asked == 1,
          "a key from a real resolver, asked for once", (result, ns.asked))
    result = verify(there + "MinimumKeyBits 1025\n", 2)
    point(b"dkim=policy" in result and ns.asked == 1,
          "a reload keeps the DNS cache", (result, ns.asked))
    result = verify(there + "DNSTimeout 4\n", 3)
    point(b"dkim=pass" in result and ns.asked == 2,
          "unless an option for DNS changed", (result, ns.asked))
    anchor = os.path.join(d.dir, "anchor")
    for i, (text, asked, what) in enumerate((
            ("; none\n", 3, "or there is a trust anchor now"),
            ("; none\n", 3, "the same anchor keeps it"),
            ("; nobody\n", 4, "another one under the same name does not"))):
        if asked > ns.asked:
            with open(anchor, "w") as f:
                f.write("other.test. IN DS 1 8 2 %s %s" % ("00" * 32, text))
        verify(there + "TrustAnchorFile %s\n" % anchor, 4 + i)
        point(ns.asked == asked, what, ns.asked)
    d.stop()


def test_resolvers(work):
    """A message holds on to the resolver that it began with, and must not be
    the one to end it: that takes time, and libunbound (1.17) makes and ends
    its contexts without a lock, which only a TSan build sees."""
    d = Daemon(work, "resolvers", start=False)
    there = "Nameservers 127.0.0.1@9\nDNSTimeout %d\n"
    d.write(there % 1, zone=False)
    d.start()
    tasks = "/proc/%d/task" % seald.child(d.p.pid, "mail")
    peers = []
    for _ in range(4):
        m = Mta(d.socket, STEPS_WAIT)
        m.hello()
        m.letter()
        peers.append(m)
    before = len(os.listdir(tasks))
    replies = ""
    for i in range(0, 40, 2):
        for m in peers:
            m.mail()
            m.header(LETTER)
            m.step("N")
        d.write(there % (2 + i), zone=False)
        d.kill(signal.SIGHUP)
        d.wait_for("is in service", i + 1)
        d.write(there % (3 + i), zone=False)
        d.kill(signal.SIGHUP)
        for m in peers:
            m.send("E")
        replies += "".join(m.changes()[1] for m in peers)
        d.wait_for("is in service", i + 2)
    point(replies == "c" * len(replies), "each reload a new resolver", replies)
    point(eventually(lambda: len(os.listdir(tasks)) <= before),
          "the old ones go, with their threads", (before, os.listdir(tasks)))
    for m in peers:
        m.close()
    point(d.stop() == 0, "exit 0", d.log()[-3000:])


def test_stop(work):
    d = Daemon(work, "stop")
    m = Mta(d.socket, STEPS_WAIT)
    m.hello()
    m.mail("Q1")
    m.header(LETTER)
    idle = Mta(d.socket)
    idle.hello()
    m.step("N")
    d.kill(signal.SIGTERM)
    d.wait_for("stopping: 1 in flight")
    point(vanishes(d.socket), "SIGTERM: nobody new is let in")
    changes, reply, data = idle.letter()
    point(reply == "y" and data[:3] == b"451" and not changes,
          "a new message is turned away", (reply, data))
    time.sleep(0.3)
    point(d.p.poll() is None, "it waits for the message in flight")
    m.step("B", b"x\r\n")
    changes, reply, _ = m.eom()
    point(reply == "c" and inserted(changes, "DKIM-Signature"),
          "which finishes as if nothing were", changes)
    point(d.wait() == 0, "then it ends with 0")
    point(d.log().count("stopped") == 1 and "signed=1" in d.log(),
          "the counters are logged at the end", d.log())

    d = Daemon(work, "stop-twice")
    m = Mta(d.socket, STEPS_WAIT)
    m.hello()
    m.mail("Q1")
    m.header(LETTER)
    m.step("N")
    Mta(d.socket).close()
    d.kill(signal.SIGTERM)
    d.wait_for("stopping: 1 in flight")
    d.kill(signal.SIGTERM)
    point(d.wait() == 0 and "1 messages unfinished" in d.log(),
          "a second SIGTERM does not wait", d.log())


def test_last_answer(work):
    """The message is done with, and its answer still has to go out: an MTA
    that has not read the ones before keeps the daemon from writing it."""
    d = Daemon(work, "last-answer", "Mode s\nPeerList 192.0.2.1\n")

    def begin():
        m = Mta(d.socket, STEPS_WAIT)
        m.hello("192.0.2.1")
        m.mail("Q1")
        return m

    def is_read(m):
        """Whether the daemon takes what was sent, sooner or later."""
        for _ in range(500):
            if fcntl.ioctl(m.s, termios.TIOCOUTQ, b"\0" * 4) == b"\0" * 4:
                return True
            time.sleep(0.001)
        return False

    m = begin()
    fields = 0
    while is_read(m):
        m.send("L", b"X\0 y\0")
        fields += 1
    m.close()
    # It has not read the last field: it hangs in its answer to the one before.
    answers = fields - 1
    m = begin()
    for _ in range(answers - 2):
        m.send("L", b"X\0 y\0")
    m.send("N")
    m.send("E")
    d.wait_for("queue_id=Q1")
    d.kill(signal.SIGTERM)
    d.wait_for("stopping: 0 in flight")
    time.sleep(0.1)
    got = ""
    try:
        while len(got) < answers:
            got += m.read()[0]
    except Gone:
        pass
    point(got == "c" * answers, "SIGTERM: a message's answer goes out",
          (answers, got))
    m.close()
    point(d.wait() == 0, "and then the end", d.log()[-3000:])


def test_hup_at_start(work):
    """A reload that is asked for before the start is done."""
    d = Daemon(work, "early", start=False)
    with open(d.conf) as f:
        text = f.read()
    os.unlink(d.conf)
    os.mkfifo(d.conf)
    with open(d.log_path, "wb") as log:
        d.p = subprocess.Popen([MAILSEALD, "-f", "-c", d.conf], stdout=log,
                               stderr=log)
    d.started.append(d.p)
    with open(d.conf, "w") as f:    # until it reads
        d.kill(signal.SIGHUP)
        d.kill(signal.SIGUSR1)
        f.write(text)
    d.wait_for("listens on")
    with open(d.conf, "w") as f:    # until it reads again
        f.write(text)
    d.wait_for("is in service")
    d.wait_for("counters: ")
    m = Mta(d.socket)
    m.hello()
    point(m.letter()[1] == "c", "SIGHUP before the start is done")
    m.close()
    point(d.stop() == 0, "exit 0", d.log()[-3000:])


def test_manners(work):
    d = Daemon(work, "manners")
    for stage in range(6):
        for _ in range(20):
            m = Mta(d.socket)
            if stage >= 1:
                m.hello()
            if stage >= 2:
                m.mail("Q")
            if stage >= 3:
                m.header(LETTER)
            if stage >= 4:
                m.step("N")
            if stage >= 5:
                m.step("B", b"x" * 1000)
            m.close()
    m = Mta(d.socket)
    m.hello()
    point(m.letter()[1] == "c", "MTAs that vanish at every step")
    m.step("M", b"<a@example.com>\0")
    m.step("H", b"again.example.com\0")
    point(m.letter()[1] == "c", "HELO in the middle of a message")
    m.step("M", b"<a@example.com>\0")
    m.step("M", b"<b@example.com>\0")
    m.header(LETTER)
    m.step("N")
    m.step("B", b"x\r\n")
    point(m.eom()[1] == "c", "MAIL in the middle of a message")
    m.close()
    for junk in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1Z",
                 b"\0\0\0\2O\0", b"GET / HTTP/1.0\r\n\r\n"):
        s = socket.socket(socket.AF_UNIX)
        s.connect(d.socket)
        s.sendall(junk)
        s.close()
    m = Mta(d.socket)
    m.hello()
    point(m.letter()[1] == "c", "peers that speak no milter at all")
    point(eventually(lambda: in_flight(d) == 0), "each of them is forgotten")
    m.close()
    d.kill(signal.SIGTERM)
    point(d.wait() == 0 and "stopping: 0 in flight" in d.log(),
          "none of them is still in flight", d.log())


def test_user(work):
    name = "UserID: root goes after the keys are read"
    if os.geteuid() != 0:
        skip(name, "only root can become another user")
        return
    nobody = pwd.getpwnam("nobody")
    os.chmod(work, 0o755)
    d = Daemon(work, "user", "UserID nobody\n", start=False)
    os.chown(d.dir, nobody.pw_uid, -1)
    d.start(extra_groups=[0, 4])
    with open("/proc/%d/status" % d.p.pid) as f:
        status = dict(x.rstrip().split(":\t", 1) for x in f if ":\t" in x)
    point(status["Uid"].split() == [str(nobody.pw_uid)] * 4 and
          status["Gid"].split() == [str(nobody.pw_gid)] * 4 and
          not {"0", "4"} & set(status["Groups"].split()), name, status)
    m = Mta(d.socket)
    m.hello()
    point(inserted(m.letter()[0], "DKIM-Signature"),
          "root's key signs nevertheless")
    point("runs as root" not in d.log(), "no word of root")
    d.kill(signal.SIGHUP)
    d.wait_for("not reloaded")
    point(inserted(m.letter()[0], "DKIM-Signature"),
          "a reload cannot read it, and the old one stays")
    m.close()
    r = run("-n", "-c", d.conf)
    point(r.returncode == 0 and "fine" in r.stdout and
          "UserID nobody cannot reload this" in r.stderr and
          "key.pem" in r.stderr, "-n as root says so beforehand", r)
    r = run("-n", "-c", d.conf, "-p", "unix:%s/s" % work)
    point(r.returncode == 1 and "the socket: it cannot be made there" in r.stderr,
          "-n: a folder in which UserID cannot make the socket", r)
    point("tried as UserID nobody" in r.stderr, "says for whom", r)
    in_the_way = os.path.join(d.dir, "file")
    with open(in_the_way, "w"):
        pass
    r = run("-n", "-c", d.conf, "-p", "unix:" + in_the_way)
    point(r.returncode == 1 and "in the way" in r.stderr,
          "-n: a file in the socket's place", r)
    before = open(d.conf).read()
    for folder, want in (("none", 1), ("", 0)):
        with open(d.conf, "a") as f:
            f.write("PidFile %s\n" % os.path.join(work, folder, "pid"))
        r = run("-n", "-c", d.conf)
        point(r.returncode == want and
              ("PidFile: it cannot be made there" in r.stderr) == bool(want),
              "-n: the folder of PidFile: " + folder, r)
        with open(d.conf, "w") as f:
            f.write(before)
    point(d.stop() == 0 and not os.path.exists(d.socket), "exit 0")
    d.write("UserID nosuchuser\n")
    r = run("-n", "-c", d.conf)
    point(r.returncode == 1 and "nosuchuser" in r.stderr,
          "a user that is not there", r)
    for text in ("nobody:nosuchgroup", "nobody:"):
        d.write("UserID %s\n" % text)
        r = run("-n", "-c", d.conf)
        point(r.returncode == 1 and "mailseald.conf:10: UserID" in r.stderr,
              "a group that is not there: " + text, r)


def test_root(work):
    """Without UserID."""
    if os.geteuid() != 0:
        skip("a daemon that stays root", "only root can start one")
        return
    d = Daemon(work, "root")
    d.wait_for("running as root: set UserID")
    point(d.stop() == 0, "root is warned of")
    r = run("-n", "-c", d.conf)
    point(r.returncode == 0 and "running as root" in r.stderr,
          "by -n, too", r)


def test_look_on(work):
    """-f -t beside the daemon in service, from a terminal."""
    pid_file = os.path.join(work, "look.pid")
    text = "PidFile %s\n" % pid_file
    d = Daemon(work, "service", text)
    with open(d.conf) as f:
        conf = f.read().replace("LogTarget stderr", "LogTarget syslog")
    with open(d.conf, "w") as f:
        f.write(conf)
    beside = os.path.join(work, "beside.sock")
    log = os.path.join(work, "beside.log")
    with open(log, "wb") as out:
        p = subprocess.Popen([MAILSEALD, "-f", "-t", "-c", d.conf, "-p",
                              "unix:" + beside], stderr=out, stdout=out)
    d.started.append(p)
    point(eventually(lambda: proc.unix_open(beside)), "it serves beside it")
    m = Mta(beside)
    m.hello()
    changes, reply, _ = m.letter()
    m.close()
    p.send_signal(signal.SIGTERM)
    p.wait()
    with open(log) as f:
        text = f.read()
    point(reply == "c" and not changes and "test=yes" in text and
          "direction=sign" in text, "-f -t says on stderr what it would do",
          text)
    with open(pid_file) as f:
        point(f.read().strip() == str(d.p.pid), "PidFile is not touched")
    point(d.stop() == 0, "nor the daemon")


def test_load(work):
    """Connections that come and go, abort and vanish, under reloads: what is
    left of them shows in a sanitizer's report, which is no exit 0."""
    d = Daemon(work, "load")
    answers = []

    def play(seed):
        rng = random.Random(seed)
        for _ in range(30):
            m = Mta(d.socket)
            m.hello(rng.choice(("127.0.0.1", "192.0.2.1")))
            for _ in range(rng.randrange(4)):
                m.mail("Q")
                m.header(LETTER)
                if rng.randrange(4) == 0:
                    m.send("A")
                    continue
                m.step("N")
                m.step("B", b"x" * rng.randrange(60000))
                answers.append(m.eom()[1])
            if rng.randrange(2):
                m.mail("Q")
                m.header(LETTER)
            m.close()

    players = [threading.Thread(target=play, args=(i,)) for i in range(8)]
    for p in players:
        p.start()
    while any(p.is_alive() for p in players):
        d.kill(signal.SIGHUP)
        time.sleep(0.05)
    for p in players:
        p.join()
    point(answers and set(answers) == {"c"},
          "%d messages under reloads" % len(answers), set(answers))
    point(d.stop() == 0, "and a clean end", d.log()[-2000:])


def main():
    if not os.access(MAILSEALD, os.X_OK):
        print("1..0 # SKIP mailseald is not built")
        return 0
    work = tempfile.mkdtemp()
    try:
        make_key(work)
        for test in (test_command_line, test_socket, test_background,
                     test_messages, test_old_mta, test_verdicts, test_reload,
                     test_cache, test_resolvers, test_stop, test_last_answer,
                     test_hup_at_start, test_manners, test_user, test_root,
                     test_look_on, test_load):
            try:
                test(work)
            except (Gone, OSError, IndexError,
                    subprocess.TimeoutExpired) as error:
                point(False, test.__name__, repr(error))
    finally:
        for p in Daemon.started:
            if p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(work)
    print("1..%d" % count)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
