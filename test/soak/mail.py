#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A real Postfix with milter_default_action tempfail, two mailsealds, and
nothing stays in order: the resolver lies, is slow, silent, killed and started
again; the key store is moved away and back; each second a SIGHUP; one daemon is
killed without warning again and again; clients vanish in the middle. Still

- every message that was accepted is delivered exactly once, none other is,
- mail of ours leaves signed by both keys, mail of a healthy domain passes,
- all of both is accepted in the end, and nothing stays in a queue,
- the other daemon's memory is flat, and none of its descriptors stays open.

SOAK_SECONDS makes it last that long.
"""
import collections
import itertools
import json
import os
import random
import re
import shutil
import signal
import statistics
import sys
import threading
import time

for name in ('lib', 'cross', 'integration'):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', name))

import hostile  # noqa: E402
import milter  # noqa: E402
import mta  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

SECONDS = float(os.environ.get('SOAK_SECONDS', '0'))
OURS = 'own.good.test'
HEALTHY = 'good.test'
ZONES = ('silent', 'slow2', 'fail6', 'slow20', 'tc', 'notcp', 'port', 'id',
         'question', 'broken')
# How often, and for how long, in seconds.
Plan = collections.namedtuple('Plan', 'last reload kill store resolver '
                              'own healthy hostile')
LONG = Plan(SECONDS, 1, 60, (20, 5), (25, 2), 3, 2, 24)
SHORT = Plan(7, 0.5, 3, (3, 1), (3.5, 0.5), 2, 1, 10)
PLAN = LONG if SECONDS else SHORT
PAUSE_S = 0.05                  # between messages of one sender
WARM_S = min(60, SECONDS / 4)   # before the memory counts
GROWTH = 1.05                   # of the memory, at most
NAME_KIB = 1                    # and of a name in the DNS cache
SAMPLES = 100                   # of our messages whose signatures are verified
BODY = b'Noon?\r\n' * 20
HEAD = ('From: Joe <joe@%s>\r\nTo: you@example.net\r\nSubject: a test\r\n'
        'Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\n')
FORGED = ('DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=s; h=from; b=AAAA;\r\n'
          ' bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n')


class Counter(sink.Sink):
    """Keeps of each message what is asked about it in the end, by its mark."""

    def __init__(self):
        super().__init__()
        self.found = collections.Counter()
        self.wrong = []
        self.samples = []

    def add(self, message):
        mark = re.search(rb'^X-Mark: (\S+)', message.data, re.M).group(1)
        mark = mark.decode()
        with self.lock:
            self.found[mark] += 1
        if mark.startswith('own-'):
            names = [seal.tags(v).get('s') for v in
                     seal.fields_named(message.data, b'dkim-signature')
                     if seal.tags(v).get('d') == OURS]
            if sorted(x for x in names if x in ('r', 'e')) != ['e', 'r']:
                self.wrong.append((mark, 'unsigned', names))
            elif 'odd' not in mark:
                self.samples.append(message.data)
        elif mark.startswith('healthy-'):
            results = b''.join(seal.fields_named(
                message.data, b'authentication-results'))
            if b'dmarc=pass' not in results:
                self.wrong.append((mark, 'not judged', results))


class World:
    def __init__(self):
        self.top = proc.folder()
        self.sink = Counter()
        self.store = os.path.join(self.top, 'keys')
        records = {HEALTHY: 'v=spf1 ip4:192.0.2.1 -all',
                   '_dmarc.' + HEALTHY: 'v=DMARC1; p=reject'}
        records.update(self.make_keys())
        self.records = records
        self.port = proc.free_port()
        self.resolver = proc.Server(
            [sys.executable, os.path.join(os.path.dirname(__file__),
                                          'resolve.py'), str(self.port),
             proc.write(os.path.join(self.top, 'records'),
                        json.dumps(records))],
            os.path.join(self.top, 'resolver.log'),
            lambda: proc.port_open(self.port))
        self.options = {
            'AuthservID': 'mx.here.example', 'KeyStore': self.store,
            'KeyRefresh': '1', 'Nameservers': '127.0.0.1@%d' % self.port,
            'InternalHosts': '10.0.0.0/8', 'StatsInterval': '0',
            'OnDMARCQuarantine': 'tag', 'LineLengthLimit': '0'}
        self.killed = seald.Seald(self.top, self.options, 'killed')
        self.kept = seald.Seald(self.top, self.options, 'kept')
        top = os.path.join(self.top, 'pf')
        os.mkdir(top)
        self.postfix = mta.Postfix(top, self.sink.port, {
            d: {'smtpd_milters': getattr(self, d).socket}
            for d in ('killed', 'kept')}, {'hopcount_limit': '1000'})
        self.ports = list(self.postfix.ports.values())

    def make_keys(self):
        """The keys of both domains; gives their records."""
        records = {}
        for domain, selector, kind in ((OURS, 'r', 'rsa'),
                                       (OURS, 'e', 'ed25519'),
                                       (HEALTHY, 's', 'rsa')):
            store = self.store if domain == OURS else self.top + '/other'
            status, out, err = proc.run(
                [tree.DKIMKEYGEN, 'new', '-d', domain, '-s', selector, '-t',
                 kind, '-K', store])
            if status != 0:
                raise RuntimeError(err)
            state = os.path.join(store, domain, selector + '.state')
            with open(state, encoding='ascii') as f:
                text = f.read()
            proc.write(state, text.replace('stage pending', 'stage active'))
            record = os.path.join(store, domain, selector + '.txt')
            with open(record, encoding='ascii') as f:
                records['%s._domainkey.%s' % (selector, domain)] = ''.join(
                    re.findall('"([^"]*)"', f.read()))
        status, self.healthy, err = seal.sign(
            (HEAD % HEALTHY).encode() + BODY, HEALTHY, 's', os.path.join(
                self.top, 'other', HEALTHY, 's.private'))
        if status != 0:
            raise RuntimeError(err)
        return records


class Senders:
    """Threads that send until the time is over. accepted: the marks of what
    got 250; refused: of what did not."""

    def __init__(self, world):
        self.world = world
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.numbers = itertools.count()
        self.accepted, self.refused = set(), set()
        self.deferred = collections.Counter()
        self.lost = []
        self.odd = itertools.cycle(list(hostile.authored(OURS)))
        self.others = itertools.cycle(list(hostile.others()))
        self.threads = [threading.Thread(target=self.loop, args=(kind,),
                                         daemon=True)
                        for kind, n in ((self.own, PLAN.own),
                                        (self.from_healthy, PLAN.healthy),
                                        (self.hostile, PLAN.hostile),
                                        (self.vanish, 1))
                        for _ in range(n)]
        for thread in self.threads:
            thread.start()

    def loop(self, kind):
        while not self.over.is_set():
            try:
                kind(next(self.numbers))
            except Exception as e:      # the test must say so, not hang
                self.lost.append('%s: %r' % (kind.__name__, e))
            self.over.wait(PAUSE_S)

    def wait(self):
        self.give_up = time.monotonic() + proc.PATIENCE_S
        self.over.set()
        for thread in self.threads:
            thread.join(3 * proc.PATIENCE_S)
        return not any(t.is_alive() for t in self.threads)

    def once(self, n, sender, data, xclient):
        """The reply; '4' when there was none."""
        try:
            c = smtp.Client(self.world.ports[n % 2], xclient=xclient)
            answer = c.mail(sender, ['you@example.net'], data,
                            ' BODY=8BITMIME')
            c.quit()
            return answer or '4'
        except OSError as e:
            return '4 %r' % e

    def send(self, n, mark, sender, data, xclient, until_taken):
        data = b'X-Mark: %s\r\n' % mark.encode() + data
        while True:
            answer = self.once(n, sender, data, xclient)
            with self.lock:
                if answer[:1] == '2':
                    self.accepted.add(mark)
                    return
                if not until_taken or answer[:1] != '4' or (
                        self.over.is_set() and
                        time.monotonic() > self.give_up):
                    self.refused.add(mark)
                    if until_taken:
                        self.lost.append((mark, answer))
                    return
                self.deferred[mark.split('-')[0]] += 1
            time.sleep(0.2)

    def own(self, n):
        odd, data = (next(self.odd) if n % 8 == 0 else
                     ('', (HEAD % OURS).encode() + BODY))
        mark = 'own-%d%s' % (n, '-odd-' + odd.replace(' ', '-') if odd else '')
        self.send(n, mark, 'joe@' + OURS, data,
                  {'ADDR': '192.0.2.7', 'LOGIN': 'joe'} if n % 3 else
                  {'ADDR': '10.1.2.3'}, True)

    def from_healthy(self, n):
        self.send(n, 'healthy-%d' % n, 'joe@' + HEALTHY, self.world.healthy,
                  {'ADDR': '192.0.2.1'}, True)

    def hostile(self, n):
        if n % 4 == 0:
            _, data = next(self.others)
            domain = 'example.com'
        else:
            domain = 'n%d.%s.test' % (n, random.choice(ZONES))
            data = (FORGED % domain + HEAD % domain).encode() + BODY
        self.send(n, 'hostile-%d' % n, 'joe@' + domain, data,
                  {'ADDR': '198.51.100.7'}, False)

    def vanish(self, n):
        """A client of the milter that goes in the middle, or sends noise."""
        daemon = self.world.kept if n % 2 else self.world.killed
        try:
            c = milter.Client(daemon.path)
            steps = [c.connect, c.helo, c.mail, c.rcpt,
                     lambda: c.header('From', ' joe@n%d.silent.test' % n),
                     c.eoh, lambda: c.body(BODY), lambda: c.packet(b'E')]
            for step in steps[:n % (len(steps) + 1)]:
                step()
            if n % 5 == 0:
                c.send_raw(random.randbytes(40))
            c.close()
        except (OSError, milter.Gone):
            pass


class Troubles:
    """What happens all the time, in one thread, until the time is over."""

    def __init__(self, world):
        self.world = world
        self.lock = threading.Lock()
        self.rss = []                   # (seconds, KiB) of the kept daemon
        self.warm_names = None          # in its DNS cache after WARM_S
        self.counts = collections.Counter()
        self.deaths = []
        self.start = time.monotonic()
        self.daemon_starts()
        kinds = [(self.reload, PLAN.reload), (self.kill, PLAN.kill),
                 (self.move_store, PLAN.store[0]),
                 (self.kill_resolver, PLAN.resolver[0])]
        self.threads = [threading.Thread(target=self.loop, args=k,
                                         daemon=True)
                        for k in kinds]
        for thread in self.threads:
            thread.start()

    def loop(self, trouble, every):
        while time.monotonic() + every < self.start + PLAN.last:
            time.sleep(every)
            try:
                trouble()
                self.counts[trouble.__name__] += 1
            except Exception as e:      # the test must say so, not go on
                self.deaths.append('%s: %r' % (trouble.__name__, e))

    def wait(self):
        for thread in self.threads:
            thread.join()

    def daemon_starts(self):
        """As a service manager would: again, until it runs. Without the key
        store it does not."""
        daemon = self.world.killed
        while not daemon.server.alive():
            n = count_starts(daemon)
            try:
                daemon.start()
                proc.wait_for(lambda n=n: count_starts(daemon) > n or
                              not daemon.server.alive(), 'the start')
            except RuntimeError:
                pass
            if not daemon.server.alive():
                self.counts['start failed'] += 1
                time.sleep(0.2)

    def reload(self):
        with self.lock:
            for d in (self.world.killed, self.world.kept):
                if not d.server.alive():
                    self.deaths.append('%s: status %d' % (
                        d.path, d.server.process.returncode))
                d.server.signal(signal.SIGHUP)
        since = time.monotonic() - self.start
        self.rss.append((since, roles.rss_kib(self.world.kept.server.pid)))
        if self.warm_names is None and since >= WARM_S:
            self.warm_names = cached_names(self.world.kept)

    def kill(self):
        with self.lock:
            self.world.killed.kill()
            time.sleep(0.3)
            self.daemon_starts()

    def move_store(self):
        store = self.world.store
        os.rename(store, store + '.away')
        time.sleep(PLAN.store[1])
        os.rename(store + '.away', store)

    def kill_resolver(self):
        r = self.world.resolver
        r.process.kill()
        r.process.wait()
        time.sleep(PLAN.resolver[1])
        self.world.resolver = proc.Server(
            r.argv, r.log, lambda: proc.port_open(self.world.port))


def count_starts(daemon):
    return daemon.log_text().count('listens on')


def cached_names(daemon):
    """How many names its DNS cache holds."""
    def found():
        return re.findall(r'"event":"counters".*"dns_entries":(\d+)',
                          daemon.log_text())
    before = len(found())
    daemon.server.signal(signal.SIGUSR1)
    return int(proc.wait_for(lambda: found()[before:], 'the counters')[-1])


def links(pid):
    folder = '/proc/%d/fd/' % pid
    return [os.readlink(folder + x) for x in os.listdir(folder)]


def warm_up(world):
    """One message of each kind; gives the kept daemon's descriptors."""
    for mark, data, xclient in (
            ('healthy-first', world.healthy, {'ADDR': '192.0.2.1'}),
            ('own-first', (HEAD % OURS).encode() + BODY,
             {'ADDR': '10.1.2.3'})):
        c = smtp.Client(world.ports[1], xclient=xclient)
        answer = c.mail('joe@' + HEALTHY, ['you@example.net'],
                        b'X-Mark: %s\r\n' % mark.encode() + data)
        c.quit()
        tap.is_(answer[:3], '250', mark + ': accepted', answer)
    counts = []
    proc.wait_for(lambda: counts.append(world.kept.fds()) or len(counts) > 25,
                  'the descriptors to be counted')
    return min(counts)


