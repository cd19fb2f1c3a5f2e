# SPDX-License-Identifier: BSD-2-Clause
"""Random messages through mailseald, over a night in which the clocks change, in
five time zones and both databases; the reports that mailseal report send then
writes hold each message once, in its row and its UTC day. With the suite
dmarc-reports-write its check_report.py has nothing to say about any of them.

MAILSEAL_REPORT_EVENTS=N: N messages in all. Without it, two hundred, in one zone
with each database.
"""
import collections
import gzip
import io
import json
import os
import struct
import sys
import xml.etree.ElementTree
import email

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import kept  # noqa: E402
import milter  # noqa: E402
import peers  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import suites  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

EVENTS = int(os.environ.get('MAILSEAL_REPORT_EVENTS', '0'))
FEW = 200
DAY = kept.DAY
NS = '{urn:ietf:params:xml:ns:dmarc-2.0}'
BERLIN = 1806195600         # 2027-03-28 01:00 UTC, clocks go on by an hour
# Zone: when its clocks change; where they do not, as in Berlin.
NIGHTS = {
    'Europe/Berlin': BERLIN,
    'America/St_Johns': 1805002200,     # 2027-03-14 05:30 UTC
    'Pacific/Kiritimati': BERLIN, 'Asia/Kolkata': BERLIN,
    'Pacific/Pago_Pago': BERLIN}
# Why mailseald did not do what the policy says, in the report.
COMMENTS = {}


class Clock:
    """The daemon's."""

    def __init__(self, top):
        self.path = os.path.join(top, 'clock')
        self.set(0)
        self.env = {'CLOCK_AT': self.path,
                    'LD_PRELOAD': tree.program('test/lib/clock_at.so')}

    def set(self, now):
        with open(self.path, 'r+b' if os.path.exists(self.path) else
                  'wb') as f:
            f.write(struct.pack('=q', now))


class Place:
    def __init__(self):
        self.top = proc.folder()
        self.mail = kept.Mail(self.top, 9990)
        self.key = peers.Key(self.top, 'r1', 'ed25519-sha256',
                             ('-algorithm', 'ED25519'))
        with open(self.mail.zone, 'a', encoding='ascii') as f:
            f.write('r1._domainkey.rx.example. TXT "%s"\n'
                    '_dmarc.rx.example. TXT "v=DMARC1; p=reject"\n' %
                    self.key.record)
        self.n = 0

    def folder(self):
        self.n += 1
        path = os.path.join(self.top, 'f%d' % self.n)
        os.mkdir(path)
        return path


def event(row, t):
    sigs = [s.split(' ') for s in row.signatures.split(',') if s]
    return {'t': t, 'policy_domain': row.policy_domain, 'ip': row.ip,
            'header_from': row.header_from,
            'envelope_from': row.envelope_from, 'dkim': sigs,
            'spf': [row.spf_domain, row.spf_result], 'a_dkim': row.dkim,
            'a_spf': row.spf, 'disposition': row.disposition,
            'reasons': [[x, COMMENTS.get(x, '')] for x in row.reasons]}


def send(p, d, clock, night, n):
    """n messages, around midnight and around the change of the clocks."""
    choose = p.mail.random
    midnight = night // DAY * DAY
    times = sorted(choose.choice((midnight, night, midnight + DAY)) +
                   choose.randrange(-3, 4) * choose.choice((1, 60, 3600))
                   for _ in range(n))
    events = []
    for t in times:
        ip, path, text, row = p.mail.make()
        client = milter.Client(d.path)
        clock.set(t)
        kept.play(client, ip, path, text)
        client.quit()
        events.append(event(row, t))
    return events


def text_of(node, path):
    found = node.find('/'.join(NS + part for part in path.split('/')))
    return '' if found is None else found.text or ''


def rows_of(data):
    """(policy domain, begin, end, Counter of rows) of a mail."""
    mail = email.message_from_bytes(data)
    packed = [part.get_payload(decode=True) for part in mail.walk()
              if part.get_content_type() == 'application/gzip']
    root = xml.etree.ElementTree.parse(io.BytesIO(
        gzip.decompress(packed[0]))).getroot()
    rows = collections.Counter()
    for r in root.findall(NS + 'record'):
        sigs = [[text_of(x, 'domain'), text_of(x, 'selector'),
                 text_of(x, 'result')]
                for x in r.findall(NS + 'auth_results/' + NS + 'dkim')]
        rows[json.dumps([
            text_of(r, 'row/source_ip'),
            text_of(r, 'row/policy_evaluated/disposition'),
            text_of(r, 'row/policy_evaluated/dkim'),
            text_of(r, 'row/policy_evaluated/spf'),
            text_of(r, 'identifiers/header_from'),
            text_of(r, 'identifiers/envelope_from'), sigs,
            text_of(r, 'auth_results/spf/domain'),
            text_of(r, 'auth_results/spf/result'),
            sorted(text_of(x, 'type') for x in r.findall(
                '%srow/%spolicy_evaluated/%sreason' % (NS, NS, NS)))])] += \
            int(text_of(r, 'row/count'))
    return (text_of(root, 'policy_published/domain'),
            int(text_of(root, 'report_metadata/date_range/begin')),
            int(text_of(root, 'report_metadata/date_range/end')), rows)


