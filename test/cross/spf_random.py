# SPDX-License-Identifier: BSD-2-Clause
"""spf_random: random policies and the hosts that they refer to."""
import re

import zone

V4 = ['192.0.2.%d' % i for i in range(1, 9)]
V6 = ['2001:db8::%x' % i for i in range(1, 6)]
HOSTS = ['h%d.w.example' % i for i in range(14)]
MX = ['m%d.w.example' % i for i in range(5)]
MACROS = ['%{s}', '%{l}', '%{o}', '%{d}', '%{i}', '%{p}', '%{v}', '%{h}',
          '%{ir}', '%{d2}', '%{d1r}', '%{l-}', '%{lr-}', '%{l1r+-}', '%{O}',
          '%{S}', '%{d127}', '%{p2}', '%%', '%_', '%-']
BAD_MACROS = ['%{d0}', '%{x}', '%{dr2}', '%{c}', '%{}', '%d', '%', '%{d:}']
BAD_TERMS = ['moo', 'a:museum', 'a:', 'mx/33', 'a//129', 'ip4:1.2.3',
             'ip4:1.2.3.4/33', 'ip6::1', 'all:x', 'ptr/24', 'include',
             'include:', 'exists', 'exists:a.example/8', 'redirect=',
             'redirect:a.example', 'exp=-all', '=x', '1up=x', 'a:1.2.3.4',
             'ip4:01.2.3.4', 'a/08', 'a:x.-com', '-', '--all', 'all.',
             'a:x.example,', 'ip6:2001:db8::/129', 'a:a.example/24/64']
LOCALS = ['me', 'a-b+c', 'x.y', 'Jack&Jill', 'strong-bad']