def check_delivery(world, senders):
    queues = ('incoming', 'active', 'deferred', 'maildrop', 'hold')
    proc.wait_for(lambda: not any(world.postfix.queue(q) for q in queues),
                  'the queues to be empty')
    tap.ok(True, 'nothing is stuck in a queue')
    got = world.sink
    tap.is_(sorted(senders.accepted - set(got.found))[:5], [],
            'every message that was accepted is delivered')
    tap.is_(sorted(set(got.found) - senders.accepted -
                   {'healthy-first', 'own-first'})[:5], [], 'and none that was not')
    tap.is_([m for m in got.found.items() if m[1] > 1][:5], [],
            'each of them once')
    tap.is_(got.wrong[:5], [], 'ours are signed, healthy ones pass')
    tap.is_(senders.lost[:5], [], 'none of ours and of healthy ones is refused')
    marks = collections.Counter(m.split('-')[0] for m in senders.accepted)
    refused = collections.Counter(m.split('-')[0] for m in senders.refused)
    tap.diag('accepted: %s; refused: %s; had to come again: %s' % (
        dict(marks), dict(refused), dict(senders.deferred)))
    tap.ok(marks['own'] > 10 and marks['healthy'] > 5 and
           marks['hostile'] + refused['hostile'] > 10, 'there was mail')


