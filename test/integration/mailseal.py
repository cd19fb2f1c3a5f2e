# SPDX-License-Identifier: BSD-2-Clause
"""mailseal on the command line: the contract of verify, sign, seal, spf
and authres, and try against a milter that does what the test says."""
import os
import re
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import manual  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

TOP = proc.folder()
ZONE = os.path.join(TOP, 'zone')
DOMAIN = 'example.com'
NOW = 1795000000
MESSAGE = (b'From: Alice <alice@example.com>\nTo: Bob <bob@example.net>\n'
           b'Subject:  two  spaces\nDate: Sun, 22 Nov 2026 12:00:00 +0000\n'
           b'\nHello  there \n\n\n')
DKIM_KEYS = ['result', 'reason', 'domain', 'selector', 'identity',
             'algorithm', 'key_bits', 'canonicalization', 'b']


def path(name):
    return os.path.join(TOP, name)


def make_keys():
    records = ''
    for selector, options in (('r', []), ('e', ['-t', 'ed25519'])):
        status, out, err = proc.run(
            [tree.DKIMKEYGEN, 'new', '-d', DOMAIN, '-s', selector, '-D',
             TOP] + options)
        tap.ok(status == 0, 'a key: %s' % selector, err)
        records += out.decode()
    records += zone.txt('e._domainkey.example.com.', 'v=DKIM1; p=').replace(
        'e._', 'revoked._', 1)
    records += zone.fault('slow._domainkey.example.com', 'TIMEOUT')
    proc.write(ZONE, records)


def sign(data, selector, *options):
    return seal.sign(data, DOMAIN, selector, path(selector + '.private'),
                     '--now', str(NOW), *options)


def verify(data, *options):
    return seal.verify(data, ZONE, '--authserv-id', 'mx.example.net',
                       '--now', str(NOW + 60), *options)


def test_round_trip():
    for selector, bits in (('r', 2048), ('e', 256)):
        for canon in ('simple/simple', 'simple/relaxed', 'relaxed/simple',
                      'relaxed/relaxed'):
            for name, data in (('LF', MESSAGE), ('CRLF', seal.crlf(MESSAGE))):
                status, out, err = sign(data, selector, '-c', canon)
                what = '%s %s %s' % (selector, canon, name)
                tap.ok(status == 0 and out.endswith(data),
                       'sign %s: the message is as it was' % what, err)
                field = out[:-len(data)]
                tap.ok(field.startswith(b'DKIM-Signature:') and
                       field.endswith(b'\n') and
                       (b'\r' in field) == (name == 'CRLF') and
                       field.count(b'\r\n') in (0, field.count(b'\n')),
                       'its line ends are the message\'s', field)
                status, obj, err = verify(out)
                d = (obj or {}).get('dkim', [{}])[0]
                tap.is_((status, d.get('result'), d.get('key_bits'),
                         d.get('canonicalization'), d.get('selector')),
                        (0, 'pass', bits, canon, selector),
                        'verify ' + what, err)
                status, obj, _ = verify(out.replace(b'there', b'their'))
                tap.is_((status, obj['dkim'][0]['result']), (1, 'fail'),
                        'tampered ' + what)


def test_verify_json():
    _, out, _ = sign(MESSAGE, 'r')
    status, obj, _ = verify(out)
    tap.is_(sorted(obj['dkim'][0]), sorted(DKIM_KEYS), 'the keys of "dkim"')
    tap.ok({'spf', 'dkim', 'dmarc', 'iprev', 'second_opinion', 'action',
            'authentication_results'} <= set(obj), 'the keys of verify')
    tap.is_((obj['dkim'][0]['identity'], obj['dkim'][0]['reason'],
             obj['action']), ('@example.com', None, 'accept'), 'their values')
    tap.contains(obj['authentication_results'],
                 'mx.example.net; dmarc=none header.from=example.com; '
                 'dkim=pass', 'the field\'s value')
    tap.ok('\n' not in obj['authentication_results'], 'it is unfolded')
    tap.is_((obj['second_opinion']['dkim'][0]['result'],
             obj['second_opinion']['agrees']), ('pass', True),
            'the second opinion')
    tap.is_(verify(out, '--no-second-opinion')[1]['second_opinion'], None,
            'none when it is not wanted')
    status, obj, _ = verify(out[:-len(MESSAGE)] * 9 + MESSAGE)
    tap.is_((status, len(obj['dkim']), obj['dkim'][8]['result'],
             obj['dkim'][8]['reason'], obj['second_opinion']['agrees']),
            (0, 9, 'policy', 'too many signatures', None),
            'signatures past the limit')
    status, obj, _ = verify(MESSAGE)
    tap.is_((status, obj['dkim'], obj['second_opinion']['agrees']),
            (0, [], True), 'no signature is no failure')
    status, obj, _ = verify(b'\xff\xfe\x00 no header \xe4\n\n')
    tap.is_((status, obj['dkim']), (0, []), 'no header is no failure')
    status, obj, _ = verify(out.replace(b'd=example.com',
                                        b'd=ex\xe4mple.com'))
    tap.is_((status, len(obj['dkim'])), (1, 1), 'octets that are not UTF-8')
    status, obj, _ = verify(b'X: y\n' * 10001 + out)
    tap.is_((status, obj['action'], obj['dkim']), (1, 'reject', []),
            'a header beyond the limits')
    tap.is_(obj['dmarc']['reason'], 'not evaluated',
            'about whose From field nothing is said')


