# SPDX-License-Identifier: BSD-2-Clause
"""mailseal check --connect: a real Postfix with STARTTLS, servers with every
fault, all at once under one deadline; certificates, DANE, MTA-STS, relays.
Nothing is ever delivered.
"""
import hashlib
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import mta  # noqa: E402
import proc  # noqa: E402
import resolver  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
MX, TLSA = 15, 52
EHLO = b'250-mx.example\r\n250-8BITMIME\r\n'
OPENSSL = '''[ca]
default_ca = this
[this]
dir = {top}
database = {top}/index
serial = {top}/serial
new_certs_dir = {top}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
'''


def path(name):
    return os.path.join(TOP, name)


class Certificates:
    """An authority, and certificates of it."""

    def __init__(self):
        proc.write(path('index'), '')
        proc.write(path('serial'), '01\n')
        proc.write(path('ca.cnf'), OPENSSL.format(top=TOP))
        self.run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout',
                 path('ca.key'), '-out', path('ca.pem'), '-subj',
                 '/CN=Test Root', '-days', '30')

    @staticmethod
    def run(*argv):
        subprocess.run(('openssl',) + argv, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def make(self, name, host, start='', end='', signed=True):
        """Key and certificate in one file."""
        key, request, pem = path(name + '.key'), path(name + '.csr'), \
            path(name + '.pem')
        subject = ('-subj', '/CN=' + host[:60], '-addext',
                   'subjectAltName=DNS:' + host)
        if not signed:
            self.run('req', '-x509', '-newkey', 'rsa:2048', '-nodes',
                     '-keyout', key, '-out', pem, '-days', '30', *subject)
        else:
            self.run('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key,
                     '-out', request, *subject)
            times = ('-days', '30') if not start else (
                '-startdate', start, '-enddate', end)
            self.run('ca', '-batch', '-config', path('ca.cnf'), '-cert',
                     path('ca.pem'), '-keyfile', path('ca.key'), '-in',
                     request, '-out', pem, '-notext', *times)
        with open(pem, 'a', encoding='ascii') as out, \
                open(key, encoding='ascii') as more:
            out.write(more.read())
        return pem


def serial_of(pem):
    """SHA-256 of the public key, as in TLSA 3 1 1."""
    key = subprocess.run(['openssl', 'x509', '-in', pem, '-pubkey', '-noout'],
                         check=True, stdout=subprocess.PIPE).stdout
    der = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'],
                         input=key, check=True,
                         stdout=subprocess.PIPE).stdout
    return hashlib.sha256(der).digest()


class Server:
    """Listens on one loopback address; talk(self, connection) for each."""

    def __init__(self, address, port, talk):
        self.commands = []
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(16)
        self.talk = talk
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.sock.accept()
            threading.Thread(target=self._one, args=(connection,),
                             daemon=True).start()

    def _one(self, connection):
        connection.settimeout(proc.PATIENCE_S)
        try:
            self.talk(self, connection)
        except (OSError, ssl.SSLError):
            pass
        finally:
            connection.close()


def read_line(server, connection):
    line = b''
    while not line.endswith(b'\n'):
        octet = connection.recv(1)
        if not octet:
            raise OSError('closed')
        line += octet
    server.commands.append(line.decode('latin-1').strip())
    return server.commands[-1].upper()


def smtp(tls=None, replies=(), offers=None):
    """A well-behaved server but for `replies` by verb. tls: a certificate."""
    replies = dict(replies)

    def talk(server, connection):
        connection.sendall(b'220 mx.example ESMTP\r\n')
        while True:
            verb = read_line(server, connection).split(' ')[0]
            if verb in replies:
                reply = replies[verb]
                if reply is None:
                    return
                connection.sendall(reply)
            elif verb == 'EHLO':
                offer = tls is not None if offers is None else offers
                connection.sendall(EHLO + (b'250-STARTTLS\r\n' if offer else
                                           b'') + b'250 SIZE 1000\r\n')
            elif verb == 'STARTTLS':
                connection.sendall(b'220 go\r\n')
            elif verb == 'RCPT':
                connection.sendall(b'554 no relaying\r\n')
            elif verb == 'QUIT':
                connection.sendall(b'221 bye\r\n')
                return
            else:
                connection.sendall(b'250 ok\r\n')
            if verb == 'STARTTLS' and tls is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tls)
                connection = context.wrap_socket(connection,
                                                 server_side=True)
    return talk


