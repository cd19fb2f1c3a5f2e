# SPDX-License-Identifier: BSD-2-Clause
"""The test suites of RFC 7208 and of pyspf: the suites spf-rfc7208 and
spf-pyspf, without the two cases about modes of pyspf.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import zone  # noqa: E402

# (folder, file, cases in it)
SUITES = (('spf-rfc7208', 'rfc7208-tests.json', 203),
          ('spf-pyspf', 'pyspf-tests.json', 16))
NOT_OURS = {
    'default-modifier': 'default= as before RFC 4408, in lax mode',
    'default-modifier-harsh': 'a result "ambiguous", in harsh mode',
}
# The suite has the nibbles of %{i} in upper case, RFC 7208 7.4 in lower.
ANY_CASE = ('v-macro-ip6',)
FAILURES = ('fail', 'softfail', 'temperror', 'permerror')


def octets(record):
    """The joined strings of a TXT record; data_hex has the exact octets."""
    if 'data_hex' in record:
        return b''.join(bytes.fromhex(h) for h in record['data_hex'])
    return ''.join(record['data']).encode('latin-1')


def zone_text(scenario):
    out = ''
    for r in scenario['zone']:
        if r['type'] == 'SPF':
            continue            # never queried (RFC 7208 3.1)
        out += zone.record(r['name'], r['type'], octets(r)
                           if r['type'] == 'TXT' else r['data'])
    for t in scenario['timeouts']:
        out += zone.fault(t['name'], 'TIMEOUT')
    return out


def check_explanation(name, case, out):
    want, got = case['explanation'], out['explanation']
    if case['name'] in ANY_CASE:
        want, got = want.lower(), (got or '').lower()
    tap.is_(got, want, name + ': explanation')


def check_case(suite, case, zone_file):
    name = '%s %s' % (suite, case['name'])
    status, out, err = seal.spf(zone_file, case['host'], case['helo'],
                                case['mailfrom'])
    if not tap.ok(out, name + ': an answer', err):
        return
    tap.ok(out['result'] in case['results'],
           '%s: one of %s' % (name, case['results']),
           'got %s\n%s' % (out, case['description'] or case['comment']))
    tap.is_(status, 1 if out['result'] in FAILURES else 0,
            name + ': exit status')
    if case['explanation'] and out['result'] == 'fail':
        check_explanation(name, case, out)


def check_suite(suite, file, count):
    path = os.path.join(suites.folder(suite), file)
    top = proc.folder()
    n = 0
    for scenario in suites.load(path)['scenarios']:
        zone_file = proc.write(os.path.join(top, 'zone%d' % scenario['id']),
                               zone_text(scenario))
        for case in scenario['tests']:
            n += 1
            if case['name'] in NOT_OURS:
                tap.diag('not run: %s: %s' % (case['name'],
                                              NOT_OURS[case['name']]))
                continue
            check_case(suite, case, zone_file)
    tap.is_(n, count, suite + ': all cases were run')


def main():
    for suite in SUITES:
        check_suite(*suite)


tap.main(main)
