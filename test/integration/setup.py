# SPDX-License-Identifier: BSD-2-Clause
"""mailseal setup with a real Postfix and real name servers, in a network of its
own: a run with all that may go wrong in between (a secondary that lags, a cut
record, a doubled name), kill -9 at every step, undo byte for byte, filters of
others that stay, and configurations that it must not touch.
"""
import atexit
import ctypes
import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import knot  # noqa: E402
import mta  # noqa: E402
import proc  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

DOMAIN = 'd.example'
IP = '192.0.2.10'
HOST = 'mail.d.example'
SERVERS = '@ NS ns1.d.example.\n@ NS ns2.d.example.\n' \
    'ns1 A 127.0.0.1\nns2 A 127.0.0.3\n'
ZONE = SERVERS + '@ MX 10 mail\nmail A 192.0.2.10\n' \
    'mail TXT "v=spf1 a -all"\n@ TXT "a text of others"\n'
OTHERS = {'2.0.192.in-addr.arpa': '@ NS ns1.d.example.\n'
                                  '10 PTR mail.d.example.\n',
          # Where a policy above the domain would be.
          'example': '@ NS ns1.d.example.\n',
          'other.example': '@ NS ns1.d.example.\n'
                           '_spf TXT "v=spf1 ip4:198.51.100.7 -all"\n'}
USER = 'nobody'
FOREIGN = 'inet:127.0.0.1:9'
INSIDE = 'MAILSEAL_SETUP_INSIDE'


def enter():
    """In a network of our own, where port 53 is ours, and which nothing can
    leave."""
    if os.environ.get(INSIDE) is None:
        why = mta.unavailable() or knot.unavailable()
        if why is None and proc.run(['unshare', '-n', '-m', 'true'])[0] != 0:
            why = 'unshare cannot make a network here'
        if why:
            tap.skip_all(why)
        os.environ[INSIDE] = '1'
        os.execvp('unshare', ['unshare', '-n', '-m', sys.executable] +
                  sys.argv)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack('16sh14x', b'lo', 0x1))
    resolv = proc.write(os.path.join(proc.folder(), 'resolv.conf'),
                        'nameserver 127.0.0.1\n', 0o644)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(resolv.encode(), b'/etc/resolv.conf', None, 4096,
                  None) != 0:
        raise OSError(ctypes.get_errno(), 'mount')


class Dns:
    """A primary on 127.0.0.1, which is the resolver, too, and a secondary that
    is told nothing."""

    def __init__(self, top, spf=None, negative=1):
        zone = ZONE + ('@ TXT "%s"\n' % spf if spf else '')
        self.top = top
        self.first = knot.Knot(top + '1', dict(OTHERS, **{DOMAIN: zone}),
                               port=53, negative=negative)
        self.second = knot.Knot(top + '2', dict(OTHERS, **{DOMAIN: zone}),
                                ('127.0.0.3',), 53, negative=negative)

    def add(self, server, records):
        server.update(DOMAIN, *['update add %s. 60 TXT %s' % (
            name, ' '.join('"%s"' % value[i:i + 255]
                           for i in range(0, len(value), 255)))
            for name, value in records])

    def delete(self, server, *names):
        server.update(DOMAIN, *['update delete %s. TXT' % n for n in names])

    def both(self, records):
        self.add(self.first, records)
        self.add(self.second, records)

    def stop(self):
        self.first.stop()
        self.second.stop()


