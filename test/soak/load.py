#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon under the load generator, with good and hostile mail mixed, many
connections that come and go, reloads in between, and the second opinion asked
about every message. Each sender in turn brings all of it: one of ours, one who
may, one who may not, and those whose SPF policies are bombs.
SOAK_SECONDS makes it last that long, with a reload each second, and looks at
its memory. Half-way the keys are replaced. At the end none of the three
processes may have leaked anything or touched what is not its own: a sanitizer
build says so by itself, any other build runs under valgrind."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ['top_srcdir'], 'test', 'lib'))
import hostile  # noqa: E402
import proc  # noqa: E402
import roles  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402


def sanitized(program):
    symbols = subprocess.run(['nm', program], capture_output=True, check=True)
    return b'__asan_init' in symbols.stdout or \
        b'__tsan_init' in symbols.stdout


SENDERS = (
    # ip, HELO, MAIL FROM
    ('127.0.0.1', 'localhost', 'alice@example.com'),
    ('192.0.2.1', 'mx.example.com', 'alice@example.com'),
    ('203.0.113.7', 'evil.example', 'alice@example.com'),
    ('203.0.113.7', '[203.0.113.7]', ''),
    ('192.0.2.66', 'ptr.bomb', 'x@ptr.bomb'),
    ('2001:db8::1', 'x', 'x@loop.bomb'),
    ('203.0.113.7', 'x', '"a b"@deep0.bomb'),
    ('203.0.113.7', 'x', 'x@mx.bomb'),
    ('203.0.113.7', '%{d}', 'x%y@macro.bomb'),
    ('203.0.113.7', 'x', 'x@slow.bomb'),
)


def bombs():
    """Zone text of hostile policies."""
    lines = ['$ORIGIN bomb.', 'loop TXT "v=spf1 include:loop.bomb -all"',
             'ptr TXT "v=spf1 ptr -all"',
             'mx TXT "v=spf1 mx:a.mx.bomb mx:b.mx.bomb mx:c.mx.bomb -all"',
             'macro TXT "v=spf1 exists:%{ir}.%{l9r-}.%{p}.bomb -all"',
             'slow SERVFAIL', '_dmarc.slow SERVFAIL',
             '_dmarc.long TXT "v=DMARC1; p=reject" ' + '"; p=none; x=y"' * 400]
    lines += ['deep%d TXT "v=spf1 include:deep%d.bomb -all"' % (i, i + 1)
              for i in range(30)]
    lines += ['66.2.0.192.in-addr.arpa. PTR p%d.bomb.' % i for i in range(100)]
    lines += ['%s.mx MX %d m%d' % (x, i, i) for x in 'abc' for i in range(20)]
    return '\n'.join(lines) + '\n'


# What glibc keeps of threads that run until the end, libmilter's above all.
SUPPRESSIONS = """{
   threads
   Memcheck:Leak
   match-leak-kinds: possible
   fun:calloc
   ...
   fun:_dl_allocate_tls
   ...
   fun:pthread_create*
}
"""


def new_key(store, selector):
    """An active key of a directory."""
    proc.run([tree.DKIMKEYGEN, 'new', '-K', store, '-d', 'example.org', '-s',
              selector, '-t', 'ed25519'])
    seald.set_stage(store, 'example.org', selector, 'active')


# Of the keys process until it is told to end, without connections.
LASTING_THREADS = 4


def started(pid):
    """When; valgrind does not show titles, and keys is first."""
    with open('/proc/%d/stat' % pid, encoding='ascii') as f:
        return int(f.read().rpartition(')')[2].split()[19])


def count_threads(pid):
    try:
        return len(os.listdir('/proc/%d/task' % pid)) \
            if seald.is_running(pid) else 0
    except FileNotFoundError:
        return 0


def stop_patiently(server):
    """Its exit status. The parent would kill a keys process that needs long
    for its report: it is stopped from when it has told that one to end."""
    keys = min(seald.children(server.pid), key=started)
    server.signal(signal.SIGTERM)
    proc.wait_for(lambda: count_threads(keys) < LASTING_THREADS, 'the end')
    server.signal(signal.SIGSTOP)
    proc.wait_for(lambda: not seald.is_running(keys), 'the end of keys')
    server.signal(signal.SIGCONT)
    return server.stop(patience_s=60)


def check_valgrind(work, pids):
    """Its report of each process, which is complete only if that one ended by
    itself."""
    names = {'valgrind.%d' % pid for pid in pids}
    tap.is_({n for n in os.listdir(work) if n.startswith('valgrind.')}, names,
            'a report of parent, keys and mail')
    for name in sorted(names):
        with open(os.path.join(work, name), encoding='utf-8') as f:
            text = f.read()
        clean = 'ERROR SUMMARY: 0 errors' in text and (
            'no leaks are possible' in text or all(
                '%s lost: 0 bytes in 0 blocks' % kind in text for kind in
                ('definitely', 'indirectly', 'possibly')))
        tap.ok(clean, name + ': no leak, no error', text[-8000:])