def check_signatures(world):
    path = proc.write(os.path.join(world.top, 'zone'),
                      zone.text(world.records))
    samples = random.sample(world.sink.samples, min(
        SAMPLES if SECONDS else 5, len(world.sink.samples)))
    bad = []
    for data in samples:
        _, out, err = seal.verify(data, path, '--no-config')
        words = [d['result'] for d in out['dkim']] if out else err
        if words != ['pass', 'pass']:
            bad.append((words, data))
    tap.is_(bad[:1], [], 'of %d of ours both signatures pass' % len(samples))


def check_memory(world, troubles):
    """What grows is the DNS cache, which has a limit of its own."""
    if not SECONDS or tree.is_sanitized():
        return
    warm = [kib for s, kib in troubles.rss if WARM_S <= s < 2 * WARM_S]
    end = [kib for s, kib in troubles.rss if s >= SECONDS - WARM_S]
    a, b = statistics.median(warm), statistics.median(end)
    names = cached_names(world.kept) - troubles.warm_names
    tap.diag('memory, KiB: %d after %d s, %d at the end, at most %d' % (
        a, WARM_S, b, max(kib for _, kib in troubles.rss)))
    tap.ok(b <= GROWTH * a + names * NAME_KIB, 'memory is flat: %d KiB, then '
           '%d KiB with %d more names in the DNS cache' % (a, b, names))


