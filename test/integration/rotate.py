# SPDX-License-Identifier: BSD-2-Clause
"""dkimkeygen rotate against a DNS server that takes updates: two rotations by
an accelerated clock, killed at any point, and servers that do not agree."""
import json
import os
import random
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import knot  # noqa: E402
from life import DAY, Life  # noqa: E402
import nameserver  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
NEGATIVE = 300
ZONE = '''@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.2
'''
KILLS = 15 if tree.is_sanitized() else 50


def check_active(life, what):
    """Each active key's record is there."""
    active = life.active()
    wrong = [k['selector'] for k in active if
             (life.published(k['selector']) or b'').decode() != k['record']]
    return tap.ok(active and not wrong, what, 'active: %s, not in DNS: %s' % (
        [k['selector'] for k in active], wrong))


def test_two_rotations(dns):
    life = Life(os.path.join(TOP, 'two'), dns)
    life.new('-s', 'r0')
    life.new('-s', 'e0', '-t', 'ed25519')
    status, line = life.rotate()
    tap.is_(status, 0, 'the first run')
    tap.is_(life.stages(), {'r0': 'published', 'e0': 'published'},
            'both are published at once', line)
    life.rotate(later=NEGATIVE - 1)
    tap.is_(life.active(), [], 'not before the negative TTL is over')
    life.rotate(later=1)
    tap.is_(life.stages(), {'r0': 'active', 'e0': 'active'}, 'then active')
    check_active(life, 'and both records are there')
    tap.is_(life.rotate()[1], life.rotate()[1],
            'a second run at that time does nothing')
    for turn, later in ((1, 90 * DAY), (2, 46 * DAY)):
        before = {k['selector'] for k in life.active()}
        life.rotate(later=later - 1)
        tap.is_({k['selector'] for k in life.active()}, before,
                'rotation %d: not before 90 days are over' % turn)
        life.rotate(later=1)
        tap.is_({k['selector'] for k in life.active()}, before,
                'the old keys sign until the new ones may')
        tap.is_(list(life.stages().values()).count('published'), 2,
                'two new ones are published')
        life.rotate(later=NEGATIVE)
        active = {k['selector'] for k in life.active()}
        tap.ok(len(active) == 2 and not active & before,
               'the new ones sign alone', str(life.stages()))
        tap.ok(all(life.stages()[s] == 'retired' for s in before),
               'the old ones are retired')
        check_active(life, 'the records of the new ones are there')
        tap.ok(all(b'p=' in life.published(s) and
                   not life.published(s).endswith(b'p=') for s in before),
               'so are those of the old ones')
        life.rotate(later=14 * DAY - 1)
        tap.ok(all(life.stages()[s] == 'retired' for s in before),
               'they stay as long as mail may be on its way')
        life.rotate(later=1)
        tap.is_({life.published(s) for s in before}, {b'v=DKIM1; p='},
                'then they are revoked in the DNS')
        life.rotate(later=30 * DAY)
        tap.is_([life.published(s) for s in before], [None, None],
                'and taken out at last')
        tap.ok(all(life.stages()[s] == 'removed' for s in before),
               'the store says so', str(life.stages()))
        tap.ok(not any(os.path.exists(os.path.join(
            life.store, 'example.com', s + '.private')) for s in before),
               'their private halves are destroyed')


