# SPDX-License-Identifier: BSD-2-Clause
"""mailseal report read: every kind of input, what is damaged or hostile, whose
a source is, and that no text of a report reaches a terminal, a spreadsheet or a
page unescaped.
"""
import bz2
import csv
import html.parser
import io
import json
import os
import quopri
import re
import subprocess
import sys
import unicodedata
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import manual  # noqa: E402
import proc  # noqa: E402
import reports as r  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
READ = [tree.MAILSEAL, 'report', 'read']
MEMORY_MIB = 128        # of data, for a hostile input
LARGE_MIB = 40          # for 60,000 records
PLAIN = r.usual().encode()
TLS = {'organization-name': 'T', 'report-id': 't1', 'contact-info': None,
       'date-range': {'start-datetime': '2026-11-01T00:00:00Z',
                      'end-datetime': '2026-11-01T23:59:59Z'},
       'policies': [{'policy': {'policy-type': 'sts',
                                'policy-domain': 'd.example'},
                     'summary': {'total-successful-session-count': 5,
                                 'total-failure-session-count': 2}}]}
FEEDBACK = (b'Version: 1\nUser-Agent: x\nAuth-Failure: dmarc\n'
            b'Identity-Alignment: dkim,\n spf\nSource-IP: 192.0.2.9 (a.b)\n'
            b'Reported-Domain: d.example\nOriginal-Mail-From: <u@d.example>\n')


def path(name):
    return os.path.join(TOP, name)


def put(data, name='input'):
    return proc.write(path(name), data)


def read_json(*args, data=b''):
    return proc.run_json(READ + ['--json'] + list(args), data)


def read_bytes(data, *args):
    """(exit status, JSON) of one file."""
    status, out, err = read_json(put(data), *args)
    if out is None:
        tap.diag(err)
    return status, out or {'reports': [], 'warnings': [], 'error': None}


# -- kinds ---------------------------------------------------------------------

def xml_forms():
    old, new = r.usual(), r.usual(ns=r.NS)
    swap = '<policy_published><domain>d.example</domain><p>none</p>' \
        '</policy_published>'
    prefixed = re.sub(r'<(/?)(\w)', r'<\1q:\2', r.usual(head='')).replace(
        '<q:feedback>', '<q:feedback xmlns:q="%s">' % r.NS)
    return {
        'RFC 7489': old, 'RFC 9990': new, 'a prefix': prefixed,
        'only the root has a namespace': r.usual(head='').replace(
            '<feedback>', '<n:feedback xmlns:n="http://dmarc.org/dmarc-xml/'
            '0.1">').replace('</feedback>', '</n:feedback>'),
        'an unknown namespace': r.usual(ns='urn:example:other'),
        'no declaration': r.usual(head=''),
        'white space first': '\n \n' + old,
        'records first': old.replace(swap, '').replace(
            '</feedback>', swap + '</feedback>'),
        'CDATA': old.replace('<org_name>Rx</org_name>',
                             '<org_name><![CDATA[R]]>x</org_name>'),
        'comments': old.replace('<count>3', '<count><!-- 9 -->3<!---->'),
        'references': old.replace('<count>3', '<count>&#51;'),
        'white space in values': old.replace('<count>3<', '<count>\n 3\t<'),
        'case of results': old.replace('>pass<', '>PASS<').replace(
            '>none<', '>None<'),
        'processing instruction': old.replace(
            '?>\n', '?>\n<?xml-stylesheet href="http://127.0.0.1/"?>'),
        'extensions': old.replace('<row>', '<x:row xmlns:x="urn:x"><x:count>9'
                                  '</x:count><count>8</count></x:row><row>'),
        'an undeclared prefix': old.replace('<row>', '<row><z:a>1</z:a>'),
        'UTF-16': old.encode('utf-16'),
        'UTF-16, big endian': b'\xfe\xff' + old.encode('utf-16-be'),
        'UTF-8 with a mark': b'\xef\xbb\xbf' + old.encode(),
        'ISO-8859-1': r.usual(head='<?xml version="1.0" encoding="ISO-8859-1"'
                              '?>', org='Rx').encode('latin-1'),
        'windows-1252': r.usual(head='<?xml version="1.0" encoding="windows-'
                                '1252"?>').encode('cp1252'),
    }


def packed_forms():
    tar = r.tarred([('a/b.xml', PLAIN)])
    return {
        'gzip': r.gz(PLAIN), 'gzip in gzip': r.gz(r.gz(PLAIN)),
        'gzip in two members': r.gz(PLAIN[:400]) + r.gz(PLAIN[400:]),
        'gzip with a name': b'\x1f\x8b\x08\x08' + r.gz(PLAIN)[4:10] +
                            b'n.txt\0' + r.gz(PLAIN)[10:],
        'zip': r.zipped([('x', PLAIN)]),
        'zip, stored': r.zipped([('x', PLAIN)], zipfile.ZIP_STORED),
        'zip, bzip2': r.zipped([('x', PLAIN)], zipfile.ZIP_BZIP2),
        'zip, a path': r.zipped([('../../x.xml', PLAIN)]),
        'zip, an absolute path': r.zipped([('/etc/passwd', PLAIN)]),
        'zip, no name': r.zipped([(' ', PLAIN)]),
        'zip with litter': r.zipped([('__MACOSX/._x', b'\0\5'), ('x', PLAIN),
                                     ('.DS_Store', b'x')]),
        'zip with a folder': r.zipped([('d/', b''), ('d/x', PLAIN)]),
        'zip in zip': r.zipped([('y.zip', r.zipped([('x', PLAIN)]))]),
        'gzip in zip': r.zipped([('x.gz', r.gz(PLAIN))]),
        'zip in gzip': r.gz(r.zipped([('x', PLAIN)])),
        'zip after other bytes': r.zipped([('x', PLAIN)]),
        'tar': tar, 'tar, gzip': r.gz(tar), 'tar, bzip2': r.bz(tar),
        'tar, xz': r.xz(tar),
        'bzip2': r.bz(PLAIN), 'xz': r.xz(PLAIN),
        'mail in zip': r.zipped([('m.eml', r.mail([r.b64_part(
            r.gz(PLAIN))]))]),
        'mbox in gzip': r.gz(r.mbox([r.mail([r.b64_part(r.gz(PLAIN))])])),
    }


