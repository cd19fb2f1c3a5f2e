# SPDX-License-Identifier: BSD-2-Clause
"""The life of keys in a store, as dkimkeygen lives it."""
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
DAY = 86400
START = 1800000000


class Store:
    """A key store of its own, at a time of its own."""

    def __init__(self, name, domain='example.com'):
        self.path = os.path.join(TOP, name)
        self.domain = domain
        self.now = START

    def run(self, verb, *options, domain=True):
        argv = [tree.DKIMKEYGEN, verb, '-K', self.path, '--now',
                str(self.now)] + list(options)
        if domain:
            argv += ['-d', self.domain]
        return proc.run(argv)

    def keys(self):
        """{selector: the object of list --json}"""
        status, obj, err = proc.run_json(
            [tree.DKIMKEYGEN, 'list', '--json', '-K', self.path, '--now',
             str(self.now)])
        if status != 0:
            tap.diag(err)
        return {k['selector']: k for k in (obj or {'keys': []})['keys']}

    def stages(self):
        return {s: k['stage'] for s, k in self.keys().items()}

    def file(self, name):
        return os.path.join(self.path, self.domain, name)

    def set_stage(self, selector, stage):
        """As a rotation would have left it."""
        path = self.file(selector + '.state')
        with open(path, encoding='ascii') as f:
            lines = f.read().splitlines()
        lines = ['stage ' + stage if x.startswith('stage ') else x
                 for x in lines]
        proc.write(path, '\n'.join(lines) + '\n')


def test_new():
    store = Store('new')
    status, out, err = store.run('new')
    tap.is_(status, 0, 'new: into a store', err)
    tap.contains(err, store.path, 'it says where the key went')
    selector = out.decode().split('.')[0]
    tap.is_(selector, '202701r', 'the selector is of that month')
    tap.is_(stat.S_IMODE(os.stat(store.file('202701r.private')).st_mode),
            0o600, 'the key is ours only')
    for want in ('202701r2', '202701r3'):
        _, out, _ = store.run('new')
        tap.is_(out.decode().split('.')[0], want, 'never twice the same')
    store.run('new', '-t', 'ed25519')
    status, _, err = store.run('new', '-s', '202701r')
    tap.is_(status, 2, 'a selector that is in use is refused')
    tap.contains(err, 'exists already', 'and why is said')
    tap.is_(store.stages(), dict.fromkeys(
        ('202701e', '202701r', '202701r2', '202701r3'), 'pending'),
            'all are pending')


def test_record():
    store = Store('record')
    _, out, _ = store.run('new', '-s', 's')
    for form in ('zone', 'value', 'json', 'nsupdate'):
        status, text, err = store.run('record', '-s', 's', '-f', form)
        tap.is_((status, err), (0, ''), 'record: %s' % form)
        tap.contains(text, b'v=DKIM1; k=rsa; p=MII', 'it has the key')
        if form == 'zone':
            tap.is_(text, out, 'as new printed it')
    store.run('revoke', '-s', 's')
    _, text, _ = store.run('record', '-s', 's', '-f', 'value')
    tap.is_(text, b'v=DKIM1; p=\n', 'a revoked key has an empty p=')
    status, _, err = store.run('record', '-s', 'none')
    tap.is_(status, 2, 'a key that is not there')
    tap.contains(err, 'no key none of example.com', 'it is named')


def test_list():
    store = Store('list')
    store.run('new')
    status, out, err = store.run('list', domain=False)
    tap.is_((status, err), (0, ''), 'list')
    tap.contains(out.decode(), 'example.com              202701r      rsa  '
                 '   2048 pending   2027-01-15 08:00 published', 'a table')
    proc.write(store.file('bad.state'), 'nonsense\n')
    status, out, err = store.run('list', domain=False)
    tap.is_(status, 2, 'a broken state')
    tap.contains(err, 'bad.state:1: ', 'is named with its line')
    tap.contains(out, b'202701r', 'and the others are listed still')


def test_no_harm():
    """No verb leaves a domain without an active key."""
    store = Store('harm')
    store.run('new', '-s', 'a')
    store.run('new', '-s', 'b')
    for verb, selector, options, want in (
            ('retire', 'a', [], 1),             # it does not sign
            ('retire', 'none', [], 2)):
        tap.is_(store.run(verb, '-s', selector, *options)[0], want,
                '%s %s of pending keys' % (verb, selector))
    store.set_stage('a', 'active')
    for verb, options in (('retire', []), ('revoke', []),
                          ('revoke', ['--force'])):
        status, _, err = store.run(verb, '-s', 'a', *options)
        tap.is_(status, 1, '%s of the only active key' % verb)
        tap.contains(err, 'no active key', 'and why is said')
    store.set_stage('b', 'active')
    tap.is_(store.run('revoke', '-s', 'a')[0], 1, 'revoke of an active key')
    tap.is_(store.run('retire', '-s', 'a')[0], 0, 'retire, beside another')
    store.now += 14 * DAY - 1
    status, _, err = store.run('revoke', '-s', 'a')
    tap.is_(status, 1, 'revoke, while mail may be on its way')
    tap.contains(err, 'on its way', 'and why is said')
    store.now += 1
    tap.is_(store.run('revoke', '-s', 'a')[0], 0, 'revoke, then')
    tap.is_(store.stages(), {'a': 'revoked', 'b': 'active'}, 'all in all')
    tap.is_(store.run('retire', '-s', 'a')[0], 1, 'never a stage back')


def main():
    test_new()
    test_record()
    test_list()
    test_no_harm()


tap.main(main)
