# SPDX-License-Identifier: BSD-2-Clause
"""An MTA on a TCP connection is never held up by Nagle's algorithm: neither
side ever has a small segment to send behind one that waits for a delayed
acknowledgement. Ours are sent at once (TCP_NODELAY). The MTA's are acknowledged
by the reply to DATA, and at once after each reply (TCP_QUICKACK), since
Sendmail sends macros and fields as segments of their own. `make bench` and
`make check-sendmail` have what it saves.
"""
import ctypes
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402

SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
INSERT = b'i'


def sockets(pid):
    """Duplicates of the TCP sockets of a process; OSError if not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
    found = []
    for name in os.listdir('/proc/%d/fd' % pid):
        fd = libc.syscall(SYS_PIDFD_GETFD, process, int(name), 0)
        if fd == -1:
            raise OSError(ctypes.get_errno(), 'pidfd_getfd')
        try:
            s = socket.socket(fileno=fd)
        except OSError:
            os.close(fd)
            continue
        if s.family == socket.AF_INET and s.type == socket.SOCK_STREAM:
            found.append(s)
        else:
            s.close()
    os.close(process)
    return found


def listens(s):
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0


def accepted(daemon):
    """The daemon's sockets of connections; None if not allowed."""
    try:
        return [s for s in sockets(daemon.child('mail')) if not listens(s)]
    except OSError as e:
        tap.skip('the sockets of the daemon', 'they cannot be looked at: %s' %
                 e.strerror)
        return None


def acknowledges_at_once(found):
    """Linux: TCP_QUICKACK reads 0 while a reply is waited for."""
    return found and all(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)
                         for s in found)


def check_quick(daemon, name):
    """It is set after the reply has been written: perhaps after it was read
    here."""
    found = accepted(daemon)
    if found is None:
        return
    try:
        proc.wait_for(lambda: acknowledges_at_once(found), 'TCP_QUICKACK', 10)
        quick = True
    except TimeoutError:
        quick = False
    tap.ok(quick, name + ': what the MTA sends next is acknowledged at once',
           '%d sockets' % len(found))
    for s in found:
        s.close()


def play(name, client, replies, look=lambda name: None):
    """One message; replies: whether DATA is answered."""
    client.connect(address='127.0.0.1')
    client.helo()
    client.mail()
    client.rcpt()
    tap.is_(client.step('T'), b'c' if replies else None,
            name + ': the answer to DATA')
    look(name + ', after DATA')
    client.header('From', ' joe@example.com')
    client.eoh()
    client.body(b'hello\r\n')
    answer, changes = client.eom()
    tap.is_(answer, b'c', name + ': accepted')
    tap.ok(any(c[:1] == INSERT for c in changes), name + ': signed',
           repr(changes))
    look(name + ', after the message')


def check_no_delay(daemon):
    try:
        found = sockets(daemon.child('mail'))
    except OSError as e:
        tap.skip('TCP_NODELAY', 'sockets of another process cannot be '
                 'looked at: %s' % e.strerror)
        return
    for name, wanted in (('listening', True), ('accepted', False)):
        kind = [s for s in found if listens(s) == wanted]
        tap.ok(kind and all(
            s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for s in kind), 'the %s sockets have TCP_NODELAY' % name,
               '%d sockets' % len(kind))
    for s in found:
        s.close()


def main():
    top = proc.folder()
    key = proc.write(os.path.join(top, 'key'), '', 0o600)
    tap.is_(proc.run(['openssl', 'genpkey', '-quiet', '-algorithm', 'ed25519',
                      '-out', key])[0], 0, 'a key')
    signing = {'Domain': 'example.com', 'Selector': 's', 'KeyFile': key,
               'CheckKeys': 'no'}
    port = proc.free_port()
    daemon = seald.Seald(top, dict(
        signing, Socket='inet:%d@127.0.0.1' % port), 'tcp')
    client = milter.Client(port)

    def look(name):
        check_quick(daemon, name)
    look('TCP, after the negotiation')
    play('TCP', client, True, look)
    check_no_delay(daemon)
    client.abort()
    play('TCP, the same connection', client, True, look)
    client.quit()
    answering = milter.Client(port, milter.STEPS_WAIT)
    answering.connect(address='127.0.0.1')
    look('an MTA that waits for each reply, after CONNECT')
    answering.quit()
    tap.is_(daemon.stop(), 0, 'the daemon ends well')
    daemon = seald.Seald(top, signing, 'unix')
    client = milter.Client(daemon.path)
    play('unix', client, False)
    client.quit()
    tap.is_(daemon.stop(), 0, 'the daemon ends well')


tap.main(main)
