# SPDX-License-Identifier: BSD-2-Clause
"""No private key is in the memory of the process that handles mail, nor in the
parent's, and no password of a key store in the former: all that it can read is
searched, after the start, after signatures, after a reload, after the keys were
replaced, and after processes were. The same search finds them in the process
that signs. And what descriptors each process has."""
import base64
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import milter  # noqa: E402
import peers  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
SIGNATURES = 200

# What each process may have open: a pattern of /proc/PID/fd, and why.
STANDARD = ((r'/dev/null', 'standard input'),
            (r'%s/.*/log' % re.escape(TOP), 'standard output and error'))
DESCRIPTORS = {
    'parent': STANDARD + (
        (r'socket:\[\d+\]', 'where the MTA connects, the service manager, the '
         'processes, syslog'),
        (r'pipe:\[\d+\]', 'what a process that died says'),
        (r'/memfd:(configuration|picture)', 'what a process that is started '
         'again gets'),
    ),
    'keys': STANDARD + (
        (r'socket:\[\d+\]', 'requests, and the parent'),
        (r'pipe:\[\d+\]', 'what it says when it dies'),
        (r'%s/keystore(/.*)?' % re.escape(TOP), 'the key store'),
    ),
    'mail': STANDARD + (
        (r'socket:\[\d+\]', 'MTAs, name servers, keys, the parent'),
        (r'pipe:\[\d+\]', 'what it says when it dies, wakes of threads'),
        (r'anon_inode:\[(eventfd|eventpoll)\]', 'waits'),
        (r'%s/.*/reports\.db(-wal|-shm|-journal)?' % re.escape(TOP),
         'the database of reports'),
    ),
}


def sign(daemon, n, domain='example.com'):
    """n messages on one connection; how many were signed."""
    client = milter.Client(daemon.path)
    client.connect('client.example', '127.0.0.1')
    client.helo()
    signed = 0
    for i in range(n):
        client.mail(sender='<joe@%s>' % domain, queue_id='Q%d' % i)
        client.rcpt()
        client.step('T')
        client.header('From', ' joe@' + domain)
        client.header('Subject', ' number %d' % i)
        client.eoh()
        client.body(b'body\r\n')
        _, changes = client.eom()
        signed += any(b'DKIM-Signature' in c for c in changes)
    client.quit()
    return signed


def look(daemon, needles, kept, when):
    """needles: none of them is in the mail process, nor in the parent; kept:
    each of them has a form that is in the keys process."""
    found = roles.wait(daemon.server.pid)
    for role in ('mail', 'parent'):
        there, read = roles.search(found[role], needles)
        tap.is_(there, {}, '%s: %s has no part of a private key' % (when,
                                                                    role))
        tap.ok(read > 1 << 20, '%s: and its memory was read' % when,
               str(read))
    there, _ = roles.search(found['keys'], needles)
    values = {k.split(',')[0] for k in there}
    missing = [k for k in kept if not values & {k}]
    tap.is_(missing, [], '%s: the same search finds them in keys' % when)


def of_keys(paths):
    """(all needles, the names of those that keys must have)"""
    needles, kept = {}, []
    for path in paths:
        own = roles.secrets(path)
        needles.update(own)
        kept += sorted({n.split(',')[0] for n in own if 'PEM' not in n})
    return needles, kept


def test_files(first, second):
    daemon = seald.Seald(TOP, {
        'Domain': 'example.com', 'Selector': [k.selector for k in first],
        'KeyFile': [k.path for k in first], 'Mode': 's',
        'InternalHosts': '127.0.0.1'}, 'files')
    needles, kept = of_keys([k.path for k in first])
    look(daemon, needles, kept, 'KeyFile, start')
    tap.is_(sign(daemon, SIGNATURES), SIGNATURES, 'all are signed')
    look(daemon, needles, kept, 'KeyFile, %d signatures' % SIGNATURES)
    daemon.reload('is in service')
    tap.is_(sign(daemon, 10), 10, 'and after a reload')
    look(daemon, needles, kept, 'KeyFile, reload')
    daemon.configure(Selector=[k.selector for k in second],
                     KeyFile=[k.path for k in second])
    daemon.reload('is in service')
    tap.is_(sign(daemon, 10), 10, 'and with other keys')
    more, kept = of_keys([k.path for k in second])
    look(daemon, {**needles, **more}, kept, 'KeyFile, other keys')
    look_at_descriptors(daemon)
    before = len(roles.descriptors(daemon.server.pid))
    replace(daemon, 'keys')
    replace(daemon, 'mail')
    # The next keys process brings its first set, which is passed on.
    tap.ok(proc.wait_for(lambda: len(roles.descriptors(daemon.server.pid)) ==
                         before, 'as many descriptors as before'),
           'of those that were replaced, the parent has none')
    tap.is_(sign(daemon, 10), 10, 'and by other processes')
    look(daemon, {**needles, **more}, kept, 'KeyFile, other processes')
    look_at_descriptors(daemon)
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def replace(daemon, role):
    before = roles.find(daemon.server.pid)[role]
    os.kill(before, 9)
    roles.wait(daemon.server.pid, without=[before])
    roles.settle(daemon)


