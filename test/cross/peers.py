# SPDX-License-Identifier: BSD-2-Clause
"""peers: independent implementations behind one interface.

Each peer has a name, its algorithms, verify(message) -> [(result, reason)]
with the results pass and fail, and sign(...) -> the signed message.
"""
import base64
import os
import shutil

import proc
import pydkim
import tree

DOMAIN = 'example.com'
# To make an RSA key takes a third of a second: most tests use the same ones.
POOL = os.path.join(tree.SRC, 'test', 'lib', 'keys')


class Refused(Exception):
    """A peer refuses to sign a message."""


class Key:
    """A key pair by openssl, in the formats that the peers need. options: of
    openssl genpkey; without them it is the pair of that name in POOL."""

    def __init__(self, top, selector, algorithm, options=None):
        self.selector = selector
        self.algorithm = algorithm
        self.path = os.path.join(top, selector + '.pem')
        if options is None:
            shutil.copyfile(os.path.join(POOL, selector + '.pem'), self.path)
        else:
            self._openssl('genpkey', *options, '-out', self.path)
        os.chmod(self.path, 0o600)
        with open(self.path, 'rb') as f:
            self.pem = f.read()
        public = self._openssl('pkey', '-in', self.path, '-pubout',
                               '-outform', 'DER')
        if algorithm == 'ed25519-sha256':
            private = self._openssl('pkey', '-in', self.path, '-outform',
                                    'DER')
            self.traditional = self.path
            # RFC 8410: the last 32 octets of either form are the key.
            self.for_pydkim = base64.b64encode(private[-32:])
            self.record = 'v=DKIM1; k=ed25519; p=' + base64.b64encode(
                public[-32:]).decode()
        else:
            self.traditional = self.path + '.rsa'
            self._openssl('rsa', '-traditional', '-in', self.path, '-out',
                          self.traditional)
            with open(self.traditional, 'rb') as f:
                self.for_pydkim = f.read()
            self.record = 'v=DKIM1; k=rsa; p=' + base64.b64encode(
                public).decode()
        self.name = '%s._domainkey.%s' % (selector, DOMAIN)

    @staticmethod
    def _openssl(*args):
        status, out, err = proc.run(['openssl'] + list(args))
        if status != 0:
            raise RuntimeError(err)
        return out


def keys(top):
    """Those of POOL: RSA of 1024 and of 2048 bits, and Ed25519."""
    return [Key(top, 'r1', 'rsa-sha256'), Key(top, 'r2', 'rsa-sha256'),
            Key(top, 'e1', 'ed25519-sha256')]


def new_keys(top):
    """Of the same kinds, made now."""
    return [
        Key(top, 'r1', 'rsa-sha256', ('-algorithm', 'RSA', '-pkeyopt',
                                      'rsa_keygen_bits:1024')),
        Key(top, 'r2', 'rsa-sha256', ('-algorithm', 'RSA', '-pkeyopt',
                                      'rsa_keygen_bits:2048')),
        Key(top, 'e1', 'ed25519-sha256', ('-algorithm', 'ED25519')),
    ]


def _with(value, message):
    if not value.startswith((b' ', b'\t', b'\r\n')):
        value = b' ' + value
    return b'DKIM-Signature:' + value + b'\r\n' + message


def _pairs(answer):
    text = [s.decode('utf-8', 'replace') for s in answer]
    return list(zip(text[0::2], text[1::2]))


class _CoProcess:
    def __init__(self, argv, top, table, env=None):
        self.fields = proc.Fields(argv, os.path.join(top, self.name + '.log'),
                                  env)
        for key in table:
            self.call('record', key.name, key.record)

    def call(self, *fields):
        answer = self.fields.call(*fields)
        if answer[0] != b'ok':
            raise Refused(answer[0].decode('utf-8', 'replace'))
        return answer[1:]

    def verify(self, message):
        return _pairs(self.call('verify', message))

    def stop(self):
        return self.fields.stop()


class OpenDKIM(_CoProcess):
    name = 'libopendkim'
    algorithms = ('rsa-sha256', 'ed25519-sha256')

    def __init__(self, top, table):
        # libopendkim leaks its signing keys: not reported.
        env = dict(os.environ, ASAN_OPTIONS='detect_leaks=0')
        super().__init__([tree.program('test/cross/opendkim_peer')], top,
                         table, env)

    def sign(self, message, key, canon, present, over):
        return _with(self.call(
            'sign', DOMAIN, key.selector, key.algorithm, canon, key.pem,
            message, *dict.fromkeys(present), *['+' + n for n in over])[0],
            message)


class MailDKIM(_CoProcess):
    name = 'Mail::DKIM'
    algorithms = ('rsa-sha256',)

    def __init__(self, top, table):
        super().__init__([tree.PERL, os.path.join(
            tree.SRC, 'test', 'cross', 'mail_dkim_peer.pl')], top, table)

    def sign(self, message, key, canon, present, over):
        return _with(self.call(
            'sign', DOMAIN, key.selector, key.algorithm, canon,
            key.traditional, message, *(present + over))[0], message)


    def arc_verify(self, message):
        """(none, pass or fail; reason)"""
        word, why = self.call('arc-verify', message)
        return word.decode(), why.decode('utf-8', 'replace')

    def arc_seal(self, message, key, domain, authserv_id, names):
        """Adds a set; cv= is the arc result of Authentication-Results."""
        fields = self.call('arc-seal', domain, key.selector, key.traditional,
                           authserv_id, message, *names)
        return b''.join(f.rstrip(b'\r\n') + b'\r\n'
                        for f in fields) + message


class PyDKIM:
    name = 'python3-dkim'
    algorithms = ('rsa-sha256', 'ed25519-sha256')

    def __init__(self, _top, table):
        self.dns = {key.name: key.record for key in table}

    def verify(self, message):
        return pydkim.verify(message, self.dns)

    def sign(self, message, key, canon, present, over):
        return pydkim.sign(message, DOMAIN, key.selector, key.for_pydkim,
                           key.algorithm, canon, present + over) + message

    def arc_verify(self, message):
        return pydkim.arc_verify(message, self.dns)

    def arc_seal(self, message, key, domain, authserv_id, names):
        return pydkim.arc_seal(message, domain, key.selector, key.for_pydkim,
                               authserv_id, names) + message

    def stop(self):
        return 0
