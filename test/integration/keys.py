# SPDX-License-Identifier: BSD-2-Clause
"""The life of keys in a store, as dkimkeygen lives it."""
import os
import re
import shutil
import stat
import subprocess
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
        # A key of the usual size takes long to make: only with -t rsa.
        if verb == 'new' and '-t' not in options:
            options += ('-b', '1024')
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
        _, out, err = store.run('new')
        tap.is_(out.decode().split('.')[0], want, 'never twice the same')
        tap.contains(err, '202701r of example.com is already pending',
                     'the first one is named')
    store.run('new', '-t', 'ed25519')
    status, _, err = store.run('new', '-s', '202701r')
    tap.is_(status, 2, 'a selector that is in use is refused')
    tap.contains(err, 'exists already', 'and why is said')
    tap.is_(store.stages(), dict.fromkeys(
        ('202701e', '202701r', '202701r2', '202701r3'), 'pending'),
            'all are pending')


def test_template():
    store = Store('template')
    for template, want in (('k%d-%Y%m%d%a', 'k15-20270115e'),
                           ('%%', None), ('%', None), ('a b', None),
                           ('x' * 64, None)):
        conf = proc.write(os.path.join(TOP, 'template.conf'),
                          'Selector %s\n' % template)
        status, out, _ = store.run('new', '-t', 'ed25519', '-c', conf)
        tap.is_((status, out.decode().split('.')[0] or None),
                (0 if want else 2, want), 'Selector %s' % template)


def test_record():
    store = Store('record')
    _, out, _ = store.run('new', '-s', 's', '-t', 'rsa')
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
    store.run('new', '-t', 'rsa')
    status, out, err = store.run('list', domain=False)
    tap.is_((status, err), (0, ''), 'list')
    tap.contains(out.decode(), 'example.com              202701r      rsa  '
                 '   2048 pending   2027-01-15 08:00 published', 'a table')
    status, out, err = store.run('list', '-d', 'example.org', domain=False)
    tap.is_((status, out), (1, b''), 'a domain without keys')
    tap.contains(err, 'no key of example.org', 'is said to have none')
    proc.write(store.file('bad.state'), 'nonsense\n')
    status, out, err = store.run('list', domain=False)
    tap.is_(status, 2, 'a broken state')
    tap.contains(err, 'bad.state:1: ', 'is named with its line')
    tap.contains(out, b'202701r', 'and the others are listed still')


def test_future():
    """Times of the store that lie in the future (the clock was set back)
    count as now, for every command."""
    store = Store('future')
    for selector in 'ab':
        store.run('new', '-s', selector)
        store.set_stage(selector, 'active')
    store.now -= 10 * DAY
    tap.is_(store.keys()['b']['next'], 'successor 2027-04-05 08:00 UTC',
            'list: active since a time in the future')
    store.run('retire', '-s', 'a')
    store.now -= DAY
    tap.is_(store.keys()['a']['next'], 'revoked 2027-01-18 08:00 UTC',
            'list: retired at a time in the future')
    conf = proc.write(os.path.join(TOP, 'future.conf'),
                      'Overlap 0\nQueueLifetime 0\n')
    status, _, err = store.run('revoke', '-s', 'a', '-c', conf)
    tap.is_(status, 0, 'revoke: retired at a time in the future, no overlap',
            err)