def new_key(store, selector, kind):
    """An active key in a directory; its path."""
    status, _, err = proc.run([tree.DKIMKEYGEN, 'new', '-K', store, '-d',
                               'example.com', '-s', selector, '-t', kind])
    tap.is_(status, 0, 'a new key of the store', err)
    seald.set_stage(store, 'example.com', selector, 'active')
    return os.path.join(store, 'example.com', selector + '.private')


def test_store():
    """Keys of a directory, and their successors."""
    store = os.path.join(TOP, 'keystore')
    first = [new_key(store, 'a', 'rsa'), new_key(store, 'b', 'ed25519')]
    daemon = seald.Seald(TOP, {'KeyStore': store, 'Mode': 's', 'Metrics':
                               'unix:%s/store/metrics' % TOP, 'ReportStore':
                               'sqlite:%s/store/reports.db' % TOP,
                               'ReportFrom': 'r@example.com',
                               'InternalHosts': '127.0.0.1'}, 'store')
    needles, kept = of_keys(first)
    tap.is_(sign(daemon, 10), 10, 'KeyStore: all are signed')
    look(daemon, needles, kept, 'KeyStore')
    second = [new_key(store, 'c', 'rsa'), new_key(store, 'd', 'ed25519')]
    for selector in 'ab':
        seald.set_stage(store, 'example.com', selector, 'retired')
    daemon.reload('is in service')
    tap.is_(sign(daemon, 10), 10, 'KeyStore: successors sign')
    more, kept = of_keys(second)
    look(daemon, {**needles, **more}, kept, 'KeyStore, successors')
    replace(daemon, 'keys')
    tap.is_(sign(daemon, 10), 10, 'KeyStore: another keys process signs')
    look(daemon, {**needles, **more}, kept, 'KeyStore, another process')
    look_at_descriptors(daemon)
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def look_at_descriptors(daemon):
    found = roles.wait(daemon.server.pid)
    for role, pid in found.items():
        rows = [re.compile('^(%s)( \\(deleted\\))?$' % pattern)
                for pattern, _ in DESCRIPTORS[role]]
        unknown = {n: what for n, what in roles.descriptors(pid).items()
                   if not any(r.match(what) for r in rows)}
        tap.is_(unknown, {}, '%s: no descriptor without a row' % role)
        tap.ok(len(roles.descriptors(pid)) > 2, '%s: and some with' % role)
    listening = socket_inode(daemon.path)
    tap.ok(listening is not None, 'the socket is in /proc/net/unix')
    holders = sorted(role for role, pid in found.items() if
                     'socket:[%s]' % listening in
                     roles.descriptors(pid).values())
    tap.is_(holders, ['mail', 'parent'], 'keys does not have the socket of '
            'the MTA')


def socket_inode(path):
    with open('/proc/net/unix', encoding='utf-8') as f:
        for line in f:
            words = line.split()
            if len(words) == 8 and words[7] == path and words[3] != '00000000':
                return words[6]
    return None


