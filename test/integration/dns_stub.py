#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The stub resolver against resolvers that are slow, silent, dead or forged.

Durations are compared only with limits far from what is usual.
"""
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'),
                                'test/lib'))
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
from resolver import Resolver  # noqa: E402

GOOD = 'ok insecure 60 text'
# Many queries that wait for no name server, on a busy machine; if each waited,
# they would take more than twice as long.
AT_ONCE_S = 10
# A restart that took longer is no test of what happens during a short one.
RESTART_S = 1.0
WAIT_MS = 10000


class Ask:
    """dns_ask with its log."""

    def __init__(self, *args):
        self.log = os.path.join(proc.folder(), 'log')
        with open(self.log, 'w', encoding='utf-8') as log:
            self.process = subprocess.Popen(
                [tree.program('test/integration/dns_ask'), *args], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)

    def line(self, text):
        self.process.stdin.write(text + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip('\n')

    def batch(self, *names, wait_ms=WAIT_MS, kind='TXT'):
        """The answers, and how many seconds they took."""
        since = time.monotonic()
        answers = [self.line('%d %s' % (wait_ms, ' '.join(
            kind + ' ' + name for name in names)))]
        answers += [self.process.stdout.readline().rstrip('\n')
                    for _ in names[1:]]
        return ([answer.split(' ', 2)[2] for answer in answers],
                time.monotonic() - since)

    def one(self, name, wait_ms=WAIT_MS):
        return self.batch(name, wait_ms=wait_ms)[0][0]

    def log_count(self, text):
        with open(self.log, encoding='utf-8') as f:
            return f.read().count(text)

    def close(self):
        self.process.stdin.close()
        try:
            return self.process.wait(proc.PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return 'it did not end'


def check_packets():
    resolver = Resolver().start()
    ask = Ask(resolver.where)
    for name, zone in (('an answer', 'good'),
                       ('truncated: TCP', 'tc'),
                       ('a wrong id first: ignored', 'id'),
                       ('another question first: ignored', 'question'),
                       ('after 2 s', 'slow2'),
                       ('to the first question, after the second one',
                        'firstslow2'),
                       ('to the second question', 'latergood'),
                       ('to the second question over TCP', 'latertc')):
        tap.is_(ask.one('a.%s.test' % zone), GOOD, 'packets: ' + name)
    tap.is_(ask.one('a.firstfail2.test'), 'servfail insecure 1',
            'packets: an error ends the second question, too')
    tap.is_(ask.one('a.secure.test'), 'ok secure 60 text',
            'packets: AD of a named resolver')
    tap.is_(ask.one('a.port.test', 500), 'timeout insecure 0',
            'packets: from another port: ignored')
    tap.is_(ask.one('a.notcp.test').split()[0], 'servfail',
            'packets: truncated, and no TCP')
    tap.is_(ask.one('b.good.test'), GOOD, 'packets: the server is not down')
    # With nothing in flight, as what came from another port still is.
    tap.is_(ask.close(), 0, 'packets: the end with a query in flight')
    ask = Ask(resolver.where)
    before = len(resolver.queries)
    for n in range(30):
        ask.one('p%d.good.test' % n)
    asked = resolver.queries[before:]
    tap.ok(30 <= len(asked) < 60, 'packets: one query for each name',
           len(asked))
    tap.ok(len({q.client[1] for q in asked}) > 15,
           'packets: source ports differ')
    tap.ok(len({q.id for q in asked}) > 25, 'packets: ids differ')
    tap.is_({q.udp_size for q in asked}, {1232}, 'packets: EDNS')
    tap.is_({q.flags for q in asked}, {0x120}, 'packets: RD and AD')
    asked = len(resolver.queries)
    tap.is_(ask.one('localhost'), 'nxdomain insecure 0',
            'packets: /etc/hosts is not used')
    tap.is_({q.name for q in resolver.queries[asked:]} - {''},
            {'localhost'}, 'packets: nor search domains')
    # The port of a channel in use is given up, too.
    many, first = [], len(resolver.queries)

    def ask_more():
        ask.one('never%d.silent.test' % len(many), 50)
        many.extend(ask.batch(*('c%d.good.test' % (len(many) + n)
                                for n in range(60)))[0])
        return len(many) >= 480 and len({
            q.client[1] for q in resolver.queries[first:]
            if q.zone == 'good.test'}) > 1
    proc.wait_for(ask_more, 'another source port')
    tap.is_(set(many), {GOOD}, 'packets: many beside silent ones')
    tap.ok(True, 'packets: the source port changes while queries are in '
           'flight')
    tap.is_(ask.close(), 0, 'packets: the end')
    resolver.stop()


def sockets(pid):
    """How many the process has open."""
    folder = '/proc/%d/fd' % pid
    return sum(os.readlink(os.path.join(folder, n)).startswith('socket:')
               for n in os.listdir(folder))


def check_slow():
    """Slow answers while others come at once: c-ares 1.34 takes five times the
    usual time for a timeout. What is never answered leaves nothing."""
    resolver = Resolver().start()
    ask = Ask(resolver.where)
    for n in range(5):
        ask.one('a%d.good.test' % n)
    for zone in ('slow2', 'firstslow3', 'slow4', 'latergood'):
        answers, _ = ask.batch('b.%s.test' % zone, *(
            'b%d.good.test' % n for n in range(5)))
        tap.is_(set(answers), {GOOD}, 'slow: %s beside others' % zone)
    ask.close()
    ask = Ask('-t', '2500', resolver.where)
    for n in range(3):
        ask.one('c%d.silent.test' % n)
    asked = resolver.asked('silent.test')
    tap.ok(3 < asked < 30, 'slow: silent names are asked for again', asked)
    proc.wait_for(lambda: sockets(ask.process.pid) == 0,
                  'the sockets to be closed')
    tap.ok(True, 'slow: no socket waits for ever')
    tap.is_(ask.close(), 0, 'slow: the end')
    resolver.stop()


def check_silence():
    """Silent zones beside healthy ones."""
    resolver = Resolver().start()
    ask = Ask('-t', '3000', resolver.where)
    answers, _ = ask.batch(*('n%d.%s.test' % (n, zone) for n in range(60)
                             for zone in ('silent', 'fail2', 'slow20',
                                          'good')))
    tap.is_(set(answers[3::4]), {GOOD}, 'silence: healthy names beside it')
    tap.ok(not any(a.startswith('ok') for n, a in enumerate(answers)
                   if n % 4 != 3), 'silence: no answer from the others')
    asked = resolver.asked('silent.test')
    answers, _ = ask.batch(*('m%d.silent.test' % n for n in range(100)))
    tap.is_({a.split()[0] for a in answers}, {'timeout'},
            'silence: the zone is known to be silent')
    tap.ok(resolver.asked('silent.test') - asked < 9,
           'silence: and is not asked again, but for probes')
    tap.is_(ask.line('servers'), 'servers 1 up 1',
            'silence: the server is up')
    tap.is_(ask.one('after.good.test'), GOOD, 'silence: and answers')
    tap.is_(ask.close(), 0, 'silence: the end with queries in flight')
    resolver.stop()


def check_closing():
    """A server that ends TCP connections: other questions of the same time
    keep their tries, those over TCP as long as they have a connection of their
    own (stub.h)."""
    resolver = Resolver().start()
    for name, kinds in (('few', (('slow2', 2), ('tc', 4), ('notcp', 8))),
                        ('many', (('slow2', 2), ('notcp', 60)))):
        ask = Ask(resolver.where)
        answers, _ = ask.batch(*('q%d.%s.test' % (n, kind)
                                 for kind, some in kinds
                                 for n in range(some)))
        closed = kinds[-1][1]
        tap.is_(set(answers[:-closed]), {GOOD},
                'closing: %s: beside ended connections' % name)
        tap.is_({a.split()[0] for a in answers[-closed:]}, {'servfail'},
                'closing: %s: which have no answer' % name)
        tap.is_(ask.line('servers'), 'servers 1 up 1',
                'closing: %s: the server is up' % name)
        tap.is_(ask.close(), 0, 'closing: %s: the end' % name)
    resolver.stop()


def check_failover():
    dead = '127.0.0.1@%d' % proc.free_port()
    silent, good = Resolver().start(), Resolver().start()
    silent.is_silent = True
    for name, first in (('refuses', dead), ('is silent', silent.where)):
        ask = Ask(first, good.where)
        tap.is_(ask.one('a.good.test'), GOOD,
                'failover: the first server ' + name)
        proc.wait_for(lambda: ask.line('servers') == 'servers 2 up 1',
                      'one server to be down')
        _, took = ask.batch('b0.good.test')
        for n in range(1, 40):
            took += ask.batch('b%d.good.test' % n)[1]
        tap.ok(took < AT_ONCE_S, 'failover: then it is passed over', took)
        proc.wait_for(lambda: ask.log_count('the others are asked') == 1,
                      'the log')
        tap.is_(ask.log_count('no name server'), 0,
                'failover: %s: said once' % name)
        tap.is_(ask.close(), 0, 'failover: %s: the end' % name)
    ask = Ask(silent.where, good.where)
    ask.one('a.good.test')
    proc.wait_for(lambda: ask.line('servers') == 'servers 2 up 1',
                  'one server to be down')
    before = len(silent.queries)
    time.sleep(1)
    tap.ok(len(silent.queries) - before < 10,
           'failover: a dead server gets one probe at a time')
    silent.is_silent = False
    proc.wait_for(lambda: ask.line('servers') == 'servers 2 up 2',
                  'both to be up')
    ask.one('c.good.test')
    tap.is_(silent.asked('good.test') > 0, True,
            'failover: a server that is back is asked')
    ask.close()
    silent.stop()
    # A server that fails for all names, and one that does not.
    broken = Resolver().start()
    broken._answer = lambda query: (0, query.reply(2))
    ask = Ask(broken.where, good.where)
    tap.is_(ask.one('d.good.test'), GOOD, 'failover: SERVFAIL of the first')
    tap.is_(ask.line('servers'), 'servers 2 up 2',
            'failover: which is not dead')
    ask.close()
    # A zone that only the second server can reach.
    broken._answer = lambda query: None if query.zone == 'good.test' else \
        (0, query.reply(3))
    ask = Ask('-t', '8000', broken.where, good.where)
    tap.is_(ask.one('e.good.test'), GOOD,
            'failover: no answer for this zone from the first')
    tap.is_(ask.line('servers'), 'servers 2 up 2',
            'failover: which is not dead either')
    ask.close()
    broken.stop()
    good.stop()


def check_all_fail():
    """The failure of all name servers is not one of the name (dns.h)."""
    silent = [Resolver().start() for _ in range(3)]
    for server in silent:
        server.is_silent = True
    silent = [server.where for server in silent]
    dead = ['127.0.0.1@%d' % proc.free_port() for _ in range(4)]
    for name, timeout, servers in (('four that refuse', '10000', dead),
                                   ('three that are silent', '5000', silent),
                                   ('one that is silent', '2000',
                                    silent[:1])):
        ask = Ask('-t', timeout, *servers)
        answers, _ = ask.batch(*('%s.good.test' % c for c in 'abc'))
        tap.is_({a.split(' ', 1)[1] for a in answers}, {'insecure 0'},
                'all fail: %s: not kept' % name)
        tap.ok(not any(a.startswith('ok') for a in answers),
               'all fail: %s: no answer' % name, answers)
        tap.is_(ask.close(), 0, 'all fail: %s: the end' % name)


def check_restart():
    """A resolver that restarts under load, and one that stays away."""
    resolver = Resolver().start()
    ask = Ask(resolver.where)
    ask.one('a.good.test')

    def restart(took):
        time.sleep(0.1)
        since = time.monotonic()
        resolver.stop()
        time.sleep(0.7)
        resolver.start()
        took.append(time.monotonic() - since)
    for round_ in range(3):
        took = []
        thread = threading.Thread(target=restart, args=(took,))
        thread.start()
        answers = [ask.one('r%d-%d.good.test' % (round_, n))
                   for n in range(100) if not time.sleep(0.01)]
        thread.join()
        tap.ok(set(answers) == {GOOD} or took[0] > RESTART_S,
               'restart: no answer is lost', set(answers))
    said = ask.log_count('no name server')

    resolver.stop()
    ask.one('first.good.test')
    proc.wait_for(lambda: ask.line('servers') == 'servers 1 up 0',
                  'the server to be down')
    proc.wait_for(lambda: ask.log_count('no name server') > said, 'the log')
    took = 0
    results = set()
    for n in range(50):
        answers, seconds = ask.batch('away%d.good.test' % n)
        results.add(answers[0])
        took += seconds
    tap.is_(results, {'servfail insecure 0'}, 'outage: queries fail')
    tap.ok(took < AT_ONCE_S, 'outage: at once', took)
    time.sleep(0.5)
    tap.is_(ask.log_count('no name server') - said, 1, 'outage: said once')
    resolver.start()
    since = time.monotonic()
    answer = ''
    while answer != GOOD and time.monotonic() - since < 20:
        answer = ask.one('away0.good.test')
        time.sleep(0.02)
    tap.ok(time.monotonic() - since < AT_ONCE_S,
           'outage: it is over soon after', time.monotonic() - since)
    tap.is_([ask.one('away%d.good.test' % n) for n in range(1, 5)],
            [GOOD] * 4, 'outage: no failure of it is remembered')
    tap.is_(ask.log_count('answers again'), said + 1,
            'outage: its end is said once')
    tap.is_(ask.close(), 0, 'outage: the end')
    resolver.stop()


def check_resolv_conf():
    folder = proc.folder()
    path = os.path.join(folder, 'resolv.conf')
    proc.write(path, '')
    # Nobody answers at 127.0.0.1@53, or what does is not our resolver.
    ask = Ask('-t', '1000', '-R', path)
    tap.ok(ask.one('a.unknown.test') != GOOD, 'resolv.conf: empty')
    tap.is_(ask.log_count('no name server: 127.0.0.1 is asked'), 1,
            'resolv.conf: with a warning')
    proc.write(path, 'nameserver 127.0.0.9\nnameserver bad\n')
    proc.wait_for(lambda: ask.log_count('has changed: asking 127.0.0.9') == 1,
                  'the change to be seen')
    tap.ok(True, 'resolv.conf: a change is followed')
    tap.is_(ask.log_count(':2: skipped'), 1, 'resolv.conf: a bad line is said')
    tap.is_(ask.close(), 0, 'resolv.conf: the end')


def check_clock():
    """The clock of the day is set back by an hour (RFC 1035 says seconds)."""
    resolver = Resolver().start()
    resolver.records['short.good.test', 16] = b'\3old'
    ask = Ask(resolver.where)
    import resolver as module
    module.TTL = 2
    answer = ask.one('short.good.test')
    tap.ok(answer.endswith(' old'), 'clock: an answer for 2 s', answer)
    resolver.records['short.good.test', 16] = b'\3new'
    ask.process.stdin.write('clock -3600\n')
    time.sleep(3)
    answer = ask.one('short.good.test')
    tap.ok(answer.endswith(' new'),
           'clock: set back by an hour, an answer still ends', answer)
    module.TTL = 60
    ask.close()
    resolver.stop()


def check_memory():
    """Each allocation of a query, and of a new resolver, fails in turn."""
    resolver = Resolver().start()
    ask = Ask('-t', '4000', resolver.where)
    ask.line('fail 1')
    if ask.line('failed') == 'failed never':
        tap.skip('memory', 'this build has an allocator of its own')
        ask.close()
        resolver.stop()
        return
    for what, zone, before in (('a query', 'good', None),
                               ('a query over TCP', 'tc', None),
                               ('a new resolver', 'good', 'renew')):
        n, failed, wrong, lost = 1, True, [], []
        while failed and n < 1000:
            ask.line('fail %d' % n)
            if before:
                ask.line(before)
            answer = ask.one('f%d.%s.test' % (n, zone))
            failed = ask.line('failed') == 'failed 1'
            # What show() could not print for lack of memory is an answer.
            if answer.split()[0] not in ('ok', 'servfail', 'timeout', 'none'):
                wrong.append((n, answer))
            if ask.one('g%d.%s.test' % (n, zone)) != GOOD:
                lost.append(n)
            if answer != GOOD and answer != 'ok insecure 60' and \
                    ask.one('f%d.%s.test' % (n, zone)) != GOOD:
                lost.append(n)
            n += 1
        tap.ok(n > 4 and not failed, 'memory: %s: each of %d allocations' %
               (what, n - 1))
        tap.is_(wrong, [], 'memory: %s: no wrong answer' % what)
        tap.is_(lost, [], 'memory: %s: it heals, and nothing is remembered' %
                what)
    tap.is_(ask.close(), 0, 'memory: the end')
    resolver.stop()


def main():
    check_memory()
    check_packets()
    check_slow()
    check_silence()
    check_closing()
    check_failover()
    check_all_fail()
    check_restart()
    check_resolv_conf()
    check_clock()


tap.main(main)
