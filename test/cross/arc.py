# SPDX-License-Identifier: BSD-2-Clause
"""Chains sealed by python3-dkim, hop by hop, against mailseal verify: whole
ones pass with all their sets, and each kind of damage is found where it is.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))

import pydkim  # noqa: E402
import dkim  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

SETS = int(os.environ.get('MAILSEAL_CROSS_ARC_SETS', '10'))
LETTER = (b'From: Joe <joe@example.com>\r\nTo: list@lists.example\r\n'
          b'Subject: hello\r\nDate: Thu, 26 Nov 2026 10:00:00 +0000\r\n'
          b'Message-ID: <1@example.com>\r\n\r\nFirst line.\r\n\r\nLast.\r\n')
AMS = 8             # MaximumSignaturesToVerify
HOP = 'hop%d.example'


def sealed(message, key, instance, results='spf=pass smtp.mailfrom=a.example'):
    """One more set, by python3-dkim, of the results of a hop."""
    return pydkim.seal(message, peers.DOMAIN, key.selector, key.for_pydkim,
                       HOP % instance, results)


def verify(message, path):
    _, out, err = proc.run_json([tree.MAILSEAL, 'verify', '--json', '--zone',
                                 path, '--no-second-opinion'], message)
    return out['arc'] if out else {'result': err}


def theirs(message, records):
    cv, _, reason = dkim.arc_verify(
        message, dnsfunc=pydkim._lookup(records))
    return cv.decode() if cv else 'none', reason


def field(message, name, instance):
    """The field of that set, raw."""
    for f in seal.split(message)[0]:
        head = f.lower().replace(b' ', b'')
        if head.startswith(name + b':') and b'i=%d;' % instance in head:
            return f
    raise LookupError(name, instance)


def damages(message, n):
    """(what, the message, the instance at fault or None)."""
    yield 'a longer body', message + b'-- \r\nA footer.\r\n', n
    yield 'another subject', message.replace(
        b'Subject: hello', b'Subject: [x] hello', 1), n
    for name in (b'arc-seal', b'arc-message-signature',
                 b'arc-authentication-results'):
        f = field(message, name, 1)
        yield 'no %s of set 1' % name.decode(), message.replace(f, b'', 1), 1
        yield '%s twice' % name.decode(), f + message, 1
    first = field(message, b'arc-authentication-results', 1)
    yield 'other results in set 1', message.replace(
        first, first.replace(b'spf=pass', b'spf=fail')), None
    seal1 = field(message, b'arc-seal', 1)
    yield 'another cv in seal 1', message.replace(
        seal1, seal1.replace(b'cv=none', b'cv=pass')), 1


def main():
    top = proc.folder()
    keys = peers.keys(top)
    rsa = [k for k in keys if k.algorithm == 'rsa-sha256']
    records = {k.name: k.record for k in keys}
    path = proc.write(os.path.join(top, 'zone'), zone.text(records))
    message = LETTER
    for n in range(1, SETS + 1):
        message = sealed(message, rsa[n % len(rsa)], n)
        got = verify(message, path)
        tap.is_((got['result'], got.get('instances'), got.get('oldest_pass'),
                 len(got.get('sealers', []))),
                ('pass', n, 0 if n <= AMS else n - AMS + 1, n),
                'a chain of %d' % n, got)
        tap.is_(theirs(message, records)[0], 'pass', 'and python3-dkim says '
                'so')
        if n in (1, 2, SETS):
            for what, bad, at in damages(message, n):
                got = verify(bad, path)
                tap.ok(got['result'] == 'fail' and
                       (at is None or got['failed_instance'] == at),
                       'of %d: %s' % (n, what), got)
                tap.is_(theirs(bad, records)[0], 'fail', 'python3-dkim, too')
    # What a list changes between two hops shows in the oldest pass alone.
    changed = sealed(sealed(LETTER, rsa[0], 1).replace(
        b'Subject: hello', b'Subject: [list] hello'), rsa[0], 2)
    got = verify(changed, path)
    tap.is_((got['result'], got['oldest_pass']), ('pass', 2),
            'changed between the sets', got)
    dead = proc.write(os.path.join(top, 'dead'), ''.join(
        zone.fault(k.name, 'SERVFAIL') for k in keys))
    tap.is_(verify(message, dead)['reason'], 'key unavailable',
            'a key that cannot be had fails the chain')


tap.main(main)
