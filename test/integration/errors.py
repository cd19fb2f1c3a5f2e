# SPDX-License-Identifier: BSD-2-Clause
"""Errors of configuration, keys, stores and sockets that other tests do not
provoke: each with its text, which names what is there and what to do. See
messages.py, which holds the list of all against the tests.
"""
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

CONF = 'AuthservID mx.example\nKeyStore none\nLogTarget stderr\n' \
    'Background no\n'
TABLES = 'KeyTable csl:k=example.com:s1:/none\nSigningTable ' \
    'csl:example.com=k\n'


def expect(what, argv, texts, data=b'', env=None):
    status, out, err = proc.run(argv, data, env=env)
    said = out.decode('utf-8', 'replace') + err
    for text in texts if isinstance(texts, tuple) else (texts,):
        tap.ok(status != 0 and text in said, '%s: %s' % (what, text), said)


class Place:
    def __init__(self):
        self.top = proc.folder()
        self.n = 0

    def path(self, name):
        return os.path.join(self.top, name)

    def conf(self, text, socket='s'):
        self.n += 1
        return proc.write(self.path('conf%d' % self.n), CONF + 'Socket unix:' +
                          self.path(socket) + '\n' + text, 0o600)

    def check(self, what, text, texts, **more):
        expect(what, [tree.MAILSEALD, '-n', '-c', self.conf(text)], texts,
               **more)

    def start(self, what, text, texts, socket='s', **more):
        expect(what, [tree.MAILSEALD, '-f', '-c', self.conf(text, socket)],
               texts, **more)


def options(p):
    expect('AuthservID', [tree.MAILSEALD, '-n', '-c', proc.write(
        p.path('names'), 'AuthservID %s\n' % ','.join(
            'n%d.example' % i for i in range(33)), 0o600)],
           '"n32.example" is one name too many')
    p.check('UserID', 'UserID nobody-here\n',
            'there is no user "nobody-here"')
    p.check('UserID', 'UserID root:nothing-here\n',
            'there is no group "nothing-here"')
    if os.geteuid() == 0:
        p.check('PidFile', 'PidFile %s/none/pid\n' % p.top,
                'it cannot be made there')
    p.start('PidFile', 'PidFile %s/none/pid\n' % p.top,
            'PidFile: cannot create it: No such file or directory')


def logins(p):
    for text, want in (
            ('SenderLogins mysql:/etc/x.cf\n', 'is not a table: only file:, '
             'texthash: and a path are supported; of a hash: or lmdb: table, '
             'give the text that postmap reads'),
            ('SenderLogins hash:/etc/x\n', '"hash:/etc/x" is not a table'),
            (TABLES + 'SenderLogins %s\n' % p.path('none'),
             'SenderLogins: ' + p.path('none') + ': No such file')):
        p.check('SenderLogins', text, want)
    table = proc.write(p.path('logins'), '@example.com joe\njoe@example.com\n')
    text = TABLES + 'SenderLogins texthash:%s\n' % table
    p.check('a line of SenderLogins', text, 'conf%d:8: SenderLogins: %s:2: '
            '"joe@example.com" is followed by no login' % (p.n + 1, table))
    proc.write(table, '# nothing\n')
    for text, want in (
            (text, table + ' has no address: mail of logins is not signed'),
            ('OnLoginMismatch reject\n',
             'OnLoginMismatch has no effect without SenderLogins')):
        _, _, err = proc.run([tree.MAILSEALD, '-n', '-c', p.conf(text)])
        tap.contains(err, want, 'a warning: ' + want[-60:])


