# SPDX-License-Identifier: BSD-2-Clause
"""mailseal report read: what real reporters, gateways and mail programs make of
a report. Each form gives the numbers that it has, or says what is wrong.
"""
import base64
import binascii
import gzip
import io
import json
import os
import quopri
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import reports as r  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
READ = [tree.MAILSEAL, 'report', 'read', '--json']
TEXT = r.usual()
PLAIN = TEXT.encode()
GZ = r.gz(PLAIN)
USUAL = ('Rx', 'd.example', 4, 3)
BODY = TEXT.partition('\n')[2]
TLS = {'organization-name': 'T', 'report-id': 't1',
       'date-range': {'start-datetime': '2026-11-01T00:00:00Z',
                      'end-datetime': '2026-11-01T23:59:59Z'},
       'policies': [{'policy': {'policy-type': 'sts',
                                'policy-domain': 'd.example'},
                     'summary': {'total-successful-session-count': 5,
                                 'total-failure-session-count': 2}}]}


def found(out):
    return [(x['org'], x['domain'], x['messages'], x['dmarc_pass'])
            if x['type'] == 'aggregate' else x['type']
            for x in out['reports']]


def is_warned(out):
    return bool(out['warnings'] or out['error'] or out['duplicates'] or
                any(x['warnings'] for x in out['reports']))


def read(data):
    status, out, err = proc.run_json(
        READ + [proc.write(os.path.join(TOP, 'input'), data)])
    if out is None:
        tap.diag(err)
        out = {'reports': [], 'warnings': [], 'error': None, 'duplicates': 0}
    return status, out


def check(kind, forms, want, status=0, warned=None):
    """forms: {name: data}; each is in turn."""
    for name, data in forms.items():
        data = data.encode() if isinstance(data, str) else data
        got, out = read(data)
        tap.is_((got, found(out)), (status, want), '%s: %s' % (kind, name),
                json.dumps(out))
        if warned is not None:
            tap.is_(is_warned(out), warned, '%s: %s: a warning' % (kind, name),
                    json.dumps(out))


def head(encoding):
    return '<?xml version="1.0" encoding="%s"?>\n' % encoding


def changed(*pairs):
    text = TEXT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


# -- XML -----------------------------------------------------------------------

def encodings():
    """What is said of the encoding, and what it is."""
    check('encoding', {
        'UTF-16 is declared, UTF-8 it is': head('utf-16') + BODY,
        'the same, with a mark': b'\xef\xbb\xbf' +
                                 (head('utf-16') + BODY).encode(),
        'UTF-8 is declared, UTF-16 it is':
            (head('utf-8') + BODY).encode('utf-16'),
        'UTF-16 without a mark': (head('utf-16') + BODY).encode('utf-16-le'),
        'UTF-16, nothing declared': BODY.encode('utf-16'),
        'US-ASCII': head('us-ascii') + BODY,
        'ISO-8859-15': (head('ISO-8859-15') + BODY).encode('iso-8859-15'),
        'koi8-r': (head('koi8-r') + BODY).encode('koi8-r'),
        'Shift_JIS': (head('Shift_JIS') + BODY).encode('shift_jis'),
        'GB2312': (head('gb2312') + BODY).encode('gb2312'),
        'an empty one': head('') + BODY,
        'XML 1.1': TEXT.replace('1.0', '1.1', 1),
        'single quotes': TEXT.replace('"', "'"),
        'standalone': '<?xml version="1.0" standalone="yes"?>' + BODY,
        'ISO-8859-1 is declared, with a mark of UTF-8':
            b'\xef\xbb\xbf' + (head('ISO-8859-1') + BODY).encode(),
        'two marks': b'\xef\xbb\xbf\xef\xbb\xbf' + PLAIN,
        'a mark and white space': b'\xef\xbb\xbf\r\n ' + PLAIN,
        'lines of old Mac OS': TEXT.replace('\n', '\r'),
        'CRLF': TEXT.replace('><', '>\r\n<'),
        'lines and a tab first': '\n\n\t' + TEXT,
        'US-ASCII is declared, UTF-8 it is':
            (head('us-ascii') + BODY.replace('a@rx', '\u00e4@rx')).encode(),
    }, [USUAL])
    check('encoding', {
        'UTF-8 is declared, ISO-8859-1 it is':
            (head('utf-8') + BODY.replace('a@rx', '\u00e4@rx')).encode(
                'latin-1'),
        'an unknown one': head('x-nothing') + BODY,
        'zeros behind it': PLAIN + bytes(600),
    }, [USUAL], warned=True)