def send_forever(octets, pause_s=0.0):
    def talk(_server, connection):
        while True:
            connection.sendall(octets)
            time.sleep(pause_s)
    return talk


def send_once(octets, then_close=True):
    def talk(_server, connection):
        connection.sendall(octets)
        if not then_close:
            connection.recv(1)
            time.sleep(proc.PATIENCE_S)
    return talk


def silent(_server, _connection):
    time.sleep(proc.PATIENCE_S)


class Lab:
    """Domains dN.example, each with an MX host at its own address."""

    def __init__(self, port):
        self.port = port
        self.zone = ''
        self.domains = []
        self.next = 10

    def add(self, name, talk, host=None):
        """A domain whose only MX host behaves so; None: nobody listens."""
        address = '127.0.0.%d' % self.next
        self.next += 1
        domain = name + '.example'
        host = host or 'mx.' + domain
        self.zone += '%s. MX 10 %s.\n%s. A %s\n' % (domain, host, host,
                                                    address)
        self.domains.append(domain)
        return Server(address, self.port, talk) if talk is not None else None

    def check(self, *options, domains=None, env=None, as_json=True):
        zone = proc.write(path('zone'), self.zone)
        argv = [tree.MAILSEAL, 'check', '--zone', zone, '--connect',
                '--smtp-port', str(self.port), '--ca-file', path('ca.pem'),
                '--only', 'smtp.*', '--only', 'tls.*', '--only', 'relay.*',
                '--only', 'dane.*', '--only', 'mtasts.*', '--skip',
                'mtasts.missing'] + list(options) + \
            list(self.domains if domains is None else domains)
        if as_json:
            argv.insert(2, '--json')
        env = dict(os.environ, **(env or {'PATH': path('nothing')}))
        status, out, err = proc.run(argv, env=env)
        if not as_json:
            return status, out, err
        obj = json.loads(out.decode())
        reports = obj.get('domains', [obj])
        return {r['domain']: {f['check']: f for f in r['findings']
                              if f['severity'] != 'ok'} for r in reports}


TROUBLES = {	# name: (talk, finding, words of its text)
    'tarpit': (silent, 'smtp.greeting', 'does not answer in time'),
    'drip': (send_forever(b'2', 0.2), 'smtp.greeting', ''),
    'endless': (send_forever(b'220-mx.example\r\n'), 'smtp.greeting',
                'does not end'),
    'long': (send_forever(b'220 ' + b'x' * 1000), 'smtp.greeting',
             'does not end'),
    'garbage': (send_once(b'SSH-2.0-x\r\n', False), 'smtp.greeting',
                'not of that protocol'),
    'zeros': (send_once(bytes(5000), False), 'smtp.greeting',
              'not of that protocol'),
    'refuse': (send_once(b'554 go away\r\n'), 'smtp.greeting', 'refuses'),
    'close': (send_once(b''), 'smtp.greeting', 'closes'),
    'noehlo': (smtp(replies={'EHLO': b'502 no\r\n'}), 'smtp.greeting',
               'refuses'),
    'mute': (smtp(replies={'EHLO': b''}), 'smtp.greeting', 'in time'),
    'closed': (None, 'smtp.unreachable', 'refused'),
    'plain': (smtp(), 'tls.starttls', 'does not offer'),
    'busy': (smtp(offers=True, replies={'STARTTLS': b'454 later\r\n'}),
             'tls.starttls', 'refuses'),
    'notls': (smtp(offers=True, replies={
        'STARTTLS': b'220 go\r\nnot TLS at all, but text\r\n'}),
        'tls.starttls', 'handshake'),
    'hang': (smtp(offers=True), 'tls.starttls', ''),
    'drop': (smtp(offers=True, replies={'STARTTLS': None}), 'tls.starttls',
             'closes'),
}


def check_troubles():
    """Each fault is a finding of that server, and delays no other one."""
    lab = Lab(proc.free_port())
    for name, (talk, _, _) in TROUBLES.items():
        lab.add(name, talk)
    begin = time.monotonic()
    found = lab.check('--connect-timeout', '4')
    took = time.monotonic() - begin
    tap.ok(took < 4 * len(TROUBLES), 'all at once, under one deadline',
           str(took))
    for name, (_, check, words) in TROUBLES.items():
        f = found[name + '.example'].get(check)
        tap.ok(f is not None and f['severity'] == 'error' and
               words in f['text'], '%s: %s' % (name, check),
               str(found[name + '.example']))


