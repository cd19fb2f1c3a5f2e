# SPDX-License-Identifier: BSD-2-Clause
"""Cross-checks mailseal dmarc with the public suffix list and libopendmarc
on random domains, records and results.

MAILSEAL_SEED repeats a run, MAILSEAL_CROSS_N sets the number of messages. The
model in dmarc_rules.py must predict both verdicts.
"""
import collections
import functools
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import dmarc_rules  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

N = int(os.environ.get('MAILSEAL_CROSS_N', '300'))
SEED = os.environ.get('MAILSEAL_SEED') or str(random.SystemRandom().randrange(
    10 ** 9))
LIST = '/usr/share/publicsuffix/public_suffix_list.dat'
SAME = 'no difference'
SHOWN = 10              # differences shown in full

# Plain suffixes, one of two labels, wildcards, private ones, unknown ones.
SUFFIXES = ('com', 'net', 'co.uk', 'com.au', 'x.ck', 'y.kawasaki.jp',
            'github.io', 'example', 'corp.test')
POLICIES = ('none', 'quarantine', 'reject')
RESULTS = ('pass', 'pass', 'pass', 'fail', 'none', 'temperror')


class Message:
    """A random author, its records and the authentication results."""

    def __init__(self, rnd, number):
        self.rnd = rnd
        self.suffix = rnd.choice(SUFFIXES)
        self.org = 'o%d.%s' % (number, self.suffix)
        self.author = rnd.choice(('', '', 'a.', 'b.a.', 'c.b.a.')) + self.org
        self.records = {}
        if rnd.random() < 0.85:
            self.records[self.org] = self.record()
        if self.author != self.org and rnd.random() < 0.3:
            self.records[self.author] = self.record()
        if self.author.startswith('b.') and rnd.random() < 0.3:
            self.records['a.' + self.org] = self.record()
        self.spf = self.identifier() if rnd.random() < 0.7 else None
        self.dkim = [self.identifier() for _ in range(rnd.choice(
            (0, 0, 1, 1, 2, 3)))]

    def case(self, text):
        if self.rnd.random() < 0.8:
            return text
        return ''.join(self.rnd.choice((c.lower(), c.upper())) for c in text)

    def identifier(self):
        name = self.rnd.choice((
            self.author, self.author, 'm.' + self.author, self.org,
            'm.' + self.org, 'x' + self.org, 'other.' + self.suffix,
            self.suffix, 'mail.example.org'))
        return name, self.rnd.choice(RESULTS)

    def value(self, tag):
        rnd = self.rnd
        if tag in ('p', 'sp', 'np'):
            words = POLICIES + (('bogus', 'r', '') if rnd.random() < 0.1
                                else ())
            return self.case(rnd.choice(words))
        if tag in ('adkim', 'aspf'):
            return rnd.choice(('r', 's', 's', 'S') if rnd.random() < 0.95
                              else ('x', 'strict'))
        return rnd.choice({
            't': ('y', 'n'), 'psd': ('y', 'n', 'u'),
            'pct': ('0', '50', '100', '101', 'x'),
            'fo': ('0', '1', '1:d:s', 'q'), 'ri': ('86400', 'x'),
            'rf': ('afrf', 'x'), 'xyz': ('1',),
            'rua': ('mailto:a@example.com', 'mailto:a@example.com!10m',
                    'bogus')}[tag])

    def record(self):
        rnd = self.rnd
        tags = [t for t, share in (
            ('p', 0.97), ('sp', 0.4), ('np', 0.1), ('adkim', 0.3),
            ('aspf', 0.3), ('t', 0.08), ('psd', 0.08), ('pct', 0.08),
            ('fo', 0.08), ('ri', 0.03), ('rf', 0.03), ('rua', 0.4),
            ('xyz', 0.05)) if rnd.random() < share]
        if rnd.random() < 0.3:
            rnd.shuffle(tags)
        if rnd.random() < 0.03:
            tags.append(rnd.choice(('p', 'sp')))
        version = 'v=DMARC1' if rnd.random() < 0.94 else rnd.choice((
            'v = DMARC1', 'V=DMARC1', 'v=dmarc1', 'v=DMARC2', 'v=DMARC12',
            ' v=DMARC1'))
        out = version
        for tag in tags:
            equals = rnd.choice(('=',) * 8 + (' = ',))
            out += rnd.choice((';', '; ', '; ', ' ; ', ';;')) + self.case(
                tag) + equals + self.value(tag)
        return out + rnd.choice(('', '', ';'))


def ours(message, path):
    argv = [tree.MAILSEAL, 'dmarc', '--json', '--org-domain', 'psl', '--zone',
            path, '--from', message.author]
    if message.spf:
        argv += ['--spf', '%s=%s' % message.spf]
    for pair in message.dkim:
        argv += ['--dkim', '%s=%s' % pair]
    _, out, err = proc.run_json(argv)
    if out is None:
        raise RuntimeError(err)
    word = {'none': 'absent', 'permerror': 'error', 'temperror': 'temperror',
            'pass': 'pass', 'fail': out['policy']}[out['result']]
    return word, out


def theirs(peer, message):
    for name, text in message.records.items():
        peer.call('record', '_dmarc.' + name, text)
    spf = message.spf or ('', 'none')
    answer = peer.call('judge', message.author, spf[0], spf[1],
                       *[w for pair in message.dkim for w in pair])
    if answer[0] != b'ok':
        raise RuntimeError(answer)
    return answer[1].decode(), answer[2].decode()


def compare(peer, messages, path):
    words = collections.Counter()
    explained = collections.Counter()
    left = []
    for message in messages:
        word, out = ours(message, path)
        their_word, why = theirs(peer, message)
        words[word] += 1
        message.aligned_there = functools.lru_cache(None)(
            lambda a, b, mode: peer.call('aligned', a, b, mode)[1] == b'1')
        names = dmarc_rules.find(message, word, their_word)
        if names is not None:
            if word == their_word:
                names = [SAME]
            explained.update(names or ['several rules, each enough'])
        else:
            left.append('%s %s spf %s dkim %s: ours %s (%s), theirs %s (%s)' %
                        (message.author, message.records, message.spf,
                         message.dkim, word, out['reason'], their_word, why))
    return words, explained, left


def main():
    if not os.path.exists(LIST):
        tap.skip_all('no public suffix list for libopendmarc')
    tap.diag('MAILSEAL_SEED=%s MAILSEAL_CROSS_N=%d' % (SEED, N))
    top = proc.folder()
    rnd = random.Random(SEED)
    messages = [Message(rnd, i) for i in range(N)]
    path = proc.write(os.path.join(top, 'zone'), zone.text(
        {'_dmarc.' + n: t for m in messages for n, t in m.records.items()}))
    # libopendmarc leaks records: not reported.
    peer = proc.Fields([tree.program('test/cross/opendmarc_peer'), LIST],
                       os.path.join(top, 'log'),
                       dict(os.environ, ASAN_OPTIONS='detect_leaks=0'))
    words, explained, left = compare(peer, messages, path)
    tap.is_(peer.stop(), 0, 'libopendmarc exits with 0')
    for name, n in explained.most_common():
        tap.diag('%5d %s' % (n, name))
    tap.diag('our verdicts: %s' % dict(words))
    tap.is_(len(left), 0, '%d messages: each verdict was predicted' % N,
            '\n'.join(left[:SHOWN]))
    tap.ok(explained[SAME] > N / 2, 'most have no difference')
    tap.ok(set(words) >= {'pass', 'none', 'quarantine', 'reject', 'absent'},
           'all verdicts occurred', str(words))


if __name__ == '__main__':
    tap.main(main)
