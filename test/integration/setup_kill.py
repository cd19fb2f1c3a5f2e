# SPDX-License-Identifier: BSD-2-Clause
"""mailseal setup killed at every step, and run again to the same end.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
from setting import (  # noqa: E402
    DOMAIN, Dns, Host, enter, publish_stored, stored, until_done)
import tap  # noqa: E402

# The leak sanitizer cannot work beside strace.
TRACED = ['env', 'ASAN_OPTIONS=detect_leaks=0']


def check_kill():
    """Killed at each rename of a file, one further with each run; then it
    comes to the same end."""
    host = Host('kill', {'milter_default_action': 'accept'})
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    if shutil.which('strace') is None:
        tap.skip('kill -9', 'strace is not installed')
        return
    dns.both([(DOMAIN, 'v=spf1 ip4:192.0.2.10 ~all'),
              ('_dmarc.' + DOMAIN, 'v=DMARC1; p=none; rua=mailto:a@d.example')])
    killed = 0
    published = False
    for i in range(1, 60):
        status, out, _ = proc.run([
            *TRACED, 'strace', '-qq', '-o', '/dev/null', '-e', 'trace=renameat',
            '-e', 'inject=renameat:signal=SIGKILL:when=%d' % i] +
            host.command('--yes', '--no-wait', '--json'))
        killed += status < 0 or status == 137
        if not published and stored(host):
            publish_stored(host, dns)
            published = True
        if status == 0:
            break
    tap.ok(status == 0 and killed >= 5, 'killed %d times, then done' % killed,
           out)
    tap.is_((host.postconf('smtpd_milters'),
             host.postconf('non_smtpd_milters')),
            ('{ unix:mailseal/milter.sock, default_action=tempfail }',) * 2,
            'Postfix is wired once; mail waits for mailseald, whatever holds '
            'for others')
    tap.is_(len(stored(host)), 1, 'there is one key')
    until_done(host)
    undone = 0
    for i in range(1, 20):
        status, _, err = proc.run([
            *TRACED, 'strace', '-qq', '-o', '/dev/null', '-e', 'trace=renameat',
            '-e', 'inject=renameat:signal=SIGKILL:when=%d' % i] +
            host.command('--undo', '--yes'))
        undone += status < 0 or status == 137
        if status == 0:
            break
    tap.ok(status == 0 and undone >= 2, 'undo, killed %d times' % undone, err)
    tap.is_((host.files(), os.listdir(host.state)), (host.original, []),
            'and undone, byte for byte, and no copy is left')
    host.stop()
    dns.stop()


def main():
    enter()
    check_kill()


tap.main(main)
