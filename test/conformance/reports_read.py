# SPDX-License-Identifier: BSD-2-Clause
"""Report files as they come: the suite dmarc-reports-read, and the files of
dmarc-reports-rfc9990.

Each case says what a reader must do with its file:
read	the numbers, exit status 0
warn	the same, and a warning
recover	the numbers as listed and a warning, or no report and an error
reject	no report, an error, exit status 1
limit	the same, with little memory and time
ignore	no report
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

READ = [tree.MAILSEAL, 'report', 'read', '--json']
KEYS = {
    'aggregate': (
        'org', 'email', 'report_id', 'domain', 'begin', 'end', 'namespace',
        'version', 'p', 'records', 'records_used', 'messages', 'disposition',
        'dkim_aligned', 'spf_aligned', 'dmarc_pass', 'overrides'),
    'failure': (
        'feedback_type', 'auth_failure', 'identity_alignment', 'source_ip',
        'reported_domain', 'original_mail_from', 'delivery_result',
        'dkim_domain', 'dkim_selector', 'arrival_date', 'incidents'),
    'tls': ('org', 'report_id'),
}
NOTHING = {'reports': [], 'warnings': [], 'error': None, 'duplicates': None}


def read(path, limits):
    """(exit status, JSON), within the case's limits; of time, with room for a
    machine under load. A sanitizer needs more memory."""
    bound = 'ulimit -t %d; ' % (4 * limits.get('cpu_s', 10))
    if 'rss_mib' in limits and not tree.is_sanitized():
        bound += 'ulimit -d %d; ' % (limits['rss_mib'] * 1024)
    p = subprocess.run(['/bin/sh', '-c', bound + 'exec "$@"', 'sh'] + READ + [path],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       check=False)
    try:
        return p.returncode, json.loads(p.stdout)
    except ValueError:
        return p.returncode, NOTHING


def short(report, like):
    """What the case expects of a report, as far as it says."""
    got = {k: report.get(k) for k in KEYS[like['type']] if k in like}
    if like['type'] == 'tls':
        got['policies'] = [{k: p[k] for k in ('domain', 'type', 'success',
                                              'failure')}
                           for p in report.get('policies', [])]
    return got


def is_warned(out):
    return bool(out['warnings'] or out['duplicates'] or out['error'] or
                any(x['warnings'] for x in out['reports']))


def check_numbers(case, out, name):
    want = case['reports']
    if tap.is_([x['type'] for x in out['reports']], [x['type'] for x in want],
               name + ': its reports', out):
        tap.is_([short(g, w) for g, w in zip(out['reports'], want)],
                [short(w, w) for w in want], name + ': their numbers')
    tap.is_(out['duplicates'], case['duplicates'], name + ': repeated ones')


def check_recovered(case, out, name):
    if not out['reports']:
        return tap.ok(out['error'], name + ': none, and an error')
    for want, got in zip(case['reports'], out['reports']):
        tap.is_([got[k] for k in ('records', 'messages') if k in want],
                [want[k] for k in ('records', 'messages') if k in want],
                name + ': what could be read')
        tap.ok(got['records'] <= want.get('records_at_most', sys.maxsize),
               name + ': whole records only')
    return tap.ok(is_warned(out), name + ': a warning')


def check(case, folder):
    status, out = read(os.path.join(folder, case['file']),
                       case.get('limits', {}))
    name, expect = '%s, %s' % (case['id'], case['odd']), case['expect']
    if expect in ('reject', 'limit'):
        tap.is_((status, out['reports'], bool(out['error'])), (1, [], True),
                name + ': no report, an error', out)
    elif expect == 'ignore':
        tap.is_(out['reports'], [], name + ': no report')
    elif expect == 'recover':
        check_recovered(case, out, name)
    else:
        tap.is_((status, out['error']), (0, None), name + ': exit status')
        check_numbers(case, out, name)
        if expect == 'warn':
            tap.ok(is_warned(out), name + ': a warning')


def check_strict():
    """The sample of RFC 9990 conforms; one that does not has a warning."""
    folder = suites.folder('dmarc-reports-rfc9990')
    for name, warned in (('rfc9990-appendixB-sample.xml', False),
                         ('dmarc-xml-0.2.xml', False)):
        _, out, err = proc.run_json(READ + [os.path.join(folder, name)])
        tap.is_((len(out['reports']), is_warned(out)), (1, warned), name, err)


def main():
    folder = suites.folder('dmarc-reports-read')
    cases = suites.load(os.path.join(folder, 'index.json'))
    tap.ok(len(cases) >= 85, 'all cases of the suite were run')
    for case in cases:
        check(case, folder)
    check_strict()


tap.main(main)
