#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make bench: mailseald beside Debian's OpenDKIM, driven by test/bench/load.

Each case runs in interleaved rounds (ours, theirs, ours, ...) so that a
machine whose speed drifts is fair to both; the ratio is the median of the
ratios round by round. Both get the same messages over unix sockets and the
same key, and write no syslog. mailseald asks a local nsd for the key; OpenDKIM
reads it from a file, since it crashes under load with a resolver on another
port than 53.

BENCH_ROUNDS (5), BENCH_SECONDS (2) and BENCH_ONLY (part of a case's name)
change how long it takes and what is run.
"""
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.environ.get("top_builddir", "."))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
ONLY = os.environ.get("BENCH_ONLY", "")
OPENDKIM = shutil.which("opendkim", path="/usr/sbin:" + os.environ["PATH"])
NSD = shutil.which("nsd", path="/usr/sbin:" + os.environ["PATH"])
SIZES = {"4 KiB": 4096, "50 KiB": 50 * 1024, "1 MiB": 1024 * 1024}
TICKS = os.sysconf("SC_CLK_TCK")


def run(*args, **kw):
    return subprocess.run(args, check=True, capture_output=True, **kw).stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


def wait_for(path, proc):
    for _ in range(200):
        if listens(path):
            return
        if proc.poll() is not None:
            sys.exit(f"bench: {proc.args[0]} ended with {proc.returncode}")
        time.sleep(0.05)
    sys.exit(f"bench: {proc.args[0]} does not listen")


def message(size):
    """An ordinary message of about that many octets, CRLF line ends."""
    head = ("Received: from client.example.com (client.example.com "
            "[192.0.2.1])\r\n\tby mx.example.net with ESMTPS id 4F00A1\r\n"
            "\tfor <user@example.net>; Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            "From: Alice Example <alice@example.com>\r\n"
            "To: Bob Example <bob@example.net>\r\n"
            "Subject: The minutes of the meeting of last Thursday\r\n"
            "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            "Message-ID: <20261122100000.1234@example.com>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\n")
    line = ("The quick brown fox jumps over the lazy dog, and then it "
            "rests a while.\r\n")
    text = head
    while len(text) < size:
        text += line if len(text) % 9 else "\r\n"
    return text.encode()


class Daemon:
    """A milter under test: its process, CPU time and peak memory."""

    def __init__(self, name, args, sock, log):
        self.name, self.sock = name, sock
        self.proc = subprocess.Popen(args, stdout=log, stderr=log,
                                     stdin=subprocess.DEVNULL)
        wait_for(sock, self.proc)

    def cpu(self):
        with open(f"/proc/{self.proc.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mb(self):
        with open(f"/proc/{self.proc.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) / 1024

    def stop(self):
        self.proc.terminate()
        try:
            self.proc.wait(40)
        except subprocess.TimeoutExpired:
            self.proc.kill()


class Bench:
    def __init__(self, work):
        self.work = work
        self.daemons = []
        self.log = open(self.path("log"), "ab")
        self.nsd = None

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, text):
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(self.path(name), mode) as f:
            f.write(text)
        return self.path(name)

    def prepare(self):
        run(f"{TOP}/keys/dkimkeygen", "new", "-d", "example.com", "-s", "s",
            "-D", self.work)
        with open(self.path("s.txt"), encoding="ascii") as f:
            record = f.read()
        text = "".join(re.findall(r'"([^"]*)"', record))
        self.write("keys", f"s._domainkey.example.com {text}\n")
        self.write("zone", "$TTL 3600\n"
                   "@ SOA ns.example.com. root.example.com. 1 1h 1h 1h 1h\n"
                   "@ NS ns.example.com.\nns A 127.0.0.1\n" + record)
        for name, size in SIZES.items():
            plain = self.write(f"{size}.eml", message(size))
            signed = run(f"{TOP}/tools/mailseal", "sign", "--domain",
                         "example.com", "--selector", "s", "--key",
                         self.path("s.private"), plain)
            self.write(f"{size}.signed.eml", signed)
        self.port = free_port()
        self.write("nsd.conf", f"""server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  zonesdir: "{self.work}"
  database: ""
  pidfile: "{self.path('nsd.pid')}"
  xfrdfile: "{self.path('xfrd')}"
  zonelistfile: "{self.path('zonelist')}"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example.com
  zonefile: zone
""")
        self.nsd = subprocess.Popen([NSD, "-d", "-c", self.path("nsd.conf")],
                                    stdout=self.log, stderr=self.log)
        time.sleep(0.5)

    def ours(self, mode):
        sock = self.path(f"ours.{mode}.sock")
        conf = self.write(f"ours.{mode}.conf", f"""
Socket unix:{sock}
Background no
Syslog no
LogTarget stderr
Mode {mode}
AuthservID mx.example.net
Nameservers 127.0.0.1@{self.port}
""" + (f"""Domain example.com
Selector s
KeyFile {self.path('s.private')}
""" if mode == "s" else ""))
        null = open(os.devnull, "wb")
        return Daemon("mailseald", [f"{TOP}/milter/mailseald", "-f", "-c",
                                    conf], sock, null)

    def theirs(self, mode):
        sock = self.path(f"theirs.{mode}.sock")
        conf = self.write(f"theirs.{mode}.conf", f"""
Socket local:{sock}
Background no
Syslog no
Mode {mode}
UserID root
AuthservID mx.example.net
Canonicalization relaxed/relaxed
RequireSafeKeys no
TestPublicKeys {self.path('keys')}
""" + (f"""Domain example.com
Selector s
KeyFile {self.path('s.private')}
""" if mode == "s" else ""))
        return Daemon("opendkim", [OPENDKIM, "-f", "-x", conf], sock, self.log)

    def load(self, daemon, mode, size, connections, seconds):
        """One round: what the load generator and the kernel say."""
        suffix = "eml" if mode == "s" else "signed.eml"
        cpu = daemon.cpu()
        done = subprocess.run(
            [f"{TOP}/test/bench/load", "--milter", f"unix:{daemon.sock}",
             "--connections", str(connections), "--seconds", str(seconds),
             "--ip", "127.0.0.1" if mode == "s" else "192.0.2.1",
             "--expect", "DKIM-Signature" if mode == "s" else
             "Authentication-Results", self.path(f"{size}.{suffix}")],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {daemon.name}: {done.stderr}{done.stdout}")
        out = json.loads(done.stdout)
        out["cpu_ms"] = (daemon.cpu() - cpu) * 1e6 / out["messages"]
        return out

    def case(self, mode, size_name, connections):
        what = "sign" if mode == "s" else "verify"
        name = f"{what} {size_name}, {connections} connection" + \
            ("s" if connections > 1 else "")
        if ONLY not in name:
            return
        size = SIZES[size_name]
        self.daemons = daemons = [self.ours(mode), self.theirs(mode)]
        rounds = []
        for d in daemons:
            self.load(d, mode, size, connections, min(SECONDS, 0.5))
        for _ in range(ROUNDS):
            rounds.append([self.load(d, mode, size, connections, SECONDS)
                           for d in daemons])
        print(f"\n{name}")
        for i, d in enumerate(daemons):
            def mid(key, i=i):
                return statistics.median(r[i][key] for r in rounds)
            print(f"  {d.name:9}  {mid('rate'):8.0f} msg/s  "
                  f"p50 {mid('p50_us'):7.0f} us  p99 {mid('p99_us'):7.0f} us  "
                  f"CPU {mid('cpu_ms'):6.0f} ms/1000 msg  "
                  f"peak {d.peak_mb():5.1f} MB")
        ratio = statistics.median(r[0]["rate"] / r[1]["rate"] for r in rounds)
        cpu = statistics.median(r[1]["cpu_ms"] / r[0]["cpu_ms"]
                                for r in rounds)
        print(f"  ratio      {ratio:.2f}x the messages per second, "
              f"1/{cpu:.2f} of the CPU a message", flush=True)
        for d in daemons:
            d.stop()

    def memory(self):
        name = "200 connections"
        if ONLY not in name:
            return
        print(f"\n{name}, 4 KiB, verify: peak memory")
        for start in (self.ours, self.theirs):
            d = start("v")
            self.daemons = [d]
            self.load(d, "v", 4096, 200, SECONDS)
            print(f"  {d.name:9}  {d.peak_mb():5.1f} MB", flush=True)
            d.stop()

    def close(self):
        for d in self.daemons:
            d.stop()
        if self.nsd:
            self.nsd.terminate()
            self.nsd.wait()


def main():
    if not OPENDKIM or not NSD:
        sys.exit("bench: needs Debian's opendkim and nsd")
    print(f"{ROUNDS} interleaved rounds of {SECONDS:g} s; medians; "
          f"{os.cpu_count()} cores shared with the load generator")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(work)
        try:
            bench.prepare()
            for mode in "sv":
                for size in SIZES:
                    for connections in (1, 16):
                        bench.case(mode, size, connections)
            bench.memory()
        finally:
            bench.close()


if __name__ == "__main__":
    main()
