# SPDX-License-Identifier: BSD-2-Clause
"""mailseal report send: what is sent to whom, in which form, how often; what
becomes of it if the sender is killed or not alone; and list, show, suppress
and bounce.
"""
import contextlib
import email
import email.policy
import gzip
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import manual  # noqa: E402
import peers  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import report_store as rs  # noqa: E402
import sink  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402
from report_store import policy, row  # noqa: E402

SEND = [tree.MAILSEAL, 'report', 'send']
DAY = rs.DAY
D0 = 1795651200             # 2026-11-26, 00:00 UTC
NOW = D0 + 5 * DAY + 1000
NS = '{urn:ietf:params:xml:ns:dmarc-2.0}'
FROM = 'dmarc@rx.example'


class Host:
    """A host that owes reports: keys, zone, configuration, store."""

    keys = None
    count = 0

    def __init__(self, records='', own='v=DMARC1; p=reject', store=None,
                 **options):
        Host.count += 1
        self.top = proc.folder()
        os.chmod(self.top, 0o777)
        if Host.keys is None:
            Host.keys_top = proc.folder()
            Host.keys = {k.selector: k for k in peers.keys(Host.keys_top)}
        key = Host.keys['r2']
        self.records = {
            'r2._domainkey.rx.example': key.record, '_dmarc.rx.example': own}
        self.extra = records
        self.zone = os.path.join(self.top, 'zone')
        self.write_zone()
        self.store = store or rs.Store(os.path.join(self.top, 'reports.db'))
        self.options = {
            'Domain': 'rx.example', 'Selector': 'r2', 'KeyFile': key.path,
            'KeyStore': 'none', 'ReportFrom': FROM, 'ReportOrg': 'Rx & Co',
            'ReportContact': 'https://rx.example/dmarc',
            'ReportStore': self.store.where, 'Zone': self.zone}
        self.options.update(options)
        self.conf = os.path.join(self.top, 'mailseald.conf')
        self.configure()
        self.out = os.path.join(self.top, 'out')
        os.mkdir(self.out)

    def write_zone(self, extra=None):
        self.extra = self.extra if extra is None else extra
        proc.write(self.zone, zone.text({
            k: v for k, v in self.records.items() if v}) + self.extra)

    def configure(self, **options):
        self.options.update(options)
        proc.write(self.conf, ''.join('%s %s\n' % (k, v) for k, v in
                                      self.options.items() if v), 0o600)

    def verb(self, verb, *args, now=NOW, env=None, data=b''):
        argv = [tree.MAILSEAL, 'report', verb, '-c', self.conf]
        if now is not None:
            argv += ['--now', str(now)]
        return proc.run(argv + list(args), data, env=env)

    def send(self, *args, now=NOW, to_folder=True, env=None):
        """(exit status, JSON, standard error)"""
        if to_folder:
            args += ('--out', self.out)
        status, out, err = self.verb('send', '--json', *args, now=now,
                                     env=env)
        try:
            return status, json.loads(out), err
        except ValueError:
            return status, None, err + out.decode()

    def files(self):
        return {n: read(os.path.join(self.out, n))
                for n in sorted(os.listdir(self.out))}

    def mails(self):
        return [Mail(data) for data in self.files().values()]


def read(path):
    with open(path, 'rb') as f:
        return f.read()


class Mail:
    """A report mail, taken apart by Python."""

    def __init__(self, data):
        self.data = data
        self.message = email.message_from_bytes(
            data, policy=email.policy.default)
        parts = [p for p in self.message.walk()
                 if p.get_content_type() == 'application/gzip']
        self.name = parts[0].get_filename()
        self.gzip = parts[0].get_payload(decode=True)
        self.xml = gzip.decompress(self.gzip)
        self.root = ET.fromstring(self.xml)
        self.to = self.message['To']

    def text(self, path):
        """The text of an element; for RFC 7489 without a namespace."""
        for ns in (NS, ''):
            e = self.root.find('/'.join(ns + p for p in path.split('/')))
            if e is not None:
                return e.text or ''
        return None

    @property
    def id(self):
        return self.text('report_metadata/report_id')

    @property
    def domain(self):
        return self.text('policy_published/domain')

    @property
    def begin(self):
        return int(self.text('report_metadata/date_range/begin'))

    @property
    def messages(self):
        return sum(int(e.text) for e in self.root.iter()
                   if e.tag.endswith('count'))


def only(out):
    """The one report of a run's JSON."""
    if out is None or len(out['reports']) != 1:
        raise ValueError('not one report: %s' % out)
    return out['reports'][0]


def notes(report):
    return {a['address']: (a['state'], a['note'])
            for a in report['addresses']}


# -- one report ----------------------------------------------------------------

def usual(host, domain='d.example', day=D0, **more):
    return host.store.add(policy(domain, **more), day, [
        row(domain, messages=3), row(domain, '198.51.100.7', 2, good=False)])


