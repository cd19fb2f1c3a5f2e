# SPDX-License-Identifier: BSD-2-Clause
"""letters: the DNS and the messages of test/integration/migration.py."""
import os
import re

import proc
import tree
from old import MTA, Mail

OUTSIDE = '198.51.100.1'
BODY = 'Hello,\n\nthis is a letter.\n'
POLICIES = {'reject.example': 'reject', 'quar.example': 'quarantine',
            'none.example': 'none', 'signed.example': 'reject',
            'here.example': 'reject', 'spf.example': 'reject'}
BROKEN = ['_dmarc.broken.example', 'gone._domainkey.signed.example']


def make_keys(top):
    """key.private and key.txt, other.private, for every domain."""
    for selector in ('key', 'other'):
        proc.run([tree.DKIMKEYGEN, 'new', '-d', 'here.example', '-s', selector,
                  '-D', top])


def zone(top):
    text = ''
    for selector in ('key', 'other'):
        with open(os.path.join(top, selector + '.txt'),
                  encoding='ascii') as f:
            record = ' '.join(re.findall(r'"[^"]*"', f.read()))
        for domain in ('here.example', 'signed.example', 'ours.example',
                       'sub.here.example'):
            text += '%s._domainkey.%s. TXT %s\n' % (selector, domain, record)
    for domain, policy in POLICIES.items():
        text += '_dmarc.%s. TXT "v=DMARC1; p=%s"\n' % (domain, policy)
        text += '%s. A 192.0.2.1\n' % domain
    return text + ('spf.example. TXT "v=spf1 ip4:%s -all"\n'
                   'out.example. TXT "v=spf1 -all"\n'
                   'sub.reject.example. A 192.0.2.1\n'
                   'plain.example. A 192.0.2.1\n'
                   'broken.example. A 192.0.2.1\n' % OUTSIDE)


def letter(author, more='', body=BODY, date=True):
    return ('%sFrom: %s\nTo: you@here.example\nSubject: a letter\n'
            'Message-ID: <1@out.example>\n%s\n%s' % (
                more, author, 'Date: Sat, 28 Nov 2026 10:00:00 +0000\n'
                if date else '', body))


def signed(top, text, selector='key', options=()):
    _, out, _ = proc.run(
        [tree.MAILSEAL, 'sign', '--domain', 'signed.example', '--selector',
         selector, '--key', os.path.join(top, 'key.private'), *options],
        text.encode())
    return out.decode().replace('\r\n', '\n')


def inbound(top):
    """Mail from outside."""
    for domain in ('reject.example', 'quar.example', 'none.example', 'plain.example',
                   'broken.example', 'sub.reject.example', 'here.example'):
        yield Mail('in ' + domain, letter('Joe <joe@%s>' % domain))
    yield Mail('in spf.example', letter('joe@spf.example'), sender='<j@spf.example>')
    own = signed(top, letter('joe@signed.example'))
    yield Mail('in signed', own)
    yield Mail('in altered', own.replace('Hello', 'Jello'))
    yield Mail('in altered plain', signed(top, letter(
        'joe@plain.example')).replace('Hello', 'Jello'))
    for what, selector, options in (
            ('expired', 'key', ('--now', '1700000000', '--expire', '60')),
            ('no key', 'none', ()), ('key error', 'gone', ())):
        for domain in ('plain.example', 'signed.example'):
            yield Mail('in %s %s' % (what, domain), signed(
                top, letter('joe@' + domain), selector, options))
    yield Mail('in sha1', own.replace('rsa-sha256', 'rsa-sha1'))
    for what, text in (
            ('two From', letter('joe@reject.example', 'From: a@plain.example\n')),
            ('two authors', letter('joe@reject.example, a@plain.example')),
            ('no From', letter('x').replace('From: x\n', '')),
            ('odd From', letter('joe at reject.example <joe@>')),
            ('no Date', letter('joe@plain.example', date=False)),
            ('two Subjects', letter('joe@plain.example', 'Subject: two\n'))):
        yield Mail('in ' + what, text)
    for host in (MTA, 'here.example', 'old.here.example', 'elsewhere.example'):
        yield Mail('in forged ' + host, letter(
            'joe@plain.example', 'Authentication-Results: %s; dkim=pass '
            'header.d=plain.example\n' % host))


def hosts():
    """Mail of one author of reject.example by clients that a list may name."""
    for ip, host in (('192.0.2.7', 'a.friend.example'), ('192.0.2.8', 'peer.example'),
                     ('10.1.2.3', 'pc.lan.example'), ('10.9.0.1', 'odd.lan.example'),
                     ('127.0.0.1', 'localhost'), (None, 'localhost')):
        yield Mail('from %s reject.example' % host if ip else
                   'from nobody reject.example', letter('joe@reject.example'), ip,
                   host)
    yield Mail('login reject.example', letter('joe@reject.example'), auth='joe')


def outbound():
    """Mail that may be ours."""
    for name, options in (
            ('local', {'ip': None, 'host': 'localhost'}),
            ('loopback', {'ip': '127.0.0.1', 'host': 'localhost'}),
            ('login', {'auth': 'joe'}),
            ('lan', {'ip': '10.1.2.3', 'host': 'pc.lan.example'}),
            ('odd lan', {'ip': '10.9.0.1', 'host': 'odd.lan.example'}),
            ('peer', {'ip': '192.0.2.8', 'host': 'peer.example'}),
            ('daemon', {'daemon': 'ORIGINATING'}),
            ('outside', {})):
        yield Mail('%s joe@here.example' % name, letter('joe@here.example'),
                   **options)
    for author in ('joe@sub.here.example', 'Joe <JOE@Here.Example>',
                   'news@ours.example', 'ann@ours.example', 'joe@plain.example',
                   'joe@a.sub.here.example', 'joe@ghere.example'):
        yield Mail('login ' + author, letter(author), auth='joe')
    yield Mail('login two From', letter('joe@here.example',
                                        'From: a@here.example\n'), auth='joe')
    yield Mail('login to list', letter('joe@here.example'), auth='joe',
               rcpt='<list@lists.example>')


def messages(top):
    return list(inbound(top)) + list(hosts()) + list(outbound())
