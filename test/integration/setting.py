# SPDX-License-Identifier: BSD-2-Clause
"""setting: what the tests of mailseal setup run in: a network of their own, a
real Postfix, and two real name servers, of which one lags.
"""
import atexit
import ctypes
import fcntl
import json
import os
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
OURS = 'unix:mailseal/milter.sock'


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

    def noted(self):
        """What setup remembers of this host."""
        with open(os.path.join(self.state, 'host.json'),
                  encoding='ascii') as f:
            return json.load(f)

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


def restore(host):
    for file, (text, *_) in zip(('main.cf', 'master.cf'), host.original):
        path = os.path.join(host.postfix.etc, file)
        os.unlink(path)
        proc.write_aged(path, text, 0o644)


def note(host, **made):
    """The state, as if setup had made that."""
    os.makedirs(host.state, 0o700, exist_ok=True)
    proc.write(os.path.join(host.state, 'host.json'), json.dumps(made))


GUARDS = ('smtpd_forbid_bare_newline', 'smtpd_forbid_unauth_pipelining',
          'message_reject_characters')
SAFE = ['normalize', 'yes', '\\0']


def guards_of(host):
    return [host.postconf(name) for name in GUARDS]