class Host:
    """A Postfix, and the files that setup is to make."""

    def __init__(self, name, main=(), services=()):
        self.top = os.path.join(proc.folder(), name)
        os.mkdir(self.top)
        self.sink = sink.Sink()
        all_services = {'in': {}}
        all_services.update(services)
        # Postfix' tests hand all mail to the sink.
        os.mkdir(os.path.join(self.top, 'pf'))
        self.postfix = mta.Postfix(os.path.join(self.top, 'pf'),
                                   self.sink.port, all_services, dict(main))
        self.conf = os.path.join(self.top, 'mailseald.conf')
        self.keys = os.path.join(self.top, 'keys')
        self.state = os.path.join(self.top, 'state')
        self.policy = proc.write(os.path.join(self.top, 'dkimkeygen.conf'),
                                 '# nothing\n')
        self.original = self.files()
        atexit.register(self.end_daemon)

    def end_daemon(self):
        """One that setup started and a failed test has left."""
        pid = pid_of(self)
        if pid is not None and is_alive(pid):
            os.kill(pid, signal.SIGKILL)

    def files(self):
        """main.cf and master.cf, with their rights."""
        found = []
        for name in ('main.cf', 'master.cf'):
            path = os.path.join(self.postfix.etc, name)
            with open(path, 'rb') as f:
                st = os.lstat(path)
                found.append((f.read(), st.st_mode, st.st_uid, st.st_gid))
        return found

    def command(self, *options, domain=DOMAIN):
        return [tree.MAILSEAL, 'setup', domain, '--ip', IP, '--host', HOST,
                '--mta-config', self.postfix.etc, '--config', self.conf,
                '--key-store', self.keys, '--key-policy', self.policy,
                '--state', self.state, '--user', USER, '--daemon',
                tree.MAILSEALD] + list(options)

    def run(self, *options, domain=DOMAIN):
        status, out, err = proc.run_json(
            self.command('--json', *options, domain=domain))
        return status, out or {'missing': [], 'next': [], 'records': [],
                               'stages': []}, err

    def records(self):
        """What is to be published, while nothing is."""
        _, out, _ = self.run('--yes', '--no-wait')
        return [(r['owner'], r['value']) for r in out['records']]

    def postconf(self, name):
        return proc.run(['postconf', '-c', self.postfix.etc, '-h', name])[
            1].decode().strip()

    def undo(self):
        return self.run('--undo', '--yes')

    def stop(self):
        self.undo()
        self.postfix.stop()


def said(out):
    return '\n'.join(line for stage in out['stages']
                     for line in stage['lines'])


def pid_of(host):
    try:
        with open(os.path.join(host.state, 'mailseald.pid'),
                  encoding='ascii') as f:
            text = f.read()
            return int(text) if text else None
    except FileNotFoundError:
        return None


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def check(*options):
    return proc.run_json([tree.MAILSEAL, 'check', '--json', '--ip', IP,
                          '--helo', HOST, DOMAIN] + list(options))


def check_dry_run():
    """Nothing is made, and no root is needed."""
    host, dns = Host('dry'), Dns(os.path.join(proc.folder(), 'dns'))
    check_usage(host)
    before = sorted(os.listdir(host.top))
    user = pwd.getpwnam(USER)
    command = ['setpriv', '--reuid', str(user.pw_uid), '--clear-groups'] + \
        host.command('--dry-run', '--json')
    status, out, err = proc.run_json(command)
    tap.is_(status, 0, 'dry run: exit status', err)
    tap.is_((sorted(os.listdir(host.top)), host.files()),
            (before, host.original), 'dry run: nothing is made or changed')
    owners = [r['owner'] for r in out['records']] if out else []
    tap.is_(owners, [DOMAIN, '_dmarc.' + DOMAIN],
            'dry run: it says what to publish')
    tap.contains(said(out), 'new: unix:mailseal/milter.sock',
                 'dry run: and what Postfix gets')
    status, out, err = host.run()
    tap.ok(status == 1 and 'nothing was done' in ''.join(out['missing']) and
           sorted(os.listdir(host.top)) == before,
           'without --yes and without a terminal: nothing is done', err)
    status, out, err = host.run('--yes', '--ip', '10.1.2.3')
    tap.ok(status == 2 and 'private' in err, 'a private address is refused',
           err)
    host.stop()
    dns.stop()