def silence():
    """libxml2 prints nothing by itself."""
    text = TEXT.replace('>Rx<', '>R\ud96d x<').encode('utf-16',
                                                     'surrogatepass')
    path = proc.write(os.path.join(TOP, 'input'), text)
    for args in ([], ['--quiet']):
        _, _, err = proc.run(READ[:3] + args + [path])
        tap.is_([x for x in err.splitlines()
                 if not x.startswith('mailseal report: ')], [],
                'half a character of UTF-16 %s' % ' '.join(args))


def elements():
    """Names, places and namespaces."""
    ns1 = 'xmlns="http://dmarc.org/dmarc-xml/0.1"'
    schema = ('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
              'xsi:noNamespaceSchemaLocation="rua.xsd"')
    check('elements', {
        'a schema': changed(('<feedback>', '<feedback %s>' % schema)),
        'another namespace for records': changed(
            ('<record>', '<record %s>' % ns1)),
        'no namespace for records': r.usual(ns=r.NS).replace(
            '<record>', '<record xmlns="">'),
        'a trailing slash': r.usual(ns='http://dmarc.org/dmarc-xml/0.1/'),
        'a style sheet': TEXT.replace(
            '?>', '?><?xml-stylesheet href="file:///etc/passwd"?>', 1),
        'RFC 9990': r.usual(ns=r.NS).replace(
            '<p>none</p>', '<discovery_method>treewalk</discovery_method>'
            '<p>reject</p><np>reject</np><testing>y</testing>').replace(
                '</date_range>', '</date_range><generator>x/1</generator>'
                '<error lang="en">two records</error>').replace(
                    '</policy_published>', '</policy_published><extension>'
                    '<e:x xmlns:e="urn:e"><e:count>9</e:count></e:x>'
                    '</extension>'),
        'an extension that says the same': r.usual(ns=r.NS).replace(
            '</record>', '<e:row xmlns:e="urn:e"><e:count>99</e:count>'
            '</e:row></record>'),
        'attributes': changed(('<count>', '<count unit="messages">'),
                              ('<domain>', '<domain lang="en">')),
        'an empty reason': changed(('</spf></policy_evaluated>',
                                    '</spf><reason/></policy_evaluated>')),
        'reasons with text': changed(
            ('</spf></policy_evaluated>', '</spf><reason>x<type>other</type>y'
             '</reason></policy_evaluated>')),
        'CDATA with markup': changed(
            ('<org_name>Rx', '<org_name><![CDATA[Rx]]><!-- y -->')),
        'p is repeated': changed(('<p>none</p>', '<p>none</p><p>reject</p>')),
        'no auth_results': r.aggregate([
            '<record><row><source_ip>192.0.2.1</source_ip><count>%d</count>'
            '<policy_evaluated><dkim>%s</dkim></policy_evaluated></row>'
            '</record>' % x for x in ((3, 'pass'), (1, 'fail'))]),
        'words with white space': changed(('pass<', '\n pass \n<')),
        'a trailing dot': changed(('header_from>d.example',
                                   'header_from>D.Example.')),
        'no p': changed(('<p>none</p>', '')),
        'no address of the reporter': changed(
            ('<email>a@rx.example</email>', '')),
        'a strange address': changed(('198.51.100.7', '::ffff:198.51.100.7')),
        'no address': changed(('<source_ip>198.51.100.7</source_ip>', '')),
        'a name for an address': changed(('198.51.100.7', 'mx.example')),
        'a count with zeros': changed(('<count>3', '<count>0003')),
        'a count with a sign': changed(('<count>3', '<count>+3')),
        'version 2': changed(('<feedback>', '<feedback><version>2.0'
                              '</version>')),
    }, [USUAL])
    check('elements', {
        'counts that are none': changed(('<count>1<', '<count>one<')),
        'a fraction': changed(('<count>1<', '<count>1.5<')),
        'a thousand': changed(('<count>1<', '<count>1,000<')),
        'minus one': changed(('<count>1<', '<count>-1<')),
        'more than 64 bits': changed(('<count>1<', '<count>%d<' % 2 ** 65)),
        'an empty count': changed(('<count>1<', '<count><')),
        'no count': changed(('<count>1</count>', '')),
        'a record without anything': TEXT.replace(
            '</feedback>', '<record/></feedback>').replace(
                '<count>1<', '<count>x<'),
    }, [('Rx', 'd.example', 3, 3)], warned=True)
    check('elements', {
        'no policy': TEXT.replace(TEXT[TEXT.index('<policy_p'):
                                       TEXT.index('<record>')], ''),
        'an empty policy': TEXT.replace(TEXT[TEXT.index('<policy_p'):
                                             TEXT.index('<record>')],
                                        '<policy_published/>'),
    }, [('Rx', '', 4, 3)], warned=True)
    check('elements', {
        'no metadata': TEXT.replace(TEXT[TEXT.index('<report_m'):
                                         TEXT.index('<policy_p')], ''),
    }, [('', 'd.example', 4, 3)], warned=True)