def test_table(keys):
    """A KeyTable with a path and with a key in its text."""
    path, inline = keys
    with open(inline.traditional, encoding='ascii') as f:
        text = ''.join(line.strip() for line in f if line[0] != '-')
    table = proc.write(os.path.join(TOP, 'keytable'),
                       'a example.com:a:%s\nb example.org:b:%s\n' % (
                           path.path, text), 0o600)
    rules = proc.write(os.path.join(TOP, 'signingtable'),
                       '*@example.com a\n*@example.org b\n', 0o600)
    daemon = seald.Seald(TOP, {
        'KeyTable': table, 'SigningTable': 'refile:' + rules, 'Mode': 's',
        'InternalHosts': '127.0.0.1'}, 'table')
    needles, kept = of_keys([k.path for k in keys])
    middle = len(text) // 2
    needles['the KeyTable'] = text[middle:middle + 24].encode()
    needles['the KeyTable, decoded'] = base64.b64decode(
        text[middle // 4 * 4:middle // 4 * 4 + 32])
    tap.is_(sign(daemon, 5), 5, 'KeyTable: a path')
    tap.is_(sign(daemon, 5, 'example.org'), 5, 'KeyTable: a key in it')
    look(daemon, needles, kept, 'KeyTable')
    daemon.reload('is in service')
    tap.is_(sign(daemon, 5, 'example.org'), 5, 'KeyTable: after a reload')
    look(daemon, needles, kept, 'KeyTable, reload')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def look_for_password(daemon, needles, when):
    """In memory, and in what each process has open."""
    found = roles.wait(daemon.server.pid)
    there, read = roles.search(found['mail'], needles)
    tap.is_(there, {}, '%s: mail has no password of a key store' % when)
    tap.ok(read > 1 << 20, '%s: and its memory was read' % when, str(read))
    there, _ = roles.search(found['keys'], needles)
    tap.ok(there, '%s: the same search finds it in keys' % when)
    held = [n for n in roles.descriptors(found['mail'])
            if any(v in read_memfd(found['mail'], n)
                   for v in needles.values())]
    tap.is_(held, [], '%s: nor a file that has it' % when)


def read_memfd(pid, n):
    path = '/proc/%d/fd/%d' % (pid, n)
    try:
        if not os.readlink(path).startswith('/memfd:'):
            return b''
        with open(path, 'rb') as f:
            return f.read()
    except OSError:
        return b''


def test_password(key):
    """The database of a KeyStore, and the same line as a comment. The server
    takes any password."""
    why = postgres.unavailable()
    if why:
        tap.skip('a password of a key store', why)
        return
    server = postgres.Postgres(os.path.join(TOP, 'postgres'))
    words = [base64.b32encode(os.urandom(20)).decode() for _ in range(4)]
    daemon = seald.Seald(TOP, {
        'KeyStore': '%s password=%s' % (server.store('relay'), words[0]),
        '#KeyStore': 'postgres:host=elsewhere password=' + words[1],
        'Domain': 'example.com', 'Selector': key.selector,
        'KeyFile': '%s # not %s' % (key.path, words[2]), 'Mode': 's',
        'InternalHosts': '127.0.0.1'}, 'password')
    needles = {'password %d' % i: w[:-1].encode()
               for i, w in enumerate(words)}
    look_for_password(daemon, needles, 'start')
    tap.is_(sign(daemon, 5), 5, 'all are signed')
    daemon.reload('is in service')
    tap.is_(sign(daemon, 5), 5, 'all are signed after a reload')
    look_for_password(daemon, needles, 'reload')
    daemon.configure(KeyStore='%s password=%s connect_timeout=3' % (
        server.store('relay'), words[3]))
    daemon.reload('is in service')
    look_for_password(daemon, needles, 'another password')
    replace(daemon, 'mail')
    look_for_password(daemon, needles, 'another mail process')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def limits(pid):
    with open('/proc/%d/limits' % pid, encoding='utf-8') as f:
        return f.read()


def test_limits(keys):
    """What holds for the processes, by what the kernel says of them."""
    daemon = seald.Seald(TOP, {
        'Domain': 'example.com', 'Selector': keys[0].selector,
        'KeyFile': keys[0].path, 'InternalHosts': '127.0.0.1'}, 'limits')
    found = roles.wait(daemon.server.pid)
    sign(daemon, 3)
    for role in ('keys', 'mail'):
        pid = found[role]
        tap.is_(roles.status(pid, 'NoNewPrivs'), '1',
                '%s: no new privileges' % role)
        tap.ok(re.search(r'Max core file size\s+0\s+0', limits(pid)),
               '%s: no core file' % role)
        tap.is_(os.stat('/proc/%d/mem' % pid).st_uid, 0,
                '%s: its memory is for nobody' % role)
        tap.is_(roles.status(pid, 'Seccomp'), '2', '%s: seccomp' % role)
        blocked = [t for t in roles.threads(pid) if
                   int(roles.status_of_thread(pid, t, 'SigBlk'), 16) >> 30 & 1]
        tap.is_(blocked, [], '%s: no thread blocks SIGSYS' % role)
        with open('/proc/%d/maps' % pid, encoding='utf-8') as f:
            writable = [line for line in f if re.match(r'\S+ .wx', line)]
        tap.is_(writable, [], '%s: no memory is writable and executable' %
                role)
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def main():
    if os.geteuid() != 0:
        tap.skip_all('only root can read the memory of the processes')
    if tree.is_sanitized():
        tap.skip_all('the shadow memory of a sanitizer is too large to read')
    first = [k for k in peers.keys(TOP) if k.selector != 'r1']
    other = os.path.join(TOP, 'other')
    os.mkdir(other)
    second = [k for k in peers.new_keys(other) if k.selector != 'r1']
    test_files(first, second)
    test_table([first[0], second[0]])
    test_store()
    test_password(first[0])
    test_limits(first)


tap.main(main)
