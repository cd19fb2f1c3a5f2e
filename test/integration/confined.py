# SPDX-License-Identifier: BSD-2-Clause
"""mailseald starts, signs, reloads and ends where it is given little: as user
nobody without any capability, under a root that is read-only, with the system
calls of the unit; and as root, from which it drops to UserID. In each case both
processes have all of their sandbox."""
import ctypes
import os
import pwd
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import milter  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

NOBODY = 'nobody'
UNIT = os.path.join(tree.SRC, 'etc', 'mailseald.service.in')
ALLOW, ERRNO, EPERM = 0x7fff0000, 0x00050000, 1
MASKED_EQ = 7
PROT_WRITE, PROT_EXEC = 2, 4
NO_PRIVILEGES = ['setpriv', '--reuid=' + NOBODY, '--regid=%d' % pwd.getpwnam(
    NOBODY).pw_gid, '--clear-groups', '--bounding-set=-all', '--inh-caps=-all',
    '--no-new-privs']


class Comparison(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int),
                ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


def named_set(name):
    """The calls of a set of systemd's, as it prints them."""
    _, out, _ = proc.run(['systemd-analyze', 'syscall-filter', name])
    found = set()
    for line in out.decode().splitlines():
        line = line.strip()
        if line.startswith('@') and line != name:
            found |= named_set(line)
        elif re.fullmatch('[a-z0-9_]+', line):
            found.add(line)
    return found


def unit_calls():
    """What the unit's lines come to."""
    allowed = set()
    with open(UNIT, encoding='ascii') as f:
        for value in re.findall('^SystemCallFilter=(.*)$', f.read(), re.M):
            away = value.startswith('~')
            for word in value.lstrip('~').split():
                calls = named_set(word) if word[0] == '@' else {word}
                allowed = allowed - calls if away else allowed | calls
    return allowed


def become_unit(argv):
    """Restricts this process as the unit does, and runs a program."""
    lib = ctypes.CDLL('libseccomp.so.2')
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(ERRNO | EPERM))
    refuse = ERRNO | EPERM

    def add(action, name, *comparisons):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        rows = (Comparison * len(comparisons))(*comparisons)
        lib.seccomp_rule_add_array(context, ctypes.c_uint32(action), number,
                                   len(comparisons), rows)
    special = {'mmap', 'mprotect', 'pkey_mprotect'}
    for name in sorted(unit_calls() - special):
        add(ALLOW, name)
    # MemoryDenyWriteExecute
    both = PROT_WRITE | PROT_EXEC
    for bits in (0, PROT_WRITE, PROT_EXEC):
        add(ALLOW, 'mmap', Comparison(2, MASKED_EQ, both, bits))
    add(ALLOW, 'mprotect', Comparison(2, MASKED_EQ, PROT_EXEC, 0))
    add(refuse, 'pkey_mprotect')
    if lib.seccomp_load(context) != 0:
        sys.exit('seccomp_load')
    os.execv(argv[0], argv)


def sign(daemon):
    client = milter.Client(daemon.path)
    client.connect('client.example', '127.0.0.1')
    client.helo()
    client.mail(queue_id='Q')
    client.rcpt()
    client.step('T')
    client.header('From', ' joe@example.com')
    client.eoh()
    client.body(b'body\r\n')
    _, changes = client.eom()
    client.quit()
    return any(b'DKIM-Signature' in c for c in changes)


def check(top, name, prefix, options):
    daemon = seald.Seald(top, options, name, start=False)
    for path in (daemon.top, daemon.conf):
        shutil.chown(path, NOBODY)
    hosts = proc.write(os.path.join(daemon.top, 'hosts'), '127.0.0.1\n')
    daemon.configure(InternalHosts=hosts)
    shutil.chown(daemon.conf, NOBODY)
    daemon.prefix = prefix
    daemon.start()
    roles.settle(daemon)
    found = roles.wait(daemon.server.pid)
    tap.ok(sign(daemon), name + ': a message is signed')
    for role, pid in sorted(found.items()):
        tap.is_(roles.status(pid, 'Uid').split()[:3],
                [str(pwd.getpwnam(NOBODY).pw_uid)] * 3,
                '%s: %s is user nobody' % (name, role))
        tap.is_(roles.status(pid, 'CapEff').strip('0'), '',
                '%s: %s has no capability' % (name, role))
    if not tree.is_sanitized():
        for role in ('keys', 'mail'):
            tap.is_((roles.status(found[role], 'Seccomp'),
                     roles.status(found[role], 'NoNewPrivs')), ('2', '1'),
                    '%s: %s has its list of calls' % (name, role))
        # Of its own: one filter more than the process that started it.
        of = {r: int(roles.status(p, 'Seccomp_filters') or 0)
              for r, p in found.items()}
        tap.is_((of['keys'], of['mail']),
                (of['parent'] + 1,) * 2,
                name + ': one more than the parent has')
        lacks = [line for line in daemon.log_text().splitlines()
                 if 'Landlock' in line or 'seccomp' in line]
        tap.is_(lacks if roles.has_landlock() else [], [],
                name + ': nothing lacks')
    # As an editor does: another file of the same name.
    other = proc.write(hosts + '.new', '127.0.0.1\n10.0.0.1\n')
    os.rename(other, hosts)
    daemon.reload('is in service')
    tap.ok(sign(daemon), name + ': and after a reload')
    tap.ok('Permission denied' not in daemon.log_text(),
           name + ': the list was replaced, and read')
    tap.is_(roles.find(daemon.server.pid), found, name + ': nobody died')
    tap.is_(daemon.stop(), 0, name + ': ends well')


def main():
    if os.geteuid() != 0:
        tap.skip_all('needs root')
    if tree.is_sanitized():
        tap.skip_all('a sanitizer makes calls that the unit forbids')
    top = proc.folder()
    os.chmod(top, 0o755)
    key = [k for k in peers.keys(top) if k.selector == 'r2'][0]
    shutil.chown(key.path, NOBODY)
    options = {'Domain': 'example.com', 'Selector': key.selector,
               'KeyFile': key.path, 'Mode': 's'}
    check(top, 'no capabilities', NO_PRIVILEGES, options)
    code, _, _ = proc.run(['unshare', '-m', 'true'])
    if code == 0:
        check(top, 'read-only', [
            'unshare', '-m', 'sh', '-c', 'mount --bind "$0" "$0" && '
            'mount -o remount,bind,ro / && exec "$@"', top,
            *NO_PRIVILEGES], options)
    else:
        tap.skip('a root that is read-only', 'no mount namespaces')
    if shutil.which('systemd-analyze') and unit_calls():
        check(top, 'unit', [*NO_PRIVILEGES, sys.executable,
                            os.path.abspath(__file__), 'unit'], options)
    else:
        tap.skip('the calls of the unit', 'no systemd-analyze')
    check(top, 'root', [], dict(options, UserID=NOBODY))


if sys.argv[1:2] == ['unit']:
    become_unit(sys.argv[2:])
tap.main(main)