def commands(p):
    """dkimkeygen, with what it cannot do."""
    store, folder = p.path('commands'), p.path('single')
    for path in store, folder:
        os.mkdir(path, 0o700)
    new = ['new', '-d', 'example.com', '-s', 's1', '-t', 'ed25519']
    for options in ['-K', store], ['-D', folder]:
        proc.run([tree.DKIMKEYGEN] + new + options)
    none = proc.write(p.path('none.conf'), 'KeyStore none\n', 0o600)
    template = proc.write(p.path('template'), 'Selector %s!\n', 0o600)
    at, other = ['-K', store], ['-d', 'other.example']
    for argv, want in (
            (['adopt', '-d', 'x.example'], 'either -d DOMAIN and -s SELECTOR '
             'or --key-table FILE is needed'),
            (['check'] + other + at, 'there is no key of other.example'),
            (['list'] + other + at, 'there is no key of other.example'),
            (['rotate'] + other + at, 'there is no key of other.example'),
            (['delete'] + other + at, 'there is no such key of other.example'),
            (['check', '-s', 's1'], '-s SELECTOR needs -d DOMAIN'),
            (new + ['-D', folder],
             'the file exists; choose another selector or directory'),
            (new + ['-D', folder, '-K', store], '-D and -K exclude each other'),
            (new + ['-b', '2048'], '-b is for RSA keys only'),
            (['new', '-t', 'dsa'] + other, 'dsa is neither rsa nor ed25519'),
            (['new'], '-d DOMAIN is missing'),
            (['retire', '-d', 'example.com'],
             '-d DOMAIN and -s SELECTOR are needed'),
            (new + ['-D', folder, '--format', 'bind'],
             'bind is not zone, value, form, json or nsupdate'),
            (['record', '-d', 'example.com', '-s', 's1', '--format', 'form',
              '--provider', 'nobody'] + at,
             'nobody is not known; leave it out, or name one of'),
            (['new', '-d', '.'.join(['a' * 60] * 4), '-s', 'b' * 60, '-D',
              folder], 'together are too long for a name'),
            (['rotate'] + at, 'either --all or -d DOMAIN is needed'),
            (['rotate', '--all', '--force'] + at, '--force is for one domain'),
            (['rotate', '--all', '--publish', 'ftp'] + at, 'is not print, '
             'nsupdate or hook:PROGRAM with its path'),
            (['list', '-c', none],
             'KeyStore is none: name a key store with --key-store'),
            (['new', '-d', 'x.example', '-c', template] + at,
             'not a template for a selector')):
        expect(' '.join(argv)[:60], [tree.DKIMKEYGEN] + argv, want)
    state = os.path.join(store, 'example.com', 's1.state')
    with open(state, encoding='ascii') as f:
        text = f.read()
    proc.write(state, text.replace('stage pending', 'stage active'), 0o600)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 's2', '-t',
              'ed25519', '-D', folder])
    expect('adopt a second key', [
        tree.DKIMKEYGEN, 'adopt', '-d', 'example.com', '-s', 's2', '-k',
        os.path.join(folder, 's2.private'), '--zone', '/dev/null'] + at,
           'the domain has an active key of that type, which would retire')


def libraries(p):
    """OpenSSL that has no algorithm."""
    empty = proc.write(p.path('openssl.cnf'), 'openssl_conf = a\n[a]\n'
                       'providers = b\n[b]\nnull = c\n[c]\nactivate = 1\n')
    p.start('OpenSSL', '', 'OpenSSL does not start',
            env=dict(os.environ, OPENSSL_CONF=empty))
    expect('OpenSSL', [tree.DKIMKEYGEN, 'new', '-d', 'x.example', '-D', p.top],
           'the key could not be made',
           env=dict(os.environ, OPENSSL_CONF=empty))


def sockets(p):
    conf = p.conf('PidFile %s\n' % p.path('pid'))
    server = proc.Server([tree.MAILSEALD, '-f', '-c', conf], p.path('log'),
                         lambda: proc.unix_open(p.path('s')))
    p.start('a second daemon', '', 'another process listens there')
    p.start('its PidFile', 'PidFile %s\n' % p.path('pid'),
            'PidFile: process %d runs already' % server.pid, 'other')
    server.process.kill()
    server.process.wait()
    if os.geteuid() == 0:
        p.start('an old socket of root', 'UserID nobody\n',
                'it is not known whether a process listens there: Permission '
                'denied; remove it if none does')
        os.chmod(p.path('s'), 0o777)
        p.start('an old socket in a folder of root', 'UserID nobody\n',
                'cannot remove the old socket: Permission denied')


def rights(p):
    """A user that cannot become another."""
    if os.geteuid() != 0:
        return
    conf = p.conf('UserID daemon\n')
    os.chmod(conf, 0o644)
    argv = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup',
            '--clear-groups', tree.MAILSEALD, '-f', '-c', conf]
    expect('UserID', argv, 'cannot become "daemon": Operation not permitted')


def stores(p):
    def keygen(what, texts, *argv):
        expect(what, [tree.DKIMKEYGEN] + list(argv), texts)
    keygen('a store of no kind',
           'not sqlite:PATH or postgres:CONNINFO, nor a directory with its '
           'path', 'list', '-K', 'mysql:db')
    keygen('postgres:', 'the text after the colon is not a conninfo such as '
           '"host=db.example dbname=mailseal"', 'list', '-K', 'postgres:x')
    folder = p.path('keys')
    os.mkdir(folder, 0o700)
    database = 'sqlite:' + p.path('keys.db')
    for store, exists in ((folder, 'it exists already; choose another '
                           'selector'),
                          (database, 's1 of example.com exists already; '
                           'choose another selector')):
        argv = ('new', '-d', 'example.com', '-s', 's1', '-t', 'ed25519', '-K',
                store)
        proc.run([tree.DKIMKEYGEN] + list(argv))
        keygen('the same selector again', exists, *argv)
    keygen('encrypt', 'private keys in a directory are not encrypted',
           'encrypt', '-K', folder)
    state = os.path.join(folder, 'example.com', 's1.state')
    proc.write(state, 'something else\n', 0o600)
    keygen('a state of another program', 'the first line is not '
           '"mailseal-key 1"', 'list', '-K', folder)
    os.unlink(state)
    keygen('no state', 'missing, but there is a private key with its record; '
           'see dkimkeygen(1), FILES', 'list', '-K', folder)
    short = proc.write(p.path('short'), 'fifteen letters\n', 0o600)
    expect('KeyPassphraseFile', [tree.MAILSEALD, '-n', '-c', proc.write(
        p.path('sealed'), 'KeyStore %s\nKeyPassphraseFile %s\nSocket '
        'unix:%s\n' % (database, short, p.path('x')), 0o600)],
           'the passphrase has less than 16 bytes')


