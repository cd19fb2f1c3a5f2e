#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mail of a healthy domain while senders' zones are silent or slow, while the
resolver restarts, and while there is none.
"""
import itertools
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'),
                                'test/lib'))
import milter  # noqa: E402
import proc  # noqa: E402
import resolver as module  # noqa: E402
import tap  # noqa: E402
from seald import Seald  # noqa: E402

SENDERS = 30
ZONES = ('silent', 'slow2', 'fail6', 'slow20', 'tc', 'notcp', 'port')
# A healthy message that waits for no other needs far less than DNSTimeout.
TIMEOUT_S = 12
QUICK_S = 8
# A restart that took longer is no test of what happens during a short one.
RESTART_S = 1.0
DOWN = 'no name server answers'
TRIES = 3
COUNT = itertools.count()
SIGNATURE = (' v=1; a=rsa-sha256; d=%s; s=s%d; h=from; b=AAAA; '
             'bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')


def text(value):
    return bytes([len(value)]) + value.encode()


def play(seald, domain, address='192.0.2.1'):
    """A message of the domain: (final answer, results, seconds)."""
    client = milter.Client(seald.path)
    client.connect('unknown', address)
    client.helo('mail.' + domain)
    since = time.monotonic()
    client.mail('<a@%s>' % domain)
    client.rcpt()
    client.step('T')
    client.header('From', ' a@' + domain)
    client.header('DKIM-Signature', SIGNATURE % (domain, next(COUNT)))
    client.eoh()
    client.body(b'hi\r\n')
    answer, changes = client.eom()
    took = time.monotonic() - since
    client.quit()
    results = b''.join(c for c in changes if b'Authentication-Results' in c)
    return answer, results, took


class Senders:
    """Messages of a zone, each of its own domain and in its own thread."""

    def __init__(self, seald, zone):
        self.answers = []
        self.threads = [threading.Thread(
            target=self._play, args=(seald, 'n%d.%s' % (next(COUNT), zone)))
            for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _play(self, seald, domain):
        self.answers.append(play(seald, domain, '198.51.100.7')[0][:1])

    def wait(self):
        for thread in self.threads:
            thread.join(proc.PATIENCE_S)
        return self.answers


def judge_healthy(seald, n, name=None):
    """n messages of the healthy domain must pass, and quickly: those that do
    not, or a test point with the name."""
    bad = []
    for _ in range(n):
        answer, results, took = play(seald, 'good.test')
        if b'dmarc=pass' not in results or took > QUICK_S:
            bad.append((answer, round(took, 1)))
        time.sleep(0.2)
    return tap.is_(bad, [], name) if name else bad


def check_zones(seald):
    judge_healthy(seald, 2, 'healthy mail alone')
    for _ in range(TRIES):
        before = seald.log_text().count(DOWN)
        senders = [Senders(seald, zone + '.test') for zone in ZONES]
        bad = judge_healthy(seald, 20)
        answers = [answer for some in senders for answer in some.wait()]
        # On a loaded machine the resolver may get no time for seconds. One
        # that is held for dead because of the zones is so each time.
        if not bad or seald.log_text().count(DOWN) == before:
            break
        tap.diag('the resolver was down: once more')
    tap.is_(bad, [], 'healthy mail beside %d senders of each of %s' %
            (SENDERS, ', '.join(ZONES)))
    tap.is_(len(answers), SENDERS * len(ZONES), 'all of them are answered')
    judge_healthy(seald, 5, 'healthy mail after them')
    since = time.monotonic()
    for n in range(10):
        play(seald, 'later%d.silent.test' % n, '198.51.100.7')
    tap.ok(time.monotonic() - since < 5 * TIMEOUT_S,
           'later mail of a silent zone waits no more',
           time.monotonic() - since)


def check_restart(seald, resolver):
    took = []

    def restart():
        time.sleep(0.2)
        since = time.monotonic()
        resolver.stop()
        time.sleep(0.7)
        resolver.start()
        took.append(time.monotonic() - since)
    thread = threading.Thread(target=restart)
    thread.start()
    bad = judge_healthy(seald, 10)
    thread.join()
    tap.ok(not bad or took[0] > RESTART_S,
           'healthy mail while the resolver restarts', bad)


def check_outage(seald, resolver):
    before = seald.log_text().count(DOWN)
    resolver.stop()
    play(seald, 'good.test')
    proc.wait_for(lambda: seald.log_text().count(DOWN) > before, 'the log')
    since = time.monotonic()
    answers = {play(seald, 'good.test')[0] for _ in range(10)}
    took = time.monotonic() - since
    tap.ok(all(a.startswith(b'y4') for a in answers),
           'no resolver: mail is deferred', answers)
    tap.ok(took < 2 * TIMEOUT_S, 'no resolver: and at once', took)
    tap.is_(seald.log_text().count(DOWN) - before, 1,
            'no resolver: said once')
    resolver.start()
    proc.wait_for(lambda: b'dmarc=pass' in play(seald, 'good.test')[1],
                  'mail to pass again')
    tap.ok(True, 'the resolver is back: mail passes')
    proc.wait_for(lambda: seald.log_text().count('answers again') > before,
                  'the log')
    tap.is_(seald.log_text().count('answers again'), before + 1,
            'the resolver is back: said once')


def main():
    module.TTL = 0      # each healthy message asks anew
    resolver = module.Resolver().start()
    for name, value in (('good.test', 'v=spf1 ip4:192.0.2.1 -all'),
                        ('_dmarc.good.test', 'v=DMARC1; p=reject')):
        resolver.records[name, module.TXT] = text(value)
    seald = Seald(proc.folder(), {'Mode': 'v', 'AuthservID': 'mx.example.net',
                                  'DNSTimeout': TIMEOUT_S,
                                  'Nameservers': resolver.where})
    check_zones(seald)
    check_restart(seald, resolver)
    check_outage(seald, resolver)
    tap.is_(seald.stop(), 0, 'the daemon stops')
    resolver.stop()


tap.main(main)
