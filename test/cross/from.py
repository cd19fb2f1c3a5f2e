# SPDX-License-Identifier: BSD-2-Clause
"""No domain that a reader of From fields takes for an author's is missing from
what a policy sees: thousands of generated fields, read by mailseal and by
Python's email package, Email::Address::XS, Mail::Address and libopendmarc.
"""
import email.headerregistry
import email.policy
import email.utils
import os
import random
import re
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

COUNT = int(os.environ.get('MAILSEAL_CROSS_COUNT', '6000'))
SEED = int(os.environ.get('MAILSEAL_CROSS_SEED', '1'))
NAME = re.compile(r'[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*')

LOCALS = ['a', 'a.b', 'a..b', '.a', 'a.', '"a b"', '"a@x.test"', "'a", 'a(c)',
          'a b', '"a\\"b"', '=?utf-8?q?a?=', 'mailto:a', '\xe9', '', '""',
          '=?utf-8?q?a=40bank.test?=', '"=?utf-8?b?YUBiYW5rLnRlc3Q?="',
          '"<a@bank.test>"', '"a@bank.test,"']
DOMAINS = ['bank.test', 'junk.test', 'x.bank.test', 'BANK.test.', 'bank..test',
           'bank .test', 'bank. test', 'bank(c).test', '[192.0.2.1]', 'local',
           "bank.test'", 'b\xfccher.example', 'bank.test\xa0', '(c)bank.test',
           'bank.test;', '-', '_d.bank.test', 'bank\\.test', '"bank.test"', '',
           '[bank.test]', '[192.0.2.1].bank.test', 'bank.test\xe9.junk.test',
           'bank.test\u3002junk.test', '=?utf-8?q?bank.test?=',
           'bank.\r\n test', 'junk(<a@bank.test>).test',
           'bank.test\r\n .a.test']
PHRASES = ['', 'Foo', 'Foo Bar', '"Foo"', '"Foo, Bar"', 'Foo, Bar', 'Foo: Bar',
           'Foo [x]', 'Foo; Bar', 'Foo \\"Bar\\"', '"unbalanced', "'q'", '(c)',
           '(c', 'c)', '"a@bank.test"', 'a@bank.test', "'a@bank.test'",
           '"x" "y"', '=?utf-8?q?a=40bank.test?=', '\x1b$B(B', '"a\\" b"',
           '("x) y', '"(x" y)', 'Foo.Bar', '<>', 'Foo <', '\t', '\x00',
           '"x,\r\n <a@bank.test>, y"', '(x\r\n <a@bank.test>,)',
           '"a@bank.test\r\n "', '(\\)<a@bank.test>")',
           '(a (b) <a@bank.test>)', '"<a@bank.test>":',
           '=?utf-7?q?a+AEA-bank.test?=']
LINKS = [', ', ',', ' ', '; ', ';', ':', ': ', '', '\r\n ', ' and ', '(c)', '@']
ENDS = ['', ',', ';', ':;', ' (c)', ' Foo', '>', '<', '"', '\\', '(', ')', '@',
        '\r\n (x)\r\n ', '\x00', '\n']
ACCEPTED = ('ok', 'no domain in From field')
SPECIALS = '<>@,;:()[]\\". \t\r\n\'ab\x00'


class Peers:
    def __init__(self, top):
        suffixes = proc.write(os.path.join(top, 'suffixes'), 'test\n')
        log = os.path.join(top, 'log')
        self.ours = proc.Fields([tree.program('test/lib/batch')], log)
        self.perl = proc.Fields(
            ['/usr/bin/perl', os.path.join(tree.SRC, 'test', 'cross',
                                           'from_peer.pl')], log)
        self.opendmarc = proc.Fields(
            [tree.program('test/cross/opendmarc_peer'), suffixes], log)

    @staticmethod
    def _texts(answer):
        return [s.decode('utf-8', 'surrogateescape') for s in answer[1:]]

    def read(self, value):
        """(the phrase, "strict" or "read", {domains}) by mailseal."""
        phrase, kind, *domains = self._texts(self.ours.call('from', value))
        return phrase, kind, set(domains)

    def _python(self, value):
        text = value.decode('utf-8', 'surrogateescape')
        found = [a for _, a in email.utils.getaddresses([text])]
        found.append(email.utils.parseaddr(text)[1])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                field = email.policy.default.header_factory('From', text)
            found += [a.addr_spec for a in field.addresses]
        except Exception:   # its parser has faults of its own
            pass
        return [a.rpartition('@')[2] for a in found if
                a.rpartition('@')[0]]

    def others(self, value):
        """{reader: [domains as it has them]}"""
        return {
            'Python': self._python(value),
            'Email::Address::XS': self._texts(self.perl.call('xs', value)),
            'Mail::Address': behind_at(
                value, self._texts(self.perl.call('address', value))),
            'libopendmarc': behind_at(
                value, self._texts(self.opendmarc.call('from', value))),
        }

    def stop(self):
        for peer in (self.ours, self.perl, self.opendmarc):
            peer.stop()


