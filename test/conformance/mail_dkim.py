# SPDX-License-Identifier: BSD-2-Clause
"""The corpus of Mail::DKIM under RFC 8301: the suite dkim-mail-dkim.

Most of its signatures use rsa-sha1, keys below 1024 bits, or v= of a draft,
and some are DomainKeys: none of these may pass, and exactly one message can.
Messages that upstream skips are skipped.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import historic  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import zone  # noqa: E402

# Messages whose signature has another result than one forbidden by RFC 8301.
DEVIATIONS = {}
# Messages that passed originally, but fail in historic.py.
HISTORIC_DEVIATIONS = {}


def records(dns):
    out = ''
    for name, answer in dns.items():
        if 'txt' in answer:
            out += zone.txt(name, answer['txt'])
        elif 'error' in answer:
            kind = 'SERVFAIL' if 'SERVFAIL' in answer['error'] else 'TIMEOUT'
            out += zone.fault(name, kind)
    return out


def expected(case):
    """The allowed results of each signature of the message."""
    if 'no-dkim-signature-domainkeys-only' in case['flags']:
        return ()
    if not case['pass_possible_under_rfc8301']:
        return seal.UNUSABLE
    return {'pass': ('pass',), 'fail': ('fail',),
            'invalid': seal.UNUSABLE + ('temperror',)}[case['upstream_result']]


def verify_case(case, suite, zone_file, batch, known):
    name = case['file']
    message = suites.read(os.path.join(suite, name))
    status, out, err = seal.verify(message, zone_file)
    if not tap.ok(out, name + ': mailseal verify writes JSON', err):
        return
    want = expected(case)
    got = [d['result'] for d in out['dkim']]
    if not want:
        tap.is_(got, [], name + ': DomainKeys is not DKIM')
        return
    tap.ok(got, name + ': a signature is found')
    for i, word in enumerate(got):
        known.check((name, i), word, word if word in want else want[0],
                    '%s: signature %d is one of %s' % (name, i + 1, want),
                    '%s %s' % (case['upstream_comment'], out['dkim']))
    tap.is_(status, 0 if 'pass' in got else 1, name + ': exit status')
    tap.is_([v['result'] for v in batch.verify(message, 1800000000, [1])],
            got, name + ': body by single octets')


def main():
    suite = suites.folder('dkim-mail-dkim')
    top = proc.folder()
    table = suites.load(os.path.join(suite, 'expected.json'))
    zone_file = proc.write(os.path.join(top, 'zone'), records(table['dns']))
    texts = {n: a['txt'] for n, a in table['dns'].items() if 'txt' in a}
    batch = seal.Batch(top, zone_file)
    known = suites.Deviations(DEVIATIONS)
    past = suites.Deviations(HISTORIC_DEVIATIONS)
    passes = 0
    for case in table['cases']:
        if case.get('upstream_skipped'):
            continue
        verify_case(case, suite, zone_file, batch, known)
        passes += (case['pass_possible_under_rfc8301'] and
                   case['upstream_result'] == 'pass')
        # v= of the drafts had no bh= or another i=: only v=1 is tested.
        if case['upstream_result'] == 'pass' and any(
                s['v'] == '1' and s['a'].startswith('rsa')
                for s in case['signatures']):
            message = suites.read(os.path.join(suite, case['file']))
            past.check(case['file'],
                       'pass' in historic.verify(message, batch, texts), True,
                       case['file'] + ': verifies with our canonical form')
    known.finish()
    past.finish()
    tap.is_(passes, 1, 'exactly one message can still pass')
    tap.is_(batch.stop(), 0, 'the batch exits with 0')


tap.main(main)
