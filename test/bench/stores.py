# SPDX-License-Identifier: BSD-2-Clause
"""stores: COUNT domains in a key store, one RSA key of 2048 bits each: the time
of a start until the first answer and of a reload, memory and the rate of
signing. OpenDKIM has no counterpart; the limits are in tables.py.

A database is read into memory; of a directory, only the states are read.
"""
import os
import sqlite3
import statistics
import sys
import time

from tables import COUNT, LIMIT_MB, LIMIT_S, Tables
from world import proc, tree

sys.path.insert(0, os.path.join(tree.SRC, "test", "integration"))

import postgres  # noqa: E402

OURS = '''Socket {address}
Background no
LogTarget stderr
Mode s
CheckKeys no
KeyRefresh 0
KeyStore {store}
'''
NOW = int(time.time())
COLUMNS = ("domain", "selector", "type", "bits", "stage", "created", "since",
           "record")


class Stores(Tables):
    """With the senders and the measures of the tables."""

    def run(self):
        with open(self.world.path("s.private"), encoding="ascii") as f:
            self.pem = f.read()
        self._make_messages()
        self._measure(self._directory())
        self._measure(self._sqlite())
        lacks = postgres.unavailable()
        if lacks:
            print(f"\nstores: left out PostgreSQL: {lacks}")
        else:
            self._measure(self._postgres())

    @staticmethod
    def _row(i):
        return (f"d{i}.example", "s", "rsa", 2048, "active", NOW, NOW,
                "v=DKIM1; k=rsa; p=" + "A" * 392)

    def _directory(self):
        top = self.world.path("store")
        os.mkdir(top, 0o700)
        for i in range(COUNT):
            row = self._row(i)
            folder = os.path.join(top, row[0])
            os.mkdir(folder, 0o700)
            proc.write(os.path.join(folder, "s.private"), self.pem, 0o600)
            proc.write(os.path.join(folder, "s.state"), "mailseal-key 1\n" +
                       "".join(f"{name} {value}\n"
                               for name, value in zip(COLUMNS, row)))
        return top

    def _sqlite(self):
        path = proc.write(self.world.path("store.db"), "", 0o600)
        db = sqlite3.connect(path)
        with open(os.path.join(tree.SRC, "etc", "keys-sqlite.sql"),
                  encoding="ascii") as f:
            db.executescript(f.read())
        db.executemany(
            f"INSERT INTO mailseal_key ({', '.join(COLUMNS)}, private) VALUES "
            "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._row(i) + (self.pem,) for i in range(COUNT)))
        db.commit()
        db.close()
        return "sqlite:" + path

    def _postgres(self):
        db = postgres.Postgres(self.world.path("postgres"))
        values = ("'" + "', '".join(str(x) for x in self._row(0)[1:]) +
                  f"', '{self.pem}'")
        status, said = db.psql(
            "mailseal", f"INSERT INTO mailseal_key ({', '.join(COLUMNS)}, "
            f"private) SELECT 'd' || i || '.example', {values} FROM "
            f"generate_series(0, {COUNT - 1}) i")
        if status != 0:
            sys.exit("bench: stores: " + said)
        return db.store("relay")

    def _measure(self, store):
        ours, start_s = self._begin("mailseald", OURS, store=store)
        try:
            at_start = ours.peak_mb()
            rate = statistics.median(self._rate(ours)
                                     for _ in range(self.rounds))
            reload_s = self._reload(ours)
            peak = ours.peak_mb()
        finally:
            ours.stop()
        print(f"\nstores, {store.split(':')[0]}: {COUNT} domains\n"
              f"  start                          {start_s:7.2f} s"
              f"  (wanted: {LIMIT_S} s)\n"
              f"  memory after the start         {at_start:6.1f} MB\n"
              f"  signed a second, 4 KiB         {rate:9.0f}\n"
              f"  reload                         {reload_s:7.2f} s"
              f"  (wanted: {LIMIT_S} s)\n"
              f"  peak, reload included          {peak:6.1f} MB"
              f"  (wanted: {LIMIT_MB} MB)", flush=True)