def check_publish(host, dns, records):
    """All mistakes that are made while a person publishes."""
    key = [r for r in records if '_domainkey' in r[0]]
    rest = [r for r in records if r not in key]
    tap.is_(len(key), 1, 'one key')
    dns.add(dns.first, records)
    status, out, _ = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and 'ns2.d.example' in out['missing'][0],
           'a secondary that lags is named', out['missing'])
    dns.add(dns.second, rest + [(key[0][0], key[0][1][:200])])
    status, out, _ = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and 'ns2.d.example' in out['missing'][0],
           'a record that was cut is not taken for the record',
           out['missing'])
    dns.delete(dns.second, key[0][0])
    dns.add(dns.second, [('%s.%s' % (key[0][0], DOMAIN), key[0][1])])
    status, out, _ = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and 'appended twice' in out['missing'][0],
           'a doubled name is recognised', out['missing'])
    tap.is_(host.files(), host.original,
            'Postfix is not touched before all servers have the records')
    dns.add(dns.second, key)


def send(host, mark):
    client = smtp.Client(host.postfix.ports['in'])
    answer = client.mail('joe@' + DOMAIN, ['you@far.example'], (
        'From: joe@%s\r\nTo: you@far.example\r\nSubject: %s\r\n'
        'Message-ID: <%s@%s>\r\nDate: Thu, 05 May 2005 11:59:09 -0700\r\n\r\n'
        'hello\r\n' % (DOMAIN, mark, mark, DOMAIN)).encode())
    client.command('QUIT')
    return answer, proc.wait_for(lambda: [
        m.data for m in list(host.sink.messages)
        if mark.encode() in m.data], 'the message')[0]


def until_done(host, *options):
    """Until the key signs: a negative TTL of a second must pass."""
    def run():
        status, out, err = host.run('--yes', '--no-wait', *options)
        good = 'dkim=pass' in said(out)
        return (status, out, err) if good else None
    return proc.wait_for(run, 'the key to sign')


def check_whole():
    """From nothing to a message that verifies, and back."""
    host = Host('whole', {
        'smtpd_milters': '{ %s, default_action=accept }' % FOREIGN}, {
            'own': {'smtpd_milters': FOREIGN,
                    'milter_default_action': 'accept'},
            'bare': {'smtpd_milters': ''}})
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    status, out, err = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and out['missing'], 'a first run: records are missing',
           err)
    pid = pid_of(host)
    tap.ok(pid is not None and is_alive(pid), 'mailseald runs', err)
    tap.is_(os.stat(host.keys).st_uid, pwd.getpwnam(USER).pw_uid,
            'the key store is its user\'s')
    records = [(r['owner'], r['value']) for r in out['records']]
    tap.is_(sorted(r[0].split('.')[1] if '_domainkey' in r[0] else r[0]
                   for r in records),
            ['_dmarc.d.example', '_domainkey', 'd.example'],
            'the records to publish')
    again = host.records()
    tap.is_((again, pid_of(host)), (records, pid),
            'run again: the same records, the same daemon')
    check_publish(host, dns, records)
    status, out, err = host.run('--yes', '--no-wait')
    tap.is_((status, out['missing']), (0, []), 'published: all is done', err)
    ours = 'unix:mailseal/milter.sock'
    tap.is_(host.postconf('smtpd_milters'),
            '{ %s, default_action=accept }, %s' % (FOREIGN, ours),
            'the milter of others keeps its place')
    tap.is_(host.postconf('non_smtpd_milters'), ours, 'local mail, too')
    check_listeners(host, out, ours)
    wired = host.files()
    until_done(host)
    tap.is_(host.files(), wired, 'run again: Postfix is not changed again')
    answer, data = send(host, 'through-smtpd')
    tap.contains(data, b'DKIM-Signature:', 'smtpd signs', answer)
    selector = [r[0] for r in records if '_domainkey' in r[0]][0].split(
        '.')[0]
    status, out, err = check('--selector', selector)
    tap.is_([f['check'] for f in (out or {'findings': []})['findings']
             if f['severity'] in ('error', 'warn', 'unknown') and
             f['check'].split('.')[0] in ('spf', 'dkim', 'dmarc')], [],
            'what setup printed, mailseal check calls right', err)
    tap.is_(out and out['verdict']['dmarc'], 'pass', 'DMARC passes')
    status, out, err = host.run('--status')
    tap.is_(status, 0, '--status: done', err)
    status, out, err = host.undo()
    tap.is_(status, 0, 'undo', err)
    tap.is_(host.files(), host.original, 'undo: byte for byte')
    proc.wait_for(lambda: not is_alive(pid), 'mailseald to end')
    tap.is_((os.path.exists(host.conf), os.listdir(host.state),
             os.path.exists(os.path.join(host.postfix.top, 'spool',
                                         'mailseal'))),
            (False, [], False), 'undo: nothing of it is left')
    tap.ok(os.listdir(host.keys), 'undo: the keys stay')
    status, out, err = host.undo()
    tap.is_((status, host.files()), (0, host.original), 'undo again', err)
    check_edited(host)
    check_second_change(host)
    check_other_socket(host)
    check_killed_and_edited(host)
    check_expression(host)
    host.stop()
    dns.stop()


