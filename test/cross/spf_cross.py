# SPDX-License-Identifier: BSD-2-Clause
"""Cross-checks SPF against pyspf on random policies and clients: both must
give the same result, and the same explanation of a fail.

MAILSEAL_SEED repeats a run, MAILSEAL_CROSS_N sets the number of evaluations.
A difference needs a rule of this file, or pyspf must give our result with a
correction of this file. (The name spf.py would hide the module of pyspf.)
"""
import collections
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import spf_random  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

try:
    import spf
except ImportError:
    tap.skip_all('python3-spf is not installed')

N = int(os.environ.get('MAILSEAL_CROSS_N') or
        (1000 if tree.is_sanitized() else 6000))
SEED = os.environ.get('MAILSEAL_SEED') or str(random.SystemRandom().randrange(
    10 ** 9))
PER_WORLD = 500         # evaluations, with half as many policies
CLI_EVERY = 100
SHOWN = 8
MAX_QUERIES = 133       # SPF_MAX_QUERIES

RULES = []


def rule(test):
    RULES.append(test)
    return test


class Case:
    def __init__(self, world, texts, ours, theirs, why, theirs_explanation):
        self.world = world
        self.texts = texts              # of all reachable policies
        self.all = ' '.join(texts)
        self.ours = ours['result']
        self.reason = ours['reason']
        self.explanation = ours['explanation']
        self.theirs = theirs
        self.why = why                  # pyspf's story
        self.theirs_explanation = theirs_explanation

    def is_same(self, result, _story, explanation):
        return self.ours == result and (
            result != 'fail' or
            self.explanation.lower() == explanation.lower())

    def has(self, pattern):
        return re.search(pattern, self.all, re.IGNORECASE)


@rule
def expands_macros_before_matching(c):
    """pyspf expands all terms of a record first, including %{p}; an error then
    (of DNS, a void lookup) takes precedence over a match."""
    return (c.theirs == 'temperror' or 'Void lookup limit' in c.why) and \
        c.has(r'%\{p')


@rule
def counts_unused_redirect(c):
    """pyspf counts redirect= when it is parsed, used or not, and before the
    mechanisms (RFC 7208 6.1: it is processed after them)."""
    return 'Too many DNS lookups' in c.why and c.has(r'redirect=')


@rule
def refuses_include_of_itself_unseen(c):
    """pyspf refuses an include of the domain itself even after a match."""
    return 'trivial recursion' in c.why


@rule
def modifiers_have_case(c):
    """pyspf does not accept Exp= (RFC 7208 12: ABNF strings ignore case)."""
    return 'Exp=' in c.all


@rule
def unknown_modifiers_once(c):
    """RFC 7208 6: only redirect= and exp= must not repeat."""
    return 'MUST appear at most once' in c.why and any(
        len(re.findall(r' moo=', t)) > 1 or len(re.findall(r' x\.y=', t)) > 1
        for t in c.texts)


@rule
def takes_bad_transformers(c):
    """pyspf accepts %{d0} (RFC 7208 7.3: not zero), %{dr2} and %{d:}."""
    return c.ours == 'permerror' and c.reason == 'not a domain-spec' and \
        c.has(r'%\{d(0|r2|:)\}')


@rule
def does_not_count_name_macro(c):
    """RFC 7208 5.5: %{p} counts like ptr; not in pyspf."""
    return c.reason == 'too many terms that need DNS' and c.has(r'%\{p')


@rule
def percent_at_the_end(c):
    """pyspf reads the second % of %% at the end of a name as a single %."""
    return 'invalid-macro-char' in c.why and c.has(r'%%')


@rule
def explains_with_error(c):
    """pyspf fetches exp= first; an error in its name ends the evaluation."""
    return c.has(r'exp=%\{p\}') and c.theirs in ('temperror', 'permerror')


# Deviations of pyspf from RFC 7208 that can be corrected. With one of these
# corrections, or with all, it must give our result.
CORRECTIONS = (
    # 4.6.4 limits the void lookups of terms; the addresses of MX and PTR
    # names are not terms.
    'addresses are no terms',
    # A CNAME without a target is one void lookup, not several.
    'aliases are no terms',
    # A CNAME loop is an error (RFC 1034 3.6.2), not a void lookup.
    'rings of aliases are errors',
    # 5.5: a failed PTR query does not match, a failed address query skips
    # the name.
    'errors of PTR names are skipped',
    # One host of an mx has the address, the lookup of another fails.
    'one MX host is enough',
)


class Addresses(list):
    failed = None


class Corrected(spf.query):
    quiet = False

    def __init__(self, world, corrections, *args):
        super().__init__(*args)
        self.world = world
        self.corrections = corrections

    def dns(self, name, qtype, cnames=None, ignore_void=False):
        if 'rings of aliases are errors' in self.corrections and \
                self.world.loops(name.lower().rstrip('.')):
            raise spf.TempError('CNAMEs in a ring')
        return super().dns(name, qtype, cnames, ignore_void or self.quiet or (
            cnames is not None and 'aliases are no terms' in
            self.corrections))

    def addresses(self, name):
        self.quiet = 'addresses are no terms' in self.corrections
        try:
            return self.dns_a(name, self.A)
        finally:
            self.quiet = False

    def dns_mx(self, domainname):
        hosts = sorted(self.dns(domainname, 'MX'))
        if len(hosts) > spf.MAX_MX:
            raise spf.PermError('More than %d MX records' % spf.MAX_MX)
        found = Addresses()
        for _, host in hosts:
            try:
                found += self.addresses(host)
            except spf.TempError as e:
                if 'one MX host is enough' not in self.corrections:
                    raise
                found.failed = e
        return found

    def cidrmatch(self, ipaddrs, n):
        if super().cidrmatch(ipaddrs, n):
            return True
        if getattr(ipaddrs, 'failed', None):
            raise ipaddrs.failed
        return False

    def validated_ptrs(self):
        good = []
        skips = 'errors of PTR names are skipped' in self.corrections
        try:
            names = self.dns_ptr(self.i)[:spf.MAX_PTR]
        except spf.TempError:
            if not skips:
                raise
            return good
        for name in names:
            try:
                if self.cidrmatch(self.addresses(name), self.cidrmax):
                    good.append(name)
            except spf.TempError:
                if not skips:
                    raise
        return good