def test_domain_case():
    """Every command takes a domain as it is typed."""
    store = Store('case')
    conf = proc.write(os.path.join(TOP, 'case.conf'),
                      'KeyStore %s\n' % store.path)
    for selector in 'ab':
        _, out, _ = store.run('new', '-s', selector)
    zone = proc.write(os.path.join(TOP, 'case.zone'),
                      'a._domainkey.example.com. TXT "v=DKIM1; p="\n' +
                      out.decode())
    store.run('revoke', '-s', 'a')

    def run(verb, domain, *options):
        p = subprocess.run([tree.DKIMKEYGEN, verb, '-c', conf, '--now',
                            str(store.now), '-d', domain] + list(options),
                           cwd=TOP, capture_output=True, check=False)
        return p.returncode, p.stdout + p.stderr
    for verb, options in (('check', ['-s', 'a', '--zone', zone]),
                          ('check', ['-s', 'A', '--zone', zone]),
                          ('check', ['--zone', zone]),
                          ('list', []), ('record', ['-s', 'a']),
                          ('rotate', ['--dry-run', '--zone', zone])):
        want = run(verb, 'example.com', *[x.replace('A', 'a') if x == 'A'
                                          else x for x in options])
        tap.is_(want[0], 0, '%s %s' % (verb, options[:2]), want[1])
        for domain in 'Example.COM', 'example.com.':
            tap.is_(run(verb, domain, *options), want,
                    '%s -d %s %s' % (verb, domain, options[:2]))
    tap.is_(run('new', 'EXAMPLE.com', '-s', 'B')[0], 2,
            'new: the selector is in use')
    tap.is_(run('revoke', 'EXAMPLE.com', '-s', 'B')[0], 0, 'revoke')
    tap.is_(store.stages(), {'a': 'revoked', 'b': 'revoked'}, 'of that key')


def test_nothing_to_check():
    store = Store('none')
    store.run('new')
    for verb in 'check', 'list':
        status, _, err = store.run(verb, '-d', 'none.example', domain=False)
        tap.is_(status, 1, '%s: a domain without keys' % verb)
        tap.contains(err, 'no key of none.example', 'it is named')


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
    tap.contains(err, 'in transit', 'and why is said')
    store.now += 1
    tap.is_(store.run('revoke', '-s', 'a')[0], 0, 'revoke, then')
    tap.is_(store.stages(), {'a': 'revoked', 'b': 'active'}, 'all in all')
    tap.is_(store.run('retire', '-s', 'a')[0], 1, 'never a stage back')
    store.run('new', '-s', 'e', '-t', 'ed25519')
    store.set_stage('e', 'active')
    for verb in 'retire', 'revoke':
        status, _, err = store.run(verb, '-s', 'b')
        tap.is_(status, 1, verb + ' of the last RSA key, beside Ed25519')
        tap.contains(err, 'Ed25519 alone', 'and why is said')
    tap.is_(store.run('retire', '-s', 'b', '--force')[0], 0, 'if it is meant')


def flat(name, *options):
    """A key in two files, as OpenDKIM has them; the record."""
    folder = os.path.join(TOP, 'flat')
    os.makedirs(folder, exist_ok=True)
    _, out, _ = proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s',
                          name, '-D', folder] + list(options))
    return out.decode(), os.path.join(folder, name + '.private')


def test_adopt():
    store = Store('adopt')
    record, key = flat('old')
    record_e, key_e = flat('olde', '-t', 'ed25519')
    _, key_other = flat('other')
    zone = proc.write(os.path.join(TOP, 'adopt.zone'), record_e)
    status, _, err = store.run('adopt', '-s', 'old', '-k', key, '--zone',
                               zone)
    tap.is_(status, 1, 'adopt: a key that is not in the DNS')
    tap.contains(err, 'not adopted: zone text: it has no record', 'is said')
    proc.write(zone, record + record_e)
    status, out, err = store.run('adopt', '-s', 'old', '-k', key, '--zone',
                                 zone)
    tap.is_(status, 0, 'adopt')
    tap.contains(err, 'from Domain and SigningTable', 'what else is to do')
    status, _, err = store.run('adopt', '-s', 'old', '-k', key, '--zone',
                               zone)
    tap.is_(status, 1, 'the same again')
    tap.contains(err, 'not adopted: it is in the store already', 'is known')
    tap.contains(out, b'example.com: old is active', 'it is active at once')
    tap.ok(os.path.exists(key), 'the file stays')
    status, _, err = store.run('adopt', '-s', 'old', '-k', key_other,
                               '--zone', zone)
    tap.is_(status, 1, 'a second active key of that kind is refused')
    table = proc.write(os.path.join(TOP, 'KeyTable'),
                       '# a table\n'
                       'e example.com:olde:%s\n'
                       'all %%:all:/etc/all.private\n'
                       'in example.com:in:MIIE\n' % key_e)
    status, out, err = store.run('adopt', '--key-table', table, '--zone',
                                 zone, domain=False)
    tap.is_(status, 1, 'a KeyTable with lines that are passed over')
    tap.contains(err, 'KeyTable:3: skipped: % stands', 'one with %')
    tap.contains(err, 'KeyTable:4: skipped: the key', 'one with a key')
    tap.is_(store.stages(), {'old': 'active', 'olde': 'active'},
            'the other one is adopted')
    os.chdir(os.path.join(TOP, 'flat'))
    table_zone = Store('adopt-table')
    proc.write(table, 'e Example.com:OLDE:./olde.private:ed25519-sha256\n')
    status, _, err = table_zone.run('adopt', '--key-table', table, '--zone',
                                    zone, domain=False)
    tap.is_((status, table_zone.stages()), (0, {'olde': 'active'}),
            'a KeyTable as OpenDKIM reads it: ./, an algorithm', err)
    os.chdir('/')
    proc.write(table, 'broken\n')
    status, _, err = store.run('adopt', '--key-table', table, '--zone', zone,
                               domain=False)
    tap.is_(status, 2, 'a broken table')
    tap.contains(err, 'KeyTable:1: ', 'file and line')
    status, _, err = store.run('adopt', '--zone', zone)
    tap.is_(status, 2, 'adopt without a selector')


