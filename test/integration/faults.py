#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults around mailseald, and what they must not do: a log that nobody reads,
a resolver that never answers, a slow client, files and descriptors that are
gone, a burst of signals, connections used again, more mail than memory.

Healthy mail is served beside each of them, and SIGTERM is obeyed.
"""
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import piped  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

OURS = '127.0.0.1'


def make_key(top):
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 's', '-D',
              top])
    zone = os.path.join(top, 'zone')
    with open(os.path.join(top, 's.txt'), encoding='ascii') as f:
        proc.write(zone, '$ORIGIN example.com.\n' + f.read())
    return {'Domain': 'example.com', 'Selector': 's',
            'KeyFile': os.path.join(top, 's.private'), 'Zone': zone}


def connect(path, address=OURS, steps=milter.STEPS):
    c = milter.Client(path, steps)
    c.connect(address=address)
    c.helo()
    return c


def is_signed(outcome):
    answer, changes = outcome
    return answer == b'c' and any(c[:1] == b'i' and b'DKIM-Signature' in c
                                  for c in changes)


def one_signed(path, name):
    c = connect(path)
    tap.ok(is_signed(c.message()), name + ': our mail is signed beside it')
    c.quit()


def obeys(server, name, number=signal.SIGTERM):
    server.signal(number)
    tap.is_(server.wait(), 0, name + ': SIGTERM is obeyed')


def full_pipe(top, options):
    name = 'stderr is a full pipe'
    p = piped.Piped(top, options, 'pipe')
    tap.is_(p.fill(), {b'c'}, name + ': every message is answered')
    proc.write(p.daemon.conf, 'NoSuchOption yes\n')
    p.signal(signal.SIGHUP)
    one_signed(p.path, name)
    proc.wait_for(lambda: b'lines lost' in p.read_now(), 'the lost lines')
    proc.wait_for(lambda: b'not reloaded' in p.read_now(), 'the error')
    tap.ok(True, name + ': the error is kept')
    lost = [x for x in p.text.splitlines() if b'lines lost' in x]
    tap.is_(len(lost), 1, name + ': the lines lost are counted and said once',
            lost)
    lines = p.text.count(b'"event":"message"')
    said = int(lost[0].split(b'"text":"')[1].split()[0])
    p.end()
    tap.ok(lines > 0 and said > 0, '%d lines written, %d lost' % (lines, said))
    p = piped.Piped(top, options, 'pipe-stop')
    p.fill()
    obeys(p, name)
    p.end()
    p = piped.Piped(top, options, 'pipe-dies')
    p.fill()
    mail_dies(p, name)
    obeys(p, name + ', the mail process has died')
    p.end()


def mail_dies(p, name):
    """The parent has no thread for what it says about that."""
    name += ', the mail process dies'
    for _ in range(2):
        old = proc.wait_for(lambda: seald.child(p.process.pid, 'mail'), 'mail')
        os.kill(old, signal.SIGKILL)
        proc.wait_for(lambda: old not in seald.children(p.process.pid),
                      'its end')
        one_signed(p.path, name)


def answer_first(top, options):
    """Before, each line was in the pipe when the answer came."""
    p = piped.Piped(top, options, 'order')
    c = connect(p.path)
    early = 0
    for i in range(50):
        c.message(queue_id='A%d.' % i)
        early += b'"A%d."' % i not in p.read_now()
    c.quit()
    tap.ok(early > 0, "a message's line is written after its answer: %d of 50"
           % early)
    proc.wait_for(lambda: b'"A49."' in p.read_now(), 'the last line')
    p.end()


def unread_syslog(top, options):
    name = '/dev/log is not read'
    found = piped.own_syslog(top)
    if found is None:
        tap.skip(name, 'needs a mount namespace of its own')
        return
    log, prefix = found
    p = piped.Piped(top, dict(options, LogTarget='syslog'), 'syslog', prefix)
    tap.is_(p.fill(), {b'c'}, name + ': every message is answered')
    p.signal(signal.SIGHUP)
    one_signed(p.path, name)
    mail_dies(p, name)
    obeys(p, name)
    tap.contains(log.recv(65536), b'mailseald[', name + ': it went there')
    p.end()
    log.close()


def dumb_resolver(top, options):
    name = 'the resolver never answers'
    dumb = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dumb.bind(('127.0.0.1', 0))
    options = {k: v for k, v in options.items() if k != 'Zone'}
    d = seald.Seald(top, dict(
        options, Nameservers='127.0.0.1@%d' % dumb.getsockname()[1],
        DNSTimeout='60', CheckKeys='no'), 'dumb')
    waiting = []
    for _ in range(8):
        c = connect(d.path, piped.FOREIGN)
        c.mail()
        c.header('From', ' joe@example.com')
        c.eoh()
        c.packet(b'E')
        waiting.append(c)
    one_signed(d.path, name)
    d.server.signal(signal.SIGTERM)
    proc.wait_for(lambda: 'stopping: ' in d.log_text(), 'SIGTERM')
    obeys(d.server, name + ': a second')
    for c in waiting:
        c.close()
    dumb.close()


def full_disk(top, options):
    name = 'the disk of the log is full'
    d = seald.Seald(top, options, 'disk', start=False)
    with open('/dev/full', 'wb') as full:
        p = subprocess.Popen([tree.MAILSEALD, '-f', '-c', d.conf],
                             stdin=subprocess.DEVNULL, stdout=full,
                             stderr=full)
    proc.wait_for(lambda: os.path.exists(d.path) and proc.unix_open(d.path),
                  'the daemon')
    for _ in range(3):
        one_signed(d.path, name)
    p.terminate()
    tap.is_(p.wait(proc.PATIENCE_S), 0, name + ': SIGTERM is obeyed')


def frozen_database(top, options):
    name = 'another process locks the key store'
    store = os.path.join(top, 'keys.db')
    status, _, err = proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.org',
                               '-K', 'sqlite:' + store])
    tap.is_(status, 0, name + ': it is made', err)
    d = seald.Seald(top, dict(options, KeyStore='sqlite:' + store,
                              KeyRefresh='1'), 'frozen')
    proc.wait_for(lambda: 'listens on' in d.log_text(), 'the keys to be read')
    db = sqlite3.connect(store)
    db.execute('BEGIN EXCLUSIVE')
    time.sleep(1.5)                 # a look at the store is under way
    d.server.signal(signal.SIGHUP)
    one_signed(d.path, name)
    obeys(d.server, name)
    db.close()


def slow_client(top, options):
    name = 'a client that sends an octet at a time'
    d = seald.Seald(top, options, 'slow')
    slow = []
    for i in range(32):
        s = socket.socket(socket.AF_UNIX)
        s.connect(d.path)
        s.sendall(b'\0\0\0\rO'[:1 + i % 5])
        slow.append(s)
        # libmilter promises one idle thread to all that come at once: one of
        # them may wait until the thread is free.
        time.sleep(0.1)
    one_signed(d.path, name)
    obeys(d.server, name)
    for s in slow:
        s.close()


def replaced_socket(top, options):
    place = os.path.join(top, 'place')
    os.mkdir(place)
    os.chmod(place, 0o777)
    path = os.path.join(place, 's')
    a = seald.Seald(top, dict(options, Socket='unix:' + path), 'a', path=path)
    for change in (os.unlink, leave_stale):
        n = a.log_text().count('it has been made again')
        change(path)
        proc.wait_for(lambda: a.log_text().count('it has been made again') > n,
                      'the socket to be made again')
        one_signed(path, 'the socket file is gone: made again')
    shutil.rmtree(place)
    proc.wait_for(lambda: 'it cannot be made again: No such file' in
                  a.log_text(), 'the loss of its folder to be said')
    os.mkdir(place)
    os.chmod(place, 0o777)
    proc.wait_for(lambda: proc.unix_open(path), 'the socket')
    one_signed(path, 'its folder is back: made again')
    b = seald.Seald(top, dict(options, Socket='unix:' + path + '.b'), 'b',
                    path=path + '.b')
    os.rename(b.path, path)
    proc.wait_for(lambda: 'another process listens there' in a.log_text(),
                  'the other daemon to be seen')
    tap.ok(True, 'the socket of another daemon is left alone')
    tap.is_(a.stop(), 0, 'the first daemon ends')
    tap.ok(os.path.exists(path), 'the socket of the second stays')
    # It may find at any moment that its own name for the socket is gone.
    proc.wait_for(lambda: 'it has been made again' in b.log_text(),
                  'the socket of the second to be made again')
    one_signed(b.path, 'the first daemon has ended')
    tap.is_(b.stop(), 0, 'the second ends')


def leave_stale(path):
    """A socket file on which nobody listens, in place of another."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path + '.stale')
    os.rename(path + '.stale', path)