def test_kill(dns):
    """Ended at any point, the next run goes on."""
    life = Life(os.path.join(TOP, 'kill'), dns, domain='kill.example')
    life.new('-s', 'k0')
    life.rotate()
    life.rotate(later=NEGATIVE)
    tap.is_(life.stages(), {'k0': 'active'}, 'a key is active')

    def timed():
        begin = time.monotonic()
        return life.rotate(), time.monotonic() - begin
    _, usual_s = timed()
    harmed, killed, i = [], 0, -1
    rng = random.Random(20261127)
    # More of them if the machine has become faster since.
    while i < KILLS - 1 or (killed <= KILLS // 4 and i < 4 * KILLS):
        i += 1
        life.now += 15 * DAY
        p = subprocess.Popen(life.rotate_argv(), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 2 * usual_s))
        p.send_signal(signal.SIGKILL)
        killed += p.wait() == -signal.SIGKILL
        try:
            if not life.active():
                harmed.append('%d: no active key' % i)
        except RuntimeError as e:
            harmed.append('%d: %s' % (i, e))
        life.now += NEGATIVE
        if i % 5 == 4:
            (status, line), usual_s = timed()
            if status != 0:
                harmed.append('%d: the next run: %s' % (i, line))
    tap.is_(harmed, [], 'killed %d times, nothing was harmed' % (i + 1))
    tap.ok(killed > KILLS // 4, '%d runs were still at work' % killed)
    life.rotate()
    life.rotate(later=NEGATIVE)
    check_active(life, 'at last the active key is in the DNS')
    tap.ok(len(life.stages()) > KILLS // 15, 'and keys were rotated',
           str(life.stages()))


def test_disagreement(dns):
    """Two servers of a zone that do not say the same."""
    text = '@ NS ns1.example.com.\n@ NS ns2.other.example.\n'
    other = knot.Knot(os.path.join(TOP, 'other-knot'),
                      {'differ.example': text}, ('127.0.0.3',), dns.port)
    life = Life(os.path.join(TOP, 'differ'), dns, {'RSABits': None},
                domain='differ.example')
    life.new('-s', 'd0')
    _, line = life.rotate('--dns-timeout', '1')
    tap.is_(life.stages(), {'d0': 'pending'}, 'on one server: pending')
    tap.contains(line, 'ns2.other.example: it has no record',
                 'the other one is named')
    record = life.keys()[0]['record']
    name = 'd0._domainkey.differ.example.'
    other.update('differ.example', 'update add %s 60 TXT "v=DKIM1; '
                 'p=MCowBQYDK2VwAyEA"' % name)
    _, line = life.rotate('--dns-timeout', '1', later=7200)
    tap.contains(line, 'another record is in its place (ns2.other',
                 'what is not ours is never touched')
    other.update('differ.example', 'update delete %s TXT' % name,
                 'update add %s 60 TXT "%s" "%s"' % (
                     name, record[:200], record[200:]))
    life.rotate('--dns-timeout', '1')
    tap.is_(life.stages(), {'d0': 'published'}, 'on both: published')
    argv = life.argv('check', '-d', 'differ.example', '--json',
                     '--nameserver', dns.nameserver, '--dns-timeout', '1')
    status, obj, _ = proc.run_json(argv)
    tap.is_((status, [(s['name'], s['says'])
                      for s in obj['keys'][0]['servers']]),
            (0, [('ns1.example.com', 'it has the record'),
                 ('ns2.other.example', 'it has the record')]),
            'check asks each of them', str(obj))
    tap.is_(obj['keys'][0]['servers'][1]['warnings'],
            ['its TTL is not that of the first server'], 'and sees their TTL')
    tap.is_(obj['keys'][0]['negative_ttl'], NEGATIVE, 'and the zone\'s SOA')
    other.stop()
    status, obj, _ = proc.run_json(argv)
    tap.is_((status, obj['keys'][0]['servers'][1]['says']),
            (1, 'it does not answer'), 'check: one does not answer')
    _, line = life.rotate('--dns-timeout', '1', later=NEGATIVE)
    tap.is_(life.stages(), {'d0': 'published'},
            'a server that does not answer: no step')
    tap.contains(line, 'ns2.other.example: it does not answer',
                 'it is named')


def test_doubled(dns):
    """A name that was entered with the zone's, without a dot at its end."""
    name = 't0._domainkey.cname.example.cname.example'
    dns.update('cname.example', 'update add %s. 60 TXT "v=DKIM1"' % name)
    life = Life(os.path.join(TOP, 'doubled'), dns, domain='cname.example')
    life.new('-s', 't0')
    _, line = life.rotate('--publish', 'print')
    tap.contains(line, "it has no record, but one at %s: the zone's name "
                 'occurs twice in it' % name, 'rotate: the name entered twice')
    dns.update('cname.example', 'update delete %s. TXT' % name)
    _, line = life.rotate('--publish', 'print')
    tap.ok('it has no record' in line and 'twice' not in line,
           'rotate: no record at all', line)


def test_delegation(dns):
    """_domainkey names that are CNAMEs into a zone of ours."""
    dns.update('cname.example', 'update add c0._domainkey.cname.example. 60 '
               'CNAME c0.cname.keys.example.')
    life = Life(os.path.join(TOP, 'cname'), dns, domain='cname.example')
    life.new('-s', 'c0')
    life.rotate()
    tap.is_(life.stages(), {'c0': 'published'},
            'the update goes to where the CNAME leads')
    tap.contains((nameserver.query_txt(dns.port, 'c0.cname.keys.example') or
                  b'').decode(), 'v=DKIM1', 'the record stands there')
    dns.update('cname.example', 'update add c1._domainkey.cname.example. 60 '
               'CNAME c1\\032x.cname.keys.example.')
    life.new('-s', 'c1')
    _, line = life.rotate()
    tap.ok(life.stages()['c1'] == 'pending' and
           'c1._domainkey.cname.example: ' in line,
           'one that leads to an odd name', line)


def test_hook(dns):
    """The contract: add or remove, JSON on standard input."""
    log = os.path.join(TOP, 'hook.log')
    hook = proc.write(os.path.join(TOP, 'hook.sh'), '#!/bin/sh\n'
                      '[ -e %s.fail ] && { echo sorry >&2; exit 3; }\n'
                      '{ echo "== $*"; cat; } >>%s\n' % (log, log), 0o755)
    life = Life(os.path.join(TOP, 'hook'), dns, {'Publish': 'hook:' + hook},
                domain='hook.example')
    life.new('-s', 'h0')
    proc.write(log + '.fail', '')
    status, line = life.rotate()
    tap.is_(status, 1, 'a hook that fails')
    tap.contains(line, 'status 3: sorry', 'its words are passed on')
    tap.contains(life.keys()[0]['waits_for'], 'failed to publish its record: ',
                 'and a list shows it')
    os.unlink(log + '.fail')
    status, line = life.rotate()
    tap.is_(status, 0, 'is run again the next time')
    tap.ok('failed' not in (life.keys()[0]['waits_for'] or ''), 'the list, too')
    with open(log, encoding='ascii') as f:
        what, _, text = f.read().partition('\n')
    asked = json.loads(text)
    tap.is_(what, '== add', 'what to do is its argument')
    tap.is_((asked['domain'], asked['selector'], asked['name'],
             asked['zone'], asked['ttl'], ''.join(asked['strings'])),
            ('hook.example', 'h0', 'h0._domainkey.hook.example',
             'hook.example', 3600, life.keys()[0]['record']),
            'and the record its input')
    life.rotate()
    with open(log, encoding='ascii') as f:
        tap.is_(f.read().count('== '), 1, 'not asked again at once')


def test_revoked_meanwhile(dns):
    """A hook of the first domain revokes the key of the second one, which the
    run has listed as pending, and rotates that domain."""
    log = os.path.join(TOP, 'race.log')
    hook = os.path.join(TOP, 'race.sh')
    life = Life(os.path.join(TOP, 'race'), dns, {'Publish': 'hook:' + hook},
                domain='hook.example')
    for domain in 'hook.example', 'told.example':
        proc.run(life.argv('new', '-d', domain, '-s', 'm0', '-t', 'ed25519'))
    name = ['-d', 'told.example']
    lines = [shlex.join(x) for x in (
        life.argv('revoke', *name, '-s', 'm0'),
        life.argv('rotate', *name, '--nameserver', dns.nameserver))]
    proc.write(hook, '#!/bin/sh\ngrep \'"domain"\' | sed "s/^/$1/" >>%s\n'
               'grep -q hook.example %s || exit 0\n'
               '[ -e %s.once ] && exit 0\n'
               ': >%s.once\n%s\n' % (log, log, log, log,
                                      '\n'.join(lines)), 0o755)
    status, line = life.rotate()
    tap.is_(status, 0, 'a key is revoked while the run is at another domain',
            line)
    tap.is_([k['stage'] for k in life.keys()], ['pending', 'revoked'],
            'it stays revoked')
    with open(log, encoding='ascii') as f:
        said = f.read()
    tap.is_([x.split()[0] for x in said.splitlines() if 'told' in x], [],
            'and is not published', said)


def test_failed_once(dns):
    """While a hook works for a second key a third one is made, so that the
    run reads the keys again."""
    log = os.path.join(TOP, 'once.log')
    hook = os.path.join(TOP, 'once.sh')
    life = Life(os.path.join(TOP, 'once'), dns, {'Publish': 'hook:' + hook},
                domain='hook.example')
    life.new('-s', 'o0', '-t', 'ed25519')
    life.now += 1
    life.new('-s', 'o1', '-t', 'ed25519')
    third = shlex.join(life.argv('new', '-d', 'hook.example', '-s', 'o2',
                                 '-t', 'ed25519'))
    proc.write(hook, '#!/bin/sh\ns=$(sed -n \'s/.*"selector": "\\(o.\\)".*/'
               '\\1/p\')\necho "$s" >>%s\n[ "$s" = o0 ] && exit 3\n'
               '[ -e %s.o2 ] || { : >%s.o2; %s; }\nexit 0\n'
               % (log, log, log, third), 0o755)
    status, line = life.rotate()
    tap.is_(status, 1, 'a hook that fails for one of three keys', line)
    with open(log, encoding='ascii') as f:
        said = f.read().split()
    tap.is_((said.count('o0'), said[-1]), (1, 'o2'),
            'is not run again for it in the same run', said)
    tap.contains(life.keys()[0]['waits_for'], 'failed to publish its record: ',
                 'and a list shows the failure')


def test_published_late(dns):
    """A revoked key without a record that is published after all."""
    life = Life(os.path.join(TOP, 'late'), dns, domain='late.example')
    life.new('-s', 'l0', '-t', 'ed25519')
    record = life.keys()[0]['record']
    proc.run(life.argv('revoke', '-d', 'late.example', '-s', 'l0'))
    life.rotate()
    tap.is_(life.published('l0'), None, 'a revoked key without a record')
    dns.update('late.example', 'update add l0._domainkey.late.example. 60 '
                                'TXT "%s"' % record)
    life.rotate(later=DAY)
    tap.is_(life.published('l0'), b'v=DKIM1; p=',
            'that is published late is revoked in the DNS')


def test_daemon_is_told(dns):
    told = os.path.join(TOP, 'hangups')
    pid_file = os.path.join(TOP, 'pid')
    daemon = subprocess.Popen(
        [sys.executable, '-c', 'import signal, sys, time\n'
         'signal.signal(signal.SIGHUP, lambda *_: open(%r, "a").write("x"))\n'
         'open(%r, "w").write("%%d\\n" %% __import__("os").getpid())\n'
         'while True: time.sleep(1)' % (told, pid_file)])
    try:
        proc.wait_for(lambda: os.path.exists(pid_file) and
                      os.path.getsize(pid_file), 'the daemon')
        life = Life(os.path.join(TOP, 'told'), dns, {'PidFile': pid_file},
                    domain='told.example')
        life.new('-s', 't0')
        life.rotate()
        tap.ok(not os.path.exists(told), 'published: no business of signers')
        life.rotate(later=NEGATIVE)
        proc.wait_for(lambda: os.path.exists(told), 'SIGHUP')
        tap.ok(True, 'active: the daemon gets SIGHUP')
        life.rotate(later=1)
        tap.is_(os.path.getsize(told), 1, 'once')
    finally:
        daemon.kill()
        daemon.wait()


def test_dry_run(dns):
    life = Life(os.path.join(TOP, 'dry'), dns, domain='dry.example')
    life.new('-s', 'y0')
    before = life.keys()
    status, line = life.rotate('--dry-run')
    tap.is_(status, 0, '--dry-run')
    tap.contains(line, 'dry.example: (dry run) y0 pending: publish its rec',
                 'says what would be done')
    tap.is_(life.keys(), before, 'and does nothing')
    tap.is_(life.published('y0'), None, 'not in the DNS either')
    status, obj, _ = proc.run_json(life.rotate_argv('--dry-run', '--json'))
    tap.is_((status, obj['dry_run'], [d['domain'] for d in obj['domains']],
             obj['domains'][0]['did'][0]['selector']),
            (0, True, ['dry.example'], 'y0'), '--json')


def test_disclose(dns):
    folder = os.path.join(TOP, 'disclosed')
    os.mkdir(folder)
    life = Life(os.path.join(TOP, 'disclose'), dns, {'Disclose': folder},
                domain='disclose.example')
    life.new('-s', 'x0', '-t', 'ed25519')
    life.rotate()
    life.rotate(later=NEGATIVE)
    life.now += 1
    status, _, err = proc.run(life.argv(
        'rotate', '-d', 'disclose.example', '--force', '--nameserver',
        dns.nameserver))
    tap.is_((status, err), (0, ''), 'a rotation by force')
    life.rotate(later=NEGATIVE)
    with open(os.path.join(life.store, 'disclose.example', 'x0.private'),
              encoding='ascii') as f:
        private = f.read()
    tap.is_(life.stages()['x0'], 'retired', 'the old key is retired',
            str(life.stages()))
    tap.is_(os.listdir(folder), [], 'nothing is disclosed too early')
    life.rotate(later=14 * DAY)
    tap.is_((life.stages()['x0'], os.listdir(folder)), ('revoked', []),
            'nor while a cache may have the record')
    life.rotate(later=30 * DAY)
    tap.is_(life.stages()['x0'], 'removed', 'the key is removed')
    with open(os.path.join(folder, 'disclose.example', 'x0.pem'),
              encoding='ascii') as f:
        tap.is_(f.read(), private, 'then its private half is')


def test_disclose_fails(dns):
    """The private half stays as long as it is not disclosed."""
    life = Life(os.path.join(TOP, 'closed'), dns,
                {'Disclose': os.path.join(TOP, 'missing', 'folder')},
                domain='closed.example')
    life.new('-s', 'c0', '-t', 'ed25519')
    proc.run(life.argv('revoke', '-d', 'closed.example', '-s', 'c0'))
    life.rotate(later=30 * DAY)
    status, line = life.rotate()
    tap.is_((status, life.stages()), (1, {'c0': 'revoked'}),
            'a folder that is missing: the key is not removed', line)
    tap.ok(os.path.exists(os.path.join(life.store, 'closed.example',
                                       'c0.private')),
           'nor is its private half')
    os.makedirs(os.path.join(TOP, 'missing', 'folder'))
    life.rotate()
    tap.is_(life.stages(), {'c0': 'removed'}, 'then both are')


def test_disclose_encrypted(dns):
    """Without the passphrase a private half can be neither disclosed nor
    replaced."""
    folder = os.path.join(TOP, 'decrypted')
    os.mkdir(folder)
    good, bad = (proc.write(os.path.join(TOP, name), name * 32 + '\n', 0o600)
                 for name in ('good', 'bad'))
    store = 'sqlite:' + os.path.join(TOP, 'secret.db')
    right, wrong = (Life(store, dns, {'KeyPassphraseFile': file},
                         domain='closed.example', conf=file + '.conf')
                    for file in (good, bad))
    right.new('-s', 's0', '-t', 'ed25519')
    proc.run(right.argv('revoke', '-d', 'closed.example', '-s', 's0'))
    for life in wrong, right:
        life.now += 30 * DAY
    status, line = wrong.rotate('--disclose', folder)
    tap.is_((status, right.stages(), os.listdir(folder)),
            (1, {'s0': 'revoked'}, []),
            'another passphrase: the key is not removed', line)
    tap.contains(line, 'cannot be decrypted with the passphrase in ' + bad,
                 'and the reason is said')
    right.rotate('--disclose', folder)
    tap.is_((right.stages(), os.listdir(folder)),
            ({'s0': 'removed'}, ['closed.example']),
            'the right one: it is disclosed and removed')


def test_disclose_absent(dns):
    """A private half that was deleted does not keep its key."""
    folder = os.path.join(TOP, 'absent')
    os.mkdir(folder)
    life = Life(os.path.join(TOP, 'bare'), dns, {'Disclose': folder},
                domain='closed.example')
    life.new('-s', 'b0', '-t', 'ed25519')
    proc.run(life.argv('revoke', '-d', 'closed.example', '-s', 'b0'))
    os.unlink(os.path.join(life.store, 'closed.example', 'b0.private'))
    status, line = life.rotate(later=30 * DAY)
    tap.is_((status, life.stages(), os.listdir(folder)),
            (0, {'b0': 'removed'}, []),
            'a revoked key without its private half is removed', line)


def test_nobody_waits(dns):
    """A run that waits for the DNS keeps no other from the store, not even from
    the domain at hand."""
    life = Life(os.path.join(TOP, 'slow'), dns, domain='slow.example')
    life.new('-s', 's0')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(('127.0.0.1', 0))
        silent.settimeout(30)
        with subprocess.Popen(
                life.argv('rotate', '--all', '--dns-timeout', '120',
                          '--nameserver', '127.0.0.1@%d' %
                          silent.getsockname()[1]),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            silent.recvfrom(4096)
            for domain in 'other.example', 'slow.example':
                status, _, err = proc.run(life.argv('new', '-d', domain, '-s',
                                                    's1', '-t', 'ed25519'))
                tap.is_((status, p.poll()), (0, None),
                        'new for %s while rotate waits' % domain, err)
            status, _, err = proc.run(life.argv('revoke', '-d',
                                                'slow.example', '-s', 's0'))
            tap.is_((status, p.poll()), (0, None), 'so does revoke', err)
            p.kill()
    life.rotate()
    tap.is_(life.stages()['s0'], 'revoked', 'the change is kept')


def test_disk_full(dns):
    life = Life(os.path.join(TOP, 'full'), dns, domain='full.example')
    life.new('-s', 'f0')
    life.rotate()
    before = life.keys()

    def no_space():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    life.now += NEGATIVE
    p = subprocess.run(life.rotate_argv(), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, preexec_fn=no_space,
                       check=False)
    tap.is_(p.returncode, 1, 'a state that cannot be written')
    tap.contains(p.stderr.decode(), '/full: .revision: File too large',
                 'it is named, with the reason')
    tap.is_(life.keys(), before, 'the old state is kept')
    life.rotate()
    tap.is_(life.stages(), {'f0': 'active'}, 'the next run goes on')


def test_clock_back(dns):
    life = Life(os.path.join(TOP, 'back'), dns, domain='back.example')
    life.new('-s', 'b0')
    life.rotate()
    life.rotate(later=NEGATIVE)
    life.rotate(later=90 * DAY)
    life.rotate(later=NEGATIVE)
    want = {'b0': 'retired', '202704r': 'active'}
    tap.is_(life.stages(), want, 'a key was rotated')
    right = life.now
    life.now -= 400 * DAY
    status, line = life.rotate()
    tap.is_((status, life.stages()), (0, want),
            'the clock goes back a year: nothing happens', line)
    life.rotate(later=200 * DAY)
    tap.is_(life.stages(), want, 'nor as long as it is wrong')
    life.now = right + 14 * DAY - 1
    life.rotate()
    tap.is_(life.stages(), want, 'when it is right again no time was lost')
    life.rotate(later=1)
    tap.is_(life.stages(), {'b0': 'revoked', '202704r': 'active'},
            'and all goes on')


def main():
    why = knot.unavailable() or (
        None if shutil.which('nsupdate') else 'nsupdate is not installed')
    if why:
        tap.skip_all(why)
    names = ('example.com', 'kill.example', 'cname.example', 'keys.example',
             'hook.example', 'told.example', 'dry.example',
             'disclose.example', 'full.example', 'back.example',
             'closed.example', 'slow.example', 'late.example')
    zones = {name: ZONE for name in names}
    zones['differ.example'] = ('@ NS ns1.example.com.\n'
                               '@ NS ns2.other.example.\n')
    # One address of ns2 never answers, as IPv6 often does not.
    zones['other.example'] = ('@ NS ns1.example.com.\nns2 A 127.0.0.3\n'
                              'ns2 A 127.0.0.4\n')
    dns = knot.Knot(os.path.join(TOP, 'knot'), zones,
                    ('127.0.0.1', '127.0.0.2'), negative=NEGATIVE)
    for test in (test_two_rotations, test_disagreement, test_doubled,
                 test_delegation,
                 test_hook, test_revoked_meanwhile, test_failed_once,
                 test_published_late, test_daemon_is_told, test_dry_run,
                 test_disclose,
                 test_disclose_fails, test_disclose_encrypted,
                 test_disclose_absent, test_nobody_waits,
                 test_disk_full, test_clock_back, test_kill):
        test(dns)


tap.main(main)
