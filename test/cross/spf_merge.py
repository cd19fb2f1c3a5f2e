# SPDX-License-Identifier: BSD-2-Clause
"""SPF records that a domain has, merged with the address that it is to send
from, as mailseal setup publishes them: who passed before still passes, and so
does the new address, by us and by pyspf; and mailseal check finds no error.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

try:
    import spf
except ImportError:
    tap.skip_all('python3-spf is not installed')

DOMAIN = 'd.example'
NEW = '192.0.2.10'
# What the records lead to.
WORLD = {
    ('d.example', 'MX'): [(10, 'mx.d.example')],
    ('d.example', 'A'): ['198.51.100.1'],
    ('mx.d.example', 'A'): ['198.51.100.2'],
    ('mx.d.example', 'AAAA'): ['2001:db8:2::2'],
    ('web.d.example', 'A'): ['198.51.100.3'],
    ('_spf.a.example', 'TXT'): ['v=spf1 ip4:203.0.113.0/28 ~all'],
    ('_spf.b.example', 'TXT'): ['v=spf1 include:_spf.c.example ?all'],
    ('_spf.c.example', 'TXT'): ['v=spf1 ip4:203.0.113.64/28 -all'],
    ('_spf.new.example', 'TXT'): ['v=spf1 ip4:192.0.2.0/24 -all'],
}
A, C = '203.0.113.5', '203.0.113.70'
# Name, records, who passes before; where there are several records nobody
# does, and these are whom one of them names.
CASES = (
    ('none', [], []),
    ('one address', ['v=spf1 ip4:198.51.100.9 -all'], ['198.51.100.9']),
    ('an include', ['v=spf1 include:_spf.a.example ~all'], [A]),
    ('an include in an include', ['v=spf1 include:_spf.b.example ~all'], [C]),
    ('mx and a', ['v=spf1 a mx -all'],
     ['198.51.100.1', '198.51.100.2', '2001:db8:2::2']),
    ('a of another name', ['v=spf1 a:web.d.example ?all'], ['198.51.100.3']),
    ('a network', ['v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:1::/48 -all'],
     ['198.51.100.77', '2001:db8:1::5']),
    ('a redirect', ['v=spf1 redirect=_spf.a.example'], [A]),
    ('a redirect behind a term', ['v=spf1 mx redirect=_spf.b.example'],
     ['198.51.100.2', C]),
    ('no all', ['v=spf1 mx'], ['198.51.100.2']),
    ('all in front', ['v=spf1 mx -all ip4:198.51.100.9'], ['198.51.100.2']),
    ('a plus and capitals', ['V=SPF1 +MX +Include:_SPF.A.example ~ALL'],
     ['198.51.100.2', A]),
    ('an explanation', ['v=spf1 mx exp=why.d.example -all'],
     ['198.51.100.2']),
    ('the new address is there', ['v=spf1 ip4:192.0.2.10 mx -all'],
     ['198.51.100.2']),
    ('the new address is in an include',
     ['v=spf1 include:_spf.new.example -all'], ['192.0.2.77']),
    ('a macro', ['v=spf1 exists:%{i}.ok.example mx -all'],
     ['198.51.100.2', '198.51.100.40']),
    ('all is refused but one', ['v=spf1 -ip4:198.51.100.8 '
                                'ip4:198.51.100.0/24 -all'],
     ['198.51.100.9']),
    ('spaces', ['v=spf1   mx    ~all '], ['198.51.100.2']),
    ('two records', ['v=spf1 mx -all', 'v=spf1 include:_spf.a.example ~all'],
     ['198.51.100.2', A]),
    ('three records, terms twice', [
        'v=spf1 mx a -all', 'v=spf1 a ip4:198.51.100.9 ?all',
        'v=spf1 redirect=_spf.b.example'],
     ['198.51.100.1', '198.51.100.2', '198.51.100.9', C]),
    ('two records, one without all', ['v=spf1 mx', 'v=spf1 a -all'],
     ['198.51.100.1', '198.51.100.2']),
    ('one record with +all', ['v=spf1 mx -all',
                              'v=spf1 ip4:198.51.100.9 +all'],
     ['198.51.100.2', '198.51.100.9']),
    ('twenty records', ['v=spf1 ip4:198.51.100.%d %s' % (
        i, ('-all', '~all', '?all', 'mx')[i % 4]) for i in range(20, 40)],
     ['198.51.100.2'] + ['198.51.100.%d' % i for i in range(20, 40)]),
    ('nobody, until now', ['v=spf1 -all'], []),
    ('a long record', ['v=spf1 ' + ' '.join(
        'ip4:198.51.100.%d' % i for i in range(20, 50)) + ' -all'],
     ['198.51.100.20', '198.51.100.49']),
)


class World:
    def __init__(self, records):
        self.records = dict(WORLD)
        self.records['198.51.100.40.ok.example', 'A'] = ['127.0.0.2']
        self.records[DOMAIN, 'TXT'] = ['a text of others'] + records
        self.path = os.path.join(proc.folder(), 'zone')
        proc.write(self.path, ''.join(
            '%s. %s %s\n' % (name, kind, self.rdata(kind, value))
            for (name, kind), v in self.records.items() for value in v))

    @staticmethod
    def rdata(kind, value):
        if kind == 'TXT':
            return '"%s"' % value
        return '%d %s.' % value if kind == 'MX' else value

    def lookup(self, name, qtype, _strict=True, _timeout=30):
        """As pyspf wants it."""
        v = self.records.get((name.lower().rstrip('.'), qtype), [])
        if qtype in ('A', 'AAAA'):
            family = 4 if qtype == 'A' else 6
            return [((name, qtype), spf.ipaddress.ip_address(x).packed
                     if family == 6 else x) for x in v]
        return [((name, qtype), [x.encode()] if qtype == 'TXT' else x)
                for x in v]

    def ours(self, ip):
        _, out, err = proc.run_json(
            [tree.MAILSEAL, 'spf', '--json', '--zone', self.path, '--ip', ip,
             '--mail-from', 'joe@' + DOMAIN])
        return out['result'] if out else err

    def theirs(self, ip):
        spf.DNSLookup = self.lookup
        return spf.check2(ip, 'joe@' + DOMAIN, 'mx.' + DOMAIN)[0]

    def check(self):
        return proc.run_json(
            [tree.MAILSEAL, 'check', '--json', '--zone', self.path, '--ip',
             NEW, '--only', 'spf.*', DOMAIN])


def merged(records):
    """The record that check offers, until it finds no error."""
    world = World(records)
    _, out, err = world.check()
    fixes = [fix['value'] for f in (out or {'findings': []})['findings']
             if f['severity'] == 'error' for fix in f['fix']
             if fix['owner'] == DOMAIN and fix['type'] == 'TXT']
    return fixes[-1:], err


def test_case(name, records, old):
    if len(records) == 1:
        before = World(records)
        tap.is_([before.ours(ip) for ip in old], ['pass'] * len(old),
                name + ': they passed before')
    fixes, err = merged(records)
    after = World(fixes or records)
    text = ' -> %s' % (fixes or 'unchanged')
    tap.ok(len(fixes or records) == 1, name + ': one record' + text, err)
    for ip in old + [NEW]:
        tap.is_((after.ours(ip), after.theirs(ip)), ('pass', 'pass'),
                '%s: %s passes by us and by pyspf' % (name, ip), text)
    status, out, err = after.check()
    tap.is_(status, 0, name + ': mailseal check finds no error', out or err)
    tap.ok('+all' not in ''.join(fixes), name + ': nobody else may send',
           text)


def main():
    for case in CASES:
        test_case(*case)


tap.main(main)
