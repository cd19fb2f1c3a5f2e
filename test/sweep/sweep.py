#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One allocation fails, and then all is well again; or one call of the system.

What is preloaded fails exactly the k-th call of one process, the parent, keys
or mail, while an event is played: the first message of a daemon, a message of a
domain that is not in the cache, of one that is, of our own, of an authenticated
client, a connect, a reload, the restart of a process that was killed; with
signatures by each kind of key. In each case

- our own mail is signed, by RSA and Ed25519, or deferred, never unsigned,
- a good signature passes or the message is deferred or has a temperror,
- a configuration is in service as a whole or not at all, as the log says,
- no process ends but those that were killed, and one whose start failed, or
  in which libseccomp was refused something,
- no connection is lost, except where libmilter itself was refused something,
- the daemon serves the next mail as if nothing had happened: what was not
  whole is not cached.

The same holds for calls that open a socket, a file or a pipe, start a thread or
a process, or write, to the log as well as to a socket.

`make check` takes a sample of k, `make sweep` every one, but of starts, which
take long, a larger sample. SWEEP_ONLY takes the events whose names hold it,
SWEEP_K one k, to repeat a finding.
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
SAMPLES = 6                     # of each event and process
SAMPLES_START = 2               # of those that need a start each
SAMPLES_START_ALL = 100
HANG_S = 30
LOST_S = 3                      # then a line of the log is taken for lost
ROLES = ('parent', 'keys', 'mail')      # as fault.h numbers them from 1
CONTROL = '=qqq1024s'                   # struct fault
STORED = 'store.example'        # its key is in a key store
LETTER = (('From', 'Joe <joe@%s>'), ('To', 'you@example.net'),
          ('Subject', 'a test'), ('Date', 'Sun, 22 Nov 2026 12:00:00 +0000'))
BODY = b'Noon?\r\n'


