# SPDX-License-Identifier: BSD-2-Clause
"""postfix: what a milter costs behind a real Postfix, over a unix socket and
over TCP.

smtp-source hands messages to a private Postfix, in one session and in eight at
a time. There is one smtpd for each kind of milter; what it accepts is
discarded. The spool lies in memory where there is some, so that the disk is
not measured. Rounds are interleaved; each figure is a median over the rounds,
in milliseconds for a message.

"null" is a milter that adds a field and does nothing else: it shows what
Postfix and libmilter take for any milter that does.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from daemons import mailseald, null, opendkim
from world import which

sys.path.append(os.path.join(os.environ.get("top_srcdir", "."), "test",
                             "integration"))
import mta  # noqa: E402

SESSIONS = (1, 8)
BARE = "bare Postfix"
MAIN = {"default_transport": "discard:", "relay_transport": "discard:",
        "smtpd_delay_open_until_valid_rcpt": "no", "in_flow_delay": "0"}


class Postfix:
    """The cases "postfix sign" and "postfix verify"."""

    def __init__(self, world, rounds, seconds):
        self.world, self.rounds, self.seconds = world, rounds, seconds

    def _daemons(self, mode):
        return {f"{make.__name__}, {kind}":
                make(self.world, mode, inet=kind == "TCP")
                for kind in ("unix", "TCP")
                for make in (mailseald, null, opendkim)}

    @staticmethod
    def _services(daemons):
        """As Postfix writes addresses: inet:host:port."""
        return {"bare": {}} | {
            f"m{i}": {"smtpd_milters": re.sub(
                r"inet:(\d+)@(.*)", r"inet:\2:\1", d.address)}
            for i, d in enumerate(daemons.values())}

    @staticmethod
    def _send(port, sessions, count, path):
        """Milliseconds for a message."""
        start = time.monotonic()
        subprocess.run(
            [which("smtp-source"), "-d", "-s", str(sessions), "-m", str(count),
             "-f", "alice@example.com", "-t", "bob@example.net", "-F", path,
             f"127.0.0.1:{port}"], check=True)
        return (time.monotonic() - start) * 1e3 / count

    def _round(self, ports, cpu_s, sessions, path):
        """As many messages as fit into the time, of each kind: milliseconds
        for a message, and of the milter's CPU time."""
        found = {}
        for name, port in ports.items():
            once = self._send(port, sessions, sessions * 5, path) * sessions
            count = max(10, int(self.seconds * 1e3 / once)) * sessions
            before = cpu_s(name)
            ms = self._send(port, sessions, count, path)
            found[name] = ms, (cpu_s(name) - before) * 1e3 / count
        return found

    @staticmethod
    def _print(title, rounds):
        print(f"\n{title}")
        for name in rounds[0]:
            ms = statistics.median(r[name][0] for r in rounds)
            ratio = statistics.median(r[name][0] / r[BARE][0] for r in rounds)
            cpu = statistics.median(r[name][1] for r in rounds)
            print(f"  {name:16}  {ms:8.2f} ms a message  {ratio:6.2f}x bare"
                  f"  CPU of the milter {cpu:6.2f} ms")
        ratio = statistics.median(
            r["mailseald, TCP"][0] / r["mailseald, unix"][0] for r in rounds)
        print(f"  TCP against unix: {ratio:.2f}x", flush=True)

    def run(self, mode, only):
        verb = "sign" if mode == "s" else "verify"
        cases = [(f"postfix {verb} {size}, {n} session" + "s" * (n > 1),
                  size, n) for size in ("2 KiB", "1 MiB") for n in SESSIONS]
        cases = [case for case in cases if only in case[0]]
        if not cases:
            return
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        top = tempfile.mkdtemp(prefix="ms.", dir=memory)
        os.chmod(top, 0o755)
        daemons = self._daemons(mode)
        postfix = mta.Postfix(top, 9, self._services(daemons), MAIN)
        ports = dict(zip([BARE, *daemons], postfix.ports.values()))

        def cpu_s(name):
            return daemons[name].cpu_s() if name in daemons else 0
        try:
            for title, size, sessions in cases:
                path = self.world.ordinary(size)[mode == "v"]
                self._print(title, [self._round(ports, cpu_s, sessions,
                                                path)
                                    for _ in range(self.rounds)])
        except subprocess.CalledProcessError as e:
            sys.exit(f"bench: {e}\n{postfix.log_text()[-2000:]}")
        finally:
            postfix.stop()
            for daemon in daemons.values():
                daemon.server.stop(40)
            shutil.rmtree(top, ignore_errors=True)
