#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mailseal setup on a host with systemd, as it is installed: a systemd is the
first process of namespaces of its own, with copies of what setup changes: /etc,
/var/lib, the directory of the installation. By hand (make check-systemd), as
root, on Linux with cgroup2.

It makes the user, enables and starts the units, restarts the daemon when its
socket changes, and takes all of it back.
"""
import os
import pwd
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import knot  # noqa: E402
import mta  # noqa: E402
import proc  # noqa: E402
import setting  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

SYSTEMD = '/lib/systemd/systemd'
LIMIT_S = 300
INSIDE = 'MAILSEAL_SETUP_SYSTEMD'
PREFIX = '/usr/local'
UNITS = ('mailseald.service', 'dkimkeygen.service')
# $0: the folder of the test.
BEGIN = '''
mount --make-rprivate / && mount -t tmpfs none /run &&
mount -t cgroup2 none /sys/fs/cgroup && ip link set lo up || exit 1
cp -a /etc "$0/etc" && mount --bind "$0/etc" /etc &&
for dir in /var/lib /var/spool {prefix}; do
    mount -t tmpfs none "$dir" || exit 1
done
rm -rf /etc/systemd/system && mkdir -p /etc/systemd/system /run/lock \\
    /run/systemd/system /var/spool/postfix {prefix}/etc {prefix}/sbin \\
    {prefix}/bin {prefix}/var/lib
cp "$0/mailseald" {prefix}/sbin && cp "$0/dkimkeygen" {prefix}/bin || exit 1
cp "$0"/units/* /etc/systemd/system
for unit in basic sysinit shutdown network nss-lookup network-online timers \\
    multi-user test; do
    printf '[Unit]\\nDefaultDependencies=no\\n' \\
        > /etc/systemd/system/$unit.target
done
rm -f /etc/resolv.conf && echo nameserver 127.0.0.1 > /etc/resolv.conf
{python} {script} >"$0/played" 2>&1 &
container=lxc SYSTEMD_UNIT_PATH=/etc/systemd/system
export container SYSTEMD_UNIT_PATH
exec {systemd} --system --unit=test.target --log-target=console
'''


def systemctl(*words):
    status, out, _ = proc.run(['systemctl'] + list(words))
    return status, out.decode().strip()


def state(unit):
    return systemctl('is-active', unit)[1], systemctl('is-enabled', unit)[1]


class Host(setting.Host):
    """With the installed program, its files and its user."""

    def __init__(self):
        super().__init__('systemd',
                         {'queue_directory': '/var/spool/postfix'})
        self.conf = PREFIX + '/etc/mailseald.conf'

    def command(self, *options, domain=setting.DOMAIN):
        return [tree.MAILSEAL, 'setup', domain, '--ip', setting.IP, '--host',
                setting.HOST, '--mta-config', self.postfix.etc, '--key-policy',
                self.policy, '--state', self.state] + list(options)


def wait_signed(host):
    def is_signed():
        proc.run([tree.DKIMKEYGEN, 'rotate', '--all', '--quiet'])
        _, out, _ = host.run('--yes', '--no-wait')
        return 'dkim=pass' in setting.said(out)
    proc.wait_for(is_signed, 'the key to sign')


def check_made(host, out, err):
    user = pwd.getpwnam('mailseal')
    tap.ok(user.pw_shell.endswith('nologin') or 'false' in user.pw_shell,
           'the user is made, and cannot log in', user)
    tap.is_((state('mailseald.service'), state('dkimkeygen.timer')),
            (('active', 'enabled'),) * 2, 'units are enabled and run', err)
    with open(host.conf, encoding='ascii') as f:
        text = f.read()
    tap.ok('PidFile' not in text and 'Socket unix:/var/spool/postfix/mailseal/'
           'milter.sock' in text, 'a configuration for a unit', text)
    tap.is_(os.stat('/var/spool/postfix/mailseal').st_mode & 0o7777, 0o2750,
            'the directory of the socket')
    tap.ok(out['missing'], 'records are missing', out)


def check_socket(host):
    """The unit is restarted with the Socket of a changed configuration."""
    with open(host.conf, encoding='ascii') as f:
        text = f.read()
    proc.write(host.conf, re.sub('(?m)^Socket .*', 'Socket '
                                 'inet:8895@127.0.0.1', text))
    _, out, err = host.run('--yes', '--no-wait')
    tap.is_((host.postconf('smtpd_milters'),
             host.postconf('non_smtpd_milters')),
            ('inet:127.0.0.1:8895',) * 2, 'another Socket: restarted, and '
            'entered in place of the former one', (setting.said(out), err))
    tap.contains(setting.send(host, 'after-restart')[1], b'DKIM-Signature:',
                 'and smtpd signs by it')


def play():
    """Inside, beside systemd."""
    proc.wait_for(lambda: systemctl('list-units')[0] == 0, 'systemd')
    host = Host()
    dns = setting.Dns(os.path.join(proc.folder(), 'dns'))
    before = systemctl('is-enabled', 'dkimkeygen.timer')[1]
    _, out, err = host.run('--yes', '--no-wait')
    check_made(host, out, err)
    dns.both([(r['owner'], r['value']) for r in out['records']])
    status, out, err = host.run('--yes', '--no-wait')
    tap.is_((status, out['missing']), (0, []), 'published: all is done', err)
    wait_signed(host)
    tap.contains(setting.send(host, 'by-the-unit')[1], b'DKIM-Signature:',
                 'smtpd signs')
    check_socket(host)
    status, out, err = host.undo()
    tap.is_((status, host.files()), (0, host.original),
            'undo: byte for byte', err)
    tap.is_((state('mailseald.service'), state('dkimkeygen.timer')[0],
             systemctl('is-enabled', 'dkimkeygen.timer')[1]),
            (('inactive', 'disabled'), 'inactive', before),
            'undo: the units are as they were')
    tap.is_(os.listdir(host.state), [], 'undo: nothing is left')
    host.postfix.stop()
    dns.stop()
    print('# the end', flush=True)


def outside():
    why = mta.unavailable() or knot.unavailable()
    if why is None and not (os.path.exists(SYSTEMD) and
                            shutil.which('unshare')):
        why = 'needs systemd and unshare(1)'
    if why:
        tap.skip_all(why)
    with open(os.path.join(tree.BUILD, 'etc', UNITS[0]),
              encoding='ascii') as f:
        if 'ExecStart=%s/sbin/' % PREFIX not in f.read():
            tap.skip_all('configured for another prefix than ' + PREFIX)
    top = proc.folder()
    units = os.path.join(top, 'units')
    os.mkdir(units)
    for name in UNITS:
        shutil.copy(os.path.join(tree.BUILD, 'etc', name), units)
    shutil.copy(os.path.join(tree.SRC, 'etc', 'dkimkeygen.timer'), units)
    for program in (tree.MAILSEALD, tree.DKIMKEYGEN):
        shutil.copy(program, top)
    with open(os.path.join(top, 'console'), 'wb') as console:
        subprocess.run(
            ['timeout', '-k', '5', str(LIMIT_S), 'unshare', '--fork', '--pid',
             '--kill-child', '--mount', '--uts', '--ipc', '--net', '--cgroup',
             '--mount-proc', 'sh', '-c', BEGIN.format(
                 prefix=PREFIX, python=sys.executable, systemd=SYSTEMD,
                 script=os.path.abspath(__file__)), top],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            check=False, start_new_session=True,
            env=dict(os.environ, **{INSIDE: '1'}))
    with open(os.path.join(top, 'played'), encoding='utf-8',
              errors='replace') as f:
        played = f.read()
    report(played, os.path.join(top, 'console'))


def report(played, console):
    """What was tested inside, as tests of this program."""
    for good, name in re.findall(r'^(ok|not ok) \d+ - (.*)', played, re.M):
        tap.ok(good == 'ok', name)
    if not tap.ok('# the end' in played and 'not ok' not in played,
                  'all of it was tested', played):
        with open(console, encoding='utf-8', errors='replace') as f:
            tap.diag(f.read()[-3000:])


def main():
    if os.environ.get(INSIDE) is None:
        outside()
        return
    try:
        play()
    finally:
        proc._cleanup()
        systemctl('poweroff', '--force', '--force')


tap.main(main)