def mail_forms():
    note = r.text_part(b'See the attachment.\nSubject: x')
    gz = r.b64_part(r.gz(PLAIN))
    alternative = r.mail([note, r.text_part(b'<html><p>&nbsp;x<br></html>',
                                            'text/html')],
                         'multipart/alternative', b'cc')
    inner = r.mail([note, gz])
    alone = b'From: a@b\nMIME-Version: 1.0\n'
    qp = quopri.encodestring(PLAIN)
    return {
        'gzip': inner,
        'CRLF': inner.replace(b'\n', b'\r\n'),
        'HTML beside it': r.mail([r.text_part(
            b'<!DOCTYPE html><html>x</html>', 'text/html'), gz]),
        'a picture beside it': r.mail([r.b64_part(
            b'\x89PNG\r\n\x1a\n' + bytes(range(256)), 'image/png'), gz]),
        'alternatives beside it': r.mail(
            [b'Content-Type: multipart/alternative; boundary="cc"\n\n' +
             alternative.partition(b'\n\n')[2], gz]),
        'no name': r.mail([r.b64_part(r.gz(PLAIN), name='')]),
        'octet-stream': r.mail([r.b64_part(r.gz(PLAIN),
                                           'application/octet-stream')]),
        'called zip': r.mail([r.b64_part(r.gz(PLAIN), 'application/zip',
                                         'r.zip')]),
        'called plain text': r.mail([r.b64_part(r.gz(PLAIN), 'text/plain')]),
        'XML': r.mail([r.b64_part(PLAIN, 'text/xml', 'r.xml')]),
        'XML, 8bit': r.mail([r.text_part(PLAIN, 'application/xml')]),
        'XML as the note': r.mail([r.text_part(PLAIN)]),
        'XML, quoted-printable': r.mail(
            [b'Content-Type: text/xml\nContent-Transfer-Encoding: '
             b'quoted-printable\n\n' + qp]),
        'zip': r.mail([r.b64_part(r.zipped([('x', PLAIN)]))]),
        'no multipart': alone + gz,
        'no multipart, XML': alone + r.text_part(PLAIN, 'text/xml'),
        'attached to a forward': r.mail([note, r.text_part(
            inner, 'message/rfc822')], boundary=b'dd'),
        'attached as a file': r.mail([r.b64_part(
            inner, 'application/octet-stream', 'm.eml')], boundary=b'dd'),
        'no last boundary': inner[:-7],
        'a From_ line': b'From a@b Fri Nov 27 03:00:00 2026\n' + inner,
        'gzip, 8bit': r.mail([b'Content-Type: application/gzip\nContent-'
                              b'Transfer-Encoding: binary\n\n' +
                              r.gz(PLAIN) + b'\n']),
        'base64 with blank lines': inner.replace(b'=\n--bb--',
                                                 b'=\n\n \n--bb--'),
        'folded and mixed case': inner.replace(
            b'Content-Type: multipart', b'CONTENT-TYPE:\n multipart'),
        'signed': r.mail([note, gz, r.b64_part(
            b'x', 'application/pgp-signature', 's.asc')],
            'multipart/signed; micalg=pgp-sha256; '
            'protocol="application/pgp-signature"'),
    }


def test_kinds():
    forms = [(k, n, d) for k, f in (('XML', xml_forms), ('packed', packed_forms),
                                    ('mail', mail_forms))
             for n, d in f().items()]
    for kind, name, data in forms:
        data = data.encode() if isinstance(data, str) else data
        status, out = read_bytes(data)
        got = [(x['org'], x['domain'], x['messages'], x['dmarc_pass'],
                x['begin'], x['records_used']) for x in out['reports']]
        tap.is_((status, got), (0, [('Rx', 'd.example', 4, 3, r.T0, 2)]),
                '%s: %s' % (kind, name), out)


def test_encodings():
    for code, head in (('latin-1', 'ISO-8859-1'), ('utf-8', 'UTF-8'),
                       ('utf-16', 'UTF-16'), ('cp1252', 'windows-1252')):
        text = r.usual(org='M\u00fcller & S\u00f6hne <x>', domain='M\u00fc.example',
                       head='<?xml version="1.0" encoding="%s"?>' % head)
        _, out = read_bytes(text.encode(code))
        tap.is_([(x['org'], x['domain']) for x in out['reports']],
                [('M\u00fcller & S\u00f6hne <x>', 'M\u00fc.example')],
                'raw values from %s' % head)
        tap.is_([d['domain'] for d in out['domains']], ['xn--m-eha.example'],
                'the domain of %s is compared as A-labels' % head)


def test_folders():
    one, two = r.usual(rid='1'), r.usual(rid='2', org='Two')
    foreign = r.mail([r.text_part(b'Hello')], subject='lunch?')
    box = r.mbox([r.mail([r.b64_part(r.gz(one.encode()))]), foreign,
                  r.mail([r.b64_part(r.gz(two.encode()))]),
                  r.mail([r.b64_part(r.gz(one.encode()))])])
    line = b'From x@rx.example Fri Nov 27 03:00:00 2026\n'
    for name, data in (('an mbox', box),
                       ('an mbox with CRLF', box.replace(b'\n', b'\r\n')),
                       ('an mbox without empty lines', box.replace(
                           b'\n\nFrom ', b'\nFrom ')),
                       ('an mbox without dates', box.replace(
                           line, b'From nobody\n')),
                       ('an mbox with a zone', box.replace(
                           line, line[:-5] + b'+0100 2026\n')),
                       ('an mbox that quotes nothing', box.replace(
                           b'\nHello', b'\nHello\n\nFrom here: on,\n\nFrom'
                           b' 10:00 to 2026 it is text.\nFrom now on'))):
        status, out = read_bytes(data)
        tap.is_((status, [x['report_id'] for x in out['reports']],
                 out['duplicates'], out['unread']),
                (0, ['1', '2', '1'], 1, 1), name, out)
        tap.is_(sum(s['messages'] for s in out['sources']), 8,
                name + ': a repeated report counts once')
        tap.contains(str(out['warnings']), 'message 2: mail without a report',
                     name + ': foreign mail is named')
    _, out, _ = read_json('-', data=box)
    tap.is_(len(out['reports']), 3, 'an mbox on standard input')
    _, out, _ = read_json(data=r.gz(one.encode()))
    tap.is_(len(out['reports']), 1, 'gzip on standard input, no path')
    for d in ('m/cur', 'm/new', 'm/tmp', 'd/sub/.hid', 'd/e'):
        os.makedirs(path(d))
    put(one, 'm/cur/1:2,S')
    put(two, 'm/new/2')
    put(foreign, 'm/new/3')
    put(r.usual(rid='3'), 'm/tmp/4')
    status, out, _ = read_json(path('m'))
    tap.is_((status, [x['report_id'] for x in out['reports']]),
            (0, ['1', '2']), 'a Maildir: cur, then new, never tmp')
    put(two, 'd/b.dat')
    put(one, 'd/sub/x')
    put(r.usual(rid='3'), 'd/sub/.hidden')
    put(r.gz(one.encode())[:60], 'd/sub/y.gz')
    os.mkfifo(path('d/pipe'))
    os.symlink(path('d'), path('d/loop'))
    status, out, err = read_json(path('d'))
    tap.is_((status, [x['report_id'] for x in out['reports']], err),
            (0, ['2', '1'], ''), 'a folder: no hidden file, pipe or link')
    tap.contains(str(out['warnings']), 'y.gz: ', 'what is damaged is named')
    status, out, _ = read_json(path('d/e'))
    tap.is_((status, out['error']), (0, None), 'an empty folder is no error')


