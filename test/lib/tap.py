# SPDX-License-Identifier: BSD-2-Clause
"""tap: test points on standard output, as automake's TAP driver reads them."""
import sys
import traceback

_count = 0
_failed = 0


def _line(good, name, note=''):
    global _count, _failed
    _count += 1
    if not good:
        _failed += 1
    name = str(name).replace('#', 'No.').replace('\n', ' ')
    print('%s %d - %s%s' % ('ok' if good else 'not ok', _count, name, note),
          flush=True)
    return good


def diag(text):
    """Says more about what happened; every line becomes a comment."""
    for line in str(text).splitlines():
        print('# ' + line.encode('utf-8', 'backslashreplace').decode('utf-8'),
              flush=True)


def ok(good, name, why=''):
    _line(bool(good), name)
    if not good and why:
        diag(why)
    return bool(good)


def is_(got, want, name, why=''):
    good = got == want
    _line(good, name)
    if not good:
        diag('got:  %r' % (got,))
        diag('want: %r' % (want,))
        if why:
            diag(why)
    return good


def contains(text, part, name, why=''):
    good = part in text
    _line(good, name)
    if not good:
        diag('this:      %r' % (text,))
        diag('has not:   %r' % (part,))
        if why:
            diag(why)
    return good


def skip(name, why):
    _line(True, name, ' # SKIP ' + why)


def skip_all(why):
    """Ends a program that cannot test anything here, visibly."""
    print('1..0 # SKIP ' + why, flush=True)
    sys.exit(0)


def failed():
    return _failed


def done():
    print('1..%d' % _count, flush=True)
    sys.exit(1 if _failed else 0)


def main(test):
    """Runs test(); an exception is a failed point with its trace."""
    try:
        test()
    except SystemExit:
        raise
    except BaseException as e:      # a KeyboardInterrupt, too: it is reported
        _line(False, 'the test came to its end: %s' % type(e).__name__)
        diag(traceback.format_exc())
    done()