def replaced_pid_file(top, options):
    path = os.path.join(top, 'pid')
    a = seald.Seald(top, dict(options, PidFile=path), 'pid-a')
    proc.wait_for(lambda: 'listens on' in a.log_text(), 'the first')
    os.unlink(path)
    b = seald.Seald(top, dict(options, PidFile=path), 'pid-b')
    proc.wait_for(lambda: 'listens on' in b.log_text(), 'the second')
    tap.is_(a.stop(), 0, 'the first daemon ends')
    with open(path, encoding='ascii') as f:
        tap.is_(f.read(), str(b.server.pid), 'the pid file of the second stays')
    tap.is_(b.stop(), 0, 'the second ends')
    tap.ok(not os.path.exists(path), 'and removes its own pid file')


def closed_descriptors(top, options):
    name = 'descriptors 0 to 2 are closed'
    pid_file = os.path.join(top, 'closed.pid')
    d = seald.Seald(top, dict(options, PidFile=pid_file, Background='yes',
                              LogTarget='stderr'), 'closed', start=False)
    p = subprocess.run(['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh',
                        tree.MAILSEALD, '-c', d.conf], check=False,
                       timeout=proc.PATIENCE_S)
    tap.is_(p.returncode, 0, name + ': the command returns')
    one_signed(d.path, name)
    with open(pid_file, encoding='ascii') as f:
        pid = int(f.read())
    for fd in range(3):
        tap.is_(os.readlink('/proc/%d/fd/%d' % (pid, fd)), '/dev/null',
                name + ': %d is /dev/null' % fd)
    os.kill(pid, signal.SIGTERM)
    proc.wait_for(lambda: not os.path.exists(pid_file), 'its end')


