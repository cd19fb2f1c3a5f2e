#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One allocation fails, and then all is well again; or one call of the system.

A preloaded allocator fails exactly the k-th call while an event is played: the
first message of a daemon, a message of a domain that is not in the cache, of
one that is, of our own, of an authenticated client, a connect, a reload; with
signatures by each kind of key. In each case

- our own mail is signed, by RSA and Ed25519, or deferred, never unsigned,
- a good signature passes or the message is deferred or has a temperror,
- the daemon serves the next mail as if nothing had happened: what was not
  whole is not cached.

The same holds for calls that open a socket or a file, start a thread, or write,
to the log as well as to a socket.

`make check` takes a sample of k, `make sweep` every one. SWEEP_ONLY takes the
events whose names hold it, SWEEP_K one k, to repeat a finding.
"""
import collections
import mmap
import os
import random
import re
import signal
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

ALL = os.environ.get('MAILSEAL_SWEEP') == 'all'
ONLY = os.environ.get('SWEEP_ONLY', '')
K = int(os.environ.get('SWEEP_K', '0'))
SEED = int(os.environ.get('TEST_SEED', '0')) or random.randrange(1, 10**6)
SAMPLES = 12                    # of each event
SAMPLES_FIRST = 5               # of the first message: each needs a start
HANG_S = 30
LOST_S = 3                      # then a line of the log is taken for lost
LETTER = (('From', 'Joe <joe@%s>'), ('To', 'you@example.net'),
          ('Subject', 'a test'), ('Date', 'Sun, 22 Nov 2026 12:00:00 +0000'))
BODY = b'Noon?\r\n'


class Control:
    """The file of what is preloaded."""

    def __init__(self, path):
        self.path = proc.write(path, b'\0' * 16)
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), 16)
        self.armed, self.struck, self.count = False, False, 0

    def arm(self, k):
        self.map[8:16] = bytes(8)
        self.map[:8] = struct.pack('=q', k)
        self.armed = True

    def disarm(self):
        """Whether the failure has happened. The calls until now are counted;
        a second time changes nothing."""
        if self.armed:
            left, self.count = struct.unpack('=qq', self.map[:16])
            self.map[:8] = bytes(8)
            self.armed, self.struck = False, left <= 0
        return self.struck


class Nameserver(threading.Thread):
    """Selector e of any domain has one key, s the other; nothing else
    exists."""

    def __init__(self, records):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.records = {selector: b''.join(bytes([len(x)]) + x for x in texts)
                        for selector, texts in records.items()}
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            end = query.index(b'\0', 12) + 5
            question = query[12:end]
            found = (b'_domainkey' in question and
                     question[-4:-2] == b'\0\x10')
            record = self.records.get(question[1:2], b'')
            answer = struct.pack('>HHHIH', 0xc00c, 16, 1, 3600,
                                 len(record)) + record
            self.socket.sendto(
                query[:2] + (b'\x81\x80' if found else b'\x81\x83') +
                struct.pack('>HHHH', 1, found, 0, 0) + question +
                (answer if found else b''), peer)


class Sweep:
    """preloaded: what fails, alloc or call."""

    def __init__(self, preloaded):
        self.preloaded = preloaded
        self.top = proc.folder()
        os.chmod(self.top, 0o777)
        records, self.keys = {}, {}
        for selector, kind in (('s', 'rsa'), ('e', 'ed25519')):
            proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s',
                      selector, '-t', kind, '-D', self.top])
            self.keys[selector] = os.path.join(self.top, selector + '.private')
            with open(os.path.join(self.top, selector + '.txt'),
                      encoding='ascii') as f:
                records[selector.encode()] = [
                    x.encode() for x in re.findall('"([^"]*)"', f.read())]
        self.nameserver = Nameserver(records)
        self.control = Control(os.path.join(self.top, 'control'))
        self.fresh = 0
        self.signed = {}
        self.daemon = None
        self.threads = 0
        self.start()
        counts = []
        proc.wait_for(lambda: counts.append(self.count_threads()) or
                      len(counts) > 50, 'the threads to be counted')
        self.threads = counts[-1]

    def start(self):
        """A new daemon, behind its start: a fault in that may end it."""
        if self.daemon:
            self.daemon.kill()
            os.unlink(self.daemon.log)
            self.daemon.start()
        else:
            self.first_start()
        proc.wait_for(lambda: 'listens on' in self.daemon.log_text(),
                      'the start')
        # libmilter starts its own beside that.
        proc.wait_for(lambda: self.count_threads() >= self.threads,
                      'the threads')

    def count_threads(self):
        return len(os.listdir('/proc/%d/task' % self.daemon.server.pid))

    def first_start(self):
        self.daemon = seald.Seald(self.top, {
            'Domain': 'example.com', 'Selector': ['s', 'e'],
            'KeyFile': [self.keys['s'], self.keys['e']],
            'Nameservers': '127.0.0.1@%d' % self.nameserver.port,
            'AuthservID': 'mx.example.net', 'CheckKeys': 'no',
            'MTA': 'submission', 'InternalHosts': '.inside.example'},
            env=dict(os.environ, LD_PRELOAD=tree.program(
                'test/sweep/%s_fail.so' % self.preloaded),
                     **{self.preloaded.upper() + '_CONTROL':
                        self.control.path}))

    def play(self, fields, address, name='client.example', auth=None,
             mta='smtpd', connect_only=False):
        """(the answer's letters, {name: [values]} of the fields added).
        connect_only: the fault comes by then, or not at all."""
        try:
            c = milter.Client(self.daemon.path, milter.STEPS_WAIT if
                              connect_only else milter.STEPS)
            c.socket.settimeout(HANG_S)
            c.macros('C', **{'{daemon_name}': mta})
            c.connect(name, address)
            c.helo(name)
            if connect_only:
                self.control.disarm()
            c.mail(auth=auth)
            for n, v in fields:
                c.header(n, ' ' + v)
            c.eoh()
            c.body(BODY)
            answer, changes = c.eom()
            c.quit()
        except milter.Gone:
            return 'gone', {}
        except ConnectionError:
            return 'gone', {}
        except socket.timeout:
            return 'hang', {}
        added = {}
        for change in changes:
            if change[:1] == b'i':
                n, v = change[5:].split(b'\0')[:2]
                added.setdefault(n.decode(), []).append(v.decode())
        letter = answer[:1].decode()
        return ('defer' if letter == 't' or answer[:2] == b'y4' else letter,
                added)

    def own(self, **how):
        fields = [(n, v % 'example.com' if '%' in v else v)
                  for n, v in LETTER]
        return self.play(fields, '192.0.2.1', **how)

    @staticmethod
    def own_is_well(outcome):
        return outcome[0] in ('defer', 'gone') or (
            outcome[0] == 'c' and 'DKIM-Signature' in outcome[1])

    def sign(self, domain, selector):
        head = ''.join('%s: %s\r\n' % (n, v % domain if '%' in v else v)
                       for n, v in LETTER).encode()
        status, out, err = proc.run(
            [tree.MAILSEAL, 'sign', '--domain', domain, '--selector', selector,
             '--key', self.keys[selector]], head + b'\r\n' + BODY)
        if status != 0:
            raise RuntimeError(err)
        text = out.split(b'\r\n\r\n')[0].decode().replace('\r\n', '\n')
        return [tuple(f.split(': ', 1))
                for f in re.split(r'\n(?=\S)', text)]

    def foreign(self, domain, selector='s'):
        which = domain, selector
        if which not in self.signed:
            self.signed[which] = self.sign(*which)
        return self.play(self.signed[which], '192.0.2.2')

    @staticmethod
    def results(outcome):
        return ''.join(outcome[1].get('Authentication-Results', ''))

    def foreign_is_well(self, outcome):
        return outcome[0] in ('defer', 'gone') or (
            outcome[0] == 'c' and re.search(
                'dkim=(pass|temperror)', self.results(outcome)) is not None)

    def is_whole(self, domain):
        """What is wrong behind the fault, or None."""
        if not self.daemon.server.alive():
            return 'the daemon ended with status %d: %s' % (
                self.daemon.server.process.returncode,
                self.daemon.log_text()[-1000:])
        outcome = self.own(auth='joe')
        if len(outcome[1].get('DKIM-Signature', ())) != 2:
            return 'own mail behind it: %r' % (outcome,)
        for selector in self.keys:
            outcome = self.foreign(domain, selector)
            if 'dkim=pass' not in self.results(outcome):
                return 'good mail behind it: %r' % (outcome,)
        return None

    def next_domain(self):
        self.fresh += 1
        self.signed = {w: f for w, f in self.signed.items()
                       if w[0].startswith('cached.')}
        for selector in self.keys:
            which = 'd%d.example.org' % self.fresh, selector
            self.signed[which] = self.sign(*which)

    # The events: what is wrong with the outcome, or None; and the domain
    # whose mail must pass afterwards.

    def judge(self, outcome, is_well):
        words = re.findall(r'\bdkim=(\w+)', self.results(outcome))
        n = len(outcome[1].get('DKIM-Signature', ()))
        self.outcomes[outcome[0] if outcome[0] != 'c' else ' '.join(
            words) or '%d signatures' % n] += 1
        return None if is_well(outcome) else outcome

    def event_own(self):
        return self.judge(self.own(auth='joe'), self.own_is_well)

    def event_own_by_mta(self):
        return self.judge(self.own(mta='submission'), self.own_is_well)

    def event_own_by_name(self):
        return self.judge(self.own(name='client.inside.example'),
                          self.own_is_well)

    def event_connect(self):
        return self.judge(self.own(name='client.inside.example',
                                   connect_only=True), self.own_is_well)

    def event_connect_mta(self):
        return self.judge(self.own(mta='submission', connect_only=True),
                          self.own_is_well)

    def event_cached(self, selector='s'):
        return self.judge(self.foreign('cached.example.org', selector),
                          self.foreign_is_well)

    def event_cached_ed25519(self):
        return self.event_cached('e')

    def event_fresh(self, selector='s'):
        return self.judge(self.foreign('d%d.example.org' % self.fresh,
                                       selector), self.foreign_is_well)

    def event_fresh_ed25519(self):
        return self.event_fresh('e')

    def event_reload(self):
        with open(self.daemon.log, 'rb') as log:
            start = log.seek(0, os.SEEK_END)
            self.daemon.server.signal(signal.SIGHUP)
            again = time.monotonic() + LOST_S

            def is_done():
                nonlocal again
                log.seek(start)
                text = log.read()
                if time.monotonic() > again:
                    # The line itself may be what could not be written.
                    self.daemon.server.signal(signal.SIGHUP)
                    again += LOST_S
                return (b' in service' in text or b'lines lost' in text or
                        not self.daemon.server.alive())
            proc.wait_for(is_done, 'the reload')

    def strike(self, event, k):
        """(whether the failure happened, what is wrong or None)."""
        self.control.arm(k)
        wrong = event()
        struck = self.control.disarm()
        wrong = wrong or self.is_whole('d%d.example.org' % self.fresh)
        if wrong:
            self.start()
        return struck, wrong

    def count(self, event):
        self.control.arm(0)
        event()
        self.control.disarm()
        return self.control.count

    def prepare(self, event, first):
        if first:
            self.start()
        if 'fresh' in event.__name__:
            self.next_domain()

    def choose(self, n, first):
        """Which of n calls fail."""
        samples = SAMPLES_FIRST if first else SAMPLES
        if K:
            return [K]
        if ALL or n <= samples:
            return range(1, n + n // 4 + 8)
        return sorted(random.sample(range(1, n + 1), samples))

    def sweep(self, name, event, first=False):
        name = self.preloaded + ': ' + name
        if ONLY not in name:
            return
        self.outcomes = collections.Counter()
        self.next_domain()
        event()                         # what is cached then is
        self.prepare(event, first)
        n = self.count(event)
        self.outcomes.clear()
        faults, wrongs = 0, []
        for k in self.choose(n, first):
            self.prepare(event, first)
            struck, wrong = self.strike(event, k)
            faults += struck
            if wrong:
                wrongs.append((k, wrong))
        for k, wrong in wrongs[:20]:
            tap.diag('TEST_SEED=%d SWEEP_ONLY="%s" SWEEP_K=%d: %s' % (
                SEED, name, k, wrong))
        if self.outcomes:
            tap.diag(', '.join('%s: %d' % x
                               for x in self.outcomes.most_common()))
        tap.is_(len(wrongs), 0, '%s: %d of %d %ss failed' % (
            name, faults, n, 'allocation' if self.preloaded == 'alloc' else
            'call'))


def sweep_all(preloaded):
    s = Sweep(preloaded)
    tap.is_(s.is_whole('d0.example.org'), None, 'before: all is well')
    for name, event in (
            ('own, authenticated', s.event_own),
            ('own, by the name of the MTA', s.event_own_by_mta),
            ('own, by the name of the host', s.event_own_by_name),
            ('connect of an MTA by name', s.event_connect_mta),
            ('connect of a host by name', s.event_connect),
            ('rsa, in the cache', s.event_cached),
            ('ed25519, in the cache', s.event_cached_ed25519),
            ('rsa, not in the cache', s.event_fresh),
            ('ed25519, not in the cache', s.event_fresh_ed25519),
            ('reload', s.event_reload)):
        s.sweep(name, event)
    for name, event in (
            ('the first message, own', s.event_own),
            ('the first message, rsa', s.event_cached),
            ('the first message, ed25519', s.event_cached_ed25519)):
        s.sweep(name, event, first=True)
    s.daemon.kill()


def main():
    for name in ('milter/mailseald', 'test/sweep/alloc_fail.so',
                 'test/sweep/call_fail.so'):
        if not os.path.exists(tree.program(name)):
            tap.skip_all(name + ' is not built')
    if tree.is_sanitized():
        tap.skip_all('a sanitizer has an allocator of its own')
    random.seed(SEED)
    tap.diag('TEST_SEED=%d' % SEED)
    for preloaded in ('alloc', 'call'):
        sweep_all(preloaded)


tap.main(main)