def test_verify_results():
    _, good, _ = sign(MESSAGE, 'r')
    _, bad, _ = sign(MESSAGE, 'e')
    bad = bad.replace(b'bh=', b'bh=A')
    status, obj, _ = verify(bad[:-len(MESSAGE)] + good)
    tap.is_((status, [d['result'] == 'pass' for d in obj['dkim']]),
            (0, [False, True]), 'one that passes is enough; top first')
    for selector, want in (('revoked', 'permerror'), ('slow', 'temperror'),
                           ('absent', 'permerror')):
        changed = good.replace(b's=r;', b's=%s;' % selector.encode())
        status, obj, _ = verify(changed)
        tap.ok(status == 1 and obj['dkim'][0]['result'] == want and
               obj['dkim'][0]['reason'], 'a key that is %s' % selector, obj)
    status, obj, _ = verify(good, '-o', 'MinimumKeyBits 4096')
    tap.is_((status, obj['dkim'][0]['result']), (1, 'policy'),
            'an option of the daemon')
    status, obj, _ = verify(good.replace(b'Hello', b'Hullo'), '-o',
                            'OnBadSignature quarantine')
    tap.is_((status, obj['action']), (1, 'quarantine'), 'its action')
    _, out, _ = sign(MESSAGE, 'r', '--expire', '60')
    tap.is_(verify(out, '--now', str(NOW + 30))[0], 0, 'not yet expired')
    status, obj, _ = verify(out, '--now', str(NOW + 86400))
    tap.is_((status, obj['dkim'][0]['result'] == 'pass'), (1, False),
            'expired')
    status, out, _ = proc.run([tree.MAILSEAL, 'verify', '--zone', ZONE,
                               '--now', str(NOW)], good)
    tap.ok(status == 0 and b'signature 1: pass' in out and
           re.search(rb'OpenDKIM +pass', out), 'for people', out)
    for name, data, option, opinion, end in (
            ('another word for a failure', good.replace(b's=r;', b's=absent;'),
             'MinimumKeyBits 1024', b'fail', b'would say the same'),
            ('another view', good, 'MinimumKeyBits 4096',
             b'pass (it differs)', b'would not say the same')):
        _, out, _ = proc.run([tree.MAILSEAL, 'verify', '--zone', ZONE,
                              '--now', str(NOW), '-o', option], data)
        tap.ok(b'OpenDKIM   %s\n' % opinion in out and
               b'OpenDMARC site %s\n' % end in out, 'for people: ' + name, out)


def test_verify_config():
    """verify answers for a configuration: FILE's or none; what is given on
    the command line counts more. No key is read."""
    _, out, _ = sign(MESSAGE, 'r')
    conf = proc.write(path('host.conf'), 'Socket inet:1@127.0.0.1\nMode sv\n'
                      'AuthservID host.example\nMinimumKeyBits 4096\n'
                      'Zone %s\nUserID nobody-of-that-name\nArcSeal all\n'
                      'Domain %s\nSelector x\nKeyFile /nowhere\n'
                      'OnBadFrom tempfail\nOrgDomain psl\n'
                      % (ZONE, DOMAIN))

    def ask(*options, data=out):
        status, obj, err = proc.run_json([tree.MAILSEAL, 'verify', '--json',
                                          '--now', str(NOW)] + list(options),
                                         data)
        return status, obj, err

    status, obj, err = ask('-c', conf)
    tap.ok(obj is not None and obj['configuration'] == conf,
           'verify -c: which configuration', err)
    tap.ok(obj['dkim'][0]['result'] == 'policy' and obj[
        'authentication_results'].startswith('host.example;') and
        obj['dmarc']['discovery'] == 'psl',
        'verify -c: its options count', str(obj))
    two = b'From: a@b.example, c@d.example\r\nFrom: x@y.example\r\n\r\nx\r\n'
    tap.is_(ask('-c', conf, data=two)[1]['action'], 'tempfail',
            'verify -c: its actions, too')
    obj = ask('-c', conf, '--authserv-id', 'other.example', '-o',
              'minimumkeybits 1024', '--org-domain', 'treewalk')[1]
    tap.ok(obj['dkim'][0]['result'] == 'pass' and obj[
        'authentication_results'].startswith('other.example;') and
        obj['dmarc']['discovery'] == 'treewalk',
        'the command line counts more', str(obj))
    tap.is_(ask('-c', conf, '--zone', '/dev/null')[1]['dkim'][0]['result'],
            'permerror', 'and so does --zone')
    status, obj, err = ask('--no-config', '--zone', ZONE)
    tap.ok(obj['configuration'] is None and obj['dkim'][0]['result'] ==
           'pass', '--no-config: the defaults', str(obj))
    status, text, _ = proc.run([tree.MAILSEAL, 'verify', '-c', conf], out)
    tap.contains(text.decode(), 'configuration: %s\n' % conf, 'in text, too')
    proc.write(path('bad.conf'), '\n\nNoSuchOption x\n')
    for file, want in (('none.conf', 'No such file'),
                       ('bad.conf', 'bad.conf:3: there is no option')):
        status, obj, err = ask('-c', path(file))
        tap.ok(status == 2 and want in err, 'verify -c %s' % file, err)
    mine = 'mailseal: the command line: %s'
    for line, want in (('Foo bar', 'there is no option "Foo"'),
                       ('Mode', 'Mode: no value'),
                       ('MinimumKeyBits x', 'MinimumKeyBits: "x"')):
        for args in (('-c', conf), ('--no-config',)):
            status, obj, err = ask('-o', line, *args)
            tap.ok(status == 2 and err.startswith(mine % want) and
                   '--no-config' not in err, 'verify %s -o %s' % (
                       args[0], line), err)
    status, obj, err = ask('-c', path('bad.conf'), '-o', 'MinimumKeyBits x')
    tap.ok(status == 2 and 'bad.conf:3: ' in err, "the file's own error, "
           'with --option', err)


