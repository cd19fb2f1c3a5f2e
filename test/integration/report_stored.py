# SPDX-License-Identifier: BSD-2-Clause
"""mailseal report read --store: each report once, in both databases; all that is
stored is shown; the keys that reports name; root and UserID; a store that is
away or full; the daemon's numbers.
"""
import json
import os
import pwd
import re
import socket
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import kept  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import reports as r  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TODAY = int(time.time()) // r.DAY * r.DAY
USER = 'nobody'


class Host:
    def __init__(self, store=None, **options):
        self.top = proc.folder()
        self.store = store or kept.Sqlite(self.top)
        self.conf = proc.write(os.path.join(self.top, 'conf'), ''.join(
            '%s %s\n' % x for x in dict(
                Mode='v', ReportStore=self.store.where, **options).items()))
        self.n = 0

    def put(self, data):
        self.n += 1
        return proc.write(os.path.join(self.top, 'in%d' % self.n), data)

    def run(self, *args, data=b''):
        return proc.run([tree.MAILSEAL, 'report', 'read', '-c', self.conf,
                         '--store'] + list(args), data)

    def json(self, *args, data=b''):
        status, out, err = self.run('--json', *args, data=data)
        return status, json.loads(out) if out else None, err

    def stored(self):
        return self.store.query('SELECT count(*) AS n FROM '
                                'mailseal_report_received')[0][0]


def report(rid='1', org='Rx', ago=1, domain='d.example', records=None):
    return r.aggregate(records or [r.passing('192.0.2.1', 3, domain)], org,
                       rid, domain, TODAY - ago * r.DAY).encode()


def messages(out):
    return {d['domain']: d['messages'] for d in out['domains']}


def each_once(store=None):
    h = Host(store)
    name = h.store.name
    one, two = h.put(report()), h.put(report('2', ago=2))
    status, out, err = h.json(one)
    tap.is_((status, out['duplicates'], messages(out)), (0, 0,
            {'d.example': 3}), name + ': a report', err)
    status, out, err = h.json(one, two)
    tap.is_((status, out['duplicates'], messages(out)), (0, 1,
            {'d.example': 6}), name + ': it again, and another', err)
    tap.is_([x['duplicate'] for x in out['reports']], [True, False],
            name + ': which is which')
    status, out, err = h.json(one)
    tap.is_((status, out['error'], out['duplicates'], messages(out)),
            (0, None, 1, {'d.example': 6}),
            name + ': nothing but a repeated one is no error', err)
    status, out, err = h.json(data=r.mail([r.b64_part(r.gz(report('3')))]))
    tap.is_((status, messages(out)), (0, {'d.example': 9}),
            name + ': from standard input', err)
    status, out, err = h.json('/dev/null', one)
    tap.is_((status, out['duplicates'], out['unread']), (0, 1, 1),
            name + ': a file that is no report', err)
    tap.is_(h.stored(), 3, name + ': three are stored')
    whole = report('4', records=[r.passing('192.0.2.%d' % i, 5)
                                 for i in range(1, 9)])
    cut = h.put(whole[:whole.rindex(b'<record>') - 9])
    whole = h.put(whole)
    for some, want, repeated in (([cut], 9 + 30, 0), ([cut], 9 + 30, 1),
                                 ([cut, whole], 9 + 40, 1),
                                 ([whole], 9 + 40, 1), ([cut], 9 + 40, 1)):
        status, out, err = h.json(*some)
        tap.is_((status, messages(out), out['duplicates']),
                (0, {'d.example': want}, repeated),
                name + ': a damaged copy and a whole one', err)
    tap.is_(h.stored(), 4, name + ': once')
    many_ways(h)
    keys(h)


def many_ways(h):
    """What is stored is as it would be if it were read at once."""
    name = h.store.name
    files = [h.put(report(str(i), 'Org %d' % (i % 3), 1 + i % 9,
                          ('a.example', 'www.a.example', 'b.example')[i % 3],
                          [r.passing('192.0.2.%d' % j, j + 1,
                                     selector='k%d' % (j % 2))
                           for j in range(i % 5)] +
                          [r.record('2001:db8::%x' % i, i + 1,
                                    disposition='reject')]))
             for i in range(60)]
    for some in (files[:1], files[1:40], files[30:], files):
        status, _, err = h.run(*some)
        tap.is_(status, 0, name + ': some reports', err)
    tap.is_(h.stored(), 64, name + ': each is stored once')
    for args in ([], ['--domain', 'a.example'], ['--fail-only'],
                 ['--since', time.strftime('%Y-%m-%d', time.gmtime(
                     TODAY - 4 * r.DAY))]):
        _, out, _ = h.json(*args)
        plain = proc.run_json([
            tree.MAILSEAL, 'report', 'read', '--json', '-c', h.conf, *args,
            *[os.path.join(h.top, 'in%d' % i)
                     for i in range(1, h.n + 1)], h.put(report('3'))])[1]
        for part in ('sources', 'domains'):
            tap.ok(out[part] and out[part] == plain[part],
                   '%s: %s are those of all files, %s' % (name, part, args),
                   str((out[part], plain[part]))[:2000])