def burst_of_signals(top, options):
    d = seald.Seald(top, options, 'burst')
    c = connect(d.path, steps=milter.STEPS_WAIT)
    c.mail()
    c.header('From', ' joe@example.com')
    d.server.signal(signal.SIGTERM)
    proc.wait_for(lambda: 'stopping: ' in d.log_text(), 'SIGTERM')
    # One that wakes the waiting thread, and not the same as the last: it is
    # counted only when it was taken.
    for _ in range(20000):
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            if d.server.alive():
                d.server.signal(number)
    c.eoh()
    c.body(b'x\r\n')
    tap.ok(is_signed(c.eom()), 'SIGTERM and a burst of signals: the message in '
           'flight is signed')
    c.close()
    tap.is_(d.server.wait(), 0, 'and then the end')


def used_again(top, options):
    d = seald.Seald(top, options, 'again')
    c = connect(d.path)
    signed = 0
    for _ in range(20):
        signed += is_signed(c.message())
        c.packet(b'K')                      # QUIT_NC
        c.connect(address=OURS)
        c.helo()
    tap.is_(signed, 20, 'QUIT_NC: each message on the connection is signed',
            d.log_text()[-2000:])
    tap.ok('claimed not to reply' not in d.log_text(),
           'QUIT_NC: libmilter has nothing to complain about')
    c.message()
    c.packet(b'K')
    c.connect(address=piped.FOREIGN)
    c.helo()
    answer, changes = c.message()
    tap.ok(answer == b'c' and not any(b'DKIM-Signature' in x
                                      for x in changes),
           'QUIT_NC: the next client is a foreign one', (answer, changes))
    c.quit()
    d.stop()