def check_certificates(certificates):
    lab = Lab(proc.free_port())
    for name, want in (('good', None), ('other', 'another name'),
                       ('old', 'expired'), ('own', 'self-signed'),
                       ('soon', 'has not been renewed'),
                       ('stranger', 'known authority')):
        host = 'mx.%s.example' % name
        pem = {
            'other': lambda: certificates.make('other', 'www.example'),
            'old': lambda: certificates.make(
                'old', 'mx.old.example', '20200101000000Z',
                '20210101000000Z'),
            'own': lambda: certificates.make('own', 'mx.own.example',
                                             signed=False),
            'soon': lambda: certificates.make(
                'soon', 'mx.soon.example', '20200101000000Z',
                time.strftime('%Y%m%d%H%M%SZ', time.gmtime(
                    time.time() + 5 * 86400))),
        }.get(name, lambda: certificates.make(name, host))()
        lab.add(name, smtp(pem))
        ca = ('--ca-file', proc.write(path('empty.pem'), open(
            path('own.pem')).read())) if name == 'stranger' else ()
        found = lab.check(*ca, domains=[name + '.example'])[name + '.example']
        f = found.get('tls.certificate')
        if want is None:
            tap.is_(sorted(found), [], 'a good certificate: nothing to say')
        else:
            tap.ok(f is not None and f['severity'] == 'warn' and
                   want in f['text'], 'certificate: ' + name, str(found))
        tap.ok('tls.starttls' not in found, name + ': it is encrypted')
    # Octets that were slipped in before TLS began are no reply under TLS.
    lab.add('inject', smtp(certificates.make('inject', 'mx.inject.example'),
                           replies={'STARTTLS': b'220 go\r\n554 no\r\n'}))
    found = lab.check(domains=['inject.example'])['inject.example']
    tap.is_(sorted(found), [], 'injected octets are not read', str(found))


def check_relay():
    lab = Lab(proc.free_port())
    server = lab.add('open', smtp(replies={'RCPT': b'250 sure\r\n'}))
    firm = lab.add('firm', smtp())
    lab.add('late', smtp(replies={'MAIL': b'451 greylisted\r\n'}))
    found = lab.check()
    f = found['open.example'].get('relay.open')
    tap.ok(f is not None and f['severity'] == 'error' and
           f['found'] == ['250 sure'], 'an open relay', str(found))
    verbs = [c.split(' ')[0].upper() for c in server.commands]
    tap.is_(verbs, ['EHLO', 'MAIL', 'RCPT', 'RSET', 'QUIT'],
            'RSET and QUIT after RCPT, no DATA')
    tap.contains(server.commands[1], 'postmaster@open.example',
                 'the sender is of the domain')
    tap.ok('relay.open' not in found['firm.example'] and
           'relay.unasked' not in found['firm.example'], 'no open relay')
    tap.is_(found['late.example'].get('relay.unasked', {}).get('severity'),
            'info', 'greylisted: not known')
    # From where the server may relay for us, nothing follows from it.
    for networks, asked in (('127.0.0.0/8', False),
                            ('192.0.2.0/24, [2001:db8::]/32', True),
                            ('192.0.2.0/24 hash:/etc/nothing', False),
                            ('!127.0.0.1 127.0.0.0/8', True)):
        os.makedirs(path('etc'), exist_ok=True)
        proc.write_aged(path('etc/main.cf'), 'compatibility_level = 3.6\n'
                   'mynetworks = %s\n' % networks)
        proc.write_aged(path('etc/master.cf'), '')
        firm.commands.clear()
        found = lab.check(domains=['firm.example'],
                          env={'MAIL_CONFIG': path('etc')})
        tap.is_(any(c.startswith('RCPT') for c in firm.commands), asked,
                'mynetworks = %s: asked' % networks)
        tap.is_('relay.unasked' in found['firm.example'], not asked,
                'mynetworks = %s: said' % networks)


def check_text():
    """What servers say is escaped, in every form."""
    lab = Lab(proc.free_port())
    lab.add('esc', send_once(b'554 \x1b[2J\xff\x00evil\x07\r\n'))
    for form in ('text', 'zone', 'form', 'nagios', 'prometheus', 'json'):
        _, out, err = lab.check('--format', form, as_json=False)
        tap.ok(not any(c in out for c in b'\x1b\x00\x07') and
               '\x1b' not in err, form + ': no control characters', out)