def test_sign():
    status, out, _ = sign(MESSAGE, 'r', '--header-only')
    tap.ok(status == 0 and out.startswith(b'DKIM-Signature:') and
           b'Subject' not in out.split(b'h=')[0] and
           b'Hello' not in out, '--header-only')
    tap.ok(all(len(line) <= 78 for line in out.split(b'\n')),
           'folded at 78 columns', out)
    tags = seal.tags(out.partition(b':')[2])
    tap.is_((tags['t'], 'x' in tags, 'l' in tags), (str(NOW), False, False),
            't= as asked, neither x= nor l=')
    _, out, _ = sign(MESSAGE, 'r', '--headers', 'From:Subject', '--oversign',
                     '', '--header-only')
    tap.is_(seal.names(seal.tags(out.partition(b':')[2])['h']),
            ['from', 'subject'], '--headers, nothing oversigned')
    _, out, _ = sign(b'X-Foo: 1\r\n' + MESSAGE, 'r', '--headers', '*:X-Foo',
                     '--oversign', '', '--header-only')
    names = seal.names(seal.tags(out.partition(b':')[2])['h'])
    tap.ok('x-foo' in names and 'subject' in names and '*' not in names,
           '--headers with * adds to the default, as SignHeaders', names)
    _, out, _ = sign(MESSAGE, 'r', '--headers', 'From', '--oversign',
                     'From:Subject', '--header-only', '--expire', '99',
                     '--identity', 'alice@example.com')
    tags = seal.tags(out.partition(b':')[2])
    tap.is_((sorted(seal.names(tags['h'])), int(tags['x']), tags['i']),
            (['from', 'from', 'subject', 'subject'], NOW + 99, 'alice@example.com'),
            '--oversign, --expire, --identity')
    for option, value in (
            ('--headers', 'From:a;b'), ('--oversign', 'From:a b'),
            ('--headers', 'Fr\xe9'), ('--oversign', ';'),
            ('--identity', 'alice@example.org'), ('--identity', 'alice'),
            ('--identity', 'alice@notexample.com'), ('--identity', 'a@')):
        status, out, err = sign(MESSAGE, 'r', option, value)
        tap.ok((status, out) == (2, b'') and option in err,
               'nobody could verify it with %s %s' % (option, value),
               (status, out, err))
    for value in ('@example.com', 'a@news.EXAMPLE.com', '"a@b"@example.com'):
        _, out, _ = sign(MESSAGE, 'r', '--identity', value)
        tap.is_(verify(out)[0], 0, 'it verifies with --identity ' + value)
    status, out, _ = proc.run(
        [tree.MAILSEAL, 'sign', '--domain', DOMAIN, '--selector', 'r',
         '--key', path('r.private'), '--selector', 'e', '--key',
         path('e.private'), '--now', str(NOW)], MESSAGE)
    obj = verify(out)[1]
    tap.is_([d['algorithm'] for d in obj['dkim'] if d['result'] == 'pass'],
            ['rsa-sha256', 'ed25519-sha256'], 'two signatures')
    status, out, err = sign(b'To: x\n\nhi\n', 'r')
    tap.is_((status, out), (1, b''), 'no From: it cannot be signed', err)
    os.chmod(path('e.private'), 0o644)
    status, out, err = sign(MESSAGE, 'e')
    tap.ok(status == 0 and 'warning' in err, 'a key that others can read',
           err)
    os.chmod(path('e.private'), 0o600)
    proc.write(path('file'), MESSAGE)
    tap.is_(sign(b'', 'r', path('file'))[1], sign(MESSAGE, 'r')[1],
            'from a file as from standard input')


def seal_with(data, *options, selector='r'):
    return proc.run(
        [tree.MAILSEAL, 'seal', '--domain', DOMAIN, '--selector', selector,
         '--key', path(selector + '.private'), '--zone', ZONE,
         '--authserv-id', 'mx.example.net', '--now', str(NOW)] +
        list(options), data)


def aar(message):
    """The value of the topmost, without white space at folds."""
    value = seal.fields_named(seal.crlf(message),
                              b'ARC-Authentication-Results')[0]
    return ' '.join(value.decode().split())