def one_report():
    h = Host()
    usual(h)
    status, out, err = h.send()
    tap.is_((status, err), (0, ''), 'a report is sent')
    tap.is_({k: only(out)[k] for k in ('domain', 'begin', 'end', 'messages',
                                       'records', 'state')},
            {'domain': 'd.example', 'begin': D0, 'end': D0 + DAY - 1,
             'messages': 5, 'records': 2, 'state': 'sent'}, 'its JSON')
    m = h.mails()[0]
    tap.is_((m.to, m.message['From'], m.message['Auto-Submitted'],
             m.message['MIME-Version']),
            ('rua@d.example', FROM, 'auto-generated', '1.0'), 'its fields')
    tap.is_(m.name, 'rx.example!d.example!%d!%d!%s.xml.gz' % (
        D0, D0 + DAY - 1, m.id), 'the name of the file')
    tap.ok(re.fullmatch('[a-z0-9]{32}', m.id), 'the report ID')
    tap.is_(' '.join(m.message['Subject'].split()),
            'Report Domain: d.example Submitter: rx.example Report-ID: ' +
            m.id, 'the subject')
    tap.is_(m.message['Date'].datetime.timestamp(), NOW, 'the date')
    tap.is_(m.text('report_metadata/org_name'), 'Rx & Co', 'ReportOrg')
    tap.is_(m.text('report_metadata/email'), FROM, 'ReportFrom')
    tap.ok(all(len(x) <= 998 for x in m.data.split(b'\n')), 'short lines')
    tap.is_((m.gzip[3] & 0x1c, m.gzip[4:8]), (0, bytes(4)),
            'gzip without name and time')
    tap.is_(h.store.states(), {('d.example', D0): 'sent'}, 'its state')
    tap.is_(h.store.rows('SELECT * FROM mailseal_report_row'), [],
            'its rows are gone')
    _, verdict, err = proc.run_json(
        [tree.MAILSEAL, 'verify', '--json', '--no-config', '--zone', h.zone,
         '--now', str(NOW)], m.data)
    tap.is_((verdict['dkim'][0]['result'], verdict['dmarc']['result']),
            ('pass', 'pass'), 'what is written to a folder is signed', err)
    _, back, err = proc.run_json([tree.MAILSEAL, 'report', 'read', '--json',
                                  h.out])
    got = back['reports'][0]
    tap.is_((got['domain'], got['messages'], got['records'],
             got['dmarc_pass'], got['disposition']['reject'],
             got['report_id'], got['begin'], got['end'], got['warnings']),
            ('d.example', 5, 2, 3, 2, m.id, D0, D0 + DAY - 1, []),
            'report read reads it back', err)
    before = h.files()
    status, out, err = h.send()
    tap.is_((status, out['reports'], err), (0, [], ''), 'once is enough')
    tap.is_(h.files(), before, 'and no other file')


def legacy():
    h = Host()
    usual(h, sp='none', testing='y')
    h.send('--legacy')
    m = h.mails()[0]
    tap.ok(b'xmlns' not in m.xml and m.text('policy_published/pct') == '0' and
           b'<testing>' not in m.xml, '--legacy: RFC 7489', m.xml)
    tap.is_([e.text for e in m.root.iter('disposition')], ['none', 'reject'],
            '--legacy: no "pass"')
    h = Host()
    usual(h, rua='mailto:a@d.example!1k,mailto:b@d.example!1m')
    _, out, _ = h.send('--legacy')
    tap.is_(notes(only(out)), {
        'a@d.example': ('no', 'larger than the address takes'),
        'b@d.example': ('sent', None)}, '--legacy: the size of the URI')
    h = Host()
    usual(h, rua='mailto:a@d.example!1')
    _, out, _ = h.send()
    tap.is_(notes(only(out)), {'a@d.example': ('sent', None)},
            'RFC 9990: no size')


def days():
    """Each day has its report, also after an outage, and no matter where."""
    def fill(h):
        for i in range(3):
            h.store.add(policy('d.example'), D0 + i * DAY,
                        [row('d.example', messages=i + 1)])
    h = Host()
    fill(h)
    h.send(now=D0 + 3 * DAY)
    tap.is_([(m.begin, m.messages) for m in h.mails()],
            [(D0 + i * DAY, i + 1) for i in range(3)],
            'three days: three reports, each with its own messages')
    for name in ('Pacific/Kiritimati', 'America/St_Johns', 'Europe/Berlin',
                 'Pacific/Pago_Pago'):
        other = Host()
        fill(other)
        status, out, err = other.send(now=D0 + DAY - 1, env=dict(
            os.environ, TZ=name))
        tap.is_((status, out['reports']), (0, []), name + ': not before the '
                'day has ended', err)
        other.send(now=D0 + DAY, env=dict(os.environ, TZ=name))
        tap.is_([(m.begin, m.messages) for m in other.mails()], [(D0, 1)],
                name + ': nor later')
    h = Host()
    fill(h)
    h.send('--date', '2026-11-27')
    tap.is_([m.begin for m in h.mails()], [D0 + DAY], '--date')
    h.store.add(policy('e.example'), D0, [row('e.example')])
    h.send('--domain', 'E.example')
    tap.is_(sorted(m.domain for m in h.mails()), ['d.example', 'e.example'],
            '--domain')
    _, out, _ = h.send('--max', '1')
    tap.is_([r['begin'] for r in out['reports']], [D0],
            '--max: the oldest first')


def configurations():
    """A record that changed at noon: two reports, told apart by their IDs."""
    h = Host()
    h.store.add(policy('d.example', p='none'), D0,
                [row('d.example', messages=1, disposition='none')])
    h.store.add(policy('d.example', p='reject', np='none'), D0,
                [row('sub.d.example', messages=2)])
    h.send()
    got = sorted((m.text('policy_published/p'), m.messages)
                 for m in h.mails())
    tap.is_(got, [('none', 1), ('reject', 2)], 'a report by configuration')
    tap.is_(len({m.name for m in h.mails()}), 2, 'with names of their own')


# -- addresses -----------------------------------------------------------------

def addresses():
    h = Host()
    usual(h, rua='mailto:0,mailto:a@b@d.example,https://d.example/r,'
          'mailto:one@d.example!10m,mailto:One@D.Example,'
          'mailto:one@D.example,mailto:x%2Cy@d.example?subject=z,'
          'mailto:@d.example,mailto:')
    status, out, err = h.send()
    tap.is_((status, list(notes(only(out)))), (0, [
        'one@d.example', 'One@d.example', '"x,y"@d.example']),
        'malformed addresses are skipped, the others served once each', err)
    tap.is_(sorted(m.to for m in h.mails()),
            sorted(['one@d.example', 'One@d.example', '"x,y"@d.example']),
            'a mail for each, which shows no other')
    tap.is_(len({m.id for m in h.mails()}), 1, 'of the same report')
    tap.is_(len({m.message['Message-ID'] for m in h.mails()}), 3,
            'with message IDs of their own')
    h = Host()
    usual(h, rua=','.join('mailto:a%d@d.example' % i for i in range(12)))
    h.send()
    tap.is_(len(h.mails()), 10, 'ten addresses at most')
    h = Host()
    usual(h, rua='mailto:0,https://d.example/')
    status, out, _ = h.send()
    tap.is_((status, only(out)['state'], only(out)['note']),
            (0, 'dropped', 'no address takes it'), 'no usable address')
    tap.is_(h.store.rows('SELECT * FROM mailseal_report_row'), [],
            'nothing is left of it')


