# SPDX-License-Identifier: BSD-2-Clause
"""A message makes the process that handles mail crash, or make a call that it
may not make: the process is replaced, the log says what happened, and all
other mail is signed. A message that does so while it is worked on is deferred
the third time. Nor does it reach keys, stores or the other processes, and what
it has signed without saying so is noticed. The keys process, too, is replaced
if it crashes or makes such a call, and no message stays unsigned. The defects
are in a library that is preloaded."""
import os
import select
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import milter  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
LINES_A_MINUTE = 30     # SERVED_LOG_LINES
LIBRARY = os.path.join(tree.BUILD, 'test', 'lib', 'planted.so')
QUEUE = 200             # connections that an MTA may open at a time
# What X-Plant asks for, and what the log must say.
CRASHES = (('segv', 'signal 11'), ('abort', 'signal 6'))
FORBIDDEN = (('open', 'openat /etc/passwd'), ('exec', 'execve'),
             ('connect', 'connect 127.0.0.1 port 9'), ('fork', 'clone'))


def begin(client, mark, plant=None):
    client.connect('client.example', '127.0.0.1')
    client.helo()
    client.mail(queue_id=mark)
    client.rcpt()
    client.step('T')
    client.header('From', ' joe@example.com')
    client.header('Subject', ' ' + mark)
    if plant:
        client.header('X-Plant', ' ' + plant)


def end(client):
    """Whether the message was signed."""
    client.eoh()
    client.body(b'body\r\n')
    answer, changes = client.eom()
    return answer[:1] in b'ac' and any(
        b'DKIM-Signature' in c for c in changes)


def signed(path, mark, plant=None):
    """Whether the message was signed; None: the connection broke."""
    try:
        client = milter.Client(path, steps=milter.STEPS_WAIT)
        begin(client, mark, plant)
        result = end(client)
        client.quit()
        return result
    except (milter.Gone, OSError):
        return None


class Others:
    """Sends other people's mail, each until it was signed, as an MTA would
    that defers."""

    def __init__(self, path):
        self.path = path
        self.going = True
        self.done = 0
        self.unsigned = 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while self.going:
            result = signed(self.path, 'other%d' % self.done)
            while result is None and self.going:
                result = signed(self.path, 'other%d' % self.done)
            self.done += 1
            self.unsigned += result is False

    def wait(self):
        """Until one more is done that began from now on."""
        after = self.done + 1
        proc.wait_for(lambda: self.done > after, 'mail of others')

    def end(self):
        self.going = False
        self.thread.join()


def plant(daemon, others, what, says):
    before = roles.wait(daemon.server.pid)
    count = daemon.log_text().count(says)
    tap.is_(signed(daemon.path, 'Q-' + what, what), None,
            '%s: the message gets no answer' % what)
    proc.wait_for(lambda: daemon.log_text().count(says) > count,
                  'the log to say ' + says)
    after = roles.wait(daemon.server.pid, without=[before['mail']])
    tap.is_((after['parent'], after['keys']),
            (before['parent'], before['keys']),
            '%s: only the process for mail is new' % what)
    others.wait()
    tap.ok(True, '%s: it is in the log (%s), and mail goes on' % (what, says))


def shut(options, where, path=None):
    """A process that was taken over shuts the socket down, which the parent
    has, too."""
    daemon = seald.Seald(TOP, dict(options, Socket=where) if path else options,
                         'shut-' + where[:4],
                         env=dict(os.environ, LD_PRELOAD=LIBRARY))
    roles.settle(daemon)
    path = path or daemon.path
    for i in range(2):
        before = roles.wait(daemon.server.pid)
        signed(path, 'shut', 'shutdown')
        proc.wait_for(lambda: daemon.log_text().count(
            'was shut down: it has been made again') > i, 'the log to say so')
        after = roles.wait(daemon.server.pid, without=[before['mail']])
        tap.is_((after['parent'], after['keys']),
                (before['parent'], before['keys']),
                '%s: only the process for mail is new' % where)
        tap.ok(proc.wait_for(lambda: signed(path, 'next'), 'signed mail'),
               '%s: mail goes on' % where)
    tap.is_(daemon.stop(), 0, '%s: mailseald ends well' % where)


def attack(options, name, attempts):
    """Few at a time: after five deaths the next start waits."""
    daemon = seald.Seald(TOP, options, name,
                         env=dict(os.environ, LD_PRELOAD=LIBRARY))
    roles.settle(daemon)
    found = roles.wait(daemon.server.pid)
    for what, says in attempts:
        what, says = (s % dict(found) for s in (what, says))
        count = daemon.log_text().count(says)
        before = roles.find(daemon.server.pid)['mail']
        tap.is_(signed(daemon.path, 'Q-' + name, what), None,
                what + ': the message gets no answer')
        proc.wait_for(lambda: daemon.log_text().count(says) > count,
                      'the log to say ' + says)
        roles.wait(daemon.server.pid, without=[before])
        roles.settle(daemon)
        tap.ok(True, '%s: the log says %s' % (what, says))
    after = roles.find(daemon.server.pid)
    tap.is_((after['parent'], after['keys']),
            (found['parent'], found['keys']), name + ': the others live')
    return daemon


