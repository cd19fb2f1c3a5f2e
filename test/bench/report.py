# SPDX-License-Identifier: BSD-2-Clause
"""reports: mailseal report read over ROWS different rows, as XML, packed, in
mail, and spread over a Maildir of DAYS reports; and over a bomb.

The bounds: LIMIT_S and LIMIT_MB; of a bomb, BOMB_S and BOMB_MB.
"""
import os
import subprocess
import sys
import time

from world import proc, tree

sys.path.append(os.path.join(tree.SRC, "test", "lib"))

import reports as r  # noqa: E402

ROWS = 60000
DAYS = 600
LIMIT_S, LIMIT_MB = 3, 40
BOMB_S, BOMB_MB = 5, 128


class Reports:
    def __init__(self, world):
        self.world = world

    @staticmethod
    def _rows(first, n):
        return [r.passing(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}")
                for i in range(first, first + n)]

    def _maildir(self):
        top = self.world.path("reports")
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(top, name))
        each = ROWS // DAYS
        for i in range(DAYS):
            text = r.aggregate(self._rows(i * each, each), rid=str(i),
                               begin=r.T0 + i * r.DAY)
            proc.write(os.path.join(top, "new", "%04d" % i),
                       r.mail([r.b64_part(r.gz(text.encode()))]))
        return top

    def _measure(self, name, path, limit_s, limit_mb):
        # A small process between, for ru_maxrss starts with the parent's.
        code = ("import os,resource,sys,subprocess as s;"
                "s.run(sys.argv[1:],stdout=s.DEVNULL,stderr=s.DEVNULL);"
                "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
                "print(u.ru_utime+u.ru_stime,u.ru_maxrss)")
        start = time.monotonic()
        out = subprocess.run(
            [sys.executable, "-c", code, tree.MAILSEAL, "report", "read",
             "--json", path], check=True, capture_output=True).stdout.split()
        took = time.monotonic() - start
        mb = float(out[1]) / 1024
        good = float(out[0]) <= limit_s and mb <= limit_mb
        print(f"  {name:34} {float(out[0]):6.2f} s CPU {took:6.2f} s "
              f"{mb:6.0f} MB{'' if good else '   beyond the bound'}")

    def run(self):
        print(f"\nreports: {ROWS} rows; bounds {LIMIT_S} s, {LIMIT_MB} MB")
        text = r.aggregate(self._rows(0, ROWS)).encode()
        path = self.world.path("report")
        for name, data in (("XML", text), ("gzip", r.gz(text)),
                           ("zip", r.zipped([("a", text)])),
                           ("mail", r.mail([r.b64_part(r.gz(text))]))):
            proc.write(path, data)
            self._measure(name, path, LIMIT_S, LIMIT_MB)
        self._measure(f"Maildir of {DAYS} reports", self._maildir(), LIMIT_S,
                      LIMIT_MB)
        head, _, tail = r.usual().encode().partition(b"<record>")
        proc.write(path, r.gz(head + b" " * (512 << 20) + b"<record>" + tail))
        self._measure("a bomb: gzip of 512 MiB", path, BOMB_S, BOMB_MB)