# -- values --------------------------------------------------------------------

def values(records, **args):
    _, out = read_bytes(r.aggregate(records, **args).encode())
    return out['reports'][0] if out['reports'] else {}


def test_counts():
    for text, used in (('0', 1), ('7', 1), (' 7 ', 1), ('+7', 1),
                       (2 ** 63 - 1, 1), (2 ** 63, 0), (2 ** 64, 0),
                       ('-1', 0), ('', 0), ('1.5', 0), ('0x10', 0),
                       ('1e3', 0), ('7 7', 0), ('\u0667', 0)):
        got = values([r.record(count=text), r.record(count=1)])
        tap.is_((got['records'], got['records_used'] - 1,
                 bool(got['warnings'])), (2, used, not used),
                'a count of %r' % (text,))
    got = values([r.record(count=2 ** 63 - 1), r.record(count=5)])
    tap.is_(got['messages'], 2 ** 63 - 1, 'a sum stops at the largest number')


def test_values():
    got = values([r.record(count=2, disposition=d) for d in (
        'none', 'pass', 'quarantine', 'reject', 'delivered', '')])
    tap.is_(got['disposition'], {'none': 2, 'pass': 2, 'quarantine': 2,
                                 'reject': 2, 'other': 4}, 'dispositions')
    got = values([r.record(count=1, reasons=['mailing_list', 'other']),
                  r.record(count=2, reasons=['']), r.record(count=4),
                  r.record(count=8, reasons=['never_heard_of'])])
    tap.is_(got['overrides'], 9, 'messages with a reason count once')
    for begin, end, want, warn in (
            (r.T0, r.T0, (r.T0, r.T0), 'end equals begin'),
            (r.T0, r.T0 - 1, (r.T0, r.T0 - 1), 'end before begin'),
            ('%d.0' % r.T0, r.T0 + 1, (r.T0, r.T0 + 1), 'fraction'),
            ('', '', (None, None), 'date_range missing'),
            ('yesterday', r.T0, (None, r.T0), 'begin is not a time'),
            (-5, r.T0, (None, r.T0), 'begin is not a time')):
        got = values([r.record()], begin=begin, end=end)
        tap.is_((got['begin'], got['end']), want, 'period: %s' % warn)
        tap.contains(str(got['warnings']), warn, 'period: says %s' % warn)
    for field in ('org_name', 'report_id', 'domain', 'p'):
        text = re.sub('<%s>.*?</%s>' % (field, field), '', r.usual(), count=1)
        _, out = read_bytes(text.encode())
        tap.contains(str(out['reports'][0]['warnings']), field + ' missing',
                     'says that %s is missing' % field)
    got = values([r.record(header_from='x' * 5000)], org='y' * 5000)
    tap.ok(len(got['org']) == 4096 and 'was cut' in str(got['warnings']),
           'a long value is cut, with a warning')
    twice = r.usual().replace('<count>3', '<count>2</count><count>3')
    _, out = read_bytes(twice.encode())
    tap.is_(out['reports'][0]['messages'], 3, 'of a repeated value the first')


def source(*records, **args):
    _, out = read_bytes(r.aggregate(list(records), **args).encode())
    return {s['ip']: s for s in out['sources']}


def test_signatures():
    """The signature that is shown is the one that matters."""
    other, own, sub = (('esp.example', 'e', 'pass'), ('d.example', 's', 'pass'),
                       ('m.d.example', 't', 'fail'))
    for sigs, dkim, want in (
            ([other, own], 'pass', 's'), ([own, other], 'pass', 's'),
            ([other, sub], 'fail', 't'), ([other], 'fail', 'e'),
            ([('notd.example', 'n', 'fail'), sub], 'fail', 't'),
            ([('d.example', 'bad', 'fail'), own], 'pass', 's')):
        got = source(r.record(dkim=dkim, sigs=sigs))
        tap.is_(got['192.0.2.1']['dkim_selector'], want,
                'of %s' % [s[1] for s in sigs])


# -- other reports -------------------------------------------------------------