def check_listeners(host, out, ours):
    """A listener that has milters of its own, and one that has none."""
    text = proc.run(['postconf', '-c', host.postfix.etc, '-P'])[1].decode()
    own, bare = (host.postfix.ports[x] for x in ('own', 'bare'))
    tap.contains(text, '127.0.0.1:%d/inet/smtpd_milters = %s,{%s,'
                 'default_action=tempfail}\n' % (own, FOREIGN, ours),
                 'the milters of a listener')
    client = smtp.Client(own)
    tap.contains(client.command('MAIL FROM:<joe@%s>' % DOMAIN), '250',
                 'that listener takes mail')
    client.command('QUIT')
    tap.ok(re.search('127.0.0.1:%d/inet/smtpd_milters = *\n' % bare, text),
           'a listener without milters stays so', text)
    tap.ok(any('127.0.0.1:%d' % bare in x and 'unsigned' in x
               for x in out['next']), 'and is named', out['next'])


def check_edited(host):
    """Somebody else has changed main.cf since: only the milter goes."""
    status, _, err = host.run('--yes', '--no-wait')
    tap.is_(status, 0, 'set up once more, with the key that is there', err)
    proc.run(['postconf', '-c', host.postfix.etc, '-e',
              'smtpd_banner=changed since'])
    _, out, err = host.undo()
    tap.is_((host.postconf('smtpd_banner'), host.postconf('smtpd_milters')),
            ('changed since', '{ %s, default_action=accept }' % FOREIGN),
            'undo of a changed main.cf', err)


OURS = 'unix:mailseal/milter.sock'


def is_out(host, name, *kept):
    """Undone: Postfix names none of our sockets; what others wrote stays."""
    status, _, err = host.undo()
    text = b''.join(f[0] for f in host.files()).decode()
    # Others' sockets are not ours, nor is the queue's own name.
    tap.ok(status == 0 and 'mailseal/' not in text and
           'inet:127.0.0.1:8891' not in text, name + ': undone', err + text)
    tap.is_([k for k in kept if k not in text], [],
            name + ': what others changed stays')
    tap.is_(os.listdir(host.state), [], name + ': nothing is left')
    if os.path.exists(host.conf):
        os.unlink(host.conf)
    restore(host)


def check_second_change(host):
    """Others change Postfix, then setup has something to change again."""
    host.run('--yes', '--no-wait')
    append('127.0.0.1:%d inet n - n - - smtpd\n'
           '  -o smtpd_milters=%s\n' % (host.postfix.ports['in'] + 1000,
                                       FOREIGN), 'master.cf')(host)
    edit('smtpd_banner', 'changed since')(host)
    host.run('--yes', '--no-wait')
    tap.is_(host.files()[1][0].count(OURS.encode()), 2,
            'the new listener has the milter')
    is_out(host, 'a second change', 'smtpd_banner = changed since',
           '%d inet' % (host.postfix.ports['in'] + 1000))
    # The same without an edit of main.cf, whose copies hold.
    host.run('--yes', '--no-wait')
    main = host.files()[0]
    append('127.0.0.1:%d inet n - n - - smtpd\n'
           '  -o smtpd_milters=%s\n' % (host.postfix.ports['in'] + 1000,
                                       FOREIGN), 'master.cf')(host)
    host.run('--yes', '--no-wait')
    tap.is_(host.files()[0], main, 'main.cf needs no second change')
    host.undo()
    tap.is_(host.files()[0], host.original[0],
            'and is put back, byte for byte')
    restore(host)