def test_seal():
    _, signed, _ = sign(MESSAGE, 'r')
    for name, data in (('LF', signed), ('CRLF', seal.crlf(signed))):
        status, out, err = seal_with(data)
        fields = [f.partition(b':')[0] for f in seal.split(
            seal.crlf(out))[0]]
        tap.ok(status == 0 and out.endswith(data) and not err,
               'seal %s: the message is as it was' % name, err)
        tap.is_(fields[:3], [b'ARC-Seal', b'ARC-Message-Signature',
                             b'ARC-Authentication-Results'], 'what is on top')
        tap.ok((b'\r' in out[:-len(data)]) == (name == 'CRLF'),
               'its line ends are the message\'s')
        status, twice, _ = seal_with(out, selector='e')
        obj = verify(twice)[1]
        tap.is_((status, obj['arc']['result'], obj['arc']['oldest_pass'],
                 [s['selector'] for s in obj['arc']['sealers']]),
                (0, 'pass', 0, ['r', 'e']), 'sealed again by another key')
    tap.contains(aar(out), 'i=1; mx.example.net; dmarc=none '
                 'header.from=example.com; dkim=pass (2048-bit key) '
                 'header.d=example.com', 'what we found')
    tap.contains(aar(twice), 'arc=pass header.oldest-pass=0',
                 'and of the chain')
    tags = seal.tags(seal.fields_named(seal.crlf(out),
                                       b'ARC-Message-Signature')[0])
    tap.ok('dkim-signature' in seal.names(tags['h']) and
           seal.names(tags['h']).count('from') == 2,
           'DKIM-Signature is signed, From oversigned', tags)
    tap.is_(seal_with(signed, '--no-config')[1], seal_with(signed)[1],
            '--no-config, as without an option')
    conf = proc.write(path('seal.conf'), 'SignHeaders From, Subject\n'
                      'OversignHeaders none\n')
    _, ours, err = seal_with(signed, '-c', conf)
    tap.is_(sorted(seal.names(seal.tags(seal.fields_named(seal.crlf(
        ours), b'ARC-Message-Signature')[0])['h'])),
            ['dkim-signature', 'from', 'subject'], '--config', err)
    tap.is_(seal_with(signed, '--header-only')[1] + signed,
            seal_with(signed)[1], '--header-only')
    _, out, _ = seal_with(signed, '--headers',
                          'Subject:ARC-Seal:Authentication-Results')
    tags = seal.tags(seal.fields_named(seal.crlf(out),
                                       b'ARC-Message-Signature')[0])
    tap.is_(seal.names(tags['h']), ['dkim-signature', 'from', 'subject'],
            '--headers, what ARC may not cover left out')


def test_seal_results():
    ours = (b'Authentication-Results: mx.example.net; spf=pass\n'
            b' smtp.mailfrom=a.test; x-odd=pass (so) x.y="a;b"\n'
            b'Authentication-Results: other.test; dkim=fail\n'
            b'Authentication-Results: MX.EXAMPLE.NET; dkim=pass '
            b'header.d=list.test\n')
    _, out, _ = seal_with(ours + MESSAGE)
    tap.is_(aar(out), 'i=1; mx.example.net; spf=pass smtp.mailfrom=a.test; '
            'x-odd=pass (so) x.y="a;b"; dkim=pass header.d=list.test; '
            'dmarc=none header.from=example.com',
            'theirs, and of ours what they do not say')
    status, out, err = seal_with(b'Authentication-Results: mx.example.net; '
                                 b'spf=; dkim=pass header.s=s1 x-bits=2048 '
                                 b'header.d=list.test\n' + MESSAGE)
    tap.ok(status == 0 and 'spf' not in aar(out) and
           'dkim=pass header.s=s1 header.d=list.test' in aar(out),
           'a result that cannot be read, or an odd property, is left out',
           err)
    status, out, err = seal_with(b'Authentication-Results: mx.example.net 2; '
                                 b'spf=pass\n' + MESSAGE)
    tap.ok(status == 0 and 'left out' in err and 'spf' not in aar(out),
           'one of another version is left out', err)
    status, out, err = seal_with(b'Authentication-Results: mx.example.net; '
                                 b'spf=pass; x=y a.b="c; spf=fail\n' + MESSAGE)
    tap.ok(status == 0 and 'without an end' in err and
           'spf' not in aar(out),
           'one of which an open quote hides a result is left out', err)
    _, out, _ = seal_with(MESSAGE, '--ip', '192.0.2.1', '--helo',
                          'mx.example.org', '--mail-from', 'a@example.com')
    tap.contains(aar(out), 'spf=none', 'who sent it is known')


def test_seal_chain():
    _, once, _ = seal_with(MESSAGE)
    changed = once.replace(b'\nSubject:', b'\nSubject: [list]', 1)
    status, out, _ = seal_with(changed)
    tags = seal.tags(seal.fields_named(seal.crlf(out), b'ARC-Seal')[0])
    tap.is_((status, tags['cv'], tags['i']), (0, 'fail', '2'),
            'a chain that was broken ends')
    status, more, err = seal_with(out)
    tap.ok(status == 0 and more == out and 'nothing is added' in err,
           'nothing is added to it', err)
    tap.is_(seal_with(out, '--header-only')[1], b'', 'nor printed')
    status, out, _ = seal_with(changed, '--cv', 'pass')
    obj = verify(out)[1]['arc']
    tap.is_((status, obj['result'], obj['oldest_pass']), (0, 'pass', 2),
            '--cv: it passed when it came')
    for data, cv in ((MESSAGE, 'pass'), (once, 'none')):
        status, out, err = seal_with(data, '--cv', cv)
        tap.ok((status, out) == (1, b'') and 'cv=' + cv in err,
               'no chain has cv=%s here' % cv, err)
    for what, data in (('no From', b'To: x\n\nhi\n'),
                       ('too many fields', b'X: y\n' * 10001 + MESSAGE),
                       ('too many to sign', b'To: y\n' * 1001 + MESSAGE)):
        status, out, err = seal_with(data)
        tap.is_((status, out, bool(err)), (1, b'', True), what, err)