def check_outside():
    """Port 25 of others."""
    lab = Lab(proc.free_port())
    lab.add('in', None)
    lab.add('out', smtp())
    lab.add('gone', None)
    found = lab.check('--outbound', 'out.example', domains=['in.example'])
    tap.is_(found['in.example']['smtp.unreachable']['severity'], 'error',
            'an MX host that nobody reaches')
    found = lab.check('--outbound', 'gone.example',
                      domains=['in.example'])['in.example']
    tap.is_([(k, found[k]['severity']) for k in sorted(found)],
            [('smtp.outbound-blocked', 'error'),
             ('smtp.unreachable', 'unknown')],
            'blocked: then nothing is known of the others')
    found = lab.check('--outbound', 'nobody.example',
                      domains=['out.example'])['out.example']
    tap.is_(found['smtp.lookup']['severity'], 'unknown', 'no such domain')
    found = lab.check(domains=['out.example'])['out.example']
    tap.ok('smtp.outbound-blocked' not in found and 'smtp.lookup' not in
           found, 'with zone text nobody outside is asked', str(found))


class Web(http.server.BaseHTTPRequestHandler):
    body, status, kind = '', 200, 'text/plain'

    def do_GET(self):	# noqa: N802
        self.send_response(self.status)
        self.send_header('Content-Type', self.kind)
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_):	# pylint: disable=arguments-differ
        pass


def serve_web(pem, address):
    server = http.server.ThreadingHTTPServer((address, 0), Web)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def check_policy(certificates):
    lab = Lab(proc.free_port())
    lab.add('sts', smtp(certificates.make('stsmx', 'mx.sts.example')))
    web = serve_web(certificates.make('web', 'mta-sts.sts.example'),
                    '127.0.0.5')
    lab.zone += '_mta-sts.sts.example. TXT "v=STSv1; id=1"\n' \
        'mta-sts.sts.example. A 127.0.0.5\n' \
        '_smtp._tls.sts.example. TXT "v=TLSRPTv1; rua=mailto:a@sts.example"\n'
    good = 'version: STSv1\nmode: %s\nmx: %s\nmax_age: 60\n'
    for name, body, status, kind, port, want in (
            ('keeps to it', good % ('enforce', '*.sts.example'), 200,
             'text/plain', web, None),
            ('mode none', 'version: STSv1\nmode: none\nmax_age: 1\n', 200,
             'text/plain', web, None),
            ('does not name the host', good % ('enforce', 'a.sts.example'),
             200, 'text/plain', web, 'error'),
            ('testing', good % ('testing', 'a.sts.example'), 200,
             'text/plain', web, 'warn'),
            ('not there', '', 404, 'text/plain', web, 'error'),
            ('a redirect', good % ('none', 'x'), 301, 'text/plain', web,
             'error'),
            ('HTML', good % ('enforce', '*.sts.example'), 200, 'text/html',
             web, 'error'),
            ('nobody listens', '', 200, '', proc.free_port(), 'error')):
        Web.body, Web.status, Web.kind = body, status, kind
        found = lab.check('--https-port', str(port))['sts.example']
        tap.is_(found.get('mtasts.policy', {}).get('severity'), want,
                'MTA-STS: ' + name, str(found))
    Web.body, Web.status, Web.kind = good % ('enforce', '*.sts.example'), \
        200, 'text/plain'
    bad = serve_web(path('stsmx.pem'), '127.0.0.5')
    found = lab.check('--https-port', str(bad))['sts.example']
    tap.contains(found['mtasts.policy']['text'], 'another name',
                 'MTA-STS: the web server has a wrong certificate')
    lab.add('stsold', smtp(certificates.make('stsold', 'other.example')))
    lab.zone = lab.zone.replace('mx.sts.example. A', 'mx.sts.example. A '
                                '127.0.0.11 ;')
    found = lab.check('--https-port', str(web),
                      domains=['sts.example'])['sts.example']
    tap.ok(found['mtasts.policy']['severity'] == 'error' and
           'tls.certificate' in found,
           'MTA-STS: the MX host has a wrong certificate', str(found))


