# SPDX-License-Identifier: BSD-2-Clause
"""rotate: dkimkeygen rotate --all over COUNT domains in a key directory, of
which DUE have a step to take, a quarter each: a record to be seen, a key to
become active, a key to be revoked, and a successor to be made (Ed25519: the
time that RSA keys take is not what is measured here). Each of the DUE has a
zone of its own on a local nsd. Then once more, with little left to do.

The bounds: LIMIT_S and LIMIT_MB.
"""
import os
import subprocess
import sys
import time

from world import proc, tree

sys.path.append(os.path.join(tree.SRC, "test", "integration"))

import nameserver  # noqa: E402

COUNT = 100000
DUE = 1000
LIMIT_S, LIMIT_MB = 60, 250
DAY = 86400
NOW = int(time.time())


class Rotate:
    def __init__(self, world):
        self.world = world
        self.store = world.path("rotated")
        self.keys = {}

    def _make_key(self, selector, *options):
        """(private half, record's value, record as TXT data)"""
        folder = self.world.path("rotate-keys")
        os.makedirs(folder, exist_ok=True)
        line = subprocess.run(
            [tree.DKIMKEYGEN, "new", "-d", "example.com", "-D", folder, "-s",
             selector, *options], check=True, capture_output=True,
            text=True).stdout.split(" TXT ")[1].strip()
        with open(os.path.join(folder, selector + ".private"),
                  encoding="ascii") as f:
            return f.read(), line.replace('" "', "").strip('"'), line

    def _add(self, domain, selector, key, stage, since, seen=None):
        pem, record, _ = self.keys[key]
        folder = os.path.join(self.store, domain)
        os.makedirs(folder, 0o700, exist_ok=True)
        state = (f"mailseal-key 1\ndomain {domain}\nselector {selector}\n"
                 f"type {key}\nbits {2048 if key == 'rsa' else 256}\n"
                 f"stage {stage}\ncreated {since}\nsince {since}\n")
        if seen is not None:
            state += f"seen {seen}\n"
        proc.write(os.path.join(folder, selector + ".private"), pem, 0o600)
        proc.write(os.path.join(folder, selector + ".state"),
                   state + f"record {record}\n")

    def _add_due(self, i, domain):
        """The zone's records."""
        text = f's._domainkey TXT {self.keys["rsa"][2]}\n'
        old = NOW - 100 * DAY
        if i % 4 == 0:
            self._add(domain, "s", "rsa", "pending", NOW)
        elif i % 4 == 1:
            self._add(domain, "s", "rsa", "published", old, old)
            self._add(domain, "before", "rsa", "active", old - DAY)
        elif i % 4 == 2:
            self._add(domain, "s", "rsa", "active", NOW)
            self._add(domain, "before", "rsa", "retired", old)
            text += f'before._domainkey TXT {self.keys["rsa"][2]}\n'
        else:
            self._add(domain, "s", "ed25519", "active", old)
            text = f's._domainkey TXT {self.keys["ed25519"][2]}\n'
        return text

    def _make_store(self):
        zones = {".": "ns.invalid. A 127.0.0.1\n"}    # of all zones
        os.mkdir(self.store, 0o700)
        for i in range(COUNT):
            domain = f"d{i}.example"
            if i % (COUNT // DUE) == 0:
                zones[domain] = self._add_due(i * DUE // COUNT, domain)
            else:
                self._add(domain, "s", "rsa", "active", NOW)
        return zones

    def _rotate(self, name, server):
        argv = [tree.DKIMKEYGEN, "rotate", "--all", "-K", self.store, "-c",
                server.conf, "--nameserver", f"127.0.0.1@{server.port}"]
        start = time.monotonic()
        with subprocess.Popen(argv, stdout=subprocess.PIPE,
                              text=True) as process:
            lines = process.stdout.readlines()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        steps = sum(" -> " in x or "made, pending" in x for x in lines)
        print(f"  {name:10}  {time.monotonic() - start:6.1f} s"
              f"  {usage.ru_maxrss / 1024:6.1f} MB"
              f"  CPU {usage.ru_utime + usage.ru_stime:5.1f} s"
              f"  {len(lines)} domains, {steps} with a step,"
              f" exit status {process.returncode}", flush=True)

    def run(self):
        self.keys["rsa"] = self._make_key("r")
        self.keys["ed25519"] = self._make_key("e", "-t", "ed25519")
        server = nameserver.Nsd(self.world.path("rotate-nsd"),
                                self._make_store())
        server.conf = proc.write(self.world.path("rotate.conf"),
                                 f"AuthoritativePort {server.port}\n")
        print(f"\nrotate --all: {COUNT} domains, {DUE} due (wanted: "
              f"{LIMIT_S} s, {LIMIT_MB} MB)")
        try:
            self._rotate("first run", server)
            self._rotate("next run", server)
        finally:
            server.stop()