def spf(*options):
    return proc.run_json([tree.MAILSEAL, 'spf', '--json', '--zone', ZONE] +
                         list(options))


SPF_ZONE = (
    'spf.example TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all '
    'exp=why.spf.example"\n'
    'why.spf.example TXT "%{i} is not of %{o}, says %{r} at %{t}"\n'
    'soft.example TXT "v=spf1 ~all"\nplain.example TXT "v=spf1 -all"\n'
    'bad.example TXT "v=spf1 moo"\nslow.example TIMEOUT\n'
    'open.example TXT "v=spf1"\n')


def test_spf():
    zone_file = proc.write(path('spf.zone'), SPF_ZONE)
    # ip, --helo, --mail-from, exit status, then result, identity, domain,
    # mechanism and explanation
    for ip, helo, mail_from, status, *want in (
            ('192.0.2.1', 'h', 'a@spf.example', 0, 'pass', 'mailfrom',
             'spf.example', 'ip4:192.0.2.0/24', None),
            ('2001:db8::1', 'h', 'a@spf.example', 0, 'pass', 'mailfrom',
             'spf.example', 'ip6:2001:db8::/32', None),
            ('::ffff:192.0.2.1', 'h', 'a@spf.example', 0, 'pass', 'mailfrom',
             'spf.example', 'ip4:192.0.2.0/24', None),
            ('198.51.100.1', 'h', 'a@spf.example', 1, 'fail', 'mailfrom',
             'spf.example', '-all',
             '198.51.100.1 is not of spf.example, says mx.here at 1'),
            ('198.51.100.1', 'h', 'a@plain.example', 1, 'fail', 'mailfrom',
             'plain.example', '-all', 'DEFAULT'),
            ('198.51.100.1', 'soft.example', '', 1, 'softfail', 'mailfrom',
             'soft.example', '~all', None),
            ('198.51.100.1', 'soft.example', None, 1, 'softfail', 'helo',
             'soft.example', '~all', None),
            ('192.0.2.1', 'h', 'a@bad.example', 1, 'permerror', 'mailfrom',
             'bad.example', None, None),
            ('192.0.2.1', 'h', 'a@slow.example', 1, 'temperror', 'mailfrom',
             'slow.example', None, None),
            ('192.0.2.1', 'h', 'a@open.example', 0, 'neutral', 'mailfrom',
             'open.example', 'default', None),
            ('192.0.2.1', 'h', 'a@none.example', 0, 'none', 'mailfrom',
             'none.example', None, None)):
        options = ['--zone', zone_file, '--ip', ip, '--helo', helo,
                   '--receiver', 'mx.here', '--now', '1']
        if mail_from is not None:
            options += ['--mail-from', mail_from]
        got, out, err = spf(*options)
        tap.is_((got, [out and out[k] for k in (
            'result', 'identity', 'domain', 'mechanism', 'explanation')]),
                (status, want), 'spf: %s %s %s' % (ip, helo, mail_from), err)
    tap.is_(spf('--zone', zone_file, '--ip', '192.0.2.1')[:1], (0,),
            'spf: no sender')
    status, out, _ = proc.run([
        tree.MAILSEAL, 'spf', '--zone', zone_file, '--ip', '192.0.2.1',
        '--mail-from', 'a@bad.example'])
    tap.is_((status, out), (1, b'spf: permerror, unknown mechanism\n'
                               b'  mailfrom   bad.example\n'
                               b'  problem    moo\n'), 'spf: for people')
    for options in ([], ['--ip', '192.0.2'], ['--ip', '192.0.2.1', 'x'],
                    ['--ip', '192.0.2.1', '--now', 'x'],
                    ['--ip', '192.0.2.1', '--zone', path('nowhere')],
                    ['--ip', '192.0.2.1', '--what']):
        tap.is_(proc.run([tree.MAILSEAL, 'spf'] + options)[0], 2,
                'spf: wrong usage: %s' % options)