def external():
    records = zone.text({
        'd.example._report._dmarc.yes.example': 'v=DMARC1',
        'd.example._report._dmarc.other.example':
            'v=DMARC1; rua=mailto:right@other.example',
        'd.example._report._dmarc.away.example':
            'v=DMARC1; rua=mailto:x@third.example'})
    later = 'd.example._report._dmarc.slow.example SERVFAIL\n'
    h = Host(records + later)
    usual(h, rua='mailto:a@yes.example,mailto:a@no.example,'
          'mailto:a@other.example,mailto:b@other.example,'
          'mailto:a@away.example,mailto:a@slow.example')
    status, out, err = h.send()
    refused = ('no', 'not authorised by the host')
    tap.is_(notes(only(out)), {
        'a@yes.example': ('sent', None), 'a@no.example': refused,
        'right@other.example': ('sent', None), 'a@away.example': refused,
        'a@slow.example': ('later', "the lookup of the host's authorisation "
                           'failed')}, 'external addresses', err)
    tap.is_((status, only(out)['state']), (1, 'later'), 'one of them waits')
    before = h.files()
    h.write_zone(records + zone.txt('d.example._report._dmarc.slow.example',
                                    'v=DMARC1'))
    status, out, _ = h.send(now=NOW + 3600)
    tap.is_((status, only(out)['state']), (0, 'sent'), 'and is served later')
    after = h.files()
    tap.ok(all(after[n] == d for n, d in before.items()) and
           len(after) == len(before) + 1, 'the others get nothing again')
    tap.is_(len({m.xml for m in h.mails()}), 1, 'all get the same report')
    # The answer is kept for the rest of the day, not longer.
    usual(h, day=D0 + DAY, rua='mailto:a@yes.example')
    h.write_zone('')
    _, out, _ = h.send(now=NOW + 3600)
    tap.is_(only(out)['state'], 'sent', 'an authorisation is remembered')
    usual(h, day=D0 + 2 * DAY, rua='mailto:a@yes.example')
    _, out, _ = h.send(now=NOW + DAY)
    tap.is_(only(out)['state'], 'dropped', 'and asked for again the next day')


def silent_host():
    """Its name servers cost a run only a few timeouts."""
    h = Host('*._report._dmarc.down.example TIMEOUT\n', DNSTimeout='1')
    for i in range(8):
        usual(h, 'd%d.example' % i, rua='mailto:r@down.example')
    usual(h, 'e.example')
    _, out, _ = h.send()
    states = [tuple(notes(r).values())[0] for r in out['reports']]
    tap.is_(states.count(('later', "the lookup of the host's authorisation "
                          'failed')), 3, 'three lookups fail')
    tap.is_(states.count(('later', 'the DNS of the host does not answer')),
            5, 'the others are not tried')
    tap.is_(states[-1], ('sent', None), 'and other hosts get theirs')


# -- guards --------------------------------------------------------------------

def guard(name, want, options=None, domain='d.example', **weights):
    h = Host(**(options or {}))
    rows = weights.pop('rows', None) or [row(domain, messages=2)]
    h.store.add(policy(domain), D0, rows, **weights)
    status, out, err = h.send()
    tap.is_((status, only(out)['state']), (0, want), name, [out, err])
    tap.is_(len(h.mails()), int(want == 'sent'), name + ': its mail')


def guards():
    refused = [row('d.example', good=False)]
    guard('all refused', 'dropped', rows=refused)
    guard('all refused, ReportRefusedDomains', 'sent',
          {'ReportRefusedDomains': 'yes'}, rows=refused)
    guard('one of them accepted', 'sent',
          rows=refused + [row('d.example', '192.0.2.2')])
    guard('report mail alone', 'dropped', ordinary=0)
    guard('report mail alone, ReportAboutReports', 'sent',
          {'ReportAboutReports': 'yes'}, ordinary=0)
    guard('report mail and another', 'sent', ordinary=1)
    guard('the only other one was refused', 'dropped', ordinary=1, accepted=0)
    guard('ReportMinimum', 'dropped', {'ReportMinimum': '3'})
    guard('ReportMinimum reached', 'sent', {'ReportMinimum': '2'})
    guard('ReportDeny', 'dropped', {'ReportDeny': 'd.example'})
    guard('ReportDeny of domains below', 'dropped',
          {'ReportDeny': '.example'})
    guard('ReportDeny of another', 'sent', {'ReportDeny': 'e.example'})
    guard('ReportAllow', 'sent', {'ReportAllow': 'd.example'})
    guard('ReportAllow of another', 'dropped', {'ReportAllow': 'e.example'})
    guard('our own domain', 'dropped', domain='rx.example')
    guard('above our own domain', 'dropped', domain='example')
    guard('below our own domain', 'sent', domain='a.rx.example')


def limits():
    h = Host(ReportsPerDay='2')
    for i in range(4):
        usual(h, 'd%d.example' % i)
    status, out, err = h.send()
    tap.is_((status, out['sent'], out['limit_reached']), (1, 2, True),
            'ReportsPerDay', err)
    tap.ok('2 reports wait' in err, 'is told', err)
    _, out, _ = h.send(now=NOW + DAY + 1)
    tap.is_(out['sent'], 2, 'the others a day later')
    tap.is_(sorted(m.domain for m in h.mails()),
            ['d%d.example' % i for i in range(4)], 'each domain once')
    records = zone.txt('*._report._dmarc.big.example', 'v=DMARC1')
    h = Host(records, ReportsPerHost='1')
    for i in range(2):
        usual(h, 'd%d.example' % i, rua='mailto:r@big.example')
    usual(h, 'e.example')
    status, out, _ = h.send()
    tap.is_({r['domain']: r['state'] for r in out['reports']},
            {'d0.example': 'sent', 'd1.example': 'later',
             'e.example': 'sent'}, 'ReportsPerHost')
    h.send(now=NOW + DAY + 1)
    tap.is_(len(h.mails()), 3, 'the other one a day later')


