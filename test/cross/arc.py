# SPDX-License-Identifier: BSD-2-Clause
"""ARC chains sealed by mailseal seal, python3-dkim and Mail::DKIM in turn, hop
by hop, and validated by each of them. Damage is reported at its instance. All
agree about random damage, except for the differences in EXCEPTIONS.
"""
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))

import peers  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

SETS = int(os.environ.get('MAILSEAL_CROSS_ARC_SETS', '10'))
MUTATIONS = int(os.environ.get('MAILSEAL_CROSS_ARC_MUTATIONS', '100'))
SEED = int(os.environ.get('MAILSEAL_CROSS_SEED', '8617'))
LETTER = (b'From: Joe <joe@example.com>\r\nTo: list@lists.example\r\n'
          b'Subject: hello\r\nDate: Thu, 26 Nov 2026 10:00:00 +0000\r\n'
          b'Message-ID: <1@example.com>\r\n\r\nFirst line.\r\n\r\nLast.\r\n')
AMS = 8             # MaximumSignaturesToVerify
NAMES = ['from', 'to', 'subject', 'date', 'message-id']
ARC = (b'arc-seal', b'arc-message-signature', b'arc-authentication-results')


class Ours:
    name = 'mailseal'
    algorithms = ('rsa-sha256', 'ed25519-sha256')

    def __init__(self, path):
        self.zone = path

    def verify(self, message, path=None):
        _, out, err = proc.run_json(
            [tree.MAILSEAL, 'verify', '--json', '--zone', path or self.zone,
             '--no-second-opinion'], message)
        return out['arc'] if out else {'result': err, 'reason': ''}

    def arc_verify(self, message):
        got = self.verify(message)
        return got['result'], got['reason']

    def arc_seal(self, message, key, domain, authserv_id, names, cv='auto'):
        status, out, err = proc.run(
            [tree.MAILSEAL, 'seal', '--zone', self.zone, '--domain', domain,
             '--selector', key.selector, '--key', key.path, '--authserv-id',
             authserv_id, '--headers', ':'.join(names), '--cv', cv], message)
        if status != 0:
            raise RuntimeError(err)
        return out


def hop(message, peer, key, instance, results=b'spf=pass smtp.mailfrom=a.b'):
    """Adds a set with the results of another host."""
    host = b'hop%d.example' % instance
    message = b'Authentication-Results: %s; arc=%s; %s\r\n' % (
        host, b'none' if instance == 1 else b'pass', results) + message
    return peer.arc_seal(message, key, peers.DOMAIN, host.decode(), NAMES)


def field(message, name, instance):
    """The raw field of that set."""
    for f in seal.split(message)[0]:
        head = f.lower().replace(b' ', b'')
        if head.startswith(name + b':') and b'i=%d;' % instance in head:
            return f
    raise LookupError(name, instance)


def damages(message, n):
    """(damage, message, instance that fails or None)."""
    yield 'a longer body', message + b'-- \r\nA footer.\r\n', n
    yield 'another subject', message.replace(
        b'Subject: hello', b'Subject: [x] hello', 1), n
    for name in ARC:
        f = field(message, name, 1)
        yield 'no %s of set 1' % name.decode(), message.replace(f, b'', 1), 1
        yield '%s twice' % name.decode(), f + message, 1
    first = field(message, ARC[2], 1)
    yield 'other results in set 1', message.replace(
        first, first.replace(b'spf=pass', b'spf=fail')), None
    seal1 = field(message, ARC[0], 1)
    yield 'another cv in seal 1', message.replace(
        seal1, seal1.replace(b'cv=none', b'cv=pass')), 1


def check_chains(ours, others, rsa):
    """Returns one chain of each length."""
    everybody = [ours] + others
    found = {}
    for first in range(len(everybody)):
        message = LETTER
        for n in range(1, SETS + 1):
            sealer = everybody[(first + n) % len(everybody)]
            message = hop(message, sealer, rsa[n % len(rsa)], n)
            found[n] = message
            got = ours.verify(message)
            tap.is_((got['result'], got.get('instances'),
                     got.get('oldest_pass'), len(got.get('sealers', []))),
                    ('pass', n, 0 if n <= AMS else n - AMS + 1, n),
                    'a chain of %d, the last by %s' % (n, sealer.name), got)
            for peer in others:
                word, why = peer.arc_verify(message)
                tap.is_(word, 'pass', 'by %s' % peer.name, why)
    return found


def check_damages(ours, others, chains):
    for n in sorted({1, 2, SETS}):
        for what, bad, at in damages(chains[n], n):
            got = ours.verify(bad)
            tap.ok(got['result'] == 'fail' and
                   (at is None or got['failed_instance'] == at),
                   'of %d: %s' % (n, what), got)
            for peer in others:
                tap.is_(peer.arc_verify(bad)[0], 'fail', '%s, too' %
                        peer.name)


