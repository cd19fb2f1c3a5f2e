# SPDX-License-Identifier: BSD-2-Clause
"""owed: mailseal report send over a day of MESSAGES messages in ROWS different
rows, of many domains and of one, out of SQLite; and mailseal report read --store
of what was sent, as the domains get it.

The bounds: LIMIT_S to send them, LIMIT_MB for the database.
"""
import os
import subprocess
import sys
import time

from world import proc, tree

sys.path.append(os.path.join(tree.SRC, "test", "lib"))

import report_store as rs  # noqa: E402

MESSAGES, ROWS = 1000000, 50000
LIMIT_S, LIMIT_MB = 60, 100
DAY0 = int(time.time()) // rs.DAY * rs.DAY - 2 * rs.DAY


class Owed:
    def __init__(self, world):
        self.world = world
        self.n = 0

    def _folder(self):
        self.n += 1
        top = self.world.path(f"owed{self.n}")
        os.makedirs(os.path.join(top, "out"))
        return top

    def _configure(self, top, store):
        line = subprocess.run(
            [tree.DKIMKEYGEN, "new", "-d", "rx.example", "-D", top, "-s",
             "k"], check=True, capture_output=True,
            text=True).stdout.split(" TXT ")[1].strip()
        zone = proc.write(
            os.path.join(top, "zone"), f"k._domainkey.rx.example. TXT {line}\n"
            '_dmarc.rx.example. TXT "v=DMARC1; p=reject"\n')
        return proc.write(os.path.join(top, "conf"), "".join(
            f"{name} {value}\n" for name, value in {
                "Domain": "rx.example", "Selector": "k", "KeyStore": "none",
                "KeyFile": os.path.join(top, "k.private"), "Zone": zone,
                "ReportFrom": "dmarc@rx.example", "ReportsPerDay": 1000000,
                "ReportStore": store.where}.items()), 0o600)

    @staticmethod
    def _fill(store, domains):
        each = ROWS // domains
        for i in range(domains):
            name = f"d{i}.example"
            store.add(rs.policy(name), DAY0, [
                rs.row(name, f"10.{j >> 16}.{j >> 8 & 255}.{j & 255}",
                       MESSAGES // ROWS, good=j % 10 > 0)
                for j in range(each)])

    @staticmethod
    def _size_mb(store):
        return sum(os.path.getsize(store.path + end)
                   for end in ("", "-wal", "-shm")
                   if os.path.exists(store.path + end)) / 1e6

    @staticmethod
    def _measure(argv):
        """(elapsed s, CPU s, MB)"""
        code = ("import os,resource,sys,subprocess as s;"
                "s.run(sys.argv[1:],stdout=s.DEVNULL,check=True);"
                "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
                "print(u.ru_utime+u.ru_stime,u.ru_maxrss)")
        start = time.monotonic()
        out = subprocess.run([sys.executable, "-c", code, *argv], check=True,
                             stdout=subprocess.PIPE).stdout.split()
        return (time.monotonic() - start, float(out[0]),
                float(out[1]) / 1024)

    def _run(self, domains):
        top = self._folder()
        store = rs.Store(os.path.join(top, "reports.db"))
        conf = self._configure(top, store)
        self._fill(store, domains)
        size = self._size_mb(store)
        out = os.path.join(top, "out")
        took, cpu, mb = self._measure(
            [tree.MAILSEAL, "report", "send", "-c", conf, "--out", out])
        name = f"{domains} report{'s' if domains > 1 else ''}"
        if len(os.listdir(out)) != domains:
            sys.exit(f"bench: reports: {name}: not all were sent")
        size = max(size, self._size_mb(store))
        good = took <= LIMIT_S and size <= LIMIT_MB
        print(f"  sent: {name:14} {took:6.2f} s  CPU {cpu:6.2f} s {mb:6.0f} "
              f"MB, database {size:5.1f} MB"
              f"{'' if good else '   beyond the bound'}", flush=True)
        took, cpu, mb = self._measure(
            [tree.MAILSEAL, "report", "read", "--store", "-c", conf, out])
        print(f"  kept: {name:14} {took:6.2f} s  CPU {cpu:6.2f} s {mb:6.0f} "
              f"MB, database {self._size_mb(store):5.1f} MB", flush=True)

    def run(self):
        print(f"\nreports: {MESSAGES} messages in {ROWS} rows; bounds "
              f"{LIMIT_S} s, {LIMIT_MB} MB of database")
        for domains in (1000, 1):
            self._run(domains)
