# SPDX-License-Identifier: BSD-2-Clause
"""mailseal check against zones with known findings: the suite domain-check.

Findings other than notes must be exactly those of the suite, its notes must be
there, and the exit status must fit. What a finding says to publish mends it and
causes no other one.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import paste  # noqa: E402
import proc  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

SCENARIOS = 89
OPTIONS = (('ip', '--ip'), ('selector', '--selector'), ('dnsbl', '--dnsbl'),
           ('dnsbl_domain', '--dnsbl-domain'))


def arguments(top, scenario):
    args = scenario['args']
    argv = [tree.MAILSEAL, 'check', '--json', '--zone',
            os.path.join(top, scenario['zone'])]
    for key, option in OPTIONS:
        for value in args.get(key, []):
            argv += [option, value]
    if 'helo' in args:
        argv += ['--helo', args['helo']]
    return argv + [scenario['domain']]


def serious(findings):
    return {f for f in findings if f[1] != 'info'}


def check(top, scenario):
    name = scenario['name']
    status, out, err = proc.run_json(arguments(top, scenario))
    if not tap.ok(out, name + ': an answer', err):
        return
    got = {(f['check'], f['severity']) for f in out['findings']
           if f['severity'] != 'ok'}
    want = {(f['check'], f['severity']) for f in scenario['findings']}
    tap.is_(sorted(serious(got)), sorted(serious(want)), name)
    tap.is_(sorted(want - got), [], name + ': its notes')
    tap.is_(status, scenario['exit'], name + ': exit status')
    with open(os.path.join(top, scenario['zone']), encoding='utf-8') as f:
        paste.check(name, f.read(), scenario['domain'], scenario['args'],
                    [x for x in out['findings'] if x['severity'] != 'ok'])


def main():
    top = suites.folder('domain-check')
    scenarios = suites.load(os.path.join(top, 'expected.json'))['scenarios']
    for scenario in scenarios:
        check(top, scenario)
    tap.is_(len(scenarios), SCENARIOS, 'all scenarios were run')


tap.main(main)
