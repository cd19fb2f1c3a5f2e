#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What mailseald reports to a service manager, which is a datagram socket of
this test: ready, reloading, stopping, signs of life."""
import os
import queue
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ['top_srcdir'], 'test', 'lib'))
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402


class Manager:
    """address: a path, or '@name'."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace('@', '\0', 1))
        self.reports = queue.Queue()
        self.all = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            text = self.socket.recv(65536).decode()
            self.reports.put(dict(line.split('=', 1)
                                  for line in text.split('\n')))

    def wait(self, *names):
        """The next report that has all of these."""
        while True:
            report = self.reports.get(timeout=proc.PATIENCE_S)
            self.all.append(report)
            if all(name in report for name in names):
                return report

    def drain(self):
        """Takes what was sent until now."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b'MARK=1', self.address.replace('@', '\0', 1))
        self.wait('MARK')

    def rest(self):
        while not self.reports.empty():
            self.all.append(self.reports.get())
        return self.all


def is_stopped(pid):
    with open('/proc/%d/stat' % pid, encoding='ascii') as f:
        return f.read().rsplit(')', 1)[1].split()[0] == 'T'


def environment(manager, **more):
    env = dict(os.environ, NOTIFY_SOCKET=manager.address, **more)
    return {k: v for k, v in env.items() if v is not None}


def start(top, name, manager, **env):
    proc.write(os.path.join(top, 'zone'), '')
    return seald.Seald(top, {'Mode': 'v', 'Zone': os.path.join(top, 'zone')},
                       name, env=environment(manager, **env))


def life(top, address, name):
    manager = Manager(address)
    daemon = start(top, name, manager, WATCHDOG_USEC=None, WATCHDOG_PID=None)
    first = manager.wait('READY')
    tap.ok(first['READY'] == '1' and 'in service' in first['STATUS'],
           name + ': ready', first)
    tap.is_(manager.all, [first], name + ': nothing before that')
    tap.ok(proc.unix_open(daemon.path), name + ': and then it can be reached')
    for what, bad in (('a reload', ''), ('a reload that fails', 'Nonsense')):
        with open(daemon.conf, 'a', encoding='ascii') as f:
            f.write(bad + '\n')
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.server.signal(signal.SIGHUP)
        report = manager.wait('RELOADING')
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        tap.ok(before <= int(report['MONOTONIC_USEC']) <= after,
               '%s: %s: it is reported, with its time' % (name, what), report)
        report = manager.wait('READY')
        tap.ok('RELOADING' not in report, '%s: %s: ready again' % (name, what),
               report)
    tap.is_(daemon.stop(), 0, name + ': it stops')
    manager.wait('STOPPING')
    tap.ok(not [r for r in manager.rest() if 'WATCHDOG' in r],
           name + ': no sign of life without a watchdog', manager.all)


def watchdog(top):
    """Signs of life, also while there is no rest from signals."""
    manager = Manager('@mailseal-watchdog-%d' % os.getpid())
    daemon = start(top, 'watchdog', manager, WATCHDOG_USEC='400000',
                   WATCHDOG_PID=None)
    manager.wait('READY')
    for _ in range(3):
        report = manager.wait('WATCHDOG', 'STATUS')
        tap.ok('READY' not in report, 'a sign of life', report)
    storm = threading.Event()

    def hurry():
        while not storm.is_set():
            daemon.server.signal(signal.SIGUSR1)
            time.sleep(0.002)
    thread = threading.Thread(target=hurry)
    thread.start()
    for _ in range(3):
        manager.wait('WATCHDOG')
    storm.set()
    thread.join()
    tap.ok(True, 'signs of life while signals come in')
    daemon.server.signal(signal.SIGHUP)
    report = manager.wait('RELOADING')
    tap.ok(int(report['WATCHDOG_USEC']) >= 600000000,
           'a reload may take longer than the watchdog allows', report)
    report = manager.wait('READY')
    tap.is_(report['WATCHDOG_USEC'], '400000', 'after it the time is as before')
    daemon.server.signal(signal.SIGSTOP)
    proc.wait_for(lambda: is_stopped(daemon.server.pid), 'it to be stopped')
    manager.drain()
    try:
        report = manager.reports.get(timeout=1.5)
    except queue.Empty:
        report = None
    tap.is_(report, None, 'a daemon that hangs gives none')
    daemon.server.signal(signal.SIGCONT)
    manager.wait('WATCHDOG')
    tap.is_(daemon.stop(), 0, 'it stops')

    daemon = start(top, 'other', manager, WATCHDOG_USEC='400000',
                   WATCHDOG_PID='1')
    manager.wait('READY')
    daemon.stop()
    manager.wait('STOPPING')
    tap.ok(not [r for r in manager.rest()[-2:] if 'WATCHDOG' in r],
           "another process's watchdog is left alone", manager.all)


def silent(top):
    """A process that hangs is noticed, and another one takes its place."""
    manager = Manager('@mailseal-silent-%d' % os.getpid())
    daemon = start(top, 'silent', manager, WATCHDOG_USEC='400000',
                   WATCHDOG_PID=None)
    manager.wait('READY')
    # The next one loads for a while after the death of a keys process.
    for name in ('mail', 'mail', 'keys'):
        old = daemon.child(name)
        os.kill(old, signal.SIGSTOP)
        proc.wait_for(lambda: 'the %s process (%d) does not answer, and is '
                      'killed' % (name, old) in daemon.log_text(),
                      'it to be noticed')
        proc.wait_for(lambda: 'the %s process (%d) was killed by signal 9' % (
            name, old) in daemon.log_text(), 'its death')
        new = proc.wait_for(lambda: daemon.child(name) != old and
                            daemon.child(name), 'another one')
        proc.wait_for(lambda: 'the %s process (%d) is in service' % (
            name, new) in daemon.log_text(), 'it to serve')
        tap.ok(proc.unix_open(daemon.path), 'a stopped %s process is replaced'
               % name)
    tap.is_(daemon.log_text().count('does not answer'), 3,
            'those that answer are left alone')
    manager.drain()
    manager.wait('WATCHDOG')
    tap.is_(daemon.stop(), 0, 'it stops')


def nobody(top):
    """A manager that is gone, or none that can be reached."""
    for name, address in (('gone', '@mailseal-none-%d' % os.getpid()),
                          ('folder', top), ('nonsense', 'tcp:1')):
        proc.write(os.path.join(top, 'zone'), '')
        daemon = seald.Seald(
            top, {'Mode': 'v', 'Zone': os.path.join(top, 'zone')},
            name, env=dict(os.environ, NOTIFY_SOCKET=address))
        tap.is_(daemon.stop(), 0, 'NOTIFY_SOCKET: %s: it serves, and stops' %
                name)


def main():
    top = proc.folder()
    life(top, os.path.join(top, 'notify'), 'path')
    life(top, '@mailseal-notify-%d' % os.getpid(), 'abstract')
    watchdog(top)
    silent(top)
    nobody(top)


tap.main(main)