def keys(h):
    """Also that which always signs beside another one."""
    both = r.record('192.0.2.1', 4, dkim='pass', sigs=[
        ('key.example', 'rsa', 'pass'), ('Key.Example.', 'ED', 'pass'),
        ('key.example', 'rsa', 'fail'), ('', 'none', 'pass'),
        ('key.example', 'bad', 'fail'), ('x' * 300, 's', 'pass')])
    status, _, err = h.run(h.put(report('keys', domain='key.example',
                                        records=[both, both])))
    tap.is_(status, 0, 'keys', err)
    tap.is_(sorted(h.store.query(
        'SELECT domain, selector, passed, failed FROM '
        'mailseal_report_selector WHERE domain = \'key.example\'')),
            [('key.example', 'bad', 0, 8), ('key.example', 'ed', 8, 0),
             ('key.example', 'rsa', 8, 0)],
            h.store.name + ': the keys of all signatures')


def only_stored():
    h = Host()
    h.run(h.put(report()))
    status, out, err = h.json()
    tap.is_((status, messages(out), out['reports']),
            (0, {'d.example': 3}, []), 'without input: what is stored', err)
    status, out, err = h.run()
    tap.ok(status == 0 and b'd.example' in out, 'as a table', out)
    page = os.path.join(h.top, 'page.html')
    status, out, err = h.run('--html', page)
    with open(page, encoding='utf-8') as f:
        tap.ok(status == 0 and 'd.example' in f.read(), 'as a page', err)
    status, out, err = h.run(data=b'hello')
    tap.is_(status, 1, 'input that is no report is an error', err)
    status, out, err = h.run(h.put(b''))
    tap.is_(status, 1, 'so is an empty file that was named', err)
    empty = Host()
    status, out, err = empty.json()
    tap.is_((status, out['domains']), (0, []), 'an empty store', err)


def refusals():
    h = Host(store=None)
    proc.write(h.conf, 'Mode v\nReportStore none\n')
    status, _, err = h.run()
    tap.ok(status == 2 and 'ReportStore' in err, 'no ReportStore', err)
    status, _, err = proc.run([tree.MAILSEAL, 'report', 'read', '--store',
                               '-c', h.top + '/absent'])
    tap.is_(status, 2, 'no configuration', err)
    h = Host()
    status, _, err = h.run('--strict', h.put(report(org='')))
    tap.is_(h.stored(), 0, '--strict: what is not used is not stored', err)
    h.run('--domain', 'other.example', h.put(report()))
    tap.is_(h.stored(), 0, '--domain: nor what was not asked for')


def away():
    h = Host()
    one = h.put(report())
    h.run(one)
    db = sqlite3.connect(h.store.path, isolation_level=None)
    db.execute('BEGIN IMMEDIATE')
    status, out, err = h.json(h.put(report('2')), h.put(report('3')))
    tap.is_((status, 'ReportStore' in (out['error'] or '')), (75, True),
            'a store that is busy', err)
    tap.contains(err, 'ReportStore', 'it is named')
    db.execute('ROLLBACK')
    db.execute('UPDATE mailseal_report_received SET records = 1999999')
    db.close()
    status, out, err = h.json(h.put(report('4')))
    tap.is_(status, 2, 'a store that is full')
    tap.ok('full' in err and any('not stored' in w
                                 for w in out['warnings']), 'says so', err)
    proc.write(h.store.path, b'this is no database, certainly' * 100)
    status, out, err = h.json(one)
    tap.ok(status == 2 and 'reports.db' in err, 'no database', err)


def killed():
    """At each write in turn: a report is there whole, or not at all."""
    if tree.is_sanitized():
        tap.skip('killed', 'a sanitizer must be loaded first')
        return
    h = Host()
    files = [h.put(report(str(i), records=[
        r.passing('192.0.2.%d' % j) for j in range(20)])) for i in range(3)]
    at, status, partial = 0, -9, []
    while status == -9 and at < 200:
        at += 1
        status, _, err = proc.run(
            [tree.MAILSEAL, 'report', 'read', '-c', h.conf, '--store'] +
            files, env=dict(os.environ, KILL_AT=str(at), LD_PRELOAD=tree.
                            program('test/lib/kill_at.so')))
        try:
            rows, records = h.store.query(
                'SELECT (SELECT count(*) FROM mailseal_report_source) + '
                '(SELECT count(*) FROM mailseal_report_selector), '
                'COALESCE((SELECT sum(records) FROM '
                'mailseal_report_received), 0)')[0]
        except sqlite3.OperationalError:    # no tables yet
            continue
        if rows != records:
            partial.append((at, rows, records))
    tap.ok(status == 0 and at > 10, 'killed at each of %d writes' % (at - 1),
           err)
    tap.is_(partial, [], 'a report is stored whole, or not at all')
    _, out, err = h.json(*files)
    tap.is_((out['duplicates'], messages(out)), (3, {'d.example': 60}),
            'and each once', err)


