# SPDX-License-Identifier: BSD-2-Clause
"""The chains of the arc-valimail suite, by mailseal verify."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

DEVIATIONS = {
    'cv_empty': ('unreadable', 'empty input is no message to the command'),
    'ams_fields_c_na': (
        'fail', 'without c= it is simple/simple (RFC 6376 3.5), and this '
        'signature holds for a relaxed header only; Mail::DKIM fails it, too'),
}


def main():
    top = suites.folder('arc-valimail')
    data = suites.load(os.path.join(top, 'flat-validate', 'index.json'))
    work = proc.folder()
    zones = {}
    for z in data['zones']:
        text = ''.join(zone.record(r['name'], r['type'], ''.join(r['data']))
                       for r in z['records'])
        zones[z['id']] = proc.write(os.path.join(work, 'z%d' % z['id']), text)
    deviations = suites.Deviations(DEVIATIONS)
    for test in data['tests']:
        message = suites.read(os.path.join(top, 'flat-validate',
                                           test['message']))
        status, out, _ = proc.run_json(
            [tree.MAILSEAL, 'verify', '--json', '--zone',
             zones[test['zone']]], message)
        arc = out['arc'] if out else {'result': 'unreadable', 'reason': ''}
        deviations.check(test['name'], arc['result'], test['cv'],
                         '%s: %s' % (test['name'], test['description']),
                         arc['reason'])
        if arc['result'] == 'fail':
            tap.is_(status, 1, test['name'] + ': exit status')
    tap.is_(len(data['tests']), 175, 'all of them')
    deviations.finish()


tap.main(main)