def test_failures():
    status, out = read_bytes(r.failure(FEEDBACK))
    got = out['reports'][0] if out['reports'] else {}
    want = {'type': 'failure', 'feedback_type': 'auth-failure',
            'auth_failure': 'dmarc', 'identity_alignment': 'dkim, spf',
            'source_ip': '192.0.2.9', 'reported_domain': 'd.example',
            'original_mail_from': 'u@d.example', 'incidents': '1',
            'dkim_domain': '', 'warnings': []}
    tap.is_((status, {k: got.get(k) for k in want}), (0, want),
            'a failure report')
    for name, data in (
            ('base64', r.mail([r.b64_part(
                b'Feedback-Type: auth-failure\n' + FEEDBACK,
                'message/feedback-report', '')], 'multipart/report')),
            ('in a forward', r.mail([r.text_part(r.failure(
                FEEDBACK), 'message/rfc822')], boundary=b'zz')),
            ('in an mbox', r.mbox([r.failure(FEEDBACK)])),
            ('any case', r.failure(FEEDBACK.upper(), kind='AUTH-FAILURE')),
            ('no multipart/report', r.failure(FEEDBACK).replace(
                b'multipart/report', b'multipart/mixed'))):
        _, out = read_bytes(data)
        tap.is_([x['source_ip'] for x in out['reports']], ['192.0.2.9'],
                'a failure report: ' + name)
    _, out = read_bytes(r.failure(b'Version: 1\n'))
    tap.is_((len(out['reports']), len(out['reports'][0]['warnings'])), (1, 4),
            'a failure report without its fields: each is named')
    for kind in ('abuse', 'fraud', 'opt-out', None):
        status, out = read_bytes(r.failure(FEEDBACK, kind=kind))
        tap.is_((status, out['reports']), (1, []),
                'a feedback report of type %s is none' % kind)
    inner = r.mail([r.b64_part(r.gz(PLAIN))], boundary=b'zz')
    _, out = read_bytes(r.failure(FEEDBACK, inner, 'message/rfc822'))
    tap.is_([x['type'] for x in out['reports']], ['failure'],
            'the mail that failed is not read')
    bounce = r.mail([r.text_part(b'Undelivered'), r.text_part(
        inner, 'message/rfc822')], 'multipart/report; report-type='
        'delivery-status')
    status, out = read_bytes(bounce)
    tap.is_((status, out['reports']), (1, []),
            'a report of ours that bounced is no report to us')


def test_tls():
    def changed(**args):
        return json.dumps(dict(TLS, **args)).encode()
    policy = TLS['policies'][0]
    text = dict(policy, summary={'total-successful-session-count': '5',
                                 'total-failure-session-count': 2.0})
    forms = {'JSON': changed(), 'gzip': r.gz(changed()),
             'a mark': b'\xef\xbb\xbf' + changed(),
             'mail': r.mail([r.text_part(b'A note'), r.b64_part(
                 r.gz(changed()), 'application/tlsrpt+gzip', 't.json.gz')],
                 'multipart/report; report-type="tlsrpt"'),
             'mail, not packed': r.mail([r.text_part(
                 changed(), 'application/tlsrpt+json')]),
             'counts as text': changed(policies=[text])}
    for name, data in forms.items():
        status, out = read_bytes(data)
        tap.is_((status, [(x['type'], x['org'], x['report_id'], x['begin'],
                           x['policies']) for x in out['reports']]),
                (0, [('tls', 'T', 't1', r.T0, [{
                    'domain': 'd.example', 'type': 'sts', 'success': 5,
                    'failure': 2}])]), 'TLS: ' + name)
    for name, data, n in (
            ('no policies', changed(policies=None), 0),
            ('no summary', changed(policies=[{'policy': {}}]), 1),
            ('no date', changed(**{'date-range': 5}), 1),
            ('an empty list', changed(policies=[]), 1),
            ('other JSON', b'{"hello": [1]}', 0), ('a list', b'[1]', 0),
            ('cut off', changed()[:100], 0), ('a number', b'[' * 5000, 0)):
        status, out = read_bytes(data)
        tap.is_((status, len(out['reports']), bool(
            out['error'] or out['reports'][0]['warnings'])),
            (0 if n else 1, n, True), 'TLS: ' + name)
    _, out = read_bytes(changed(**{'date-range': {
        'start-datetime': '2026-11-01T02:00:00+02:00',
        'end-datetime': '2026-11-01T00:00:00.5Z'}}))
    tap.is_([(x['begin'], x['end']) for x in out['reports']],
            [(r.T0, r.T0)], 'TLS: times with an offset and a fraction')


# -- damaged -------------------------------------------------------------------

def test_damaged():
    many = r.aggregate([r.passing(count=1) for _ in range(200)])
    records = [r.passing(), r.record('198.51.100.7'), r.passing(count=5)]
    text = r.aggregate(records)
    broken = {
        'a raw &': (text.replace('>Rx<', '>R & x<'), 3, 7),
        'a raw < in a value': (text.replace(
            'from>d.example', 'from>d<example', 1), 3, 7),
        'two raw <': (text.replace('from>d.example', 'from>d<example', 2), 3,
                      7),
        'an unclosed schema before it': (text.replace(
            '<feedback>', '<xs:schema xmlns:xs="urn:x"><feedback>'), 3, 7),
        'text behind it': (text + 'Thank you & good bye <', 3, 7),
        'an unknown entity': (text.replace('>Rx<', '>R&nbsp;x<'), 3, 7),
        'a control character': (text.replace('>Rx<', '>R\x01x<'), 3, 7),
        'a reference to one': (text.replace('>Rx<', '>R&#27;x<'), 3, 7),
        'not UTF-8': (text.encode().replace(b'>Rx<', b'>R\xfcx<'), 3, 7),
        'an end tag that is missing': (text.replace('</row>', '', 1), 3, 7),
    }
    for name, (data, n, messages) in broken.items():
        data = data.encode() if isinstance(data, str) else data
        status, out = read_bytes(data)
        got = [(x['records'], x['messages']) for x in out['reports']]
        tap.is_((status, got), (0, [(n, messages)]), name, out)
        tap.ok(out['reports'] and out['reports'][0]['warnings'],
               name + ': a warning')
    for name, data in (('XML', many.encode()), ('gzip', r.gz(many.encode())),
                       ('mail', r.mail([r.text_part(many.encode(),
                                                    'text/xml')]))):
        for part in (0.95, 0.8):
            cut = data[:int(len(data) * part)]
            status, out = read_bytes(cut)
            got = sum(x['messages'] for x in out['reports'])
            whole = sum(x['records'] for x in out['reports'])
            tap.ok(0 < got <= 200 and got >= whole - 1 and status == 0 and
                   (out['warnings'] or out['reports'][0]['warnings']),
                   '%s cut at %s gives whole records and a warning' % (
                       name, part), out['reports'])


def encrypted(data):
    """With the flag of encryption set."""
    data = bytearray(data)
    data[6] |= 1
    data[data.index(b'PK\1\2') + 8] |= 1
    return bytes(data)


