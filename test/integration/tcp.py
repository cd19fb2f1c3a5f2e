# SPDX-License-Identifier: BSD-2-Clause
"""An MTA on a TCP connection is never held up by Nagle's algorithm: neither
side ever has a small segment to send behind one that waits for a delayed
acknowledgement. The MTA's own is acknowledged by the reply to DATA; ours are
sent at once (TCP_NODELAY). `make bench` has what it saves.
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


def play(name, client, replies):
    """One message; replies: whether DATA is answered."""
    client.connect(address='127.0.0.1')
    client.helo()
    client.mail()
    client.rcpt()
    tap.is_(client.step('T'), b'c' if replies else None,
            name + ': the answer to DATA')
    client.header('From', ' joe@example.com')
    client.eoh()
    client.body(b'hello\r\n')
    answer, changes = client.eom()
    tap.is_(answer, b'c', name + ': accepted')
    tap.ok(any(c[:1] == INSERT for c in changes), name + ': signed',
           repr(changes))


def check_no_delay(daemon):
    try:
        found = sockets(daemon.server.pid)
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
    play('TCP', client, True)
    check_no_delay(daemon)
    client.abort()
    play('TCP, the same connection', client, True)
    client.quit()
    tap.is_(daemon.stop(), 0, 'the daemon ends well')
    daemon = seald.Seald(top, signing, 'unix')
    client = milter.Client(daemon.path)
    play('unix', client, False)
    client.quit()
    tap.is_(daemon.stop(), 0, 'the daemon ends well')


tap.main(main)
