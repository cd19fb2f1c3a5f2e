# SPDX-License-Identifier: BSD-2-Clause
"""dkimkeygen on the command line: what it writes, what it refuses to
overwrite, and what it finds wrong with a published record."""
import os
import re
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import manual  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

TOP = proc.folder()
DOMAIN = 'example.com'


def path(name):
    return os.path.join(TOP, name)


def read(name):
    with open(path(name), encoding='ascii') as f:
        return f.read()


def new(*options):
    return proc.run([tree.DKIMKEYGEN, 'new', '-d', DOMAIN, '-D', TOP] +
                    list(options))


def check(selector, records, *options):
    """(exit status, what is known of the key and its only server) against
    records as zone text."""
    proc.write(path('zone'), records)
    status, obj, err = proc.run_json(
        [tree.DKIMKEYGEN, 'check', '-d', DOMAIN, '-s', selector, '--json',
         '--zone', path('zone')] + list(options))
    if obj is None:
        tap.diag(err)
        return status, {}
    key, = obj['keys']
    server, = key['servers']
    return status, dict(server, ok=obj['ok'], key=key)


def mode(name):
    return stat.S_IMODE(os.stat(path(name)).st_mode)


def test_new():
    for selector, options, bits in (
            ('r', [], 2048), ('r1024', ['-b', '1024'], 1024),
            ('e', ['-t', 'ed25519'], 256)):
        status, out, err = new('-s', selector, *options)
        tap.is_((status, err), (0, ''), 'new: %s' % selector)
        tap.is_(mode(selector + '.private'), 0o600, 'the key is ours only')
        text = read(selector + '.txt')
        tap.is_(out.decode(), text, 'what is printed stands in the file')
        tap.ok(re.match(r'%s\._domainkey\.example\.com\. IN TXT "v=DKIM1; ' %
                        selector, text), 'one line of zone file', text)
        tap.ok(all(len(s) <= 255 for s in re.findall(r'"([^"]*)"', text)),
               'no string has more than 255 octets')
        tap.contains(read(selector + '.private'),
                     '-----BEGIN PRIVATE KEY-----', 'it is PKCS#8')
        status, obj = check(selector, text, '-D', TOP)
        tap.is_((status, obj.get('ok'), obj.get('key_bits'),
                 obj.get('says'), obj.get('problems')),
                (0, True, bits, 'it has the record', []),
                'check finds it well')
    tap.is_(obj['algorithm'], 'ed25519', 'the algorithm')
    status, out, _ = proc.run([tree.DKIMKEYGEN, '-d', DOMAIN, '-D', TOP])
    tap.is_(status, 0, 'without a verb: new, with a selector of its own')
    tap.ok(re.match(rb'20\d{4}r\._domainkey', out), 'year, month, r', out)
    tap.is_(sorted(f for f in os.listdir(TOP) if 'XXXX' in f or
                   f.count('.') > 1), [], 'no temporary file is left')


def test_never_overwrites():
    key, text = read('r.private'), read('r.txt')
    status, out, err = new('-s', 'r')
    tap.is_((status, out), (2, b''), 'a second run with that selector')
    tap.contains(err, 'exists', 'says why')
    proc.write(path('half.txt'), 'mine\n')
    tap.is_(new('-s', 'half')[0], 2, 'only the record exists')
    tap.ok(not os.path.exists(path('half.private')), 'no key is left over')
    tap.is_(read('half.txt'), 'mine\n', 'the record is untouched')
    tap.is_((read('r.private'), read('r.txt')), (key, text),
            'both files are untouched')
    os.symlink(path('elsewhere'), path('link.private'))
    tap.is_(new('-s', 'link')[0], 2, 'a dangling link is not followed')
    tap.ok(not os.path.exists(path('elsewhere')), 'nothing behind it')


def test_formats():
    status, out, _ = new('-s', 'v', '--format', 'value')
    tap.ok(status == 0 and out.startswith(b'v=DKIM1; k=rsa; p='), 'value',
           out)
    _, out, _ = new('-s', 'n', '--format', 'nsupdate')
    tap.ok(re.fullmatch(rb'update add n\._domainkey\.example\.com\. 3600 IN '
                        rb'TXT( "[^"]*")+\nsend\n', out), 'nsupdate', out)
    status, out, _ = new('-s', 'f', '--format', 'form')
    value = ''.join(re.findall('"([^"]*)"', read('f.txt')))
    tap.is_((status, out.decode()), (0, 'Type      TXT\n'
            'Name      f._domainkey\nValue     %s\n' % value),
            'form: a name without the domain, one bare text')
    _, out, _ = new('-s', 'f2', '--provider', 'route53')
    strings = re.findall('"[^"]*"', read('f2.txt'))
    tap.ok(len(strings) == 2 and out.decode().endswith(
        'Value     %s\n' % ' '.join(strings)), 'form: quoted strings', out)
    status, _, err = new('-s', 'f3', '--provider', 'nobody')
    tap.ok(status == 2 and 'nobody' in err and 'Cloudflare' in err,
           'an unknown provider: the known ones are named', err)
    tap.ok(not os.path.exists(path('f3.private')), 'and there is no key')
    status, obj, _ = proc.run_json(
        [tree.DKIMKEYGEN, '-d', DOMAIN, '-D', TOP, '-s', 'j', '--format',
         'json', '--testing', '--no-subdomains'])
    tap.is_((status, obj['name'], obj['type'], ''.join(obj['strings'])),
            (0, 'j._domainkey.example.com', 'TXT', obj['value']), 'json')
    tap.contains(obj['value'], 't=y:s; ', 'both flags')
    status, obj = check('j', read('j.txt'), '-D', TOP)
    tap.is_((status, obj['testing'], obj['strict'], len(obj['warnings'])),
            (0, True, True, 2), 'flags are warnings, not problems')


