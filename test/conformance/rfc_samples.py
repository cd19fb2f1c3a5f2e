# SPDX-License-Identifier: BSD-2-Clause
"""The messages of RFC 6376 A.2, RFC 8463 A.3 and similar ones, and the
canonicalisation cases of go-msgauth: the suite dkim-rfc-samples.
"""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import pydkim  # noqa: E402
import seal  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import zone  # noqa: E402

# The result does not depend on these sizes of pieces of the body.
CUTS = ((), (1,), (2,), (7, 1, 3, 64))

BARE_LF = ('RFC 6376 2.6 and 3.4: only CRLF ends a line; a bare LF is an '
           'ordinary octet, see canon.h; the suite calls its own '
           'reading a choice')
CANON_DEVIATIONS = {
    ('body simple', 'What about\nLF endings?\n\n'):
        ('What about\nLF endings?\n\n\r\n', BARE_LF),
    ('body simple', '\r\n|\r|\n|hey\n|\n'):
        ('\r\n\r\nhey\n\n\r\n', BARE_LF),
}


def verify_cases(suite, expected, batch, zone_file):
    for case in expected['verify']:
        message = suites.read(os.path.join(suite, case['message']))
        want = [s['result'] for s in case['signatures']]
        name = case['message']
        status, out, err = seal.verify(message, zone_file)
        if not tap.ok(out, name + ': mailseal verify writes JSON', err):
            continue
        tap.is_(status, 0, name + ': exit status', err)
        tap.is_([d['result'] for d in out['dkim']], want, name, out['dkim'])
        for s, got in zip(case['signatures'], out['dkim']):
            tap.is_((got['domain'], got['selector'], got['algorithm'],
                     got['identity']),
                    (s['d'], s['s'], s['a'], s.get('i', '@' + s['d'])),
                    '%s: d=, s=, a=, i= of %s' % (name, s['s']))
        for cut in CUTS:
            tap.is_([v['result'] for v in batch.verify(message, 1800000000,
                                                       cut)],
                    want, '%s: body in pieces of %s' % (name, cut or 'all'))


def key_files(suite, expected, top):
    """Writes the keys of the suite as PEM with the required mode."""
    paths = {}
    for name in expected['keys']:
        text = suites.read(os.path.join(suite, name))
        if name.endswith('.seed.b64'):
            text = seal.ed25519_pem(base64.b64decode(text))
        paths[name] = proc.write(os.path.join(top, os.path.basename(name)),
                                 text, 0o600)
    return paths


def sign_cases(suite, expected, top, zone_file):
    keys = key_files(suite, expected, top)
    records = expected['dns']
    for case in expected['sign']:
        name = 'sign %s/%s' % (case['d'], case['s'])
        message = suites.read(os.path.join(suite, case['input']))
        known = suites.read(os.path.join(suite, case['output']))
        status, signed, err = seal.sign(
            message, case['d'], case['s'], keys[case['key']],
            '--canonicalization', case['c'], '--headers', case['h'],
            '--oversign', '', '--now', str(case['t']))
        if not tap.is_(status, 0, name, err):
            continue
        got = seal.tags(seal.fields_named(signed, b'dkim-signature')[0])
        want = seal.tags(seal.fields_named(known, b'dkim-signature')[0])
        # b= equals the suite's only with the suite's layout of the field.
        for tag in ('v', 'a', 'd', 's', 'c', 't', 'bh'):
            tap.is_(got.get(tag), want.get(tag), '%s: %s=' % (name, tag))
        tap.is_(sorted(seal.names(got['h'])), sorted(seal.names(want['h'])),
                name + ': h=')
        tap.ok(signed.endswith(message), name + ': the message is unchanged')
        tap.is_(seal.verify(signed, zone_file)[1]['dkim'][0]['result'],
                'pass', name + ': verifies')
        tap.is_([w for w, _ in pydkim.verify(signed, records)], ['pass'],
                name + ': verifies with python3-dkim')


def canon_cases(suite, batch):
    known = suites.Deviations(CANON_DEVIATIONS)
    cases = suites.load(os.path.join(suite, 'canonicalization.json'))['cases']
    for case in cases:
        chunks = case['input_chunks']
        name = '%s %r' % (case['kind'], chunks)
        joined = '|'.join(chunks)
        got = batch.canon(case['kind'], *chunks).decode('latin-1')
        known.check((case['kind'], joined), got, case['canonical'], name)
        if not case['kind'].startswith('body'):
            continue
        tap.is_(batch.canon(case['kind'], *''.join(chunks)).decode('latin-1'),
                got, name + ': the same by single octets')
    known.finish()


def main():
    suite = suites.folder('dkim-rfc-samples')
    top = proc.folder()
    expected = suites.load(os.path.join(suite, 'expected.json'))
    zone_file = proc.write(os.path.join(top, 'zone'),
                           zone.text(expected['dns']))
    batch = seal.Batch(top, zone_file)
    verify_cases(suite, expected, batch, zone_file)
    sign_cases(suite, expected, top, zone_file)
    canon_cases(suite, batch)
    tap.is_(batch.stop(), 0, 'the batch exits with 0')


tap.main(main)
