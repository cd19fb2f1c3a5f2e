# SPDX-License-Identifier: BSD-2-Clause
"""seald: a mailseald of our own for a test."""
import json
import os
import signal

import proc
import tree


def children(parent):
    try:
        with open('/proc/%d/task/%d/children' % (parent, parent),
                  encoding='ascii') as f:
            return [int(x) for x in f.read().split()]
    except FileNotFoundError:
        return []


def is_running(pid):
    """A process that nobody has waited for yet has ended all the same."""
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as f:
            return f.read().rpartition(')')[2].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def child(parent, name):
    """The number of the process `name` (keys, mail) of a daemon; None: there
    is none now."""
    for pid in children(parent):
        try:
            with open('/proc/%d/cmdline' % pid, 'rb') as f:
                title = f.read().split(b'\0')[0].decode().strip(' .')
        except (FileNotFoundError, ProcessLookupError):
            continue
        if title == 'mailseald: ' + name:
            return pid
    return None


def pause(pid):
    """Stops the process, and returns when all of its threads are."""
    os.kill(pid, signal.SIGSTOP)

    def stopped():
        top = '/proc/%d/task' % pid
        for thread in os.listdir(top):
            try:
                with open('%s/%s/stat' % (top, thread), encoding='ascii') as f:
                    if f.read().rpartition(')')[2].split()[0] != 'T':
                        return False
            except (FileNotFoundError, ProcessLookupError):
                return False    # it was ending already
        return True
    proc.wait_for(stopped, 'all threads to be stopped')


def pair(top):
    """Two keys of example.com, RSA and Ed25519: the options of a daemon that
    signs with the one, or with the other, as selector a or b."""
    text = '$ORIGIN example.com.\n'
    for s, kind in ('a', ['-b', '1024']), ('b', ['-t', 'ed25519']):
        proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', s, '-D',
                  top] + kind)
        with open(os.path.join(top, s + '.txt'), encoding='ascii') as f:
            text += f.read()
    zone = proc.write(os.path.join(top, 'zone'), text)
    return [{'Domain': 'example.com', 'Selector': s, 'Zone': zone,
             'OnSignFailure': 'tempfail',
             'KeyFile': os.path.join(top, s + '.private')} for s in 'ab']


def set_stage(store, domain, selector, stage):
    """Of a key in a directory, as a rotation would have left it."""
    path = os.path.join(store, domain, selector + '.state')
    with open(path, encoding='ascii') as f:
        lines = ['stage ' + stage if x.startswith('stage ') else x
                 for x in f.read().splitlines()]
    proc.write(path, '\n'.join(lines) + '\n')


class Seald:
    """options: {name: value, or a list of values}. The socket is a unix one
    in the folder unless Socket is given; path: where it is then."""

    def __init__(self, top, options, name='seald', start=True, path=None,
                 env=None):
        self.top = os.path.join(top, name)
        os.mkdir(self.top)
        os.chmod(self.top, 0o777)
        self.path = path or os.path.join(self.top, 'sock')
        self.conf = os.path.join(self.top, 'mailseald.conf')
        self.log = os.path.join(self.top, 'log')
        self.options = {'Socket': 'unix:' + self.path, 'Background': 'no',
                        'LogTarget': 'stderr', 'LogFormat': 'json',
                        'UMask': '000', 'KeyStore': 'none'}
        self.options.update(options)
        self.socket = self.options['Socket']
        self.configure()
        self.env = env
        self.prefix = []            # a command that runs it
        self.server = None
        if start:
            self.start()

    def configure(self, **options):
        self.options.update(options)
        text = ''
        for name, value in self.options.items():
            for v in value if isinstance(value, list) else [value]:
                text += '%s %s\n' % (name, v)
        proc.write(self.conf, text, 0o600)

    def _ready(self):
        if self.socket.startswith('unix:'):
            return os.path.exists(self.path) and proc.unix_open(self.path)
        return proc.port_open(int(self.socket.split(':')[1].split('@')[0]))

    def start(self):
        self.server = proc.Server(self.prefix + [tree.MAILSEALD, '-f', '-c',
                                                 self.conf], self.log, self._ready, env=self.env)

    def reload(self, what):
        """SIGHUP, and waits until the log says `what` once more."""
        before = self.log_text().count(what)
        self.server.signal(signal.SIGHUP)
        proc.wait_for(lambda: self.log_text().count(what) > before,
                      'the log to say ' + what)

    def log_text(self):
        return self.server.log_text()

    def lines(self):
        """The log's lines that are JSON objects."""
        found = []
        for line in self.log_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass
        return found

    def messages(self):
        """The log's lines about messages. One is written a moment after the
        answer."""
        return [x for x in self.lines() if x['event'] == 'message']

    def message_with(self, value):
        """Waits for a line about a message with this in it; the last one."""
        return proc.wait_for(lambda: [x for x in self.messages() if value in
                                      str(x)], 'the line of ' + value)[-1]

    def fds(self):
        return len(os.listdir('/proc/%d/fd' % self.child('mail')))

    def child(self, name):
        """Waits for it: the socket is there before it."""
        return proc.wait_for(lambda: child(self.server.pid, name), name)

    def stop(self):
        """Its exit status."""
        return self.server.stop()

    def kill(self):
        """With its children, which end when they miss it: until then the
        socket is in use."""
        left = children(self.server.pid)
        self.server.process.kill()
        self.server.process.wait()
        proc.wait_for(lambda: not any(map(is_running, left)), 'the children')
