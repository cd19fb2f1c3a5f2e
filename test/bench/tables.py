# SPDX-License-Identifier: BSD-2-Clause
"""tables: COUNT domains in a KeyTable and a SigningTable, once with patterns
(refile:) and once with names (file:), the same for mailseald and OpenDKIM: how
long a start, to the first answer, and a reload take and how much memory, how
fast mail of many domains is signed, and what finding the key costs by itself.

The bounds, for mailseald: a start and a reload in LIMIT_S, a peak of LIMIT_MB,
also while two configurations are there, a pick in LIMIT_US.
"""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

from daemons import Side, start
from world import message, proc, tree, which

COUNT = 100000
KEYS = 1000         # files; domains share them
SENDERS = 64        # messages in turn
LIMIT_S, LIMIT_MB, LIMIT_US = 2, 250, 5
RELOADED = " is in service"
OURS = '''Socket {address}
Background no
KeyStore none
LogTarget stderr
Mode s
CheckKeys no
KeyTable {keys}
SigningTable {signing}
'''
OPENDKIM = '''Socket {address}
Background no
Syslog no
Mode s
UserID root
Canonicalization relaxed/relaxed
RequireSafeKeys no
KeyTable {keys}
SigningTable {signing}
'''


class Tables:
    def __init__(self, world, rounds, seconds):
        self.world, self.rounds, self.seconds = world, rounds, seconds
        self.keys = world.path("KeyTable")
        self.messages = []

    def _make(self):
        folder = self.world.path("many")
        os.mkdir(folder)
        with open(self.world.path("s.private"), "rb") as f:
            key = f.read()
        for i in range(KEYS):
            proc.write(os.path.join(folder, f"{i}.private"), key, 0o600)
        proc.write(self.keys, "".join(
            f"k{i} d{i}.example:s:{folder}/{i % KEYS}.private\n"
            for i in range(COUNT)))
        proc.write(self.world.path("refile"), "".join(
            f"*@d{i}.example k{i}\n" for i in range(COUNT)))
        proc.write(self.world.path("file"), "".join(
            f"d{i}.example k{i}\n" for i in range(COUNT)))
        self._make_messages()

    def _make_messages(self):
        for i in range(SENDERS):
            n = i * COUNT // SENDERS + COUNT // (2 * SENDERS)
            self.messages.append(self.world.write(
                f"many{i}.eml", message(4096, f"alice@d{n}.example")))

    def _start(self, name, signing):
        return self._begin(name, {"mailseald": OURS, "opendkim": OPENDKIM}[
            name], keys=self.keys, signing=signing)

    def _begin(self, name, conf, **values):
        argv = {"mailseald": [tree.MAILSEALD, "-f", "-c"],
                "opendkim": [which("opendkim"), "-f", "-x"]}[name]
        before = time.monotonic()
        daemon = start(self.world, name, argv, conf, **values)
        # The socket may be open long before the daemon answers there.
        status, _, err = proc.run(
            [tree.MAILSEAL, "try", "--milter", daemon.address,
             "--ip", "127.0.0.1", self.messages[0]])
        if status != 0:
            sys.exit("bench: tables: " + err)
        return Side(daemon), time.monotonic() - before

    def _rate(self, side):
        done = subprocess.run(
            [tree.program("test/bench/load"), *side.sockets(), "--ip",
             "127.0.0.1", "--expect", "DKIM-Signature", "--connections", "4",
             "--seconds", str(self.seconds), *self.messages],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: tables: {done.stderr}{done.stdout}")
        return float(re.search(r'"rate":\s*([\d.]+)', done.stdout)[1])

    def _reload(self, side):
        daemon = side.daemons[0]
        before = time.monotonic()
        had = daemon.server.log_text().count(RELOADED)
        daemon.server.signal(signal.SIGHUP)
        proc.wait_for(lambda: daemon.server.log_text().count(RELOADED) > had,
                      "a reload")
        return time.monotonic() - before

    def _pick(self, kind):
        done = subprocess.run(
            [tree.program("test/bench/pick"), self.keys, kind,
             self.world.path(kind), str(COUNT)],
            capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def run(self):
        self._make()
        for kind in ("refile", "file"):
            self._compare(kind, kind + ":" + self.world.path(kind))

    def _compare(self, kind, signing):
        ours, ours_s = self._start("mailseald", signing)
        theirs, theirs_s = self._start("opendkim", signing)
        try:
            at_start = [side.peak_mb() for side in (ours, theirs)]
            rates = [[self._rate(ours), self._rate(theirs)]
                     for _ in range(self.rounds)]
            reload_s = self._reload(ours)
            peak = ours.peak_mb()
        finally:
            ours.stop()
            theirs.stop()
        pick = self._pick(kind)
        rate = [statistics.median(r[i] for r in rates) for i in (0, 1)]
        ratio = statistics.median(r[0] / r[1] for r in rates)
        print(f"\ntables, {kind}: {COUNT} domains        mailseald  opendkim\n"
              f"  start                          {ours_s:7.2f} s {theirs_s:7.2f}"
              f" s  (wanted: {LIMIT_S} s)\n"
              f"  memory after the start         {at_start[0]:6.1f} MB"
              f" {at_start[1]:6.1f} MB\n"
              f"  signed a second, 4 KiB         {rate[0]:9.0f} {rate[1]:9.0f}"
              f"  {ratio:.1f}x\n"
              f"  reload                         {reload_s:7.2f} s"
              f"            (wanted: {LIMIT_S} s)\n"
              f"  peak, reload included          {peak:6.1f} MB"
              f"            (wanted: {LIMIT_MB} MB)\n"
              f"  a pick, an author with a rule  {pick['known_us']:6.2f} us"
              f"            (wanted: {LIMIT_US} us)\n"
              f"  a pick, without                {pick['unknown_us']:6.2f} us",
              flush=True)
