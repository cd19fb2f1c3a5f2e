# SPDX-License-Identifier: BSD-2-Clause
"""Failure reports (RFC 9991): a message that fails is given to mailseald, and
mailseal report send writes what Python's mail parser and mailseal report read
take apart. Who gets one and who does not, how often, and what of a message is
in it.
"""
import email
import email.policy
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import peers  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import report_store as rs  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

FROM = 'dmarc@rx.example'
IP = '203.0.113.7'
TOKEN = '[0-9a-f]{24}'
MESSAGE = b'''From: "Alice A." <alice@d.example>\r
To: Bob <bob@rx.example>\r
Subject: for alice@d.example: http://w.example/\r
Date: Thu, 05 May 2005 11:59:09 -0700\r
Message-ID: <17@mail.d.example>\r
\r
the secret body\r
'''
RECORDS = {
    '_dmarc.d.example': 'v=DMARC1; p=none; fo=1; '
                        'ruf=mailto:ruf@d.example,mailto:x@yes.example,'
                        'mailto:x@no.example,mailto:x@rua.example,'
                        'https://d.example/',
    'd.example': 'v=spf1 ip4:192.0.2.1 -all',
    'd.example._report._dmarc.yes.example':
        'v=DMARC1; ruf=mailto:real@yes.example',
    # Another address for the other kind of report does not count.
    'd.example._report._dmarc.rua.example':
        'v=DMARC1; rua=mailto:a@rua.example',
    '_dmarc.e.example': 'v=DMARC1; p=none; ruf=mailto:ruf@e.example',
    '_dmarc.psd.example': 'v=DMARC1; p=none; psd=y; '
                          'ruf=mailto:ruf@psd.example'}


class Host:
    """A host that gets mail and owes failure reports."""

    keys = None

    def __init__(self, store=None, **options):
        self.top = proc.folder()
        if Host.keys is None:
            Host.keys_top = proc.folder()
            Host.keys = {k.selector: k for k in peers.keys(Host.keys_top)}
        key = Host.keys['r2']
        self.zone = proc.write(os.path.join(self.top, 'zone'), zone.text(dict(
            RECORDS, **{'r2._domainkey.rx.example': key.record,
                        '_dmarc.rx.example': 'v=DMARC1; p=reject'})))
        self.store = store or rs.Store(os.path.join(self.top, 'reports.db'))
        self.options = {
            'AuthservID': 'mx.rx.example', 'Domain': 'rx.example',
            'Selector': 'r2', 'KeyFile': key.path, 'ReportFrom': FROM,
            'ReportStore': self.store.where, 'Zone': self.zone,
            'FailureReports': 'yes'}
        self.options.update(options)
        self.daemon = seald.Seald(self.top, self.options)
        self.n = 0

    def take(self, text=MESSAGE, ip=IP, sender='alice@d.example'):
        status, out, err = proc.run(
            [tree.MAILSEAL, 'try', '--milter', self.daemon.socket, '--ip', ip,
             '--helo', 'mail.d.example', '--mail-from', sender, '--rcpt',
             'bob@rx.example', '--json'], text)
        if status not in (0, 1):
            raise RuntimeError(err + out.decode())

    def kept(self, n):
        """Waits for so many messages."""
        proc.wait_for(lambda: (self.store.rows(
            'SELECT sum(incidents) AS n FROM mailseal_report_failure')[0]['n']
            or 0) >= n, '%d messages in the store' % n)

    def send(self, *args, now=None):
        """(exit status, JSON, standard error, mails)"""
        self.n += 1
        out = os.path.join(self.top, 'out%d' % self.n)
        os.mkdir(out)
        argv = [tree.MAILSEAL, 'report', 'send', '-c', self.daemon.conf,
                '--json', '--out', out]
        if now is not None:
            argv += ['--now', str(now)]
        status, text, err = proc.run(argv + list(args))
        mails = []
        for name in sorted(os.listdir(out)):
            with open(os.path.join(out, name), 'rb') as f:
                mails.append(f.read())
        self.out = out
        try:
            return status, json.loads(text), err, mails
        except ValueError:
            return status, None, err, mails

    def stop(self):
        tap.is_(self.daemon.stop(), 0, 'the daemon ends well',
                self.daemon.log_text()[-2000:])


class Report:
    """A failure report, taken apart by Python."""

    def __init__(self, data):
        self.data = data
        self.message = email.message_from_bytes(
            data, policy=email.policy.default)
        self.parts = self.message.get_payload()
        self.to = self.message['To']
        # A message/... part is a message within the part.
        self.feedback = self.parts[1].get_payload()[0]
        self.header = email.message_from_string(
            self.parts[2].get_payload(), policy=email.policy.compat32)

    def fields(self):
        return {k: ' '.join(v.split()) for k, v in self.feedback.items()}


