# SPDX-License-Identifier: BSD-2-Clause
"""proc: temporary folders, free ports, and servers that are always stopped."""
import atexit
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import stem

_servers = []
_folders = []
_ports = []

# How long something that must come may take before the test gives up; no
# test depends on it being short.
PATIENCE_S = 120


def _cleanup():
    for server in reversed(_servers):
        server.stop()
    for path in _folders:
        shutil.rmtree(path, ignore_errors=True)


def _on_signal(number, _frame):
    sys.exit(128 + number)


atexit.register(_cleanup)
for _s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_s, _on_signal)


def folder(mode=0o755):
    """A temporary folder that goes when the test ends. Short, because a
    socket's path must fit into sun_path; readable, because servers change
    their user."""
    path = tempfile.mkdtemp(prefix='ms.', dir='/tmp')
    os.chmod(path, mode)
    _folders.append(path)
    return path


def free_port(kinds=(socket.SOCK_STREAM,)):
    """A loopback port that is free for each of the socket kinds: below those
    that the kernel gives to clients, and kept from other tests by the name of
    a socket until this process ends."""
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind('\0mailseal-test-port-%d' % port)
            for kind in kinds:
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind(('127.0.0.1', port))
        except OSError:
            name.close()
            continue
        _ports.append(name)
        return port


def wait_for(test, what, patience_s=PATIENCE_S):
    """Until test() is true; gives its value."""
    end = time.monotonic() + patience_s
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError('waited in vain for ' + what)
        time.sleep(0.02)


def port_open(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(('127.0.0.1', port)) == 0


def unix_open(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(1)
        return s.connect_ex(path) == 0


class Server:
    """A program that runs until stop(), its output in a file."""

    def __init__(self, argv, log, ready=None, env=None, cwd=None):
        self.log = log
        self.argv = argv
        with open(log, 'ab') as out:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=env, cwd=cwd, start_new_session=True)
        _servers.append(self)
        if ready is not None:
            wait_for(lambda: ready() or not self.alive(), argv[0])
            if not self.alive():
                raise RuntimeError('%s ended at once:\n%s' % (
                    argv[0], self.log_text()))

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def log_text(self):
        with open(self.log, encoding='utf-8', errors='backslashreplace') as f:
            return f.read()

    def wait(self, patience_s=PATIENCE_S):
        return self.process.wait(patience_s)

    def stop(self, patience_s=PATIENCE_S):
        """Its exit status; killed when it does not follow SIGTERM."""
        if self in _servers:
            _servers.remove(self)
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


def run(argv, data=b'', patience_s=PATIENCE_S, env=None):
    """(exit status, standard output, standard error as text)."""
    done = stem.run(argv, data, patience_s, env)
    if done is None:
        p = subprocess.run(argv, input=data, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=patience_s,
                           env=env, check=False)
        done = p.returncode, p.stdout, p.stderr
    status, out, err = done
    return status, out, err.decode('utf-8', 'backslashreplace')


def run_json(argv, data=b''):
    """(exit status, the JSON object; None when there is none, stderr)."""
    status, out, err = run(argv, data)
    try:
        return status, json.loads(out), err
    except ValueError:
        return status, None, err + out.decode('utf-8', 'backslashreplace')


def write(path, data, mode=None):
    if isinstance(data, str):
        data = data.encode('utf-8')
    with open(path, 'wb') as f:
        f.write(data)
    if mode is not None:
        os.chmod(path, mode)
    return path


def write_aged(path, data, mode=None):
    """As if written a while ago: Postfix waits until a file that it reads has
    not changed for a second."""
    write(path, data, mode)
    then = time.time() - 10
    os.utime(path, (then, then))
    return path


class Fields:
    """A co-process that answers a list of byte strings with another.

    On the pipes a list is its length in a line of its own, then each string
    with its length in a line of its own before it.
    """

    def __init__(self, argv, log, env=None):
        self.log = log
        with open(log, 'ab') as err:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=err, env=env)
        _servers.append(self)

    def _fail(self):
        with open(self.log, encoding='utf-8', errors='backslashreplace') as f:
            raise RuntimeError('%s ended: %s' % (self.process.args[0],
                                                 f.read()[-4000:]))

    def _number(self):
        line = self.process.stdout.readline()
        if not line.endswith(b'\n'):
            self._fail()
        return int(line)

    def call(self, *fields):
        out = [b'%d\n' % len(fields)]
        for f in fields:
            if isinstance(f, str):
                f = f.encode('utf-8')
            out.append(b'%d\n' % len(f))
            out.append(f)
        try:
            self.process.stdin.write(b''.join(out))
            self.process.stdin.flush()
        except BrokenPipeError:
            self._fail()
        answer = []
        for _ in range(self._number()):
            n = self._number()
            data = self.process.stdout.read(n)
            if len(data) != n:
                self._fail()
            answer.append(data)
        return answer

    def stop(self):
        if self in _servers:
            _servers.remove(self)
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