def test_check():
    store = Store('check')
    _, out, _ = store.run('new', '-s', 'a')
    zone = proc.write(os.path.join(TOP, 'check.zone'), '')
    status, out_check, _ = store.run('check', '--zone', zone)
    tap.is_(status, 0, 'check: a pending key need not be there', out_check)
    tap.contains(out_check, b'(pending): not published yet: ', 'it is said')
    proc.write(zone, out)
    _, out_check, _ = store.run('check', '--zone', zone)
    tap.contains(out_check, b'every name server has its record; dkimkeygen r',
                 'and so it is when it is there')
    unknown = (b'whether it is published is not known: a name server did '
               b'not answer')
    for text, want, why in (
            ('SERVFAIL', unknown, b'an error'),
            ('TIMEOUT', unknown, b'it does not answer'),
            ('TXT "v=DKIM1; p="', b'not published yet: ', b'a revoked key')):
        proc.write(zone, 'a._domainkey.example.com. %s\n' % text)
        _, out_check, _ = store.run('check', '--zone', zone)
        tap.ok(b'(pending): ' in out_check and want in out_check and
               re.search(b'warning: zone text: .*' + why, out_check),
               'pending, and ' + text, out_check)
    for there in (False, True):
        proc.write(zone, out if there else '')
        _, obj, _ = proc.run_json([tree.DKIMKEYGEN, 'check', '-j', '-K',
                                   store.path, '--zone', zone])
        tap.is_((obj['ok'], obj['keys'][0]['published']), (True, there),
                'in JSON: %s' % there)
    proc.write(zone, out.replace(b'example.com.',
                                 b'example.com.example.com.', 1))
    _, out_check, _ = store.run('check', '--zone', zone)
    tap.contains(out_check, b'warning: zone text: it has no record, but one '
                 b'at a._domainkey.example.com.example.com: ',
                 'pending, and the name entered twice')
    proc.write(zone, '')
    store.set_stage('a', 'active')
    status, out_check, _ = store.run('check', '--zone', zone)
    tap.is_(status, 1, 'an active key must be')
    tap.contains(out_check, b'(active): not as it should be\n', 'is said')
    tap.contains(out_check, b'wrong: zone text: it has no record', 'and why')
    proc.write(zone, out.replace(b'example.com.',
                                 b'example.com.example.com.', 1))
    status, out_check, _ = store.run('check', '--zone', zone)
    tap.contains(out_check, b'one at a._domainkey.example.com.example.com: ',
                 'the name entered twice')
    tap.contains(out_check, b'so that it is a._domainkey.example.com\n',
                 'the name it should have')
    proc.write(zone, out)
    store.set_stage('a', 'revoked')
    status, out_check, _ = store.run('check', '--zone', zone)
    tap.is_(status, 1, 'a revoked key with its record')
    tap.contains(out_check, b'it still has the key\n    publish the record '
                 b'with an empty p=', 'the remedy')
    store.set_stage('a', 'active')
    status, out_check, err = store.run('check', '--zone', zone,
                                       domain=False)
    tap.is_((status, err), (0, ''), 'all keys of a store')
    tap.contains(out_check, b'a._domainkey.example.com (active): all is w',
                 'are listed')
    record, key = flat('mine', '-b', '1024', '--testing')
    proc.write(zone, record)
    argv = [tree.DKIMKEYGEN, 'check', '--authoritative', '--json', '-d',
            'example.com', '-s', 'mine', '-k', key, '--zone', zone]
    status, obj, _ = proc.run_json(argv)
    tap.is_((status, obj['ok'], obj['keys'][0]['servers'][0]['says'],
             obj['keys'][0]['servers'][0]['warnings']),
            (0, True, 'it has the record',
             ['the RSA key has less than 2048 bits',
              't=y: receivers ignore a signature that fails']),
            'a key in a file, with warnings')
    _, other = flat('another')
    proc.write(zone, record)
    _, out_check, _ = proc.run([x for x in argv if x != '--json'])
    tap.contains(out_check, b'(in a file): all is well', 'in text')
    status, obj, _ = proc.run_json([x if x != key else other for x in argv])
    tap.is_((status, obj['keys'][0]['servers'][0]['says']),
            (1, 'it has the record of another key'),
            'a record of another key')


