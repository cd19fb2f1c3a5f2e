#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's numbers: in its log, when asked for and by the clock."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.environ['top_srcdir'], 'test', 'lib'))
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

MESSAGE = (b'From: alice@example.com\r\nTo: bob@example.net\r\n'
           b'Subject: numbers\r\n\r\nx\r\n')


def send(daemon, data=MESSAGE, ip='192.0.2.1'):
    return proc.run([tree.MAILSEAL, 'try', '--milter', daemon.socket, '--ip',
                     ip, '--mail-from', 'alice@example.com', '--json'], data)


def events(daemon, kind):
    return [line for line in daemon.lines() if line['event'] == kind]


def text_events(daemon, kind):
    return re.findall('%s: (.*)' % kind, daemon.log_text())


def log_counters(top, zone):
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone}, 'json')
    send(daemon)
    daemon.server.signal(signal.SIGUSR1)
    line = proc.wait_for(lambda: events(daemon, 'counters'), 'counters')[0]
    tap.ok(line['messages'] == 1 and line['verified'] == 1,
           'JSON: counters are members', line)
    tap.is_(line['unsigned_no_active_key'], 0, 'why mail was not signed')
    tap.ok(line['dns_nodata'] + line['dns_nxdomain'] > 0 and
           line['dns_misses'] > 0 and 'dns_servers_up' in line,
           'those of the DNS, too', line)
    tap.is_({k for k, v in line.items() if not isinstance(v, int)},
            {'event', 'level'}, 'all are numbers')
    daemon.stop()
    tap.is_(len(events(daemon, 'counters')), 2, 'and at the end')
    text = seald.Seald(top, {'Mode': 'v', 'Zone': zone, 'LogFormat': 'text'},
                       'text')
    text.stop()
    pairs = [pair.split('=') for pair in
             text_events(text, 'counters')[0].split(' ')]
    tap.is_({name for name, _ in pairs}, set(line) - {'event', 'level'},
            'text: the same ones')


def log_stats(top, zone):
    silent = seald.Seald(top, {'Mode': 'v', 'Zone': zone,
                               'StatsInterval': '0'}, 'silent')
    default = seald.Seald(top, {'Mode': 'v', 'Zone': zone}, 'default')
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone,
                               'StatsInterval': '1s'}, 'stats')
    lines = proc.wait_for(lambda: len(events(daemon, 'stats')) >= 2 and
                          events(daemon, 'stats'), 'two lines of stats')
    tap.ok(lines[1]['uptime_s'] > lines[0]['uptime_s'], 'stats by the clock',
           lines)
    tap.ok(not events(silent, 'stats') and not events(default, 'stats'),
           'not when it is off, nor before an hour')
    daemon.configure(StatsInterval='0')
    daemon.reload('is in service')
    n = len(events(daemon, 'stats'))
    silent.configure(StatsInterval='1s')
    silent.reload('is in service')
    proc.wait_for(lambda: len(events(silent, 'stats')) >= 2, 'stats')
    tap.is_(len(events(daemon, 'stats')), n, 'a reload turns it off, and on')
    for d in (silent, default, daemon):
        tap.is_(d.stop(), 0, 'it stops')


def main():
    top = proc.folder()
    zone = proc.write(os.path.join(top, 'zone'), '')
    log_counters(top, zone)
    log_stats(top, zone)


tap.main(main)