def test_dmarc():
    zone_file = proc.write(path('dmarc.zone'), zone.text({
        '_dmarc.r.example': 'v=DMARC1; p=reject; sp=quarantine; t=y',
        '_dmarc.news.r.test': 'v=DMARC1; p=quarantine',
        '_dmarc.bad.example': 'v=DMARC1; p=reject all'}))
    command = [tree.MAILSEAL, 'dmarc', '--zone', zone_file]
    for options, status, want in (
            (['--from', 'r.example', '--spf', 'r.example=pass', '--dkim',
              'other.example=pass', '--dkim', 'x.r.example=fail'], 0,
             ['pass', 'r.example', 'r.example', 'quarantine', 'treewalk',
              True, False, True]),
            (['--from', 'a.R.example', '--spf', 'r.example=softfail'], 1,
             ['fail', 'r.example', 'r.example', 'none', 'treewalk', False,
              False, True]),
            (['--from', 'news.r.test', '--dkim', 'r.test=pass'], 1,
             ['fail', 'news.r.test', 'news.r.test', 'quarantine', 'treewalk',
              False, False, False]),
            (['--from', 'news.r.test', '--dkim', 'r.test=pass',
              '--org-domain', 'psl'], 0,
             ['pass', 'r.test', 'news.r.test', 'quarantine', 'psl', False,
              True, False]),
            (['--from', 'r.example', '--from', 'news.r.test', '--spf',
              'r.example=pass'], 1,
             ['fail', 'news.r.test', 'news.r.test', 'quarantine', 'treewalk',
              False, False, False]),
            (['--from', 'r.example', '--dkim', 'r.example=temperror'], 1,
             ['temperror', 'r.example', 'r.example', 'quarantine',
              'treewalk', False, False, True]),
            (['--from', 'bad.example'], 1,
             ['permerror', 'bad.example', 'bad.example', None, 'treewalk',
              False, False, False]),
            (['--from', 'none.example'], 0,
             ['none', None, None, None, 'treewalk', False, False, False])):
        got, out, err = proc.run_json(command + ['--json'] + options)
        tap.is_((got, [out and out[k] for k in (
            'result', 'org_domain', 'policy_domain', 'policy', 'discovery',
            'spf_aligned', 'dkim_aligned', 'testing')]), (status, want),
                'dmarc: %s' % options, err)
    status, out, _ = proc.run(command + ['--from', 'bad.example'])
    tap.is_((status, out), (
        1, b'dmarc: permerror, invalid p and no rua\n'
           b'  from       bad.example\n'
           b'  belongs to bad.example\n'
           b'  record of  bad.example\n'
           b'  asked      _dmarc.bad.example\n'
           b'             _dmarc.example\n'), 'dmarc: for people')
    for options in ([], ['--from', 'a', 'b'], ['--from', 'a', '--spf', 'a'],
                    ['--from', 'a', '--dkim', 'a=good'],
                    ['--from', 'a', '--org-domain', 'list'],
                    ['--from', 'a'] * 70,
                    ['--from', 'a'] + ['--dkim', 'a=pass'] * 70):
        status, out, err = proc.run([tree.MAILSEAL, 'dmarc', '--zone',
                                     zone_file] + options)
        tap.ok(status == 2 and not out and err,
               'dmarc: wrong usage: %s' % options[:6], err)


def authres(data, *options):
    return proc.run_json([tree.MAILSEAL, 'authres', '--json'] +
                         list(options), data)


def test_authres():
    status, obj, _ = authres(
        b'Authentication-Results: mx.example.net 1;\n\tdkim=pass (good)'
        b' reason="because" header.d=example.com header.b="a/b=";\n'
        b'\tspf/1=fail smtp.mailfrom=a@b.example\n')
    tap.is_((status, obj['valid'], obj['authserv_id'], obj['version'],
             obj['forged']), (0, True, 'mx.example.net', 1, False),
            'authres: the field')
    tap.is_(obj['results'][0],
            {'method': 'dkim', 'version': 1, 'result': 'pass',
             'comment': 'good', 'reason': 'because', 'properties': [
                 {'ptype': 'header', 'property': 'd',
                  'value': 'example.com'},
                 {'ptype': 'header', 'property': 'b', 'value': 'a/b='}]},
            'authres: a result')
    tap.is_((obj['results'][1]['method'], obj['results'][1]['reason']),
            ('spf', None), 'authres: another')
    tap.is_(authres(b'mx.example.net; none')[1]['results'], [],
            'authres: none')
    for id_, want in (('mx.example.net', True), ('MX.example.NET.', True),
                      ('other.example', False)):
        tap.is_(authres(b' (x) "mx.example.net" ; none\r\n',
                        '--authserv-id', id_)[1]['forged'], want,
                'authres: forged as %s' % id_)
    status, obj, _ = authres(b'mx.example.net; dkim')
    tap.is_((status, obj['valid'], obj['results']), (1, False, []),
            'authres: not valid')
    status, out, _ = proc.run([tree.MAILSEAL, 'authres'],
                              b'mx.example.net; dkim=pass header.d=x.y\n')
    tap.is_((status, out), (0, b'from mx.example.net\ndkim: pass\n'
                               b'  header.d x.y\n'), 'authres: for people')


class Milter:
    """One connection: negotiates, answers `eom` at the end of the message."""

    def __init__(self, eom, steps=0x1ff880, actions=0x1ff):
        # All NR_ bits, SKIP and LEADSPC but for the end of message.
        self.path = path('milter')
        self.eom, self.steps, self.actions = eom, steps, actions
        self.heard = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.listener.settimeout(proc.PATIENCE_S)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        conn, _ = self.listener.accept()
        with conn, conn.makefile('rb') as f:
            while True:
                head = f.read(4)
                if len(head) < 4:
                    return
                data = f.read(struct.unpack('>I', head)[0])
                self.heard.append(data)
                if data[:1] == b'O':
                    self._send(conn, b'O' + struct.pack(
                        '>III', 6, self.actions, self.steps))
                elif data[:1] == b'E':
                    for answer in self.eom:
                        self._send(conn, answer)
                elif data[:1] == b'Q':
                    return

    @staticmethod
    def _send(conn, data):
        conn.sendall(struct.pack('>I', len(data)) + data)

    def stop(self):
        self.listener.close()
        self.thread.join(proc.PATIENCE_S)
        os.unlink(self.path)


