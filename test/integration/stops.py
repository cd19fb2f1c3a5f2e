# SPDX-License-Identifier: BSD-2-Clause
"""SIGTERM at any moment: mailseald ends, no process is left, and the log
reports no error that the stop itself brought about, nor does the service
manager hear that it is ready again."""
import os
import signal
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

LIBRARY = os.path.join(tree.BUILD, 'test', 'lib', 'planted.so')


class Stopping:
    """A daemon with a service manager, which is a socket of this test."""

    def __init__(self, top, options, name, env=None, settle=True):
        path = os.path.join(top, name + '.notify')
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(path)
        self.name = name
        self.daemon = seald.Seald(top, options, name, env=dict(
            os.environ, NOTIFY_SOCKET=path, **(env or {})))
        if settle:
            roles.settle(self.daemon)
        self.others = []
        self.before = 0

    def errors(self):
        return [x['text'] for x in self.daemon.lines()
                if x.get('level') == 'error']

    def term(self):
        """SIGTERM, which has been obeyed when this returns."""
        self.others = seald.children(self.daemon.server.pid)
        self.before = len(self.errors())
        self.daemon.server.signal(signal.SIGTERM)
        proc.wait_for(lambda: not os.path.exists(self.daemon.path) or
                      not self.daemon.server.alive(), 'the stop to begin')

    def wait_report(self, what):
        self.manager.settimeout(proc.PATIENCE_S)
        while what not in self.manager.recv(4096).decode():
            continue

    def _reports(self):
        self.manager.setblocking(False)
        found = []
        try:
            while True:
                found.append(self.manager.recv(4096).decode())
        except BlockingIOError:
            return found

    def check(self, status=0, errors=()):
        """The end, with just these errors since term()."""
        tap.is_(self.daemon.server.wait(), status, self.name + ': it ends',
                self.daemon.log_text())
        tap.is_([x for x in self.others if seald.is_running(x)], [],
                self.name + ': so do the others')
        tap.is_(self.errors()[self.before:], list(errors),
                self.name + ': the errors in the log')
        reports = self._reports()
        stopping = [i for i, x in enumerate(reports) if 'STOPPING=1' in x]
        tap.is_((len(stopping), [x for x in reports[stopping[0]:] if
                                 'READY=1' in x or 'RELOADING=1' in x]),
                (1, []), self.name + ': the manager hears of the stop only')
        self.manager.close()


def begin(path):
    c = milter.Client(path, milter.STEPS_WAIT)
    c.connect(address='127.0.0.1')
    c.helo()
    c.mail()
    c.header('From', ' joe@example.com')
    return c


def is_signed(client):
    client.eoh()
    client.body(b'x\r\n')
    _, changes = client.eom()
    client.close()
    return any(b'DKIM-Signature' in x for x in changes)


def die(daemon, name, signum=signal.SIGKILL):
    """Kills a process; its number."""
    old = daemon.child(name)
    os.kill(old, signum)
    proc.wait_for(lambda: 'the %s process (%d) was killed' % (name, old) in
                  daemon.log_text(), 'its death')
    return old


def in_start(top, options):
    """With a database that accepts connections and says nothing."""
    dumb = socket.create_server(('127.0.0.1', 0))
    dumb.settimeout(proc.PATIENCE_S)
    stop = Stopping(top, dict(options, KeyStore='postgres:host=127.0.0.1 '
                              'port=%d user=x dbname=x sslmode=disable' %
                              dumb.getsockname()[1]), 'start of keys',
                    settle=False)
    c, _ = dumb.accept()
    stop.term()
    stop.check()
    c.close()
    dumb.close()


def in_reload_of_keys(top, before, after):
    """The keys process goes on, with a message in flight, or does not."""
    for name, goes_on in (('reload in keys', True),
                          ('reload in keys, which takes long', False)):
        stop = Stopping(top, before, name)
        stop.daemon.configure(**after)
        keys = stop.daemon.child('keys')
        seald.pause(keys)
        message = begin(stop.daemon.path) if goes_on else None
        stop.daemon.server.signal(signal.SIGHUP)
        stop.wait_report('RELOADING=1')
        stop.term()
        if goes_on:
            os.kill(keys, signal.SIGCONT)
            tap.ok(is_signed(message), name + ': the message in flight is '
                   'signed')
        stop.check()


