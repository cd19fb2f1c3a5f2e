# SPDX-License-Identifier: BSD-2-Clause
"""reports: builds report files of all kinds for the tests of the reader."""
import base64
import bz2
import gzip
import io
import lzma
import tarfile
import xml.sax.saxutils
import zipfile

DAY = 86400
T0 = 1793491200         # 2026-11-01
NS = 'urn:ietf:params:xml:ns:dmarc-2.0'


def esc(text):
    return xml.sax.saxutils.escape(text)


def record(ip='192.0.2.1', count=1, disposition='none', dkim='fail',
           spf='fail', reasons=(), header_from='d.example', sigs=(),
           spfs=(('d.example', 'fail'),)):
    """sigs: (domain, selector, result); reasons: types."""
    return ''.join(
        ['<record><row><source_ip>%s</source_ip><count>%s</count>'
         '<policy_evaluated><disposition>%s</disposition><dkim>%s</dkim>'
         '<spf>%s</spf>' % (esc(ip), count, disposition, dkim, spf)] +
        ['<reason><type>%s</type></reason>' % esc(r) for r in reasons] +
        ['</policy_evaluated></row><identifiers><header_from>%s'
         '</header_from></identifiers><auth_results>' % esc(header_from)] +
        ['<dkim><domain>%s</domain><selector>%s</selector><result>%s'
         '</result></dkim>' % tuple(map(esc, s)) for s in sigs] +
        ['<spf><domain>%s</domain><result>%s</result></spf>' %
         tuple(map(esc, s)) for s in spfs] +
        ['</auth_results></record>'])


def passing(ip='192.0.2.1', count=1, domain='d.example', selector='s1'):
    return record(ip, count, dkim='pass', spf='pass', header_from=domain,
                  sigs=[(domain, selector, 'pass')], spfs=[(domain, 'pass')])


def aggregate(records, org='Rx', rid='r1', domain='d.example', begin=T0,
              end=None, p='none', ns=None, head='<?xml version="1.0"?>\n'):
    """A report as text."""
    end = begin + DAY - 1 if end is None else end
    return ('%s<feedback%s><report_metadata><org_name>%s</org_name><email>'
            'a@rx.example</email><report_id>%s</report_id><date_range><begin>'
            '%s</begin><end>%s</end></date_range></report_metadata>'
            '<policy_published><domain>%s</domain><p>%s</p>'
            '</policy_published>%s</feedback>' % (
                head, ' xmlns="%s"' % ns if ns else '', esc(org), esc(rid),
                begin, end, esc(domain), p, ''.join(records)))


def usual(**args):
    """Three messages that pass and one that fails."""
    return aggregate([passing(count=3), record('198.51.100.7')], **args)


def gz(data):
    return gzip.compress(data, mtime=0)


def zipped(members, how=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', how) as z:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            z.writestr(info, data)
    return out.getvalue()


def tarred(members, mode='w'):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def bz(data):
    return bz2.compress(data)


def xz(data):
    return lzma.compress(data)


def b64_part(data, kind='application/gzip', name='r.xml.gz'):
    return (b'Content-Type: ' + kind.encode() + (
        b'; name="' + name.encode() + b'"' if name else b'') +
        b'\nContent-Transfer-Encoding: base64\n\n' +
        base64.encodebytes(data))


def text_part(text, kind='text/plain'):
    return b'Content-Type: ' + kind.encode() + b'\n\n' + text + b'\n'


def mail(parts, kind='multipart/mixed', boundary=b'bb', subject='Report'):
    return (b'From: dmarc@rx.example\nTo: rua@d.example\nSubject: ' +
            subject.encode() + b'\nMIME-Version: 1.0\nContent-Type: ' +
            kind.encode() + b'; boundary="' + boundary + b'"\n\n' +
            b''.join(b'--' + boundary + b'\n' + p for p in parts) +
            b'--' + boundary + b'--\n')


def mbox(messages, line=b'From x@rx.example Fri Nov 27 03:00:00 2026\n'):
    return b'\n'.join(line + m.replace(b'\nFrom ', b'\n>From ')
                      for m in messages)


def failure(fields, about=b'From: a@d.example\nSubject: hi\n',
            about_kind='text/rfc822-headers', kind='auth-failure'):
    head = b'Feedback-Type: ' + kind.encode() + b'\n' if kind else b''
    return mail([text_part(b'A note.'),
                 text_part(head + fields, 'message/feedback-report'),
                 text_part(about, about_kind)],
                'multipart/report; report-type=feedback-report')