def rows_of_events(events, domain, begin):
    return collections.Counter(json.dumps([
        e['ip'], e['disposition'], e['a_dkim'], e['a_spf'], e['header_from'],
        e['envelope_from'], e['dkim'], e['spf'][0], e['spf'][1],
        sorted(x for x, _ in e['reasons'])]) for e in events
        if e['policy_domain'] == domain and
        begin <= e['t'] < begin + DAY)


def check_own(mails, events, name):
    """Each message once, in the report of its domain and day."""
    wrong, seen = [], set()
    for data in mails.values():
        domain, begin, end, rows = rows_of(data)
        seen.add((domain, begin))
        if rows != rows_of_events(events, domain, begin) or \
                begin % DAY != 0 or end != begin + DAY - 1:
            wrong.append((domain, begin, end))
    tap.is_(wrong, [], name + ': each message in its row')
    tap.is_(sorted(seen), sorted({(e['policy_domain'], e['t'] // DAY * DAY)
                                  for e in events}),
            name + ': a report for each domain and day')
    tap.is_(len(mails), len(seen), name + ': and one only')


def check_suite(folder, mails, events, name):
    check = suites.report_checker()
    if check is None:
        tap.skip(name + ': check_report.py', 'no suite dmarc-reports-write, '
                 'or no xmllint')
        return
    path = proc.write(os.path.join(folder, 'events'), ''.join(
        json.dumps(e) + '\n' for e in events))
    records = {d.name: 'v=DMARC1; ' + '; '.join(
        '%s=%s' % x for x in d.tags.items()) for d in kept.DOMAINS}
    wrong = []
    for file, data in mails.items():
        said = check('--receiver', 'rx.example', '--events', path, '--record',
                     records[rows_of(data)[0]], file)
        if said != (0, '0 errors, 0 warnings\n'):
            wrong.append((file, said))
    tap.is_(wrong, [], '%s: check_report.py has nothing to say about %d '
            'reports of %d messages' % (name, len(mails), len(events)))


def night(p, store, zone, n):
    name = '%s, %s' % (zone, store.name)
    folder = p.folder()
    clock = Clock(folder)
    clock.set(NIGHTS[zone] - DAY)
    env = dict(os.environ, TZ=zone, **clock.env)
    options = dict(p.mail.options(), ReportStore=store.where)
    d = seald.Seald(folder, options, env=env)
    events = send(p, d, clock, NIGHTS[zone], n)
    tap.is_(d.stop(), 0, name + ': the daemon ends')
    out = os.path.join(folder, 'out')
    os.mkdir(out)
    conf = proc.write(os.path.join(folder, 'conf'), ''.join(
        '%s %s\n' % x for x in {
            'ReportStore': store.where, 'ReportFrom': 'dmarc@rx.example',
            'Domain': 'rx.example', 'Selector': 'r1', 'KeyStore': 'none',
            'KeyFile': p.key.path, 'Zone': p.mail.zone,
            'ReportRefusedDomains': 'yes'}.items()), 0o600)
    status, _, err = proc.run(
        [tree.MAILSEAL, 'report', 'send', '-c', conf, '--out', out, '--now',
         str(NIGHTS[zone] + 3 * DAY)], env=dict(os.environ, TZ=zone))
    tap.is_((status, err), (0, ''), name + ': the reports are sent')
    mails = {}
    for file in sorted(os.listdir(out)):
        with open(os.path.join(out, file), 'rb') as f:
            mails[os.path.join(out, file)] = f.read()
    check_own(mails, events, name)
    check_suite(folder, mails, events, name)


def plan(both):
    """[(zone, database)]"""
    if not EVENTS:
        return [('Europe/Berlin', 0)] + both * [('America/St_Johns', 1)]
    return [(zone, i) for zone in NIGHTS for i in range(1 + both)]


def main():
    if tree.is_sanitized():
        tap.skip('report_events', 'a sanitizer must be loaded first')
        return
    p = Place()
    lacks = postgres.unavailable()
    server = None
    if lacks:
        tap.skip('PostgreSQL', lacks)
    else:
        server = postgres.Postgres(os.path.join(p.top, 'pg'))
        server.psql('mailseal', "ALTER DATABASE mailseal SET timezone = "
                    "'America/St_Johns'")
        store = kept.Postgres(server)
    nights = plan(server is not None)
    for zone, i in nights:
        if i:
            store.clear()
        night(p, store if i else kept.Sqlite(p.folder()), zone,
              (EVENTS or FEW) // len(nights))
    if server:
        server.stop()


tap.main(main)
