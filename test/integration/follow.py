# SPDX-License-Identifier: BSD-2-Clause
"""mailseald follows keys that are rotated, while mail is sent: from a key
directory through Postfix, and from a PostgreSQL that two daemons share."""
import os
import re
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import knot  # noqa: E402
from life import DAY, Life  # noqa: E402
import mta  # noqa: E402
import nameserver  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import pydkim  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
NEGATIVE = 300
ZONE = '@ NS ns1\nns1 A 127.0.0.1\n'
JOE = {'ADDR': '192.0.2.7', 'LOGIN': 'joe'}
STAYS = 'the keys known before stay in service'


def message(mark):
    return (b'From: Joe <joe@example.com>\r\nTo: you@example.net\r\n'
            b'Subject: on the way\r\nMessage-ID: <' + mark.encode() +
            b'@example.com>\r\n\r\nhello\r\n')


def selectors(data):
    return {seal.tags(v)['s'] for v in
            seal.fields_named(data, b'dkim-signature')}


class Stream:
    """A thread that sends one message after the other. send(mark) gives the
    message as it arrived, or says why it did not."""

    PAUSE_S = 0.03              # so that there is time for the rest

    def __init__(self, send):
        self.send = send
        self.arrived = []
        self.trouble = []
        self.going = True
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        n = 0
        while self.going:
            try:
                data = self.send('m%d-' % n)
                if not selectors(data):
                    self.trouble.append('m%d is not signed' % n)
                self.arrived.append(data)
            except (OSError, RuntimeError, TimeoutError) as e:
                self.trouble.append('m%d: %s' % (n, e))
            n += 1
            time.sleep(self.PAUSE_S)

    def wait_for(self, want, what):
        """Until a message that is sent from now on is signed so."""
        after = len(self.arrived) + 1
        proc.wait_for(lambda: any(selectors(m) == want
                                  for m in self.arrived[after:]), what)
        tap.ok(True, what)

    def end(self):
        self.going = False
        self.thread.join()


def check_all(dns, messages, dead, what):
    """Every message verifies, by us, libopendkim and python3-dkim, as long
    as a key of it is not revoked."""
    wrong = []
    for data in messages:
        if selectors(data) & dead:
            continue
        _, out, err = proc.run_json(
            [tree.MAILSEAL, 'verify', '--json', '--nameserver',
             dns.nameserver], data)
        if out is None:
            wrong.append(err)
            continue
        ours = {d['result'] for d in out['dkim']}
        theirs = {d['result'] for d in out['second_opinion']['dkim']}
        python = {w for w, _ in pydkim.verify(
            data, lambda name: nameserver.query_txt(dns.port, name))}
        if (ours, theirs, python) != ({'pass'},) * 3:
            wrong.append('%s %s %s %s' % (selectors(data), ours, theirs,
                                          python))
    return tap.is_(wrong[:3], [], what)