def notes(report):
    return {a['address']: (a['state'], a['note'])
            for a in report['addresses']}


def one_report():
    h = Host()
    h.take()
    h.kept(1)
    status, out, err, mails = h.send()
    tap.is_((status, err, len(out['failures'])), (0, '', 1), 'one report',
            out)
    f = out['failures'][0]
    tap.is_((f['domain'], f['source'], f['incidents'], f['state']),
            ('d.example', IP, 1, 'sent'), 'its JSON')
    refused = ('no', 'not authorised by the host')
    tap.is_(notes(f), {
        'ruf@d.example': ('sent', None), 'real@yes.example': ('sent', None),
        'x@no.example': refused, 'x@rua.example': ('sent', None)},
        'its addresses')
    reports = {r.to: r for r in map(Report, mails)}
    r = reports['ruf@d.example']
    m = r.message
    tap.is_((m.get_content_type(), m.get_param('report-type'),
             len(r.parts), m.defects),
            ('multipart/report', 'feedback-report', 3, []), 'its type')
    tap.is_([p.get_content_type() for p in r.parts],
            ['text/plain', 'message/feedback-report', 'text/rfc822-headers'],
            'its parts')
    tap.is_((m['From'], m['Auto-Submitted'], m['MIME-Version']),
            (FROM, 'auto-generated', '1.0'), 'its fields')
    fields = r.fields()
    tap.ok(re.fullmatch('<%s@d.example>' % TOKEN,
                        fields.pop('Original-Mail-From')),
           'Original-Mail-From')
    tap.ok(abs(time.time() - email.utils.parsedate_to_datetime(
        fields.pop('Arrival-Date')).timestamp()) < 3600, 'Arrival-Date')
    tap.ok(fields.pop('User-Agent').startswith('mailseal/'), 'User-Agent')
    tap.is_(fields, {
        'Feedback-Type': 'auth-failure', 'Version': '1',
        'Reporting-MTA': 'dns; rx.example', 'Auth-Failure': 'dmarc',
        'Authentication-Results':
            'mx.rx.example; dmarc=fail header.from=d.example; spf=fail '
            'smtp.mailfrom=d.example; dkim=none',
        'Identity-Alignment': 'dkim, spf', 'Delivery-Result': 'delivered',
        'Source-IP': IP, 'Reported-Domain': 'd.example',
        'SPF-DNS': 'txt : d.example : "v=spf1 ip4:192.0.2.1 -all"',
        'Incidents': '1'}, 'the feedback')
    tap.is_(sorted(r.header.keys()),
            ['Date', 'From', 'Message-ID', 'Subject'], 'the header')
    tap.ok(re.fullmatch('for %s@d.example: hxxp://w.example/' % TOKEN,
                        r.header['Subject']), 'the subject',
           r.header['Subject'])
    tap.ok(re.fullmatch('%s@d.example' % TOKEN, r.header['From']),
           'the author', r.header['From'])
    for word in (b'alice', b'Alice', b'bob', b'Bob', b'secret body',
                 b'http:'):
        tap.ok(word not in r.data, 'nothing has ' + word.decode())
    _, verdict, err = proc.run_json(
        [tree.MAILSEAL, 'verify', '--json', '--no-config', '--zone', h.zone],
        r.data)
    tap.is_((verdict['dkim'][0]['result'], verdict['dmarc']['result']),
            ('pass', 'pass'), 'it is signed', err)
    _, back, err = proc.run_json([tree.MAILSEAL, 'report', 'read', '--json',
                                  h.out])
    got = back['reports'][0]
    tap.is_({k: got[k] for k in (
        'type', 'feedback_type', 'auth_failure', 'identity_alignment',
        'source_ip', 'reported_domain', 'incidents', 'warnings')},
        {'type': 'failure', 'feedback_type': 'auth-failure',
         'auth_failure': 'dmarc', 'identity_alignment': 'dkim, spf',
         'source_ip': IP, 'reported_domain': 'd.example', 'incidents': '1',
         'warnings': []}, 'report read reads it back', err)
    tap.is_(h.store.rows("SELECT state, feedback || header AS text FROM "
                         "mailseal_report_failure"),
            [{'state': 'sent', 'text': ''}], 'its texts are gone')
    status, out, err, mails = h.send()
    tap.is_((status, out['failures'], mails), (0, [], []), 'sent once', err)
    # The report itself, from outside and unsigned, causes none.
    h.take(re.sub(b'(?s)^DKIM-Signature:.*?\n(?![ \t])', b'',
                  r.data.replace(FROM.encode(), b'a@d.example')),
           sender='a@d.example', ip='203.0.113.8')
    h.take(sender='', ip='203.0.113.9')
    h.take(MESSAGE.replace(b'd.example', b'psd.example'), ip='203.0.113.10',
           sender='a@psd.example')
    h.take(MESSAGE.replace(b'd.example', b'e.example'), ip='203.0.113.11',
           sender='a@e.example')
    h.kept(2)
    tap.is_(h.store.rows('SELECT domain, source FROM mailseal_report_failure '
                         'ORDER BY domain, source'),
            [{'domain': 'd.example', 'source': IP},
             {'domain': 'e.example', 'source': '203.0.113.11'}],
            'a report, an empty sender and psd=y cause none')
    h.stop()