def try_(eom, *options, data=MESSAGE, json=True):
    milter = Milter(eom)
    argv = [tree.MAILSEAL, 'try', '--milter', 'unix:' + milter.path] + list(
        options)
    try:
        if json:
            status, out, err = proc.run_json(argv + ['--json'], data)
        else:
            status, out, err = proc.run(argv, data)
    finally:
        milter.stop()
    return status, out, milter.heard, err


def index(n):
    return struct.pack('>I', n)


def test_try():
    status, obj, heard, err = try_(
        [b'p', b'i' + index(0) + b'X-New\0 one\n\ttwo\0',
         b'm' + index(1) + b'subject\0 changed\0',
         b'm' + index(1) + b'Date\0\0', b'h' + b'X-End\0 x\0',
         b'+<c@example.net>\0', b'qheld back\0', b'c'],
        '--ip', '192.0.2.1', '--helo', 'client', '--auth', 'alice',
        '--mail-from', 'alice@example.com', '--rcpt', 'bob@example.net',
        '--rcpt', 'carol@example.net', '--macro', 'i=Q1', '--macro',
        '{x_y}=z')
    tap.is_(status, 0, 'try: accepted', err)
    tap.is_((obj['reply'], obj['action'], obj['quarantine']),
            ('250 2.0.0 Ok', 'quarantine', 'held back'), 'its reply')
    tap.is_(obj['added'], [
        {'index': 0, 'name': 'X-New', 'value': 'one\n\ttwo'},
        {'index': 4, 'name': 'X-End', 'value': 'x'}], 'what was added')
    tap.is_((obj['changed'], obj['deleted']),
            ([{'index': 1, 'name': 'subject', 'value': 'changed'}],
             [{'name': 'Date', 'index': 1}]), 'changed and deleted')
    tap.is_(obj['envelope'][0]['address'], '<c@example.net>', 'a recipient')
    tap.is_(obj['message'].encode(), b'X-New: one\r\n\ttwo\r\n'
            b'From: Alice <alice@example.com>\r\n'
            b'To: Bob <bob@example.net>\r\nSubject: changed\r\n'
            b'X-End: x\r\n\r\nHello  there \r\n\r\n\r\n',
            'the resulting message')
    tap.is_([d[:1] for d in heard if d[:1] != b'D'],
            [b'O', b'C', b'H', b'M', b'R', b'R', b'T'] + [b'L'] * 4 +
            [b'N', b'B', b'E', b'Q'], 'what the milter heard')
    macros = b''.join(d for d in heard if d[:1] == b'D')
    for text in (b'{daemon_name}\0mailseal-try\0', b'{auth_authen}\0alice\0',
                 b'{auth_type}\0', b'i\0Q1\0', b'{x_y}\0z\0'):
        tap.contains(macros, text, 'macro %r' % text)
    tap.ok(b'Cunknown\0004\0\000192.0.2.1\0' in heard, 'the client')
    for answer, want, action in (
            (b'r', 1, 'reject'), (b't', 1, 'tempfail'), (b'd', 0, 'discard'),
            (b'y550 5.7.1 go away\0', 1, 'reject')):
        status, obj, _, _ = try_([answer])
        tap.is_((status, obj['action'], obj['message']),
                (want, action, None), 'try: %s' % action)
    tap.is_(obj['reply'], '550 5.7.1 go away', 'the milter\'s own words')
    for name, data in (('LF', MESSAGE), ('CRLF', seal.crlf(MESSAGE))):
        status, out, _, _ = try_([b'bnew body\r\n', b'c'], data=data,
                                 json=False)
        tap.ok(status == 0 and out.startswith(b'reply      250') and
               out.endswith(b'new body\n' if name == 'LF' else
                            b'new body\r\n'), 'for people, %s' % name, out)
    test_try_output()
    for name, eom in (('nonsense', [b'Z']), ('a malformed change', [b'hX']),
                      ('a bad length', [b''])):
        status, out, _, err = try_(eom, json=False)
        tap.ok(status == 2 and not out and err, 'try: %s' % name, err)


def test_try_output():
    """--output: the message goes to a file, octet for octet."""
    odd = b'From: a@example.com\nX: \xff\n\nnul \0 bare \r cr \xe4\n'
    there = path('out.eml')
    for name, data in (('LF', odd), ('CRLF', odd.replace(b'\n', b'\r\n'))):
        for json in (False, True):
            status, out, _, err = try_([b'i' + index(0) + b'X-New\0 one\0',
                                        b'c'], '--output', there, data=data,
                                       json=json)
            what = 'try --output, %s, %s' % (name, 'json' if json else 'text')
            tap.is_(status, 0, what, err)
            end = b'\r\n' if name == 'CRLF' else b'\n'
            with open(there, 'rb') as f:
                tap.is_(f.read(), b'X-New: one' + end + data,
                        'the message is there, its line ends are ' + name)
            if json:
                tap.is_((out['message'], len(out['added'])), (None, 1),
                        'the object has the report only')
            else:
                tap.is_(out, b'reply      250 2.0.0 Ok\naction     accept\n'
                        b'added      X-New: one\n',
                        'standard output has the report only')
    os.unlink(there)
    status, _, _, _ = try_([b'r'], '--output', there)
    tap.is_((status, os.path.exists(there)), (1, False),
            'what is refused leaves no file')
    status, out, _, err = try_([b'c'], '--output', path('none/out'),
                               json=False)
    tap.ok(status == 2 and 'none/out' in err, 'a file that cannot be made',
           err)