def check_other_socket(host):
    """Both sockets that setup entered go."""
    host.run('--yes', '--no-wait')
    with open(host.conf, encoding='ascii') as f:
        text = f.read()
    os.kill(pid_of(host), signal.SIGTERM)
    proc.wait_for(lambda: pid_of(host) is None or not is_alive(pid_of(host)),
                  'mailseald to end')
    proc.write(host.conf, re.sub('(?m)^Socket .*', 'Socket '
                                 'inet:8891@127.0.0.1', text))
    host.run('--yes', '--no-wait')
    tap.contains(host.postconf('smtpd_milters'), 'inet:127.0.0.1:8891',
                 'another Socket is entered')
    is_out(host, 'another Socket', FOREIGN)


def wire_halfway(host):
    """As after a kill between the change and the note that it is done."""
    host.run('--yes', '--no-wait')
    path = os.path.join(host.state, 'host.json')
    with open(path, encoding='ascii') as f:
        noted = json.load(f)
    proc.write(path, json.dumps(dict(noted, stage='begun')))


# The leak sanitizer cannot work beside strace.
TRACED = ['env', 'ASAN_OPTIONS=detect_leaks=0']


def check_killed_and_edited(host):
    """An edit of others after a kill is not lost."""
    wire_halfway(host)
    edit('smtpd_banner', 'after the kill')(host)
    is_out(host, 'killed, edited', 'smtpd_banner = after the kill')
    wire_halfway(host)
    edit('smtpd_banner', 'after the kill')(host)
    host.run('--yes', '--no-wait')
    is_out(host, 'killed, edited, run again',
           'smtpd_banner = after the kill')


def check_expression(host):
    """Undo that cannot take the milter out leaves the daemon running."""
    host.run('--yes', '--no-wait')
    edit('smtpd_milters', '${myhostname?{%s}}' % OURS)(host)
    pid = pid_of(host)
    status, _, err = host.undo()
    tap.ok(status != 0 and 'still names ' + OURS in err,
           'a list that undo does not understand is named', err)
    tap.ok(is_alive(pid), 'and mailseald runs on')
    edit('smtpd_milters', FOREIGN)(host)
    is_out(host, 'an expression, taken out by hand', FOREIGN)


def stored(host):
    """The selectors in the key store."""
    try:
        return [x[:-len('.state')] for x in os.listdir(os.path.join(
            host.keys, DOMAIN)) if x.endswith('.state')]
    except FileNotFoundError:
        return []


def publish_stored(host, dns):
    """The key's record, by dkimkeygen."""
    selector = stored(host)[0]
    _, out, _ = proc.run([tree.DKIMKEYGEN, 'record', '-d', DOMAIN, '-s',
                          selector, '-K', host.keys, '--format', 'value'])
    dns.both([('%s._domainkey.%s' % (selector, DOMAIN),
               out.decode().strip())])


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