def as_root():
    """The store stays that of UserID; the mailbox is root's."""
    if os.geteuid() != 0:
        tap.skip('root', 'not root')
        return
    h = Host(UserID=USER)
    os.chmod(h.top, 0o755)
    folder = os.path.join(h.top, 'store')
    os.mkdir(folder)
    os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
    os.chmod(folder, 0o700)
    h.store.path = os.path.join(folder, 'reports.db')
    proc.write(h.conf, 'Mode v\nUserID %s\nReportStore sqlite:%s\n' % (
        USER, h.store.path))
    one = h.put(report())
    os.chmod(one, 0o600)
    db = None
    for i in range(2):
        status, out, err = h.json(one, h.put(report(str(i + 2))))
        tap.is_((status, messages(out)), (0, {'d.example': 6 + 3 * i}),
                'root reads its own files', err)
        owners = {name: os.stat(os.path.join(folder, name)).st_uid
                  for name in os.listdir(folder)}
        tap.is_(set(owners.values()), {pwd.getpwnam(USER).pw_uid},
                'the store is that of UserID', owners)
        # So that the files beside it stay.
        db = db or sqlite3.connect(h.store.path)
        db.execute('SELECT count(*) FROM mailseal_report_row').fetchall()
    db.close()
    target = os.path.join(h.top, 'target.db')
    os.rename(h.store.path, target)
    os.chown(target, 0, 0)
    os.chmod(target, 0o600)
    os.symlink(target, h.store.path)
    before = os.stat(target).st_mtime_ns
    status, out, err = h.json(h.put(report('9')))
    tap.ok(status != 0 and os.stat(target).st_mtime_ns == before,
           'a link of UserID gives no permissions of root', err)


def metrics():
    h = Host()
    where = os.path.join(h.top, 'metrics')
    h.run(h.put(report(records=[r.passing(count=3), r.record(count=2)])),
          h.put(report('old', ago=30)))
    d = seald.Seald(h.top, {'Mode': 'v', 'ReportStore': h.store.where,
                            'Metrics': 'unix:' + where}, 'mx')

    def get():
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(where)
            except OSError:
                return None
            s.sendall(b'GET /metrics HTTP/1.0\r\n\r\n')
            page = s.makefile('rb').read().decode()
        return dict(re.findall(r'^(mailseal_report_received\S+) (\d+)$', page,
                               re.M))
    got = proc.wait_for(get, 'the numbers')
    got.pop('mailseal_report_received_time_seconds', None)
    tap.is_(got, {
        'mailseal_report_received_reports': '1',
        'mailseal_report_received_messages{result="pass"}': '3',
        'mailseal_report_received_messages{result="fail"}': '2'},
            'the numbers of 7 days')
    tap.is_(d.stop(), 0, 'the daemon ends')


def readme():
    """The way from p=none to p=reject, as it is written."""
    h = Host()
    folder = os.path.join(h.top, 'Maildir')
    for name in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(folder, name))
    proc.write(os.path.join(folder, 'new', '1'),
               r.mail([r.b64_part(r.gz(report()))]))
    with open(os.path.join(tree.SRC, 'README'), encoding='utf-8') as f:
        text = f.read()
    text = text[text.index('From p=none to p=reject'):]
    lines = re.findall(r'^\t(mailseal report read .*)$',
                       text[:text.index('RFC 9989 7.4')], re.M)
    tap.is_(len(lines), 3, 'README: three commands')
    zone = h.put('d.example. TXT "v=spf1 ip4:192.0.2.1 -all"\n')
    for line in lines:
        words = line.replace('~dmarc', h.top)
        if '--resolve' in words:
            words = words.replace('--resolve', '--resolve --zone ' + zone)
        status, out, err = proc.run(['/bin/sh', '-c', words.replace(
            'mailseal report read', '%s report read -c %s' % (
                tree.MAILSEAL, h.conf))])
        quiet = '--quiet' in words
        tap.ok(status == 0 and (out == b'' if quiet else
                                b'd.example' in out), line, (out, err))


def in_postgres():
    lacks = postgres.unavailable()
    if lacks:
        tap.skip('PostgreSQL', lacks)
        return
    server = postgres.Postgres(os.path.join(proc.folder(), 'pg'))
    store = kept.Postgres(server)
    program = os.path.join(tree.BUILD, 'test/unit/t_report_received')
    status, out, err = proc.run([program, store.where])
    tap.ok(status == 0, 't_report_received, in PostgreSQL',
           out.decode() + err)
    each_once(store)
    server.psql('mailseal', 'DROP TABLE mailseal_report_received, '
                'mailseal_report_failure')
    h = Host(store)
    status, _, err = h.json(h.put(report()))
    tap.ok(status == 2 and 'mailseal_report_received' in err,
           'tables of an older release are named', err)
    d = seald.Seald(h.top, {'Mode': 'v', 'ReportStore': store.where}, 'mx')
    proc.wait_for(lambda: 'listens on' in d.log_text(), 'the daemon')
    tap.is_(d.stop(), 0, 'the daemon runs with them')
    tap.ok('ReportStore' not in d.log_text(), 'and says nothing',
           d.log_text())
    server.stop()


def main():
    each_once()
    only_stored()
    refusals()
    away()
    killed()
    as_root()
    metrics()
    readme()
    in_postgres()


tap.main(main)