def address(r):
    return r.choice(LOCALS) + r.choice(('@', '@', '@', ' @', '@ ', '')) + \
        r.choice(DOMAINS)


def mailbox(r):
    form = r.randrange(6)
    if form == 0:
        return address(r)
    if form == 1:
        return '%s%s<%s' % (r.choice(PHRASES), r.choice((' ', '')), address(r))
    if form == 2:
        return '%s %s' % (r.choice(PHRASES), address(r))
    return '%s <%s>' % (r.choice(PHRASES), address(r))


def mutate(r, text):
    for _ in range(r.choice((0, 0, 0, 1, 1, 2, 3))):
        i = r.randrange(len(text) + 1)
        if r.random() < 0.5:
            text = text[:i] + r.choice(SPECIALS) + text[i:]
        else:
            text = text[:i] + text[i + 1:]
    return text


def valid(r):
    return ', '.join('%s <%s@%s>' % (
        r.choice(('Foo', '"Foo, Bar"', '"a@bank.test"', 'Foo (c)', '',
                  '"x,\r\n <a@bank.test>, y"', '(x\r\n <a@bank.test>,)',
                  '"a@bank.test\r\n "', '(\\)<a@bank.test>")')),
        r.choice(('a', 'a.b', '"a b"', '@bank.test,@x.test:a',
                  '"<a@bank.test>"', 'a (<a@bank.test>)')),
        r.choice(('bank.test', 'junk.test', 'bank.\r\n test',
                  'junk.test (<a@bank.test>,)')))
        for _ in range(r.choice((1, 1, 2)))).encode()


def field(r):
    if r.random() < 0.1:
        return valid(r)
    text = mailbox(r)
    while r.random() < 0.45:
        text += r.choice(LINKS) + mailbox(r)
    text = mutate(r, text + r.choice(ENDS))
    return text.encode(*(('utf-8',) if r.random() < 0.7 else
                         ('latin-1', 'replace')))


def behind_at(value, domains):
    """Without the words that are behind no "@": some readers take these, too,
    for domains."""
    text = re.sub(r'\([^()]*\)|[\s\0]', '', value.decode('latin-1')).lower()
    return [d for d in domains if re.search(
        '@' + re.escape(d.lower()) + r'(?!\.?[a-z0-9_\x80-\xff-])',
        text)]


def names(domains):
    """Those that can be a domain's name, in the form that is compared."""
    found = set()
    for domain in domains:
        domain = domain.strip().rstrip('.').lower()
        if NAME.fullmatch(domain):
            found.add(domain)
    return found


def main():
    peers = Peers(proc.folder())
    r = random.Random(SEED)
    missing = {}
    found = {}
    strict = refused = 0
    for _ in range(COUNT):
        value = field(r)
        phrase, kind, ours = peers.read(value)
        strict += kind == 'strict'
        if phrase not in ACCEPTED:
            refused += 1
            continue
        for reader, domains in peers.others(value).items():
            theirs = names(domains)
            found[reader] = found.get(reader, 0) + bool(theirs)
            if theirs - ours:
                missing.setdefault(reader, []).append(
                    '%r: %s, not in %s' % (value, sorted(theirs - ours),
                                           sorted(ours)))
    peers.stop()
    tap.ok(strict > COUNT // 50, 'some of the fields are valid', strict)
    tap.ok(refused < COUNT // 10, 'few are refused (OnBadFrom)', refused)
    for reader, count in found.items():
        tap.ok(count > COUNT // 10, '%s finds authors' % reader, count)
        tap.is_(missing.get(reader, [])[:20], [],
                'no author of %s is missing' % reader,
                '%d of %d' % (len(missing.get(reader, [])), COUNT))


tap.main(main)
