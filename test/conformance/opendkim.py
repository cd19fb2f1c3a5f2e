# SPDX-License-Identifier: BSD-2-Clause
"""The messages of libopendkim's own tests: the suite dkim-opendkim.

Signatures with rsa-sha1 must not pass (RFC 8301 3.1); those that passed
originally test our canonicalisation, by historic.py. Cases about the interface
of the library (api_only) are skipped.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import historic  # noqa: E402
import proc  # noqa: E402
import pydkim  # noqa: E402
import seal  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import zone  # noqa: E402

# Results that differ from the suite, by case: (result, reason).
DEVIATIONS = {}
# rsa-sha1 signatures that passed originally, but fail in historic.py.
HISTORIC_DEVIATIONS = {}


# Titles of cases with text behind l=, which pass with libopendkim.
PARTIAL = re.compile(r'lengths (plus|and) extra data')


def whole(results):
    """The result of a message in the suite: pass if one signature passes, else
    the result of the first; one word for all unusable signatures."""
    if not results:
        return 'none'
    first = 'pass' if 'pass' in results else results[0]
    return 'permerror' if first in seal.UNUSABLE else first


def body_sizes(case):
    """The body in the pieces that upstream used, then the rest."""
    return [n for n in case['chunks'] if n > 0]


def verify_case(case, suite, batch, zone_file, known):
    message = suites.read(os.path.join(suite, case['message']))
    name = '%s: %s' % (case['name'], case['title'])
    now = case['clock']
    partial = PARTIAL.search(case['title']) is not None
    options = ['--now', str(now)] if now is not None else []
    options += ['-o', 'Minimum 0'] if partial else []
    status, out, err = seal.verify(message, zone_file, *options)
    if not tap.ok(out, name + ': mailseal verify writes JSON', err):
        return
    results = [d['result'] for d in out['dkim']]
    if case.get('sha1'):
        tap.ok(('pass', 'rsa-sha1') not in [
            (d['result'], d['algorithm']) for d in out['dkim']],
            name + ': rsa-sha1 does not pass', out['dkim'])
    else:
        known.check(case['name'], whole(results), case['expect'], name,
                    '%s %s' % (case.get('note', ''), out['dkim']))
    tap.is_(status, 0 if 'pass' in results or not results else 1,
            name + ': exit status')
    # The body in the pieces that upstream used, and by single octets.
    for sizes in (body_sizes(case), [1]):
        got = batch.verify(message, now or 1800000000, sizes, partial)
        tap.is_([v['result'] for v in got], results,
                '%s: body in pieces of %s' % (name, sizes[:5]))


def sign_case(case, suite, key, zone_file, records):
    message = suites.read(os.path.join(suite, case['message']))
    name = '%s: %s' % (case['name'], case['title'])
    want = seal.tags(case['expect'])
    present = {f.partition(b':')[0].decode().strip().lower()
               for f in seal.split(message)[0]}
    asked = seal.names(want['h'])
    status, signed, err = seal.sign(
        message, case['d'], case['s'], key, '--canonicalization', want['c'],
        '--headers', ':'.join(dict.fromkeys(asked)),
        '--oversign', ':'.join(n for n in asked if n not in present),
        '--now', str(case['clock']))
    if not tap.is_(status, 0, name, err):
        return
    got = seal.tags(seal.fields_named(signed, b'dkim-signature')[0])
    for tag in ('v', 'a', 'd', 's', 'c', 't', 'bh'):
        tap.is_(seal.squeezed(got.get(tag, '')),
                seal.squeezed(want.get(tag, '')), '%s: %s=' % (name, tag))
    tap.is_(got.get('l'), None, name + ': l= is never written')
    tap.is_(sorted(seal.names(got['h'])), sorted(asked), name + ': h=')
    _, out, err = seal.verify(signed, zone_file, '--now', str(case['clock']))
    tap.is_([d['result'] for d in out['dkim']], ['pass'],
            name + ': verifies', err)
    tap.is_([w for w, _ in pydkim.verify(signed, records)], ['pass'],
                name + ': verifies with python3-dkim')


def main():
    suite = suites.folder('dkim-opendkim')
    top = proc.folder()
    cases = suites.load(os.path.join(suite, 'cases.json'))
    zone_file = proc.write(os.path.join(top, 'zone'), zone.text(cases['dns']))
    key = proc.write(os.path.join(top, 'key.pem'),
                     suites.read(os.path.join(suite, 'keys', 'key.pem')), 0o600)
    batch = seal.Batch(top, zone_file)
    known = suites.Deviations(DEVIATIONS)
    past = suites.Deviations(HISTORIC_DEVIATIONS)
    for case in cases['verify']:
        if case.get('api_only'):
            continue
        verify_case(case, suite, batch, zone_file, known)
        if case.get('sha1') and case.get('expect') == 'pass':
            message = suites.read(os.path.join(suite, case['message']))
            past.check(case['name'],
                       'pass' in historic.verify(message, batch, cases['dns']),
                       True, case['name'] + ': verifies with our canonical form'
                       'its time')
    known.finish()
    past.finish()
    for case in cases['sign']:
        if not case.get('api_only') and not case.get('sha1'):
            sign_case(case, suite, key, zone_file, cases['dns'])
    tap.is_(batch.stop(), 0, 'the batch exits with 0')


tap.main(main)