def too_large():
    """It does not keep others from theirs."""
    h = Host()
    config = usual(h, 'big.example')
    h.store.script("""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
        SELECT i + 1 FROM n WHERE i < 500000) INSERT INTO
        mailseal_report_row SELECT '%s', %d, 'h' || i, 1, '192.0.2.3', 'none',
        'fail', 'fail', '', 'big.example', '', '', '', '' FROM n;""" % (
            config, D0))
    usual(h, 'small.example')
    status, out, err = h.send()
    tap.is_((status, {r['domain']: (r['state'], r['note'])
                      for r in out['reports']}),
            (0, {'big.example': ('dropped', 'it is too large'),
                 'small.example': ('sent', None)}), 'too many rows', err)


def full_day():
    """More different rows than the daemon keeps: the report says what is not in
    it."""
    h = Host()
    usual(h)
    h.store.script('UPDATE mailseal_report_period SET messages = messages + 7')
    h.send()
    m = h.mails()[0]
    tap.is_(m.text('report_metadata/error'), '7 messages with other values '
            'are not in the records, which were too many', 'a full day',
            m.xml)


def too_much_memory():
    """Nor does one that memory does not hold."""
    h = Host()
    config = usual(h, 'big.example')
    h.store.script("""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
        SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO
        mailseal_report_row SELECT '%s', %d, 'h' || i, 1, '192.0.2.3', 'none',
        'fail', 'fail', '', 'big.example', '', '%s', '', '' FROM n;""" % (
            config, D0, ','.join(['a.example s pass'] * 100)))
    usual(h, 'small.example', day=D0 + DAY)

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
    if not tree.is_sanitized():
        out = json.loads(subprocess.run(
            SEND + ['-c', h.conf, '--json', '--now', str(NOW), '--out', h.out],
            preexec_fn=limited, stdout=subprocess.PIPE, check=False).stdout)
        tap.is_({r['domain']: (r['state'], r['note'])
                 for r in out['reports']},
                {'big.example': ('later', 'out of memory'),
                 'small.example': ('sent', None)}, 'the host has no memory')
        tap.is_([(v['state'], v['holder']) for v in h.store.rows(
            "SELECT state, holder FROM mailseal_report_period WHERE day = %d"
            % D0)], [('claimed', None)], 'its claim is released')
    _, out, err = h.send('--domain', 'big.example')
    tap.is_((only(out)['state'], only(out)['note']),
            ('dropped', 'it is too large'), 'the limit of memory', err)


def dry_run():
    h = Host()
    usual(h)
    usual(h, 'e.example', rua='https://e.example/')
    before = h.store.rows('SELECT * FROM mailseal_report_period')
    status, out, err = h.send('--dry-run')
    tap.is_((status, {r['domain']: r['state'] for r in out['reports']}),
            (0, {'d.example': 'would-send', 'e.example': 'would-drop'}),
            '--dry-run', err)
    tap.is_((h.mails(), h.store.rows('SELECT * FROM mailseal_report_period')),
            ([], before), 'changes nothing')
    tap.is_(h.store.rows('SELECT * FROM mailseal_report_delivery') +
            h.store.rows('SELECT * FROM mailseal_report_permission'), [],
            'nothing at all')


# -- our own mail --------------------------------------------------------------

def refusal(name, why, host):
    usual(host)
    mta = Mta(host)
    status, out, err = host.send(to_folder=False)
    tap.is_(status, 1, name + ': nothing is sent', err)
    tap.ok(why in (out['refused'] or ''), name + ': what is missing', out)
    tap.is_(mta.calls(), [], name + ': no mail')
    tap.is_(host.store.states(), {('d.example', D0): 'open'},
            name + ': it waits')


def own_mail():
    refusal('no DMARC record', 'publish one at _dmarc.rx.example',
            Host(own=None))
    h = Host()
    h.records['r2._domainkey.rx.example'] = None
    h.write_zone()
    refusal('no key record', 'r2._domainkey.rx.example', h)
    h = Host()
    h.records['r2._domainkey.rx.example'] = \
        Host.keys['e1'].record
    h.write_zone()
    refusal('the record of another key', 'not the record of the key', h)
    refusal('nothing signs', 'no key signs',
            Host(Domain='other.example'))
    h = Host(own='v=DMARC1; p=reject; adkim=s',
             ReportFrom='dmarc@a.rx.example', SubDomains='yes')
    refusal('adkim=s', 'd= of the signature is rx.example', h)
    h = Host(records='_dmarc.rx.example SERVFAIL\n', own=None)
    refusal('the DNS is down', 'temperror', h)
    status, _, err = Host(ReportFrom='').verb('send')
    tap.ok(status == 2 and 'ReportFrom is not set' in err, 'no ReportFrom',
           err)
    h = Host(own=None)
    usual(h)
    status, out, err = h.send()
    tap.is_((status, h.mails(), h.store.states()),
            (1, [], {('d.example', D0): 'open'}), 'not to a folder either',
            err)
    tap.ok('_dmarc.rx.example' in (out['refused'] or ''), 'and says why', out)
    status, out, err = h.send('--dry-run')
    tap.ok(only(out)['state'] == 'would-send' and 'would be sent' in err and
           h.store.states() == {('d.example', D0): 'open'},
           'a dry run shows what would be sent', [out, err])


# -- the MTA -------------------------------------------------------------------

class Mta:
    """A sendmail(8) that keeps what it was given and exits as asked."""

    SCRIPT = '''#!/bin/sh
n=$(mktemp '{top}/call.XXXXXX') || exit 75
printf '%s\\n' "$@" >"$n.args"
echo 'this is no JSON'
cat >"$n.mail"
{then}
'''

    def __init__(self, host, then='exit 0'):
        self.top = os.path.join(host.top, 'mta')
        os.mkdir(self.top)
        os.chmod(self.top, 0o777)
        self.path = os.path.join(host.top, 'sendmail')
        self.write(then)
        host.configure(ReportTransport='sendmail:' + self.path)

    def write(self, then):
        proc.write(self.path + '.new', self.SCRIPT.format(
            top=self.top, then=then), 0o755)
        os.rename(self.path + '.new', self.path)

    def calls(self):
        """[(arguments, mail)]"""
        names = sorted(n for n in os.listdir(self.top)
                       if n.endswith('.mail'))
        return [(read(os.path.join(self.top, n[:-4] + 'args')).decode()
                 .splitlines(), read(os.path.join(self.top, n)))
                for n in names]


