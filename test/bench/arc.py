# SPDX-License-Identifier: BSD-2-Clause
"""arc: what a chain of ARC sets costs mailseald: the same message with SETS
sets and without, in interleaved rounds, by the CPU time of the daemon. Beside
it stands what the RSA operations of the chain cost alone, two for each set, as
`openssl speed' measures them here and now.

The bound: with the chain at most LIMIT times the CPU of the message without it
and of these operations.
"""
import re
import statistics
import subprocess
import sys

from daemons import Side, mailseald
from world import AUTHSERV_ID, SIZES, Mail, proc, tree, which

SETS = 3
LIMIT = 1.5


def sealed(world, mail):
    """The same with SETS sets, of a key of the sender's."""
    path = mail.path
    for n in range(SETS):
        status, out, err = proc.run(
            [tree.MAILSEAL, "seal", "--domain", "d1.example", "--selector",
             "s", "--key", world.path("s.private"), "--authserv-id",
             AUTHSERV_ID, "--nameserver", world.dns, path])
        if status != 0:
            sys.exit("bench: " + err)
        path = world.write(f"arc{n + 1}.eml", out)
    return Mail(path, 1)


def rsa_us():
    """CPU time of one verification with RSA-2048, or None."""
    if which("openssl") is None:
        return None
    done = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048"],
                          capture_output=True, text=True, check=False)
    rate = re.search(r"rsa 2048 bits.*?([\d.]+)\s*$", done.stdout,
                     re.MULTILINE)
    return 1e6 / float(rate[1]) if rate else None


class Arc:
    def __init__(self, world, rounds, seconds):
        self.world, self.n, self.seconds = world, rounds, seconds

    def cpu_us(self, side, mail, seconds):
        """Of one message."""
        before = side.cpu_s()
        done = subprocess.run(
            [tree.program("test/bench/load"), *side.sockets(),
             *mail.options(), "--expect", "Authentication-Results",
             "--connections", "4", "--seconds", str(seconds), mail.path],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: arc: {done.stderr}{done.stdout}")
        messages = int(re.search(r'"messages":\s*(\d+)', done.stdout)[1])
        return (side.cpu_s() - before) * 1e6 / messages

    def run(self, size):
        plain = self.world.from_sender(1, SIZES[size], signatures=1)
        chain = sealed(self.world, plain)
        side = Side(mailseald(self.world, "v"))
        try:
            for mail in (plain, chain):
                self.cpu_us(side, mail, min(self.seconds, 0.5))
            rounds = [[self.cpu_us(side, mail, self.seconds)
                       for mail in (plain, chain)] for _ in range(self.n)]
        finally:
            side.stop()
        self.say(size, rounds, rsa_us())

    def say(self, size, rounds, one_us):
        without, with_ = (statistics.median(r[i] for r in rounds)
                          for i in (0, 1))
        print(f"\narc {size}, one signature, CPU of mailseald a message\n"
              f"  without a chain       {without:6.1f} us\n"
              f"  with {SETS} sets           {with_:6.1f} us")
        if one_us is None:
            print("  no openssl command: no bound")
            return
        bound = without + 2 * SETS * one_us
        ratio = statistics.median(r[1] / (r[0] + 2 * SETS * one_us)
                                  for r in rounds)
        print(f"  {2 * SETS} RSA verifications   {2 * SETS * one_us:6.1f} us\n"
              f"  ratio                 {ratio:6.2f}x of {bound:.1f} us "
              f"(wanted: at most {LIMIT}x)", flush=True)
