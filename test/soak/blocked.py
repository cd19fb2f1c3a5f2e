#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Things that are blocked or slow: a log that nobody reads, a full disk, a
database that another process locks, a resolver that never answers, clients that
send an octet at a time, one of the three processes stopped. Healthy mail beside
each of them, in turns with a daemon that has nothing of the kind; and then
SIGTERM, which must be obeyed within TimeoutStopSec of the systemd unit.

SOAK_SECONDS makes it last that long, all of them together. Then healthy mail's
99th percentile beside it must be at most twice that without.
"""
import os
import re
import select
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import piped  # noqa: E402
import proc  # noqa: E402
import resolver  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

SECONDS = float(os.environ.get('SOAK_SECONDS', '0'))
KINDS = 9
SLICE_S = 2                     # of each daemon, in turn
SLICE_MESSAGES = 20             # when it does not last
PAUSE_S = 0.004
OURS, HEALTHY, SENDER = '127.0.0.1', 'good.test', '192.0.2.1'
STUCK = 32                      # clients, or messages, that are stuck
# What is no news on a machine that does other things, too.
NOISE_MS = 5
FULL = '''
mount -t tmpfs -o size=64k none "$0" || exit 1
exec 2>"$0/log"
dd if=/dev/zero of="$0/fill" bs=1k >/dev/null 2>&1
exec "$@"
'''


class Healthy:
    """A resolver, keys, and mail of ours and of a domain that it knows."""

    def __init__(self, top):
        resolver.TTL = 0                # each message asks anew
        self.resolver = resolver.Resolver().start()
        proc.run([tree.DKIMKEYGEN, 'new', '-d', HEALTHY, '-s', 's', '-D', top])
        key = os.path.join(top, 's.private')
        with open(os.path.join(top, 's.txt'), encoding='ascii') as f:
            record = ''.join(re.findall('"([^"]*)"', f.read()))
        for name, text in (('s._domainkey.' + HEALTHY, record),
                           ('_dmarc.' + HEALTHY, 'v=DMARC1; p=reject'),
                           (HEALTHY, 'v=spf1 ip4:%s -all' % SENDER)):
            self.resolver.records[name, resolver.TXT] = resolver.txt(text)
        self.options = {'Domain': 'example.com', 'Selector': 's',
                        'KeyFile': key, 'CheckKeys': 'no',
                        'AuthservID': 'mx.example.net',
                        'Nameservers': self.resolver.where}
        head = b'From: a@good.test\r\nSubject: a test\r\n'
        status, out, err = seal.sign(head + b'\r\nbody\r\n', HEALTHY, 's', key)
        if status != 0:
            raise RuntimeError(err)
        self.signature = seal.fields_named(out, b'dkim-signature')[0]

    def own(self, client):
        return any(b'DKIM-Signature' in c for c in client.message()[1])

    def foreign(self, client):
        client.mail('<a@good.test>')
        client.rcpt()
        client.step('T')
        client.header('DKIM-Signature', self.signature)
        client.header('From', ' a@good.test')
        client.header('Subject', ' a test')
        client.eoh()
        client.body(b'body\r\n')
        _, changes = client.eom()
        results = b''.join(c for c in changes if b'Authentication-Res' in c)
        return b'dkim=pass' in results and b'dmarc=pass' in results


class Meter:
    """How long healthy mail takes; bad: what was not as it should be."""

    def __init__(self, healthy, path, own=True, foreign=True):
        self.healthy, self.path = healthy, path
        self.kinds = []
        if own:
            self.kinds.append((OURS, healthy.own))
        if foreign:
            self.kinds.append((SENDER, healthy.foreign))
        self.ms, self.bad = [], 0

    def run(self):
        """A slice."""
        clients = []
        for address, _ in self.kinds:
            c = milter.Client(self.path)
            c.connect(address=address)
            c.helo()
            clients.append(c)
        end = time.monotonic() + SLICE_S
        n = 0
        while time.monotonic() < end if SECONDS else n < SLICE_MESSAGES:
            since = time.monotonic()
            if not self.kinds[n % len(self.kinds)][1](clients[n % len(
                    self.kinds)]):
                self.bad += 1
            self.ms.append((time.monotonic() - since) * 1e3)
            n += 1
            time.sleep(PAUSE_S)
        for c in clients:
            c.quit()

    def p99(self):
        return statistics.quantiles(self.ms, n=100)[98]


class Blocked:
    """A kind: daemon, path of its socket, and what goes on beside it."""

    own = foreign = True            # which of healthy mail goes on
    bad = 0                         # messages that ended as none may

    def __init__(self, top, healthy):
        self.top, self.healthy = top, healthy

    def start(self, options, prefix=(), env=None):
        options = dict(self.healthy.options, **options)
        self.daemon = seald.Seald(self.top, options, type(self).__name__,
                                  start=False, env=env)
        self.daemon.prefix = list(prefix)
        self.daemon.start()
        self.path = self.daemon.path
        self.process = self.daemon.server.process

    def wait_until_up(self):
        proc.wait_for(lambda: 'listens on' in self.daemon.log_text(),
                      'the start')

    def turn(self):
        """Once for each slice."""

    def end(self):
        self.process.send_signal(signal.SIGTERM)

    def finish(self):
        pass


class FullPipe(Blocked):
    """stderr is a full pipe"""

    def begin(self):
        self.piped = piped.Piped(self.top, self.healthy.options, 'FullPipe')
        self.path, self.process = self.piped.path, self.piped.process
        self.piped.fill()

    def finish(self):
        self.piped.end()


class UnreadSyslog(Blocked):
    """/dev/log is not read"""

    def begin(self):
        found = piped.own_syslog(self.top)
        if found is None:
            return 'needs a mount namespace of its own'
        self.log, prefix = found
        self.piped = piped.Piped(self.top, dict(
            self.healthy.options, LogTarget='syslog'), 'UnreadSyslog', prefix)
        self.path, self.process = self.piped.path, self.piped.process
        self.piped.fill()
        return None

    def finish(self):
        self.piped.end()
        self.log.close()


class FullDisk(Blocked):
    """the disk of the log is full"""

    def begin(self):
        disk = os.path.join(self.top, 'disk')
        os.mkdir(disk)
        prefix = ['unshare', '-m', 'sh', '-c', FULL, disk]
        if proc.run(prefix + ['true'])[0] != 0:
            return 'needs a mount namespace of its own'
        self.start({}, prefix)
        return None


class FrozenDatabase(Blocked):
    """another process locks the key store, SIGHUP each time"""

    def begin(self):
        store = os.path.join(self.top, 'keys.db')
        proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.org', '-K',
                  'sqlite:' + store])
        self.start({'KeyStore': 'sqlite:' + store, 'KeyRefresh': '1'})
        self.wait_until_up()
        self.db = sqlite3.connect(store)
        self.db.execute('BEGIN EXCLUSIVE')

    def turn(self):
        self.daemon.server.signal(signal.SIGHUP)

    def finish(self):
        self.db.close()


class DumbResolver(Blocked):
    """the resolver never answers, messages wait for it"""

    foreign = False

    def begin(self):
        self.dumb = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.dumb.bind(('127.0.0.1', 0))
        options = {'Nameservers': '127.0.0.1@%d' % self.dumb.getsockname()[1]}
        if SECONDS:
            options['DNSTimeout'] = '120'
        self.start(options)
        self.waiting, self.number = [], 0

    def turn(self):
        for c in self.waiting:
            c.close()
        self.waiting = []
        for _ in range(STUCK):
            self.number += 1
            c = milter.Client(self.path)
            c.connect(address=SENDER)
            c.helo()
            c.mail()
            c.header('From', ' joe@n%d.example' % self.number)
            c.eoh()
            c.packet(b'E')
            self.waiting.append(c)

    def finish(self):
        for c in self.waiting:
            c.close()
        self.dumb.close()


class SlowClients(Blocked):
    """clients that send an octet a second"""

    def begin(self):
        self.start({})
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.send)
        self.thread.start()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        if s.connect_ex(self.path) != 0:
            s.close()               # sendall will say so
        return s

    def send(self):
        """All of a message's beginning, by octets, again and again."""
        packets = [b'O' + struct.pack('>III', 6, milter.ACTIONS, milter.STEPS),
                   b'Cx\0004' + struct.pack('>H', 12345) + b'192.0.2.99\0',
                   b'Hhelo\0', b'M<a@b>\0'] + [b'Lx\0 y\0'] * 999
        data = b''.join(struct.pack('>I', len(p)) + p for p in packets)
        clients = []
        at = 0
        while True:
            if len(clients) < STUCK and os.path.exists(self.path):
                clients.append([self.connect(), at])
            for pair in list(clients):
                try:
                    n = at - pair[1]
                    pair[0].sendall(data[n:n + 1])
                except OSError:         # it was the daemon's right
                    clients.remove(pair)
            at += 1
            if self.over.wait(1 if SECONDS else 0.02):
                break
        for s, _ in clients:
            s.close()

    def finish(self):
        self.over.set()
        self.thread.join()