def test_damaged_packed():
    packed = r.gz(PLAIN)
    bad = bytearray(packed)
    bad[-8] ^= 1
    z = r.zipped([('a', PLAIN), ('b', r.usual(rid='2').encode())])
    broken = bytearray(z)
    broken[60] ^= 0xff
    for name, data, n in (
            ('gzip with zeros behind it', packed + bytes(20), 1),
            ('gzip with text behind it', packed + b'\n-- \nsent by x\n', 1),
            ('gzip with a wrong checksum', bytes(bad), 1),
            ('zip with a file that is no report', r.zipped(
                [('a', PLAIN), ('b.txt', b'hello')]), 1),
            ('zip with a damaged member', bytes(broken), 1),
            ('zip cut off', z[:-80], 2), ('zip cut in a member', z[:250], None),
            ('zip that is encrypted', encrypted(r.zipped([('a', PLAIN)])),
             0)):
        status, out = read_bytes(data)
        good = n is None or len(out['reports']) == n
        tap.ok(good and status == (0 if out['reports'] else 1) and
               (out['warnings'] or out['error']), name, out)
    status, out = read_bytes(r.mail([r.text_part(b'x'), r.b64_part(
        packed[:50]), r.b64_part(r.zipped([('a', PLAIN)]))]))
    tap.ok(len(out['reports']) == 1 and out['warnings'],
           'a damaged attachment does not hide the next one', out)


REJECTED = {
    'nothing': b'', 'blanks': b' \n' * 400, 'zeros': bytes(5000),
    'text': b'This is no report.\n' * 50, 'other XML': b'<rss></rss>',
    'HTML': b'<!DOCTYPE html><html><body>Over quota</body></html>',
    'an empty element': b'<feedback', 'XML without a record':
    b'<feedback><report_metadata><org_name>x</org_name>',
    'gzip of nothing': r.gz(b''), 'gzip of text': r.gz(b'hello' * 99),
    'the start of gzip': b'\x1f\x8b\x08', 'a broken gzip': b'\x1f\x8b' * 99,
    'an empty zip': r.zipped([]), 'zip of text': r.zipped([('a', b'x')]),
    'the start of a zip': b'PK\3\4' + b'x' * 40,
    'an empty tar': bytes(10240),
    'mail': r.mail([r.text_part(b'hello')], subject='Report Domain: x'),
    'mail with a picture': r.mail([r.b64_part(b'\x89PNG', 'image/png')]),
    'mail without a body': b'From: a@b\nSubject: Report\n\n',
    'a program': b'\x7fELF' + bytes(range(256)) * 9,
}


def test_rejected():
    for name, data in REJECTED.items():
        status, out = read_bytes(data)
        tap.is_((status, out['reports'], bool(out['error'])), (1, [], True),
                'no report: ' + name, out)
    good = put(PLAIN, 'good')
    files = [put(data, 'bad%d' % i) for i, data in enumerate(
        REJECTED.values())]
    _, out, _ = read_json(*files, good)
    tap.is_((len(out['reports']), out['unread']), (1, len(files)),
            'a good one behind them all')
    tap.is_([f for f in files if f not in str(out['warnings'])], [],
            'each is named')
    status, out, _ = read_json(path('absent'), good)
    tap.ok(status == 1 and 'absent' in out['error'] and out['reports'],
           'a file that is not there: the others are read, exit 1')
    status, out, _ = read_json(put(b'hello'), good)
    tap.is_((status, out['error']), (0, None),
            'a foreign file beside others is no error')


# -- hostile -------------------------------------------------------------------

DTD = PLAIN.replace(b'<feedback>', b'<!DOCTYPE feedback SYSTEM "http://'
                    b'127.0.0.1:1/d"><feedback>')


def spread(head, middle, tail, n):
    return head + middle * n + tail


def bombs():
    top, _, rest = PLAIN.partition(b'<record>')
    rest = b'<record>' + rest
    nested = PLAIN
    for _ in range(7):
        nested = r.gz(nested)
    deep = PLAIN
    for i in range(20):
        deep = r.mail([r.text_part(deep, 'message/rfc822')],
                      boundary=b'b%d' % i)
    multi = b'x'
    for i in range(3000):
        multi = (b'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' % (
            i, i)) + multi
    entity = (b'<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "' +
              b'a' * 5000 + b'">]><feedback>' + b'&a;' * 5000)
    blanks = b' ' * (1 << 20)
    attributes = b''.join(b' a%d=""' % i for i in range(3000))
    names = b''.join(b'<n%d/>' % i for i in range(30000))
    files = [('%d' % i, b'') for i in range(3000)]
    return {
        'gzip of blanks': r.gz(spread(top, blanks, rest, 20)),
        'zip of blanks': r.zipped([('a', spread(top, blanks, rest, 20))]),
        'xz of blanks': r.xz(spread(top, blanks, rest, 20)),
        'several zips of blanks': r.zipped(
            [('%d' % i, spread(top, blanks, rest, 9)) for i in range(9)]),
        'gzip in mail': r.mail([r.b64_part(
            r.gz(spread(top, blanks, rest, 20)))]),
        'many members': r.zipped(files),
        'many members, tar': r.gz(r.tarred(files)),
        'gzip seven deep': nested,
        'zip seven deep': _zip_deep(7),
        'xz seven deep': _deep(r.xz, 7),
        'bzip2 seven deep': _deep(r.bz, 7),
        'laughs': _laughs(), 'one large entity': entity,
        'an entity of a file': _doctype(b'<!ENTITY a SYSTEM "file:///etc/'
                                        b'hostname">'),
        'an entity of the net': _doctype(b'<!ENTITY a SYSTEM "http://'
                                         b'127.0.0.1:1/">'),
        'a parameter entity': _doctype(b'<!ENTITY % a SYSTEM "file:///etc/'
                                       b'hostname"> %a;'),
        'a DTD elsewhere': DTD,
        'deep elements': b'<feedback>' + b'<a>' * 30000,
        'many attributes': PLAIN.replace(b'<record>', b'<record' +
                                         attributes + b'>', 1),
        'many names': PLAIN.replace(b'<record>', names + b'<record>', 1),
        'a long name': PLAIN.replace(b'<record>', b'<' + b'n' * 100000),
        'a long comment': PLAIN.replace(b'<record>', b'<!--' + b'n' * 100000 +
                                        b'--><record>'),
        'names without end': r.zipped([('../../%d' % i, b'x')
                                       for i in range(10000)]),
        'many records': PLAIN.replace(
            b'<record>', b'<record><row><count>1</count></row></record>' *
            510000 + b'<record>', 1),
        'mail in mail, 20 deep': deep,
        'multiparts, 3000 deep': b'MIME-Version: 1.0\n' + multi,
        'many parts': r.mail([r.text_part(b'')] * 3000),
    }


