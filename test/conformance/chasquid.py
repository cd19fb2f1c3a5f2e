# SPDX-License-Identifier: BSD-2-Clause
"""The messages of chasquid's DKIM tests: the suite dkim-chasquid."""
import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import zone  # noqa: E402

# chasquid's states as results of RFC 8601 2.7.1.
WORDS = {
    'SUCCESS': ('pass',),
    'TEMPFAIL': ('temperror',),
    'PERMFAIL': ('fail',) + seal.UNUSABLE,
}

# (message, signature): (our result, reason).
DEVIATIONS = {
    ('02-too_many_headers', i): ('pass', 'chasquid tries five signatures and '
                                 'ignores the rest; MaximumSignaturesToVerify '
                                 'is larger here')
    for i in (5, 6)
}


# Expects a pass though l= is shorter than the body.
PARTIAL = '09-limited_body'


def records(text):
    """Zone text from "name: text"; "\\" continues a line."""
    out = ''
    for line in text.replace('\\\n', ' ').splitlines():
        name, _, value = line.partition(':')
        value = ' '.join(value.split())
        if value == 'TEMPERROR':
            out += zone.fault(name, 'SERVFAIL')
        elif value and value != 'PERMERROR':
            out += zone.txt(name, value)
    return out


def case(base, top, known):
    name = os.path.basename(base)
    message = suites.read(base + '.msg')
    text = ''
    if os.path.exists(base + '.dns'):
        text = suites.read(base + '.dns').decode()
    zone_file = proc.write(os.path.join(top, name), records(text))
    want = []
    if os.path.exists(base + '.result'):
        want = suites.load(base + '.result')['Results'] or []
    options = ['-o', 'Minimum 0'] if name == PARTIAL else []
    status, out, err = seal.verify(message, zone_file, *options)
    if not tap.ok(out, name + ': mailseal verify writes JSON', err):
        return
    got = out['dkim']
    for i in range(max(len(got), len(want))):
        point = '%s: signature %d' % (name, i + 1)
        word = got[i]['result'] if i < len(got) else 'absent'
        good = WORDS[want[i]['State']] if i < len(want) else ('absent',)
        known.check((name, i), word, word if word in good else good[0], point,
                    got[i:i + 1])
        if i < len(want) and want[i]['Domain']:
            tap.is_((got[i]['domain'], got[i]['selector']),
                    (want[i]['Domain'], want[i]['Selector']), point + ': d=')
    tap.is_(len(got) > 0, len(want) > 0, name + ': signatures found')
    passed = any(w['State'] == 'SUCCESS' for w in want)
    tap.is_(status, 0 if passed or not want else 1, name + ': exit status')
    batch = seal.Batch(top, zone_file)
    tap.is_([v['result'] for v in batch.verify(message, 1800000000, [1],
                                               name == PARTIAL)],
            [d['result'] for d in got], name + ': body by single octets')
    batch.stop()


def main():
    suite = suites.folder('dkim-chasquid')
    top = proc.folder()
    known = suites.Deviations(DEVIATIONS)
    messages = sorted(glob.glob(os.path.join(suite, '*.msg')))
    tap.is_(len(messages), 11, 'all messages of the suite were run')
    for path in messages:
        case(path[:-4], top, known)
    known.finish()


tap.main(main)
