#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The three processes of mailseald: who is there, and what happens to mail when
one of them dies."""
import fcntl
import os
import pwd
import re
import signal
import socket
import struct
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

MANY = 40               # more than there are connections to keys
OURS, FOREIGN = '127.0.0.1', '192.0.2.1'


def make_options(top):
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 's', '-D',
              top])
    zone = os.path.join(top, 'zone')
    with open(os.path.join(top, 's.txt'), encoding='ascii') as f:
        proc.write(zone, '$ORIGIN example.com.\n' + f.read())
    return {'Domain': 'example.com', 'Selector': 's', 'OnSignFailure':
            'tempfail', 'KeyFile': os.path.join(top, 's.private'),
            'Zone': zone}


def connect(path, address=OURS):
    c = milter.Client(path)
    c.connect(address=address)
    c.helo()
    return c


def start(top, options, name='seald', path=None):
    """The socket is open before the service is up."""
    daemon = seald.Seald(top, options, name, path=path)
    proc.wait_for(lambda: 'listens on' in daemon.log_text(), 'the start')
    return daemon


def begin(path):
    """A message of ours, up to its end."""
    c = connect(path)
    c.mail()
    c.header('From', ' joe@example.com')
    c.eoh()
    c.body(b'x\r\n')
    return c


def send(path):
    c = connect(path)
    result = fate(c.message())
    c.quit()
    return result


def fate(end):
    """'signed', 'later', or what else became of a message of ours."""
    answer, changes = end
    if answer == b'c' and any(b'DKIM-Signature' in x for x in changes):
        return 'signed'
    return 'later' if answer[:2] == b'y4' else str((answer, changes))


def wait_new(daemon, name, old):
    """Until there is another process of that name, and it serves."""
    new = proc.wait_for(lambda: daemon.child(name) != old and
                        daemon.child(name), 'another one')
    proc.wait_for(lambda: 'the %s process (%d) is in service' % (name, new) in
                  daemon.log_text(), 'it to serve')
    return new


def counters(daemon):
    """Those of a SIGUSR1."""
    def last():
        return [x for x in daemon.lines() if x.get('event') == 'counters']
    before = len(last())
    daemon.server.signal(signal.SIGUSR1)
    proc.wait_for(lambda: len(last()) > before, 'counters')
    return last()[-1]


def three(daemon):
    pids = {daemon.server.pid, daemon.child('keys'), daemon.child('mail')}
    tap.is_(len(pids - {None}), 3, 'a parent, keys and mail')
    with open('/proc/%d/task/%d/children' % (
            daemon.server.pid, daemon.server.pid), encoding='ascii') as f:
        tap.is_(len(f.read().split()), 2, 'and no other')
    tap.is_(len(os.listdir('/proc/%d/task' % daemon.server.pid)), 1,
            'the parent has no threads')
    for name in ('keys', 'mail'):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                       signal.SIGUSR1, signal.SIGUSR2):
            os.kill(daemon.child(name), number)
    tap.is_(send(daemon.path), 'signed', 'signals are the parent\'s')


def keys_die(daemon):
    for i in range(3):
        old = daemon.child('keys')
        os.kill(old, signal.SIGKILL)
        tap.is_(send(daemon.path), 'signed',
                'keys killed: the message waits for the next one')
        wait_new(daemon, 'keys', old)
    tap.contains(daemon.log_text(), 'the keys process (%d) was killed by '
                 'signal 9' % old, 'the log says how')
    daemon.reload('is in service')
    tap.is_(send(daemon.path), 'signed', 'keys killed, and a reload')


def mail_dies(daemon):
    before = counters(daemon)
    idle = connect(daemon.path)
    # A sanitizer ends the process by itself at the latter.
    for number in (signal.SIGKILL, signal.SIGABRT if tree.is_sanitized() else
                   signal.SIGSEGV):
        old = daemon.child('mail')
        os.kill(old, number)
        proc.wait_for(lambda: 'the mail process (%d) was killed' % old in
                      daemon.log_text(), 'its death')
        c = connect(daemon.path)
        c.quit()
        wait_new(daemon, 'mail', old)
        tap.contains(daemon.log_text(), 'the mail process (%d) was killed by '
                     'signal %d' % (old, number), 'the log says how')
        tap.is_(send(daemon.path), 'signed', 'mail killed: the next one')
    idle.close()
    after = counters(daemon)
    tap.is_(after['signed'], before['signed'] + 2, 'the counters go on')
    tap.is_(after['in_flight'], 0, 'nothing is in flight')


def keys_hang(top, options):
    """Messages wait two seconds, and not until the process is killed, which
    is after a minute; however many there are, and whatever the key is of."""
    table = proc.write(os.path.join(top, 'keytable'),
                       'k example.com:s:%s\n' % options['KeyFile'], 0o600)
    rules = proc.write(os.path.join(top, 'signingtable'),
                       '*@example.com k\n', 0o600)
    lazy = {k: v for k, v in options.items()
            if k not in ('Domain', 'Selector', 'KeyFile')}
    lazy.update(KeyTable=table, SigningTable='refile:' + rules)
    for name, of in ('hang', options), ('hang-load', lazy):
        daemon = start(top, of, name)
        old = daemon.child('keys')
        seald.pause(old)
        clients = [begin(daemon.path) for _ in range(MANY)]
        for c in clients:
            c.packet(b'E')
        tap.is_({fate(c.outcome()) for c in clients}, {'later'},
                '%s: keys stopped: OnSignFailure' % name)
        tap.ok('does not answer, and is killed' not in daemon.log_text(),
               '%s: before it is killed' % name)
        os.kill(old, signal.SIGCONT)
        for _ in range(3):
            tap.is_(send(daemon.path), 'signed', '%s: keys goes on' % name)
        tap.is_(daemon.child('keys'), old, '%s: the same process' % name)
        tap.is_(daemon.stop(), 0, '%s: the end' % name)


def open_pictures(pid):
    return sum('picture' in x for x in roles.descriptors(pid).values())


def keys_die_in_load(top, options):
    """While the mail process has not yet taken what they built: the next keys
    process reads what is newer."""
    table = proc.write(os.path.join(top, 'die-table'),
                       'k example.com:s:%s\n' % options['KeyFile'], 0o600)
    rules = proc.write(os.path.join(top, 'die-rules'), '*@example.org k\n',
                       0o600)
    lazy = {k: v for k, v in options.items()
            if k not in ('Domain', 'Selector', 'KeyFile')}
    daemon = start(top, dict(lazy, KeyTable=table, SigningTable='refile:' +
                             rules, KeyRefresh='0'), 'die-in-load')
    roles.settle(daemon)
    tap.ok(send(daemon.path) != 'signed', 'a domain without a rule')
    parent, mail = daemon.server.pid, daemon.child('mail')
    keys = daemon.child('keys')
    seald.pause(mail)
    proc.write(rules, '*@example.org k\n*@example.net k\n', 0o600)
    daemon.server.signal(signal.SIGUSR2)
    proc.wait_for(lambda: open_pictures(parent) == 2, 'keys to build a set')
    proc.write(rules, '*@example.org k\n*@example.net k\n*@example.com k\n',
               0o600)
    os.kill(keys, signal.SIGKILL)
    new = proc.wait_for(lambda: daemon.child('keys') != keys and
                        daemon.child('keys'), 'another one')
    # Those of the connections, which the parent makes when it has its set.
    proc.wait_for(lambda: len(os.listdir('/proc/%d/task' % new)) > 5,
                  'its threads')
    os.kill(mail, signal.SIGCONT)
    proc.wait_for(lambda: send(daemon.path) == 'signed', 'the newest rule')
    tap.is_((daemon.child('mail'), daemon.child('keys')), (mail, new),
            'keys dies in a load: mail gets what the next one has read')
    tap.is_(daemon.stop(), 0, 'the end')


def too_often(top, options):
    daemon = start(top, options, 'often')
    for _ in range(5):
        old = daemon.child('keys')
        os.kill(old, signal.SIGKILL)
        proc.wait_for(lambda: 'the keys process (%d) was killed' % old in
                      daemon.log_text(), 'its death')
        if 'the next one is started in' not in daemon.log_text():
            wait_new(daemon, 'keys', old)
    tap.contains(daemon.log_text(), 'the 5th time within a minute',
                 'five deaths: the next one waits')
    wait_new(daemon, 'keys', old)
    tap.is_(send(daemon.path), 'signed', 'and comes')
    stopped = daemon.child('keys')
    tap.is_(daemon.stop(), 0, 'the end')
    tap.ok(not os.path.exists('/proc/%d' % stopped), 'of keys, too')


def without_keys(top, options):
    """A key that is gone: keys processes start in vain."""
    daemon = start(top, options, 'without')
    os.rename(options['KeyFile'], options['KeyFile'] + '.away')
    os.kill(daemon.child('keys'), signal.SIGKILL)
    proc.wait_for(lambda: 'the keys process cannot start' in
                  daemon.log_text(), 'a start that fails')
    tap.is_(send(daemon.path), 'later', 'no keys process: OnSignFailure')
    os.rename(options['KeyFile'] + '.away', options['KeyFile'])
    proc.wait_for(lambda: re.search(r'the keys process \(\d+\) is in service',
                                    daemon.log_text()), 'one that starts')
    tap.is_(send(daemon.path), 'signed', 'the key is back')
    tap.is_(daemon.stop(), 0, 'the end')


def only_root_reads(top, options):
    """A key that UserID cannot read, and keys dies when nobody is root any
    more."""
    if os.geteuid() != 0:
        tap.skip('a key that only root can read', 'only root has one')
        return
    key = proc.write(os.path.join(top, 'root.pem'),
                     open(options['KeyFile'], encoding='ascii').read(), 0o600)
    daemon = seald.Seald(top, dict(
        options, KeyFile=key, UserID='nobody', Socket='unix:%s/nobody/sock' %
        top), 'root', start=False, path='%s/nobody/sock' % top)
    os.mkdir(os.path.dirname(daemon.path))
    os.chown(os.path.dirname(daemon.path), pwd.getpwnam('nobody').pw_uid, -1)
    os.chmod(daemon.conf, 0o644)
    daemon.start()
    proc.wait_for(lambda: 'listens on' in daemon.log_text(), 'the start')
    tap.contains(daemon.log_text(), 'KeyFile %s: only root can read it' % key,
                 'the log warns')
    for i in range(2):
        old = daemon.child('keys')
        os.kill(old, signal.SIGKILL)
        tap.is_(send(daemon.path), 'signed', 'keys killed, and only root can '
                'read the key: the next one has it')
        new = wait_new(daemon, 'keys', old)
        old = daemon.child('mail')
        os.kill(old, signal.SIGKILL)
        wait_new(daemon, 'mail', old)
        tap.is_([p for p in (new, daemon.child('mail')) if
                 key in roles.descriptors(p).values()], [],
                'nobody but the parent keeps it open')
        if i == 0:
            daemon.reload('KeyFile: %s: Permission denied' % key)
    os.chown(key, pwd.getpwnam('nobody').pw_uid, -1)
    daemon.reload('mailseald.conf is in service')
    proc.wait_for(lambda: key not in roles.descriptors(
        daemon.server.pid).values(), 'the parent to close it')
    tap.is_(send(daemon.path), 'signed', 'a reload when UserID can read it')
    tap.is_(daemon.stop(), 0, 'the end')


def successor(top, options):
    """A daemon that is started at once when another was killed, whose mail
    process has the socket still."""
    port = proc.free_port()
    for where, path in (('unix', None), ('inet:%d@127.0.0.1' % port, port)):
        of = options if path is None else dict(options, Socket=where)
        daemon = start(top, of, 'successor-' + where[:4])
        for i in range(3):
            keys, mail = daemon.child('keys'), daemon.child('mail')
            os.kill(mail, signal.SIGSTOP)
            daemon.server.process.kill()
            daemon.server.process.wait()
            daemon.server = proc.Server(daemon.server.argv, daemon.log)
            # So that it meets the other one; without it, it may not.
            time.sleep(0.3)
            os.kill(mail, signal.SIGCONT)
            proc.wait_for(lambda: daemon.log_text().count('listens on') ==
                          i + 2 or not daemon.server.alive(), 'the start')
            tap.ok(daemon.server.alive() and daemon.child('keys') != keys,
                   '%s: another one starts at once' % where,
                   daemon.log_text())
            tap.is_(send(path or daemon.path), 'signed', 'and serves')
        tap.is_(daemon.stop(), 0, 'the end')


def stopped_orphan(top, options):
    """A keys process that waits for what does not come; as itself, and as
    another user than the parent was started as."""
    users = ({}, {'UserID': 'nobody'}) if os.geteuid() == 0 else ({},)
    for i, user in enumerate(users):
        where = os.path.join(top, 'stopped-%d.d' % i)
        os.mkdir(where)
        path = os.path.join(where, 'sock')
        if user:
            os.chown(where, pwd.getpwnam('nobody').pw_uid, -1)
        daemon = start(top, dict(options, Socket='unix:' + path, **user),
                       'stopped-%d' % i, path)
        keys = daemon.child('keys')
        seald.pause(keys)
        try:
            daemon.kill()
            tap.ok(True, 'the parent is killed, and keys is stopped: keys '
                   'ends, %s' % (user or 'without UserID'))
        finally:
            if seald.is_running(keys):
                os.kill(keys, signal.SIGKILL)


def orphans(top, options):
    daemon = start(top, options, 'orphans')
    children = [daemon.child('keys'), daemon.child('mail')]
    daemon.kill()
    proc.wait_for(lambda: not any(os.path.exists('/proc/%d/exe' % x)
                                  for x in children), 'the others to end')
    tap.ok(True, 'the parent is killed: the others end')
    daemon.start()
    tap.is_(send(daemon.path), 'signed', 'and another daemon takes its place')
    tap.is_(daemon.stop(), 0, 'the end')


def unread(sock):
    """How much of what was sent nobody has read."""
    return struct.unpack('i', fcntl.ioctl(sock, termios.TIOCOUTQ,
                                          b'\0' * 4))[0]


def await_again(dumb):
    """Until a question has been sent again that was sent after now."""
    dumb.setblocking(False)
    try:
        while True:
            dumb.recv(512)
    except BlockingIOError:
        dumb.settimeout(proc.PATIENCE_S)
    seen = set()
    while True:
        question = dumb.recv(512)[12:]
        if question in seen:
            return
        seen.add(question)


def killer(top, options):
    """A message at which the mail process dies twice. Here it is killed while
    it waits for a resolver that never answers."""
    dumb = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dumb.bind(('127.0.0.1', 0))
    options = {k: v for k, v in options.items() if k != 'Zone'}
    daemon = start(top, dict(
        options, Nameservers='127.0.0.1@%d' % dumb.getsockname()[1],
        DNSTimeout='60', CheckKeys='no'), 'killer')

    def begin(subject):
        c = connect(daemon.path, FOREIGN)
        c.mail()
        c.header('From', ' joe@example.org')
        c.header('Subject', subject)
        c.eoh()
        c.body(b'x\r\n')
        return c

    for _ in range(2):
        c = begin(' bad')
        c.packet(b'E')
        old = daemon.child('mail')
        # Questions are sent before the end of the message, too, and between
        # the two the process does not work on it.
        proc.wait_for(lambda: unread(c.socket) == 0, 'the end to be read')
        await_again(dumb)
        os.kill(old, signal.SIGKILL)
        c.close()
        wait_new(daemon, 'mail', old)
    answer, _ = begin(' bad').eom()
    tap.is_(answer[:4], b'y451', 'it killed two: deferred')
    proc.wait_for(lambda: 'two mail processes died while they worked on it'
                  in daemon.log_text(), 'the reason in the log')
    tap.is_(send(daemon.path), 'signed', 'others are not')
    daemon.kill()
    dumb.close()


def main():
    with tempfile.TemporaryDirectory(prefix='ms.') as top:
        os.chmod(top, 0o755)
        options = make_options(top)
        daemon = start(top, options)
        three(daemon)
        keys_die(daemon)
        mail_dies(daemon)
        tap.is_(daemon.stop(), 0, 'the end')
        keys_hang(top, options)
        keys_die_in_load(top, options)
        too_often(top, options)
        without_keys(top, options)
        only_root_reads(top, options)
        successor(top, options)
        stopped_orphan(top, options)
        orphans(top, options)
        killer(top, options)


tap.main(main)
