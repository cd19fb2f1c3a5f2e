# SPDX-License-Identifier: BSD-2-Clause
"""old: the programs that mailseald replaces, each in its own files, and what
they and mailseald do with the same message, in the same words.

It needs a namespace with a loopback of its own: opendmarc only asks the
resolver of resolv.conf, on port 53.
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'bench'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import namespace  # noqa: E402
import proc  # noqa: E402
import tree  # noqa: E402

PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
OPENDKIM = shutil.which('opendkim', path=PATH)
OPENDMARC = shutil.which('opendmarc', path=PATH)
POLICYD = shutil.which('policyd-spf', path=PATH)
NSD = shutil.which('nsd', path=PATH)
MTA = 'mx.here.example'

NSD_CONF = '''server:
	ip-address: 127.0.0.1@53
	server-count: 1
	username: ""
	zonesdir: "{top}"
	database: ""
	pidfile: "{top}/nsd.pid"
	xfrdfile: "{top}/xfrd"
	zonelistfile: "{top}/zonelist"
	cookie-secret-file: ""
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: root
'''


def serve_dns(top, text, broken):
    """A server for all of DNS; broken: zones that answer SERVFAIL."""
    proc.write(os.path.join(top, 'root'), '$TTL 60\n$ORIGIN .\n'
               '@ SOA ns.example. root.example. 1 1h 1h 1h 1h\n@ NS ns.example.\n'
               'ns.example. A 127.0.0.1\n' + text)
    conf = NSD_CONF.format(top=top) + ''.join(
        'zone:\n\tname: "%s"\n\tzonefile: none\n' % name for name in broken)
    path = proc.write(os.path.join(top, 'nsd.conf'), conf)
    with open(namespace.resolv_conf(), 'w', encoding='ascii') as f:
        f.write('nameserver 127.0.0.1\n')
    return proc.Server([NSD, '-d', '-c', path], os.path.join(top, 'nsd.log'),
                       lambda: proc.port_open(53))


def has_text(path, text):
    with open(path, encoding='utf-8', errors='replace') as f:
        return text in f.read()


class Program:
    """A milter that runs on its own files; but its socket, its user and its
    log are the test's. It is up when its log has a word of `up`."""

    def __init__(self, folder, name, argv, text, extra, up=''):
        self.path = os.path.join(folder, name + '.sock')
        lines = [x for x in text.splitlines() if not re.match(
            r'(Socket|UserID|Syslog|Background|PidFile|UMask|RequireSafeKeys|TrustAnchorFile)\s', x, re.I)]
        conf = proc.write(os.path.join(folder, name + '.run'), '\n'.join(
            lines + ['Socket local:' + self.path, 'UMask 000'] + extra) +
            '\n', 0o600)
        log = os.path.join(folder, name + '.log')
        self.server = proc.Server(
            argv + [conf], log, lambda: has_text(log, up) and
            os.path.exists(self.path) and proc.unix_open(self.path))

    def stop(self):
        """At once: libmilter looks only every five seconds."""
        self.server.process.kill()
        self.server.stop()


def opendkim(folder, text):
    return Program(folder, 'opendkim', [OPENDKIM, '-f', '-x'], text,
                   ['Background no', 'Syslog no', 'Nameservers 127.0.0.1',
                    'RequireSafeKeys no'])


def opendmarc(folder, text):
    return Program(folder, 'opendmarc', [OPENDMARC, '-f', '-c'], text,
                   ['Background no', 'Syslog no'])


def mailseald(folder, text, dns=('Nameservers 127.0.0.1',)):
    return Program(folder, 'mailseald', [tree.MAILSEALD, '-f', '-c'], '\n'.join(
        x for x in text.splitlines() if not re.match(
            'LogTarget|Nameservers|TrustAnchorFile|MarkKeyFile', x)),
        ['Background no', 'LogTarget stderr', 'CheckKeys no',
         'MarkKeyFile ' + os.path.join(folder, 'mark.key'), *dns],
                   'listens on')


