# SPDX-License-Identifier: BSD-2-Clause
"""historic: verifies signatures that RFC 8301 forbids (rsa-sha1, short keys),
so that old messages can test our canonicalisation. The library canonicalises;
selecting fields, hashing and RSA are done here.
"""
import base64
import hashlib
import re

import pydkim   # noqa: F401: skips where there is no python3-dkim
import seal
from dkim.crypto import RSASSA_PKCS1_v1_5_verify, parse_public_key


def _digits(text):
    return base64.b64decode(seal.squeezed(text))


def _select(fields, skip, names):
    """RFC 6376 5.4.2: bottom-up by name; nothing if all are used."""
    left = {}
    for i, f in enumerate(fields):
        if i != skip:
            name = f.partition(b':')[0].strip().lower().decode('latin-1')
            left.setdefault(name, []).append(f)
    return [left[n].pop() for n in names if left.get(n)]


def _verify_one(index, fields, body, batch, dns):
    raw = fields[index]
    tags = seal.tags(raw.partition(b':')[2].decode('latin-1'))
    kinds = (tags.get('c', 'simple').partition('/'))
    header, body_kind = kinds[0], kinds[2] or 'simple'
    new = hashlib.sha1 if tags['a'] == 'rsa-sha1' else hashlib.sha256
    text = batch.canon('body ' + body_kind, body)
    if 'l' in tags:
        text = text[:int(tags['l'])]
    if new(text).digest() != _digits(tags['bh']):
        return 'fail'
    digest = new()
    for f in _select(fields, index, seal.names(tags['h'])):
        digest.update(batch.canon('header ' + header, f))
    bare = re.sub(rb'(?s)((?:^|;)\s*b\s*=)[^;]*', rb'\1',
                  raw.partition(b':')[2][:-2])
    own = raw.partition(b':')[0] + b':' + bare + b'\r\n'
    digest.update(batch.canon('header ' + header, own)[:-2])
    record = dns.get('%s._domainkey.%s' % (tags['s'], tags['d'].lower()), '')
    key = parse_public_key(_digits(seal.tags(record)['p']))
    good = RSASSA_PKCS1_v1_5_verify(digest, _digits(tags['b']), key)
    return 'pass' if good else 'fail'


def verify(message, batch, dns):
    """The result of each DKIM-Signature: pass, fail, or permerror for an
    invalid one. dns: {name: text of the key record}."""
    fields, body = seal.split(seal.crlf(message))
    results = []
    for i, f in enumerate(fields):
        if f.partition(b':')[0].strip().lower() != b'dkim-signature':
            continue
        try:
            results.append(_verify_one(i, fields, body, batch, dns))
        except Exception:       # any error: not a pass
            results.append('permerror')
    return results