def der(tag, *parts):
    body = b''.join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, 'big')
    if len(body) > 127:
        size = bytes([0x80 | len(size)]) + size
    return bytes([tag]) + size + body


def rsa_pem(bits):
    """A private key of that size, whose numbers are not primes: OpenSSL looks
    at them when it signs, and to find primes takes a minute."""
    half = 1 << (bits // 2)
    numbers = (0, (1 << (bits - 1)) + 1, 65537, half + 1, half + 3, half + 5,
               65537, 65537, 3)
    key = der(0x30, *[der(2, n.to_bytes(n.bit_length() // 8 + 1, 'big'))
                      for n in numbers])
    return seal.pem(der(0x30, der(2, b'\0'), der(
        0x30, bytes.fromhex('06092a864886f70d0101010500')), der(4, key)))


def keys(p):
    for bits, text in (
            (1016, 'the RSA key is shorter than 1024 bits'),
            (8200, 'the RSA key is longer than 8192 bits')):
        path = proc.write(p.path('rsa%d' % bits), rsa_pem(bits), 0o600)
        p.check('an RSA key of %d bits' % bits, 'Domain example.com\n'
                'Selector s\nKeyFile %s\n' % path, text)


def locked(p):
    """A lock that cannot be taken."""
    store, folder = p.path('locked'), p.path('unlocked')
    for path in store, folder:
        os.mkdir(path, 0o700)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 's1', '-t',
              'ed25519', '-D', folder])
    with open(os.path.join(folder, 's1.txt'), encoding='ascii') as f:
        zone = proc.write(p.path('locked.zone'), f.read())
    os.mkdir(os.path.join(store, '.lock'))
    expect('adopt, and the lock is a directory', [
        tree.DKIMKEYGEN, 'adopt', '-d', 'example.com', '-s', 's1', '-k',
        os.path.join(folder, 's1.private'), '--zone', zone, '-K', store],
           ('.lock: Is a directory', 'its domain could not be locked'))


def certificates(p):
    for name, text in (('empty', 'it holds no certificate in PEM'),
                       ('missing', 'No such file or directory')):
        path = p.path(name + '.pem')
        if name == 'empty':
            proc.write(path, 'no certificate\n')
        expect('certificates', [
            tree.MAILSEAL, 'check', 'example.com', '--zone', '/dev/null',
            '--connect', '--ca-file', path], path + ': ' + text)


def damaged(p):
    """Rows of a database that were changed by hand."""
    path = p.path('damaged.db')
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 's1', '-t',
              'ed25519', '-K', 'sqlite:' + path])
    secret = proc.write(p.path('secret'), 'a passphrase of many letters\n',
                        0o600)
    conf = proc.write(p.path('policy'), 'KeyPassphraseFile %s\n' % secret,
                      0o600)
    daemon = proc.write(p.path('damaged'), 'KeyStore sqlite:%s\nSocket unix:'
                        '%s\nLogTarget stderr\n' % (path, p.path('x')), 0o600)
    database = sqlite3.connect(path)
    for private, argv, text in (
            (None, [tree.MAILSEALD, '-n', '-c', daemon],
             'the row of s1 of example.com in mailseal_key: it has no private '
             'key'),
            (None, [tree.DKIMKEYGEN, 'check', '--zone', '/dev/null', '-K',
                    'sqlite:' + path],
             'the database has no private key s1 of example.com'),
            ('garbage', [tree.DKIMKEYGEN, 'encrypt', '-c', conf, '-K',
                         'sqlite:' + path],
             'the private key cannot be encrypted: it is not a private key in '
             'PEM')):
        database.execute("UPDATE mailseal_key SET stage = 'active', "
                         'private = ?', (private,))
        database.commit()
        expect('a damaged row', argv, text)
    database.close()


def main():
    p = Place()
    options(p)
    logins(p)
    commands(p)
    libraries(p)
    sockets(p)
    rights(p)
    stores(p)
    damaged(p)
    keys(p)
    locked(p)
    certificates(p)


tap.main(main)