def _deep(pack, n):
    data = PLAIN
    for _ in range(n):
        data = pack(data)
    return data


def _zip_deep(n):
    return _deep(lambda data: r.zipped([('a', data)]), n)


def _doctype(inside):
    return PLAIN.replace(b'<feedback>', b'<!DOCTYPE feedback [' + inside +
                         b']><feedback>').replace(b'>Rx<', b'>&a;<')


def _laughs():
    lines = b''.join(b'<!ENTITY l%d "%s">' % (
        i, b'&l%d;' % (i - 1) * 10 if i else b'ha') for i in range(10))
    return PLAIN.replace(b'<feedback>', b'<!DOCTYPE feedback [' + lines +
                         b']><feedback>').replace(b'>Rx<', b'>&l9;<')


def run_bounded(files, mib):
    """(exit status, JSON) with so much memory. A sanitizer needs more."""
    bound = '' if tree.is_sanitized() else 'ulimit -d %d; ' % (mib * 1024)
    p = subprocess.run(['/bin/sh', '-c', bound + 'exec "$@"', 'sh'] + READ +
                       ['--json'] + files, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, check=False)
    return p.returncode, json.loads(p.stdout or b'null')


def test_bombs():
    files = {name: put(data, 'bomb%d' % i)
             for i, (name, data) in enumerate(bombs().items())}
    good = put(PLAIN, 'good')
    before = sorted(os.listdir(TOP))
    for name, file in files.items():
        status, out = run_bounded([file], MEMORY_MIB)
        error = out and out['error']
        tap.is_((status, out and out['reports'], bool(error)), (1, [], True),
                'bounded: ' + name, out)
        tap.ok(error and 'memory' not in error, 'says why: ' + name, error)
    _, out = run_bounded(list(files.values()) + [good], MEMORY_MIB)
    tap.is_((len(out['reports']), out['unread']), (1, len(files)),
            'a good one behind them all')
    tap.is_(sorted(os.listdir(TOP)), before, 'no file was made')


def test_no_other_files():
    """What a hostile input names is not opened."""
    trace = '/usr/bin/strace'
    if not os.path.exists(trace):
        tap.skip('no other file is opened', 'strace is not installed')
        return
    log = path('trace')
    for name, data in (
            ('a file', _doctype(b'<!ENTITY a SYSTEM "file:///etc/hostname">')),
            ('the net', _doctype(b'<!ENTITY a SYSTEM "http://127.0.0.1:1/">')),
            ('a DTD', DTD),
            ('a program', bz2.compress(b'LRZI\0\6' + bytes(100)))):
        proc.run([trace, '-f', '-e', 'trace=open,openat,connect,socket,execve',
                  '-o', log] + READ + [put(data, 'bomb')])
        with open(log, encoding='utf-8', errors='replace') as f:
            text = f.read()
        tap.ok('bomb' in text and 'hostname' not in text and
               'AF_INET' not in text and 'lrzip' not in text,
               'nothing else is opened: ' + name, text)


def test_large():
    """60,000 sources are read with bounded memory."""
    text = r.aggregate([r.passing('10.%d.%d.%d' % (i >> 16, i >> 8 & 255,
                                                   i & 255), count=2)
                        for i in range(60000)])
    for name, data in (('XML', text.encode()),
                       ('mail', r.mail([r.b64_part(r.gz(text.encode()))]))):
        status, out = run_bounded([put(data)], LARGE_MIB)
        tap.is_((status, out['reports'][0]['messages'], len(out['sources'])),
                (0, 120000, 60000), '60,000 records: ' + name)


# -- whose it is ---------------------------------------------------------------

OWN = r.passing('192.0.2.1', 10)
LISTED = [('d.example', 's1', 'fail')]


def test_verdicts():
    esp = ('bounce.esp.example', 'pass')
    rows = [
        ('passes by both', OWN, 'mine'),
        ('SPF alone', r.record('192.0.2.9', spf='pass', spfs=[
            ('d.example', 'pass')]), 'mine'),
        ('DKIM alone, a key that our hosts do not use', r.record(
            '192.0.2.9', dkim='pass', sigs=[('d.example', 'esp', 'pass')],
            spfs=[esp]), 'mine'),
        ('DKIM alone, our hosts\' key', r.record(
            '192.0.2.9', dkim='pass', sigs=[('d.example', 's1', 'pass')],
            spfs=[esp]), 'forwarder'),
        ('fails, our address', r.record('192.0.2.1', spfs=[
            ('d.example', 'temperror')]), 'fix'),
        ('fails, our address, another envelope', r.record(
            '192.0.2.1', spfs=[esp]), 'fix'),
        ('SPF passes for a name below ours, strict', r.record(
            '192.0.2.9', spfs=[('m.d.example', 'pass')]), 'fix'),
        ('SPF passes for a name like ours', r.record(
            '192.0.2.9', spfs=[('notd.example', 'pass')]), 'other'),
        ('fails, called a mailing list', r.record(
            '192.0.2.9', reasons=['mailing_list'], spfs=[esp]), 'forwarder'),
        ('fails, forwarded', r.record(
            '192.0.2.9', reasons=['forwarded']), 'forwarder'),
        ('fails, our signature is broken', r.record(
            '192.0.2.9', sigs=LISTED, spfs=[esp]), 'forwarder'),
        ('fails, a signature by an unknown key', r.record(
            '192.0.2.9', sigs=[('d.example', 'forged', 'fail')]), 'other'),
        ('fails, authenticates as another', r.record(
            '192.0.2.9', sigs=[('esp.example', 'k', 'pass')], spfs=[esp]),
         'other'),
        ('fails, nothing', r.record('192.0.2.9'), 'other'),
        ('fails, no results', r.record('192.0.2.9', spfs=[]), 'unknown'),
        ('fails, no address', r.record('unknown', spfs=[]), 'unknown'),
    ]
    for name, row, want in rows:
        _, out = read_bytes(r.aggregate([OWN, row]).encode())
        got = [s for s in out['sources'] if s['messages'] == 1] or \
            out['sources']
        tap.is_(got[0]['verdict'], want, 'verdict: ' + name, got)
        tap.ok(got[0]['why'], 'verdict: %s: says why' % name)


