# SPDX-License-Identifier: BSD-2-Clause
"""report_store: fills the store of mailseald's reports as the daemon does, and
looks into it.
"""
import hashlib
import json
import os
import sqlite3

import tree

DAY = 86400
SCHEMA = os.path.join(tree.SRC, 'etc', 'reports-sqlite.sql')
POLICY = ('domain', 'discovery', 'p', 'sp', 'np', 'adkim', 'aspf', 'fo',
          'testing', 'rua', 'error')
ROW = ('ip', 'disposition', 'dkim', 'spf', 'reasons', 'header_from',
       'envelope_from', 'signatures', 'spf_domain', 'spf_result')


def digest(values):
    return hashlib.sha256('\n'.join(values).encode()).hexdigest()


def policy(domain, rua=None, **more):
    """A policy configuration; p=reject unless more says otherwise."""
    out = dict.fromkeys(POLICY, '')
    out.update(domain=domain, discovery='treewalk', p='reject', adkim='r',
               aspf='r', fo='0', testing='n',
               rua='mailto:rua@' + domain if rua is None else rua)
    out.update(more)
    return out


def row(domain, ip='192.0.2.1', messages=1, good=True, **more):
    """(row, messages): mail that passes, or that fails and is refused."""
    out = dict.fromkeys(ROW, '')
    out.update(ip=ip, disposition='pass' if good else 'reject',
               dkim='pass' if good else 'fail', spf='fail',
               header_from=domain, envelope_from='b.example',
               signatures='%s s1 %s' % (domain, 'pass' if good else 'fail'),
               spf_domain='b.example', spf_result='pass')
    out.update(more)
    return out, messages


def quote(value):
    return str(value) if isinstance(value, int) else "'%s'" % (
        value.replace("'", "''"))


class Store:
    """In SQLite."""

    name = 'SQLite'

    def __init__(self, path):
        self.path = path
        self.where = 'sqlite:' + path
        with self.open() as db, open(SCHEMA, encoding='ascii') as f:
            db.executescript('PRAGMA journal_mode = WAL;' + f.read())

    def open(self):
        return sqlite3.connect(self.path, timeout=60)

    def script(self, text):
        with self.open() as db:
            db.executescript(text)

    def rows(self, what):
        """Rows of a query, as dictionaries."""
        with self.open() as db:
            db.row_factory = sqlite3.Row
            return [dict(r) for r in db.execute(what)]

    def add(self, config, day, rows, ordinary=None, accepted=None):
        """A period; gives the name of its policy. The weights are those of its
        rows unless given."""
        config_id = digest([config[c] for c in POLICY])
        messages = sum(n for _, n in rows)
        ordinary = messages if ordinary is None else ordinary
        if accepted is None:
            accepted = min(ordinary, sum(
                n for r, n in rows if r['disposition'] != 'reject'))
        lines = [
            ('policy', [config_id] + [config[c] for c in POLICY] + [day],
             ' ON CONFLICT DO NOTHING'),
            ('period (policy, day, state, messages, ordinary, accepted, '
             'passed)', [config_id, day, 'open', messages, ordinary, accepted,
                         0], '')]
        lines += [('row', [config_id, day, digest([r[c] for c in ROW]), n] +
                   [r[c] for c in ROW], '') for r, n in rows]
        self.script('BEGIN;\n' + ''.join(
            'INSERT INTO mailseal_report_%s VALUES (%s)%s;\n' % (
                table, ', '.join(map(quote, values)), end)
            for table, values, end in lines) + 'COMMIT;\n')
        return config_id

    def states(self):
        """{(domain, day): state}"""
        return {(r['domain'], r['day']): r['state'] for r in self.rows(
            'SELECT c.domain, p.day, p.state FROM mailseal_report_period p '
            'JOIN mailseal_report_policy c ON c.id = p.policy')}


class Postgres(Store):
    """In a database of integration/postgres.py."""

    name = 'PostgreSQL'

    def __init__(self, server, user='mx'):
        self.server = server
        self.where = server.store(user)
        with open(SCHEMA.replace('sqlite', 'postgres'),
                  encoding='ascii') as f:
            self.script(f.read() + 'CREATE ROLE %s LOGIN IN ROLE '
                        'mailseal_report;' % user)

    def script(self, text):
        status, out = self.server.psql('mailseal', text)
        if status != 0:
            raise RuntimeError(out)
        return out

    def rows(self, what):
        return json.loads(self.script(
            'SELECT json_agg(row_to_json(t)) FROM (%s) t' % what) or
            '[]') or []
