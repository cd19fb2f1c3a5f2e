# SPDX-License-Identifier: BSD-2-Clause
"""keep: what ReportStore costs mailseald: verifying a message of 4 KiB with
rows kept in SQLite beside the same without, in interleaved rounds, by rate and
CPU time. The bound: LIMIT of the rate is left.
"""
import json
import os
import sqlite3
import statistics
import subprocess
import sys

from daemons import OURS, Side, start
from world import SIZES, tree

LIMIT = 0.97


def ratio(pairs):
    """As text. CPU time is counted in ticks: a short round may have none."""
    found = [a / b for a, b in pairs if b > 0]
    return f"{statistics.median(found):.3f}x" if found else "an unknown part of"


class Keep:
    def __init__(self, world, rounds, seconds):
        self.world, self.n, self.seconds = world, rounds, seconds
        self.path = world.path("reports.db")

    def _daemon(self, name, store):
        return Side(start(self.world, name, [tree.MAILSEALD, "-f", "-c"],
                          OURS + "ReportStore " + store + "\n", mode="v",
                          dns=self.world.dns))

    def _load(self, side, mail, seconds):
        """(messages, their rate, CPU time of one in us)"""
        before = side.cpu_s()
        done = subprocess.run(
            [tree.program("test/bench/load"), *side.sockets(),
             *mail.options(), "--expect", "Authentication-Results",
             "--connections", "16", "--seconds", str(seconds), mail.path],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: keep: {done.stderr}{done.stdout}")
        out = json.loads(done.stdout)
        return (out["messages"], out["rate"],
                (side.cpu_s() - before) * 1e6 / out["messages"])

    def run(self):
        mail = self.world.from_sender(1, SIZES["4 KiB"], signatures=1)
        sides = (self._daemon("keeps", "sqlite:" + self.path),
                 self._daemon("keeps not", "none"))
        try:
            for side in sides:
                self._load(side, mail, min(self.seconds, 0.5))
            rounds = [[self._load(s, mail, self.seconds) for s in sides]
                      for _ in range(self.n)]
        finally:
            for side in sides:
                side.stop()
        self._say(rounds)

    def _say(self, rounds):
        print("\nreports: kept in SQLite, verify 4 KiB, 16 connections")
        for i, name in enumerate(("sqlite", "none")):
            rate, cpu = (statistics.median(r[i][k] for r in rounds)
                         for k in (1, 2))
            print(f"  {name:10} {rate:8.0f} msg/s  CPU {cpu:6.1f} us a "
                  "message")
        rate = statistics.median(r[0][1] / r[1][1] for r in rounds)
        cpu = ratio([(r[0][2], r[1][2]) for r in rounds])
        db = sqlite3.connect(self.path)
        kept = db.execute("SELECT sum(messages) FROM "
                          "mailseal_report_row").fetchone()[0]
        db.close()
        print(f"  {rate:.3f}x the rate (wanted: at least {LIMIT}x), "
              f"{cpu} the CPU; {kept} messages in "
              f"{os.path.getsize(self.path)} octets", flush=True)