def sample(messages, n=4 if tree.is_sanitized() else 12):
    """The first and the last of each set of selectors, and some between."""
    kinds = {}
    for m in messages:
        kinds.setdefault(frozenset(selectors(m)), []).append(m)
    found = []
    for v in kinds.values():
        step = max(1, len(v) // n)
        found += v[::step] + v[-1:]
    return found


def active(life):
    return {k['selector'] for k in life.active()}


def begin(life, *more):
    """A first pair of keys, active."""
    life.new('-s', 'r0')
    life.new('-s', 'e0', '-t', 'ed25519')
    life.rotate()
    life.rotate(later=NEGATIVE)
    tap.is_(active(life), {'r0', 'e0'}, 'both keys are active')


def test_directory(dns):
    """Two full rotations under a stream of mail through Postfix."""
    life = Life(os.path.join(TOP, 'keys'), dns)
    begin(life)
    kept = sink.Sink()
    daemon = seald.Seald(TOP, {
        'AuthservID': 'mx.here.example', 'KeyStore': life.store,
        'KeyRefresh': '1', 'Nameservers': dns.nameserver,
        'SelfCheck': 'sample:20%'})
    pf = os.path.join(TOP, 'pf')
    os.mkdir(pf)
    postfix = mta.Postfix(pf, kept.port, {
        'in': {'smtpd_milters': 'unix:' + daemon.path}})

    def send(mark):
        c = smtp.Client(postfix.ports['in'], xclient=JOE)
        answer = c.mail('joe@example.com', ['you@example.net'], message(mark))
        c.close()
        if answer[:3] != '250':
            raise RuntimeError(answer)
        return kept.take(mark.encode()).data

    stream = Stream(send)
    dead = set()
    try:
        stream.wait_for({'r0', 'e0'}, 'both keys sign')
        for turn, later in ((1, 90 * DAY), (2, 46 * DAY)):
            before = active(life)
            life.rotate(later=later)
            tap.is_(active(life), before, 'turn %d: new ones are published' %
                    turn)
            life.rotate(later=NEGATIVE)
            now = active(life)
            tap.ok(len(now) == 2 and not now & before,
                   'turn %d: new keys are active' % turn, str(now))
            stream.wait_for(now, 'turn %d: the daemon signs with them' % turn)
            check_all(dns, sample(stream.arrived), dead,
                      'turn %d: all that was sent verifies' % turn)
            life.rotate(later=14 * DAY)
            dead |= before
            stream.wait_for(now, 'turn %d: they go on when the old ones are '
                            'revoked' % turn)
            life.rotate(later=30 * DAY)
            check_all(dns, sample(stream.arrived), dead,
                      'turn %d: what they signed still verifies' % turn)
    finally:
        stream.end()
    tap.is_(stream.trouble[:3], [], 'none of %d messages was lost or unsigned'
            % len(stream.arrived))
    tap.ok(len(stream.arrived) > 20, 'and they were many',
           str(len(stream.arrived)))
    tap.ok('is not in the DNS' not in daemon.log_text() and
           'a signature failed' not in daemon.log_text(),
           'no key was found wrong', daemon.log_text()[-2000:])
    postfix.stop()
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def try_milter(path, mark):
    status, out, err = proc.run_json(
        [tree.MAILSEAL, 'try', '--json', '--milter', 'unix:' + path,
         '--auth', 'joe', '--ip', '192.0.2.7', '--mail-from',
         'joe@example.com', '--rcpt', 'you@example.net'], message(mark))
    if out is None or status != 0:
        raise RuntimeError('try: %s %s' % (status, err))
    return out['message'].encode('utf-8')


def test_postgres(dns):
    """Two daemons share a database, which goes away and comes back."""
    db = postgres.Postgres(os.path.join(TOP, 'pg'))
    status, out, err = proc.run(
        [os.path.join(tree.BUILD, 'test', 'unit', 't_keystore_store'),
         db.store('owner')])
    tap.is_(status, 0, 'what every key store is to do',
            '\n'.join(x for x in (out.decode() + err).splitlines()
                      if not x.startswith('ok')))
    db.psql('mailseal', 'DELETE FROM mailseal_key')
    for user, text, want in (
            ('relay', 'SELECT private FROM mailseal_key', 0),
            ('relay', "UPDATE mailseal_key SET stage = 'active'", 3),
            ('nobody', 'SELECT record FROM mailseal_key', 3),
            ('keygen', "UPDATE mailseal_key SET stage = 'active'", 0)):
        tap.is_(db.psql('mailseal', text, user)[0], want, '%s: %s' % (
            user, text))
    life = Life(db.store('keygen'), dns, domain='example.com',
                conf=os.path.join(TOP, 'pg.conf'))
    for selector, kind in (('p0', 'rsa'), ('q0', 'ed25519')):
        life.new('-s', selector, '-t', kind)
    life.rotate()
    life.rotate(later=NEGATIVE)
    tap.is_(active(life), {'p0', 'q0'}, 'keys in the database are active')
    daemons = [seald.Seald(TOP, {
        'AuthservID': 'mx.here.example', 'KeyStore': db.store('relay'),
        'KeyRefresh': '1', 'Nameservers': dns.nameserver}, name)
        for name in ('relay1', 'relay2')]
    turn = [0]

    def send(mark):
        turn[0] += 1
        return try_milter(daemons[turn[0] % 2].path, mark)

    def both(want, what):
        for d in daemons:
            proc.wait_for(lambda d=d: selectors(try_milter(d.path, 'x')) ==
                          want, what)
        tap.ok(True, what)

    stream = Stream(send)
    try:
        both({'p0', 'q0'}, 'both daemons sign with them')
        life.rotate(later=90 * DAY)
        life.rotate(later=NEGATIVE)
        first = active(life)
        tap.ok(len(first) == 2 and 'p0' not in first, 'a rotation',
               str(life.stages()))
        both(first, 'which both daemons follow')
        check_all(dns, sample(stream.arrived), set(), 'all verify')
        for later in (14 * DAY, 30 * DAY):
            life.rotate(later=later)
        both(first, 'they go on when the old keys are removed')
        db.stop()
        for d in daemons:
            proc.wait_for(lambda d=d: STAYS in d.log_text(),
                          'the log to say that the database is gone')
        sent = len(stream.arrived)
        proc.wait_for(lambda: len(stream.arrived) > sent + 10, 'more mail')
        daemons[0].reload('is in service')
        both(first, 'the keys known before sign, also after a reload')
        db.start()
        for d in daemons:
            proc.wait_for(lambda d=d: 'answers again' in d.log_text(),
                          'the log to say that it is back')
        proc.write(daemons[1].conf, 'being edited\n', 0o600)
        life.rotate(later=46 * DAY)
        life.rotate(later=NEGATIVE)
        second = active(life)
        tap.ok(len(second) == 2 and not second & first, 'a second rotation',
               str(life.stages()))
        both(second, 'is followed as the first')
        tap.ok('not reloaded' not in daemons[1].log_text(),
               'a configuration that is being edited is left alone')
    finally:
        stream.end()
    tap.is_(stream.trouble[:3], [], 'none of %d messages was lost or unsigned'
            % len(stream.arrived))
    check_all(dns, sample(stream.arrived), {'p0', 'q0'},
              'all verify whose keys live')
    for d in daemons:
        tap.is_(d.log_text().count(STAYS), 1, 'the loss is said once')
        tap.is_(d.stop(), 0, 'mailseald ends well')
    db.stop()


def usable_keys(dump):
    """How many private keys of a dump openssl reads without a passphrase."""
    blocks = re.findall(r'-----BEGIN [A-Z ]*PRIVATE KEY-----.*?'
                        r'-----END [A-Z ]*PRIVATE KEY-----\n', dump,
                        re.DOTALL)
    return sum(proc.run(['openssl', 'pkey', '-noout', '-passin', 'pass:'],
                        block.encode())[0] == 0 for block in blocks)


def test_passphrase(dns):
    """Private keys that are encrypted in the database."""
    db = postgres.Postgres(os.path.join(TOP, 'secret'))
    good = proc.write(os.path.join(TOP, 'passphrase'), 'a' * 32 + '\n', 0o600)
    bad = proc.write(os.path.join(TOP, 'other'), 'b' * 32 + '\n', 0o600)
    lives = {name: Life(db.store('keygen'), dns, conf=os.path.join(
        TOP, name + '.conf'), policy={'KeyPassphraseFile': file})
        for name, file in (('none', None), ('good', good), ('bad', bad))}
    life = lives['good']
    lives['none'].new('-s', 'plain', '-t', 'ed25519')
    tap.is_(usable_keys(db.dump()), 1, 'a dump with a plain key')
    life.new('-s', 'secret')
    tap.is_(usable_keys(db.dump()), 1, 'a dump with an encrypted key as well')
    status, _, err = proc.run(lives['none'].argv('encrypt'))
    tap.is_((status, err), (2, 'dkimkeygen: postgres: KeyPassphraseFile is '
                            'not set\n'), 'encrypt: no passphrase')
    status, out, err = proc.run(lives['bad'].argv('encrypt', '-d',
                                                  'none.example'))
    tap.is_((status, out, err),
            (0, b'0 encrypted, 0 already encrypted, 0 failed\n', ''),
            'encrypt: a domain without keys')
    status, out, err = proc.run(life.argv('encrypt'))
    tap.is_((status, out, err),
            (0, b'1 encrypted, 1 already encrypted, 0 failed\n', ''),
            'encrypt')
    tap.is_(usable_keys(db.dump()), 0, 'a dump signs nothing')
    status, out, err = proc.run(lives['bad'].argv('encrypt'))
    tap.is_((status, out), (1, b'0 encrypted, 0 already encrypted, 2 failed\n'),
            'encrypt: another passphrase')
    said = ('postgres: the private key plain of example.com cannot be '
            'decrypted with the passphrase in ' + bad)
    tap.ok(said in err, 'encrypt: another passphrase: what is said', err)
    conf = proc.write(os.path.join(TOP, 'waitd.conf'), 'Socket unix:%s/none\n'
                      'KeyStore %s\nKeyPassphraseFile %s\n' % (
                          TOP, db.store('relay'), good))
    _, out, err = proc.run([tree.MAILSEALD, '-n', '-c', conf])
    tap.contains(out.decode() + err, 'no key is active; see dkimkeygen list\n',
                 'mailseald -n: -K cannot name the database without a password')
    life.rotate()
    life.rotate(later=NEGATIVE)
    tap.is_(active(life), {'plain', 'secret'}, 'encrypted keys are active')
    lines = {'AuthservID': 'mx.here.example', 'KeyStore': db.store('relay'),
             'Nameservers': dns.nameserver}
    daemon = seald.Seald(TOP, dict(lines, KeyPassphraseFile=good), 'good')
    signed = try_milter(daemon.path, 'x')
    tap.is_(selectors(signed), {'plain', 'secret'},
            'encrypted keys sign')
    check_all(dns, [signed], set(), 'encrypted keys: the mail verifies')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')
    for name, file, what in (
            ('none', None, 'is encrypted, but KeyPassphraseFile is not set'),
            ('bad', bad, 'cannot be decrypted with the passphrase in ' + bad)):
        conf = proc.write(os.path.join(TOP, name + 'd.conf'), 'Socket unix:'
                          '%s/none\n' % TOP + ''.join(
                              '%s %s\n' % x for x in dict(
                                  lines, KeyPassphraseFile=file).items()
                              if x[1]))
        status, out, err = proc.run([tree.MAILSEALD, '-n', '-c', conf])
        for selector in ('plain', 'secret'):
            tap.ok('postgres: the private key %s of example.com %s' % (
                selector, what) in out.decode() + err,
                'mailseald -n, passphrase %s: %s' % (name, selector),
                out.decode() + err)
    db.stop()


def test_no_database():
    """Mail would leave unsigned: it does not start."""
    status, _, err = proc.run([tree.MAILSEALD, '-f', '-c', proc.write(
        os.path.join(TOP, 'none.conf'), 'Socket unix:%s/none\nLogTarget '
        'stderr\nKeyStore postgres:host=127.0.0.1 port=1 user=x '
        'password=secret\n' % TOP)])
    tap.is_(status, 1, 'no database at the start: no start')
    tap.ok('secret' not in err, 'no password in the log', err)
    status, _, err = proc.run([tree.MAILSEALD, '-n', '-c', proc.write(
        os.path.join(TOP, 'broken.conf'), 'Socket unix:%s/none\n'
        'KeyStore postgres:password secret\n' % TOP)])
    tap.is_(status, 1, 'a conninfo that is none')
    tap.ok('secret' not in err and 'conninfo' in err,
           'is not quoted, since it may hold a password', err)


def main():
    why = (knot.unavailable() or mta.unavailable() or postgres.unavailable()
           or (None if shutil.which('nsupdate') else
               'nsupdate is not installed'))
    if why:
        tap.skip_all(why)
    for test in (test_directory, test_postgres, test_passphrase):
        dns = knot.Knot(os.path.join(TOP, test.__name__),
                        {'example.com': ZONE}, negative=NEGATIVE)
        test(dns)
        dns.stop()
    test_no_database()


tap.main(main)
