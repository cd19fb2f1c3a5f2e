#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reloads of mailseald, and processes that die or stop in the middle of one."""
import os
import re
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402


def signature(path):
    """Selector and algorithm of what a message of ours gets; None: nothing."""
    c = milter.Client(path)
    c.connect(address='127.0.0.1')
    c.helo()
    _, changes = c.message()
    c.quit()
    for text in changes:
        found = re.findall(r'[;\s](a|s)=([^;]+);', text.decode('latin-1'))
        if found:
            return ' '.join(v for _, v in sorted(found, reverse=True))
    return None


def children(daemon):
    with open('/proc/%d/task/%d/children' % (
            daemon.server.pid, daemon.server.pid), encoding='ascii') as f:
        return {int(x) for x in f.read().split()}


def memory_files(pid):
    n = 0
    for fd in os.listdir('/proc/%d/fd' % pid):
        try:
            n += os.readlink('/proc/%d/fd/%s' % (pid, fd)).startswith('/memfd:')
        except FileNotFoundError:
            pass
    return n


def start(top, options, name):
    daemon = seald.Seald(top, options, name)
    proc.wait_for(lambda: 'listens on' in daemon.log_text(), 'the start')
    return daemon


def new_child(daemon, known):
    """Without a pause: it is to be met while it starts."""
    while True:
        new = children(daemon) - known
        if new:
            return new.pop()


def keys_between(top, before, after):
    """keys dies while mail takes a new configuration; the next one has begun
    with the former one, and answers when the new one is in service."""
    daemon = start(top, before, 'between')
    tap.is_(signature(daemon.path), 'a rsa-sha256', 'the first configuration')
    mail, keys = daemon.child('mail'), daemon.child('keys')
    idle = memory_files(daemon.server.pid)
    os.kill(mail, signal.SIGSTOP)
    daemon.configure(**after)
    daemon.server.signal(signal.SIGHUP)
    proc.wait_for(lambda: memory_files(daemon.server.pid) == idle + 3,
                  'the parent to pass the set on')
    os.kill(keys, signal.SIGKILL)
    new = new_child(daemon, {mail, keys})
    os.kill(new, signal.SIGSTOP)
    os.kill(mail, signal.SIGCONT)
    said = 'mailseald.conf is in service'
    proc.wait_for(lambda: said in daemon.log_text(), 'the reload')
    os.kill(new, signal.SIGCONT)
    proc.wait_for(lambda: 'the keys process (%d) is in service' % new in
                  daemon.log_text(), 'keys')
    proc.wait_for(lambda: signature(daemon.path) == 'b ed25519-sha256',
                  'both to have the second configuration')
    tap.ok(True, 'keys dies in a reload: the new configuration in both')
    # It answers before it closes what it was sent.
    proc.wait_for(lambda: memory_files(new) == 0, 'it to close all')
    tap.ok(True, 'it keeps nothing that was the parent\'s')
    tap.is_(daemon.stop(), 0, 'the end')


def main():
    with tempfile.TemporaryDirectory(prefix='ms.') as top:
        os.chmod(top, 0o755)
        before, after = seald.pair(top)
        keys_between(top, before, after)


tap.main(main)
