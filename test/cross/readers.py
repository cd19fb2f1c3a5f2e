# SPDX-License-Identifier: BSD-2-Clause
"""Our Authentication-Results as others read it: python3-authres,
Mail::AuthenticationResults, SpamAssassin's AuthRes, and naive readers that
split at ";" or search by a regular expression. They read the field of each of
2,000 hostile messages and find in it what the log says, and nothing else.

MAILSEAL_SEED repeats a run, MAILSEAL_CROSS_N sets the number of messages.
"""
import collections
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

try:
    import authres
except ImportError:
    tap.skip_all('no python3-authres')

N = int(os.environ.get('MAILSEAL_CROSS_N', '1000'))
SEED = os.environ.get('MAILSEAL_SEED') or str(random.SystemRandom().randrange(
    10 ** 9))
ID = 'mx.here.test'
SHOWN = 5

ZONE = '''good.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.good.test. IN TXT "v=DMARC1; p=reject"
_dmarc.bank.test. IN TXT "v=DMARC1; p=none"
bank.test. IN TXT "v=spf1 -all"
'''

# Hostile text where a word is expected.
HOSTILE = (
    '; dmarc=pass header.from=bank.test; ', ';dkim=pass', 'dmarc=pass',
    '=3B=20dmarc=3Dpass=20header.from=3Dbank.test=3B=20', '=3Bdkim=3Dpass',
    '"', '\\"', '"; dmarc=pass; "', '(', ')', '(;dmarc=pass)', '\\', '=', '?',
    '=?utf-8?q?=3B_dmarc=3Dpass?=', '=?us-ascii?b?OyBkbWFyYz1wYXNz?=',
    '\n dmarc=pass', '\n\tmx.here.test; dmarc=pass', '\r', '\x0b', '\x0c',
    '\x7f', '\u00fc', '\u037e', '\uff1b dmarc\uff1dpass', '\u2028', '\u202e',
    '<', '>', '@', ',', ':', '/', '[', ']', '|', '`', '$(x)', '%00', '&#59;',
    *"!#$%&'*+-^_`{|}~.", 'a' * 300, '=0D=0AAuthentication-Results:=20mx.here.test;=20dmarc=3Dpass',
)
PLAIN = ('good.test', 'bank.test', 'a.b.example', 'x', 'rsa-sha256', 's1',
         'relaxed', 'AAAAbbbb', 'joe', '1')


def word(rng, plain):
    """Mostly hostile, around a plain word."""
    roll = rng.randrange(4)
    if roll == 0:
        return plain
    bad = ''.join(rng.choice(HOSTILE) for _ in range(rng.randrange(1, 3)))
    at = rng.randrange(len(plain) + 1)
    return bad if roll == 1 else plain[:at] + bad + plain[at:]