def often(store=None, name='SQLite'):
    """A series is one report now and one in an hour."""
    # An hour that ends meanwhile begins another report.
    proc.wait_for(lambda: time.time() % 3600 < 3540, 'the next hour')
    h = Host(store, FailureReportsPerDay='3', FailureReportsPerSource='2')
    h.take(MESSAGE.replace(b'fo', b'FO'))
    h.kept(1)
    # The daemon keeps its limit; that of mails must not stop what follows.
    h.daemon.configure(FailureReportsPerDay='100')
    now = int(time.time())
    _, out, err, mails = h.send('--failures', now=now + 5)
    tap.is_([f['incidents'] for f in out['failures']], [1],
            name + ': the first message', err)
    for i in range(4):
        h.take()
    h.kept(5)
    _, out, _, _ = h.send('--failures', now=now + 10)
    tap.is_(out['failures'], [], name + ': no other in the same hour')
    _, out, err = proc.run_json(
        [tree.MAILSEAL, 'report', 'list', '--failures', '-c',
         h.daemon.conf, '--json'])
    tap.is_([(f['state'], f['incidents'], f['due'] > now)
             for f in out['failures']],
            [('sent', 1, False), ('open', 4, True)], name + ': list', err)
    _, out, _, mails = h.send('--failures', now=now + 3610)
    tap.is_([f['incidents'] for f in out['failures']], [4],
            name + ': those after it, together')
    tap.is_({Report(m).fields()['Incidents'] for m in mails}, {'4'},
            name + ': Incidents')
    h.stop()


def limits():
    h = Host(FailureReportsPerDomain='2', FailureReportsPerSource='1',
             FailureReportsPerDay='4')
    for i in range(4):
        h.take(ip='203.0.113.%d' % i)
    h.take(MESSAGE.replace(b'd.example', b'e.example'), ip='203.0.113.1',
           sender='a@e.example')
    h.take(MESSAGE.replace(b'd.example', b'e.example'), ip='203.0.113.9',
           sender='a@e.example')
    h.kept(3)
    tap.is_([(r['domain'], r['source']) for r in h.store.rows(
        'SELECT domain, source FROM mailseal_report_failure '
        'ORDER BY domain, source')],
        [('d.example', '203.0.113.0'), ('d.example', '203.0.113.1'),
         ('e.example', '203.0.113.9')],
        'the limits by domain and by source')
    status, out, err, mails = h.send('--failures')
    tap.ok(status == 1 and out['limit_reached'] and
           sum(f['state'] == 'sent' for f in out['failures']) == 2 and
           4 <= len(mails) <= 6,
           'FailureReportsPerDay counts mails: a report waits', [err, out])
    h.stop()


def again():
    """Killed after the handover: the same octets; a bounce suppresses."""
    h = Host()
    h.take()
    h.kept(1)
    h.store.script("UPDATE mailseal_report_failure SET report_id = NULL")
    _, _, _, mails = h.send('--failures')
    first = {Report(m).to: m for m in mails}
    tags = h.store.rows("SELECT address, tag FROM mailseal_report_delivery "
                        "WHERE state = 'done'")
    tap.is_({r['address'] for r in tags}, set(first), 'their deliveries')
    tag = [r['tag'] for r in tags if r['address'] == 'ruf@d.example'][0]
    status, _, err = proc.run(
        [tree.MAILSEAL, 'report', 'bounce', '-c', h.daemon.conf, tag],
        b'Content-Type: multipart/report; report-type=delivery-status;'
        b' boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status'
        b'\n\nReporting-MTA: dns; x.example\n\nAction: failed\n\n--b--\n')
    tap.is_((status, err), (0, ''), 'a bounce')
    h.take(ip='203.0.113.99')
    h.kept(2)
    _, out, _, mails = h.send('--failures')
    tap.is_(notes(out['failures'][0])['ruf@d.example'], ('no', 'suppressed'),
            'suppresses the address')
    h.stop()


