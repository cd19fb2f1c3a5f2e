#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make bench: mailseald beside the programs of Debian that it replaces, driven
by test/bench/load.

  sign, verify  beside OpenDKIM. mailseald asks a local nsd for the key;
                OpenDKIM reads it from a file, since it crashes under load with
                a resolver on another port than 53.
  chain         all that is known of a message: mailseald beside OpenDKIM, then
                OpenDMARC with its own SPF. Everybody asks the same nsd, which
                is as near as a resolver that has every answer.
  arc           a message with a chain of three ARC sets beside the same without:
                see arc.py.
  tables        100,000 domains in a KeyTable and a SigningTable beside OpenDKIM
                with the same: see tables.py.
  stores        100,000 domains in a key directory, SQLite and PostgreSQL: see
                stores.py.
  postfix       sign and verify behind a real Postfix, over unix sockets and over
                TCP, beside OpenDKIM: see postfix.py.
  rotate        dkimkeygen rotate --all over 100,000 domains: see rotate.py.
  reports       mailseal report read over 60,000 rows: see report.py; report
                send of a million messages: see owed.py; and what it costs to
                keep rows for reports: see keep.py.
  latency       what one message waits for when DNS answers take their time, in
                mailseald and in a chain of the programs: see latency.py.

Each case but the last runs in interleaved rounds (ours, theirs, ours, ...) so
that a machine whose speed drifts is fair to both; the ratio is the median of
the ratios round by round. All get the same messages over unix sockets and the
same key, and write no syslog.

chain, and the others in latency, need the port 53 and a resolv.conf of our
own, so that the whole of it runs in network and mount namespaces of its own.
Where these are not to be had (not root), or a program is not installed, a line
says what is left out.

