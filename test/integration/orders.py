# SPDX-License-Identifier: BSD-2-Clause
"""What the parent says to the two other processes arrives, or leads to a sound
state: while a process reads nothing and its queue is full, or when a message
cannot be sent. SIGTERM is obeyed at any time, and at the end each process
frees what it has."""
import os
import re
import signal
import socket
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

LIBRARY = os.path.join(tree.BUILD, 'test', 'lib', 'planted.so')
USE = 2                 # CONTROL_USE of milter/control.h
FILLS = 5000            # lines that fill a queue, at most


def start(top, options, name, env=None):
    daemon = seald.Seald(top, options, name,
                         env=dict(os.environ, **env) if env else None)
    roles.settle(daemon)
    return daemon


def begin(path):
    c = milter.Client(path, milter.STEPS_WAIT)
    c.connect(address='127.0.0.1')
    c.helo()
    return c


def selector(answer):
    """Of the signature; or the answer."""
    code, changes = answer
    for text in changes:
        found = re.search(r'[;\s]s=([^;]+);', text.decode('latin-1'))
        if found:
            return found.group(1)
    return code[:4].decode('latin-1')


def send(path):
    c = begin(path)
    result = selector(c.message())
    c.quit()
    return result


def fill_queue(daemon):
    """What the parent logs goes to the mail process, which is stopped; when
    there is no more room, the parent writes it by itself."""
    mail = daemon.child('mail')
    seald.pause(mail)
    daemon.configure(NoSuchOption='yes')
    before = os.path.getsize(daemon.log)
    for _ in range(FILLS):
        daemon.server.signal(signal.SIGHUP)
        # Signals that wait count once.
        proc.wait_for(lambda: roles.status(daemon.server.pid, 'State')[:1] ==
                      'S' and not pending(daemon.server.pid), 'the parent')
        if os.path.getsize(daemon.log) > before:
            break
    tap.ok(os.path.getsize(daemon.log) > before, 'the queue is full')
    return mail


def pending(pid):
    return (int(roles.status(pid, 'SigPnd'), 16) |
            int(roles.status(pid, 'ShdPnd'), 16)) & 1


def stop_with_full_queue(top, options):
    daemon = start(top, options, 'stop')
    mail = fill_queue(daemon)
    daemon.server.signal(signal.SIGTERM)
    proc.wait_for(lambda: not os.path.exists(daemon.path), 'the end to begin')
    proc.wait_for(lambda: roles.status(daemon.server.pid, 'State')[:1] == 'S',
                  'the parent to wait')
    os.kill(mail, signal.SIGCONT)
    tap.is_(daemon.server.wait(), 0, 'SIGTERM, and the mail process takes '
            'nothing: it is told again')


def socket_with_full_queue(top, options):
    daemon = start(top, options, 'listen')
    mail = fill_queue(daemon)
    os.unlink(daemon.path)
    proc.wait_for(lambda: 'it has been made again' in daemon.log_text(),
                  'the socket to be made again')
    os.kill(mail, signal.SIGCONT)
    tap.is_(send(daemon.path), 'a', 'a new socket, and the mail process takes '
            'nothing: it is told again')
    tap.is_(daemon.child('mail'), mail, 'it is the same process')
    tap.is_(daemon.stop(), 0, 'the end')


def use_unsent(top, before, after):
    """The mail process has a new set, and the keys process is not told that
    it is in service."""
    daemon = start(top, before, 'use', {'LD_PRELOAD': LIBRARY,
                                        'PLANTED_UNSENT': str(USE)})
    old = daemon.child('keys')
    daemon.configure(**after)
    daemon.reload('mailseald.conf is in service')
    proc.wait_for(lambda: 'the keys process (%d) does not take messages, and '
                  'is killed' % old in daemon.log_text(), 'the log to say so')
    roles.wait(daemon.server.pid, without=[old])
    proc.wait_for(lambda: send(daemon.path) == 'b', 'the new key')
    for _ in range(5):
        tap.is_(send(daemon.path), 'b', 'both have the new configuration')
    tap.is_(daemon.stop(), 0, 'the end')


def stop_during_start(top, options):
    """With a database that accepts connections and says nothing."""
    dumb = socket.create_server(('127.0.0.1', 0))
    dumb.settimeout(proc.PATIENCE_S)
    for number in signal.SIGTERM, signal.SIGINT:
        daemon = seald.Seald(top, dict(
            options, KeyStore='postgres:host=127.0.0.1 port=%d user=x '
            'dbname=x sslmode=disable' % dumb.getsockname()[1]),
            'start-%d' % number)
        c, _ = dumb.accept()
        keys = daemon.child('keys')
        daemon.server.signal(signal.SIGHUP)     # it changes nothing
        daemon.server.signal(number)
        tap.is_(daemon.server.wait(), 0, 'a signal to stop, during the start',
                daemon.log_text())
        tap.ok(not seald.is_running(keys), 'the keys process ends, too')
        tap.ok(not os.path.exists(daemon.path), 'and the socket goes')
        tap.contains(daemon.log_text(), 'stopped during the start',
                     'the log says so')
        c.close()
    dumb.close()


def keys_die_at_end(top, options):
    """While messages in flight are waited for."""
    daemon = start(top, options, 'end')
    c = begin(daemon.path)
    c.mail()
    c.header('From', ' joe@example.com')
    daemon.server.signal(signal.SIGTERM)
    proc.wait_for(lambda: '"stopping' in daemon.log_text(), 'the end to begin')
    old = daemon.child('keys')
    os.kill(old, signal.SIGKILL)
    proc.wait_for(lambda: 'the keys process (%d) was killed' % old in
                  daemon.log_text(), 'its death')
    c.eoh()
    c.body(b'x\r\n')
    tap.is_(selector(c.eom()), 'y451', 'keys dies at the end: OnSignFailure')
    c.close()
    tap.is_(daemon.server.wait(), 0, 'it ends well')
    tap.ok('another one' not in daemon.log_text(), 'and no other is started')


def ends_by_exit(top, options):
    """Each frees what it has, as exit() and a leak checker want it."""
    daemon = start(top, options, 'exit', {'LD_PRELOAD': LIBRARY,
                                          'PLANTED_AT_EXIT': '1'})
    threads = [threading.Thread(target=lambda: [
        send(daemon.path) for _ in range(20)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    daemon.reload('is in service')
    pids = roles.wait(daemon.server.pid)
    tap.is_(daemon.stop(), 0, 'the end')
    for role, pid in sorted(pids.items()):
        tap.contains(daemon.log_text(), 'exit of %d\n' % pid,
                     '%s ends by exit()' % role)
    tap.ok('was killed' not in daemon.log_text(), 'and by nothing else')


def main():
    with tempfile.TemporaryDirectory(prefix='ms.') as top:
        os.chmod(top, 0o755)
        before, after = seald.pair(top)
        stop_with_full_queue(top, before)
        socket_with_full_queue(top, before)
        stop_during_start(top, before)
        keys_die_at_end(top, before)
        if tree.is_sanitized():
            tap.skip('a message that is not sent, and exit()',
                     'a sanitizer must be loaded before any other library')
            return
        use_unsent(top, before, after)
        ends_by_exit(top, before)


tap.main(main)
