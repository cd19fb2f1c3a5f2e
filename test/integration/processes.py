#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The three processes of mailseald: who is there, and what happens to mail when
one of them dies."""
import os
import re
import signal
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

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


def start(top, options, name='seald'):
    """The socket is open before the service is up."""
    daemon = seald.Seald(top, options, name)
    proc.wait_for(lambda: 'listens on' in daemon.log_text(), 'the start')
    return daemon


def send(path):
    """'signed', 'later', or what else became of a message of ours."""
    c = connect(path)
    answer, changes = c.message()
    c.quit()
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
    """The message waits until the process is killed, which is after a
    minute: sooner with a watchdog, which manager.py tries."""
    daemon = seald.Seald(top, options, 'hang', env=dict(
        os.environ, NOTIFY_SOCKET='@mailseal-none-%d' % os.getpid(),
        WATCHDOG_USEC='1000000'))
    proc.wait_for(lambda: 'listens on' in daemon.log_text(), 'the start')
    old = daemon.child('keys')
    seald.pause(old)
    tap.is_(send(daemon.path), 'signed', 'keys stopped: the message waits for '
            'the next one')
    tap.contains(daemon.log_text(), 'the keys process (%d) does not answer, '
                 'and is killed' % old, 'the log says so')
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
        dumb.recv(512)
        old = daemon.child('mail')
        # It is in the engine when the questions have been sent again.
        for _ in range(3):
            dumb.recv(512)
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
        too_often(top, options)
        without_keys(top, options)
        orphans(top, options)
        killer(top, options)


tap.main(main)