def test_usage():
    for name, argv in (
            ('nothing', []), ('an unknown command', ['frobnicate']),
            ('an unknown option', ['verify', '--frobnicate']),
            ('two files', ['verify', ZONE, ZONE]),
            ('no such file', ['verify', path('none')]),
            ('no such zone', ['verify', '--zone', path('none'),
                              path('file')]),
            ('a bad time', ['verify', '--zone', ZONE, '--now', 'x']),
            ('a bad address', ['verify', '--zone', ZONE, '--ip', '1.2.3',
                               path('file')]),
            ('a bad option', ['verify', '--zone', ZONE, '-o', 'Frob yes',
                              path('file')]),
            ('two lines in one', ['verify', '--zone', ZONE,
                                  '--authserv-id', 'a\nMode s',
                                  path('file')]),
            ('sign without key', ['sign', '--domain', DOMAIN, '--selector',
                                  'r', path('file')]),
            ('sign with a wrong key', ['sign', '--domain', DOMAIN,
                                       '--selector', 'r', '--key',
                                       path('file'), path('file')]),
            ('sign, key of another kind',
             ['sign', '--domain', DOMAIN, '--selector', 'r', '--key',
              path('r.private'), '--algorithm', 'ed25519-sha256',
              path('file')]),
            ('sign, bad canonicalization',
             ['sign', '--domain', DOMAIN, '--selector', 'r', '--key',
              path('r.private'), '-c', 'nowsp', path('file')]),
            ('sign, bad domain',
             ['sign', '--domain', 'a b', '--selector', 'r', '--key',
              path('r.private'), path('file')]),
            ('seal without key', ['seal', '--domain', DOMAIN, '--selector',
                                  'r', '--authserv-id', 'x', path('file')]),
            ('seal without our name',
             ['seal', '--domain', DOMAIN, '--selector', 'r', '--key',
              path('r.private'), path('file')]),
            ('seal, bad --cv',
             ['seal', '--domain', DOMAIN, '--selector', 'r', '--key',
              path('r.private'), '--authserv-id', 'x', '--cv', 'neutral',
              path('file')]),
            ('seal, bad selector',
             ['seal', '--domain', DOMAIN, '--selector', 'a b', '--key',
              path('r.private'), '--authserv-id', 'x', '--zone', ZONE,
              path('file')]),
            ('try without socket', ['try', path('file')]),
            ('try, no listener', ['try', '--milter', 'unix:' + path('none'),
                                   path('file')]),
            ('try, bad address', ['try', '--milter', 'unix:' + path('none'),
                                  '--ip', '1.2.3', path('file')]),
            ('try, bad macro', ['try', '--milter', 'unix:x', '--macro',
                                'x', path('file')])):
        status, out, err = proc.run([tree.MAILSEAL] + argv)
        tap.ok(status == 2 and not out and err, 'usage: %s' % name,
               '%s %s' % (status, err))
    for argv in (['verify', '--zone', ZONE], ['authres'],
                 ['sign', '--domain', DOMAIN, '--selector', 'r', '--key',
                  path('r.private')],
                 ['seal', '--domain', DOMAIN, '--selector', 'r', '--key',
                  path('r.private'), '--authserv-id', 'x'], ['try', '--milter', 'unix:x']):
        status, out, err = proc.run([tree.MAILSEAL] + argv, b'')
        tap.is_((status, out), (2, b''), 'empty input: %s' % argv[0], err)
    for command in ('verify', 'sign', 'seal', 'spf', 'dmarc', 'authres',
                    'try', 'explain', 'check', 'setup', 'import', 'report'):
        status, out, _ = proc.run([tree.MAILSEAL, command, '--version'])
        tap.ok(status == 0 and out.startswith(b'mailseal '),
               command + ' --version')
    status, out, _ = proc.run([tree.MAILSEAL, '--version'])
    tap.ok(status == 0 and out.startswith(b'mailseal '), '--version')
    status, out, _ = proc.run([tree.MAILSEAL, '--help'])
    tap.ok(status == 0 and b'verify' in out, '--help')
    with open('/dev/full', 'wb') as full:
        status = subprocess.run([tree.MAILSEAL, '--help'], stdout=full,
                                stderr=subprocess.DEVNULL,
                                check=False).returncode
    tap.is_(status, 2, 'a full disk is not silence')
    manual.check(tree.MAILSEAL, os.path.join(tree.SRC, 'tools',
                                             'mailseal.1'),
                 'mailseal', ('verify', 'sign', 'seal', 'spf', 'dmarc',
                              'check', 'authres', 'try', 'import', 'explain'))


def main():
    proc.write(path('file'), MESSAGE)
    make_keys()
    test_round_trip()
    test_verify_json()
    test_verify_results()
    test_verify_config()
    test_sign()
    test_seal()
    test_seal_results()
    test_seal_chain()
    test_spf()
    test_dmarc()
    test_authres()
    test_try()
    test_usage()


tap.main(main)