class KeysStopped(Blocked):
    """the keys process is stopped, our mail waits for it"""

    own = False

    def begin(self):
        self.start({})
        self.wait_until_up()
        self.waiting, self.stopped = [], None

    def turn(self):
        # It is killed after a while; then the next one is stopped.
        keys = seald.child(self.process.pid, 'keys')
        if keys is not None and keys != self.stopped:
            seald.pause(keys)
            self.stopped = keys
        self.take_answers()
        # In `make check', no message makes the end wait.
        while SECONDS and len(self.waiting) < STUCK:
            c = milter.Client(self.path)
            c.connect(address=OURS)
            c.helo()
            c.mail()
            c.header('From', ' joe@example.com')
            c.eoh()
            c.packet(b'E')
            self.waiting.append(c)

    def take_answers(self):
        for c in select.select([c.socket for c in self.waiting], (), (),
                               0)[0]:
            client = [x for x in self.waiting if x.socket is c][0]
            self.waiting.remove(client)
            changes = []
            while not changes or changes[-1][:1] not in b'actry':
                changes.append(client.read())
            signed = any(b'DKIM-Signature' in x for x in changes)
            if not signed and changes[-1][:2] not in (b't', b'y4'):
                self.bad += 1
            client.close()

    def finish(self):
        for c in self.waiting:
            c.close()


