#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mailseald under a real systemd, by the unit that is installed: a systemd is
the first process of namespaces of its own, with nothing to start but this unit.
By hand (make check-systemd), as root, on Linux with cgroup2.

The unit is changed in this only: where the program and its configuration are,
its user is nobody, the watchdog is quicker, and it has no StateDirectory.
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

SYSTEMD = '/lib/systemd/systemd'
LIMIT_S = 180
CONF = '''Socket unix:/run/mailseal/milter.sock
KeyStore none
Mode v
Zone /run/test/zone
LogTarget stderr
Background no
'''
CHANGES = '''[Service]
User=nobody
ExecStart=
ExecStart=/run/test/mailseald -f -c /run/test/mailseald.conf
WatchdogSec=4s
StateDirectory=
StandardError=append:/run/test/log
'''
# $0: the folder of the test.
BEGIN = '''
mount --make-rprivate / && mount -t tmpfs none /run &&
mount -t cgroup2 none /sys/fs/cgroup && ip link set lo up || exit 1
mkdir -p /run/test /run/systemd/system/mailseald.service.d /run/lock
cp "$0/mailseald" "$0/mailseald.conf" "$0/zone" /run/test
chown -R nobody /run/test
cp "$0/mailseald.service" /run/systemd/system
cp "$0/changes" /run/systemd/system/mailseald.service.d/test.conf
for unit in basic sysinit shutdown network nss-lookup test; do
    printf '[Unit]\\nDefaultDependencies=no\\n' \\
        > /run/systemd/system/$unit.target
done
sh "$0/play" "$0" >"$0/played" 2>&1 &
container=lxc SYSTEMD_UNIT_PATH=/run/systemd/system
export container SYSTEMD_UNIT_PATH
exec ''' + SYSTEMD + ''' --system --unit=test.target --log-target=console
'''
# Each `note' is a line of the unit's properties, after the name.
PLAY = '''
show() { systemctl show mailseald --property="$1" --value; }
# child NAME: the number of that process of the daemon.
child() {
    parent=$(show MainPID)
    for pid in $(cat /proc/$parent/task/$parent/children 2>/dev/null); do
        ! grep -q "^mailseald: $1" /proc/$pid/cmdline || echo $pid
    done
}
note() {
    echo "$1: active=$(show ActiveState) pid=$(show MainPID)" \\
        "restarts=$(show NRestarts) result=$(show Result)" \\
        "keys=$(child keys) mail=$(child mail)" \\
        "status=$(show StatusText)" >>"$top/notes"
}
# crash NAME: and wait for the next one to serve.
crash() {
    old=$(child $1); kill -SEGV $old
    n=0
    until new=$(child $1) && [ "${new:-$old}" != $old ] && grep -q \\
        "the $1 process ($new) is in service" /run/test/log ||
        [ $n -ge 300 ]; do
        sleep 0.1; n=$((n + 1))
    done
}
# until PROPERTY VALUE
until_() {
    n=0
    while [ "$(show "$1")" != "$2" ] && [ $n -lt 300 ]; do
        sleep 0.1; n=$((n + 1))
    done
}
top=$1
n=0
until systemctl list-units >/dev/null 2>&1 || [ $n -gt 100 ]; do
    sleep 0.1; n=$((n + 1))
done
systemctl start mailseald && note start
systemctl reload mailseald && note reload
sleep 9; note watched
crash keys; note keys_died
crash mail; note mail_died
kill -STOP "$(show MainPID)"
until_ NRestarts 1; until_ ActiveState active; note hung
kill -KILL "$(show MainPID)"
until_ NRestarts 2; until_ ActiveState active; note killed
mv /run/test/mailseald.conf /run/test/away
kill -KILL "$(show MainPID)"
until_ NRestarts 5
mv /run/test/away /run/test/mailseald.conf
until_ ActiveState active; note mended
systemctl stop mailseald && note stop
cat /run/test/log
systemctl poweroff --force --force
'''


def write_files(top):
    """The unit as it is installed, and what changes it."""
    with open(os.path.join(tree.BUILD, 'etc', 'mailseald.service'),
              encoding='ascii') as f:
        proc.write(os.path.join(top, 'mailseald.service'), f.read())
    shutil.copy(tree.MAILSEALD, top)
    for name, text in (('mailseald.conf', CONF), ('zone', ''),
                       ('changes', CHANGES), ('play', PLAY)):
        proc.write(os.path.join(top, name), text)


def read_notes(top):
    notes = {}
    try:
        with open(os.path.join(top, 'notes'), encoding='utf-8') as f:
            for line in f:
                name, rest = line.split(': ', 1)
                notes[name] = dict(re.findall(r'(\w+)=(\S*)', rest),
                                   text=rest)
    except FileNotFoundError:
        pass
    return notes


def check_children(note, log):
    """The daemon starts them again, not systemd."""
    before, keys, mail = (note(x) for x in ('watched', 'keys_died',
                                            'mail_died'))
    for now in (before, keys, mail):
        tap.is_((now['active'], now['pid'], now.get('restarts')),
                ('active', before['pid'], '0'), 'the unit goes on', log)
        tap.ok(now.get('keys') and now.get('mail'), 'it has keys and mail',
               now)
    tap.ok(before.get('keys') != keys.get('keys') and
           before.get('mail') == keys.get('mail'), 'keys died: another one',
           log)
    tap.ok(keys.get('mail') != mail.get('mail') and
           keys.get('keys') == mail.get('keys'), 'mail died: another one', log)


def check(notes, log):
    def note(name):
        return notes.get(name, {'active': None, 'pid': None, 'text': ''})

    names = ('start', 'reload', 'watched', 'hung', 'killed', 'mended')
    for name in names:
        tap.is_(note(name)['active'], 'active', name + ': active', log)
        tap.contains(note(name)['text'], 'in service', name + ': its status')
    pids = [note(name)['pid'] for name in names]
    tap.ok(pids[0] == pids[1] == pids[2],
           'one process through a reload and two periods of the watchdog', pids)
    check_children(note, log)
    tap.is_(len(set(pids[2:])), 4, 'another one after it hung, was killed, '
            'and could not start for a while', pids)
    tap.is_((note('stop')['active'], note('stop').get('result')),
            ('inactive', 'success'), 'systemctl stop: it ends well', log)


def main():
    if os.geteuid() != 0 or not os.path.exists(SYSTEMD) or \
            not shutil.which('unshare'):
        tap.skip_all('needs root, systemd and unshare(1)')
    top = proc.folder()
    write_files(top)
    with open(os.path.join(top, 'console'), 'wb') as console:
        subprocess.run(
            ['timeout', '-k', '5', str(LIMIT_S), 'unshare', '--fork', '--pid',
             '--kill-child', '--mount', '--uts', '--ipc', '--net', '--cgroup',
             '--mount-proc', 'sh', '-c', BEGIN, top],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            check=False, start_new_session=True)
    log = ''
    for name in ('console', 'played'):
        path = os.path.join(top, name)
        if os.path.exists(path):
            with open(path, encoding='utf-8', errors='replace') as f:
                log += f.read()[-3000:]
    check(read_notes(top), log)


tap.main(main)