def check_nsupdate():
    """Published by setup itself; an SPF record that is there is merged."""
    host = Host('nsupdate')
    dns = Dns(os.path.join(proc.folder(), 'dns'),
              'v=spf1 include:_spf.other.example -all')
    # The secondary is told by a program beside it.
    script = proc.write(os.path.join(host.top, 'update'), '''#!/bin/sh
cat >%s/script
nsupdate "$@" <%s/script &&
sed s/127.0.0.1/127.0.0.3/ %s/script | nsupdate "$@"
''' % ((host.top,) * 3), 0o755)
    proc.write(host.policy, 'UpdateProgram %s\nUpdateKey %s\n'
               'UpdateServer 127.0.0.1@53\n' % (script, dns.first.key))
    status, out, err = host.run('--yes', '--wait=60', '--publish',
                                'nsupdate', '--policy', 'quarantine',
                                '--rua', 'reports@d.example', '--ed25519')
    tap.is_((status, out['missing']), (0, []), 'nsupdate: one run', err)
    status, out, err = check()
    texts = [r['value'] for r in (out or {'records': []})['records']
             if r['type'] == 'TXT']
    tap.ok('v=spf1 include:_spf.other.example ip4:192.0.2.10 -all' in texts,
           'SPF: merged into the record that was there', texts)
    tap.ok('v=DMARC1; p=quarantine; rua=mailto:reports@d.example' in texts,
           'DMARC: as it was asked for', texts)
    err = proc.run(['dig', '+short', '@127.0.0.1', DOMAIN, 'TXT'])[1]
    tap.ok(b'a text of others' in err, 'other TXT records stay', err)
    _, out, err = until_done(host, '--publish', 'nsupdate', '--ed25519')
    tap.is_(len(stored(host)), 2, 'an Ed25519 key, too', err)
    host.stop()
    dns.stop()


def check_losses(host):
    """--yes replaces nothing of which something is not kept."""
    dns = Dns(os.path.join(proc.folder(), 'dns'), 'v=spf1 mx -all')
    dns.both([(DOMAIN, 'v=spf1 a -all')])
    proc.write(host.policy, 'UpdateKey %s\nUpdateServer 127.0.0.1@53\n'
               % dns.first.key)
    status, out, err = host.run('--yes', '--no-wait', '--publish', 'nsupdate')
    tap.ok(status == 1 and any('by hand' in m and
                               'v=spf1 a mx ip4:192.0.2.10 -all' in m
                               for m in out['missing']),
           'two SPF records: --yes does not replace them', out['missing'] or
           err)
    out = proc.run(['dig', '+short', '@127.0.0.1', DOMAIN, 'TXT'])[1]
    tap.ok(b'v=spf1 mx -all' in out and b'v=spf1 a -all' in out,
           'both are still there', out)
    proc.write(host.policy, '# nothing\n')
    host.undo()
    dns.stop()


def link_main(host):
    path = os.path.join(host.postfix.etc, 'main.cf')
    os.rename(path, path + '.real')
    os.symlink(path + '.real', path)


def edit(name, value):
    def change(host):
        proc.run(['postconf', '-c', host.postfix.etc, '-e',
                  '%s=%s' % (name, value)])
    return change


def append(text, file='main.cf'):
    def change(host):
        with open(os.path.join(host.postfix.etc, file), 'a',
                  encoding='ascii') as f:
            f.write(text)
    return change


UNFORESEEN = (
    ('main.cf is a link', link_main, 'something else manages it'),
    ('a map of milters', edit('smtpd_milter_maps', 'static:DISABLE'),
     'smtpd_milter_maps'),
    ('a condition', append('x = 1\nsmtpd_milters = '
                           '${x?{inet:a:1}:{inet:b:2}}\n'), 'expression'),
    ('an unbalanced brace', append('smtpd_milters = { inet:a:1\n'),
     'postconf says'),
    ('a parameter twice', append('smtpd_milters = inet:a:1\n'
                                 'smtpd_milters = inet:b:1\n'),
     'postconf says'),
    ('a listener with a condition', append(
        '127.0.0.1:2525 inet n - n - - smtpd\n'
        ' -o smtpd_milters=${x?{a}:{b}}\n', 'master.cf'), 'master.cf'),
    ('a short name', edit('myhostname', 'mx'), 'full name'),
)


def check_unforeseen():
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    host = Host('odd')
    for name, change, why in UNFORESEEN:
        change(host)
        before = host.files()
        command = host.command('--yes', '--no-wait')
        if name == 'a short name':
            at = command.index('--host')
            del command[at:at + 2]
        status, _, err = proc.run(command)
        tap.ok(status == 2 and why in err, name + ': refused', err)
        tap.is_((host.files(), os.path.exists(host.state),
                 os.path.exists(host.keys), os.path.exists(host.conf)),
                (before, False, False, False), name + ': nothing is changed')
        restore(host)
    dns.stop()
    check_losses(host)
    check_chroot(host)
    check_timer(host)
    check_pid_file(host)
    check_dead_smtpd(host)