def by_sendmail():
    h = Host()
    mta = Mta(h)
    usual(h, rua='mailto:-oQ%2Ftmp@d.example')
    status, _, err = h.send(to_folder=False)
    tap.is_(status, 0, 'sendmail', err)
    args, data = mta.calls()[0]
    tap.ok(args[:2] == ['-i', '-f'] and args[3:] ==
           ['--', '-oQ/tmp@d.example'], 'its arguments', args)
    tap.ok(re.fullmatch(r'dmarc\+[a-z2-7]{20}@rx\.example', args[2]),
           'the return path has a tag', args)
    tap.ok(b'\r' not in data and b'DKIM-Signature' not in data,
           'LF, and unsigned: mailseald signs')
    tap.is_(Mail(data).messages, 5, 'the report')
    h = Host(ReportReturnPath='bounce-{tag}@b.rx.example')
    mta = Mta(h)
    usual(h)
    h.send(to_folder=False)
    tap.ok(re.fullmatch(r'bounce-[a-z2-7]{20}@b\.rx\.example',
                        mta.calls()[0][0][2]), 'ReportReturnPath')
    h = Host()
    mta = Mta(h, 'exit 75')
    usual(h)
    status, out, err = h.send(to_folder=False)
    tap.is_((status, only(out)['state']), (1, 'later'), 'exit status 75', err)
    mta.write('exit 0')
    status, _, _ = h.send(to_folder=False, now=NOW + 7200)
    first, second = [data for _, data in mta.calls()]
    tap.is_((status, first), (0, second), 'the same mail again')
    h = Host()
    Mta(h, 'exit 67')
    usual(h)
    status, out, err = h.send(to_folder=False)
    tap.is_((status, only(out)['state']), (0, 'dropped'), 'exit status 67',
            err)
    h = Host(ReportTransport='sendmail:/nonexistent')
    usual(h)
    status, out, err = h.send(to_folder=False)
    tap.ok(status == 1 and only(out)['state'] == 'later' and '/nonexistent' in
           only(out)['addresses'][0]['note'], 'no such program', [out, err])
    h = Host()
    mta = Mta(h)
    proc.write(mta.path, '#!/bin/sh\nexit 0\n', 0o755)
    h.store.add(policy('d.example'), D0, [
        row('d.example', '10.%d.%d.%d' % (i, i % 7 * 31, i % 251))
        for i in range(250)] + [
        row('d.example', signatures=','.join(
            '%s.example s%d pass' % (os.urandom(25).hex(), i)
            for i in range(100)), ip='192.0.3.%d' % i) for i in range(100)])
    status, out, err = h.send(to_folder=False)
    tap.ok(status == 1 and only(out)['state'] == 'later',
           'a program that does not read', [status, out, err])


def by_smtp():
    s = sink.Sink()
    h = Host(ReportTransport='smtp:127.0.0.1:%d' % s.port)
    usual(h, rua='mailto:a@d.example')
    status, out, err = h.send(to_folder=False)
    tap.is_((status, only(out)['state']), (0, 'sent'), 'SMTP', err)
    got = s.wait(lambda m: b'Report Domain: d.example' in m.data)[0]
    tap.ok(re.fullmatch(r'<dmarc\+[a-z2-7]{20}@rx\.example>', got.sender) and
           got.recipients == ['<a@d.example>'], 'the envelope', got.sender)
    tap.is_(Mail(got.data).messages, 5, 'the report arrives whole')
    h = Host(ReportTransport='smtp:127.0.0.1:%d' % proc.free_port())
    usual(h)
    status, out, err = h.send(to_folder=False)
    tap.is_((status, only(out)['state']), (1, 'later'), 'nobody listens')


class Script:
    """An SMTP server that answers from a list, one line by command."""

    def __init__(self, answers):
        self.answers = answers
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return              # stopped
            with c, contextlib.suppress(OSError), c.makefile('rwb') as f:
                c.settimeout(proc.PATIENCE_S)
                self._talk(f)

    def _talk(self, f):
        for a in self.answers:
            f.write(a.encode() + b'\r\n')
            f.flush()
            line = f.readline()
            while line and a.startswith('354') and line != b'.\r\n':
                line = f.readline()
            if not line:
                break

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


def smtp_answers():
    good = ['220 hello', '250-mx\r\n250 PIPELINING', '250 ok', '250 ok',
            '354 go', '250 queued', '221 bye']

    def answer(at, line, want, name):
        script = Script(good[:at] + [line])
        h = Host(ReportTransport='smtp:127.0.0.1:%d' % script.port)
        usual(h)
        _, out, err = h.send(to_folder=False)
        tap.is_(only(out)['state'], want, name, [out, err])
        script.stop()
        return h, only(out)['addresses'][0]['note']

    answer(6, '221 bye', 'sent', 'all is well')
    answer(0, '554 no', 'later', 'greeting 554')
    answer(1, '550 no', 'later', 'EHLO 550')
    answer(2, '550 no', 'later', 'MAIL 550')
    answer(3, '450 no', 'later', 'RCPT 450')
    answer(4, '554 no', 'later', 'DATA 554')
    answer(5, '554 no', 'later', 'the mail 554')
    answer(5, 'nonsense', 'later', 'no reply')
    # Of the host, the sender, the way, the policy: not of the address.
    for line in ('554 5.7.1 <a@d.example>: Relay access denied',
                 '504 5.5.2 <localhost>: Helo command rejected: need '
                 'fully-qualified hostname', '550 5.7.1 no', '550 5.1.8 from',
                 '553 5.1.7 from', '550 5.2.2 full', '552 5.3.4 large',
                 '554 relay not permitted', '504 no such parameter',
                 '550 5.1.11 what', '550 5.1.1x', '501 syntax',
                 '450 4.1.1 5.1.1', '550-5.1.1 not\r\n550 5.7.1 the last'):
        h, note = answer(3, line, 'later', 'RCPT ' + line)
        tap.is_((h.store.states(), h.store.rows(
            'SELECT * FROM mailseal_report_suppression'),
            line.rpartition('\n')[2] in note),
            ({('d.example', D0): 'claimed'}, [], True), 'which is kept', note)
    for code in ('550 5.1.1', '550 5.1.2', '554 5.1.3', '551 5.1.6',
                 '550 5.1.10', '550 5.2.1', '550', '551', '553'):
        h, _ = answer(3, code + ' \x1b[31mno such user', 'dropped',
                      'RCPT ' + code)
        v = h.store.rows('SELECT * FROM mailseal_report_suppression')
        tap.is_([(x['address'], x['until'] - x['since']) for x in v],
                [('rua@d.example', 7 * DAY)], 'suppresses the address')