def check_end(world, fds):
    kept = world.kept
    try:
        proc.wait_for(lambda: kept.fds() <= fds, 'descriptors to be closed')
        left = []
    except TimeoutError:
        left = links(kept.child('mail'))
    tap.is_(left, [], 'no descriptor is left over: %d' % fds)
    for d in (world.killed, world.kept):
        tap.is_(d.stop(), 0, os.path.basename(d.top) + ' ends well',
                d.log_text()[-2000:])
        tap.ok(not re.search('Sanitizer|runtime error|dumped core',
                             d.log_text()), 'no bad words in its log')


def main():
    mta.require()
    if not shutil.which('openssl'):
        tap.skip_all('openssl is not installed')
    seed = int(os.environ.get('TEST_SEED', '0')) or random.randrange(1, 10**6)
    random.seed(seed)
    tap.diag('TEST_SEED=%d' % seed)
    world = World()
    fds = warm_up(world)
    senders = Senders(world)
    troubles = Troubles(world)
    troubles.wait()
    tap.ok(senders.wait(), 'every sender comes to its end')
    tap.is_(troubles.deaths, [], 'no daemon ended by itself')
    tap.diag('troubles: %s' % dict(troubles.counts))
    tap.ok(all(troubles.counts[k] for k in (
        'reload', 'kill', 'move_store', 'kill_resolver')), 'all of them came')
    check_delivery(world, senders)
    check_signatures(world)
    check_memory(world, troubles)
    check_end(world, fds)
    world.postfix.stop()


tap.main(main)