def check_chroot(host):
    """A configuration whose socket a chroot hides."""
    proc.write(host.conf, 'Socket unix:%s/sock\nKeyStore none\n' % host.top)
    listener = '127.0.0.1:%d/inet' % host.postfix.ports['in']
    proc.run(['postconf', '-c', host.postfix.etc, '-F',
              listener + '/chroot=y'])
    before = host.files()
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    status, _, err = host.run('--yes', '--no-wait')
    tap.ok(status == 2 and 'chroot' in err, 'a chroot hides the socket', err)
    tap.is_(host.files(), before, 'and nothing is changed')
    dns.stop()
    os.unlink(host.conf)
    restore(host)


def restore(host):
    for file, (text, *_) in zip(('main.cf', 'master.cf'), host.original):
        path = os.path.join(host.postfix.etc, file)
        os.unlink(path)
        proc.write(path, text, 0o644)


def check_dead_smtpd(host):
    """Postfix does not run: it is not changed."""
    host.postfix.stop()
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    dns.both(host.records())
    status, _, err = host.run('--yes', '--no-wait')
    tap.ok(status == 2 and 'does not answer' in err, 'Postfix does not run',
           err)
    tap.is_(host.files(), host.original, 'and is not changed')
    host.undo()
    dns.stop()


def note(host, **made):
    """The state, as if setup had made that."""
    os.makedirs(host.state, 0o700, exist_ok=True)
    proc.write(os.path.join(host.state, 'host.json'), json.dumps(made))


def check_timer(host):
    """The timer is disabled if setup enabled it."""
    log = os.path.join(host.top, 'systemctl.log')
    tools = os.path.join(host.top, 'tools')
    os.mkdir(tools)
    proc.write(os.path.join(tools, 'systemctl'),
               '#!/bin/sh\necho "$*" >>%s\n' % log, 0o755)
    path = os.environ['PATH']
    os.environ['PATH'] = tools + ':' + path
    said_to = []
    for made in {'daemon': 'systemd', 'timer': True}, {'daemon': 'systemd'}:
        note(host, **made)
        host.undo()
        with open(log, encoding='ascii') as f:
            said_to.append(f.read().splitlines())
        os.unlink(log)
    os.environ['PATH'] = path
    unit = 'disable --now mailseald.service'
    tap.is_(said_to, [['disable --now dkimkeygen.timer', unit], [unit]],
            'undo disables the timer that setup enabled, no other')


def check_pid_file(host):
    """A trap in place of the daemon's file."""
    path = os.path.join(host.top, 'trap.pid')
    target = proc.write(os.path.join(host.top, 'target'), '1\n')
    for name, make in (('a FIFO', os.mkfifo),
                       ('a link', lambda p: os.symlink(target, p))):
        make(path)
        note(host, daemon=path)
        status, _, err = proc.run(['timeout', '-k', '1', '30'] +
                                  host.command('--undo', '--yes'))
        tap.ok(status == 2 and 'could not be stopped' in err,
               'the PidFile is %s: refused' % name, (status, err))
        os.unlink(path)
    os.unlink(os.path.join(host.state, 'host.json'))


def check_usage(host):
    for options, what in ((('--mta', 'exim'), '--mta'),
                          (('--policy', 'x'), '--policy'),
                          (('--publish', 'x'), '--publish'),
                          (('--ip', 'x'), '--ip'),
                          (('--provider', 'nobody'), '--provider'),
                          (('--wait=x',), 'wait'),
                          (('two.example',), 'one domain')):
        status, _, err = proc.run(host.command(*options))
        tap.ok(status == 2 and what in err, 'usage: ' + what, err)


def main():
    enter()
    check_dry_run()
    check_unforeseen()
    check_whole()
    check_nsupdate()
    check_kill()


tap.main(main)
