# SPDX-License-Identifier: BSD-2-Clause
"""tree: where the source, the build and its programs are."""
import functools
import os
import sys

SRC = os.path.abspath(os.environ.get('top_srcdir') or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.path.abspath(os.environ.get('top_builddir') or SRC)
PERL = os.environ.get('PERL') or 'perl'
PYTHON = os.environ.get('PYTHON') or sys.executable


def program(name):
    """The path of a built program such as 'tools/mailseal'."""
    return os.path.join(BUILD, name)


MAILSEAL = program('tools/mailseal')
MAILSEALD = program('milter/mailseald')
DKIMKEYGEN = program('keys/dkimkeygen')
BATCH = program('test/lib/batch')


@functools.lru_cache(maxsize=None)
def is_sanitized():
    """Whether the programs were built with a sanitizer: slow, and with
    memory habits of its own."""
    with open(MAILSEALD, 'rb') as f:
        data = f.read()
    return b'__asan_init' in data or b'__tsan_init' in data
