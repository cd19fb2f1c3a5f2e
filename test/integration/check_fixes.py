# SPDX-License-Identifier: BSD-2-Clause
"""mailseal check: what it finds in zones with one fault each, and what it says
to publish. With a finding's fixes in the zone that finding is gone, and no
other one has come; with all of them, nothing is left that has a fix. The same
for the zones of the suite domain-check, if it is there.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import paste  # noqa: E402
import tap  # noqa: E402
import zone  # noqa: E402


def public_key(*command):
    """Base64 of a new key."""
    pem = subprocess.run(['openssl', *command], check=True,
                         capture_output=True).stdout
    out = subprocess.run(['openssl', 'pkey', '-pubout'], input=pem,
                         check=True, capture_output=True).stdout.decode()
    return ''.join(out.splitlines()[1:-1])


RSA = public_key('genrsa', '2048')
SHORT = public_key('genrsa', '1024')
TINY = public_key('genrsa', '512')
ED = public_key('genpkey', '-algorithm', 'ed25519')[-44:]


def txt(owner, text):
    return '%s. TXT %s\n' % (owner, zone.quote(text))


def usual():
    """A domain without fault, in parts."""
    return {
        'mx': 'd.example. MX 10 mail.d.example.\n',
        'a': 'mail.d.example. A 192.0.2.1\n',
        'ptr': '1.2.0.192.in-addr.arpa. PTR mail.d.example.\n',
        'hspf': txt('mail.d.example', 'v=spf1 a -all'),
        'spf': txt('d.example', 'v=spf1 mx ~all'),
        'key': txt('s._domainkey.d.example', 'v=DKIM1; k=rsa; p=' + RSA),
        'dmarc': txt('_dmarc.d.example',
                     'v=DMARC1; p=reject; rua=mailto:r@d.example'),
    }


def spf(text, more=''):
    return {'spf': txt('d.example', text) + more}


def key(text, more=''):
    return {'key': txt('s._domainkey.d.example', text) + more}


def dmarc(text, more=''):
    return {'dmarc': txt('_dmarc.d.example', text) + more}


def more(text):
    return {'more': text}


SENDS = {'ip': ['192.0.2.1'], 'helo': 'mail.d.example', 'selector': ['s']}
V6 = '2001:db8::25'
ARPA6 = '5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.' \
    'ip6.arpa.'
BOTH = dict(SENDS, ip=['192.0.2.1', V6])
NOTHING = {}
NINE = ' '.join('a:h%d.d.example' % i for i in range(9))
HOSTS = ''.join('h%d.d.example. A 198.51.100.%d\n' % (i, i + 1)
                for i in range(12))

# name, parts of the zone in place of the usual ones, arguments, findings.
ZONES = [
    ('usual', {}, SENDS, ''),
    # domain.*, mx.*
    ('wildcard of keys', more(txt('*.d.example', 'v=DKIM1; p=')), SENDS, ''),
    ('MX is null, and it sends', {'mx': 'd.example. MX 0 .\n', **spf(
        'v=spf1 ip4:192.0.2.1 ~all')}, SENDS,
     'mx.null:error dmarc.rua-undeliverable:error'),
    ('MX is null, and a selector', {'mx': 'd.example. MX 5 .\n', **spf(
        'v=spf1 include:p.example -all'), **dmarc('v=DMARC1; p=reject'),
        'more': txt('p.example', 'v=spf1 ip4:198.51.100.0/24 ~all')},
     {'selector': ['s']}, 'mx.null:error'),
    ('null MX and two others', {'mx': usual()['mx'] + 'd.example. MX 0 .\n'
                                'd.example. MX 20 b.d.example.\n'
                                'b.d.example. A 198.51.100.9\n'}, SENDS,
     'mx.null-mixed:error'),
    ('no MX, an IPv6 address', {'mx': 'd.example. AAAA 2001:db8::80\n', **spf(
        'v=spf1 ip4:192.0.2.1 ~all')}, SENDS, 'mx.implicit:warn'),
    ('neither MX nor address', {'mx': '', **spf(
        'v=spf1 ip4:192.0.2.1 ~all')}, SENDS,
     'mx.missing:error dmarc.rua-undeliverable:error'),
    ('no MX, no name', {'mx': '', 'a': '', 'hspf': '', **spf(
        'v=spf1 ip4:192.0.2.1 ~all'), **dmarc('v=DMARC1; p=reject')},
     {'ip': ['192.0.2.1'], 'selector': ['s']},
     'mx.missing:error ptr.unconfirmed:error'),
    ('MX is our address', {'mx': 'd.example. MX 7 192.0.2.1.\n', **spf(
        'v=spf1 ip4:192.0.2.1 ~all')}, SENDS, 'mx.target-ip:error'),
    ('MX is another address, beside a name', {
        'mx': usual()['mx'] + 'd.example. MX 20 198.51.100.9.\n'}, SENDS,
     'mx.target-ip:error'),
    ('MX is an address, no name', {'mx': 'd.example. MX 7 198.51.100.9.\n',
                                   **spf('v=spf1 ip4:198.51.100.9 ~all')},
     NOTHING, 'mx.target-ip:error'),
    ('two MX are aliases', {
        'mx': 'd.example. MX 10 x.d.example.\nd.example. MX 20 y.d.example.\n'
              'x.d.example. CNAME mail.d.example.\n'
              'y.d.example. CNAME z.d.example.\n'
              'z.d.example. CNAME b.d.example.\n'
              'b.d.example. A 198.51.100.9\n', **spf(
                  'v=spf1 ip4:192.0.2.1 ~all')}, SENDS,
     'mx.target-cname:warn'),
    ('two aliases of one host', {
        'mx': usual()['mx'] + 'd.example. MX 20 y.d.example.\n'
              'y.d.example. CNAME mail.d.example.\n'}, SENDS,
     'mx.target-cname:warn'),
    ('two of three hosts are gone', {
        'mx': usual()['mx'] + 'd.example. MX 20 y.d.example.\n'
              'd.example. MX 30 z.old.example.\n'}, SENDS,
     'mx.target-missing:warn'),
    ('MX at the loopback address', {
        'mx': 'd.example. MX 20 y.d.example.\ny.d.example. A 127.0.0.1\n',
        **spf('v=spf1 ip4:192.0.2.1 ~all')}, SENDS,
     'mx.target-private:error'),
    ('MX of unique local addresses', {
        'mx': 'd.example. MX 20 y.d.example.\ny.d.example. AAAA fd00::1\n',
        **spf('v=spf1 ip4:192.0.2.1 ~all')}, SENDS,
     'mx.target-private:error'),
    # ip.*, ptr.*, helo.*
    ('a private address', {}, dict(SENDS, ip=['10.0.0.1']),
     'ip.private:error helo.address-mismatch:warn helo.spf:error '
     'spf.sender:error'),
    ('no PTR', {'ptr': ''}, SENDS, 'ptr.missing:error'),
    ('no PTR, no HELO', {'ptr': ''}, {'ip': ['192.0.2.1'],
                                      'selector': ['s']},
     'ptr.missing:error'),
    ('no PTR of IPv6, no AAAA', {}, BOTH,
     'ptr.missing:error helo.address-mismatch:warn helo.spf:error '
     'spf.sender:error'),
    ('PTR leads nowhere', {'ptr': '1.2.0.192.in-addr.arpa. PTR '
                                  'gone.hoster.example.\n'}, SENDS,
     'ptr.unconfirmed:error'),
    ('PTR leads elsewhere', {'ptr': '1.2.0.192.in-addr.arpa. PTR www.d.example'
                             '.\nwww.d.example. A 192.0.2.80\n'}, SENDS,
     'ptr.unconfirmed:error'),
    ('the name of a pool', {'ptr': '1.2.0.192.in-addr.arpa. PTR '
                            'pool-3.isp.example.\npool-3.isp.example. A '
                            '192.0.2.1\n'}, SENDS,
     'ptr.generic:warn ptr.helo-mismatch:warn'),
    ('the address in its name', {'ptr': '1.2.0.192.in-addr.arpa. PTR '
                                 'x192000002001.isp.example.\n'
                                 'x192000002001.isp.example. A 192.0.2.1\n'},
     SENDS, 'ptr.generic:warn ptr.helo-mismatch:warn'),
    ('dynamics is no dial-up line', {'ptr': '1.2.0.192.in-addr.arpa. PTR '
                                     'dynamics.d.example.\n'
                                     'dynamics.d.example. A 192.0.2.1\n'},
     SENDS, 'ptr.helo-mismatch:warn'),
    ('PTR has another name', {'ptr': '1.2.0.192.in-addr.arpa. PTR vm.h.example'
                              '.\nvm.h.example. A 192.0.2.1\n'}, SENDS,
     'ptr.helo-mismatch:warn'),
    ('HELO without a dot', {}, dict(SENDS, helo='mail'), 'helo.syntax:error'),
    ('HELO is an address', {}, dict(SENDS, helo='[192.0.2.1]'),
     'helo.syntax:error'),
    ('HELO is short, no name at all', {
        'a': '', 'ptr': '', 'hspf': '', 'mx': 'd.example. MX 1 m.far.example.'
        '\nm.far.example. A 198.51.100.9\n', **spf(
            'v=spf1 ip4:192.0.2.1 ~all')}, dict(SENDS, helo='srv'),
     'helo.syntax:error ptr.missing:error'),
    ('HELO is not in the DNS', {}, dict(SENDS, helo='srv.d.example'),
     'helo.unresolvable:error'),
    ('HELO is not in the DNS, the address neither', {'ptr': ''},
     dict(SENDS, helo='srv.d.example'),
     'helo.unresolvable:error ptr.missing:error'),
    ('HELO is an inner name', {'ptr': ''}, dict(SENDS, helo='srv.lan'),
     'helo.unresolvable:error ptr.missing:error'),
    ('HELO has another address', more('www.d.example. A 192.0.2.80\n'),
     dict(SENDS, helo='www.d.example'),
     'helo.address-mismatch:warn ptr.helo-mismatch:warn'),
    ('HELO has another address, no PTR', {
        'ptr': '', 'more': 'www.d.example. A 192.0.2.80\n'},
     dict(SENDS, helo='www.d.example'),
     'helo.address-mismatch:warn ptr.missing:error'),
    ('SPF of HELO fails', {'hspf': txt('mail.d.example', 'v=spf1 -all')},
     SENDS, 'helo.spf:error'),
    ('SPF of HELO lists others', {'hspf': txt(
        'mail.d.example', 'v=spf1 ip4:198.51.100.0/24 ~all')}, SENDS,
     'helo.spf:warn'),
    ('SPF of HELO is broken', {'hspf': txt(
        'mail.d.example', 'v=spf1 foo -all')}, SENDS, 'helo.spf:error'),
    ('HELO is an alias', {
        'more': 'm.d.example. CNAME mail.d.example.\n',
        'hspf': txt('mail.d.example', 'v=spf1 -all')},
     dict(SENDS, helo='m.d.example'), 'helo.spf:error ptr.helo-mismatch:warn'),
    ('a reverse name by RFC 2317', {
        'ptr': '1.2.0.192.in-addr.arpa. CNAME 1.0.2.0.192.in-addr.arpa.\n'
               '1.0.2.0.192.in-addr.arpa. PTR gone.d.example.\n'}, SENDS,
     'ptr.unconfirmed:error'),
    ('no MX, and HELO is an alias', {
        'mx': 'm.example. CNAME mail.d.example.\n', **spf(
            'v=spf1 ip4:192.0.2.1 ~all'), **dmarc('v=DMARC1; p=reject')},
     dict(SENDS, helo='m.example'),
     'mx.missing:error ptr.helo-mismatch:warn'),
    ('the domain is an alias of its host', {
        'mx': 'd.example. CNAME mail.d.example.\n', 'spf': ''},
     dict(SENDS, helo='mail.d.example'), 'mx.implicit:warn'),
    ('the domain is an alias of a web site', {
        'mx': 'd.example. CNAME www.far.example.\n'
              'www.far.example. A 198.51.100.80\n', 'spf': ''}, SENDS,
     'mx.implicit:warn spf.missing:error'),
    ('HELO is an alias of a name elsewhere', {
        'more': 'm.d.example. CNAME vm.hoster.example.\n'
                'vm.hoster.example. A 192.0.2.1\n'},
     dict(SENDS, ip=['192.0.2.1', V6], helo='m.d.example'),
     'helo.address-mismatch:warn ptr.missing:error ptr.helo-mismatch:warn '
     'spf.sender:error'),
    # spf.*
    ('no SPF', {'spf': txt('d.example', 'x=y')}, SENDS, 'spf.missing:error'),
    ('a semicolon behind the version', spf('v=spf1; mx; -all'), SENDS,
     'spf.near-miss:error'),
    ('quotes around', spf('"v=spf1 mx include:p.example ~all"', txt(
        'p.example', 'v=spf1 ip4:198.51.100.0/24 ~all')), SENDS,
     'spf.near-miss:error'),
    ('v=spf2', spf('v=spf2 ip4:192.0.2.1 -all'), SENDS,
     'spf.near-miss:error'),
    ('no version', spf('spf1 a:mail.d.example -all'), SENDS,
     'spf.near-miss:error'),
    ('a near miss beside', spf('v=spf1 mx ~all', txt(
        'd.example', 'v=spf1,mx,-all')), SENDS, 'spf.near-miss:warn'),
    ('three records', spf('v=spf1 mx ~all', txt(
        'd.example', 'v=spf1 include:p.example -all') + txt(
            'd.example', 'V=SPF1 ip4:198.51.100.9 ?all') + txt(
                'p.example', 'v=spf1 ip4:198.51.100.0/24 ~all')), SENDS,
     'spf.multiple:error'),
    ('two records, one broken', spf('v=spf1 mx ~all', txt(
        'd.example', 'v=spf1 ipv4:198.51.100.9 -all')), SENDS,
     'spf.multiple:error'),
    ('a comma', spf('v=spf1 mx, ip4:198.51.100.9, ~all'), SENDS,
     'spf.syntax:error'),
    ('a space behind the colon', spf('v=spf1 ip4: 192.0.2.1 -all'), SENDS,
     'spf.syntax:error'),
    ('an address alone', spf('v=spf1 192.0.2.1 ~all'), SENDS,
     'spf.syntax:error'),
    ('a term that nobody knows', spf('v=spf1 mx mail ~all'), SENDS,
     'spf.syntax:error'),
    ('IPv6 as ip4', spf('v=spf1 mx ip4:2001:db8::7 -all'), SENDS,
     'spf.syntax:error'),
    ('it includes itself', spf('v=spf1 mx include:d.example ~all'), SENDS,
     'spf.loop:error'),
    ('redirect in a circle', spf('v=spf1 redirect=_a.d.example', txt(
        '_a.d.example', 'v=spf1 redirect=d.example')), SENDS,
     'spf.loop:error'),
    ('an include of nothing', spf('v=spf1 include:gone.example ~all'), SENDS,
     'spf.include-none:error'),
    ('a redirect to nothing', spf('v=spf1 redirect=_s.d.example'), SENDS,
     'spf.include-none:error'),
    ('nested: an include of nothing', spf(
        'v=spf1 mx include:_a.d.example ~all', txt(
            '_a.d.example', 'v=spf1 include:gone.example ip4:192.0.2.9 '
            '~all')), SENDS, 'spf.include-none:error'),
    ('an include that is broken', spf('v=spf1 mx include:p.example ~all', txt(
        'p.example', 'v=spf1 ip4:300.1.2.3 ~all')), SENDS,
     'spf.include-broken:error'),
    ('ten lookups', spf('v=spf1 mx %s ~all' % NINE, HOSTS), SENDS,
     'spf.lookups:warn'),
    ('eleven lookups', spf('v=spf1 mx %s a:h9.d.example ~all' % NINE, HOSTS),
     SENDS, 'spf.lookups:error'),
    ('two void lookups', spf('v=spf1 mx exists:x.d.example mx:y.d.example '
                             '~all'), SENDS, 'spf.void:warn'),
    ('a macro that finds nothing', spf('v=spf1 mx exists:%{i}._s.d.example '
                                       '~all'), SENDS, 'spf.void:warn'),
    ('+all behind an include', spf('v=spf1 include:p.example +all', txt(
        'p.example', 'v=spf1 ip4:198.51.100.0/24 ~all')), SENDS,
     'spf.all-pass:error'),
    ('all alone', spf('v=spf1 all'), SENDS, 'spf.all-pass:error'),
    ('?all', spf('v=spf1 MX ?ALL'), SENDS, 'spf.all-neutral:warn'),
    ('no all', spf('v=spf1 mx exp=e.d.example'), SENDS,
     'spf.all-missing:warn'),
    ('all in front', spf('v=spf1 -all mx ip4:198.51.100.9'), SENDS,
     'spf.after-all:warn spf.sender:error'),
    ('redirect beside all', spf('v=spf1 mx redirect=p.example -all'), SENDS,
     'spf.redirect-ignored:warn'),
    ('ptr alone', spf('v=spf1 ptr -all'), SENDS, 'spf.ptr:warn'),
    ('ptr of a domain', spf('v=spf1 mx +ptr:d.example ~all'), SENDS,
     'spf.ptr:warn'),
    ('half of the Internet', spf('v=spf1 mx ip4:128.0.0.0/1 ~all'), SENDS,
     'spf.wide:error'),
    ('mx of a large network', spf('v=spf1 mx/15 ~all'), SENDS,
     'spf.wide:warn'),
    ('two private networks', spf('v=spf1 ip4:10.1.0.0/16 mx ip6:fd00::/48 '
                                 '~all'), SENDS, 'spf.private:warn'),
    ('ip4=', spf('v=spf1 ip4=192.0.2.1 include=p.example -all', txt(
        'p.example', 'v=spf1 ip4:198.51.100.0/24 ~all')), SENDS,
     'spf.modifier-typo:error spf.sender:error'),
    ('mx=', spf('v=spf1 mx=d.example ~all'), SENDS,
     'spf.modifier-typo:error spf.sender:error'),
    ('mx=, all=', spf('v=spf1 mx= all=fail'), SENDS,
     'spf.modifier-typo:error spf.sender:error spf.all-missing:warn'),
    ('all= beside all', spf('v=spf1 mx ip6=%s ~all all=fail' % V6), SENDS,
     'spf.modifier-typo:error'),
    ('ip4= and no address', spf('v=spf1 mx ip4=1.2.3 ~all'), SENDS,
     'spf.modifier-typo:error'),
    ('another sender', spf('v=spf1 ip4:198.51.100.9 -all'), SENDS,
     'spf.sender:error'),
    ('IPv6 is forgotten', {'a': usual()['a'] + 'mail.d.example. AAAA ' + V6 +
                           '\n' + ARPA6 + ' PTR mail.d.example.\n', **spf(
                               'v=spf1 ip4:192.0.2.1 ~all')}, BOTH,
     'spf.sender:error'),
    ('another return path', spf('v=spf1 -all', txt(
        'b.d.example', 'v=spf1 ip4:198.51.100.9 ~all')),
     dict(SENDS, mail_from='b.d.example'), 'spf.sender:error'),
    ('~mx stands before the sender', spf(
        'v=spf1 include:p.example ~mx ip4:192.0.2.1 -all', txt(
            'p.example', 'v=spf1 ip4:198.51.100.0/24 ~all')), SENDS,
     'spf.sender:error'),
    ('? before the sender, two families', {
        'a': usual()['a'] + 'mail.d.example. AAAA ' + V6 + '\n' + ARPA6 +
        ' PTR mail.d.example.\n', **spf('v=spf1 ip4:198.51.100.9 ?a:'
                                        'mail.d.example redirect=d2.example',
                                        txt('d2.example', 'v=spf1 ~all'))},
     BOTH, 'spf.sender:error'),
    ('a macro that finds nothing, and the sender is missing', spf(
        'v=spf1 exists:%{i}._s.d.example ~all'), SENDS,
     'spf.void:warn spf.sender:error'),
    ('spaces that do not break, a long dash', spf(
        'v=spf1\u00a0mx ip4:198.51.100.9\u00a0\u2013all'), SENDS,
     'spf.near-miss:error'),
    ('a name outside ASCII', spf('v=spf1 mx a:b\u00fccher.example/28 ~all',
                                 'xn--bcher-kva.example. A 198.51.100.9\n'),
     SENDS, 'spf.syntax:error'),
    ('it includes itself and nothing, and everybody', spf(
        'v=spf1; mx include:D.example include:gone.example ip4:0.0.0.0/0 '
        'ip6:::/0 a/0 -all'), SENDS, 'spf.near-miss:error'),
    ('a redirect to nothing, after a comma', spf(
        'v=spf1 mx, redirect=gone.example'), SENDS, 'spf.syntax:error'),
    # dkim.*
    ('no key', {'key': ''}, SENDS, 'dkim.missing:error'),
    ('a key under the domain twice', {'key': txt(
        's._domainkey.d.example.d.example', 'v=DKIM1; p=' + RSA)}, SENDS,
     'dkim.misplaced:error'),
    ('an alias to nothing', {'key': 's._domainkey.d.example. CNAME '
                                    'k.example.\n'}, SENDS,
     'dkim.cname-dangling:error'),
    ('a key by three aliases', {
        'key': 's._domainkey.d.example. CNAME a.k.example.\n'
               'a.k.example. CNAME b.k.example.\nb.k.example. CNAME '
               'c.k.example.\n' + txt('c.k.example', 'p=' + RSA)}, SENDS, ''),
    ('two keys', key('v=DKIM1; p=' + RSA, txt(
        's._domainkey.d.example', 'v=DKIM1; p=' + SHORT)), SENDS,
     'dkim.multiple:error'),
    ('quotes in the middle', key('v=DKIM1; k=rsa; p=%s" "%s' % (
        RSA[:200], RSA[200:])), SENDS, 'dkim.syntax:error'),
    ('backslashes', key('v=DKIM1\\; k=rsa\\; p=' + RSA), SENDS,
     'dkim.syntax:error'),
    ('the version last', key('k=rsa; p=%s; v=DKIM1' % RSA), SENDS,
     'dkim.syntax:error'),
    ('a PEM file', key('v=DKIM1; p=-----BEGIN PUBLIC KEY-----%s'
                       '-----END PUBLIC KEY-----' % RSA), SENDS,
     'dkim.syntax:error'),
    ('commas', key('v=DKIM1, k=rsa, p=' + RSA), SENDS, 'dkim.syntax:error'),
    ('Ed25519 called rsa', key('v=DKIM1; k=rsa; p=' + ED, txt(
        't._domainkey.d.example', 'p=' + RSA)), dict(
            SENDS, selector=['s', 't']), 'dkim.syntax:error'),
    ('a key that is cut', key('v=DKIM1; p=' + RSA[:200]), SENDS,
     'dkim.syntax:error'),
    ('revoked', key('v=DKIM1; k=x; p='), SENDS, 'dkim.revoked:error'),
    ('k=RSA', key('v=DKIM1; k=RSA; p=' + RSA), SENDS, 'dkim.algorithm:error'),
    ('k=dsa', key('v=DKIM1; k=ecdsa; p=AAAA'), SENDS, 'dkim.algorithm:error'),
    ('1024 bits', key('v=DKIM1; n=old key; p=' + SHORT), SENDS,
     'dkim.weak:warn'),
    ('512 bits', key('v=DKIM1; p=' + TINY), SENDS, 'dkim.weak:error'),
    ('h=sha1', key('v=DKIM1; h=sha1; p=' + RSA), SENDS, 'dkim.hash:error'),
    ('s=tlsrpt', key('v=DKIM1; s=tlsrpt; p=' + RSA), SENDS,
     'dkim.service:error'),
    ('for a test, strict', key('v=DKIM1; t=y:s; p=' + RSA), SENDS,
     'dkim.testing:warn'),
    ('for a test, of another service', key(
        'v=DKIM1; t=y; s=x; h=sha256:sha1; n=a note; p=' + RSA), SENDS,
     'dkim.testing:warn dkim.service:error'),
    ('a key by an alias, for a test', {
        'key': 's._domainkey.d.example. CNAME s.k.example.\n' + txt(
            's.k.example', 'v=DKIM1; t=y; p=' + RSA)}, SENDS,
     'dkim.testing:warn'),
    ('a key with no-break spaces', key('v=DKIM1;\u00a0k=rsa;\u00a0p=' + RSA),
     SENDS, 'dkim.syntax:error'),
    # dmarc.*
    ('no mail, and no reports', {'mx': '', **spf(
        'v=spf1 ip4:192.0.2.1 ~all'), **dmarc('v=DMARC1; p=none; aspf=x')},
     {'selector': ['s']}, 'mx.missing:error dmarc.tag-invalid:warn '
     'dmarc.policy-none:warn'),
    ('an alias to a policy', {
        'dmarc': '_dmarc.d.example. CNAME p.dmarc.example.\n' + txt(
            'p.dmarc.example', 'v=DMARC1; p=reject; sp=none')}, SENDS,
     'dmarc.subpolicy-weak:warn'),
    ('an alias to no policy', {
        'dmarc': '_dmarc.d.example. CNAME gone.example.\n'}, SENDS,
     'dmarc.missing:error'),
    ('a wildcard alias, no policy', {
        'dmarc': '*.d.example. CNAME d.example.\n'}, SENDS,
     'dmarc.missing:error'),
    ('misplaced, and faulty', {'dmarc': txt(
        'd.example', 'v=DMARC1;p=reject; pct=50; sp=nothing; adkim=q')},
     SENDS, 'dmarc.misplaced:error'),
    ('a near miss, and reports to nowhere', dmarc(
        'v=dmarc1; p=reject; rua=mailto:r@gone.example,mailto:r@d.example'),
     SENDS, 'dmarc.near-miss:error'),
    ('reports to addresses in all forms', dmarc(
        'v=DMARC1; p=reject; rua=<mailto:a@d.example>,mail:b@d.example,'
        'mailto=c@d.example,mailto:<d@d.example>,mailto:e@d.example.,'
        'mailto:f@.,mailto://g@d.example.'), SENDS, 'dmarc.rua-syntax:error'),
    ('reports to a host outside ASCII', dmarc(
        'v=DMARC1; p=reject; rua=mailto:r@b\u00fccher.d.example,'
        'mailto:\u00e4@d.example', 'xn--bcher-kva.d.example. A '
        '198.51.100.9\n'), SENDS, 'dmarc.rua-syntax:error'),
    ('typographic quotes and semicolons', dmarc(
        '\u201cv=DMARC1\uff1b p=quarantine\uff1b rua=mailto:r@d.example'
        '\u201d'), SENDS, 'dmarc.near-miss:error'),
    ('no policy', {'dmarc': ''}, SENDS, 'dmarc.missing:error'),
    ('two policies', dmarc('v=DMARC1; p=reject', txt(
        '_dmarc.d.example', 'v=DMARC1; p=none')), SENDS,
     'dmarc.multiple:error'),
    ('no semicolon', dmarc('v=DMARC1 p=quarantine rua=mailto:r@d.example'),
     SENDS, 'dmarc.near-miss:error'),
    ('commas in place of semicolons', dmarc(
        'v=DMARC1, p=reject, rua=mailto:r@d.example, sp=reject'), SENDS,
     'dmarc.near-miss:error'),
    ('lower case, quotes', dmarc('"v=dmarc1; p=reject; adkim=s"'), SENDS,
     'dmarc.near-miss:error'),
    ('a near miss beside a policy', dmarc('v=DMARC1; p=reject', txt(
        '_dmarc.d.example', ' v=DMARC1; p=none')), SENDS,
     'dmarc.near-miss:warn'),
    ('a policy at the domain itself', {'dmarc': txt(
        'd.example', 'v=DMARC1; p=reject; rua=mailto:r@d.example')}, SENDS,
     'dmarc.misplaced:error'),
    ('a policy under the domain twice', {'dmarc': txt(
        '_dmarc.d.example.d.example', 'v=DMARC1; p=quarantine')}, SENDS,
     'dmarc.misplaced:error'),
    ('tags twice', dmarc('v=DMARC1; p=reject; rua=mailto:r@d.example; '
                         'adkim=s; ADKIM=r; P=none'), SENDS,
     'dmarc.duplicate-tag:warn'),
    ('a slip', dmarc('v=DMARC1; p=reject; rau=mailto:r@d.example'), SENDS,
     'dmarc.unknown-tag:warn'),
    ('words without =', dmarc('v=DMARC1; p=reject; strict'), SENDS,
     'dmarc.unknown-tag:warn'),
    ('values that are none', dmarc('v=DMARC1; p=reject; aspf=strict; fo=0:1; '
                                   't=yes'), SENDS, 'dmarc.tag-invalid:warn'),
    ('no p', dmarc('v=DMARC1; sp=none; rua=mailto:r@d.example'), SENDS,
     'dmarc.policy-missing:warn'),
    ('no p, no rua', dmarc('v=DMARC1;'), SENDS, 'dmarc.policy-missing:warn'),
    ('p=rejected', dmarc('v=DMARC1; p=rejected; sp=quarantine; '
                         'rua=mailto:r@d.example'), SENDS,
     'dmarc.policy-invalid:error'),
    ('p=monitor', dmarc('v=DMARC1; p=monitor; aspf=s'), SENDS,
     'dmarc.policy-invalid:error'),
    ('sp=nope', dmarc('v=DMARC1; p=reject; sp=nope; np=Quarantaine'), SENDS,
     'dmarc.subpolicy-invalid:error'),
    ('sp=none, np=none', dmarc('v=DMARC1; p=reject; sp=none; np=none; '
                               'adkim=s; rua=mailto:r@d.example'), SENDS,
     'dmarc.subpolicy-weak:warn'),
    ('p=none alone', dmarc('v=DMARC1; p=none; adkim=s; '
                           'ruf=mailto:f@d.example'), SENDS,
     'dmarc.policy-none:warn'),
    ('reports to nowhere', dmarc('v=DMARC1; p=none; rua=mailto:r@x.d.example'),
     SENDS, 'dmarc.rua-undeliverable:error'),
    ('reports to a null MX', dmarc(
        'v=DMARC1; p=reject; rua=mailto:r@x.d.example,mailto:r@d.example',
        'x.d.example. MX 0 .\n'), SENDS, 'dmarc.rua-undeliverable:error'),
    ('an address without mailto', dmarc(
        'v=DMARC1; p=reject; rua=r@d.example, mailto:s@d.example'), SENDS,
     'dmarc.rua-syntax:error'),
    ('mailto with a space', dmarc('v=DMARC1; p=reject; '
                                  'rua=mailto: r@d.example'), SENDS,
     'dmarc.rua-syntax:error'),
    ('mailto://', dmarc('v=DMARC1; p=none; rua=mailto://r@d.example'), SENDS,
     'dmarc.rua-syntax:error dmarc.policy-none:warn'),
    ('reports to others', dmarc(
        'v=DMARC1; p=reject; rua=mailto:r@far.example',
        'far.example. MX 1 m.far.example.\nm.far.example. A 198.51.100.9\n'),
     SENDS, 'dmarc.rua-unauthorised:error'),
    ('pct=0', dmarc('v=DMARC1; p=reject; pct=0; ri=3600; '
                    'rua=mailto:r@d.example!5m'), SENDS, 'dmarc.pct:warn'),
    ('psd=y', dmarc('v=DMARC1; p=reject; psd=y; rua=mailto:r@d.example'),
     SENDS, 'dmarc.psd:warn'),
    ('parked, p=none', {'mx': 'd.example. MX 0 .\n', **spf('v=spf1 -all'),
                        **dmarc('v=DMARC1; p=none; '
                                'rua=mailto:r@rep.example',
                                'rep.example. MX 1 m.rep.example.\n'
                                'm.rep.example. A 198.51.100.9\n' +
                                txt('*._report._dmarc.rep.example',
                                    'v=DMARC1'))}, NOTHING,
     'dmarc.parked-policy:warn'),
    ('parked, sp=none', {'mx': 'd.example. MX 0 .\n', **spf('v=spf1 -all'),
                         **dmarc('v=DMARC1; p=quarantine; sp=none')},
     NOTHING, 'dmarc.parked-policy:warn dmarc.subpolicy-weak:warn'),
    ('a policy above that is weak', {
        'dmarc': txt('_dmarc.example', 'v=DMARC1; p=reject; sp=none; '
                     'rua=mailto:r@example'),
        'more': 'example. MX 1 mail.d.example.\n'}, SENDS,
     'dmarc.subpolicy-weak:warn'),
    # several at once
    ('everything is wrong', {
        'mx': 'd.example. MX 10 192.0.2.1.\nd.example. MX 20 gone.example.\n'
              'd.example. MX 30 x.d.example.\nx.d.example. CNAME '
              'mail.d.example.\n', 'ptr': '',
        'hspf': txt('mail.d.example', 'v=spf1 mx -all'),
        **spf('v=spf1 ptr ip4=192.0.2.1 include:gone.example +all '
              'ip4:10.0.0.1'), **key('v=DKIM1; t=y; h=sha1; p=' + RSA),
        **dmarc('v=DMARC1; p=none; p=reject; sp=x; pct=5; psd=y; foo=bar; '
                'rua=r@d.example')}, SENDS,
     'mx.target-ip:error mx.target-missing:warn mx.target-cname:warn '
     'ptr.missing:error helo.spf:error spf.ptr:warn spf.modifier-typo:error '
     'spf.include-none:error spf.all-pass:error spf.after-all:warn '
     'dkim.testing:warn dkim.hash:error dmarc.duplicate-tag:warn '
     'dmarc.subpolicy-invalid:error dmarc.pct:warn dmarc.psd:warn '
     'dmarc.unknown-tag:warn dmarc.rua-syntax:error'),
    ('two hosts, nothing known of one', {
        'a': usual()['a'] + 'mail.d.example. A 192.0.2.2\n', **spf(
            'v=spf1 ip4:192.0.2.1 ~all')},
     dict(SENDS, ip=['192.0.2.1', '192.0.2.2']),
     'ptr.missing:error spf.sender:error'),
    ('two more addresses of HELO', {
        'more': '3.2.0.192.in-addr.arpa. PTR b.d.example.\n'
                'b.d.example. A 192.0.2.3\n', **spf(
                    'v=spf1 ip4:192.0.2.0/24 ~all')},
     dict(SENDS, ip=['192.0.2.1', '192.0.2.2', '192.0.2.3']),
     'ptr.missing:error helo.address-mismatch:warn helo.spf:error '
     'ptr.helo-mismatch:warn'),
    ('IPv6 alone', {
        'a': 'mail.d.example. AAAA %s\n' % V6,
        'ptr': ARPA6 + ' PTR mail.d.example.\n', **spf('v=spf1 a -all')},
     dict(SENDS, ip=[V6]), 'spf.sender:error spf.void:warn'),
    # mtasts.*, tlsrpt.*
    ('two MTA-STS', more(txt('_mta-sts.d.example', 'v=STSv1; id=1') + txt(
        '_mta-sts.d.example', 'v=STSv1; id=2') +
        'mta-sts.d.example. A 192.0.2.1\n' + txt(
            '_smtp._tls.d.example', 'v=TLSRPTv1; rua=mailto:t@d.example')),
     SENDS, 'mtasts.syntax:error'),
    ('MTA-STS with a date', more(txt('_mta-sts.d.example',
                                     'v=STSv1; id=2026-11-30') +
                                 'mta-sts.d.example. A 192.0.2.1\n'), SENDS,
     'mtasts.syntax:error tlsrpt.missing:warn'),
    ('TLS reports to an address', more(txt(
        '_smtp._tls.d.example', 'v=TLSRPTv1; rua=t@d.example,'
        'https://d.example/t')), SENDS, 'tlsrpt.syntax:error'),
    ('TLS reports in lower case', more(txt(
        '_smtp._tls.d.example', 'v=tlsrptv1;rua=mailto:t@d.example')), SENDS,
     'tlsrpt.syntax:error'),
]


# What is right in a record stays: the first fix of the zone's first finding.
KEPT = {
    'HELO is an alias': 'v=spf1 ip4:192.0.2.1 -all',
    '~mx stands before the sender':
        'v=spf1 include:p.example ip4:192.0.2.1 ~mx ip4:192.0.2.1 -all',
    'spaces that do not break, a long dash':
        'v=spf1 mx ip4:198.51.100.9 -all',
    'a name outside ASCII': 'v=spf1 mx a:xn--bcher-kva.example/28 ~all',
    'it includes itself and nothing, and everybody': 'v=spf1 mx -all',
    'a redirect to nothing, after a comma': 'v=spf1 mx ~all',
    'a near miss, and reports to nowhere':
        'v=DMARC1; p=reject; rua=mailto:r@d.example',
    'reports to addresses in all forms':
        'v=DMARC1; p=reject; rua=mailto:a@d.example,mailto:b@d.example,'
        'mailto:c@d.example,mailto:d@d.example,mailto:e@d.example,'
        'mailto:g@d.example',
    'reports to a host outside ASCII':
        'v=DMARC1; p=reject; rua=mailto:r@xn--bcher-kva.d.example',
    'typographic quotes and semicolons':
        'v=DMARC1; p=quarantine; rua=mailto:r@d.example',
    'quotes around': 'v=spf1 mx include:p.example ~all',
    'a comma': 'v=spf1 mx ip4:198.51.100.9 ~all',
    'a redirect to nothing': 'v=spf1 ip4:192.0.2.1 ~all',
    'nested: an include of nothing': 'v=spf1 ip4:192.0.2.9 ~all',
    '+all behind an include': 'v=spf1 include:p.example ip4:192.0.2.1 ~all',
    'all in front': 'v=spf1 mx ip4:198.51.100.9 -all',
    'IPv6 as ip4': 'v=spf1 mx ip6:2001:db8::7 -all',
    'two records, one broken': 'v=spf1 ip4:198.51.100.9 mx ip4:192.0.2.1 ~all',
    'SPF of HELO lists others':
        'v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.1 ~all',
    'for a test, strict': 'v=DKIM1; t=s; p=' + RSA,
    'no semicolon': 'v=DMARC1; p=quarantine; rua=mailto:r@d.example',
    'commas in place of semicolons':
        'v=DMARC1; p=reject; sp=reject; rua=mailto:r@d.example',
    'lower case, quotes': 'v=DMARC1; p=reject; adkim=s',
    'a slip': 'v=DMARC1; p=reject; rua=mailto:r@d.example',
    'p=rejected': 'v=DMARC1; p=reject; sp=quarantine; rua=mailto:r@d.example',
    'sp=none, np=none':
        'v=DMARC1; p=reject; adkim=s; rua=mailto:r@d.example',
    'p=none alone': 'v=DMARC1; p=none; adkim=s; '
                    'rua=mailto:postmaster@d.example; ruf=mailto:f@d.example',
    'an address without mailto':
        'v=DMARC1; p=reject; rua=mailto:r@d.example,mailto:s@d.example',
    'reports to a null MX': 'v=DMARC1; p=reject; rua=mailto:r@d.example',
    'parked, p=none': 'v=DMARC1; p=reject; rua=mailto:r@rep.example',
    'TLS reports to an address':
        'v=TLSRPTv1; rua=mailto:t@d.example,https://d.example/t',
}


def check_zone(name, text, domain, args, want):
    found = paste.run(text, domain, args)
    tap.is_(sorted('%s:%s' % (f['check'], f['severity']) for f in
                   {f['check']: f for f in found if f['severity'] in
                    paste.SERIOUS}.values()), sorted(want), name)
    if name in KEPT:
        tap.is_([f['fix'][0]['value'] for f in found if f['check'] in {
            w.split(':')[0] for w in want} and f['fix']][:1], [KEPT[name]],
            name + ': what is right stays')
    paste.check(name, text, domain, args, found)


def main():
    for name, parts, args, want in ZONES:
        text = ''.join(dict(usual(), **parts).values())
        check_zone(name, text, 'd.example', args, want.split())


if __name__ == '__main__':
    sys.exit(tap.main(main))
