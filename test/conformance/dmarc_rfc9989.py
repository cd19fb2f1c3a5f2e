# SPDX-License-Identifier: BSD-2-Clause
"""The suite dmarc-rfc9989-give, by mailseal dmarc.

The suite has the policy before t=y is applied, and as "apply" the policy after
alignment. We report the policy after t=y for every result, so it is compared
with apply on a failure and with the lowered policy otherwise.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

SUITE = 'dmarc-rfc9989-give'
LOWER = {'reject': 'quarantine', 'quarantine': 'none', 'none': 'none'}
NO_P = ('RFC 9989 4.7: without p the policy is none; 4.10.1 read literally '
        'requires a rua')
# Ambiguous cases of the suite with another result of ours: (result, reason).
AMBIGUOUS = {
    'maildmarc-psd-y-child': ('fail', NO_P),
    'maildmarc-psd-y-grandchild': ('fail', NO_P),
}


def zone_text(dns):
    out = ''
    for name, types in dns.items():
        if isinstance(types, str):
            out += zone.fault(name, types)
            continue
        for kind, values in types.items():
            for value in values:
                if kind == 'TXT':
                    strings = [value] if isinstance(value, str) else value
                    out += '%s. IN TXT %s\n' % (
                        name, ' '.join(zone.quote(s) for s in strings))
                elif kind == 'MX':
                    out += '%s. IN MX %s.\n' % (name, value.rstrip('.'))
                else:
                    out += '%s. IN %s %s\n' % (name, kind, value)
    return out


def run(top, case):
    path = proc.write(os.path.join(top, 'zone'), zone_text(case['dns']))
    argv = [tree.MAILSEAL, 'dmarc', '--json', '--zone', path, '--from',
            case['from'], '--dns-timeout', '1']
    if case['spf']:
        argv += ['--spf', '%(domain)s=%(result)s' % case['spf']]
    for sig in case['dkim']:
        argv += ['--dkim', '%(d)s=%(result)s' % sig]
    return proc.run_json(argv)


def wanted(case):
    """The suite's expectation in the format of mailseal dmarc."""
    e = case['expect']
    want = {'result': e['result']}
    if 'walk_queries' in e:
        want['walk'] = e['walk_queries']
    if 'policy_domain' in e:
        want['policy_domain'] = e['policy_domain']
        want['org_domain'] = e['org_domain'] if e['policy_domain'] else None
    if e['result'] in ('none', 'temperror'):
        want['policy'] = None
    else:
        want['policy'] = e['apply'] if e['result'] == 'fail' else (
            LOWER[e['policy']] if e.get('test_mode') else e['policy'])
        want['testing'] = bool(e.get('test_mode'))
        want['spf_aligned'] = e['aligned']['spf']
        want['dkim_aligned'] = bool(e['aligned']['dkim'])
    if case['id'] in AMBIGUOUS:
        want['result'] = AMBIGUOUS[case['id']][0]
        want['policy'] = 'none'
    return want


def check(top, case):
    status, out, err = run(top, case)
    want = wanted(case)
    note = ''
    if 'ambiguous' in case:
        note = ' (ambiguous: %s)' % (AMBIGUOUS[case['id']][1]
                                     if case['id'] in AMBIGUOUS
                                     else 'our result is that of the suite')
    got = None if out is None else {k: out[k] for k in want}
    got = (got, status)
    want = (want, 0 if want['result'] in ('none', 'pass') else 1)
    tap.is_(got, want, case['id'] + note,
            err + str(case.get('note', '')) + str(case['dns']))


def main():
    cases = suites.load(os.path.join(suites.folder(SUITE), 'cases.json'))
    tap.is_(len(cases['cases']), cases['case_count'], 'all cases were run')
    top = proc.folder()
    for case in cases['cases']:
        check(top, case)
    ids = {c['id'] for c in cases['cases'] if 'ambiguous' in c}
    tap.is_(sorted(set(AMBIGUOUS) - ids), [],
            'only ambiguous cases differ from the suite')


if __name__ == '__main__':
    tap.main(main)
