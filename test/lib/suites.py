# SPDX-License-Identifier: BSD-2-Clause
"""suites: finds the conformance suites, which are not part of the source.

They lie at $MAILSEAL_SUITES or beside the source tree. Nothing of them is
ever copied into it.
"""
import contextlib
import io
import json
import os
import runpy
import shutil
import sys

import tap
import tree


def _path(*names):
    return os.path.join(os.environ.get('MAILSEAL_SUITES') or os.path.join(
        tree.SRC, '..', 'shared', 'suites'), *names)


def folder(name):
    """The suite's folder; ends the program with a visible skip without it."""
    path = _path(name)
    if not os.path.isdir(path):
        tap.skip_all('no suite %s; MAILSEAL_SUITES names their folder' % name)
    return path


def load(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def report_checker():
    """check_report.py of the suite dmarc-reports-write as a function of its
    arguments, which gives its exit status and what it prints. It runs in this
    process: to start Python for each report takes longer than to check it.
    None: it cannot run here."""
    script = _path('dmarc-reports-write', 'check_report.py')
    if not os.path.exists(script) or shutil.which('xmllint') is None:
        return None
    main = runpy.run_path(script)['main']

    def check(*args):
        before, sys.argv = sys.argv, [script] + list(args)
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                status = main()
        finally:
            sys.argv = before
        return status, out.getvalue()
    return check


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