def open_pictures(pid):
    return sum('picture' in x for x in roles.descriptors(pid).values())


def in_reload_of_mail(top, before, after):
    """The mail process goes on, or dies."""
    for name, number in (('reload in mail', signal.SIGCONT),
                         ('reload in mail, which dies', signal.SIGKILL)):
        stop = Stopping(top, before, name)
        stop.daemon.configure(**after)
        mail = stop.daemon.child('mail')
        seald.pause(mail)
        stop.daemon.server.signal(signal.SIGHUP)
        proc.wait_for(lambda: open_pictures(stop.daemon.server.pid) == 2,
                      'keys to build a set')
        stop.term()
        os.kill(mail, number)
        if number == signal.SIGCONT:
            stop.check()
        else:
            stop.check(1, ['the mail process (%d) was killed by signal 9 '
                           '(Killed)' % mail])


def both_die(top, options):
    """What happens to keys is in the log, although the mail process, which
    writes it at other times, does not read it any more."""
    stop = Stopping(top, options, 'both die')
    keys, mail = stop.daemon.child('keys'), stop.daemon.child('mail')
    seald.pause(mail)
    stop.term()
    os.kill(keys, signal.SIGKILL)
    proc.wait_for(lambda: keys not in seald.children(stop.daemon.server.pid),
                  'the end of keys')
    os.kill(mail, signal.SIGKILL)
    stop.check(1, ['the %s process (%d) was killed by signal 9 (Killed)' % x
                   for x in (('keys', keys), ('mail', mail))])


def in_pause(top, options):
    """It died too often, and the next one waits."""
    for name in 'keys', 'mail':
        stop = Stopping(top, options, name + ' waits')
        for _ in range(20):
            old = die(stop.daemon, name)
            if 'the next one is started in' in stop.daemon.log_text():
                break
            roles.wait(stop.daemon.server.pid, without=[old])
            roles.settle(stop.daemon)
        else:
            raise AssertionError('%s never waits' % name)
        stop.term()
        stop.check()


def in_start_of_one(top, options):
    """The start of the mail process, and that of another keys process."""
    env = {'LD_PRELOAD': LIBRARY, 'PLANTED_WAIT': '2'}
    stop = Stopping(top, options, 'start of mail', env, False)
    roles.wait(stop.daemon.server.pid)
    stop.term()
    stop.check()
    env['PLANTED_WAIT'] = '3'
    stop = Stopping(top, options, 'restart of keys', env)
    old = die(stop.daemon, 'keys')
    roles.wait(stop.daemon.server.pid, without=[old])
    stop.term()
    stop.check()


def forbidden_at_end(top, options):
    """A call that the sandbox does not allow is not brought about by the
    stop."""
    stop = Stopping(top, options, 'a forbidden call', {
        'LD_PRELOAD': LIBRARY, 'PLANTED_AT_EXIT': 'trace 0'})
    pids = roles.find(stop.daemon.server.pid)
    stop.term()
    stop.daemon.server.wait()
    for role in 'keys', 'mail':
        tap.ok('the %s process (%d) was ended by the sandbox for a forbidden '
               'system call (ptrace)' % (role, pids[role]) in
               stop.errors(), '%s, at the end of %s: it is in the log' % (
                   stop.name, role), stop.errors())
    stop.manager.close()


def main():
    with tempfile.TemporaryDirectory(prefix='ms.') as top:
        os.chmod(top, 0o755)
        before, after = seald.pair(top)
        in_start(top, before)
        in_reload_of_keys(top, before, after)
        in_reload_of_mail(top, before, after)
        both_die(top, before)
        in_pause(top, before)
        if tree.is_sanitized():
            tap.skip('a process that starts, and a forbidden call',
                     'a sanitizer must be loaded before any other library')
            return
        in_start_of_one(top, before)
        forbidden_at_end(top, before)


tap.main(main)
