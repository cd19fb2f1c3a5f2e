# SPDX-License-Identifier: BSD-2-Clause
"""The cases of RFC 9990 section 4 in the suites dmarc-reports-rfc9990 and
dmarc-reports-write, by mailseal report send --dry-run: whether the reports of a
domain may go to a host, and to which address there.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import report_store as rs  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

FILES = (('dmarc-reports-rfc9990', 'report-auth-cases.json', 12),
         ('dmarc-reports-write', 'extra-auth-cases.json', 16))
D0 = 1795651200


def zone_text(case):
    out = ''
    for name, types in case['dns'].items():
        for text in types.get('TXT', []):
            out += '%s. IN TXT %s\n' % (name, zone.quote(text))
        if not types:   # the name exists, without a TXT record
            out += '%s. IN A 192.0.2.1\n' % name
    if case.get('error'):
        out += zone.fault('%s._report._dmarc.%s' % (
            case['policy_domain'], case['destination_host']), 'SERVFAIL')
    return out


def ask(case):
    """[(address, state)] of the dry run."""
    top = proc.folder()
    store = rs.Store(os.path.join(top, 'reports.db'))
    domain, host = case['policy_domain'], case['destination_host']
    store.add(rs.policy(domain, 'mailto:asked@' + host), D0,
              [rs.row(domain)])
    conf = proc.write(os.path.join(top, 'conf'), 'KeyStore none\nMode v\n'
                      'ReportFrom dmarc@reporter.test\nReportStore sqlite:%s\n'
                      'Zone %s\n' % (store.path, proc.write(
                          os.path.join(top, 'zone'), zone_text(case))),
                      0o600)
    status, out, err = proc.run([
        tree.MAILSEAL, 'report', 'send', '-c', conf, '--dry-run', '--json',
        '--now', str(D0 + 2 * rs.DAY)])
    if status != 0:
        return err
    (report,) = json.loads(out)['reports']
    return [(a['address'], a['state']) for a in report['addresses']]


def main():
    for suite, name, count in FILES:
        cases = suites.load(os.path.join(suites.folder(suite), name))['cases']
        tap.ok(len(cases) >= count, '%s: all cases were run' % name)
        for case in cases:
            asked = 'asked@' + case['destination_host']
            to = case.get('send_to', 'mailto:' + asked)
            good = case['authorized'] and to is not None
            want = [(to[len('mailto:'):] if good else asked,
                     'later' if case.get('error') else
                     'would-send' if good else 'no')]
            tap.is_(ask(case), want, case['id'] + ': ' +
                    case.get('note', ''))


tap.main(main)
