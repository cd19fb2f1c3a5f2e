# SPDX-License-Identifier: BSD-2-Clause
"""craft: makes signatures with a valid hash and unusual tags, to compare how
verifiers interpret each tag. Canonicalisation and hashing are implemented here
from RFC 6376, independent of the verifiers.
"""
import base64
import hashlib
import re

import nacl.encoding
import nacl.signing
import seal
from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key

import peers


def header(kind, field):
    """RFC 6376 3.4.1 and 3.4.2; with the final CRLF."""
    if kind == 'simple':
        return field
    name, _, value = field[:-2].partition(b':')
    value = re.sub(rb'\r\n(?=[ \t])', b'', value)
    value = re.sub(rb'[ \t]+', b' ', value).strip(b' ')
    return name.rstrip(b' \t').lower() + b':' + value + b'\r\n'


def body(kind, text):
    """RFC 6376 3.4.3 and 3.4.4."""
    lines = text.split(b'\r\n')
    if kind == 'relaxed':
        lines = [re.sub(rb'[ \t]+', b' ', x).rstrip(b' ') for x in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b'' if kind == 'relaxed' else b'\r\n'
    return b'\r\n'.join(lines) + b'\r\n'


def select(fields, names):
    """RFC 6376 5.4.2: bottom-up, by name."""
    left = {}
    for f in fields:
        name = f.partition(b':')[0].strip().lower().decode()
        left.setdefault(name, []).append(f)
    return [left[n].pop() for n in names if left.get(n)]


def raw_signature(key, digest):
    if key.algorithm == 'ed25519-sha256':
        signer = nacl.signing.SigningKey(key.for_pydkim,
                                         encoder=nacl.encoding.Base64Encoder)
        return signer.sign(digest.digest()).signature
    return RSASSA_PKCS1_v1_5_sign(digest,
                                  parse_pem_private_key(key.for_pydkim))


class Draft:
    """The tags of a new signature, text by name, in order."""

    def __init__(self, rng, message, key, now):
        self.rng = rng
        self.now = now
        self.body = message.body
        self.header_kind = rng.choice(('simple', 'relaxed'))
        self.body_kind = rng.choice(('simple', 'relaxed'))
        self.names = message.names()
        self.trailer = ''
        self.extra = []         # raw tags between the others
        self.pad = ''           # around "=" of one tag
        self.fold_b = rng.random() < 0.5
        self.tags = {
            'v': '1', 'a': key.algorithm,
            'c': '%s/%s' % (self.header_kind, self.body_kind),
            'd': peers.DOMAIN, 's': key.selector,
            'h': ':'.join(['from'] + rng.sample(self.names,
                                                min(3, len(self.names)))),
            'bh': '', 'b': '',
        }

    def canonical_length(self):
        return len(body(self.body_kind, self.body))


def _set(name, value):
    def quirk(d):
        d.tags[name] = value(d) if callable(value) else value
    return quirk


def _drop(name):
    def quirk(d):
        d.tags.pop(name, None)
    return quirk


def _extra(text):
    def quirk(d):
        d.extra.append(text)
    return quirk


def _canon(text, header_kind, body_kind):
    def quirk(d):
        d.header_kind, d.body_kind = header_kind, body_kind
        d.tags.pop('c')
        if text:
            d.tags['c'] = text
    return quirk


def _many(*quirks):
    def quirk(d):
        for q in quirks:
            q(d)
    return quirk


def _trailer(text):
    def quirk(d):
        d.trailer = text
    return quirk


def _pad(text):
    def quirk(d):
        d.pad = text
    return quirk


QUIRKS = {
    'nothing': lambda d: None,
    'x past': _set('x', lambda d: str(d.now - 86400 * 30)),
    'x future': _set('x', lambda d: str(d.now + 86400)),
    'x before t': _many(_set('t', lambda d: str(d.now - 5)),
                        _set('x', lambda d: str(d.now - 100))),
    'x equals t': _many(_set('t', lambda d: str(d.now + 60)),
                        _set('x', lambda d: str(d.now + 60))),
    'x empty': _set('x', ''),
    'x negative': _set('x', '-1'),
    't now': _set('t', lambda d: str(d.now)),
    't future': _set('t', lambda d: str(d.now + 86400 * 30)),
    't zero': _set('t', '0'),
    't letters': _set('t', '12ab'),
    't empty': _set('t', ''),
    't huge': _set('t', '9' * 40),
    't of milliseconds': _set('t', lambda d: str(d.now * 1000)),
    'x of milliseconds': _set('x', lambda d: str(d.now * 1000)),
    'i same': _set('i', '@' + peers.DOMAIN),
    'i local': _set('i', 'joe@' + peers.DOMAIN),
    'i below': _set('i', '@a.b.' + peers.DOMAIN),
    'i upper': _set('i', '@EXAMPLE.COM'),
    'i other': _set('i', '@example.org'),
    'i no label border': _set('i', '@not' + peers.DOMAIN),
    'i without at': _set('i', peers.DOMAIN),
    'i quoted-printable': _set('i', 'a=3Bb@' + peers.DOMAIN),
    'i empty': _set('i', ''),
    'l exact': _set('l', lambda d: str(d.canonical_length())),
    'l zeros': _set('l', lambda d: '000%d' % d.canonical_length()),
    'l less': _set('l', lambda d: str(d.canonical_length() // 2)),
    'l nothing': _set('l', '0'),
    'l more': _set('l', lambda d: str(d.canonical_length() + 1)),
    'l huge': _set('l', '9' * 70),
    'l letters': _set('l', '0x10'),
    'l empty': _set('l', ''),
    'q dns': _set('q', 'dns/txt'),
    'q http': _set('q', 'http'),
    'q list': _set('q', 'http:dns/txt'),
    'q plain dns': _set('q', 'dns'),
    'q empty': _set('q', ''),
    'no v': _drop('v'),
    'v 2': _set('v', '2'),
    'v 01': _set('v', '01'),
    'no c': _canon('', 'simple', 'simple'),
    'c relaxed': _canon('relaxed', 'relaxed', 'simple'),
    'c simple': _canon('simple', 'simple', 'simple'),
    'c upper': _many(_canon('RELAXED/SIMPLE', 'relaxed', 'simple')),
    'c unknown': _set('c', 'nowsp/simple'),
    'c three': _set('c', 'simple/simple/simple'),
    'no a': _drop('a'),
    'a upper': _set('a', lambda d: d.tags['a'].upper()),
    'a unknown': _set('a', 'rsa-sha512'),
    'no d': _drop('d'),
    'd upper': _set('d', 'EXAMPLE.COM'),
    'd dot': _set('d', 'example.com.'),
    'd one label': _set('d', 'com'),
    'd empty': _set('d', ''),
    'no s': _drop('s'),
    's upper': _set('s', lambda d: d.tags['s'].upper()),
    's empty': _set('s', ''),
    'no h': _drop('h'),
    'h empty': _set('h', ''),
    'h without from': _set('h', 'subject:to'),
    'h upper': _set('h', lambda d: d.tags['h'].upper()),
    'h spaced': _set('h', lambda d: d.tags['h'].replace(':', ' : ')),
    'h folded': _set('h', lambda d: d.tags['h'].replace(':', ':\r\n\t ')),
    'h over': _set('h', lambda d: d.tags['h'] + ':from:x-none'),
    'h signature': _set('h', lambda d: d.tags['h'] + ':dkim-signature'),
    'h empty name': _set('h', lambda d: d.tags['h'] + '::to'),
    'h ends in colon': _set('h', lambda d: d.tags['h'] + ':'),
    'unknown tag': _extra('zz=1'),
    'unknown empty tag': _extra('zz='),
    'z': _extra('z=From:=20joe|Subject:=20x'),
    'digit in name': _extra('z9_z=1'),
    'digit first': _extra('9z=1'),
    'hyphen in name': _extra('z-z=1'),
    'equals in value': _extra('zz=a=b=c'),
    'tag twice': _extra('s=r2'),
    'unknown tag twice': _many(_extra('zz=1'), _extra('zz=1')),
    'no equals': _extra('zz'),
    'empty tag': _extra(''),
    'blank tag': _extra(' '),
    '8-bit value': _extra('zz=caf\u00e9'),
    'upper name': _extra('D=example.org'),
    'semicolon at the end': _trailer(';'),
    'semicolon and space': _trailer(' ; '),
    'two semicolons': _trailer(';;'),
    'space around equals': _pad(' '),
    'fold around equals': _pad('\r\n '),
}


# Signatures that must not pass, with the section of RFC 6376; all others are
# valid, or so common that all verifiers accept them.
REFUSED = {
    'x past': '6.1.1: expired',
    'x before t': '3.5: x= must be later',
    'x equals t': '3.5: x= must be later',
    'x empty': '3.5',
    'x negative': '3.5',
    't future': '3.5: may be ignored',
    't letters': '3.5',
    't empty': '3.5',
    'i other': '6.1.1',
    'i no label border': '6.1.1',
    'i without at': '3.5',
    'i empty': '3.5',
    'l more': '3.5',
    'l huge': '3.5',
    'l letters': '3.5',
    'l empty': '3.5',
    'q http': '3.5',
    'q plain dns': '3.5',
    'q empty': '3.5',
    'no v': '6.1.1',
    'v 2': '6.1.1',
    'v 01': '3.5',
    'c upper': '3.2',
    'c unknown': '3.5',
    'c three': '3.5',
    'no a': '6.1.1',
    'a upper': '3.2',
    'a unknown': '3.3.4',
    'no d': '6.1.1',
    'd one label': '6.1.1',
    'd empty': '3.5',
    'no s': '6.1.1',
    's empty': '3.5',
    'no h': '6.1.1',
    'h empty': '3.5',
    'h without from': '6.1.1',
    'digit first': '3.2',
    'hyphen in name': '3.2',
    'tag twice': '3.2',
    'unknown tag twice': '3.2',
    'no equals': '3.2',
    'empty tag': '3.2',
    'blank tag': '3.2',
    'two semicolons': '3.2',
}


def _write(d, b):
    """The value of the field. Without b=, the white space around its value is
    removed, too (3.7)."""
    trailer = d.trailer
    if not b and list(d.tags)[-1] == 'b':
        trailer = trailer.lstrip(' ')
    parts = []
    for name, text in d.tags.items():
        if name == 'b':
            text = b
        around = d.pad if name in ('v', 's', 'd') else ''
        parts.append('%s%s=%s%s' % (name, around, around, text))
    for text in d.extra:
        parts.insert(min(2, len(parts)), text)
    return (' ' + ';\r\n\t'.join(
        '; '.join(parts[i:i + 3]) for i in range(0, len(parts), 3)) +
        trailer).encode('utf-8')


def craft(rng, message, key, now):
    """(name of the variant, message with such a signature)."""
    quirk = rng.choice(list(QUIRKS))
    d = Draft(rng, message, key, now)
    items = list(d.tags.items())
    rng.shuffle(items)
    d.tags = dict(items)
    QUIRKS[quirk](d)
    text = body(d.body_kind, d.body)
    limit = d.tags.get('l', '')
    if limit.isdigit():
        text = text[:int(limit)]
    d.tags['bh'] = base64.b64encode(hashlib.sha256(text).digest()).decode()
    digest = hashlib.sha256()
    for f in select(message.fields, seal.names(d.tags.get('h', ''))):
        digest.update(header(d.header_kind, f))
    empty = b'DKIM-Signature:' + _write(d, '') + b'\r\n'
    digest.update(header(d.header_kind, empty)[:-2])
    b = base64.b64encode(raw_signature(key, digest)).decode()
    if d.fold_b:
        b = '\r\n\t'.join(b[i:i + 60] for i in range(0, len(b), 60))
    return quirk, (b'DKIM-Signature:' + _write(d, b) + b'\r\n' +
                   message.bytes())
