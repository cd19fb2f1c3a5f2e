# SPDX-License-Identifier: BSD-2-Clause
"""The chains of the arc-valimail suite, validated by mailseal verify, and its
messages to be sealed, sealed by mailseal seal.

The b= values that the suite expects of a seal require its own layout of the
fields: tags in alphabetical order, no folding. Our fields are folded (RFC 5322
2.1.1) and end with b=. So everything but b= is compared, and sealed messages
are validated by python3-dkim and Mail::DKIM. Both ignore failed chains, whose
seal is checked with OpenSSL.
"""
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
sys.path.insert(0, os.path.join(HERE, '..', 'cross'))

import peers  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

DEVIATIONS = {
    'cv_empty': ('unreadable',
                 'the command does not accept an empty message'),
    'ams_fields_c_na': (
        'fail', 'without c= it is simple/simple (RFC 6376 3.5), and this '
        'signature needs a relaxed header; Mail::DKIM fails it, too'),
}


NAMES = (b'arc-authentication-results', b'arc-message-signature', b'arc-seal')


def zones(data, work):
    """{number of the zone: (its file, {name: text})}"""
    found = {}
    for z in data['zones']:
        records = [(r['name'], r['type'], ''.join(r['data']))
                   for r in z['records']]
        text = ''.join(zone.record(*r) for r in records)
        found[z['id']] = (
            proc.write(os.path.join(work, 'z%d' % z['id']), text),
            {name.rstrip('.').lower(): t for name, _, t in records})
    return found


def check_verify(top, work):
    data = suites.load(os.path.join(top, 'flat-validate', 'index.json'))
    all_zones = zones(data, work)
    deviations = suites.Deviations(DEVIATIONS)
    for test in data['tests']:
        message = suites.read(os.path.join(top, 'flat-validate',
                                           test['message']))
        status, out, _ = proc.run_json(
            [tree.MAILSEAL, 'verify', '--json', '--zone',
             all_zones[test['zone']][0]], message)
        arc = out['arc'] if out else {'result': 'unreadable', 'reason': ''}
        deviations.check(test['name'], arc['result'], test['cv'],
                         '%s: %s' % (test['name'], test['description']),
                         arc['reason'])
        if arc['result'] == 'fail':
            tap.is_(status, 1, test['name'] + ': exit status')
    tap.is_(len(data['tests']), 175, 'all cases were run')
    deviations.finish()


def parts(value):
    """A field without white space, as the suite compares it."""
    return sorted(seal.squeezed(p) for p in value.split(';')
                  if seal.squeezed(p))


def tags(expected):
    return seal.tags(';'.join(expected['parts']))


def relaxed(field):
    """RFC 6376 3.4.2"""
    name, _, value = field.partition(b':')
    value = re.sub(rb'[ \t]+', b' ', value.replace(b'\r\n', b''))
    return name.strip().lower() + b':' + value.strip() + b'\r\n'


def seal_holds(set_, key, work):
    """Whether the AS verifies over this set alone (RFC 8617 5.1.2)."""
    b = seal.squeezed(seal.tags(set_[2].partition(b':')[2])['b'])
    text = relaxed(set_[0]) + relaxed(set_[1]) + relaxed(
        re.sub(rb'b=[^;]*$', b'b=', set_[2].rstrip(b'\r\n')))[:-2]
    public = os.path.join(work, 'public.pem')
    status, _, err = proc.run(['openssl', 'pkey', '-in', key, '-pubout',
                               '-out', public])
    if status != 0:
        raise RuntimeError(err)
    with open(os.path.join(work, 'sig'), 'wb') as f:
        f.write(base64.b64decode(b))
    return proc.run(['openssl', 'dgst', '-sha256', '-verify', public,
                     '-signature', f.name], text)[0] == 0


def check_set(test, set_):
    name, want = test['name'], test['expect']
    aar, ams, as_ = (f.partition(b':')[2].decode() for f in set_)
    tap.is_(parts(aar), sorted(want['AAR']['parts']), name + ': AAR')
    got, expected = seal.tags(ams), tags(want['AMS'])
    tap.is_(sorted(got), sorted(expected), name + ': the tags of AMS')
    tap.is_(seal.names(got['h']), seal.names(expected['h']), name + ': h=')
    for tag in ('a', 'bh', 'c', 'd', 'i', 's', 't'):
        tap.is_(got[tag], expected[tag], '%s: %s= of AMS' % (name, tag))
    got, expected = seal.tags(as_), tags(want['AS'])
    tap.is_({t: got[t] for t in got if t != 'b'},
            {t: expected[t] for t in expected if t != 'b'}, name + ': AS')


def check_seal(top, work):
    data = suites.load(os.path.join(top, 'flat-sign', 'index.json'))
    all_zones = zones(data, work)
    pydkim = peers.PyDKIM(work, ())
    mail_dkim = peers.MailDKIM(work, ())
    ams = {}
    for test in data['tests']:
        name = test['name']
        path, records = all_zones[test['zone']]
        key = os.path.join(top, 'flat-sign', test['key'])
        message = suites.read(os.path.join(top, 'flat-sign',
                                           test['message']))
        status, out, err = proc.run(
            [tree.MAILSEAL, 'seal', '--domain', test['domain'], '--selector',
             test['selector'], '--key', key, '--authserv-id',
             test['authserv_id'], '--headers', test['sig_headers'], '--now',
             str(test['t']), '--zone', path], message)
        tap.ok(status == 0 and out.endswith(message), name + ': sealed', err)
        set_ = seal.split(out[:-len(message)] + b'\r\n')[0]
        if not test['expect']['AS']['parts']:
            tap.is_(set_, [], name + ': no set')
            continue
        tap.is_([f.partition(b':')[0].lower() for f in reversed(set_)],
                list(NAMES), name + ': AS on top, AMS, AAR')
        set_.reverse()
        check_set(test, set_)
        ams[name] = seal.squeezed(set_[1].decode())
        if 'cv=fail' in test['expect']['AS']['parts']:
            tap.ok(seal_holds(set_, key, work), name + ': the seal, of this '
                   'set alone')
            # The message differs in its results only.
            tap.is_(ams[name], ams[name.replace('_fail', '')],
                    name + ': AMS as of a valid chain')
            continue
        pydkim.dns = records
        for record in records.items():
            mail_dkim.call('record', *record)
        for peer in (pydkim, mail_dkim):
            word, why = peer.arc_verify(out)
            tap.is_(word, 'pass', '%s: %s' % (name, peer.name), why)
    tap.is_(len(data['tests']), 17, 'all cases were run')
    tap.is_(mail_dkim.stop(), 0, 'Mail::DKIM exits with 0')


def main():
    top = suites.folder('arc-valimail')
    work = proc.folder()
    check_verify(top, work)
    check_seal(top, work)


tap.main(main)