def periods():
    """Odd periods do no harm to any form."""
    for begin, end, warned in (
            (r.T0 * 1000, (r.T0 + r.DAY) * 1000, True),
            (0, 0, True), (r.T0, 2 ** 62, True), (0, 2 ** 63 - 1, True),
            (-5, r.T0, True), (r.T0, r.T0 + 8 * r.DAY, None),
            ('2026-11-01T00:00:00Z', r.T0, True), (2 ** 64, 1, True),
            ('', '', True)):
        text = r.usual(begin=begin, end=end).encode() if not isinstance(
            begin, str) else TEXT.replace(
                '<begin>%d' % r.T0, '<begin>' + begin).replace(
                    '<end>%d' % (r.T0 + r.DAY - 1), '<end>%s' % end).encode()
        check('period', {'%s to %s' % (begin, end): text}, [USUAL],
              warned=warned)
        page = os.path.join(TOP, 'page.html')
        status, out, err = proc.run(READ[:3] + ['--html', page, os.path.join(
            TOP, 'input')])
        tap.ok(status == 0 and os.path.getsize(page) < 200000,
               'a page of %s to %s' % (begin, end), err)


# -- archives and mail ---------------------------------------------------------

def sized(data):
    """A zip whose member has its size behind it."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = b''

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)
    out = Pipe()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        with z.open('x.xml', 'w') as member:
            member.write(data)
    return out.data


def archives():
    named = io.BytesIO()
    with gzip.GzipFile('r\u00e4port.xml', 'wb', fileobj=named, mtime=5) as f:
        f.write(PLAIN)
    commented = io.BytesIO(r.zipped([('x', PLAIN)]))
    with zipfile.ZipFile(commented, 'a') as z:
        z.comment = b'From the reporter, with PK\3\4 in it'
    check('archive', {
        'gzip with a name': named.getvalue(),
        'zip with sizes behind the data': sized(PLAIN),
        'zip with a comment': commented.getvalue(),
        'zip with a backslash': r.zipped([('a\\b.xml', PLAIN)]),
        'zip with a long name': r.zipped([('x' * 5000, PLAIN)]),
        'zip with the name of a page': r.zipped([('r.html', PLAIN)]),
        'a zip of mail with gzip': r.zipped([('m.eml', r.mail(
            [r.b64_part(GZ)]))]),
        'gzip of UTF-16': r.gz(TEXT.encode('utf-16')),
        'tar in zip': r.zipped([('t', r.tarred([('x', PLAIN)]))]),
        'gzip with the report and blanks': r.gz(PLAIN + b'\n' * 5000),
        'gzip in base64': base64.encodebytes(GZ),
        'zip in base64 with padding everywhere': b''.join(
            base64.b64encode(r.zipped([('x', PLAIN)])[i:i + 40]) + b'\r\n'
            for i in range(0, 2000, 40)),
    }, [USUAL])
    check('archive', {
        'gzip and line ends': GZ + b'\r\n\r\n',
        'a member that is empty': r.zipped([('a.xml', b''), ('b.xml', PLAIN)]),
    }, [USUAL], warned=True)
    check('archive', {
        'two reports in one zip': r.zipped([
            ('a', PLAIN), ('b', r.usual(rid='r2').encode())])}, [USUAL] * 2)


def uu(data, mode=b'644', name=b'r.xml.gz'):
    return b''.join([b'begin ' + mode + b' ' + name + b'\n'] + [
        binascii.b2a_uu(data[i:i + 45]) for i in range(0, len(data), 45)] +
                    [b'`\nend\n'])


def single(kind, data, encoding=b'base64', more=b''):
    return (b'From: a@b.example\nSubject: Report\nMIME-Version: 1.0\n' + more +
            (b'Content-Type: ' + kind + b'\n' if kind else b'') +
            b'Content-Transfer-Encoding: ' + encoding + b'\n\n' + data)


def mails():
    b64 = base64.encodebytes(GZ)
    inner = r.mail([r.text_part(b'note'), r.b64_part(GZ)])
    crlf = b'\r\n'.join(inner.split(b'\n'))
    check('mail', {
        'an empty line first': b'\n' + inner,
        'CRLF and empty lines first': b'\r\n\r\n' + crlf,
        'a mark first': b'\xef\xbb\xbf' + inner,
        'no MIME-Version': inner.replace(b'MIME-Version: 1.0\n', b''),
        'no type, no encoding, XML': b'From: a@b.example\nSubject: x\n\n' +
                                     PLAIN,
        'application/x-gzip': single(b'application/x-gzip', b64),
        'a type of one word': single(b'gzip', b64),
        'an empty type': single(b'', b64),
        'application/x-zip-compressed': single(
            b'application/x-zip-compressed',
            base64.encodebytes(r.zipped([('x', PLAIN)]))),
        'text/html': single(b'text/html; charset=utf-8', b64),
        'image/png': single(b'image/png', b64),
        'base64 that is not declared': single(b'application/gzip', b64,
                                              b'7bit'),
        'the same, plain text': b'From: a@b.example\nSubject: x\n\n' + b64,
        'base64 in base64': single(b'application/zip',
                                   base64.encodebytes(b64)),
        'XML in base64 in base64': single(
            b'text/xml', base64.encodebytes(base64.encodebytes(PLAIN))),
        'the encoding in capitals': single(b'application/gzip', b64,
                                           b' BASE64 '),
        'the encoding with a comment': single(b'application/gzip', b64,
                                              b'base64 (RFC 2045)'),
        'base64 in one line': single(b'application/gzip',
                                     base64.b64encode(GZ)),
        'base64 without padding': single(
            b'application/gzip', base64.b64encode(GZ).rstrip(b'=') + b'\n'),
        'base64 with a note behind it': single(
            b'application/gzip', b64 + b'\n-- \nSent by a list\n'),
        'uuencode': single(b'application/gzip', uu(GZ), b'x-uuencode'),
        'uuencode in the text': b'From: a@b.example\nSubject: x\n\nHello,\n\n' +
                                uu(GZ),
        'a name of two languages': r.mail([
            b'Content-Type: application/gzip;\n name*=utf-8\'\'r%C3%A4.xml.gz\n'
            b'Content-Disposition: attachment; filename="=?utf-8?q?r=C3?="\n'
            b'Content-Transfer-Encoding: base64\n\n' + b64]),
        'inline': r.mail([
            b'Content-Type: application/gzip\nContent-Disposition: inline\n'
            b'Content-Transfer-Encoding: base64\n\n' + b64]),
        'related in mixed': r.mail([
            b'Content-Type: multipart/related; boundary="cc"\n\n--cc\n' +
            r.text_part(b'<html>x</html>', 'text/html') + b'--cc\n' +
            r.b64_part(GZ) + b'--cc--\n']),
        'forwarded inline': r.mail([r.text_part(
            b'---------- Forwarded message ----------\nFrom: x\n'),
            r.b64_part(GZ)], subject='Fwd: Report'),
        'message/rfc822 in base64': r.mail([r.b64_part(
            inner, 'message/rfc822', 'f.eml')], boundary=b'dd'),
        'message/global': r.mail([r.text_part(inner, 'message/global')],
                                 boundary=b'dd'),
        'a digest': r.mail([b'\n' + inner], 'multipart/digest', b'dd'),
        'forwarded twice': r.mail([r.text_part(r.mail(
            [r.text_part(inner, 'message/rfc822')], boundary=b'dd'),
            'message/rfc822')], boundary=b'ee'),
        'a preamble and an epilogue': inner.replace(
            b'\n\n--bb', b'\n\nThis is MIME.\n--bb', 1) + b'Bye.\n',
        'a boundary with white space behind it': inner.replace(
            b'--bb\n', b'--bb  \n'),
        'no boundary line at the end, CRLF': crlf[:-9],
        'a very long field': b'X-Long: ' + b'x' * 70000 + b'\n' + inner,
        'signed by S/MIME': r.mail([
            inner.partition(b'MIME-Version: 1.0\n')[2], r.b64_part(
                b'0\x80', 'application/pkcs7-signature', 'smime.p7s')],
            'multipart/signed; protocol="application/pkcs7-signature"; '
            'micalg=sha-256', b'ss'),
        'of Apple Mail': b'%d\n' % len(inner) + inner +
                         b'<?xml version="1.0"?>\n<!DOCTYPE plist><plist/>\n',
    }, [USUAL])
    check('mail', {
        'a bounce': r.mail([
            r.text_part(b'It could not be delivered.'),
            r.text_part(b'Final-Recipient: rfc822; x@y.example\n',
                        'message/delivery-status'),
            r.text_part(inner, 'message/rfc822')],
            'multipart/report; report-type=delivery-status', b'dd'),
        'an answer': r.mail([r.text_part(b'I am away. ' * 50)]),
        'winmail.dat': r.mail([r.b64_part(
            b'\x78\x9f\x3e\x22' + bytes(99), 'application/ms-tnef',
            'winmail.dat')]),
        'encrypted': single(b'application/pkcs7-mime; smime-type='
                            b'enveloped-data', base64.encodebytes(
                                b'0\x82\x01\x00' + bytes(256))),
        'a file of Outlook': b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(900),
    }, [], 1, True)


def wrong_encodings():
    """What is said of the encoding of a part, and what it is."""
    tricky = changed(('a@rx.example', 'a@rx.example?x=AB=3D&amp;y=41')).encode()
    qp = quopri.encodestring(tricky)
    packed = gzip.compress(tricky, 0, mtime=0)
    forms = {}
    for name, data in (('XML', tricky), ('gzip', packed),
                       ('zip', r.zipped([('x', PLAIN)])),
                       ('bzip2', r.bz(PLAIN))):
        for said in (b'base64', b'quoted-printable', b'7bit', b'binary'):
            forms['%s said to be %s' % (name, said.decode())] = single(
                b'application/octet-stream', data, said)
    for said in (b'7bit', b'8bit', b'binary', b'x-unknown'):
        forms['quoted-printable said to be ' + said.decode()] = single(
            b'text/xml', qp, said)
    forms['quoted-printable, a namespace, nothing said'] = (
        b'From: a@b.example\nSubject: x\n\n' + quopri.encodestring(
            r.usual(ns=r.NS, head='').encode()))
    forms['XML in a part said to be base64'] = r.mail([
        r.text_part(b'note'),
        b'Content-Type: text/xml\nContent-Transfer-Encoding: base64\n\n' +
        PLAIN + b'\n'])
    check('wrong encoding', forms, [USUAL], warned=False)
    check('encoding that is right', {
        'quoted-printable': single(b'text/xml', qp, b'quoted-printable'),
        'base64 of XML': single(b'text/xml', base64.encodebytes(tricky)),
        'base64 with empty lines before it': single(
            b'application/gzip', b'\n\n' + base64.encodebytes(packed)),
    }, [USUAL], warned=False)


def smime():
    """Signed mail, of which the signature is around the rest."""
    key, cert = (os.path.join(TOP, n) for n in ('key', 'cert'))
    status, _, err = proc.run([
        'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=a@rx.example',
        '-keyout', key, '-out', cert])
    tap.is_(status, 0, 'a certificate', err)
    entity = r.mail([r.text_part(b'note'), r.b64_part(GZ)]).partition(
        b'MIME-Version: 1.0\n')[2]
    forms = {}
    for name, more in (('signed', ['-nodetach']),
                       ('signed, in pieces', ['-nodetach', '-stream']),
                       ('signed beside it', [])):
        status, mail, err = proc.run(
            ['openssl', 'cms', '-sign', '-signer', cert, '-inkey', key,
             '-outform', 'SMIME', '-from', 'a@rx.example', '-subject', 'x',
             '-binary'] + more, entity)
        tap.is_(status, 0, name, err)
        forms[name] = mail
    forms['signed, in a forward'] = r.mail([r.text_part(
        forms['signed'], 'message/rfc822')], boundary=b'dd')
    forms['signed twice'] = proc.run(
        ['openssl', 'cms', '-sign', '-signer', cert, '-inkey', key,
         '-outform', 'SMIME', '-nodetach', '-binary'], forms['signed'])[1]
    check('S/MIME', forms, [USUAL])
    cut = forms['signed']
    check('S/MIME', {'cut off': cut[:len(cut) // 2]}, [], 1, True)


def mailboxes():
    mail = r.mail([r.b64_part(GZ)])
    other = r.mail([r.b64_part(r.gz(r.usual(rid='r2').encode()))])
    line = b'From rx@rx.example Sun Nov  1 03:00:00 2026\n'
    check('mbox', {
        'an empty line first': b'\n' + line + mail + b'\n' + line + other,
        'CRLF': (line + mail + b'\n' + line + other).replace(b'\n', b'\r\n'),
        'no empty line between': line + mail + line + other,
        'Content-Length': line + b'Content-Length: %d\n' % 5 + mail + b'\n' +
                          line + other,
        'uuencode in the first mail': line + b'Subject: x\n\n' + uu(GZ) +
                                      b'\n' + line + other,
        'many empty lines': line + mail + b'\n' * 9 + line + other + b'\n' * 9,
        'a zone': b'From a@b Sun Nov  1 03:00:00 +0100 2026\n' + mail +
                  b'\nFrom a@b Sun Nov  1 03:00:00 2026 CET\n' + other,
        'no date': b'From MAILER-DAEMON\n' + mail + b'\nFrom x\n' + other,
        'packed': r.gz(line + mail + b'\n' + line + other),
    }, [USUAL] * 2)


# -- other reports -------------------------------------------------------------

def tls():
    def form(**args):
        return json.dumps(dict(TLS, **args)).encode()
    one = TLS['policies'][0]
    check('TLS', {
        'white space first': b'\n\n ' + form(),
        'zip': r.zipped([('t.json', form())]),
        'mail, gzip in octet-stream': r.mail([r.b64_part(
            r.gz(form()), 'application/octet-stream')]),
        'mail, JSON as the note': r.mail([r.text_part(form())]),
        'mail, JSON and an aggregate name': r.mail([r.b64_part(
            form(), 'application/gzip')]),
        'policies is one': form(policies=one),
        'many members': form(extra={'a': [1, {'b': None}]}),
    }, ['tls'])
    check('TLS', {
        'line ends behind it': form() + b'\r\n\r\n',
        'no policy in it': form(policies=[{}]),
        'null': form(policies=[None]),
        'negative': form(policies=[dict(one, summary={
            'total-successful-session-count': -1})]),
        'a number for a name': form(**{'organization-name': 5}),
    }, ['tls'])


def tls_times():
    """A period that is no time of the calendar is not another one."""
    for text, want in (
            ('2026-11-01T02:00:00+02:00', r.T0),
            ('2026-11-01T02:00:00+0200', r.T0),
            ('2026-10-31T18:29:59.999-05:30', r.T0 - 1),
            ('2026-10-31T18:30:00-0530', r.T0),
            ('2026-11-01T00:00:00', r.T0), ('2026-11-01 00:00:00', r.T0),
            ('2026-10-31T23:59:60Z', r.T0),
            ('2024-02-29T00:00:00Z', 1709164800),
            ('2026-02-29T00:00:00Z', None), ('2026-11-31T00:00:00Z', None),
            ('2026-13-01T00:00:00Z', None), ('2026-00-01T00:00:00Z', None),
            ('2026-11-00T00:00:00Z', None), ('2026-11-01T24:00:00Z', None),
            ('2026-11-01T00:60:00Z', None), ('2026-11-01T00:00:61Z', None),
            ('2026-11-01T00:00:00+1', None), ('2026-11-01T00:00:00+', None),
            ('2026-11-01T00:00:00+24:00', None),
            ('2026-11-01T00:00:00+01:60', None),
            ('2026-11-01', None), ('', None)):
        status, out = read(json.dumps(dict(TLS, **{'date-range': {
            'start-datetime': text,
            'end-datetime': '2026-11-01T23:59:59Z'}})).encode())
        found = [(x['begin'], x['end'], bool(x['warnings']))
                 for x in out['reports']]
        tap.is_((status, found), (0, [(want, r.T0 + r.DAY - 1,
                                       want is None)]),
                'TLS: begins at ' + (text or 'nothing'))


def copies():
    """Of a damaged copy and a whole one, the whole one counts."""
    whole = r.aggregate([r.passing('192.0.2.%d' % i, 2) for i in range(1, 9)])
    cut = whole[:whole.rindex('<record>') - 9]
    less = whole[:whole.index('<record>', len(whole) // 2) + 200]
    other = r.usual(rid='r2')
    n = {x: read(x.encode())[1]['domains'][0]['messages']
         for x in (whole, cut, less)}
    tap.is_((n[whole], n[cut], n[less] < n[cut]), (16, 12, True), 'what is left',
            n)
    for name, texts, want in (
            ('cut, whole', [cut, whole], 16),
            ('whole, cut', [whole, cut], 16),
            ('cut, whole, whole', [cut, whole, whole], 16),
            ('two cut, whole', [less, cut, other, whole], 20),
            ('cut twice', [cut, cut], 12), ('both cut', [cut, less], 12),
            ('cut alone and another', [cut, other], 16)):
        for form, data in (
                ('mbox', r.mbox([r.mail([r.text_part(x.encode(), 'text/xml')])
                                 for x in texts])),
                ('zip', r.zipped([('%d' % i, x.encode())
                                  for i, x in enumerate(texts)]))):
            status, out = read(data)
            tap.is_((status, [d['messages'] for d in out['domains']],
                     out['duplicates'], len(out['reports'])),
                    (0, [want], len(texts) - len(set(
                        'r2' in x for x in texts)), len(texts)),
                    'copies in %s: %s' % (form, name), json.dumps(out))


BROKEN = '<feedback><a></b></feedback>\n'


def strung():
    """Reports behind one another, as cat and zcat write them."""
    some = [r.usual(rid='r%d' % i, ns=r.NS if i % 2 else None)
            for i in range(9)]
    utf8 = [x.encode() for x in some]
    bare = [x.partition('\n')[2] for x in some]
    latin = [r.usual(rid='r%d' % i, org='Rx', head=head('ISO-8859-1'))
             .replace('a@rx', '\u00e4@rx').encode('latin-1') for i in range(9)]
    ends = [x + '<!-- the end -->\n<?end?>\n' for x in some]
    check('strung together', {
        'as they are': ''.join(some), 'with lines between': '\n\n'.join(some),
        'without declarations': ''.join(bare),
        'a mark before each': b''.join(b'\xef\xbb\xbf' + x for x in utf8),
        'CRLF between': '\r\n'.join(some) + '\r\n',
        'gzip each': b''.join(r.gz(x) for x in utf8),
        'gzip of all': r.gz(b''.join(utf8)),
        'in a zip': r.zipped([('x', b''.join(utf8))]),
        'in mail': r.mail([r.text_part(b''.join(utf8), 'text/xml')]),
        'ISO-8859-1': b''.join(latin),
        'encodings in turn': b''.join(
            latin[i] if i % 2 else utf8[i] for i in range(9)),
    }, [USUAL] * 9, warned=False)
    check('strung together', {
        'the last one is cut off': ''.join(some)[:-300]},
          [USUAL] * 8 + [('Rx', 'd.example', 3, 3)], warned=True)
    check('strung together', {
        'text behind them': ''.join(some) + 'Thank you.\n',
        'a page behind them': ''.join(some) + '<html></html>',
        'other XML behind them': ''.join(some) + head('utf-8') + '<rss/>\n',
        'the start of one': ''.join(some) + '<feedba',
        'more of one': ''.join(some) + bare[0][:100],
        'a broken one before them': BROKEN + ''.join(some),
        'broken ones before and behind them': BROKEN + ''.join(some) + BROKEN,
    }, [USUAL] * 9, warned=True)
    check('strung together', {'broken ones alone': BROKEN * 3}, [], 1, True)
    check('strung together', {'comments between': ''.join(ends)}, [USUAL] * 9)
    check('strung together', {'a comment behind one': ends[0]}, [USUAL],
          warned=False)
    check('strung together', {'too many': '<feedback/>' * 1200}, [], 1, True)
    for size in (65536, 131072):
        # The end of the first is everywhere about the end of a block.
        wrong = []
        for n in range(size - 20, size + 300, 13):
            text = some[0].replace('<record>', ' ' * (n - len(some[0])) +
                                   '<record>', 1)
            status, out = read((text + some[1]).encode())
            if (status, found(out), is_warned(out)) != (0, [USUAL] * 2,
                                                        False):
                wrong.append(n)
        tap.is_(wrong, [], 'strung together: blocks of %d octets' % size)


def failures():
    fields = (b'User-Agent: x/1\nVersion: 1\nAuth-Failure: dmarc\n'
              b'Source-IP: 192.0.2.1\nReported-Domain: d.example\n'
              b'Identity-Alignment: none\n')
    usual = r.failure(fields)
    check('failure', {
        'empty lines before the fields': r.failure(fields).replace(
            b'Feedback-Type', b'\n\nFeedback-Type', 1),
        'quoted-printable': usual.replace(
            b'message/feedback-report\n', b'message/feedback-report\n'
            b'Content-Transfer-Encoding: quoted-printable\n'),
        'message/rfc822 with an aggregate report': r.failure(
            fields, r.mail([r.b64_part(GZ)], boundary=b'zz'),
            'message/rfc822'),
        'report-type is absent': usual.replace(
            b'; report-type=feedback-report', b''),
        'CRLF': usual.replace(b'\n', b'\r\n'),
        'a mark': usual.replace(b'Feedback-Type',
                                b'\xef\xbb\xbfFeedback-Type', 1),
        'in a forward': r.mail([r.text_part(usual, 'message/rfc822')],
                               boundary=b'dd'),
    }, ['failure'])
    mailbox = r.mbox([usual, r.mail([r.b64_part(GZ)]), r.mail([r.b64_part(
        r.gz(json.dumps(TLS).encode()), 'application/tlsrpt+gzip')]),
        r.mail([r.text_part(b'Hello')]), r.mail([r.b64_part(GZ)])])
    status, out = read(mailbox)
    tap.is_((status, found(out), out['duplicates'], out['unread']),
            (0, ['failure', USUAL, 'tls', USUAL], 1, 1),
            'a mailbox of all kinds')


def main():
    for test in (encodings, silence, elements, periods, archives, mails,
                 wrong_encodings, smime, mailboxes, tls, tls_times, copies,
                 strung, failures):
        test()


tap.main(main)
