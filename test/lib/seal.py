# SPDX-License-Identifier: BSD-2-Clause
"""seal: the programs under test, by their command lines and by the batch."""
import base64
import os

import proc
import tree

# What the words of RFC 8601 2.7.1 have in common: the signature could not be
# used, for whatever reason. Suites older than those words have one for all.
UNUSABLE = ('permerror', 'policy', 'neutral')


def verify(data, zone, *options):
    """(exit status, the JSON object, stderr) of mailseal verify."""
    return proc.run_json([tree.MAILSEAL, 'verify', '--json', '--zone', zone] +
                         list(options), data)


def spf(zone, ip, helo, mail_from, *options):
    """(exit status, the JSON object, stderr) of mailseal spf."""
    return proc.run_json([tree.MAILSEAL, 'spf', '--json', '--zone', zone,
                          '--ip', ip, '--helo', helo, '--mail-from',
                          mail_from] + list(options))


def sign(data, domain, selector, key, *options):
    """(exit status, the signed message, stderr) of mailseal sign."""
    return proc.run([tree.MAILSEAL, 'sign', '--domain', domain, '--selector',
                     selector, '--key', key] + list(options), data)


def crlf(data):
    return data.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')


def split(message):
    """(header fields as raw bytes, body) of a message with CRLF ends."""
    if message.startswith(b'\r\n'):
        return [], message[2:]
    head, _, body = message.partition(b'\r\n\r\n')
    fields = []
    for line in head.split(b'\r\n'):
        if line[:1] in (b' ', b'\t') and fields:
            fields[-1] += line + b'\r\n'
        elif line:
            fields.append(line + b'\r\n')
    return fields, body


def fields_named(message, name):
    """The values of the fields of that name, top first, without the CRLF."""
    return [f.partition(b':')[2][:-2] for f in split(message)[0]
            if f.partition(b':')[0].strip().lower() == name.lower()]


def tags(value):
    """A signature's tags as text; white space around them is gone."""
    if isinstance(value, bytes):
        value = value.decode('utf-8', 'replace')
    pairs = [t.partition('=') for t in value.split(';') if t.strip()]
    return {n.strip(): v.strip() for n, _, v in pairs}


def squeezed(text):
    return ''.join(text.split())


def names(h):
    """The names of an h= tag, lower-case, in order."""
    return [n.strip().lower() for n in h.split(':')]


def pem(der, label='PRIVATE KEY'):
    text = base64.encodebytes(der).decode('ascii').replace('\n', '')
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return '-----BEGIN %s-----\n%s\n-----END %s-----\n' % (
        label, '\n'.join(lines), label)


def ed25519_pem(seed):
    """A PKCS#8 key (RFC 8410 7) from the 32 bytes of its seed."""
    return pem(bytes.fromhex('302e020100300506032b657004220420') + seed)


class Batch:
    """The library as a co-process; test/lib/batch.c has the requests."""

    def __init__(self, top, zone=None):
        argv = [tree.BATCH] + ([zone] if zone else [])
        self.fields = proc.Fields(argv, os.path.join(top, 'batch.log'))

    def _call(self, *fields):
        answer = self.fields.call(*fields)
        if answer[0] != b'ok':
            raise RuntimeError('%s: %s' % (fields[0], answer[0].decode()))
        return answer[1:]

    def canon(self, kind, *chunks):
        """kind: "header simple", "body relaxed" ..."""
        return self._call('canon', kind, *chunks)[0]

    def key(self, letter, text):
        self._call('key', letter, text)

    def sign(self, key, domain, selector, canon, message, headers='-',
             oversign='-', now=0, ttl=0, sizes=()):
        return self._call('sign', key, domain, selector, canon, headers,
                          oversign, str(now), str(ttl), message,
                          *[str(n) for n in sizes])[0]

    def verify(self, message, now, sizes=(), partial=False):
        """[{result, reason, domain, selector, b}], top first. partial: with
        Minimum 0 and AllowExtraFields."""
        v = [s.decode('utf-8', 'replace') for s in self._call(
            'verify-partial' if partial else 'verify', str(now), message,
            *[str(n) for n in sizes])]
        keys = ('result', 'reason', 'domain', 'selector', 'b')
        return [dict(zip(keys, v[i:i + 5])) for i in range(0, len(v), 5)]

    def spf(self, ip, helo, mail_from):
        """{result, mechanism, reason, explanation, queries}."""
        v = [s.decode('utf-8', 'replace') for s in self._call(
            'spf', ip, helo, mail_from)]
        return dict(zip(('result', 'mechanism', 'reason', 'explanation',
                         'queries'), v))

    def stop(self):
        return self.fields.stop()
