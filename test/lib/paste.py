# SPDX-License-Identifier: BSD-2-Clause
"""paste: applies the fixes of mailseal check to a zone, as a person would, and
checks it again."""
import copy
import os
import re

import proc
import tap
import tree
import zone

TOP = proc.folder()
ROUNDS = 3              # a fault may hide another one
SERIOUS = ('error', 'warn', 'unknown')

# What takes whose place: the kinds of TXT records.
KINDS = (('spf', re.compile(r'[\s"\'`\\]*(v=spf|spf1)', re.I)),
         ('dmarc', re.compile(r'.*v\s*=\s*["\']?dmarc', re.I | re.S)),
         ('sts', re.compile(r'v=STS', re.I)),
         ('tls', re.compile(r'\s*v=TLSRPT', re.I)))


def _text(value):
    """The text of a TXT record's strings in zone text."""
    out = b''
    for part in re.findall(r'"((?:[^"\\]|\\.)*)"', value):
        out += re.sub(rb'\\(\d{3}|.)', lambda m: bytes([int(m[1])]) if len(
            m[1]) == 3 else m[1], part.encode('utf-8', 'surrogateescape'))
    return out.decode('utf-8', 'surrogateescape')


def kind(owner, text):
    if '._domainkey.' in owner:
        return 'key'
    for name, pattern in KINDS:
        if pattern.match(text):
            return name
    return None


class Zone:
    """Records as (owner, type, value in zone text), and what is no record."""

    def __init__(self, text):
        self.records, self.rest = [], []
        for line in text.splitlines():
            m = re.match(r'(\S+)\s+(A|AAAA|MX|TXT|PTR|CNAME)\s+(.*)', line)
            if m:
                self.records.append((m[1].rstrip('.').lower(), m[2], m[3]))
            else:
                self.rest.append(line)

    def text(self):
        return '\n'.join(self.rest + ['%s. %s %s' % r for r in
                                      self.records]) + '\n'

    def _same(self, record, owner, kind_, value):
        if record[:2] != (owner, kind_):
            return False
        return (_text(record[2]) == value if kind_ == 'TXT' else
                ' '.join(record[2].lower().split()) == value.lower())

    def apply(self, fix, args):
        """args: those of check, for what is not in the zone."""
        owner, type_, value = fix['owner'], fix['type'], fix['value']
        if fix['where'] == 'postfix':
            args['helo'] = value
        elif fix['remove']:
            self.records = [r for r in self.records if not self._same(
                r, owner, type_, value)]
        else:
            if type_ == 'TXT':
                mine = kind(owner, value)
                self.records = [r for r in self.records if r[0] != owner or (
                    r[1] == 'TXT' and kind(owner, _text(r[2])) != mine)
                    or r[1] != 'TXT']
                value = zone.quote(value)
            elif type_ == 'PTR':
                self.records = [r for r in self.records
                                if r[:2] != (owner, 'PTR')]
            if (owner, 'CNAME') in {r[:2] for r in self.records}:
                raise RuntimeError('a name server refuses %s %s beside a '
                                   'CNAME' % (owner, type_))
            if (owner, type_, value) not in self.records:
                self.records.append((owner, type_, value))


def options(args):
    out = []
    for name in 'ip', 'selector', 'dnsbl', 'dnsbl_domain':
        for value in args.get(name, ()):
            out += ['--' + name.replace('_', '-'), value]
    for name in 'helo', 'mail_from':
        if name in args:
            out += ['--' + name.replace('_', '-'), args[name]]
    return out if 'dnsbl' in args else out + ['--no-dnsbl']


_found = {}


def run(text, domain, args):
    """The findings that are not ok. Each zone is checked once: often all fixes
    of it are those of one finding."""
    key = text, domain, repr(sorted(args.items()))
    if key not in _found:
        _found[key] = _check(text, domain, args)
    return copy.deepcopy(_found[key])


def _check(text, domain, args):
    path = proc.write(os.path.join(TOP, 'zone'), text)
    _, out, err = proc.run_json(
        [tree.MAILSEAL, 'check', '--json', '--zone', path, '--dns-timeout',
         '1'] + options(args) + [domain])
    if out is None:
        raise RuntimeError(err)
    return [f for f in out['findings'] if f['severity'] != 'ok']


def names(findings):
    return {f['check'] for f in findings if f['severity'] in SERIOUS}


def subjects(findings):
    return {(f['check'], f['severity'], f['subject']) for f in findings}


def paste_one(name, text, domain, args, found, finding):
    """Its own fixes: it is gone, and nothing has come."""
    records, then = Zone(text), copy.deepcopy(args)
    for fix in finding['fix']:
        records.apply(fix, then)
    left = run(records.text(), domain, then)
    what = '%s: %s' % (name, finding['check'])
    said = '\n'.join(map(str, finding['fix'])) + '\n' + records.text()
    tap.is_(sorted(subjects([finding]) & subjects(left)), [],
            what + ' is gone', said)
    tap.is_(sorted(names(left) - names(found)), [], what + ': nothing comes',
            said)


def paste_all(name, text, domain, args, found):
    """All fixes: nothing is left that has one."""
    records, then = Zone(text), copy.deepcopy(args)
    for _ in range(ROUNDS):
        fixes = [fix for f in found if f['severity'] in ('error', 'warn')
                 for fix in f['fix']]
        if not fixes:
            break
        for fix in fixes:
            records.apply(fix, then)
        found = run(records.text(), domain, then)
    tap.is_([(f['check'], f['fix']) for f in found if f['fix'] and
             f['severity'] in ('error', 'warn')], [], name +
            ': nothing is left to fix', records.text())


def check(name, text, domain, args, found):
    for finding in found:
        if finding['fix'] and finding['severity'] in SERIOUS:
            paste_one(name, text, domain, args, found, finding)
    paste_all(name, text, domain, args, found)