BENCH_ROUNDS (5), BENCH_SECONDS (2) and BENCH_ONLY (part of a case's name)
change how long it takes and what is run.
"""
import contextlib
import json
import os
import statistics
import subprocess
import sys

import namespace
from arc import Arc
from daemons import Side, mailseald, opendkim, opendmarc
from keep import Keep
from latency import Latency, Path
from owed import Owed
from postfix import Postfix, mta
from report import Reports
from rotate import Rotate
from stores import Stores
from tables import Tables
from world import SIZES, World, proc, tree, which

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
ONLY = os.environ.get("BENCH_ONLY", "")
PROGRAMS = {"nsd": "nsd", "opendkim": "opendkim", "opendmarc": "opendmarc",
            "policyd-spf": "postfix-policyd-spf-python"}


class Case:
    """One row: the same messages for each side."""

    def __init__(self, name, sides, files, options, mail=None):
        self.name, self.sides = name, sides
        self.files, self.options = files, options
        self.mail = mail

    def load(self, side, connections, seconds):
        """One round: what the load generator and the kernel say."""
        cpu = side.cpu_s()
        done = subprocess.run(
            [tree.program("test/bench/load"), *side.sockets(), *self.options,
             "--connections", str(connections), "--seconds", str(seconds),
             *self.files], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {side.name}: {done.stderr}{done.stdout}")
        out = json.loads(done.stdout)
        out["cpu_ms"] = (side.cpu_s() - cpu) * 1e6 / out["messages"]
        return out

    def rounds(self, connections):
        for side in self.sides:
            self.load(side, connections, min(SECONDS, 0.5))
        return [[self.load(side, connections, SECONDS) for side in self.sides]
                for _ in range(ROUNDS)]

    def run(self, connections):
        rounds = self.rounds(connections)
        print(f"\n{self.name}")
        if self.mail:
            for side in self.sides:
                found = Path(side).play(self.mail)[1]
                print(f"  {side.name:20}  finds {found}")
        for i, side in enumerate(self.sides):
            def mid(key, i=i):
                return statistics.median(r[i][key] for r in rounds)
            print(f"  {side.name:20}  {mid('rate'):8.0f} msg/s  "
                  f"p50 {mid('p50_us'):7.0f} us  p99 {mid('p99_us'):7.0f} us  "
                  f"CPU {mid('cpu_ms'):6.0f} ms/1000 msg  "
                  f"peak {side.peak_mb():5.1f} MB")
        ratio = statistics.median(r[0]["rate"] / r[1]["rate"] for r in rounds)
        cpu = statistics.median(r[1]["cpu_ms"] / r[0]["cpu_ms"]
                                for r in rounds)
        print(f"  {'ratio':20}  {ratio:.2f}x the messages per second, "
              f"1/{cpu:.2f} of the CPU a message", flush=True)


class Bench:
    def __init__(self, world):
        self.world = world

    @contextlib.contextmanager
    def sides(self, *sides):
        try:
            yield sides
        finally:
            for side in sides:
                side.stop()

    def compare(self, name, connections, make_sides, files, options,
                mail=None):
        name += f", {connections} connection" + "s" * (connections > 1)
        if ONLY in name:
            with self.sides(*make_sides()) as sides:
                Case(name, sides, files, options, mail).run(connections)

    def dkim(self, mode):
        world = self.world
        for size in ("4 KiB", "50 KiB", "1 MiB"):
            plain, signed = world.ordinary(size)
            if mode == "s":
                files, options = [plain], ["--ip", "127.0.0.1", "--expect",
                                           "DKIM-Signature"]
            else:
                files, options = [signed], ["--expect",
                                            "Authentication-Results"]
            for connections in (1, 16):
                self.compare(
                    ("sign " if mode == "s" else "verify ") + size,
                    connections, lambda: (
                        Side(mailseald(world, mode)),
                        Side(opendkim(world, mode))),
                    files, options)

    def chain(self):
        world = self.world
        for size in ("4 KiB", "50 KiB"):
            mail = world.from_sender(1, SIZES[size], signatures=1)
            for connections in (1, 16):
                self.compare(
                    "chain " + size, connections, lambda: (
                        Side(mailseald(world, "v")),
                        Side(opendkim(world, "v", world.dns),
                             opendmarc(world, world.dns, True))),
                    [mail.path], mail.options() + [
                        "--expect", "Authentication-Results"], mail)

    def memory(self):
        name = "200 connections"
        if ONLY not in name:
            return
        print(f"\n{name}, 4 KiB, verify: peak memory")
        world = self.world
        signed = world.ordinary("4 KiB")[1]
        for start in (lambda: mailseald(world, "v"),
                      lambda: opendkim(world, "v")):
            with self.sides(Side(start())) as sides:
                Case(name, sides, [signed], []).load(sides[0], 200, SECONDS)
                print(f"  {sides[0].name:9}  {sides[0].peak_mb():5.1f} MB",
                      flush=True)


    def postfix(self):
        why = mta.unavailable()
        if why:
            print("postfix left out:", why)
            return
        for mode in ("s", "v"):
            Postfix(self.world, ROUNDS, SECONDS).run(mode, ONLY)


def left_out(private):
    """What lacks for comparing chains; said once."""
    lacks = [package for program, package in PROGRAMS.items()
             if which(program) is None]
    if lacks:
        print("not installed: " + ", ".join(lacks))
    if not private:
        print("no namespaces of our own (not root?): no chain to compare with")
    return lacks


def main():
    if which("nsd") is None or which("opendkim") is None:
        sys.exit("bench: needs Debian's opendkim and nsd")
    private = namespace.enter()
    lacks = left_out(private)
    print(f"{ROUNDS} interleaved rounds of {SECONDS:g} s; medians; "
          f"{os.cpu_count()} cores shared with the load generator")
    world = World(proc.folder(), private)
    try:
        bench = Bench(world)
        bench.dkim("s")
        bench.dkim("v")
        if private and "opendmarc" not in lacks:
            bench.chain()
        if ONLY in "arc":
            for size in ("4 KiB", "50 KiB"):
                Arc(world, ROUNDS, SECONDS).run(size)
        if ONLY in "tables":
            Tables(world, ROUNDS, SECONDS).run()
        if ONLY in "stores":
            Stores(world, ROUNDS, SECONDS).run()
        if ONLY in "rotate":
            Rotate(world).run()
        if ONLY in "reports":
            Reports(world).run()
            Owed(world).run()
            Keep(world, ROUNDS, SECONDS).run()
        bench.memory()
        bench.postfix()
        if ONLY in "latency":
            Latency(world, private, lacks).run()
    finally:
        world.close()


if __name__ == "__main__":
    main()