class ParentStopped(Blocked):
    """the parent is stopped"""

    def begin(self):
        self.start({})
        self.wait_until_up()

    def turn(self):
        seald.pause(self.process.pid)

    def end(self):
        # As systemd does.
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGCONT)


class MailStopped(Blocked):
    """the mail process is stopped"""

    def begin(self):
        # A watchdog makes the parent impatient: else it waits for a minute.
        self.start({}, env=dict(
            os.environ, WATCHDOG_USEC='1000000',
            NOTIFY_SOCKET='@mailseal-none-%d' % os.getpid()))
        self.wait_until_up()

    def stop_mail(self):
        seald.pause(self.daemon.child('mail'))

    def one(self):
        """Whether a message is signed that comes meanwhile."""
        self.stop_mail()
        c = milter.Client(self.path)
        c.connect(address=OURS)
        c.helo()
        signed = self.healthy.own(c)
        c.quit()
        return signed


def number_of(path, pattern):
    with open(os.path.join(tree.SRC, path), encoding='ascii') as f:
        return int(re.search(pattern, f.read(), re.M).group(1))


def stop_limit_s():
    return number_of('etc/mailseald.service.in', r'^TimeoutStopSec=(\d+)$')


def longest_stop_s():
    """What the parent grants the others, as parent.c adds it up."""
    of = {x: number_of('milter/' + path, r'^#define %s\s+(\d+)' % x)
          for path, x in (('daemon.h', 'DAEMON_DRAIN_SECONDS'),
                          ('daemon.h', 'DAEMON_STORE_MS'),
                          ('daemon.h', 'DAEMON_CLEANUP_SECONDS'),
                          ('keys.h', 'KEYS_STOP_SECONDS'))}
    of['DAEMON_STORE_MS'] //= 1000
    return sum(of.values()) + 2


