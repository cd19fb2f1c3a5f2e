# SPDX-License-Identifier: BSD-2-Clause
"""Stores as the first dkimkeygen left them (files, SQLite, PostgreSQL) are
taken over as they are: listed, checked, rotated, and written again."""
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import postgres  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
DAY = 86400
START = 1800000000
COLUMNS = ('domain', 'selector', 'type', 'bits', 'stage', 'created', 'since',
           'seen', 'asked', 'record', 'note', 'private')
SQLITE = '''
CREATE TABLE mailseal_key (domain TEXT NOT NULL, selector TEXT NOT NULL,
type TEXT NOT NULL, bits INTEGER NOT NULL, stage TEXT NOT NULL,
created INTEGER NOT NULL, since INTEGER NOT NULL, seen INTEGER, asked INTEGER,
record TEXT NOT NULL, note TEXT, private TEXT, PRIMARY KEY (domain, selector));
CREATE TABLE mailseal_key_revision (n INTEGER NOT NULL);
INSERT INTO mailseal_key_revision SELECT 1;
CREATE TRIGGER mailseal_key_insert AFTER INSERT ON mailseal_key
BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;
CREATE TRIGGER mailseal_key_update AFTER UPDATE ON mailseal_key
WHEN OLD.stage IS NOT NEW.stage OR OLD.private IS NOT NEW.private OR OLD.domain
IS NOT NEW.domain OR OLD.selector IS NOT NEW.selector
BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;
CREATE TRIGGER mailseal_key_delete AFTER DELETE ON mailseal_key
BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;
'''
POSTGRES = '''
CREATE TABLE mailseal_key (domain text NOT NULL, selector text NOT NULL,
type text NOT NULL, bits integer NOT NULL, stage text NOT NULL,
created bigint NOT NULL, since bigint NOT NULL, seen bigint, asked bigint,
record text NOT NULL, note text, private text, PRIMARY KEY (domain, selector));
CREATE TABLE mailseal_key_revision (n bigint NOT NULL);
INSERT INTO mailseal_key_revision SELECT 1;
GRANT SELECT ON mailseal_key, mailseal_key_revision TO mailseal_keygen;
GRANT INSERT, UPDATE ON mailseal_key TO mailseal_keygen;
'''


def make_rows():
    """A key in each stage, and their records as zone text."""
    folder = os.path.join(TOP, 'made')
    os.mkdir(folder)
    rows, zone = [], ''
    for selector, stage, since in (
            ('p', 'pending', 0), ('a', 'active', 100 * DAY),
            ('r', 'retired', 20 * DAY), ('v', 'revoked', DAY),
            ('x', 'removed', 90 * DAY)):
        line = subprocess.run(
            [tree.DKIMKEYGEN, 'new', '-d', 'old.example', '-D', folder, '-s',
             selector, '-t', 'ed25519'], check=True, capture_output=True,
            text=True).stdout
        with open(os.path.join(folder, selector + '.private'),
                  encoding='ascii') as f:
            pem = f.read()
        record = line.split('"')[1]
        rows.append(('old.example', selector, 'ed25519', 256, stage,
                     START - 200 * DAY, START - since, None if stage ==
                     'pending' else START - since, None, record,
                     'it waits' if stage == 'retired' else None,
                     None if stage == 'removed' else pem))
        zone += line if stage in ('active', 'retired') else ''
    return rows, zone + 'v._domainkey.old.example. TXT "v=DKIM1; p="\n'


def make_files(rows):
    top = os.path.join(TOP, 'files')
    folder = os.path.join(top, 'old.example')
    os.makedirs(folder, 0o700)
    proc.write(os.path.join(top, '.lock'), '', 0o600)
    proc.write(os.path.join(top, '.revision'), '0123456789abcdef')
    for row in rows:
        path = os.path.join(folder, row[1])
        proc.write(path + '.state', 'mailseal-key 1\n' + ''.join(
            '%s %s\n' % x for x in zip(COLUMNS[:-1], row) if x[1] is not None))
        proc.write(path + '.txt', '%s._domainkey.old.example. IN TXT "%s"\n' %
                   (row[1], row[9]))
        if row[-1] is not None:
            proc.write(path + '.private', row[-1], 0o600)
    return top


def make_sqlite(rows):
    path = proc.write(os.path.join(TOP, 'old.db'), '', 0o600)
    db = sqlite3.connect(path)
    db.executescript(SQLITE)
    db.executemany('INSERT INTO mailseal_key VALUES (%s)' %
                   ', '.join('?' * len(COLUMNS)), rows)
    db.commit()
    db.close()
    return 'sqlite:' + path


def make_postgres(rows):
    db = postgres.Postgres(os.path.join(TOP, 'postgres'))
    values = ', '.join('(%s)' % ', '.join(
        'NULL' if x is None else "'%s'" % x for x in row) for row in rows)
    status, said = db.psql(
        'mailseal', 'DROP TABLE mailseal_key, mailseal_key_revision;' +
        POSTGRES + 'INSERT INTO mailseal_key VALUES %s;' % values)
    tap.is_(status, 0, 'the old tables', said)
    return db.store('keygen')


def stages(store):
    status, obj, err = proc.run_json([tree.DKIMKEYGEN, 'list', '--json', '-K',
                                      store, '--now', str(START)])
    tap.is_(status, 0, 'list', err)
    return {k['selector']: k['stage'] for k in obj['keys']}


def check_store(kind, store, zone):
    def run(verb, *options):
        status, out, err = proc.run([tree.DKIMKEYGEN, verb, '-K', store,
                                     '--now', str(START)] + list(options))
        tap.is_(status, 0, '%s: %s' % (kind, verb), err)
        return out.decode()
    want = {'p': 'pending', 'a': 'active', 'r': 'retired', 'v': 'revoked',
            'x': 'removed'}
    tap.is_(stages(store), want, kind + ': all stages')
    run('check', '--zone', zone)
    run('rotate', '--all', '--zone', zone)
    tap.is_(stages(store), dict(want, r='revoked'),
            kind + ': the retired key is revoked')
    run('new', '-d', 'old.example', '-s', 'n', '-t', 'ed25519')
    run('revoke', '-d', 'old.example', '-s', 'p')
    tap.is_(stages(store), dict(want, r='revoked', p='revoked', n='pending'),
            kind + ': a new key, and one that is revoked')
    status, _, err = proc.run([tree.DKIMKEYGEN, 'new', '-K', store, '-d',
                               'old.example', '-s', 'x'])
    tap.is_(status, 2, kind + ': the selector of a removed key', err)


def main():
    rows, text = make_rows()
    zone = proc.write(os.path.join(TOP, 'zone'), text)
    check_store('files', make_files(rows), zone)
    check_store('SQLite', make_sqlite(rows), zone)
    why = postgres.unavailable()
    if why:
        tap.diag('PostgreSQL: ' + why)
    else:
        check_store('PostgreSQL', make_postgres(rows), zone)


tap.main(main)