class Control:
    """The file of what is preloaded."""

    def __init__(self, path):
        size = struct.calcsize(CONTROL)
        self.path = proc.write(path, bytes(size))
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), size)
        self.armed, self.struck, self.count = False, False, 0
        self.trace = []

    def arm(self, role, k):
        """k 0: only counts."""
        self.trace = []
        self.map[:] = struct.pack(CONTROL, k, 0, 1 + ROLES.index(role), b'')
        self.armed = True

    def disarm(self):
        """Whether the failure has happened. The calls until now are counted;
        a second time changes nothing."""
        if self.armed:
            left, self.count, _, trace = struct.unpack(CONTROL, self.map[:])
            self.map[:8] = bytes(8)
            self.armed, self.struck = False, left <= 0
            self.trace = trace.split(b'\0')[0].decode().splitlines()
        return self.struck

    def is_libmilters(self):
        """Whether it was libmilter that was refused something. Its writes to an
        MTA pass one function of ours."""
        called = [x for x in self.trace if 'alloc_fail.so' not in x]
        wrote = called[:1] != [] and called[0].startswith('call_fail.so')
        called = [x for x in called
                  if not re.match(r'libc\.so|call_fail\.so', x)]
        if wrote and called[:1] and called[0].startswith('mailseald'):
            called = called[1:]
        return called[:1] != [] and called[0].startswith('libmilter')

    def is_libseccomps(self):
        """libseccomp 2.5 may crash, or make a wrong filter and say nothing, at
        which the process is killed at its first call. Another one is
        started."""
        return any('libseccomp' in x for x in self.trace)


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
        self.store = 'sqlite:' + os.path.join(self.top, 'keys.db')
        self.make_stored_key()
        self.nameserver = Nameserver(records)
        self.control = Control(os.path.join(self.top, 'control'))
        self.fresh, self.turn = 0, 0
        self.names = {'mx.example.net'}         # that may be in service
        self.signed = {}
        self.daemon = None
        self.pids, self.threads = {}, {}
        self.slowest_s = 0
        self.start()
        counts = []
        proc.wait_for(lambda: counts.append(self.count_threads()) or
                      len(counts) > 50, 'the threads to be counted')
        self.threads = counts[-1]

    def make_stored_key(self):
        where = ['-d', STORED, '-s', 'stored']
        _, record, _ = proc.run([tree.DKIMKEYGEN, 'new', '-D', self.top] +
                                where)
        zone = proc.write(os.path.join(self.top, 'zone'), record)
        status, _, err = proc.run(
            [tree.DKIMKEYGEN, 'adopt', '-k', os.path.join(
                self.top, 'stored.private'), '--zone', zone, '-K', self.store
             ] + where)
        if status != 0:
            raise RuntimeError(err)

    def start(self):
        """A new daemon, behind its start: a fault in that may end it."""
        if self.daemon:
            self.kill_all()
            os.unlink(self.daemon.log)
            self.daemon.start()
        else:
            self.first_start()
        proc.wait_for(lambda: 'listens on' in self.daemon.log_text(),
                      'the start')
        self.pids = self.find_pids()
        # libmilter starts its own beside that.
        proc.wait_for(lambda: all(n >= self.threads.get(x, 0) for x, n in
                                  self.count_threads().items()),
                      'the threads')
        self.names = {self.daemon.options['AuthservID']}

    def kill_all(self):
        """The mail process alone would wait until it is idle."""
        children = seald.children(self.daemon.server.pid)
        self.daemon.server.process.kill()
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.daemon.server.wait()
        proc.wait_for(lambda: not any(map(seald.is_running, children)),
                      'their end')

    def find_pids(self):
        return {'parent': self.daemon.server.pid,
                'keys': self.daemon.child('keys'),
                'mail': self.daemon.child('mail')}

    def count_threads(self):
        return {x: len(os.listdir('/proc/%d/task' % pid))
                for x, pid in self.pids.items()}

    def first_start(self):
        self.daemon = seald.Seald(self.top, {
            'Domain': 'example.com', 'Selector': ['s', 'e'],
            'KeyFile': [self.keys['s'], self.keys['e']],
            'Nameservers': '127.0.0.1@%d' % self.nameserver.port,
            'AuthservID': 'mx.example.net', 'CheckKeys': 'no',
            # A look at the store would be struck by chance.
            'KeyStore': self.store, 'KeyRefresh': '0',
            'Metrics': 'unix:' + os.path.join(self.top, 'metrics0'),
            'ReportStore': 'sqlite:' + os.path.join(self.top, 'reports'),
            'MTA': 'submission', 'InternalHosts': '.inside.example'},
            env=dict(os.environ, LD_PRELOAD=tree.program(
                'test/sweep/%s_fail.so' % self.preloaded),
                     **{self.preloaded.upper() + '_CONTROL':
                        self.control.path}))

    def play(self, fields, address, name='client.example', auth=None,
             mta='smtpd', connect_only=False):
        """(the answer's letters, {name: [values]} of the fields added).
        connect_only: the fault comes by then, or not at all."""
        since = time.monotonic()
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
        except (milter.Gone, ConnectionError):
            return 'gone', {}
        except socket.timeout:
            return 'hang', {}
        finally:
            self.slowest_s = max(self.slowest_s, time.monotonic() - since)
        added = {}
        for change in changes:
            if change[:1] == b'i':
                n, v = change[5:].split(b'\0')[:2]
                added.setdefault(n.decode(), []).append(v.decode())
        letter = answer[:1].decode()
        return ('defer' if letter == 't' or answer[:2] == b'y4' else letter,
                added)

    def own(self, domain='example.com', **how):
        fields = [(n, v % domain if '%' in v else v) for n, v in LETTER]
        return self.play(fields, '192.0.2.1', **how)

    def may_be_lost(self):
        """libmilter closes a connection for which it has no memory, or whose
        socket fails, and the MTA defers."""
        return self.control.disarm() and self.control.is_libmilters()

    def own_is_well(self, outcome):
        return (outcome[0] == 'gone' and self.may_be_lost()) or \
            outcome[0] == 'defer' or (
                outcome[0] == 'c' and
                self.is_signed(outcome))

    @staticmethod
    def is_signed(outcome, wants=2):
        """By each of our keys."""
        return len(outcome[1].get('DKIM-Signature', ())) == wants

    def stored_is_well(self, outcome):
        return self.own_is_well(outcome) or self.is_signed(outcome, 1)

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
        return (outcome[0] == 'gone' and self.may_be_lost()) or \
            outcome[0] == 'defer' or (
                outcome[0] == 'c' and re.search(
                    'dkim=(pass|temperror)', self.results(outcome)) is not None)

    def ended(self, may_end):
        """What is wrong with the processes, or None."""
        if not self.daemon.server.alive():
            return 'the daemon ended with status %d' % (
                self.daemon.server.process.returncode)
        allowed = '9|11|31' if self.control.is_libseccomps() else '9'
        crash = re.search(r'the (keys|mail) process .* was killed by signal '
                          r'(?!(%s) ).*' % allowed, self.daemon.log_text())
        if crash:
            return crash.group(0)
        for name, pid in self.find_pids().items():
            if pid != self.pids[name] and name not in may_end:
                return 'the %s process has ended' % name
        return None

    def is_whole(self, domain, may_end):
        """What is wrong behind the fault, or None."""
        wrong = self.ended(may_end)
        if wrong:
            return wrong
        outcome = self.own(auth='joe')
        if not self.is_signed(outcome):
            return 'own mail behind it: %r' % (outcome,)
        outcome = self.own(STORED, auth='joe')
        if not self.is_signed(outcome, 1):
            return 'own mail, of the key store: %r' % (outcome,)
        for selector in self.keys:
            outcome = self.foreign(domain, selector)
            if 'dkim=pass' not in self.results(outcome):
                return 'good mail behind it: %r' % (outcome,)
        name = self.results(outcome).split(';')[0].strip()
        if name not in self.names:
            return 'in service: %s, not %s' % (name, self.names)
        self.names = {name}
        return self.ended(may_end)

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

    def event_own_stored(self):
        return self.judge(self.own(STORED, auth='joe'), self.stored_is_well)

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
        self.turn += 1
        name = 'mx%d.example.net' % self.turn
        self.daemon.configure(AuthservID=name)
        with open(self.daemon.log, 'rb') as log:
            start = log.seek(0, os.SEEK_END)
            self.daemon.server.signal(signal.SIGHUP)
            again, text, lost = time.monotonic() + LOST_S, b'', False

            def is_done():
                nonlocal again, text, lost
                log.seek(start)
                text = log.read()
                if time.monotonic() > again:
                    # The line itself may be what could not be written.
                    self.daemon.server.signal(signal.SIGHUP)
                    again += LOST_S
                    lost = True
                return (b' in service' in text or b'lines lost' in text or
                        not self.daemon.server.alive())
            proc.wait_for(is_done, 'the reload')
        if lost or b'lines lost' in text:
            self.outcomes['a line is lost'] += 1
            self.names.add(name)
        elif b'not reloaded' in text:
            self.outcomes['not reloaded'] += 1
        else:
            self.outcomes['reloaded'] += 1
            self.names = {name}

    def event_reload_metrics(self):
        where = os.path.join(self.top, 'metrics%d' % (self.turn % 2))
        self.daemon.options['Metrics'] = 'unix:' + where
        self.event_reload()
        if self.names == {self.daemon.options['AuthservID']}:
            proc.wait_for(lambda: proc.unix_open(where), 'Metrics')

    def kill(self, name):
        """Until it is dead; another one may be there."""
        old = self.pids[name]
        os.kill(old, signal.SIGKILL)
        proc.wait_for(lambda: old not in seald.children(
            self.daemon.server.pid), 'its end')

    def wait_for_service(self):
        proc.wait_for(lambda: self.is_signed(self.own(auth='joe')),
                      'mail to be signed')

    def event_keys_killed(self):
        self.kill('keys')
        wrong = self.event_own()
        self.wait_for_service()
        return wrong

    def event_mail_killed(self):
        self.kill('mail')
        wrong = self.event_own()
        self.wait_for_service()
        return wrong

    def strike(self, event, role, k):
        """(whether the failure happened, what is wrong or None)."""
        may_end = {'event_keys_killed': {'keys'}, 'event_mail_killed': {
            'mail'}}.get(event.__name__, set())
        self.control.arm(role, k)
        wrong = event()
        struck = self.control.disarm()
        wrong = wrong or self.is_whole(
            'cached.example.org' if 'cached' in event.__name__ else
            'd%d.example.org' % self.fresh, may_end)
        if wrong:
            wrong = '%s\n%s\n%s' % (wrong, ' '.join(
                x for x in self.control.trace if '_fail.so' not in x),
                '\n'.join(x[:300] for x in
                          self.daemon.log_text().splitlines()[-4:]))
            self.start()
        return struck, wrong

    def count(self, event, role):
        self.control.arm(role, 0)
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
        samples = SAMPLES
        if first:
            samples = SAMPLES_START_ALL if ALL else SAMPLES_START
        if K:
            return [K]
        if ALL and not first:
            # Their number is not always the same.
            return range(1, n + min(n // 4, 40) + 8)
        if n <= samples:
            return range(1, n + 1)
        return sorted(random.sample(range(1, n + 1), samples))

    def sweep(self, name, event, role, first=False):
        name = '%s: %s: %s' % (self.preloaded, role, name)
        if ONLY not in name:
            return
        since = time.monotonic()
        self.outcomes = collections.Counter()
        self.slowest_s = 0
        self.prepare(event, first)
        if not first:
            event()                     # what is cached then is
            self.prepare(event, first)
        n = self.count(event, role)
        if n == 0:
            tap.diag(name + ': nothing to fail')
            return
        self.outcomes.clear()
        faults, wrongs = 0, []
        for k in self.choose(n, first):
            self.prepare(event, first)
            struck, wrong = self.strike(event, role, k)
            faults += struck
            if wrong:
                wrongs.append((k, wrong))
        for k, wrong in wrongs[:20]:
            tap.diag('TEST_SEED=%d SWEEP_ONLY="%s" SWEEP_K=%d: %s' % (
                SEED, name, k, wrong))
        tap.diag('%s; slowest message %.1f s; %.1f s in all' % (
            ', '.join('%s: %d' % x for x in self.outcomes.most_common()),
            self.slowest_s, time.monotonic() - since))
        tap.is_((len(wrongs), faults > 0), (0, True), '%s: %d of %d %ss failed' % (
            name, faults, n, 'allocation' if self.preloaded == 'alloc' else
            'call'))


def sweep_all(preloaded):
    s = Sweep(preloaded)
    tap.is_(s.is_whole('d0.example.org', set()), None, 'before: all is well')
    for name, event, roles in (
            ('own, authenticated', s.event_own, ('mail', 'keys')),
            ('own, of the key store', s.event_own_stored, ('mail', 'keys')),
            ('own, by the name of the MTA', s.event_own_by_mta, ('mail',)),
            ('own, by the name of the host', s.event_own_by_name, ('mail',)),
            ('connect of an MTA by name', s.event_connect_mta, ('mail',)),
            ('connect of a host by name', s.event_connect, ('mail',)),
            ('rsa, in the cache', s.event_cached, ('mail',)),
            ('ed25519, in the cache', s.event_cached_ed25519, ('mail',)),
            ('rsa, not in the cache', s.event_fresh, ('mail',)),
            ('ed25519, not in the cache', s.event_fresh_ed25519, ('mail',)),
            ('reload', s.event_reload, ROLES),
            ('reload, Metrics moves', s.event_reload_metrics, ('mail',))):
        for role in roles:
            s.sweep(name, event, role)
    for name, event, roles in (
            ('the first message, own', s.event_own, ('mail', 'keys')),
            ('the first message, of the key store', s.event_own_stored,
             ('keys',)),
            ('the first message, rsa', s.event_cached, ('mail',)),
            ('the first message, ed25519', s.event_cached_ed25519, ('mail',)),
            ('keys is killed', s.event_keys_killed, ROLES),
            ('mail is killed', s.event_mail_killed, ROLES)):
        for role in roles:
            s.sweep(name, event, role, first=True)
    s.kill_all()


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
