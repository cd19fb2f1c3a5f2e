# SPDX-License-Identifier: BSD-2-Clause
"""suites: finds the conformance suites, which are not part of the source.

They lie at $MAILSEAL_SUITES or beside the source tree. Nothing of them is
ever copied into it.
"""
import json
import os

import tap
import tree


def folder(name):
    """The suite's folder; ends the program with a visible skip without it."""
    root = os.environ.get('MAILSEAL_SUITES') or os.path.join(
        tree.SRC, '..', 'shared', 'suites')
    path = os.path.join(root, name)
    if not os.path.isdir(path):
        tap.skip_all('no suite %s; MAILSEAL_SUITES names their folder' % name)
    return path


def load(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


class Deviations:
    """What a runner knows to differ from the suite, each with its reason.

    A case that deviates and is not listed fails, and so does a listed one
    that deviates no longer.
    """

    def __init__(self, table):
        self.table = table
        self.seen = set()

    def check(self, case, got, want, name, why=''):
        """got and want: any values; the table has case -> (result, reason)."""
        if case not in self.table:
            return tap.is_(got, want, name, why)
        self.seen.add(case)
        listed, reason = self.table[case]
        if got == want:
            return tap.ok(False, '%s: a listed deviation is none any more'
                          % name, reason)
        return tap.is_(got, listed, '%s (deviates: %s)' % (name, reason), why)

    def finish(self):
        left = sorted(str(c) for c in set(self.table) - self.seen)
        tap.is_(left, [], 'every listed deviation belongs to a case')
