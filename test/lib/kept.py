# SPDX-License-Identifier: BSD-2-Clause
"""kept: what a mailseald has kept for DMARC reports, in either database, and
random messages with the rows that they must become. The rows are worked out
here from the text of the standards, not from the daemon's results.
"""
import collections
import json
import os
import random
import sqlite3

import peers
import proc
import seal
import tree

DAY = 86400
GOOD, BAD, V6 = '192.0.2.10', '203.0.113.7', '2001:db8::77'
FORWARDER, LIST = '198.51.100.1', '198.51.100.2'
PRETTY = {'::ffff:192.0.2.10': GOOD, '2001:DB8:0:0::77': V6}

Row = collections.namedtuple('Row', (
    'policy_domain', 'header_from', 'envelope_from', 'ip', 'disposition',
    'dkim', 'spf', 'reasons', 'signatures', 'spf_domain', 'spf_result'))

QUERY = '''SELECT c.domain, r.header_from, r.envelope_from, r.ip,
r.disposition, r.dkim, r.spf, r.reasons, r.signatures, r.spf_domain,
r.spf_result, r.messages, r.day FROM mailseal_report_row r
JOIN mailseal_report_policy c ON c.id = r.policy'''


class Sqlite:
    name = 'sqlite'

    def __init__(self, top, name='reports.db'):
        self.path = os.path.join(top, name)
        self.where = 'sqlite:' + self.path

    def query(self, text):
        db = sqlite3.connect(self.path, timeout=60)
        try:
            return db.execute(text).fetchall()
        finally:
            db.close()


class Postgres:
    name = 'postgres'

    def __init__(self, server, user='mx'):
        """server: of integration/postgres.py."""
        self.server = server
        self.where = server.store(user)
        with open(os.path.join(tree.SRC, 'etc', 'reports-postgres.sql'),
                  encoding='ascii') as f:
            self._psql(f.read())
        self._psql('CREATE ROLE %s LOGIN IN ROLE mailseal_report' % user)

    def _psql(self, text):
        status, out = self.server.psql('mailseal', text)
        if status != 0:
            raise RuntimeError(out)
        return out

    def query(self, text):
        out = self._psql('SELECT json_agg(row_to_json(t)) FROM (%s) t' % text)
        return [tuple(row.values()) for row in json.loads(out or '[]') or []]

    def clear(self):
        self._psql('TRUNCATE mailseal_report_row, mailseal_report_period, '
                   'mailseal_report_policy, mailseal_report_writer, '
                   'mailseal_report_delivery')


def rows(store):
    """Counter of Row."""
    found = collections.Counter()
    for r in store.query(QUERY):
        reasons = tuple(x.split(' ')[0] for x in r[7].split('\t') if x)
        found[Row(*r[:7], reasons, *r[8:11])] += r[11]
    return found


def days(store):
    return sorted({r[12] for r in store.query(QUERY)})


def sums(store):
    """Messages by the rows, and by the periods."""
    return (store.query('SELECT sum(messages) AS n FROM '
                        'mailseal_report_row')[0][0] or 0,
            store.query('SELECT sum(messages) AS n FROM '
                        'mailseal_report_period')[0][0] or 0)


def stored(store):
    """Messages, also of a file that has no tables yet."""
    try:
        return sums(store)[0]
    except sqlite3.OperationalError:
        return 0


class Domain:
    def __init__(self, name, spf, tags):
        self.name = name
        self.spf = spf
        self.tags = dict(p=tags.get('p', 'none'), **{
            k: v for k, v in tags.items() if k != 'p'})

    def zone(self):
        text = ''
        if self.spf is not None:
            text += '%s. TXT "v=spf1 ip4:%s ip6:%s %s"\n' % (
                self.name, GOOD, V6, self.spf)
        return text + '_dmarc.%s. TXT "v=DMARC1; %s; rua=mailto:r@%s"\n' % (
            self.name, '; '.join('%s=%s' % x for x in self.tags.items()),
            self.name)

    def spf_result(self, ip):
        if self.spf is None:
            return 'none'
        if PRETTY.get(ip, ip) in (GOOD, V6):
            return 'pass'
        return {'-all': 'fail', '~all': 'softfail', '?all': 'neutral'}[
            self.spf]