def test_rotate_zone():
    """With print, and zone text for the DNS."""
    store = Store('zone')
    _, record, _ = store.run('new', '-s', 'z0')
    zone = proc.write(os.path.join(TOP, 'rotate.zone'), '')

    def rotate(later=0):
        store.now += later
        status, out, err = store.run('rotate', '--zone', zone)
        tap.is_((status, err), (0, ''), 'rotate')
        return out.decode()
    said = rotate()
    tap.contains(said, 'z0 pending: publish its record (dkimkeygen record '
                 '-d example.com -s z0 -K %s prints it)' % store.path,
                 'the operator is asked to publish it')
    tap.is_(said.count('publish its record'), 1, 'once in a line')
    said = rotate()
    tap.contains(said, 'z0 is pending, waits: its record is not at',
                 'and waited for')
    tap.contains(said, ': publish its record (dkim', 'with what to do')
    proc.write(zone, 'z0._domainkey.example.com. TIMEOUT\n')
    said = rotate()
    tap.ok('it does not answer' in said and 'publish' not in said,
           'no answer, no advice to publish', said)
    proc.write(zone, record.replace(b'example.com.',
                                    b'example.com.example.com.', 1))
    tap.contains(rotate(), "at z0._domainkey.example.com.example.com: the "
                 "zone's name occurs twice in it", 'the name entered twice')
    proc.write(zone, record)
    tap.contains(rotate(), 'z0 pending -> published', 'it is seen')
    tap.is_(store.keys()['z0']['waits_for'], 'caches may still have the '
            'answer that there is no record, until 2027-01-15 09:00 UTC', 'and until when it waits')
    tap.contains(rotate(3600), 'z0 published -> active', 'after an hour')
    for options in ([], ['--all', '-d', 'example.com'],
                    ['--all', '--force'], ['--all', '--publish', 'x']):
        tap.is_(store.run('rotate', *options, domain=False)[0], 2,
                'usage: rotate %s' % ' '.join(options))
    tap.is_(store.run('rotate', '-d', 'none.example', domain=False)[0], 1,
            'a domain without keys')
    rotate(90 * DAY)
    key = store.keys()['z0']
    tap.is_(key['next'], 'retired after 202704r', 'its successor is named')


def test_readable():
    """A private key that the daemon refuses because of its mode."""
    store = Store('readable')
    store.run('new', '-s', 'a')
    for mode, want in ((0o600, 0), (0o644, 2), (0o660, 2), (0o600, 0)):
        os.chmod(store.file('a.private'), mode)
        status, out, _ = store.run('list')
        tap.is_((status, b'cannot be used: ' in out, b'0%o' % mode in out),
                (want, want == 2, want == 2), 'list: mode %o' % mode, out)


