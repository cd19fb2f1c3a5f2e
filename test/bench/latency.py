# SPDX-License-Identifier: BSD-2-Clause
"""latency: how long one message takes, from MAIL to the last answer, when each
DNS answer takes DELAY_MS and nothing about its sender is known yet.

The message has two signatures of different domains, an SPF record with two
includes of which the second matches, a policy that is found at the second step
of the tree walk, and a client with a host name. The client's own time is not
counted: in "at once" each event follows as soon as the milter answers; "by a
client" waits for a round trip between MAIL, RCPT, DATA and the header.

The bound is the longest chain of dependent queries (CHAINS) plus GRACE_MS. The
log of slowdns shows how many queries followed each other.
"""
import json
import re
import statistics
import subprocess
import sys
import time

from daemons import Policyd, Side, mailseald, opendkim, opendmarc
from world import COUNT, elapsed_ms, proc, tree

MESSAGES = 30
SIZE = 4096
DELAY_MS = 20
GRACE_MS = 10
RTT_MS = 25
# Queries that depend on an answer.
CHAINS = (("SPF: the record, its includes", 2),
          ("iprev: the client's name, the name's address", 2),
          ("DKIM: the keys", 1),
          ("DMARC: the names of the walk", 1))
RESULT = re.compile(r"(?<![.\w])(spf|dkim|dmarc|iprev)=(\w+)")


def successive(queries):
    """The length of the longest chain of queries, each of which arrived after
    the one before it was answered."""
    n, end = 0, 0
    for answered, came in sorted((answered, came)
                                 for came, answered, _ in queries if answered):
        if came >= end:
            n, end = n + 1, answered
    return n


class Path:
    """The way of messages: optionally a policy daemon, then milters."""

    def __init__(self, side, policyd=None):
        self.side, self.policyd = side, policyd
        self.name = (policyd.name + " + " if policyd else "") + side.name

    def play(self, mail, rtt_ms=0):
        """(ms without the client's time, results)."""
        argv = [tree.program("test/bench/load"), *self.side.sockets(),
                *mail.options(), "--count", "1", "--seconds", "60", "--rtt",
                str(rtt_ms), "--expect", "Authentication-Results", "--show"]
        path, field, took = mail.path, "", 0.0
        if self.policyd:
            since = time.monotonic()
            field = self.policyd.field(mail)
            took = elapsed_ms(since)
            with open(path, "rb") as f:
                text = field.encode() + f.read()
            path = proc.write(path + ".policyd", text)
        done = subprocess.run(argv + [path], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {self.name}: {done.stderr}{done.stdout}")
        took += json.loads(done.stdout)["p50_us"] / 1e3 - 3 * rtt_ms
        found = " ".join("=".join(x) for x in
                         RESULT.findall(field + done.stderr))
        return took, found

    def stop(self):
        if self.policyd:
            self.policyd.stop()
        self.side.stop()


class Measured:
    """One path under one kind of client."""

    def __init__(self, path):
        self.path = path
        self.cold, self.warm, self.found = [], [], set()
        self.queries, self.successive = [], []

    def play(self, world, mail, rtt_ms):
        world.slow.queries()
        took, found = self.path.play(mail, rtt_ms)
        self.cold.append(took)
        self.found.add(found)
        self.queries = world.slow.queries()
        self.successive.append(successive(self.queries))

    def play_again(self, mail, rtt_ms):
        self.warm.append(self.path.play(mail, rtt_ms)[0])

    def show(self, bound_ms=None):
        median, most = statistics.median(self.cold), max(self.cold)
        print(f"    {self.path.name:35}  median {median:6.1f} ms  max "
              f"{most:6.1f} ms  {statistics.median(self.successive):g} "
              "queries one after the other  again: "
              f"{statistics.median(self.warm):6.1f} ms")
        print("      " + " | ".join(sorted(self.found)))
        if bound_ms is not None:
            over = sum(took > bound_ms for took in self.cold)
            print(f"      bound {bound_ms} ms: " + (
                "met" if over == 0 else
                f"exceeded by {over} of {len(self.cold)}"))
        sys.stdout.flush()

    def show_queries(self):
        start = min(came for came, _, _ in self.queries)
        print("    queries for the last message, ms from the first:")
        for came, _, name in self.queries:
            print(f"      {(came - start) / 1e3:6.1f}  {name}")


class Latency:
    def __init__(self, world, private, lacks):
        self.world = world
        self.private, self.lacks = private, lacks

    def paths(self):
        world, dns = self.world, self.world.slow_dns
        yield Path(Side(mailseald(world, "v", dns)))
        if not self.private or "opendmarc" in self.lacks:
            return
        yield Path(Side(opendkim(world, "v", dns),
                        opendmarc(world, dns, True)))
        if "postfix-policyd-spf-python" not in self.lacks:
            yield Path(Side(opendkim(world, "v", dns),
                            opendmarc(world, dns, False)),
                       Policyd(world, dns))

    def case(self, name, paths, rtt_ms, mails):
        measured = [Measured(path) for path in paths]
        for mail in mails:
            for m in measured:
                m.play(self.world, mail, rtt_ms)
        for mail in mails:
            for m in measured:
                m.play_again(mail, rtt_ms)
        longest = max(n for _, n in CHAINS)
        print(f"\n  {name}")
        for m in measured:
            m.show(longest * DELAY_MS + GRACE_MS if m is measured[0] else None)
        measured[0].show_queries()

    def run(self):
        world = self.world
        mails = [world.from_sender(n, SIZE) for n in range(1, COUNT)]
        print(f"\nlatency: {MESSAGES} messages one by one, each of another "
              f"sender; DNS answers take {DELAY_MS} ms")
        for name, n in CHAINS:
            print(f"  {n} x {DELAY_MS} ms  {name}")
        paths = []
        try:
            paths += self.paths()
            for path in paths:
                path.play(mails.pop())
            world.slow.delay(DELAY_MS)
            self.case("at once", paths, 0, mails[:MESSAGES])
            self.case(f"by a client with round trips of {RTT_MS} ms", paths,
                      RTT_MS, mails[MESSAGES:2 * MESSAGES])
            if len(paths) > 1:
                print("  OpenARC is not in Debian 12: three of the four "
                      "programs")
        finally:
            world.slow.delay(0)
            for path in paths:
                path.stop()