def test_over_reporters():
    """Rows of one source add up over reports, and teach one another."""
    fails = r.record('192.0.2.1', 4, spfs=[('x.example', 'pass')])
    files = [put(r.aggregate([OWN], org='A', rid='1'), 'one'),
             put(r.aggregate([OWN, fails], org='B', rid='1',
                             begin=r.T0 + r.DAY), 'two')]
    _, out, _ = read_json(*files)
    tap.is_([(s['ip'], s['messages'], s['verdict']) for s in out['sources']],
            [('192.0.2.1', 4, 'fix'), ('192.0.2.1', 20, 'mine')],
            'sources over two reporters')
    d = out['domains'][0]
    tap.is_((d['messages'], d['dmarc_pass'], d['own_pass'], d['own_fail'],
             d['reports'], d['reporters'], d['verdict'], d['begin'], d['end']),
            (24, 20, 20, 4, 2, 2, 'fix', r.T0, r.T0 + 2 * r.DAY - 1),
            'the domain over two reporters')
    tap.is_(d['summary'], '83.3 % of 24 messages from your own sources pass; '
            '1 source needs mending: 192.0.2.1; p=quarantine would have hit 4 '
            'messages, 4 of them yours.', 'the sentence')
    other = r.aggregate([OWN], org='A', rid='1', domain='e.example')
    _, out, _ = read_json(*files, put(other, 'three'), files[0])
    tap.is_((len(out['domains']), out['duplicates']), (2, 1),
            'one more domain, one report again')


def test_own_knowledge():
    conf = put('Mode v\nInternalHosts 127.0.0.1, 203.0.113.0/24\n', 'conf')
    row = r.record('203.0.113.7', spfs=[('x.example', 'pass')])
    rows = put(r.aggregate([row]))
    _, out, _ = read_json(rows)
    tap.is_(out['sources'][0]['verdict'], 'other', 'unknown without conf')
    _, out, err = read_json('-c', conf, rows)
    tap.is_(out['sources'][0]['verdict'], 'fix', 'InternalHosts is ours', err)
    zone = put('d.example. 60 IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\n'
               '7.113.0.203.in-addr.arpa. 60 IN PTR host.d.example.\n'
               'host.d.example. 60 IN A 203.0.113.7\n', 'zone')
    _, out, err = read_json('--resolve', '--zone', zone, rows)
    tap.is_((out['sources'][0]['verdict'], out['sources'][0]['name']),
            ('fix', 'host.d.example'), 'our SPF record of today, and a name',
            err)
    proc.write(zone, 'd.example. 60 IN TXT "v=spf1 -all"\n'
               '7.113.0.203.in-addr.arpa. 60 IN PTR lie.d.example.\n'
               'lie.d.example. 60 IN A 203.0.113.8\n')
    _, out, err = read_json('--resolve', '--zone', zone, rows)
    tap.is_((out['sources'][0]['verdict'], out['sources'][0]['name']),
            ('other', None), 'not in the record, and a name that lies', err)
    status, _, err = proc.run(READ + ['-c', path('absent'), rows])
    tap.ok(status == 2 and 'absent' in err, 'a configuration that is not there')
    keys = path('keys')
    os.makedirs(keys, mode=0o700)
    status, _, err = proc.run([tree.DKIMKEYGEN, 'new', '-d', 'd.example', '-s',
                               'mine', '-K', keys, '-t', 'ed25519'])
    tap.is_(status, 0, 'a key is made', err)
    put('Mode v\nKeyStore %s\n' % keys, 'conf')
    for selector, want in (('mine', 'forwarder'), ('thine', 'other')):
        _, out, err = read_json('-c', conf, put(r.aggregate([r.record(
            sigs=[('d.example', selector, 'fail')])])))
        tap.is_(out['sources'][0]['verdict'], want,
                'a broken signature by key %s' % selector, err)


# -- options -------------------------------------------------------------------

def test_options():
    a = put(r.aggregate([OWN], rid='1'), 'a')
    b = put(r.aggregate([r.record('192.0.2.9')], rid='2', begin=r.T0 + 9 *
                        r.DAY, domain='sub.d.example'), 'b')
    c = put(r.aggregate([OWN], rid='3', domain='other.example', end=r.T0),
            'c')

    def ids(*args):
        status, out, _ = read_json(a, b, c, *args)
        return status, [x['report_id'] for x in out['reports']]
    tap.is_(ids(), (0, ['1', '2', '3']), 'all reports')
    tap.is_(ids('--domain', 'D.Example.'), (0, ['1', '2']), '--domain')
    tap.is_(ids('--domain', 'example'), (0, ['1', '2', '3']),
            '--domain of a parent')
    tap.is_(ids('--domain', 'nobody.example'), (0, []), '--domain of none')
    tap.is_(ids('--since', '2026-11-05'), (0, ['2']), '--since')
    tap.is_(ids('--strict'), (0, ['1', '2']), '--strict')
    for args, want in (
            (['-d', 'nobody.example', a, b, c], 'Left out by --domain: 3 '
             'reports.'),
            (['--since', '2026-11-05', a, b], 'Left out by --since: 1 '
             'report.'),
            (['--since', '2026-11-05', '-d', 'example', a],
             'Left out by --domain or --since: 1 report.')):
        status, out, _ = proc.run(READ + args)
        tap.ok(status == 0 and want in out.decode(), 'said: ' + want, out)
    tap.ok(b'Left out' not in proc.run(READ + ['-d', 'd.example', a])[1],
           'none is left out')
    for args in (['--since', 'soon'], ['--domain', '..'], ['--json', '--csv'],
                 ['--nope'], ['--html', path('absent/x'), a]):
        status, out, err = proc.run(READ + args)
        tap.ok(status == 2 and out == b'' and err, 'refused: %s' % args, err)
    _, out, _ = read_json(a, b, '--fail-only')
    tap.is_([s['ip'] for s in out['sources']], ['192.0.2.9'], '--fail-only')
    status, out, err = proc.run(READ + ['--quiet', a, b])
    tap.is_((status, out, err), (0, b'', ''), '--quiet: nothing to mend')
    fix = put(r.aggregate([OWN, r.record('192.0.2.1')], rid='4'), 'fix')
    status, out, err = proc.run(READ + ['--quiet', fix])
    tap.ok(status == 3 and b'192.0.2.1' in out, '--quiet: exit 3', err)
    status, _, err = proc.run(READ + ['--quiet', path('absent')])
    tap.ok(status == 1 and 'absent' in err, '--quiet: an error is printed')
    with open('/dev/full', 'wb') as full:
        for args in ([], ['--json'], ['--csv'], ['--html', '/dev/full']):
            status = subprocess.run(READ + args + [a], stdout=full,
                                    stderr=subprocess.DEVNULL,
                                    check=False).returncode
            tap.is_(status, 2, 'a full disk is not silence: %s' % args)
    _, out, _ = proc.run(READ + ['--help'])
    found = re.findall(r'^  (?:-(\w), )?--([\w-]+)', out.decode(), re.M)
    page = manual.options_of_page(os.path.join(
        tree.SRC, 'tools', 'mailseal-report.1'), 'DESCRIPTION')
    tap.is_({n: c or None for c, n in found if n != 'help'}, page,
            'the manual has the options of --help')