def test_lost():
    """Files that are missing."""
    store = Store('lost')
    zone = proc.write(os.path.join(TOP, 'lost.zone'), '')
    for selector in 'whole', 'stateless', 'pending', 'active':
        store.run('new', '-s', selector, '-t',
                  'ed25519' if selector == 'active' else 'rsa')
    store.set_stage('whole', 'active')
    store.set_stage('active', 'active')
    os.remove(store.file('stateless.state'))
    os.remove(store.file('pending.private'))
    os.remove(store.file('active.private'))
    status, out, err = store.run('list')
    tap.is_(status, 2, 'list')
    tap.contains(err, 'stateless.state: missing', 'a lost state')
    tap.contains(out, b'example.com              stateless    ?', 'has a row')
    for selector in 'pending', 'active':
        tap.ok(any(x.split()[1] == selector and x.endswith(
            'its private key is missing') for x in out.decode().splitlines()),
            'list: the private half of ' + selector, out)
    status, obj, _ = proc.run_json([tree.DKIMKEYGEN, 'list', '-j', '-K',
                                    store.path])
    tap.is_((status, [(x['domain'], x['selector']) for x in obj['broken']],
             sorted(k['selector'] for k in obj['keys'] if k['lost'])),
            (2, [('example.com', 'stateless')], ['active', 'pending']),
            'the same in JSON')
    status, out, err = store.run('rotate', '--zone', zone)
    tap.is_(status, 1, 'rotate fails')
    tap.is_(err.count('stateless.state: missing'), 1, 'once is enough')
    text = out.decode()
    tap.contains(text, 'pending is pending, waits: its private key is missing:'
                 ' revoke it', 'no request to publish it')
    tap.contains(text, 'active is active, waits: its private key is missing: '
                 'rotate --force', 'one that ought to sign')
    for verb in 'revoke', 'record':
        status, _, err = store.run(verb, '-s', 'stateless')
        tap.ok(status == 2 and 'stateless.state: missing' in err and
               'there is no key' not in err, verb + ' knows better', err)
    status, _, err = store.run('retire', '-s', 'whole')
    tap.ok(status == 1 and 'no active key' in err,
           'what has no private half does not count', err)
    mend_pending(store, zone)
    mend_stateless(store, zone)
    mend_active(store, zone)


def mend_pending(store, zone):
    """Its record never was anywhere."""
    tap.is_(store.run('revoke', '-s', 'pending')[0], 0, 'it is revoked')
    store.now += 31 * DAY
    store.run('rotate', '--zone', zone, '--disclose', TOP)
    tap.is_(store.stages()['pending'], 'removed', 'and is gone in the end')


def mend_stateless(store, zone):
    """As the manual has it: in its place, where it is known for broken until
    it is whole."""
    record, key = flat('mended')
    for end in '.private', '.txt':
        os.rename(os.path.join(TOP, 'flat', 'mended' + end),
                  store.file('mended' + end))
        os.remove(store.file('stateless' + end))
    store.set_stage('whole', 'retired')
    key = store.file('mended.private')
    status, _, err = store.run('adopt', '-s', 'mended', '-k', key, '--zone',
                               zone)
    tap.ok(status == 1 and 'no record' in err, 'it is in no DNS', err)
    proc.write(zone, record)
    _, other = flat('other-key')
    status, _, err = store.run('adopt', '-s', 'mended', '-k', other, '--zone',
                               zone)
    tap.ok(status != 0 and not os.path.exists(store.file('mended.state')),
           'another key does not take its place', err)
    status, _, err = store.run('adopt', '-s', 'mended', '-k', key, '--zone',
                               zone)
    tap.is_((status, store.stages()['mended']), (0, 'active'), 'it is mended')
    tap.ok('mended.state' not in store.run('list')[2], 'no word of it any more')


def mend_active(store, zone):
    """Another key takes its place."""
    with open(zone, encoding='ascii') as f:
        records = f.read()
    _, out, _ = store.run('rotate', '--force', '--zone', zone)
    tap.contains(out.decode(), 'made, pending', 'rotate --force makes one')
    tap.ok('makes another' not in store.run('rotate', '--zone', zone)[1]
           .decode(), 'which is not asked for again')
    for selector, key in store.keys().items():
        if key['stage'] == 'pending':
            records += store.run('record', '-s', selector)[1].decode()
    proc.write(zone, records)
    store.run('rotate', '--zone', zone)
    store.now += 3600
    store.run('rotate', '--zone', zone)
    tap.is_(store.stages()['active'], 'retired', 'and it signs no more')
    tap.is_(store.run('list')[0], 0, 'all is whole')