# -- once ----------------------------------------------------------------------

def check_once(h, calls, wanted, name):
    """Each message is in one report, and each report is one mail."""
    by_id = {}
    for args, data in calls:
        m = Mail(data)
        by_id.setdefault((m.domain, m.begin), {}).setdefault(
            m.id, set()).add((args[2], data))
    tap.is_(sorted(by_id), sorted(wanted), name + ': every report')
    tap.ok(all(len(ids) == 1 for ids in by_id.values()),
           name + ': one ID for each')
    tap.ok(all(len(mails) == 1 for ids in by_id.values()
               for mails in ids.values()),
           name + ': what is sent again is the same octets')
    tap.is_(set(h.store.states().values()), {'sent'}, name + ': all done')
    for ids in by_id.values():
        for mails in ids.values():
            for _, data in mails:
                m = Mail(data)
                if m.messages != wanted[m.domain, m.begin]:
                    tap.ok(False, name + ': its messages', m.xml)
    return len(calls)


def fill(h, n):
    wanted = {}
    for i in range(n):
        domain, day = 'd%d.example' % (i % 10), D0 + i // 10 * DAY
        h.store.add(policy(domain), day, [
            row(domain, '192.0.2.%d' % j, i + j + 1) for j in range(3)])
        wanted[domain, day] = 3 * i + 6
    return wanted


def killed_after_handover():
    """The MTA has the mail, the store does not know yet."""
    h = Host()
    mta = Mta(h, 'kill -9 $PPID')
    wanted = fill(h, 1)
    status, _, _ = h.verb('send', now=NOW)
    tap.is_(status, -9, 'killed after the handover')
    tap.is_(set(h.store.states().values()), {'claimed'}, 'it is claimed')
    mta.write('exit 0')
    h.send(to_folder=False, now=NOW + 5)
    tap.is_(check_once(h, mta.calls(), wanted, 'killed after handover'), 2,
            'sent again')


def busy_after_handover():
    """Another process writes to the store for longer than SQLite waits, from
    the moment on at which the MTA takes the mail."""
    h = Host()
    lock = os.path.join(h.top, 'lock.py')
    proc.write(lock, '''import sqlite3, time
db = sqlite3.connect(%r, isolation_level=None)
db.execute('BEGIN IMMEDIATE')
open(%r, 'w').close()
time.sleep(8)
''' % (h.store.path, lock + '.held'))
    mta = Mta(h, '''test -e {0}.held && exit 0
{1} {0} </dev/null >/dev/null 2>&1 &
until test -e {0}.held; do sleep 0.1; done'''.format(lock, sys.executable))
    usual(h)
    status, out, err = h.send(to_folder=False)
    tap.is_((status, out and only(out)['state']), (0, 'sent'),
            'a busy store is asked again', err)
    h.send(to_folder=False)
    tap.is_(len(mta.calls()), 1, 'so that the report is sent once')


def child_signal():
    """SIGCHLD is ignored by who starts us."""
    h = Host()
    mta = Mta(h)
    usual(h)
    status = subprocess.run(
        SEND + ['-c', h.conf, '--now', str(NOW)], check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ).returncode
    tap.is_((status, len(mta.calls()), h.store.states()),
            (0, 1, {('d.example', D0): 'sent'}), 'SIGCHLD was ignored')


def killed_at_each_write(store=None):
    """A run is killed at its first write, the next one at its second, and so
    on; a run that is left alone follows each."""
    if tree.is_sanitized():
        tap.skip('killed at each write', 'a sanitizer must be loaded first')
        return
    h = Host(store=store)
    mta = Mta(h)
    wanted = {}
    library = tree.program('test/lib/kill_at.so')
    at, status = 0, -9
    while status == -9 and at < 500:
        at += 1
        domain = 'k%d.example' % at
        h.store.add(policy(domain), D0, [row(domain, messages=at)])
        wanted[domain, D0] = at
        env = dict(os.environ, KILL_AT=str(at), LD_PRELOAD=library)
        status, _, err = h.send(to_folder=False, now=NOW + at, env=env)
        again, _, err = h.send(to_folder=False, now=NOW + at)
        if again != 0:
            tap.ok(False, 'the run after a kill at write %d' % at, err)
    name = 'killed at each write, ' + h.store.name
    tap.ok(status == 0 and at > 10, '%s: of %d' % (name, at - 1))
    calls = check_once(h, mta.calls(), wanted, name)
    tap.ok(calls > len(wanted), '%s: some were sent again: %d mails of %d '
           'reports' % (name, calls, len(wanted)))