# -- text from outside ---------------------------------------------------------

EVIL = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>',
        '=cmd|\' /C calc\'!A0', '+1+1', '-2', '@SUM(A1)', '  =1+1',
        '\uff1d1', 'a\u202etxt.exe', 'a\u2066b', 'a\u200fb', '\u009b31m',
        'a\u2028b', 'a"b,c', "'=1", '&lt;b&gt;', 'a\nb', 'a\tb', '\\x1b',
        '\ufeffx', '</title></style>']


def evil_inputs():
    files = []
    for i, text in enumerate(EVIL):
        sigs = [(text, text, 'fail')]
        row = r.record(text if i % 2 else '192.0.2.%d' % i, 1, sigs=sigs,
                       header_from=text, spfs=[(text, 'fail')],
                       reasons=[text])
        files.append(put(r.aggregate([row], org=text, rid=text, domain=text,
                                     p=r.esc(text)), 'evil%d' % i))
        files.append(put(r.failure(('Source-IP: %s\nReported-Domain: %s\n'
                                    'Auth-Failure: %s\n' % (
                                        (text.replace('\n', '\n '),) * 3)
                                    ).encode()), 'fail%d' % i))
        files.append(put(json.dumps(dict(TLS, **{
            'organization-name': text, 'report-id': text, 'policies': [{
                'policy': {'policy-domain': text, 'policy-type': text}}]})),
            'tls%d' % i))
        files.append(put(r.zipped([(text.replace('\0', ''), b'x'),
                                   ('a', PLAIN)]), 'zip%d' % i))
    return files


def unsafe(text):
    """Characters that drive a terminal, end a line or reorder one."""
    return sorted({hex(ord(c)) for c in text if (
        unicodedata.category(c) in ('Cc', 'Zl', 'Zp') and c != '\n') or
        c in '\u200e\u200f\u061c\ufeff' or '\u202a' <= c <= '\u202e' or
        '\u2066' <= c <= '\u2069'})


class Page(html.parser.HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}


def test_escapes():
    files = evil_inputs()
    status, out, err = proc.run(READ + files)
    tap.is_((status, unsafe(out.decode()), unsafe(err)), (0, [], []),
            'the terminal gets no control character')
    status, out, err = proc.run(READ + ['--csv'] + files)
    tap.is_((status, unsafe(out.decode()), unsafe(err)), (0, [], []),
            'CSV has no control character')
    rows = list(csv.reader(io.StringIO(out.decode())))
    tap.is_({len(row) for row in rows}, {12}, 'CSV: every line has its cells')
    tap.is_([c for row in rows for c in row
             if c.lstrip(" ")[:1] in ('=', '+', '-', '@', '\uff1d')], [],
            'CSV: no cell is a formula')
    page = path('page.html')
    status, out, err = proc.run(READ + ['--html', page] + files)
    tap.is_((status, out), (0, b''), 'the page is written', err)
    with open(page, encoding='utf-8') as f:
        text = f.read()
    proc.run(READ + ['--html', page, put(r.usual()), put(r.failure(FEEDBACK),
             'f'), put(json.dumps(TLS), 't'), put(b'x', 'x')] +
             [put(r.aggregate([r.passing('10.0.0.%d' % i)], rid=str(i),
                              begin=r.T0 + i * r.DAY), 'd%d' % i)
              for i in range(40)])
    with open(page, encoding='utf-8') as f:
        usual = Page(f.read())
    got = Page(text)
    tap.is_(unsafe(text), [], 'the page has no control character')
    tap.is_((got.tags - usual.tags, got.attributes - usual.attributes),
            (set(), set()), 'no element of the page is from a report')
    tap.ok('script' not in usual.tags and not re.search(
        r'(?:src|href)\s*=|url\(|@import|http', re.sub(
            r'http-equiv', '', text.replace('src=x onerror', ''))),
        'the page has no script and refers to nothing')
    tap.ok('svg' in usual.tags and 'rect' in usual.tags and
           'polyline' in usual.tags, 'the page has its plots')
    _, out, err = read_json(*files)
    tap.is_([x['org'] for x in out['reports'] if x['type'] == 'aggregate' and
             x['org'] != 'Rx'], [t.strip(' \n\t') for t in EVIL],
            'JSON has raw values')
    tap.is_(unsafe(err), [], 'messages have no control character')


def main():

    for test in (test_kinds, test_encodings, test_folders, test_counts,
                 test_values, test_signatures, test_failures, test_tls,
                 test_damaged, test_damaged_packed, test_rejected, test_bombs,
                 test_no_other_files, test_large, test_verdicts,
                 test_over_reporters, test_own_knowledge, test_options,
                 test_escapes):
        test()


tap.main(main)