class World:
    """The records of one run: {(name, type): [data]}, some of them invalid."""

    def __init__(self, rng, policies):
        self.records = {}
        self.faults = {}
        self.texts = {}         # domain -> its policies
        for host in HOSTS:
            self.host(rng, host)
        for name in MX:
            for host in rng.sample(HOSTS, rng.randrange(4)):
                self.add(name, 'MX', (rng.randrange(9), host))
        self.add('flood.w.example', 'MX', (0, HOSTS[0]))
        for i in range(10):
            self.add('flood.w.example', 'MX', (1, 'f%d.w.example' % i))
            self.add('f%d.w.example' % i, 'A', '198.51.100.7')
        for ip in V4 + V6:
            self.pointers(rng, ip)
        self.domains = ['d%d.example' % i for i in range(policies)]
        for domain in self.domains:
            self.policy(rng, domain)
        self.lost = 'lost.example'      # no server answers
        self.faults[self.lost] = 'SERVFAIL'
        self.add('e.w.example', 'TXT', 'No %{i} from %{o}')
        self.add('e2.w.example', 'TXT', 'one')
        self.add('e2.w.example', 'TXT', 'two')
        self.add('e3.w.example', 'TXT', 'A %{x}')

    def add(self, name, rrtype, data):
        self.records.setdefault((name, rrtype), []).append(data)

    def host(self, rng, name):
        kind = rng.randrange(10)
        if kind == 0:
            return                              # does not exist
        if kind == 1:
            self.faults[name] = rng.choice(('TIMEOUT', 'SERVFAIL'))
            return
        if kind == 2:
            self.add(name, 'CNAME', rng.choice(HOSTS))
            return
        for ip in rng.sample(V4, rng.randrange(4)):
            self.add(name, 'A', ip)
        for ip in rng.sample(V6, rng.randrange(3)):
            self.add(name, 'AAAA', ip)
        self.add(name, 'TXT', 'a host')

    def pointers(self, rng, ip):
        name = arpa(ip)
        if rng.randrange(12) == 0:
            self.faults[name] = 'SERVFAIL'
            return
        names = HOSTS + ['d%d.example' % i for i in range(4)]
        for host in rng.sample(names, rng.randrange(5)):
            self.add(name, 'PTR', host)
        if rng.randrange(8) == 0:
            for i in range(12):
                self.add(name, 'PTR', 'z%d.w.example' % i)

    def target(self, rng):
        kind = rng.randrange(12)
        if kind == 0:
            return rng.choice(MACROS) + '.w.example'
        if kind == 1:
            return rng.choice(MACROS[:9]) + '.' + rng.choice(MACROS)
        if kind == 2:
            return rng.choice(('a..example', 'x' * 64 + '.example',
                               'h1.w.example.', 'H2.W.Example'))
        return rng.choice(HOSTS)

    def term(self, rng):
        q = rng.choice(('', '', '+', '-', '~', '?'))
        kind = rng.randrange(14)
        if kind < 3:
            length = rng.choice(('', '', '/24', '/0', '//64', '/30//126'))
            return q + 'a' + rng.choice((':' + self.target(rng), '')) + length
        if kind < 5:
            name = rng.choice(MX + MX + ['flood.w.example'])
            return q + 'mx' + rng.choice(('', ':' + name, ':' + name)) + \
                rng.choice(('', '/28', '//120'))
        if kind < 7:
            return q + 'include:' + (
                self.target(rng) if rng.randrange(10) == 0 else
                rng.choice(self.domains))
        if kind == 7:
            return q + 'ptr' + rng.choice(('', ':' + self.target(rng),
                                           ':w.example'))
        if kind == 8:
            return q + 'exists:' + self.target(rng)
        if kind == 9:
            return q + 'ip6:%s/%d' % (rng.choice(V6), rng.choice(
                (0, 64, 127, 128)))
        if kind == 10:
            return rng.choice(('moo=x', 'x.y=%{d}', 'exp=e.w.example',
                               'exp=e2.w.example', 'exp=e3.w.example',
                               'exp=%{p}.example', 'Exp=e.w.example',
                               'redirect=' + rng.choice(self.domains)))
        return q + 'ip4:%s/%d' % (rng.choice(V4), rng.choice(
            (0, 24, 30, 31, 32, 32)))

    def policy(self, rng, domain):
        terms = [self.term(rng) for _ in range(min(rng.randrange(9),
                                                   rng.randrange(9)))]
        if rng.randrange(12) == 0:
            bad = rng.choice(BAD_TERMS) if rng.randrange(2) else \
                'a:' + rng.choice(BAD_MACROS) + rng.choice(('', '.example'))
            terms.insert(rng.randrange(len(terms) + 1), bad)
        end = rng.randrange(6)
        if end < 3:
            terms.append(rng.choice('-~?+') + 'all')
        elif end == 3:
            terms.append('redirect=' + rng.choice(self.domains))
        text = rng.choice(('v=spf1', 'v=spf1', 'V=SPF1')) + ''.join(
            rng.choice((' ', ' ', '  ')) + t for t in terms)
        if rng.randrange(40) == 0:
            self.add(domain, 'TXT', 'v=spf1 a')
        if rng.randrange(40) == 0:
            text = 'no policy'
        if rng.randrange(50) == 0:
            self.faults[domain] = rng.choice(('TIMEOUT', 'SERVFAIL'))
            return
        self.add(domain, 'TXT', text)
        self.texts[domain] = text
        for ip in rng.sample(V4, rng.randrange(3)):
            self.add(domain, 'A', ip)
        for host in rng.sample(HOSTS, rng.randrange(3)):
            self.add(domain, 'MX', (10, host))

    def zone(self):
        out = ''.join(zone.record(name, rrtype, d)
                      for (name, rrtype), v in self.records.items() for d in v)
        return out + ''.join(zone.fault(n, k) for n, k in self.faults.items())

    def loops(self, name):
        """Whether the CNAMEs of the name form a loop."""
        for _ in range(len(HOSTS) + 1):
            if (name, 'CNAME') not in self.records:
                return False
            name = self.records[name, 'CNAME'][0]
        return True

    def reach(self, domain):
        """The policies that an evaluation of the domain may reach."""
        seen, left = [], [domain]
        while left:
            d = left.pop()
            if d in self.texts and d not in seen:
                seen.append(d)
                left += re.findall(r'(?i)(?:include:|redirect=)(\S+)',
                                   self.texts[d])
        return [self.texts[d] for d in seen]


def arpa(ip):
    if ':' not in ip:
        return '.'.join(reversed(ip.split('.'))) + '.in-addr.arpa'
    head, _, tail = ip.partition('::')
    words = head.split(':') + ['0'] * (8 - len(head.split(':')) -
                                       len(tail.split(':'))) + tail.split(':')
    return '.'.join(reversed(''.join(w.zfill(4) for w in words))) + \
        '.ip6.arpa'


def client(rng, world):
    """(address, HELO, MAIL FROM)"""
    ip = rng.choice(V4 + V6)
    if ip in V4 and rng.randrange(8) == 0:
        ip = '::ffff:' + ip
    helo = rng.choice(HOSTS[:3] + ['[192.0.2.1]', 'pc', "it's me"])
    return ip, helo, '%s@%s' % (rng.choice(LOCALS), rng.choice(world.domains))
