# SPDX-License-Identifier: BSD-2-Clause
"""Cross-checks against libopendkim, python3-dkim and Mail::DKIM on random
messages: each verifies the signatures of all, and all give the same verdict
for a changed message. Differences need a rule in rules.py.

MAILSEAL_SEED repeats a run, MAILSEAL_CROSS_N sets the number of messages.
"""
import collections
import itertools
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import craft  # noqa: E402
import messages  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import rules  # noqa: E402
import seal  # noqa: E402
import tap  # noqa: E402
import time  # noqa: E402
import zone  # noqa: E402

N = int(os.environ.get('MAILSEAL_CROSS_N', '300'))
SEED = os.environ.get('MAILSEAL_SEED') or str(random.SystemRandom().randrange(
    10 ** 9))
CLI_EVERY = 5           # share of messages by the command line
MUTANTS = 2             # of each signed message
SHOWN = 10              # differences shown in full
CANONS = ('simple/simple', 'simple/relaxed', 'relaxed/simple',
          'relaxed/relaxed')


OPEN = re.compile(r'the body is longer than its signed part|'
                  r'a second [\w-]+ is not signed')


class Run:
    def __init__(self):
        self.top = proc.folder()
        self.keys = peers.new_keys(self.top)
        self.zone = proc.write(os.path.join(self.top, 'zone'), zone.text(
            {k.name: k.record for k in self.keys}))
        self.batch = seal.Batch(self.top, self.zone)
        for key in self.keys:
            self.batch.key(key.selector[0] if key.selector != 'r2' else '2',
                           key.pem)
        self.peers = [peer(self.top, self.keys) for peer in (
            peers.OpenDKIM, peers.PyDKIM, peers.MailDKIM)]
        self.now = int(time.time())
        self.points = collections.OrderedDict()
        self.explained = collections.Counter()
        self.verdicts = collections.Counter()
        self.quirks = collections.Counter()
        self.shown = 0

    def count(self, point, good, story=None):
        done, bad = self.points.get(point, (0, 0))
        self.points[point] = (done + 1, bad + (not good))
        if not good and self.shown < SHOWN:
            self.shown += 1
            tap.diag('%s: %s' % (point, story()))

    # -- ours ---------------------------------------------------------------

    def our_sign(self, by_cli, data, key, canon, names, over):
        if not by_cli:
            letter = '2' if key.selector == 'r2' else key.selector[0]
            value = self.batch.sign(letter, peers.DOMAIN, key.selector, canon,
                                    data, names, over, self.now)
            return b'DKIM-Signature:' + value + b'\r\n' + data
        status, signed, err = seal.sign(
            data, peers.DOMAIN, key.selector, key.path, '--canonicalization',
            canon, '--headers', names, '--oversign', over, '--now',
            str(self.now))
        if status != 0:
            raise RuntimeError('mailseal sign: ' + err)
        return signed

    def our_verify(self, data, by_cli=False):
        """[(result, reason)]; the command line must agree with the
        library. As the peers do, what a signature leaves open is not judged;
        by default that makes a pass a policy, and changes nothing else."""
        got = [(v['result'], v['reason']) for v in self.batch.verify(
            data, self.now, self.sizes, True)]
        strict = [(v['result'], v['reason']) for v in self.batch.verify(
            data, self.now, self.sizes)]
        self.count('by default a pass or the reason for none', all(
            s == g or (g[0] == 'pass' and s[0] == 'policy' and
                       OPEN.fullmatch(s[1]))
            for s, g in itertools.zip_longest(strict, got)),
            lambda: '%r %r %r' % (strict, got, data))
        if by_cli:
            _, out, err = seal.verify(data, self.zone, '--now', str(self.now),
                                      '--no-second-opinion', '-o', 'Minimum 0',
                                      '-o', 'AllowExtraFields yes')
            cli = [d['result'] for d in out['dkim']] if out else err
            self.count('mailseal verify and the library agree',
                       cli == [word for word, _ in got],
                       lambda: '%r %r %r' % (cli, got, data))
        return got

    # -- one message --------------------------------------------------------

    def verdicts_agree(self, point, i, what, data, by_cli=False, want=None,
                       quirk=None):
        """All verify; a difference needs a rule. want: the expected answer,
        pass or no."""
        ours = self.our_verify(data, by_cli)
        word, reason = ours[0] if ours else ('none', '')
        self.verdicts['pass' if word == 'pass' else 'no pass'] += 1
        if want:
            self.count(point + ', mailseal',
                       (word == 'pass') == (want == 'pass'),
                       lambda: self.story(i, what, word, reason, '', '', data))
        for peer in self.peers:
            theirs = peer.verify(data)
            their_word, why = theirs[0] if theirs else ('none', '')
            same = (word == 'pass') == (their_word == 'pass')
            if not same:
                rule = rules.find(peer.name, data, word, reason, their_word,
                                  why)
                if quirk in rules.CRAFTED[peer.name]:
                    rule = rules.CRAFTED[peer.name][quirk]
                if rule:
                    self.explained[(peer.name, rule)] += 1
                    same = True
            self.count('%s, %s' % (point, peer.name), same,
                       lambda p=peer, t=their_word, w=why: self.story(
                           i, what, word, reason, p.name + ' ' + t, w, data))

    @staticmethod
    def story(i, what, word, reason, theirs, why, data):
        return ('message %d, %s: ours %s (%s), theirs %s (%s)\n%r\n'
                'repeat with MAILSEAL_SEED=%s' % (i, what, word, reason,
                                                  theirs, why, data, SEED))

    def mutants(self, rng, i, what, signed):
        for _ in range(MUTANTS):
            name, data = messages.mutate(rng, signed)
            self.verdicts_agree('changed messages: the same verdict', i,
                                '%s, then %s' % (what, name), data,
                                rng.randrange(CLI_EVERY * 4) == 0)

    def message(self, i):
        self.now = int(time.time())     # as the peers sign
        rng = random.Random('%s:%d' % (SEED, i))
        m = messages.message(rng)
        data = m.bytes()
        key = rng.choice(self.keys)
        canon = rng.choice(CANONS)
        by_cli = i % CLI_EVERY == CLI_EVERY - 1
        self.sizes = rng.choice(((), (1,), (2, 3), (rng.randrange(1, 200),)))
        there = list(dict.fromkeys(m.names()))
        chosen = sorted(set(rng.sample(there, rng.randrange(len(there) + 1)) +
                            ['from']))
        over = sorted(set(rng.sample(there + ['reply-to', 'cc', 'x-none'],
                                     rng.randrange(4))))
        signed = self.our_sign(by_cli, data, key, canon, ':'.join(chosen),
                               ':'.join(over))
        what = 'signed by mailseal with %s, %s' % (key.selector, canon)
        self.verdicts_agree('our signatures verify', i, what, signed, by_cli,
                            'pass')
        self.mutants(rng, i, what, signed)
        quirk, crafted = craft.craft(rng, m, key, self.now)
        self.quirks[quirk] += 1
        self.verdicts_agree('crafted signatures', i, 'crafted, ' + quirk,
                            crafted, rng.randrange(CLI_EVERY * 4) == 0,
                            'no' if quirk in craft.REFUSED else 'pass', quirk)
        present = [n for n in m.names() if n in chosen]
        for peer in self.peers:
            if key.algorithm in peer.algorithms:
                self.by_peer(rng, i, peer, data, key, canon, present, [
                    n for n in over if n in chosen or n not in there], by_cli)

    def by_peer(self, rng, i, peer, data, key, canon, present, over, by_cli):
        """A peer signs, we verify."""
        what = 'signed by %s with %s, %s' % (peer.name, key.selector, canon)
        try:
            signed, trouble = peer.sign(data, key, canon, present, over), ''
            word, reason = (self.our_verify(signed, by_cli) +
                            [('none', '')])[0]
        except peers.Refused as e:
            signed, trouble, word, reason = None, str(e), 'none', ''
        rule = None
        if word != 'pass':
            own = peer.verify(signed)[0][0] if signed else 'none'
            rule = rules.find_signer(peer.name, data, key, canon, signed,
                                     trouble, own)
        if rule:
            self.explained[(peer.name, rule)] += 1
        self.count('signed by %s, verified by mailseal' % peer.name,
                   word == 'pass' or rule,
                   lambda: self.story(i, what, word, reason, trouble, '',
                                      signed or data))
        if signed is not None and rng.randrange(4) == 0:
            self.mutants(rng, i, what, signed)

    def finish(self):
        for point, (done, bad) in self.points.items():
            tap.is_(bad, 0, '%s: %d messages' % (point, done))
        for (peer, rule), n in sorted(self.explained.items()):
            tap.diag('explained for %s: %s: %d' % (peer, rule, n))
        for word, n in sorted(self.verdicts.items()):
            tap.ok(n > 0, 'verdicts of both kinds: %d %s' % (
                n, word))
        for co in [self.batch] + self.peers:
            tap.is_(co.stop(), 0, 'a co-process exits with 0')


def main():
    tap.diag('MAILSEAL_SEED=%s MAILSEAL_CROSS_N=%d' % (SEED, N))
    run = Run()
    for i in range(N):
        run.message(i)
    run.finish()


tap.main(main)
