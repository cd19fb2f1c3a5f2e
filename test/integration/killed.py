# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 of each of the three processes while mail flows through Postfix. With
milter_default_action = tempfail every message arrives once and signed; with
accept, once, and the figure of those that are unsigned is printed. Each is
killed KILLS times: 3 in `make check', 50 in `make check-killed'."""
import os
import signal
import threading
import time

import world
from world import message, proc, tap

import mta
import roles
import seal
import smtp

KILLS = int(os.environ.get('KILLS', '3'))
SENDERS = 4
JOE = {'ADDR': '192.0.2.7', 'LOGIN': 'joe'}


class Traffic:
    """Clients that send one message after the other, each until it is
    accepted, as a client does that meets 4xx."""

    def __init__(self, port, mark):
        self.port = port
        self.mark = mark
        self.lock = threading.Lock()
        self.sent = 0
        self.accepted = []
        self.refused = []
        self.deferred = 0
        self.going = True
        self.threads = [threading.Thread(target=self._run)
                        for _ in range(SENDERS)]
        for t in self.threads:
            t.start()

    def _once(self, mark):
        c = smtp.Client(self.port, xclient=JOE)
        answer = c.mail('joe@example.com', ['you@example.net'],
                        message(mark + '-'))
        c.close()
        return answer

    def _run(self):
        while self.going:
            with self.lock:
                mark = '%s%d' % (self.mark, self.sent)
                self.sent += 1
            answer = self._once(mark)
            while answer[:1] == '4':
                with self.lock:
                    self.deferred += 1
                time.sleep(0.05)
                answer = self._once(mark)
            (self.accepted if answer[:3] == '250' else
             self.refused).append(mark if answer[:3] == '250' else answer)

    def wait(self, n=4):
        """Until n more are accepted."""
        after = len(self.accepted) + n
        proc.wait_for(lambda: len(self.accepted) >= after, 'mail to flow')

    def end(self):
        self.going = False
        for t in self.threads:
            t.join()


def kill(daemon, role):
    """kill -9; with the parent, the others must leave by themselves, and a
    service manager starts mailseald again."""
    before = roles.wait(daemon.server.pid)
    os.kill(before[role], signal.SIGKILL)
    if role != 'parent':
        after = roles.wait(daemon.server.pid, without=[before[role]])
        kept = [r for r in roles.ROLES if r != role and
                after[r] == before[r]]
        return len(kept) == 2
    daemon.server.process.wait()
    proc.wait_for(lambda: not any(
        roles.status(before[r], 'State')[:1] not in ('', 'Z')
        for r in ('keys', 'mail')), 'the others to leave')
    daemon.start()
    roles.settle(daemon)
    return True


def judge(w, traffic, what):
    """(arrived once, unsigned)"""
    once = unsigned = 0
    for mark in traffic.accepted:
        needle = ('<%s-@' % mark).encode()
        data = w.sink.take(needle).data
        once += w.sink.count(needle) == 0
        unsigned += not seal.fields_named(data, b'dkim-signature')
    tap.is_(traffic.refused, [], '%s: no message was refused for good' % what)
    tap.is_(once, len(traffic.accepted), '%s: every message arrived once' %
            what)
    return unsigned


def run(w, daemon, port, what, strict):
    """Each role in turn, with mail of its own."""
    for role in ('mail', 'keys', 'parent'):
        traffic = Traffic(port, '%s-%s-' % (what, role))
        neighbours = 0
        try:
            for _ in range(KILLS):
                traffic.wait()
                neighbours += kill(daemon, role)
            traffic.wait(8)
        finally:
            traffic.end()
        name = '%s, %s' % (what, role)
        unsigned = judge(w, traffic, name)
        tap.is_(neighbours, KILLS, '%s: the others stay' % name
                if role != 'parent' else '%s: the others leave' % name)
        if strict:
            tap.is_(unsigned, 0, '%s: none is unsigned' % name)
        tap.diag('%s: killed %d times, %d messages, %d deferred, %d unsigned'
                 % (name, KILLS, len(traffic.accepted), traffic.deferred,
                    unsigned))


def main():
    world.require()
    w = world.World()
    # Five deaths within a minute make the parent wait between two.
    daemon = w.daemon('killed', Mode='s', OnSignFailure='tempfail',
                      InternalHosts='192.0.2.7')
    roles.settle(daemon)
    milters = {'smtpd_milters': 'unix:' + daemon.path}
    ports = w.start({
        'defer': dict(milters, milter_default_action='tempfail'),
        'accept': dict(milters, milter_default_action='accept')})
    run(w, daemon, ports['defer'], 'tempfail', True)
    run(w, daemon, ports['accept'], 'accept', False)
    w.finish(expected=('[Mm]ilter',))


mta.require()
tap.main(main)
