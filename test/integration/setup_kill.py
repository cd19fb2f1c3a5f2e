# SPDX-License-Identifier: BSD-2-Clause
"""mailseal setup killed at every step, and run again to the same end.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
from setting import (  # noqa: E402
    DOMAIN, Dns, Host, SAFE, enter, guards_of, publish_stored, stored,
    until_done)
import tap  # noqa: E402

# The leak sanitizer cannot work beside strace.
TRACED = ['env', 'ASAN_OPTIONS=detect_leaks=0']


RENAMES = 'renameat'
PROGRAMS = 'clone,clone3,vfork'
SYNCS = 'fsync'           # of a file, and of its directory


def run_killed(host, calls, when, *options):
    """One run that is killed at that system call, if it comes so far."""
    status, out, err = proc.run([
        *TRACED, 'strace', '-qq', '-o', '/dev/null', '-e', 'trace=' + calls,
        '-e', 'inject=%s:signal=SIGKILL:when=%d' % (calls, when)] +
        host.command(*options))
    return status, status < 0 or status == 137, (out, err)


def stage_of(host):
    """How far the run came, as it has noted."""
    try:
        with open(os.path.join(host.state, DOMAIN + '.json'),
                  encoding='ascii') as f:
            return json.load(f).get('stage')
    except FileNotFoundError:
        return None


def run_until_done(host, dns, calls, step):
    """Killed at each step-th of these calls, one further with each run; in
    between the records are published."""
    count, published = 0, False
    for when in range(1, 90, step):
        status, killed, said = run_killed(host, calls, when, '--yes',
                                          '--no-wait', '--json')
        count += killed
        if not published and stored(host):
            publish_stored(host, dns)
            published = True
        if status == 0:
            break
    tap.ok(status == 0 and count >= 5,
           '%s: killed %d times, then done' % (calls, count), said)


def check_end(host):
    tap.is_((host.postconf('smtpd_milters'),
             host.postconf('non_smtpd_milters')),
            ('{ unix:mailseal/milter.sock, default_action=tempfail }',) * 2,
            'Postfix is wired once; mail waits for mailseald, whatever holds '
            'for others')
    tap.is_(guards_of(host), SAFE, 'and refuses what it shall refuse')
    tap.is_(len(stored(host)), 1, 'there is one key')
    until_done(host)


def undo_killed(host):
    undone = 0
    for when in range(1, 20):
        status, killed, said = run_killed(host, RENAMES, when, '--undo',
                                          '--yes')
        undone += killed
        if status == 0:
            break
    tap.ok(status == 0 and undone >= 2, 'undo, killed %d times' % undone,
           said)
    tap.is_((host.files(), os.listdir(host.state)), (host.original, []),
            'and undone, byte for byte, and no copy is left')


def check_kill():
    """It comes to the same end."""
    if shutil.which('strace') is None:
        tap.skip('kill -9', 'strace is not installed')
        return
    for name, calls, step in (('files', RENAMES, 1), ('runs', PROGRAMS, 4)):
        host = Host(name, {'milter_default_action': 'accept'})
        dns = Dns(os.path.join(proc.folder(), name))
        dns.both([(DOMAIN, 'v=spf1 ip4:192.0.2.10 ~all'),
                  ('_dmarc.' + DOMAIN,
                   'v=DMARC1; p=none; rua=mailto:a@d.example')])
        run_until_done(host, dns, calls, step)
        check_end(host)
        if calls == RENAMES:
            check_stages(host)
        undo_killed(host)
        host.stop()
        dns.stop()


def check_stages(host):
    """All is done, and each stage notes itself and is killed."""
    files = host.files()
    for count, stage in ((1, 'make'), (1, 'publish'), (3, 'wait'),
                         (4, 'wire'), (5, 'prove')):
        _, killed, said = run_killed(host, SYNCS, 2 * count, '--yes',
                                     '--no-wait')
        tap.is_((killed, stage_of(host)), (True, stage),
                'killed in the stage ' + stage, said)
    status, _, err = host.run('--yes', '--no-wait')
    tap.is_((status, stage_of(host), host.files()), (0, 'done', files),
            'and run to its end', err)


def main():
    enter()
    check_kill()


tap.main(main)