class Peer:
    def __init__(self, world):
        self.world = world

    def lookup(self, name, qtype, _strict=True, _timeout=30):
        """In the format of pyspf: [((name, type), data)]; it follows CNAMEs."""
        name = name.lower()
        v = self.world.records.get((name, qtype))
        if v is None and (name, 'CNAME') in self.world.records:
            return [((name, 'CNAME'),
                     self.world.records[name, 'CNAME'][0])]
        if v is None and name in self.world.faults:
            raise spf.TempError('DNS ' + self.world.faults[name])
        return [((name, qtype), [d.encode()] if qtype == 'TXT' else d)
                for d in v or []]

    def check(self, client, corrections=None):
        """(result, story, explanation)"""
        ip, helo, mail_from = client
        spf.DNSLookup = self.lookup
        q = spf.query(ip, mail_from, helo) \
            if corrections is None else \
            Corrected(self.world, corrections, ip, mail_from, helo)
        q.set_default_explanation('')
        result, _, text = q.check()
        return result, text, text if result == 'fail' else ''

    def correct(self, client, case):
        """The correction that gives our result, or None."""
        for c in CORRECTIONS:
            if case.is_same(*self.check(client, (c,))):
                return c
        return None


class Run:
    def __init__(self):
        self.explained = collections.Counter()
        self.results = collections.Counter()
        self.bad = self.done = self.shown = self.most = self.cli_bad = 0

    @staticmethod
    def explain(case, peer, client):
        """The name of the rule or correction that explains it, or None."""
        why = peer.correct(client, case)
        for test in RULES:
            if why is None and test(case):
                why = test.__name__
        if why is not None:
            return why
        # Differences may hide others.
        case.theirs, case.why, case.theirs_explanation = peer.check(
            client, CORRECTIONS)
        if case.is_same(case.theirs, '', case.theirs_explanation):
            return 'several corrections'
        for test in RULES:
            if test(case):
                return test.__name__ + ', after all corrections'
        return None

    def compare(self, case, peer, client, story):
        self.done += 1
        self.results[case.ours] += 1
        if case.is_same(case.theirs, '', case.theirs_explanation):
            return
        why = self.explain(case, peer, client)
        if why is not None:
            self.explained[why] += 1
            return
        self.bad += 1
        if self.shown < SHOWN:
            self.shown += 1
            tap.diag('%s\nours %s (%s) [%s]\ntheirs %s (%s) [%s]\n%s' % (
                story, case.ours, case.reason, case.explanation, case.theirs,
                case.why, case.theirs_explanation, '\n'.join(case.texts)))

    def world(self, number, evaluations):
        rng = random.Random('%s:%d' % (SEED, number))
        world = spf_random.World(rng, PER_WORLD // 2)
        top = proc.folder()
        path = proc.write(os.path.join(top, 'zone'), world.zone())
        batch = seal.Batch(top, path)
        peer = Peer(world)
        for i in range(evaluations):
            client = spf_random.client(rng, world)
            if i == 0:
                client = client[:2] + ('joe@' + world.lost,)
            ours = batch.spf(*client)
            self.most = max(self.most, int(ours['queries']))
            texts = world.reach(client[2].partition('@')[2])
            case = Case(world, texts, ours, *peer.check(client))
            self.compare(case, peer, client,
                         'MAILSEAL_SEED=%s world %d: %s' % (SEED, number,
                                                            client))
            if i % CLI_EVERY == 0:
                _, out, _ = seal.spf(path, *client)
                self.cli_bad += not out or out['result'] != ours['result']
        return batch.stop()

    def finish(self):
        tap.is_(self.bad, 0, '%d evaluations: the same result, or a rule '
                'that explains the difference' % self.done)
        for name, n in sorted(self.explained.items()):
            tap.diag('explained: %s: %d' % (name, n))
        for word in ('none', 'neutral', 'pass', 'fail', 'softfail',
                     'temperror', 'permerror'):
            tap.ok(self.results[word] > 0, 'results of each kind: '
                   '%d %s' % (self.results[word], word))
        tap.is_(self.cli_bad, 0, 'mailseal spf and the library agree')
        tap.ok(self.most <= MAX_QUERIES, 'at most %d queries' % self.most)
        tap.ok(sum(self.explained.values()) < self.done // 2,
               'most need no rule')


def main():
    tap.diag('MAILSEAL_SEED=%s MAILSEAL_CROSS_N=%d' % (SEED, N))
    run = Run()
    for number in range((N + PER_WORLD - 1) // PER_WORLD):
        tap.is_(run.world(number, min(PER_WORLD, N - number * PER_WORLD)), 0,
                'world %d: the co-process exits with 0' % number)
    run.finish()


tap.main(main)