def main():
    daemon = tree.program('milter/mailseald')
    quick = sanitized(daemon)
    work = proc.folder()
    path = lambda name: os.path.join(work, name)  # noqa: E731
    # valgrind makes signing slow, with a long key even more so.
    proc.run([tree.program('keys/dkimkeygen'), 'new', '-d', 'example.com',
              '-s', 's', '-b', '1024', '-D', work])
    with open(path('s.txt'), encoding='ascii') as f:
        record = f.read()
    with open(path('zone'), 'w', encoding='ascii') as f:
        f.write('$ORIGIN example.com.\n' + record +
                '@ TXT "v=spf1 ip4:192.0.2.1 -all"\n'
                '_dmarc TXT "v=DMARC1; p=reject; np=quarantine"\n' + bombs())
    files = []
    good = (b'From: Alice <alice@example.com>\r\nTo: bob@example.net\r\n'
            b'Subject: good\r\n\r\n' + b'A line of text.\r\n' * 100)
    status, signed, err = proc.run(
        [tree.program('tools/mailseal'), 'sign', '--domain', 'example.com',
         '--selector', 's', '--key', path('s.private')], good)
    tap.ok(status == 0, 'a good message is signed ' + err)
    messages = [signed, signed + b'More.\r\n', good]
    messages += [m for _, m in hostile.authored('example.com')]
    messages += [m for _, m in hostile.others()]
    messages.append(good.replace(b'example.com', b'example.org'))
    for i, message in enumerate(messages):
        files.append(path('%02d.eml' % i))
        with open(files[-1], 'wb') as f:
            f.write(message)
    new_key(path('store'), 'a')
    conf = path('mailseald.conf')
    with open(conf, 'w', encoding='ascii') as f:
        f.write(f"""Socket unix:{path('sock')}
Background no
KeyStore {path('store')}
LogTarget stderr
LogFormat json
Domain example.com
Selector s
KeyFile {path('s.private')}
AuthservID mx.example.net
Zone {path('zone')}
SecondOpinion all
OnDMARCReject reject
RejectNeedsSecondOpinion yes
ReceivedSPF yes
TrustedRelays 198.51.100.0/24
DomainRules slow.bomb reject
{'' if quick else 'Sandbox no'}
""")
    argv = [daemon, '-f', '-c', conf]
    if not quick:
        if not shutil.which('valgrind'):
            tap.skip_all('needs valgrind or a sanitizer build')
        argv = ['valgrind', '--log-file=' + path('valgrind.%p'),
                '--fair-sched=try', '--error-exitcode=99',
                '--leak-check=full',
                '--errors-for-leak-kinds=definite,possible',
                '--show-leak-kinds=definite,indirect,possible',
                '--suppressions=' + proc.write(path('suppressions'),
                                               SUPPRESSIONS),
                '--num-callers=30'] + argv
    server = proc.Server(argv, path('log'),
                         ready=lambda: proc.unix_open(path('sock')))
    seconds = float(os.environ.get('SOAK_SECONDS', '0'))
    connections = 8 if quick else 2
    # Each message once, or three times.
    count = 10 ** 9 if seconds else -(-len(files) // connections) * (
        3 if quick else 1)
    runs = 0
    sizes = []
    for i, (ip, helo, sender) in enumerate(SENDERS):
        if i == len(SENDERS) // 2:
            new_key(path('store'), 'b')
            seald.set_stage(path('store'), 'example.org', 'a', 'retired')
        load = subprocess.Popen(
            [tree.program('test/bench/load'), '--milter',
             'unix:' + path('sock'), '--connections', str(connections),
             '--seconds', str(seconds / len(SENDERS) or 300), '--count',
             str(count), '--reconnect', '7', '--ip', ip, '--helo', helo,
             '--mail-from', sender] + files,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if seconds:
            # As long as it lasts: a reload each second.
            while load.poll() is None:
                server.signal(signal.SIGHUP)
                time.sleep(1)
                sizes.append(roles.rss_kib(server.pid))
        else:
            for _ in range(3):
                time.sleep(0.2)
                server.signal(signal.SIGHUP)
        out, err = load.communicate(timeout=300)
        result = json.loads(out) if out else {}
        runs += result.get('messages', 0)
        tap.ok(load.returncode == 0 and result.get('errors') == 0,
               'every message from %s was answered: %s' % (
                   sender or ip, err.decode() + str(result)))
    tap.ok(runs == len(SENDERS) * count * connections or (seconds and runs),
           'no message was lost: %d' % runs)
    with open('/proc/%d/status' % server.pid, encoding='ascii') as f:
        tap.diag(''.join(x for x in f if x.startswith(('VmHWM', 'VmRSS'))))
    if sizes:
        half = len(sizes) // 2
        tap.ok(max(sizes[half:]) <= 1.25 * max(sizes[:half]),
               'its memory does not grow: %d KiB, then %d KiB' % (
                   max(sizes[:half]), max(sizes[half:])))
    tap.ok(server.alive(), 'the daemon is still there')
    pids = [server.pid] + seald.children(server.pid)
    status = server.stop(patience_s=60) if quick else stop_patiently(server)
    tap.is_(status, 0, 'it ends well: no leak, no error')
    log = server.log_text()
    if status != 0:
        tap.diag(log[-8000:])
    if not quick:
        check_valgrind(work, pids)
    # The exit status is that of the parent and of mail.
    tap.ok('Sanitizer' not in log, 'nor does a sanitizer find any',
           log[-8000:])
    lines = [line for line in log.splitlines() if '"direction"' in line]
    tap.is_(len(lines), runs, 'one log line for each message')
    bad = [line for line in lines if not _is_json(line)]
    tap.is_(bad[:1], [], 'each of them is JSON')


def _is_json(line):
    try:
        json.loads(line)
        return True
    except ValueError:
        return False


if __name__ == '__main__':
    tap.main(main)
