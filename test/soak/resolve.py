# SPDX-License-Identifier: BSD-2-Clause
"""test/lib/resolver.py as a process that can be killed: its port, and a file of
JSON {name: text} with the TXT records that it knows better."""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
import resolver  # noqa: E402


def main():
    resolver.TTL = 1            # healthy mail asks anew
    r = resolver.Resolver(int(sys.argv[1]))
    with open(sys.argv[2], encoding='ascii') as f:
        for name, text in json.load(f).items():
            r.records[name, resolver.TXT] = resolver.txt(text)
    r.start()
    threading.Event().wait()


main()