DOMAINS = [
    Domain('none.test', '-all', {}),
    Domain('reject.test', '~all', {'p': 'reject'}),
    Domain('quarantine.test', '?all', {'p': 'quarantine', 'sp': 'none'}),
    Domain('strict.test', '-all', {'p': 'reject', 'aspf': 's',
                                   'adkim': 's'}),
    Domain('testing.test', '-all', {'p': 'reject', 't': 'y'}),
    Domain('example.com', None, {'p': 'quarantine'}),
]
LOWER = {'reject': 'quarantine', 'quarantine': 'none', 'none': 'none'}


class Mail:
    """The world of the messages: a zone, a key, and a random source."""

    def __init__(self, top, seed):
        self.random = random.Random(seed)
        self.key = peers.Key(top, 'e1', 'ed25519-sha256')
        names = [d.name for d in DOMAINS]
        text = ''.join(d.zone() for d in DOMAINS)
        text += ''.join('www.%s. A 192.0.2.80\n' % n for n in names)
        for n in names:
            text += 'e1._domainkey.%s. TXT "%s"\n' % (n, self.key.record)
        self.zone = proc.write(os.path.join(top, 'kept.zone'), text)
        self.signed = {}

    def options(self):
        """Of a daemon that judges them."""
        return {'Zone': self.zone, 'AuthservID': 'mx.here.test', 'Mode': 'v',
                'OnDMARCReject': 'reject', 'TrustedNetworks': FORWARDER,
                'MailingListHosts': LIST, 'InternalHosts': '127.0.0.1'}

    def _text(self, author, signer):
        if (author, signer) not in self.signed:
            text = ('From: joe@%s\r\n\r\nhello\r\n' % author).encode()
            if signer:
                status, text, err = seal.sign(text, signer, 'e1',
                                              self.key.path)
                if status != 0:
                    raise RuntimeError(err)
            self.signed[author, signer] = text
        return self.signed[author, signer]

    def make(self):
        """(ip, reverse-path, message, its Row)."""
        choose = self.random.choice
        domain = choose(DOMAINS)
        author = choose((domain.name, domain.name, 'www.' + domain.name))
        sender = choose((domain, domain, choose(DOMAINS)))
        ip = choose((GOOD, GOOD, BAD, V6, FORWARDER, LIST) + tuple(PRETTY))
        signer = choose((None, None, domain.name, choose(DOMAINS).name))
        text = self._text(author, signer)
        broken = signer is not None and choose((False, False, True))
        if broken:
            text = text.replace(b'\r\n\r\nhello', b'\r\n\r\njello')
        return ip, '<bounce@%s>' % sender.name, text, self.row(
            domain, author, sender, ip, signer, broken)

    @staticmethod
    def row(domain, author, sender, ip, signer, broken):
        strict = domain.tags.get('adkim') == 's'
        spf = sender.spf_result(ip)
        spf_pass = spf == 'pass' and (
            sender.name == author if strict else sender is domain)
        dkim_pass = signer is not None and not broken and (
            signer == author if strict else signer == domain.name)
        policy = domain.tags['p']
        if author != domain.name:
            policy = domain.tags.get('sp', policy)
        reasons = []
        if spf_pass or dkim_pass:
            disposition = 'none' if policy == 'none' else 'pass'
        else:
            disposition = policy
            if domain.tags.get('t') == 'y' and policy != 'none':
                disposition = LOWER[policy]
                reasons.append('policy_test_mode')
            if disposition != 'none' and ip in (FORWARDER, LIST):
                disposition = 'none'
                reasons.append('trusted_forwarder' if ip == FORWARDER else
                               'mailing_list')
        return Row(domain.name, author, sender.name, PRETTY.get(ip, ip),
                   disposition, 'pass' if dkim_pass else 'fail',
                   'pass' if spf_pass else 'fail', tuple(reasons),
                   '' if signer is None else '%s e1 %s' % (
                       signer, 'fail' if broken else 'pass'),
                   sender.name, spf)


def play(client, ip, path, text):
    """One message on a connection of milter.Client; its final answer."""
    client.connect(address=ip)
    client.helo()
    client.mail(path)
    client.rcpt()
    client.step('T')
    for field in seal.split(text)[0]:
        name, _, value = field.partition(b':')
        client.step('L', name + b'\0' + value[:-2].replace(
            b'\r\n', b'\n') + b'\0')
    client.eoh()
    client.body(text.partition(b'\r\n\r\n')[2])
    return client.eom()[0]