class Policyd:
    """policyd-spf, as Postfix asks it for each recipient."""

    def __init__(self, folder, text):
        conf = proc.write(os.path.join(folder, 'policyd-spf.conf'), text)
        self.process = subprocess.Popen(
            [sys.executable, POLICYD, conf], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.number = 0

    def stop(self):
        self.process.kill()
        self.process.wait()

    def ask(self, mail):
        self.number += 1
        words = {'request': 'smtpd_access_policy', 'protocol_state': 'RCPT',
                 'protocol_name': 'ESMTP', 'client_address': mail.ip,
                 'client_name': mail.host, 'helo_name': mail.host,
                 'sender': mail.sender.strip('<>'), 'queue_id': '',
                 'recipient': mail.rcpt.strip('<>'),
                 'instance': '%d.1' % self.number}
        self.process.stdin.write(''.join(
            '%s=%s\n' % x for x in words.items()).encode() + b'\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode()
        self.process.stdout.readline()
        return answer.strip().partition('=')[2]

    def play(self, mail, fields, out):
        """Whether the message goes on. Not for who logged in or is local:
        permit_mynetworks and permit_sasl_authenticated stand before it."""
        if mail.auth or mail.ip is None or mail.ip in ('127.0.0.1', '::1'):
            return True
        word, _, rest = self.ask(mail).partition(' ')
        if word.upper() == 'PREPEND':
            name, _, value = rest.partition(':')
            fields.insert(0, (name, value))
            return True
        if word.upper() in ('REJECT', '550', '554'):
            out.action = 'reject'
        elif word.upper().startswith('DEFER') or word[:1] == '4':
            out.action = 'tempfail'
        return out.action == 'accept'


class Mail:
    """A message and who brings it."""

    def __init__(self, name, text, ip='198.51.100.1', host='client.example',
                 auth=None, daemon=None, sender='<joe@out.example>',
                 rcpt='<you@here.example>'):
        self.name, self.ip, self.host, self.auth = name, ip, host, auth
        self.daemon, self.sender, self.rcpt = daemon, sender, rcpt
        head, _, body = text.replace('\r\n', '\n').partition('\n\n')
        self.fields = [tuple(re.split(':', x, 1)) for x in
                       re.sub('\n([ \t])', '\0\\1', head).split('\n') if x]
        self.fields = [(n, v.replace('\0', '\r\n')) for n, v in self.fields]
        self.body = body.replace('\n', '\r\n').encode('utf-8')


def _connect(client, mail):
    values = {'j': MTA}
    if mail.daemon:
        values['{daemon_name}'] = mail.daemon
    client.macros('C', **values)
    if mail.ip is None:
        return client.step('C', b'localhost\0U')
    return client.connect(mail.host, mail.ip)


def _decision(answer):
    if answer is None or answer[:1] in b'ac':
        return 'accept'
    if answer[:1] == b'y':
        return 'tempfail' if answer[1:2] == b'4' else 'reject'
    return {b'r': 'reject', b't': 'tempfail', b'd': 'discard'}[answer[:1]]


def _events(client, mail):
    """Each event's answer, up to the body."""
    yield _connect(client, mail)
    yield client.helo(mail.host)
    yield client.mail(mail.sender, auth=mail.auth)
    yield client.rcpt(mail.rcpt)
    yield client.step('T')
    for name, value in mail.fields:
        if not client.steps & milter.LEADSPC and value[:1] == ' ':
            value = value[1:]
        yield client.header(name, value)
    yield client.eoh()
    yield client.body(mail.body)


class Outcome:
    def __init__(self):
        self.action, self.signatures = 'accept', []
        self.removed, self.results = [], []
        self.tagged = False

    def key(self):
        return (self.action, sorted(self.signatures), sorted(self.removed))


def _signature(value):
    tags = dict(re.findall(r'(?:^|;)\s*([a-z]+)=([^;]*)', value))
    tags = {k: re.sub(r'\s', '', v) for k, v in tags.items()}
    return (tags['d'], tags['s'], tags.get('i', '@' + tags['d']), tags['c'],
            'x' in tags)


def _results(value):
    """(authserv-id, {method: result})"""
    value = re.sub(r'\([^()]*\)', '', re.sub(r'\s+', ' ', value))
    name, _, rest = value.strip().partition(';')
    found = {}
    for method, result in re.findall(r'(?<![.\w])(dkim|dmarc|spf|arc)=(\w+)', rest):
        if found.get(method) != 'pass':
            found[method] = result
    return name.strip(), found


def _change(fields, change, out):
    """Applies one change to a list of fields and notes it."""
    if change[:1] in b'ih':
        data = change[5:] if change[:1] == b'i' else change[1:]
        name, value = data.split(b'\0')[:2]
        name, value = name.decode(), value.decode('utf-8', 'replace')
        if name == 'DKIM-Signature':
            out.signatures.append(_signature(value))
        elif name == 'Authentication-Results':
            out.results.append(_results(value))
        elif name == 'X-DMARC-Quarantine':
            out.tagged = True
        fields.insert(0, (name, value if value[:1] == ' ' else ' ' + value))
    elif change[:1] == b'm':
        index = int.from_bytes(change[1:5], 'big')
        name, value = [x.decode('utf-8', 'replace') for x in
                       change[5:].split(b'\0')[:2]]
        places = [i for i, f in enumerate(fields) if f and
                  f[0].lower() == name.lower()]
        if index <= len(places) and value == '':
            gone = fields[places[index - 1]]
            out.removed.append('%s:%s' % (name, ' '.join(gone[1].split())))
            fields[places[index - 1]] = ('X-Gone', ' ')
    elif change[:1] == b'q':
        out.action = 'hold'


def _play_one(path, mail, fields, out):
    """Whether the message goes on."""
    client = milter.Client(path)
    changes, answer = [], None
    try:
        for answer in _events(client, mail):
            if answer is not None and answer[:1] not in b'cs':
                break
        else:
            answer, changes = client.eom()
    finally:
        client.close()
    decision = _decision(answer)
    for change in changes:
        _change(fields, change, out)
    if decision != 'accept':
        out.action = decision
    return decision == 'accept'


def play(milters, mail):
    """What the milters, one after another, make of a message."""
    out, fields = Outcome(), list(mail.fields)
    for m in milters:
        if isinstance(m, Policyd):
            if not m.play(mail, fields, out):
                break
            continue
        then = Mail(mail.name, '\n\n', mail.ip, mail.host, mail.auth,
                    mail.daemon, mail.sender, mail.rcpt)
        then.fields, then.body = list(fields), mail.body
        if not _play_one(m.path, then, fields, out):
            break
    return out