def play(kind, top, healthy, alone):
    name = kind.__doc__
    blocked = kind(top, healthy)
    why = blocked.begin()
    if why is not None:
        tap.skip(name, why)
        return
    beside = Meter(healthy, blocked.path, kind.own, kind.foreign)
    alone = Meter(healthy, alone.path, kind.own, kind.foreign)
    end = time.monotonic() + SECONDS / KINDS
    while not beside.ms or time.monotonic() < end:
        alone.run()
        blocked.turn()
        beside.run()
    tap.is_((alone.bad, beside.bad, blocked.bad), (0, 0, 0),
            '%s: all healthy mail is as it should be: %d messages' % (
                name, len(beside.ms)))
    text = '%s: p99 %.1f ms, alone %.1f ms' % (name, beside.p99(), alone.p99())
    if SECONDS:
        tap.ok(beside.p99() <= 2 * alone.p99() + NOISE_MS, text)
    blocked.end()
    Ending(blocked).check(0)
    blocked.finish()


class Ending(threading.Thread):
    """How long SIGTERM takes."""

    def __init__(self, blocked):
        super().__init__()
        self.blocked = blocked
        self.since = time.monotonic()
        self.start()

    def run(self):
        try:
            self.status = self.blocked.process.wait(stop_limit_s())
        except subprocess.TimeoutExpired:
            self.status = 'none in %d s' % stop_limit_s()
        self.took_s = time.monotonic() - self.since

    def check(self, want):
        self.join()
        name = type(self.blocked).__doc__
        tap.is_(self.status, want, name + ': SIGTERM is obeyed in time')
        tap.diag('%s: SIGTERM: %.1f s' % (name, self.took_s))


def stop_mail(top, healthy):
    """Nobody serves mail then, until another process does. The end takes
    long: returns an Ending."""
    blocked = MailStopped(top, healthy)
    blocked.begin()
    end = time.monotonic() + SECONDS / KINDS
    signed = [blocked.one()]
    while time.monotonic() < end:
        signed.append(blocked.one())
        # More than five a minute would make the next start wait.
        time.sleep(15)
    tap.ok(all(signed), '%s: what waits is signed by the next one: %d times' %
           (MailStopped.__doc__, len(signed)))
    blocked.stop_mail()
    blocked.end()
    ending = Ending(blocked)
    if not SECONDS:
        proc.wait_for(lambda: not os.path.exists(blocked.path), 'SIGTERM')
        # The second does not wait for messages in flight.
        blocked.end()
    return ending


def main():
    tree.program('milter/mailseald')
    top = proc.folder()
    os.chmod(top, 0o777)
    healthy = Healthy(top)
    alone = seald.Seald(top, healthy.options, 'alone')
    tap.ok(longest_stop_s() < stop_limit_s(), 'processes that hang are killed '
           'within TimeoutStopSec: %d s' % longest_stop_s())
    mail_stopped = stop_mail(top, healthy)
    for kind in (FullPipe, UnreadSyslog, FullDisk, FrozenDatabase,
                 DumbResolver, SlowClients, KeysStopped, ParentStopped):
        play(kind, top, healthy, alone)
    mail_stopped.check(1)
    tap.is_(alone.stop(), 0, 'the other daemon ends well')
    healthy.resolver.stop()


tap.main(main)