def check_takeover(options, store):
    """What the process would need to get at the keys."""
    key = options['KeyFile'][0]
    database = os.path.join(store, 'keys.db')
    options = dict(options, KeyStore=store, ReportFrom='r@example.com',
                   ReportStore='sqlite:%s/reports/r.db' % TOP)
    os.mkdir(os.path.join(TOP, 'reports'))
    attack(options, 'files', (
        ('open ' + key, 'openat ' + key),
        ('open ' + store, 'openat ' + store),
        ('open /proc/%(keys)d/mem', 'openat /proc/%(keys)d/mem'),
        ('rename ' + key, 'rename'))).stop()
    # Its end of a connection, of which the parent would hear for ever.
    attack(options, 'hush', (
        ('hush', 'the mail process (%(mail)d) was killed by signal 9'),
        )).stop()
    daemon = attack(options, 'processes', (
        ('kill %(parent)d', '(kill)'), ('kill %(keys)d', '(kill)'),
        ('trace %(keys)d', '(ptrace)'),
        ('read %(keys)d', '(process_vm_readv)')))
    for path in (key, database):
        if roles.has_landlock():
            tap.ok(signed(daemon.path, 'remove', 'remove ' + path),
                   'remove %s: goes on' % path)
            tap.ok(os.path.exists(path), '%s is there' % path)
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def fate(path, plant, subject='x', more=(), body=b'body\r\n'):
    """'signed', 'unsigned', 'later', or None: the connection broke."""
    try:
        client = milter.Client(path, steps=milter.STEPS_WAIT)
        begin(client, subject, plant)
        for name, value in more:
            client.header(name, value)
        client.eoh()
        client.body(body)
        answer, changes = client.eom()
        client.quit()
    except (milter.Gone, OSError):
        return None
    if any(b'DKIM-Signature' in c for c in changes):
        return 'signed'
    return 'later' if answer[:2] == b'y4' else 'unsigned'