def no_threads(top, options, served=True):
    """Without threads, connections wait for those that run. served: there
    was a connection before."""
    name = 'no thread can be started%s' % ('' if served else ' from the first')
    if tree.is_sanitized():
        tap.skip(name, 'a sanitizer must be loaded first')
        return
    flag = os.path.join(top, 'no-threads-%d' % served)
    # The preloaded library opens a file in every thread.
    d = seald.Seald(
        top, dict(options, Sandbox='no'), 'threads-%d' % served,
        env=dict(os.environ, FAIL_THREADS=flag,
                 LD_PRELOAD=tree.program('test/lib/threads_fail.so')))
    roles.settle(d)
    if served:
        connect(d.path).quit()
    before = d.fds()
    proc.write(flag, b'')
    negotiation = struct.pack('>IcIII', 13, b'O', 6, milter.ACTIONS,
                              milter.STEPS)
    waiting = []
    # Half a packet keeps a thread busy, until there is none for the next.
    while os.path.getsize(flag) == 0 and len(waiting) < 16:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(proc.PATIENCE_S)
        s.connect(d.path)
        s.sendall(negotiation[:9])
        waiting.append(s)
        time.sleep(0.2)
    tap.ok(os.path.getsize(flag) > 0, name + ': it was wanted')
    for s in waiting:
        s.sendall(negotiation[9:])
    try:
        answers = [s.recv(5) for s in waiting]
    except OSError as e:
        answers = [repr(e).encode()]
    tap.is_([a[4:] for a in answers], [b'O'] * len(waiting),
            name + ': every connection is served')
    for s in waiting:
        s.close()
    os.rename(flag, flag + '.seen')
    proc.wait_for(lambda: d.fds() <= before, 'the connections to be closed')
    tap.ok(True, name + ': no descriptor stays open')
    tap.contains(d.log_text(), 'cannot start a thread', name + ': it is logged')
    one_signed(d.path, 'when they can be started again')
    tap.is_(d.stop(), 0, name + ': the end')


def no_first_thread(top, options):
    no_threads(top, options, served=False)


def clean_up_hangs(top, options):
    """A library that hangs at the end: all mail is answered, so the process
    ends without it."""
    name = 'a library hangs in the clean-up'
    if tree.is_sanitized():
        tap.skip(name, 'a sanitizer must be loaded first')
        return
    options = dict(options, Nameservers='127.0.0.1@%d' % proc.free_port(
        (socket.SOCK_DGRAM,)), CheckKeys='no')
    options.pop('Zone', None)
    d = seald.Seald(top, options, 'hang', env=dict(
        os.environ, LD_PRELOAD=tree.program('test/lib/cleanup_hang.so')))
    one_signed(d.path, name)
    # The resolver is made with the first query.
    connect(d.path, piped.FOREIGN).message()
    obeys(d.server, name)
    tap.contains(d.log_text(), '"stopped"', name + ': nothing was left undone')
    tap.ok(not os.path.exists(d.path), name + ': its socket is gone')


def too_many_connections(top, options):
    name = 'more connections than descriptors'
    d = seald.Seald(top, options, 'files', start=False)
    d.prefix = ['prlimit', '--nofile=64:160']     # soft, hard
    d.start()
    clients = []
    try:
        while len(clients) < 200:
            clients.append(connect(d.path))
    except (milter.Gone, OSError):
        pass
    tap.ok(64 < len(clients) < 160, name + ': the next one is refused: %d' %
           len(clients))
    tap.ok(all(is_signed(c.message()) for c in clients),
           name + ': the others are served')
    proc.wait_for(lambda: 'one more is refused' in d.log_text(), 'its line')
    clients.pop().quit()
    proc.wait_for(lambda: serves(d.path), 'room for another')
    for c in clients:
        c.quit()
    tap.is_(d.stop(), 0, name + ': the end')