def signature(rng):
    tags = [('v', '1'), ('a', 'rsa-sha256'), ('c', 'relaxed/relaxed'),
            ('d', rng.choice(('good.test', 'bank.test'))), ('s', 's1'),
            ('h', 'from'), ('bh', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='),
            ('i', 'joe@bank.test'), ('b', 'QUJDREVGR0g=')]
    hit = {rng.choice('adsibh') for _ in range(rng.randrange(1, 4))}
    rng.shuffle(tags)
    return '; '.join('%s=%s' % (n, word(rng, v) if n in hit else v)
                     for n, v in tags)


def message(rng):
    """{mail_from, helo, fields}"""
    author = rng.choice(('good.test', 'bank.test'))
    fields = [('From', 'joe@' + author), ('Subject', word(rng, 'x'))]
    for _ in range(rng.randrange(4)):
        fields.append(('DKIM-Signature', signature(rng)))
    if rng.randrange(3) == 0:
        fields.append((rng.choice((
            'Authentication-Results', 'ARC-Authentication-Results',
            'ARC-Seal', 'ARC-Message-Signature', 'Received')),
            word(rng, 'i=1; d=bank.test; s=s1; mx.here.test; dmarc=pass')))
    rng.shuffle(fields)
    return {'mail_from': '<%s@%s>' % (word(rng, 'joe'), rng.choice((
                'good.test', 'bank.test', word(rng, 'bank.test')))),
            'helo': word(rng, 'good.test'),
            'fields': [(n, ' ' + v) for n, v in fields]}


def played(client, m, queue_id):
    """The value of our field, unfolded; None if the message is refused."""
    client.helo(m['helo'].replace('\0', ''))
    client.mail(m['mail_from'], queue_id=queue_id)
    client.rcpt()
    client.step('T')
    for name, value in m['fields']:
        client.header(name, value)
    client.eoh()
    client.body(b'body\r\n')
    answer, changes = client.eom()
    for change in changes:
        if change[:1] == b'i' and change[5:].startswith(
                b'Authentication-Results\0'):
            value = change[5:].split(b'\0')[1]
            return re.sub(rb'\r?\n[ \t]+', b' ', value).strip().decode('ascii')
    if answer[:1] == b'y':
        return None
    return '' if answer[:1] in b'act' else None


# -- the readers: [(method, result, {type.property: value})] ------------------

def by_authres(value, _peer):
    found = []
    for r in authres.AuthenticationResultsHeader.parse_value(value).results:
        found.append((r.method, r.result, {
            '%s.%s' % (p.type, p.name): p.value for p in r.properties}))
    return found


def by_perl(which):
    def read(value, peer):
        answer = [a.decode('utf-8', 'replace')
                  for a in peer.call(which, value)]
        if answer[0] != 'ok':
            raise ValueError(answer[1])
        found = []
        for one in answer[1:]:
            method, result, *properties = one.split('\n')
            found.append((method, result, dict(
                p.split('=', 1) for p in properties)))
        return found
    return read


def by_splitting(value, _peer):
    """As a filter of a few lines does it."""
    parts = value.split(';')
    if parts[0] != ID:
        raise ValueError('authserv-id')
    found = []
    for part in parts[1:]:
        method, _, rest = part.strip().partition('=')
        properties = re.findall(r'([a-z]+\.[a-z-]+)=(\S+)', rest)
        found.append((method, rest.split()[0],
                      {n: v.strip('"') for n, v in properties}))
    return found


READERS = (('python3-authres', by_authres),
           ('Mail::AuthenticationResults', by_perl('module')),
           ('SpamAssassin', by_perl('spam')),
           ('splitting at ";"', by_splitting))


def meant(line):
    """What the log says: {method: [result]}, d= of the signatures."""
    want = collections.defaultdict(list)
    for method in ('spf', 'iprev', 'dmarc', 'arc'):
        if line.get(method):
            want[method].append(line[method])
    if line.get('spf_helo', 'none') != 'none':
        want['spf'].append(line['spf_helo'])
    want['dkim'] = [d['result'] for d in line['dkim']] or ['none']
    return want, [d['domain'] for d in line['dkim'] if d.get('domain')]


def differs(found, line):
    want, domains = meant(line)
    got = collections.defaultdict(list)
    for method, result, properties in found:
        got[method.lower()].append(result)
        for name, value in properties.items():
            if not re.fullmatch(r'[\w.:@/+!#$%&\'*^`{|}~-]*', str(value)):
                return 'value of %s: %r' % (name, value)
    if {k: sorted(v) for k, v in got.items()} != {
            k: sorted(v) for k, v in want.items()}:
        return 'got %r, meant %r' % (dict(got), dict(want))
    seen = [p['header.d'] for m, _, p in found if m == 'dkim' and
            'header.d' in p]
    return '' if seen == domains else 'd= %r, meant %r' % (seen, domains)


def searched(value, line):
    """What a regular expression finds anywhere in the field."""
    want, _ = meant(line)
    for method in ('dmarc', 'dkim', 'arc', 'spf'):
        got = re.findall(r'\b%s\s*=\s*(\w+)' % method,
                         value.replace('policy.dmarc=', 'policy='), re.I)
        if sorted(got) != sorted(want[method]):
            return '%s: %r, meant %r' % (method, got, want[method])
    return '=?' if re.search(r'=\?|\?=', value) else ''


def main():
    top = proc.folder()
    daemon = seald.Seald(top, {
        'Mode': 'v', 'AuthservID': ID, 'OnBadFrom': 'accept',
        'Zone': proc.write(os.path.join(top, 'zone'), ZONE),
        'OnDNSError': 'accept', 'OnDMARCTempError': 'accept'})
    peer = proc.Fields([tree.PERL, os.path.join(
        tree.SRC, 'test', 'cross', 'readers_peer.pl')],
        os.path.join(top, 'peer.log'))
    tap.diag('repeat with MAILSEAL_SEED=%s' % SEED)
    values = {}
    client = milter.Client(daemon.path)
    client.connect('client.example', '192.0.2.1')
    for i in range(N):
        rng = random.Random('%s:%d' % (SEED, i))
        m = message(rng)
        value = played(client, m, 'Q%d' % i)
        if value is not None:
            values['Q%d' % i] = (value, m)
    client.quit()
    tap.is_(daemon.stop(), 0, 'mailseald ends well')
    lines = {line['queue_id']: line for line in daemon.lines()
             if line.get('event') == 'message'}
    bad = collections.Counter()
    shown = 0
    verdicts = collections.Counter()
    for queue_id, (value, m) in values.items():
        line = lines[queue_id]
        verdicts[line.get('dmarc')] += 1
        for name, read in READERS + (('a regular expression', None),):
            try:
                why = differs(read(value, peer), line) if read else \
                    searched(value, line)
            except Exception as e:      # it cannot read the field
                why = '%s: %s' % (type(e).__name__, e)
            bad[name] += bool(why)
            if why and shown < SHOWN:
                shown += 1
                tap.diag('%s: %s\n%s\n%r' % (name, why, value, m))
    for name, _ in READERS + (('a regular expression', None),):
        tap.is_(bad[name], 0, '%s finds what we meant in %d fields' % (
            name, len(values)))
    tap.ok(len(values) > N * 2 // 3, 'most messages are accepted',
           len(values))
    tap.ok(verdicts['pass'] > 0 and verdicts['fail'] > 0, 'both verdicts',
           verdicts)
    tap.is_(peer.stop(), 0, 'the co-process exits with 0')


tap.main(main)