def mutated(rng, message):
    """Damages one of the ARC fields, or changes its position."""
    fields, body = seal.split(message)
    mine = [i for i, f in enumerate(fields)
            if f.partition(b':')[0].lower() in ARC]
    i = rng.choice(mine)
    f = fields[i]
    kind = rng.choice(('drop', 'repeat', 'move', 'octet', 'octet', 'tag',
                       'instance', 'fold', 'case', 'swap'))
    if kind == 'drop':
        del fields[i]
    elif kind == 'repeat':
        fields.insert(rng.randrange(len(fields)), f)
    elif kind == 'move':
        fields.insert(rng.randrange(len(fields)), fields.pop(i))
    elif kind == 'octet':
        at = rng.randrange(len(f.partition(b':')[0]) + 1, len(f) - 2)
        if f[at:at + 1].isalnum():
            new = rng.choice(b'abcdXYZ019+/'.decode()).encode()
            fields[i] = f[:at] + new + f[at + 1:]
    elif kind == 'tag':
        name = rng.choice((b'a', b'b', b'bh', b'c', b'd', b's', b't', b'cv',
                           b'h'))
        fields[i] = re.sub(rb'(?<=[;: \t])' + name + rb'=[^;]*;? ?', b'', f,
                           count=1)
    elif kind == 'instance':
        fields[i] = re.sub(rb'i=\d+', b'i=%d' % rng.choice((0, 1, 2, 3, 4, 5,
                                                           50, 51)), f,
                           count=1)
    elif kind == 'fold':
        at = f.find(b'; ')
        if at > 0:
            fields[i] = f[:at + 1] + b'\r\n\t  ' + f[at + 2:]
    elif kind == 'case':
        name, _, value = f.partition(b':')
        fields[i] = name.upper() + b':\t' + value.lstrip()
    else:
        j = rng.choice(mine)
        fields[i], fields[j] = fields[j], fields[i]
    return kind, b''.join(fields) + b'\r\n' + body


# (peer, kinds of damage, pattern of its reason, why it differs from ours)
EXCEPTIONS = (
    ('python3-dkim', ('move', 'swap'), r'did not validate',
     'takes the fields of a set in the order of the header, not by their '
     'kind; RFC 8617 5.1.1 orders them by instance and kind'),
)


def excused(peer, kind, ours, theirs):
    """The reason of an exception that applies, or None."""
    for name, kinds, reason, why in EXCEPTIONS:
        if (name, ours[0], theirs[0]) == (peer.name, 'pass', 'fail') and \
                kind in kinds and re.search(reason, theirs[1]):
            return why
    return None


def check_mutations(ours, others, chains):
    rng = random.Random(SEED)
    passed = 0
    for n in range(MUTATIONS):
        kind, bad = mutated(rng, chains[rng.choice((1, 2, 3, 4))])
        got = ours.arc_verify(bad)
        passed += got[0] == 'pass'
        for peer in others:
            theirs = peer.arc_verify(bad)
            why = None
            if theirs[0] != got[0]:
                why = excused(peer, kind, got, theirs)
            tap.ok(theirs[0] == got[0] or why, 'mutation %d, %s: %s%s' % (
                n, kind, peer.name, ' (%s)' % why if why else ''),
                '%r\n%r\n%s' % (got, theirs, bad.decode('latin-1')))
    tap.ok(0 < passed < MUTATIONS, 'harmless: %d' % passed)


def main():
    top = proc.folder()
    keys = peers.new_keys(top)
    rsa = [k for k in keys if k.algorithm == 'rsa-sha256']
    ed = [k for k in keys if k.algorithm == 'ed25519-sha256']
    records = {k.name: k.record for k in keys}
    ours = Ours(proc.write(os.path.join(top, 'zone'), zone.text(records)))
    others = [peers.PyDKIM(top, keys), peers.MailDKIM(top, keys)]
    chains = check_chains(ours, others, rsa)
    check_damages(ours, others, chains)
    check_mutations(ours, others, chains)
    both = hop(hop(LETTER, ours, ed[0], 1), ours, ed[0], 2)
    tap.is_(ours.arc_verify(both)[0], 'pass', 'a chain of Ed25519, which the '
            'others do not support in ARC')
    # A change between two hops only affects the oldest pass.
    changed = ours.arc_seal(hop(LETTER, others[0], rsa[0], 1).replace(
        b'Subject: hello', b'Subject: [list] hello'), ed[0], peers.DOMAIN,
        'hop2.example', NAMES, 'pass')
    got = ours.verify(changed)
    tap.is_((got['result'], got.get('oldest_pass')), ('pass', 2),
            'changed between the sets', got)
    # Mail that fails DMARC, with a pass by a trusted sealer.
    strict = proc.write(os.path.join(top, 'strict'), zone.text(dict(
        records, **{'_dmarc.example.com': 'v=DMARC1; p=reject'})))
    forwarded = hop(LETTER, others[0], rsa[0], 1,
                    b'dmarc=pass header.from=example.com')
    for domain, exempt in (('example.com', 'trusted sealer'),
                           ('.example.com', None)):
        _, got, err = proc.run_json([
            tree.MAILSEAL, 'verify', '--json', '--zone', strict, '-o',
            'TrustedSealers ' + domain], forwarded)
        tap.is_(got and (got['dmarc']['result'], got['decision']['exempt']),
                ('fail', exempt), 'TrustedSealers %s' % domain, err)
    dead = proc.write(os.path.join(top, 'dead'), ''.join(
        zone.fault(k.name, 'SERVFAIL') for k in keys))
    tap.is_(ours.verify(changed, dead)['reason'], 'key unavailable',
            'a failed key lookup fails the chain')
    tap.is_([p.stop() for p in others], [0, 0], 'the peers exit with 0')


tap.main(main)
