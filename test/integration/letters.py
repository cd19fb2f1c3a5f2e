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
                       'sub.here.example', 'sub.strict.example'):
            text += '%s._domainkey.%s. TXT %s\n' % (selector, domain, record)
    for domain, policy in POLICIES.items():
        text += '_dmarc.%s. TXT "v=DMARC1; p=%s"\n' % (domain, policy)
        text += '%s. A 192.0.2.1\n' % domain
    return text + ('spf.example. TXT "v=spf1 ip4:%s -all"\n'
                   'out.example. TXT "v=spf1 ?all"\n'
                   'sub.reject.example. A 192.0.2.1\n'
                   'plain.example. A 192.0.2.1\n'
                   'broken.example. A 192.0.2.1\n' % OUTSIDE)


def letter(author, more='', body=BODY, date=True):
    return ('%sFrom: %s\nTo: you@here.example\nSubject: a letter\n'
            'Message-ID: <1@out.example>\n%s\n%s' % (
                more, author, 'Date: Sat, 28 Nov 2026 10:00:00 +0000\n'
                if date else '', body))


def signed(top, text, selector='key', options=(), domain='signed.example'):
    _, out, _ = proc.run(
        [tree.MAILSEAL, 'sign', '--domain', domain, '--selector', selector,
         '--key', os.path.join(top, 'key.private'), *options],
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


# More of the DNS, for more().
STRANGE = """
_dmarc.strict.example. TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
_dmarc.sp.example. TXT "v=DMARC1; p=reject; sp=none"
_dmarc.pct.example. TXT "v=DMARC1; p=reject; pct=0"
_dmarc.odd.example. TXT "v=DMARC1; p=nonsense; rua=mailto:a@odd.example"
_dmarc.two.example. TXT "v=DMARC1; p=reject"
_dmarc.two.example. TXT "v=DMARC1; p=none"
_dmarc.soft.example. TXT "v=DMARC1; p=reject"
soft.example. TXT "v=spf1 ~all"
bounce.spf.example. TXT "v=spf1 ip4:%s -all"
bounce.strict.example. TXT "v=spf1 ip4:%s -all"
helo.example. TXT "v=spf1 -all"
fail.example. TXT "v=spf1 -all"
revoked._domainkey.signed.example. TXT "v=DKIM1; p="
sub.strict.example. A 192.0.2.1
sub.sp.example. A 192.0.2.1
""" % (OUTSIDE, OUTSIDE)


def more_inbound(top):
    """Signatures, policies and fields that the programs may see otherwise."""
    both = signed(top, letter('joe@signed.example'))
    yield Mail('in signed twice', signed(top, both, 'other'))
    yield Mail('in signed by another', signed(top, letter(
        'joe@reject.example')))
    yield Mail('in signed above', signed(top, letter(
        'joe@sub.signed.example')))
    yield Mail('in strict by key', signed(top, letter(
        'joe@strict.example'), domain='sub.strict.example'))
    yield Mail('in signed, list', signed(top, letter(
        'joe@signed.example')).replace('\n\n', '\nList-Id: <l.example>\n\n',
                                       1) + 'a footer\n')
    for what, text in (
            ('revoked key', signed(top, letter('joe@signed.example'),
                                   'revoked')),
            ('signature of odd syntax', both.replace('v=1;', 'v=1', 1)),
            ('signature without h', re.sub(r'\bh=[^;]*;', '', both, 1)),
            ('altered From', both.replace('From: joe', 'From: ann'))):
        yield Mail('in ' + what, text)
    for name, author, sender in (
            ('spf below', 'spf.example', 'j@bounce.spf.example'),
            ('strict', 'strict.example', 'j@bounce.strict.example'),
            ('softfail', 'soft.example', 'j@soft.example'),
            ('spf fails', 'plain.example', 'j@fail.example'),
            ('sp none', 'sub.sp.example', 'j@out.example'),
            ('pct', 'pct.example', 'j@out.example'),
            ('odd policy', 'odd.example', 'j@out.example'),
            ('two policies', 'two.example', 'j@out.example')):
        yield Mail('in ' + name, letter('joe@' + author), sender='<%s>' %
                   sender)
    yield Mail('in null sender', letter('MAILER-DAEMON@reject.example'),
               sender='<>')
    yield Mail('in null sender, helo fails', letter('joe@plain.example'),
               sender='<>', host='helo.example')
    for name, author in (
            ('group', 'undisclosed-recipients:;'),
            ('quoted', '"joe@reject.example" <joe@plain.example>'),
            ('encoded', '=?utf-8?q?J=C3=B6?= <joe@reject.example>'),
            ('upper case', 'JOE@REJECT.EXAMPLE'),
            ('a comment', 'joe@reject.example (Joe)'),
            ('a dot', 'joe@reject.example.')):
        yield Mail('in from ' + name, letter(author))
    yield Mail('in no To', letter('joe@plain.example').replace(
        'To: you@here.example\n', ''))
    yield Mail('in two To', letter('joe@plain.example',
                                   'To: me@here.example\n'))
    yield Mail('in large header', letter('joe@plain.example', ''.join(
        'X-Large-%d: %s\n' % (i, 'x' * 900) for i in range(6))))
    for what, results in (
            ('spf', 'spf=pass smtp.mailfrom=reject.example'),
            ('dmarc', 'dmarc=pass header.from=reject.example'),
            ('dkim', 'dkim=pass header.d=reject.example')):
        yield Mail('in forged %s reject' % what, letter(
            'joe@reject.example', 'Authentication-Results: %s; %s\n' % (
                MTA, results)))
    yield Mail('from six reject.example', letter('joe@reject.example'),
               '2001:db8::25', 'six.lan.example')


def more_outbound(top):
    for name, options in (
            ('loopback 6', {'ip': '::1', 'host': 'localhost'}),
            ('loopback 2', {'ip': '127.0.0.2', 'host': 'localhost'}),
            ('lan 192', {'ip': '192.168.1.5', 'host': 'pc'}),
            ('lan 172', {'ip': '172.17.0.2', 'host': 'docker'}),
            ('lan 6', {'ip': '2001:db8::25', 'host': 'six.lan.example'})):
        yield Mail('%s joe@here.example' % name, letter('joe@here.example'),
                   **options)
    yield Mail('loopback signed', signed(top, letter('joe@signed.example')),
               '127.0.0.1', 'localhost')
    yield Mail('loopback reject.example again', letter(
        'joe@reject.example', 'X-Filter: yes\n'), '127.0.0.1', 'localhost')
    yield Mail('local bounce', letter('MAILER-DAEMON@here.example'), None,
               'localhost', sender='<>')
    for name, author, more in (
            ('a sender', 'joe@plain.example', 'Sender: joe@here.example\n'),
            ('two authors', 'joe@here.example, ann@ours.example', ''),
            ('a display name', '"ann@ours.example" <joe@here.example>', ''),
            ('a dot', 'joe@here.example.', ''),
            ('two Subjects', 'joe@here.example', 'Subject: two\n'),
            ('a signature', 'joe@here.example',
             'DKIM-Signature: v=1; a=rsa-sha256; d=old.example; s=x; h=from;'
             ' bh=eHh4; b=eHh4\n')):
        yield Mail('login with ' + name, letter(author, more), auth='joe')
    yield Mail('login quar.example', letter('joe@quar.example'), auth='joe')
    yield Mail('login spf.example', letter('joe@spf.example'), auth='joe',
               sender='<joe@spf.example>')
    yield Mail('login signed.example', signed(top, letter(
        'joe@signed.example')), auth='joe')
    yield Mail('login without From', letter('x').replace('From: x\n', ''),
               auth='joe')
    yield Mail('login without Date', letter('joe@here.example', date=False),
               auth='joe')


def more(top):
    return list(more_inbound(top)) + list(more_outbound(top))