def wire_name(name):
    return b''.join(bytes([len(x)]) + x.encode() for x in
                    name.split('.')) + b'\0'


def check_dane(certificates):
    port = proc.free_port()
    pem = certificates.make('dane', 'mx.d.secure.test', signed=False)
    Server('127.0.0.10', port, smtp(pem))
    dns = resolver.Resolver()
    host = 'mx.d.secure.test'
    dns.records['d.secure.test', MX] = struct.pack('>H', 10) + wire_name(host)
    dns.records[host, resolver.A] = socket.inet_aton('127.0.0.10')
    digest = serial_of(pem)
    right = b'\3\1\1' + digest
    dns.start()

    def check(record, want, name):
        dns.records['_25._tcp.' + host, TLSA] = record
        status, obj, err = proc.run_json([
            tree.MAILSEAL, 'check', '--json', '--nameserver', dns.where,
            '--connect', '--no-outbound', '--smtp-port', str(port),
            '--ca-file', path('ca.pem'), '--only', 'dane.*', '--only',
            'tls.*', 'd.secure.test'])
        found = {f['check']: f for f in obj['findings']
                 if f['severity'] != 'ok'}
        tap.is_(sorted((k, v['severity']) for k, v in found.items()), want,
                'DANE: ' + name, err)
        return found

    own = ('tls.certificate', 'warn')
    check(right, [], 'the key, whoever signed it')
    found = check(b'\3\1\1' + bytes(32), [('dane.mismatch', 'error'), own],
                  'another key')
    tap.is_(found['dane.mismatch']['fix'],
            [{'where': 'dns', 'owner': '_25._tcp.' + host, 'type': 'TLSA',
              'value': '3 1 1 ' + digest.hex(), 'remove': False}],
            'DANE: what to publish')
    check(b'\1\1\1' + digest, [('dane.unusable', 'warn'), own],
          'a usage that mail does not use')
    check(b'\3\1\1' + digest[:31], [('dane.unusable', 'warn'), own],
          'a hash that is too short')
    check(b'\3\1\2' + digest, [('dane.unusable', 'warn'), own],
          'a hash of the wrong length')
    del dns.records['_25._tcp.' + host, TLSA]
    check(None, [('dane.missing', 'info'), own], 'none')
    dns.stop()


def check_postfix(certificates):
    """The real thing."""
    why = mta.unavailable()
    if why is not None:
        tap.skip('a real Postfix', why)
        return
    pem = certificates.make('postfix', 'mx.here.example')
    os.mkdir(path('mta'))
    tls = {'smtpd_tls_security_level': 'may', 'smtpd_tls_cert_file': pem,
           'smtpd_tls_key_file': pem}
    port = proc.free_port()
    more = ['tlsmgr unix - - n 1000? 1 tlsmgr']
    for address, networks in (('127.0.0.2', '192.0.2.0/24'),
                              ('127.0.0.3', '0.0.0.0/0')):
        more.append('%s:%d inet n - n - - smtpd' % (address, port))
        more += [' -o { %s = %s }' % x for x in dict(
            tls, mynetworks=networks).items()]
    postfix = mta.Postfix(path('mta'), proc.free_port(),
                          {'own': tls, 'plain': {}},
                          {'relay_domains': 'here.example'}, more)
    lab = Lab(port)
    lab.domains = ['here.example']
    zone = 'here.example. MX 10 mx.here.example.\n' \
        'mx.here.example. A %s\n'
    for address, service, want in (('127.0.0.2', None, []),
                                   ('127.0.0.3', None, ['relay.open']),
                                   ('127.0.0.1', 'own', ['relay.unasked']),
                                   ('127.0.0.1', 'plain', [
                                       'relay.unasked', 'tls.starttls'])):
        lab.zone = zone % address
        lab.port = port if service is None else postfix.ports[service]
        found = lab.check()['here.example']
        tap.is_(sorted(found), want, 'Postfix at %s, %s' % (address, service),
                str(found))
    tap.ok('message-id=' not in postfix.log_text() and
           'queue active' not in postfix.log_text(), 'nothing was delivered',
           postfix.log_text())
    postfix.stop()


def main():
    certificates = Certificates()
    check_troubles()
    check_certificates(certificates)
    check_relay()
    check_text()
    check_outside()
    check_policy(certificates)
    check_dane(certificates)
    check_postfix(certificates)


tap.main(main)