def together(store=None):
    """Several senders on one store."""
    h = Host(store=store)
    mta = Mta(h)
    wanted = fill(h, 30)
    name = 'three senders, ' + h.store.name
    senders = [subprocess.Popen(SEND + ['-c', h.conf, '--now', str(NOW)],
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for _ in range(3)]
    for p in senders:
        _, err = p.communicate(timeout=120)
        tap.is_((p.returncode, err.replace(b'this is no JSON\n', b'')),
                (0, b''), name + ': one ends well')
    calls = check_once(h, mta.calls(), wanted, name)
    tap.is_(calls, 30, name + ': no report twice')


def on_postgres():
    why = postgres.unavailable()
    if why:
        tap.skip('PostgreSQL', why)
        return
    server = postgres.Postgres(os.path.join(proc.folder(), 'pg'))
    store = rs.Postgres(server)
    together(store)
    killed_at_each_write(store)
    h = Host(store=store)
    usual(h, 'e.example', day=D0 + 2 * DAY)
    mta = Mta(h, 'exit 67')
    status, out, err = h.send(to_folder=False)
    tap.is_((status, only(out)['state']), (0, 'dropped'),
            'PostgreSQL: refused', err)
    _, out, _ = h.verb('suppress')
    tap.ok(b'rua@e.example' in out, 'PostgreSQL: and suppressed', out)
    _, out, _ = h.verb('list', '--domain', 'e.example', '--json')
    tap.is_([p['state'] for p in json.loads(out)['periods']], ['dropped'],
            'PostgreSQL: list')
    tap.is_(len(mta.calls()), 1, 'PostgreSQL: one try')
    server.stop()


def foreign_lease():
    h = Host()
    usual(h)
    h.store.script("UPDATE mailseal_report_period SET state = 'claimed', "
                   "holder = 'another.1.x', lease = %d, report_id = 'r1'" %
                   (NOW + 300))
    _, out, _ = h.send()
    tap.is_(out['reports'], [], 'another host has it')
    h.send(now=NOW + 301)
    tap.is_([m.id for m in h.mails()], ['r1'], 'until its lease ends')


# -- the other verbs -----------------------------------------------------------

def list_and_show():
    h = Host()
    usual(h)
    usual(h, 'e.example', day=D0 + DAY)
    status, out, err = h.verb('list', '--json')
    v = json.loads(out)['periods']
    tap.is_((status, [(p['domain'], p['begin'], p['state'], p['messages'])
                      for p in v]),
            (0, [('d.example', D0, 'open', 5),
                 ('e.example', D0 + DAY, 'open', 5)]), 'list', err)
    status, out, err = h.verb('list', '--domain', 'e.example')
    tap.is_((status, out.decode().split()[:4]),
            (0, ['2026-11-27', 'open', '5', 'e.example']), 'list as text',
            err)
    status, out, err = h.verb('show', 'd.example', '--json')
    v = json.loads(out)['periods'][0]
    tap.is_((status, [(r['source_ip'], r['count']) for r in v['rows']],
             v['policy']['p'], v['addresses']),
            (0, [('192.0.2.1', 3), ('198.51.100.7', 2)], 'reject', []),
            'show', err)
    h.send('--domain', 'd.example')
    _, out, _ = h.verb('show', 'd.example', '--json')
    v = json.loads(out)['periods'][0]
    tap.is_((v['state'], [(a['address'], a['state'])
                          for a in v['addresses']]),
            ('sent', [('rua@d.example', 'done')]), 'show: who got it')
    status, out, err = h.verb('show', 'd.example')
    tap.ok(status == 0 and b'd.example: sent' in out, 'show as text', out)
    status, _, err = h.verb('show', 'x.example')
    tap.ok(status == 1 and 'nothing is stored' in err, 'show: nothing', err)
    status, _, err = h.verb('show')
    tap.is_(status, 2, 'show: of which domain')
    status, out, err = h.verb('list', '--domain', 'x.example')
    tap.ok((status, out) == (0, b'') and 'nothing is stored' in err,
           'list: nothing', err)


def suppressions():
    h = Host()
    usual(h)
    status, _, err = h.verb('suppress', 'rua@D.example')
    tap.is_(status, 0, 'suppress', err)
    _, out, _ = h.verb('suppress', '--json')
    tap.is_([(s['address'], s['until']) for s in
             json.loads(out)['suppressed']],
            [('rua@d.example', NOW + 7 * DAY)], 'suppressed for seven days')
    _, out, _ = h.send()
    tap.is_((only(out)['state'], notes(only(out))),
            ('dropped', {'rua@d.example': ('no', 'suppressed')}),
            'it gets nothing')
    for i, n in enumerate((14, 28, 56, 112, 112)):
        h.verb('suppress', 'rua@d.example')
        _, out, _ = h.verb('suppress', '--json')
        tap.is_(json.loads(out)['suppressed'][0]['until'], NOW + n * DAY,
                'the next time for %d days' % n)
    h.verb('suppress', 'rua@d.example', '--days', '3')
    _, out, _ = h.verb('suppress')
    tap.ok(b'2026-12-04  rua@d.example' in out, '--days', out)
    _, out, _ = h.verb('suppress', now=NOW + 4 * DAY)
    tap.is_(out, b'', 'it ends')
    tap.is_([h.verb('suppress', '--remove', 'rua@d.example')[0]
             for _ in range(2)], [0, 1], '--remove')
    usual(h, 'e.example')
    _, out, _ = h.send()
    tap.is_(only(out)['state'], 'sent', 'another address is not touched')
    status, _, err = h.verb('suppress', 'nonsense')
    tap.ok(status == 2 and 'not an address' in err, 'no address', err)


def dsn(action):
    return (b'From: MAILER-DAEMON@mx.d.example\nMIME-Version: 1.0\n'
            b'Content-Type: multipart/report; report-type=delivery-status; '
            b'boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n\n--b\n'
            b'Content-Type: message/delivery-status\n\nReporting-MTA: dns; '
            b'mx.d.example\n\nFinal-Recipient: rfc822; rua@d.example\n'
            b'Action: ' + action + b'\nStatus: 5.1.1\n\n--b--\n')


def bounces():
    h = Host()
    mta = Mta(h)
    usual(h)
    usual(h, day=D0 + DAY)
    h.send(to_folder=False)
    tags = [a[2].split('+')[1].split('@')[0] for a, _ in mta.calls()]

    def suppressed():
        return [(s['address'], s['times']) for s in h.store.rows(
            'SELECT * FROM mailseal_report_suppression')]
    for name, args, data in (
            ('a delay', [tags[0]], dsn(b'delayed')),
            ('an answer', [tags[0]], b'Subject: away\n\nAction: failed\n'),
            ('a wrong tag', ['a' * 20], dsn(b'failed')),
            ('no tag', [], dsn(b'failed')),
            ('a tag that is none', ['../../x'], dsn(b'failed')),
            ('nothing', [tags[0]], b'')):
        status, _, err = h.verb('bounce', *args, data=data)
        tap.is_((status, suppressed()), (0, []), 'bounce: ' + name, err)
    status, _, err = h.verb('bounce', tags[0].upper(), data=dsn(b'failed'))
    tap.is_((status, suppressed()), (0, [('rua@d.example', 1)]),
            'bounce: failed', err)
    h.verb('bounce', tags[0], data=dsn(b'failed'))
    tap.is_(suppressed(), [('rua@d.example', 1)], 'bounce: once a report')
    status, _, err = h.verb('bounce', data=dsn(b'failed') + b'x' * 3000000,
                            env=dict(os.environ, EXTENSION=tags[1]))
    tap.is_((status, suppressed()), (0, [('rua@d.example', 2)]),
            'bounce: the tag from the environment, a large mail', err)
    h.options['ReportStore'] = 'sqlite:/nonexistent/reports.db'
    h.configure()
    status, _, _ = h.verb('bounce', tags[0], data=dsn(b'failed'))
    tap.is_(status, 75, 'bounce: no store: the MTA keeps it')


def manuals():
    page = os.path.join(tree.SRC, 'tools', 'mailseal-report.1')
    for verb in ('send', 'list', 'show', 'suppress', 'bounce'):
        _, out, _ = proc.run([tree.MAILSEAL, 'report', verb, '--help'])
        found = re.findall(r'^  (?:-(\w), )?--([\w-]+)', out.decode(), re.M)
        tap.is_({n: c or None for c, n in found if n != 'help'},
                manual.options_of_page(page, 'mailseal report ' + verb),
                '%s: the manual has the options of --help' % verb)


def usage():
    h = Host()
    for args in (['x'], ['--max', '0'], ['--date', '26.11.2026'],
                 ['--domain', 'a b'], ['--out', '/nonexistent'],
                 ['--now', 'x'], ['--nope']):
        status, out, err = proc.run(SEND + ['-c', h.conf] + args)
        tap.ok(status == 2 and out == b'' and err, 'refused: %s' % args, err)
    for where, says in (('/nonexistent', '/nonexistent: No such file'),
                        (h.conf, 'is not a directory that user ')):
        _, _, err = proc.run(SEND + ['-c', h.conf, '--out', where])
        tap.contains(err, says, '--out: why it cannot be used')
    status, _, err = proc.run(SEND + ['-c', h.conf + 'x'])
    tap.is_(status, 2, 'no configuration')
    h.options['ReportStore'] = 'sqlite:/nonexistent/reports.db'
    h.configure()
    status, _, err = h.verb('send')
    tap.ok(status == 2 and '/nonexistent' in err, 'no store', err)


# -- the checker of the suite ----------------------------------------------------

def random_rows(rng, domain, p):
    rows, seen = [], set()
    for _ in range(rng.randrange(1, 12)):
        ip = rng.choice(['192.0.2.%d' % rng.randrange(256),
                         '2001:db8::%x' % rng.randrange(1, 65536)])
        d_ok, s_ok = rng.random() < 0.5, rng.random() < 0.3
        good = d_ok or s_ok
        reasons = ''
        if good:
            disposition = 'none' if p == 'none' else 'pass'
        else:
            disposition = p
            if p != 'none' and rng.random() < 0.4:
                disposition = 'none'
                reasons = rng.choice([
                    'local_policy arc=pass as[1].d=l.example',
                    'mailing_list ', 'other by hand',
                    'trusted_forwarder a\tmailing_list '])
        sigs = ['%s s1 pass' % domain] if d_ok else []
        if rng.random() < 0.5:
            sigs.append('esp.example k1 pass')
        if not d_ok and rng.random() < 0.5:
            sigs.append('%s old fail' % domain)
        sender = domain if s_ok else rng.choice(['b.example', ''])
        r, n = row(domain, ip, rng.randrange(1, 50), disposition=disposition,
                   dkim='pass' if d_ok else 'fail',
                   spf='pass' if s_ok else 'fail', reasons=reasons,
                   envelope_from=sender, signatures=','.join(sigs),
                   spf_domain=sender or 'helo.example',
                   spf_result='pass' if s_ok else 'softfail')
        if tuple(r.values()) not in seen:
            seen.add(tuple(r.values()))
            rows.append((r, n))
    return rows


def checker():
    check = suites.report_checker()
    if check is None:
        tap.skip('check_report.py', 'no suite dmarc-reports-write, or no '
                 'xmllint')
        return
    rng = random.Random(9990)
    h = Host()
    for i in range(60):
        domain = 'd%d.example' % i
        p = rng.choice(['none', 'quarantine', 'reject'])
        config = policy(domain, p=p, adkim=rng.choice('rs'),
                        aspf=rng.choice('rs'), fo=rng.choice(['0', '1:d:s']))
        h.store.add(config, D0, random_rows(rng, domain, p), accepted=1)
    _, out, err = h.send()
    tap.is_(out['sent'], 60, 'random reports', err)
    for name, data in h.files().items():
        record = Mail(data)
        said = check('--receiver', 'rx.example', '--record',
                     'v=DMARC1; p=%s; adkim=%s; aspf=%s' % (
                         record.text('policy_published/p'),
                         record.text('policy_published/adkim'),
                         record.text('policy_published/aspf')),
                     os.path.join(h.out, name))
        if not tap.is_(said, (0, '0 errors, 0 warnings\n'),
                       'check_report.py: ' + record.domain):
            tap.diag(record.xml.decode())


def main():
    for test in (one_report, legacy, days, configurations, addresses,
                 external, silent_host, guards, limits, full_day, too_large,
                 too_much_memory, dry_run,
                 own_mail, by_sendmail, by_smtp, smtp_answers,
                 killed_after_handover, busy_after_handover, child_signal,
                 killed_at_each_write, together, on_postgres, foreign_lease,
                 list_and_show, suppressions, bounces, manuals, usage,
                 checker):
        test()


tap.main(main)