def serves(path):
    try:
        c = connect(path)
        c.quit()
        return True
    except (milter.Gone, OSError):
        return False


def no_message(top, options):
    d = seald.Seald(top, options, 'no-message')
    c = connect(d.path, steps=milter.STEPS_WAIT)
    c.packet(b'UFOO\0')                     # an unknown command; then what
    c.read()                                # no good MTA sends
    c.body(b'x\r\n')
    answer, _ = c.eom()
    tap.ok(answer[:1] == b'y' and answer[1:4] == b'451',
           'end of a message that was not begun: deferred', answer)
    proc.wait_for(lambda: 'deferred: ' in d.log_text(), 'its line')
    tap.ok('the MTA ended a message that it had not begun' in d.log_text() and
           'shutting down' not in d.log_text(), 'the log says why',
           d.log_text())
    c.close()
    c = milter.Client(d.path)
    answer, changes = c.message()
    tap.ok(answer[:1] == b'y' and not changes,
           'no CONNECT: the message is deferred, not taken for a local one',
           (answer, changes))
    c.close()
    proc.wait_for(lambda: 'who the client is' in d.log_text(), 'its line')
    d.stop()


def malformed_macros(top, options):
    """A name without a value, which ended the process soon."""
    name = 'a malformed packet of macros'
    if tree.is_sanitized():
        tap.skip(name, 'a sanitizer ends the process where libmilter reads')
        return
    d = seald.Seald(top, options, 'macros')
    answers = []
    for _ in range(100):
        c = connect(d.path)
        c.send_raw(struct.pack('>I', 6) + b'DMfoo\0')
        c.step('M', b'<joe@example.com>\0')
        c.header('From', ' joe@example.com')
        c.eoh()
        c.body(b'x\r\n')
        outcome = c.eom()
        answers.append(is_signed(outcome) or outcome[0][:4] == b'y451')
        c.quit()
    tap.is_(answers.count(True), 100, name + ': signed or deferred')
    one_signed(d.path, name)
    tap.is_(d.stop(), 0, name + ': the end')


def too_much_mail(top, options):
    d = seald.Seald(top, dict(options, MaximumMemory='16'), 'memory')
    clients = [connect(d.path) for _ in range(24)]
    for c in clients:
        c.mail()
        c.header('From', ' joe@example.com')
    for _ in range(16):
        for c in clients:
            c.header('X-Large', b' ' + b'y' * 60000)
    for c in clients:
        c.eoh()
        c.body(b'x\r\n')
    outcomes = [c.eom() for c in clients]
    signed = sum(is_signed(o) for o in outcomes)
    deferred = sum(o[0][:4] == b'y451' for o in outcomes)
    tap.ok(signed > 0 and deferred > 0 and signed + deferred == len(clients),
           'more mail than MaximumMemory: %d signed, %d deferred' % (
               signed, deferred))
    tap.ok(all(is_signed(c.message()) for c in clients),
           'when it is gone all mail is signed again')
    d.server.signal(signal.SIGUSR1)
    counters = proc.wait_for(lambda: [line for line in d.lines() if
                                      line['event'] == 'counters'],
                             'the counters')
    tap.is_(counters[0].get('memory_deferred'), deferred,
            'the deferred ones are counted')
    tap.is_(d.log_text().count('fill MaximumMemory'), 1, 'and logged once')
    for c in clients:
        c.quit()
    d.stop()


def main():
    tree.program('milter/mailseald')
    top = proc.folder()
    os.chmod(top, 0o777)
    options = make_key(top)
    for test in (full_pipe, answer_first, unread_syslog, full_disk,
                 dumb_resolver, frozen_database, slow_client, replaced_socket,
                 replaced_pid_file, closed_descriptors, burst_of_signals,
                 used_again, no_message, malformed_macros, no_threads,
                 no_first_thread, clean_up_hangs, too_many_connections,
                 too_much_mail):
        test(top, options)


tap.main(main)
