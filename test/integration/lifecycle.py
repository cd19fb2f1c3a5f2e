# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's own life under Postfix: restarts lose nothing, reloads are all
or nothing, and the end waits for what is in flight.
"""
import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import world  # noqa: E402
from world import message  # noqa: E402

JOE = {'ADDR': '192.0.2.7', 'LOGIN': 'joe'}
MESSAGES = 60           # through the restarts
SENDERS = 3
RESTARTS = 4
# What Postfix says when its milter goes away.
BROKEN_OFF = ('connect to Milter service .*: (No such file|Connection refused)',
              'milter unix:.*: (can.t read|read error|write error|'
              'error writing|EOF while reading)')


def send(port, data):
    """(the reply, whether it is final); after any error it is tried again."""
    try:
        c = smtp.Client(port, xclient=JOE)
        answer = c.mail('joe@example.com', ['you@example.net'], data)
        c.close()
        return answer
    except OSError as e:
        return '4xx ' + str(e)


def selectors(data):
    return [seal.tags(v)['s'] for v in
            seal.fields_named(data, b'dkim-signature')]


class Senders:
    """Threads that send messages and try again after each 4xx."""

    def __init__(self, port):
        self.port = port
        self.lock = threading.Lock()
        self.left = list(range(MESSAGES))
        self.refused = []
        self.deferred = 0
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(SENDERS)]
        for t in self.threads:
            t.start()

    def run(self):
        while True:
            with self.lock:
                if not self.left:
                    return
                i = self.left.pop()
            data = message('keep-%d-' % i)
            answer = send(self.port, data)
            while answer[:1] == '4':
                with self.lock:
                    self.deferred += 1
                time.sleep(0.1)
                answer = send(self.port, data)
            if answer[:3] != '250':
                self.refused.append(answer)

    def done(self):
        with self.lock:
            return MESSAGES - len(self.left)


def restarts(w, ports, daemon):
    """milter_default_action = tempfail: each message arrives once, signed,
    whenever the daemon was killed."""
    senders = Senders(ports['in'])
    for n in range(RESTARTS):
        proc.wait_for(lambda: senders.done() >= MESSAGES * (n + 1) // 6,
                      'messages to be sent')
        if n % 2:
            daemon.stop()
        else:
            daemon.kill()
        # Until a client has met its absence.
        before = senders.deferred
        proc.wait_for(lambda: senders.deferred > before or not senders.left,
                      'a client is deferred')
        daemon.start()
    for t in senders.threads:
        t.join()
    tap.is_(senders.refused, [], 'no message was refused for good')
    tap.ok(senders.deferred > 0, 'some had to come again: %d'
           % senders.deferred)
    for i in range(MESSAGES):
        data = w.sink.take(b'<keep-%d-@' % i).data
        ours, _ = w.verify(data)
        if ours != ['pass', 'pass']:
            tap.is_(ours, ['pass', 'pass'], 'message %d is signed' % i, data)
    tap.ok(True, 'every message arrived: %d' % MESSAGES)
    time.sleep(0.2)
    tap.is_(w.sink.count(b'<keep-'), 0, 'none arrived twice')


def one(w, ports, mark):
    answer = send(ports['in'], message(mark))
    if not tap.is_(answer[:3], '250', mark + ': accepted', answer):
        return []
    return selectors(w.sink.take(mark.encode()).data)


def reloads(w, ports, daemon):
    tap.is_(one(w, ports, 'before-reload'), ['r2', 'e1'], 'before')
    good = dict(daemon.options)
    proc.write(os.path.join(w.top, 'open.pem'), w.keys['r2'].pem, 0o644)
    # Each of these must change nothing, and say where it is wrong: in the
    # last line.
    broken = (
        ('an unknown option', {'NoSuchOption': 'yes'}),
        ('a bad value', {'SignatureTTL': 'never'}),
        ('a key that is not there',
         {'KeyFile': [w.keys['r2'].path, '/nonexistent/key']}),
        ('a key that others can read',
         {'KeyFile': [w.keys['r2'].path, os.path.join(w.top, 'open.pem')]}),
    )
    for name, change in broken:
        daemon.options = {k: v for k, v in good.items()
                          if k not in change}
        daemon.configure(**change)
        number = len(open(daemon.conf, encoding='utf-8').readlines())
        daemon.reload('%s:%d: ' % (daemon.conf, number))
        tap.ok(True, 'reload with %s: the log says file and line' % name)
        tap.is_(one(w, ports, 'reload-' + name.replace(' ', '-')),
                ['r2', 'e1'], name + ': the old configuration stays')
    daemon.options = dict(good)
    daemon.options.update({'Selector': ['e1'],
                           'KeyFile': [w.keys['e1'].path]})
    daemon.configure()
    daemon.server.signal(signal.SIGHUP)
    proc.wait_for(lambda: one_quiet(w, ports) == ['e1'], 'the new selector')
    tap.ok(True, 'a good one takes effect')
    daemon.options = good
    daemon.configure()
    daemon.server.signal(signal.SIGHUP)
    proc.wait_for(lambda: one_quiet(w, ports) == ['r2', 'e1'], 'the old ones')
    tap.ok(True, 'and once more')


_quiet = [0]


def one_quiet(w, ports):
    _quiet[0] += 1
    mark = 'quiet-%d-' % _quiet[0]
    send(ports['in'], message(mark))
    return selectors(w.sink.take(mark.encode()).data)


def reload_in_flight(w, daemon):
    """A message keeps the configuration that it began with."""
    c = milter.Client(daemon.path, milter.STEPS_WAIT)
    c.connect()
    c.helo()
    c.mail(auth='joe')
    c.rcpt()
    good = dict(daemon.options)
    daemon.options.update({'Selector': ['e1'],
                           'KeyFile': [w.keys['e1'].path]})
    daemon.configure()
    daemon.server.signal(signal.SIGHUP)

    def fresh():
        other = milter.Client(daemon.path)
        other.connect()
        other.helo()
        _, changes = other.message(auth='joe')
        other.quit()
        return len(changes)
    proc.wait_for(lambda: fresh() == 1, 'one signature by the new one')
    c.header('From', ' joe@example.com')
    c.eoh()
    c.body(b'hello\r\n')
    answer, changes = c.eom()
    tap.is_((answer[:1], len(changes)), (b'c', 2),
            'a message in flight keeps its configuration')
    answer, changes = c.message(auth='joe')
    c.quit()
    tap.is_(len(changes), 1, 'the next one on its connection has the new one')
    daemon.options = good
    daemon.configure()
    daemon.server.signal(signal.SIGHUP)
    proc.wait_for(lambda: fresh() == 2, 'both signatures again')


def serves(message):
    """Whether a message goes through; hanging up and 4xx are no service."""
    try:
        return message()[0][:1] in b'ac'
    except (OSError, milter.Gone):
        return False


def drain(daemon):
    """SIGTERM in the middle of a message: it ends well, then the daemon."""
    clients = []
    for _ in range(3):
        c = milter.Client(daemon.path, milter.STEPS_WAIT)
        c.connect()
        c.helo()
        c.mail(auth='joe')
        c.rcpt()
        c.header('From', ' joe@example.com')
        clients.append(c)
    clients[0].eoh()
    clients[0].body(b'half\r\n')
    idle = milter.Client(daemon.path, milter.STEPS_WAIT)
    idle.connect()
    # The log has what was said at earlier ends, too.
    before = daemon.log_text().count('"stopping')
    daemon.server.signal(signal.SIGTERM)
    proc.wait_for(lambda: daemon.log_text().count('"stopping') > before,
                  'SIGTERM')
    tap.ok(daemon.server.alive(), 'SIGTERM: it waits for messages in flight')
    tap.ok(not serves(lambda: milter.Client(daemon.path).message()),
           'SIGTERM: no new connection is served')
    tap.ok(not serves(idle.message),
           'SIGTERM: no new message on an old one, either')
    for i, c in enumerate(clients):
        if i > 0:
            c.eoh()
        c.body(b'rest\r\n')
        answer, changes = c.eom()
        tap.is_((answer[:1], len(changes)), (b'c', 2),
                'SIGTERM: message %d in flight is signed' % i)
        c.close()
    tap.is_(daemon.server.wait(), 0, 'then it ends well',
            daemon.log_text()[-2000:])
    daemon.start()


def memory(daemon):
    """Large messages must not stay in memory."""
    def resident_kb():
        with open('/proc/%d/status' % daemon.child('mail'),
                  encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))

    def load(n):
        c = milter.Client(daemon.path)
        c.connect()
        c.helo()
        for _ in range(n):
            c.mail(auth='joe')
            c.header('From', ' joe@example.com')
            for _ in range(200):
                c.header('X-Large', b' ' + b'y' * 4000)
            c.eoh()
            for _ in range(20):
                c.body(b'z' * 65000)
            c.eom()
        c.quit()
    if tree.is_sanitized():
        return          # a sanitizer keeps what was freed
    load(20)
    first = resident_kb()
    load(60)
    tap.ok(resident_kb() < first + 20000,
           'memory does not grow with the messages',
           '%d, then %d KiB' % (first, resident_kb()))


def main():
    world.require()
    w = world.World()
    daemon = w.daemon('seald')
    ports = w.start({'in': {'smtpd_milters': daemon.socket}})
    restarts(w, ports, daemon)
    reloads(w, ports, daemon)
    reload_in_flight(w, daemon)
    memory(daemon)
    drain(daemon)
    w.finish(BROKEN_OFF)


tap.main(main)
