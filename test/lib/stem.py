# SPDX-License-Identifier: BSD-2-Clause
"""stem: runs our command line programs without linking them anew each time, of
which most of a short run's time goes. test/lib/stem_main.c says how.
"""
import os
import signal
import socket
import struct
import subprocess
import threading

import tree

REQUEST_MAX_BYTES = 96 * 1024
LIBRARY = tree.program('test/lib/stem_main.so')
PROGRAMS = (tree.MAILSEAL, tree.DKIMKEYGEN)

_stems = {}
_lock = threading.Lock()


class Stem:
    """A program that waits for requests. It ends when this process does."""

    def __init__(self, program):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX,
                                                socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [program], stdin=theirs, stdout=subprocess.DEVNULL,
                env=dict(os.environ, LD_PRELOAD=LIBRARY))

    def run(self, request, files, patience_s):
        """The exit status; negative: the signal that ended it."""
        reply, theirs = socket.socketpair()
        with reply:
            with theirs:
                socket.send_fds(self.socket, [request],
                                [*files, theirs.fileno()])
            reply.settimeout(patience_s)
            (pid,) = struct.unpack('i', reply.recv(4, socket.MSG_WAITALL))
            try:
                (status,) = struct.unpack('i', reply.recv(
                    4, socket.MSG_WAITALL))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        return os.waitstatus_to_exitcode(status)


def _umask():
    """os.umask() would change it meanwhile, for all threads."""
    with open('/proc/self/status', encoding='ascii', errors='replace') as f:
        for line in f:
            if line.startswith('Umask:'):
                return line.split()[1]
    return '022'


def _request(argv, env):
    texts = [_umask(), os.getcwd(), str(len(argv))] + list(argv) + [
        '%s=%s' % x for x in env.items()]
    return b''.join(os.fsencode(x) + b'\0' for x in texts)


def _file(data=b''):
    """A file in memory, to be closed."""
    f = os.fdopen(os.memfd_create('stem'), 'w+b', buffering=0)
    f.write(data)
    f.seek(0)
    return f


def _contents(f):
    f.seek(0)
    return f.read()


def _is_usable(argv, env):
    return (argv[0] in PROGRAMS and not tree.is_sanitized() and
            os.path.exists(LIBRARY) and
            not any(name.startswith('LD_') for name in env))


def run(argv, data, patience_s, env):
    """As proc.run: (exit status, standard output, standard error), all as
    bytes; None: the program must be started for this."""
    env = os.environ if env is None else env
    if not _is_usable(argv, env):
        return None
    request = _request(argv, env)
    if len(request) > REQUEST_MAX_BYTES:
        return None
    with _lock:
        if argv[0] not in _stems:
            _stems[argv[0]] = Stem(argv[0])
    with _file(data) as in_, _file() as out, _file() as err:
        try:
            status = _stems[argv[0]].run(
                request, [f.fileno() for f in (in_, out, err)], patience_s)
        except TimeoutError:
            raise subprocess.TimeoutExpired(argv, patience_s) from None
        return status, _contents(out), _contents(err)