def check_third(options):
    """A crash while a message is signed, with the same first kilobyte of its
    header; then one whose header is another."""
    daemon = seald.Seald(TOP, options, 'third',
                         env=dict(os.environ, LD_PRELOAD=LIBRARY))
    roles.settle(daemon)
    filler = (('X-Filler', ' ' + 'x' * 1024),)
    for i in range(2):
        before = roles.wait(daemon.server.pid)['mail']
        tap.is_(fate(daemon.path, 'fatal', more=filler), None,
                'crash %d while it is signed' % (i + 1))
        roles.wait(daemon.server.pid, without=[before])
        roles.settle(daemon)
    before = roles.find(daemon.server.pid)
    for what, args in (
            ('the third time', {}), ('with another body',
                                     {'body': b'other\r\n'}),
            ('with fields after the first kilobyte',
             {'more': filler + (('X-More', ' y'),)})):
        args = dict({'more': filler}, **args)
        tap.is_(fate(daemon.path, 'fatal', **args), 'later',
                what + ': it is deferred')
    tap.is_(roles.find(daemon.server.pid), before, 'and nobody dies')
    tap.is_(fate(daemon.path, None), 'signed', 'others are signed')
    tap.is_(fate(daemon.path, 'fatal', subject='y', more=filler), None,
            'with another field in front it is another message')
    roles.wait(daemon.server.pid, without=[before['mail']])
    roles.settle(daemon)
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def check_keys(options):
    """A keys process with a defect, at a signature."""
    plan = os.path.join(TOP, 'plan')
    victim = proc.write(os.path.join(TOP, 'victim'), 'text')
    daemon = seald.Seald(TOP, dict(options, OnSignFailure='tempfail'),
                         'keys-defect', env=dict(
                             os.environ, LD_PRELOAD=LIBRARY,
                             PLANTED_IN_KEYS=plan))
    roles.settle(daemon)
    found = roles.wait(daemon.server.pid)

    def send():
        """Until it is signed, as an MTA does; what became of it before."""
        fates = [fate(daemon.path, None)]
        while fates[-1] == 'later' and len(fates) < 100:
            fates.append(fate(daemon.path, None))
        return fates
    for what, says in CRASHES + (() if tree.is_sanitized() else (
            ('exec', '(execve'), ('connect', '(socket'), ('fork', '(clone'),
            ('kill %(parent)d', '(kill)'))):
        before = roles.wait(daemon.server.pid)
        count = daemon.log_text().count(says)
        proc.write(plan, '%d %s' % (before['keys'], what % before))
        fates = send()
        tap.ok(fates[-1] == 'signed', 'keys, %s: the message is signed by '
               'the next one' % what, fates)
        proc.wait_for(lambda: daemon.log_text().count(says) > count,
                      'the log to say ' + says)
        after = roles.wait(daemon.server.pid, without=[before['keys']])
        tap.is_((after['parent'], after['mail']),
                (found['parent'], found['mail']),
                'keys, %s: only the keys process is new' % what)
    if roles.has_landlock():
        keys = roles.find(daemon.server.pid)['keys']
        proc.write(plan, '%d empty %s' % (keys, victim))
        tap.is_(send()[-1], 'signed', 'keys, a file is written: goes on')
        with open(victim, encoding='ascii') as f:
            tap.is_(f.read(), 'text', 'and the file is as it was')
    tap.ok('signatures, but the mail process says' not in daemon.log_text(),
           'and the counts of signatures agree')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def check_lie(options):
    """With a watchdog so short that the parent asks the others more often than
    signatures are compared."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(os.path.join(TOP, 'manager'))
    manager.settimeout(proc.PATIENCE_S)
    daemon = seald.Seald(TOP, options, 'lie', env=dict(
        os.environ, LD_PRELOAD=LIBRARY, WATCHDOG_USEC='4000000',
        NOTIFY_SOCKET=os.path.join(TOP, 'manager')))
    roles.settle(daemon)
    says = 'but the mail process says that it asked for'
    tap.ok(signed(daemon.path, 'honest'), 'a message is signed')
    # A sign of life, before which the parent has asked the others once.
    while not manager.recv(4096).startswith(b'WATCHDOG=1'):
        continue
    tap.ok(signed(daemon.path, 'lie', 'twice'),
           'a request is made twice, and counted once')

    def told():
        while select.select([manager], [], [], 0)[0]:
            manager.recv(4096)
        return says in daemon.log_text()
    proc.wait_for(told, 'the log to say ' + says)
    line = [x for x in daemon.log_text().splitlines() if says in x]
    tap.is_((len(line), options['KeyFile'][0] in line[0]), (1, True),
            'the log names the key, once')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')
    manager.close()


def check_lines(options):
    """What is no request, and requests for keys that are not there: few lines
    of the log, however many there are."""
    keys = os.path.join(TOP, 'keys')
    os.mkdir(keys, 0o700)
    with open(options['KeyFile'][0], 'rb') as f:
        proc.write(os.path.join(keys, 'example.com.pem'), f.read(), 0o600)
    table = proc.write(os.path.join(TOP, 'table'), 'k %%:s:%s/%%.pem\n' % keys,
                       0o600)
    rules = proc.write(os.path.join(TOP, 'rules'), '* k\n', 0o600)
    options = {k: v for k, v in options.items()
               if k not in ('Domain', 'Selector', 'KeyFile')}
    began = time.monotonic()
    daemon = seald.Seald(TOP, dict(options, KeyTable=table, SigningTable=
                                   'refile:' + rules), 'lines',
                         env=dict(os.environ, LD_PRELOAD=LIBRARY))
    roles.settle(daemon)
    found = roles.wait(daemon.server.pid)
    for i in range(20):
        tap.ok(signed(daemon.path, 'no request', 'malformed'),
               'a connection with what is no request, %d: the message is '
               'signed by another' % i)
    for _ in range(3):
        tap.ok(signed(daemon.path, 'flood', 'flood 200'),
               '200 requests for keys that are not there: signed')
    tap.is_(roles.find(daemon.server.pid), found, 'nobody dies')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')
    minutes = int((time.monotonic() - began) / 60) + 1
    text = daemon.log_text()
    n = [text.count('sent a malformed request for a signature'),
         text.count('a key cannot be loaded')]
    tap.ok(all(n), 'both are in the log', text)
    tap.ok(sum(n) <= LINES_A_MINUTE * minutes, 'but in few lines',
           [n, minutes])
    tap.contains(text, 'more lines about requests of the mail process are '
                 'left out', 'the others are counted')


def check_start():
    """A defect at the first start ends it, and why is said."""
    conf = proc.write(os.path.join(TOP, 'start.conf'),
                      'Socket unix:%s/start.sock\nKeyStore none\nMode v\n' %
                      TOP, 0o600)
    for what, says in (('abort', 'process died at its start'),
                       ('exec', ': the sandbox forbids execve')):
        status, _, err = proc.run(
            [tree.MAILSEALD, '-f', '-c', conf],
            env=dict(os.environ, LD_PRELOAD=LIBRARY, PLANTED_AT_START=what))
        tap.ok(status == 1 and says in err, 'at the start: ' + what,
               [status, err])


def check_queue(options):
    """A process that was taken over shortens the queue of the socket."""
    daemon = seald.Seald(TOP, options, 'queue',
                         env=dict(os.environ, LD_PRELOAD=LIBRARY))
    roles.settle(daemon)
    before = roles.wait(daemon.server.pid)
    tap.ok(signed(daemon.path, 'shorten', 'queue'), 'the queue is shortened')
    signed(daemon.path, 'end', 'segv')
    after = roles.wait(daemon.server.pid, without=[before['mail']])
    tap.ok(proc.wait_for(lambda: signed(daemon.path, 'next'), 'signed mail'),
           'a process that shortened the queue: mail goes on')
    os.kill(after['mail'], signal.SIGSTOP)
    waiting = []
    try:
        for _ in range(QUEUE):
            client = socket.socket(socket.AF_UNIX)
            waiting.append(client)
            client.setblocking(False)
            client.connect(daemon.path)
    except BlockingIOError:
        waiting.pop().close()
    os.kill(after['mail'], signal.SIGCONT)
    for client in waiting:
        client.close()
    tap.is_(len(waiting), QUEUE, 'and the queue is as long as before')
    tap.is_(daemon.stop(), 0, 'and mailseald ends well')


def check_shortage():
    """The system has no process left, or no descriptor."""
    conf = proc.write(os.path.join(TOP, 'fork.conf'),
                      'Socket unix:%s/fork.sock\nKeyStore none\nMode v\n' %
                      TOP, 0o600)
    for name, which, says in (
            ('FORK', '1', 'no keys process'), ('FORK', '2', 'no mail process'),
            ('MEMORY', '1', 'out of memory'), ('MEMORY', '2', 'out of memory'),
            ('MEMORY', '3', 'out of memory'),
            ('MEMORY', '4', 'the picture of the keys: out of memory')):
        env = dict(os.environ, LD_PRELOAD=LIBRARY)
        env['PLANTED_' + name] = which
        status, _, err = proc.run([tree.MAILSEALD, '-f', '-c', conf], env=env)
        tap.ok(status == 1 and says in err and err.count('\n') < 5,
               'at the start: %s, by %s' % (says, name), [status, err])


def check_waiting(options):
    """A message that waits before the start is over does not end it."""
    path = os.path.join(TOP, 'waiting.sock')

    def send_early():
        proc.wait_for(lambda: proc.unix_open(path), 'the socket')
        signed(path, 'waiting', 'segv')
    thread = threading.Thread(target=send_early)
    thread.start()
    daemon = seald.Seald(TOP, options, 'waiting', path=path,
                         env=dict(os.environ, LD_PRELOAD=LIBRARY))
    thread.join()
    roles.wait(daemon.server.pid)
    tap.ok(proc.wait_for(lambda: signed(path, 'next'), 'a signed message'),
           'a start with a message that ends the process: the next is signed')
    tap.is_(daemon.stop(), 0, 'and mailseald ends well')


def main():
    check_start()
    check_shortage()
    keys = [k for k in peers.keys(TOP) if k.selector != 'r1']
    env = dict(os.environ, LD_PRELOAD=LIBRARY)
    options = {'Domain': 'example.com', 'Selector': [k.selector for k in keys],
               'KeyFile': [k.path for k in keys], 'Mode': 's',
               'InternalHosts': '127.0.0.1'}
    check_waiting(options)
    shut(options, 'unix')
    port = proc.free_port()
    shut(options, 'inet:%d@127.0.0.1' % port, port)
    check_queue(options)
    check_lines(options)
    check_third(options)
    check_keys(options)
    check_lie(dict(options, KeyFile=options['KeyFile'][:1],
                   Selector=options['Selector'][:1]))
    if not tree.is_sanitized():
        store = os.path.join(TOP, 'store')
        os.mkdir(store, 0o700)
        proc.write(os.path.join(store, 'keys.db'), 'x', 0o600)
        check_takeover(options, store)
    daemon = seald.Seald(TOP, options, 'planted', env=env)
    roles.settle(daemon)
    tap.ok(signed(daemon.path, 'first'), 'a message is signed')
    tap.ok(signed(daemon.path, 'harmless', 'nothing'),
           'X-Plant that asks for nothing is signed, too')
    others = Others(daemon.path)
    try:
        for what, says in CRASHES + (
                () if tree.is_sanitized() else FORBIDDEN):
            plant(daemon, others, what, says)
    finally:
        others.end()
    tap.is_(others.unsigned, 0, 'nothing of others was answered and unsigned')
    tap.ok(others.done > 10, 'and they were many', str(others.done))
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


if tree.is_sanitized():
    tap.skip_all('a sanitizer must be loaded before any other library')
tap.main(main)