def killed():
    h = Host()
    h.take()
    h.kept(1)
    # A transport that takes the mail and kills the sender.
    log = os.path.join(h.top, 'took')
    kill = proc.write(os.path.join(h.top, 'sendmail'), '#!/bin/sh\n'
                      'n=$(ls %s.* 2>/dev/null | wc -l)\ncat >%s.$n\n'
                      '[ $n -gt 0 ] || kill -9 $PPID\n' % (log, log), 0o755)
    h.daemon.configure(ReportTransport='sendmail:' + kill)
    argv = [tree.MAILSEAL, 'report', 'send', '-c', h.daemon.conf,
            '--failures', '--json']
    proc.run(argv)
    status, out, err = proc.run_json(argv)
    tap.is_(status, 0, 'the next run goes on', err)

    def read(n):
        with open('%s.%d' % (log, n), 'rb') as f:
            return f.read()
    tap.ok(read(0) == read(1), 'with the same octets')
    tap.is_([Report(read(i)).to for i in range(4)],
            ['ruf@d.example', 'ruf@d.example', 'real@yes.example',
             'x@rua.example'], 'and then the others')
    tap.ok(b'DKIM-Signature' not in read(1), 'the MTA has it signed')
    h.stop()


def hostile():
    """A message that wants to write the report."""
    text = (b'From: joe@d.example\r\n'
            b'Subject: \x1b[2J \xe2\x80\xae --report_x \x00 =?utf-8?q?a?= ' +
            b'x' * 5000 + b'\r\n\tDelivery-Result: reject\r\n'
            b'Message-ID: <a\r\n b>\r\n'
            b'DKIM-Signature: v=1; a=rsa-sha256; d=d.example; s=s;\r\n'
            b' i="x\x01 y"@d.example; h=from; z=Subject:secret;\r\n'
            b' bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=; b=YQ==\r\n' +
            b'X-Fill: ' + b'y' * 200000 + b'\r\n\r\n--report_x--\r\n')
    h = Host()
    h.take(text, sender='"a b\\"--"@d.example')
    h.kept(1)
    _, out, err, mails = h.send('--failures')
    tap.is_([f['state'] for f in out['failures']], ['sent'],
            'a hostile message is reported', err)
    for data in mails:
        r = Report(data)
        tap.ok(re.fullmatch(b'[ -~\t\n]*', data), 'in printable ASCII')
        tap.ok(max(map(len, data.split(b'\n'))) <= 998, 'in short lines')
        tap.is_((len(r.parts), r.message.defects,
                 r.feedback.get_all('Delivery-Result'), r.feedback.defects),
                (3, [], ['delivered'], []), 'with its own parts and fields')
        tap.ok(b'secret' not in data and len(data) < 20000, 'of its size')
    h.stop()


def usage():
    top = proc.folder()

    def check(text, want, *args):
        conf = proc.write(os.path.join(top, 'conf'), text, 0o600)
        status, _, err = proc.run([tree.MAILSEAL, 'report', 'send', '-c',
                                   conf] + list(args))
        tap.ok(status == 2 and want in err, want, err)
    check('Mode v\nFailureReports yes\n', 'FailureReports needs ReportFrom')
    check('Mode v\nReportFrom a@rx.example\nReportStore none\n'
          'FailureReports yes\n', 'FailureReports needs ReportFrom')
    store = rs.Store(os.path.join(top, 'reports.db'))
    check('Mode v\nReportFrom a@rx.example\nReportStore %s\n' % store.where,
          'FailureReports is not set', '--failures')
    h = Host(FailureReports='no')
    h.take()
    h.stop()
    tap.is_(h.store.rows('SELECT * FROM mailseal_report_failure'), [],
            'off by default: nothing is kept')


def on_postgres():
    why = postgres.unavailable()
    if why:
        tap.skip('PostgreSQL', why)
        return
    server = postgres.Postgres(os.path.join(proc.folder(), 'pg'))
    often(rs.Postgres(server), 'PostgreSQL')
    server.stop()


def main():
    for test in (one_report, often, limits, again, killed, hostile, usage,
                 on_postgres):
        test()


tap.main(main)
