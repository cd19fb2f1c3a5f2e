# SPDX-License-Identifier: BSD-2-Clause
"""The cases of MimeKit's Authentication-Results parser: the suite ar-mimekit.

MimeKit accepts what Office 365 writes in place of an authserv-id, and a field
without results. Our parser is strict and reports such fields as invalid.
Fields that MimeKit refuses must be refused here as well.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

NO_RESULTS = 'RFC 8601 2.2: a field has a result or "; none"'
OFFICE365 = ('RFC 8601 2.2: the authserv-id comes first, and a result has a '
             'method; Office 365 writes neither')
DEVIATIONS = {
    'TestParseAuthServId': (False, NO_RESULTS),
    'TestParseAuthServIdSemicolon': (False, NO_RESULTS),
    'TestParseAuthServIdWithVersion': (False, NO_RESULTS),
    'TestParseAuthServIdWithVersionAndSemicolon': (False, NO_RESULTS),
    'TestParseNoAuthServId': (False, OFFICE365),
    'TestParseOffice365RandomDomainTokensAndAction': (False, OFFICE365),
    'TestParseOffice365RandomDomainTokensAndEmptyPropertyValue':
        (False, OFFICE365),
}

# ARC-Authentication-Results (RFC 8617 4.1.1) has i= and ';' before the value
# of Authentication-Results. Only the latter is parsed here.
INSTANCE = re.compile(r'i=(\d+);')


def authres(value):
    return proc.run_json([tree.MAILSEAL, 'authres', '--json'],
                         value.encode())


def flat(out, instance):
    """The answer in the format of the suite's expectations."""
    words = {'AuthenticationServiceIdentifier': out['authserv_id'],
             'Version.Value': out['version'],
             'Results.Count': len(out['results'])}
    if instance:
        words['Instance.Value'] = instance
    for i, result in enumerate(out['results']):
        head = 'Results[%d].' % i
        words[head + 'Method'] = result['method']
        words[head + 'Version.Value'] = result['version']
        words[head + 'Result'] = result['result']
        words[head + 'ResultComment'] = result['comment']
        words[head + 'Reason'] = result['reason']
        words[head + 'Properties.Count'] = len(result['properties'])
        for j, prop in enumerate(result['properties']):
            name = '%sProperties[%d].' % (head, j)
            words[name + 'PropertyType'] = prop['ptype']
            words[name + 'Property'] = prop['property']
            words[name + 'Value'] = prop['value']
    return words


def check_fields(case, out, instance):
    words = flat(out, instance)
    for path, want in case['expect'].items():
        tap.is_(words.get(path), want, '%s: %s' % (case['name'], path))


def check_case(case, known):
    value, instance = case['value'], None
    arc = INSTANCE.match(value)
    if arc and case['parses']:
        _, out, _ = authres(value)
        tap.ok(out and not out['valid'],
               case['name'] + ': not an Authentication-Results field')
        value, instance = value[arc.end():], int(arc.group(1))
    status, out, err = authres(value)
    if not tap.ok(out, case['name'] + ': an answer', err):
        return
    known.check(case['name'], out['valid'], case['parses'],
                case['name'] + (': parses' if case['parses'] else ': refused'),
                case['value'])
    tap.is_(status, 0 if out['valid'] else 1, case['name'] + ': exit status')
    if out['valid'] and case['parses']:
        check_fields(case, out, instance)


def main():
    suite = suites.load(os.path.join(suites.folder('ar-mimekit'),
                                     'ar-cases.json'))
    known = suites.Deviations(DEVIATIONS)
    parsed = [c for c in suite['cases'] if c['parses']]
    tap.is_((len(parsed), len(suite['cases']) - len(parsed)), (27, 62),
            'all cases of the suite were run')
    for case in suite['cases']:
        check_case(case, known)
    known.finish()


tap.main(main)