def test_check():
    owner = 'r._domainkey.example.com'
    other = read('r1024.txt').replace('r1024.', 'r.')
    value = ''.join(re.findall(r'"([^"]*)"', read('r.txt')))
    for name, records, want in (
            ('no record', 'example.com. IN A 192.0.2.1\n', 'no record'),
            ('no answer', zone.fault(owner, 'TIMEOUT'), 'not answer'),
            ('revoked', zone.txt(owner, 'v=DKIM1; p='), 'revoked'),
            ('garbage', zone.txt(owner, 'v=DKIM1; p=!!'), ''),
            ('another key', other, 'of another key'),
            ('two records', read('r.txt') + zone.txt(owner, 'v=spf1'),
             'more than one'),
            ('h= without sha256',
             zone.txt(owner, value.replace('; p', '; h=sha1; p')), '')):
        status, obj = check('r', records, '-D', TOP)
        tap.ok(status == 1 and obj.get('ok') is False and
               any(want in p for p in obj['problems']),
               'check: %s' % name, '%s %s' % (status, obj))
        tap.is_(len(obj['problems']), 1, 'and nothing that is not so',
                obj['problems'])
    status, obj = check('r1024', read('r1024.txt'), '-k',
                        path('r1024.private'))
    tap.is_((status, len(obj['warnings'])), (0, 1),
            'a short key is a warning')
    status, obj = check('r', read('r.txt'))
    tap.is_((status, obj['key']['compared']), (0, False),
            'without a private key nothing is compared')
    os.chmod(path('r.private'), 0o640)
    status, out, err = proc.run(
        [tree.DKIMKEYGEN, 'check', '-d', DOMAIN, '-s', 'r', '-D', TOP,
         '--zone', path('zone')])
    tap.ok(status == 0 and 'warning' in err and b'all is well' in out,
           'a key that others read: a warning, on standard error', err)
    os.chmod(path('r.private'), 0o600)


def test_usage():
    proc.write(path('none.conf'), 'KeyStore none\n')
    for name, argv in (
            ('nothing', []), ('an unknown verb', ['frobnicate']),
            ('an unknown option', ['new', '-d', DOMAIN, '--frobnicate']),
            ('no domain', ['new']), ('a bad domain', ['new', '-d', 'a..b']),
            ('one label', ['new', '-d', 'com']),
            ('a selector with a slash', ['new', '-d', DOMAIN, '-s', '../x']),
            ('a bad type', ['new', '-d', DOMAIN, '-t', 'dsa']),
            ('512 bits', ['new', '-d', DOMAIN, '-b', '512']),
            ('8192 bits', ['new', '-d', DOMAIN, '-b', '8192']),
            ('bits for ed25519',
             ['new', '-d', DOMAIN, '-t', 'ed25519', '-b', '2048']),
            ('a bad format', ['new', '-d', DOMAIN, '-f', 'xml']),
            ('an argument', ['new', '-d', DOMAIN, 'more']),
            ('no folder', ['new', '-d', DOMAIN, '-D', path('none')]),
            ('check without selector or store', [
                'check', '-d', DOMAIN, '-c', path('none.conf')]),
            ('check without its key', ['check', '-d', DOMAIN, '-s', 'none',
                                       '-D', TOP, '--zone', path('zone')]),
            ('check without its zone', ['check', '-d', DOMAIN, '-s', 'r',
                                        '--zone', path('none')])):
        status, out, err = proc.run([tree.DKIMKEYGEN] + argv)
        tap.ok(status == 2 and not out and err.startswith(
                   ('dkimkeygen', 'usage: dkimkeygen')),
               'usage: %s' % name, '%s %s' % (status, err))
    status, out, _ = proc.run([tree.DKIMKEYGEN, '--version'])
    tap.ok(status == 0 and out.startswith(b'dkimkeygen '), '--version')
    status, out, _ = proc.run([tree.DKIMKEYGEN, '--help'])
    tap.ok(status == 0 and b'new' in out and b'check' in out, '--help')
    manual.check(tree.DKIMKEYGEN,
                 os.path.join(tree.SRC, 'keys', 'dkimkeygen.1'),
                 'dkimkeygen', ('new', 'record', 'list', 'rotate',
                                'retire', 'revoke', 'adopt',
                                'encrypt', 'check'))


def main():
    os.chdir(TOP)
    test_new()
    test_never_overwrites()
    test_formats()
    os.mkdir(path('away'))
    os.chdir(path('away'))
    test_check()
    test_usage()
    os.chdir('/')


tap.main(main)