def test_which_store():
    """KeyStore of dkimkeygen.conf, when it does not name exactly one."""
    for text, want in (
            ('KeyStore none\n', 'KeyStore is none: name a key store'),
            ('KeyStore /a\nKeyStore /b\n', '2 key stores are configured')):
        conf = proc.write(os.path.join(TOP, 'which.conf'), text)
        status, _, err = proc.run([tree.DKIMKEYGEN, 'list', '-c', conf])
        tap.ok(status == 2 and want in err, want, err)
        store = os.path.join(TOP, 'which')
        os.makedirs(store, exist_ok=True)
        status, _, err = proc.run([tree.DKIMKEYGEN, 'list', '-c', conf, '-K',
                                   store])
        tap.is_(status, 0, 'unless -K names one', err)
        folder = ['-d', 'example.com', '-s', 'w', '-D', store, '-c', conf]
        status, _, err = proc.run([tree.DKIMKEYGEN, 'new'] + folder)
        tap.is_(status, 0, 'or -D a folder: new', err)
        zone = os.path.join(store, 'w.txt')
        status, _, err = proc.run([tree.DKIMKEYGEN, 'check', '--zone', zone] +
                                  folder)
        tap.is_(status, 0, 'check', err)
        os.unlink(zone)
        os.unlink(os.path.join(store, 'w.private'))


def test_unreadable():
    """A store that cannot be read is not one without the key."""
    junk = proc.write(os.path.join(TOP, 'junk.db'), 'no database\n' * 99,
                      0o600)
    conf = proc.write(os.path.join(TOP, 'junk.conf'),
                      'KeyStore sqlite:%s\n' % junk)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 'j', '-D',
              TOP])
    zone = os.path.join(TOP, 'j.txt')
    status, out, err = proc.run(
        [tree.DKIMKEYGEN, 'check', '-d', 'example.com', '-s', 'j', '-c', conf,
         '--zone', zone])
    tap.is_((status, out), (2, b''), 'check: a store that is no database', err)
    tap.contains(err, 'junk.db', 'it is named')


def test_out_of_reach():
    """A store that another user must not see is not one that is missing."""
    folder = os.path.join(TOP, 'closed')
    os.makedirs(os.path.join(folder, 'keys'))
    os.chmod(folder, 0o700)
    cwd = os.path.join(TOP, 'cwd')
    os.mkdir(cwd)
    os.chmod(cwd, 0o777)
    conf = proc.write(os.path.join(TOP, 'closed.conf'), 'KeyStore %s\n' %
                      os.path.join(folder, 'keys'))
    # Nobody may not be let into the tree, nor read what a sanitizer is to.
    program = shutil.copy(tree.DKIMKEYGEN, os.path.join(TOP, 'program'))
    argv = [program, 'new', '-d', 'example.com', '-c', conf]
    if os.geteuid() == 0:
        p = subprocess.run(argv, cwd=cwd, capture_output=True, check=False,
                           user=65534, group=65534, extra_groups=[], env={})
    else:
        os.chmod(folder, 0)
        p = subprocess.run(argv, cwd=cwd, capture_output=True, check=False)
        os.chmod(folder, 0o700)
    tap.ok(p.returncode == 2 and b'Permission denied' in p.stderr,
           'new: a store out of reach', p.stderr)
    tap.is_(os.listdir(cwd), [], 'no key is put elsewhere')
    for where in 'sqlite', 'sqlite:', 'postgres':
        p = subprocess.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-K',
                            where], cwd=cwd, capture_output=True, check=False)
        tap.ok(p.returncode == 2 and b'not sqlite:PATH' in p.stderr,
               '-K %s is half a name' % where, p.stderr)
    tap.is_(os.listdir(cwd), [], 'and no directory')


def main():
    test_adopt()
    test_check()
    test_rotate_zone()
    test_readable()
    test_lost()
    test_which_store()
    test_unreadable()
    test_out_of_reach()
    test_new()
    test_template()
    test_record()
    test_list()
    test_future()
    test_domain_case()
    test_nothing_to_check()
    test_no_harm()


tap.main(main)
