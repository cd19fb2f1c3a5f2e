# SPDX-License-Identifier: BSD-2-Clause
"""mailseal check: its forms, its exit status, and what it prints of hostile
zones; the findings themselves have unit tests.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

PARKED = ('d.example. TXT "v=spf1 -all"\nd.example. MX 0 .\n'
          '_dmarc.d.example. TXT "v=DMARC1; p=reject"\n')
SENDS = ('d.example. MX 10 mail.d.example.\nmail.d.example. A 192.0.2.1\n'
         'mail.d.example. TXT "v=spf1 a -all"\n'
         '1.2.0.192.in-addr.arpa. PTR mail.d.example.\n')
FAULTY = SENDS + 'd.example. TXT "v=spf1 ip4=192.0.2.1 ?all"\n'
HOST = ('--ip', '192.0.2.1', '--helo', 'mail.d.example')


class Zones:
    """Writes zones and checks domains in them."""

    def __init__(self):
        self.top = proc.folder()

    def check(self, text, *options, domain=('d.example',)):
        path = proc.write(os.path.join(self.top, 'zone'), text)
        status, out, err = proc.run([tree.MAILSEAL, 'check', '--zone', path] +
                                    list(options) + list(domain))
        return status, out.decode('utf-8'), err

    def json(self, text, *options, domain=('d.example',)):
        path = proc.write(os.path.join(self.top, 'zone'), text)
        return proc.run_json([tree.MAILSEAL, 'check', '--json', '--zone',
                              path] + list(options) + list(domain))


def check_form(zones):
    """For web forms: names relative to the domain, values without quotes."""
    _, out, _ = zones.check('d.example. MX 10 mail.d.example.\n',
                            '--format', 'form', '--ip', '192.0.2.1',
                            '--only', 'spf.*', '--only', 'dmarc.*')
    tap.is_(out, 'publish spf.missing\nType      TXT\nName      @\n'
            'Value     v=spf1 ip4:192.0.2.1 ~all\n\n'
            'publish dmarc.missing\nType      TXT\nName      _dmarc\n'
            'Value     v=DMARC1; p=none; rua=mailto:postmaster@d.example\n\n',
            'as a web form takes it')


def check_json(zones):
    status, out, _ = zones.json(FAULTY, *HOST)
    tap.is_(status, 1, 'an error: exit status 1')
    tap.is_(set(out), {'domain', 'args', 'verdict', 'counts', 'truncated',
                       'findings', 'records'}, 'the object')
    tap.is_(out['args']['ip'], ['192.0.2.1'], 'its arguments')
    tap.is_(out['verdict']['spf'], 'neutral', 'its verdict')
    finding = [f for f in out['findings']
               if f['check'] == 'spf.modifier-typo'][0]
    tap.is_(finding['rule'], 'RFC 7208 6', 'the rule')
    tap.is_(finding['found'], ['v=spf1 ip4=192.0.2.1 ?all'], 'what was found')
    tap.is_(finding['fix'],
            [{'where': 'dns', 'owner': 'd.example', 'type': 'TXT',
              'value': 'v=spf1 ip4:192.0.2.1 ~all', 'remove': False}],
            'the fix')
    tap.is_([r['value'] for r in out['records'] if r['type'] == 'MX'],
            ['10 mail.d.example.'], 'the records')
    tap.is_(sum(out['counts'].values()), len(out['findings']), 'the counts')
    status, out, _ = zones.json(PARKED, domain=('d.example', 'e.example'))
    tap.is_([d['domain'] for d in out['domains']], ['d.example', 'e.example'],
            'several domains')
    tap.is_(status, 1, 'one of them is missing')


def check_status(zones):
    tap.is_(zones.check(PARKED)[0], 0, 'no error: exit status 0')
    warn = SENDS + PARKED.splitlines()[2] + '\nd.example. TXT "v=spf1 mx"\n' \
        's._domainkey.d.example. CNAME d.example._domainkey.test.\n' \
        'd.example._domainkey.test. TXT "v=DKIM1; k=ed25519; ' \
        'p=PD97rqzfI9n1FR1c4FY3xUdKIhMIXTzBjtzetVpjAbU="\n'
    options = HOST + ('--selector', 's')
    tap.is_(zones.check(warn, *options)[0], 0, 'a warning: 0')
    tap.is_(zones.check(warn, *options, '--fail-on', 'warn')[0], 1,
            'a warning with --fail-on warn: 1')
    tap.is_(zones.check(FAULTY, '--fail-on', 'never')[0], 0,
            'an error with --fail-on never: 0')
    tap.is_(zones.check(PARKED + '_mta-sts.d.example. TIMEOUT\n')[0], 1,
            'an unknown: 1')
    tap.is_(zones.check(PARKED, '--dnsbl-domain', 'gone.test')[0], 0,
            'an unknown about a list: 0')
    tap.is_(zones.check(FAULTY, *HOST, '--skip', '*.*')[0], 0,
            'all are skipped: 0')
    for option in '--only', '--skip':
        for glob in 'sfp.*', 'spf', 'spf.*,dmarc.*', '':
            status, out, err = zones.check(FAULTY, *HOST, option, glob)
            tap.ok(status == 2 and not out and 'matches no id' in err,
                   '%s %s' % (option, glob), err)
    tap.is_(zones.check(FAULTY, *HOST, '--only', 'mx.*')[0], 0,
            'only what is fine: 0')


def check_usage(zones):
    nowhere = os.path.join(zones.top, 'none.conf')
    for options, what in ((('--config', nowhere), nowhere),
                          (('a..b',), 'is not a domain name'),
                          (('--ip', 'x', 'd.example'), 'not an address'),
                          (('--key', 'x', 'd.example'), '--selector'),
                          (('--format', 'xml', 'd.example'), '--format'),
                          (('--dnsbl', 'a b', 'd.example'), '--dnsbl'),
                          (('--fail-on', 'x', 'd.example'), '--fail-on')):
        status, _, err = zones.check(PARKED, *options, domain=())
        tap.ok(status == 2 and what in err, 'usage: ' + what, err)


def check_key(zones):
    dkimkeygen = [tree.DKIMKEYGEN, 'new', '-D', zones.top, '-d', 'd.example']
    for selector in ('a', 'b'):
        proc.run(dkimkeygen + ['-s', selector])
    with open(os.path.join(zones.top, 'a.txt'), encoding='ascii') as f:
        record = f.read()
    key = os.path.join(zones.top, 'b.private')
    _, out, _ = zones.json(SENDS + record, '--selector', 'a', '--key', key,
                           '--only', 'dkim.*')
    bad = [f for f in out['findings'] if f['check'] == 'dkim.mismatch']
    tap.ok(bad and bad[0]['fix'][0]['value'].startswith(
        'v=DKIM1; k=rsa; p=MII'), 'the record of another private key', out)
    key = os.path.join(zones.top, 'a.private')
    tap.is_(zones.check(SENDS + record, '--selector', 'a', '--key', key,
                        '--only', 'dkim.*')[0], 0, 'the right private key')
    # What check offers in place of the wrong record, check accepts.
    fixed = 'a._domainkey.d.example. TXT "%s"\n' % \
        bad[0]['fix'][0]['value'].replace('k=rsa; ', 'k=rsa; " "')
    key = os.path.join(zones.top, 'b.private')
    tap.is_(zones.check(SENDS + fixed, '--selector', 'a', '--key', key,
                        '--only', 'dkim.*')[0], 0, 'the fix is right')


def check_own(zones):
    """Without a domain: what this host signs for, with its keys."""
    keys = os.path.join(zones.top, 'keys')
    os.mkdir(keys, 0o700)
    records = ''
    for domain in ('d.example', 'e.example'):
        path = os.path.join(keys, domain)
        os.mkdir(path, 0o700)
        proc.run([tree.DKIMKEYGEN, 'new', '-D', path, '-d', domain, '-s',
                  'own'])
        with open(os.path.join(path, 'own.txt'), encoding='ascii') as f:
            records += f.read()
    table = proc.write(os.path.join(zones.top, 'KeyTable'), ''.join(
        '%s %s:own:%s/own.private\n' % (d, d, os.path.join(keys, d))
        for d in ('d.example', 'e.example')))
    signing = proc.write(os.path.join(zones.top, 'SigningTable'),
                         'd.example d.example\ne.example e.example\n')
    conf = proc.write(os.path.join(zones.top, 'conf'),
                      'KeyTable %s\nSigningTable %s\nKeyStore none\n'
                      % (table, signing))
    swapped = records.replace('own._domainkey.d.', 'own._domainkey.x.') \
        .replace('own._domainkey.e.', 'own._domainkey.d.') \
        .replace('own._domainkey.x.', 'own._domainkey.e.')
    # In a network without an address, where the test may make one.
    command = [tree.MAILSEAL, 'check', '--config', conf, '--only', 'dkim.*',
               '--zone', proc.write(os.path.join(zones.top, 'own'), records)]
    if proc.run(['unshare', '-n', 'true'])[0] == 0:
        command = ['unshare', '-n'] + command
        _, _, err = proc.run(command)
        tap.contains(err, 'no public address', 'no address: said')
    saved = os.path.join(zones.top, 'own.json')
    proc.run(command + ['--save', saved])
    tap.is_(proc.run(command + ['--save', saved, '--notify']), (0, b'', ''),
            '--notify without news: silent')
    options = HOST + ('--config', conf, '--only', 'dkim.*')
    zone = SENDS + 'e.example. MX 1 mail.d.example.\n'
    status, out, err = zones.json(zone + records, *options, domain=())
    if not tap.ok(out and 'domains' in out, 'the domains of this host', err):
        return
    tap.is_([(d['domain'], d['args']['selector']) for d in out['domains']],
            [('d.example', ['own']), ('e.example', ['own'])],
            'each with its selector')
    tap.is_(status, 0, 'their records are those of the keys')
    status, out, _ = zones.json(zone + swapped, *options, domain=())
    tap.is_([f['check'] for d in out['domains'] for f in d['findings']
             if f['severity'] == 'error'], ['dkim.mismatch'] * 2,
            'records of other keys')
    status, out, _ = zones.json(zone + swapped, *options,
                                domain=('D.example.',))
    tap.is_((out['domain'], status), ('d.example', 1),
            'one of them, with its key')
    _, _, err = zones.check(zone, '--config', proc.write(
        conf, 'KeyStore none\n'), *HOST, domain=())
    tap.contains(err, 'signs for no domain', 'no domain at all')


def check_fixes(zones):
    """With the records that --format zone prints, no fix is left."""
    faulty = SENDS.replace('MX 10', 'MX 5') + \
        'd.example. TXT "v=spf1 ip4=192.0.2.1 include:gone.test +all"\n'
    _, out, _ = zones.check(faulty, *HOST, '--format', 'zone')
    lines = [line for line in out.splitlines() if line[:1] != ';']
    tap.is_(len([x for x in lines if 'v=spf1' in x]), 1,
            'one SPF record, whatever is wrong with it')
    tap.contains(out, '"v=spf1 ip4:192.0.2.1 ~all"', 'it has all the changes')
    _, out, _ = zones.json(SENDS + '\n'.join(lines) + '\n', *HOST)
    left = [f['check'] for f in out['findings']
            if f['severity'] in ('error', 'warn') and f['fix']]
    tap.is_(left, [], 'with the fixes published there is nothing to fix')


def check_watch(zones):
    """--save and --notify: each row is a run, its zone and what is news."""
    saved = os.path.join(zones.top, 'saved.json')
    good = PARKED
    bad = PARKED.replace('p=reject', 'p=rejct')
    silent = 'd.example. TXT "v=spf1 -all"\nd.example. MX 0 .\n' \
        '_dmarc.d.example. TIMEOUT\n'
    moved = PARKED.replace('MX 0 .', 'MX 5 mx.d.example.') + \
        'mx.d.example. A 192.0.2.7\n'
    for name, zone, news in (
            ('the first run, all is well', good, []),
            ('the same', good, []),
            ('a new error, by a changed record', bad,
             ['change.dmarc', 'dmarc.policy-invalid']),
            ('the same again', bad, []),
            ('unknown for the first time', silent, []),
            ('unknown for the second time', silent, ['dmarc.lookup']),
            ('unknown for the third time', silent, []),
            ('the error that was reported before', bad, []),
            ('it is mended', good, ['change.dmarc']),
            ('it is back', bad, ['change.dmarc', 'dmarc.policy-invalid']),
            ('another MX', moved.replace('p=reject', 'p=rejct'),
             ['change.mx']),
            ('the domain is gone', 'e.example. A 192.0.2.1\n',
             ['domain.missing']),
            ('it is still gone', 'e.example. A 192.0.2.1\n', []),
            ('it is back as it was', moved.replace('p=reject', 'p=rejct'),
             [])):
        status, out, err = zones.json(zone, '--save', saved, '--notify')
        got = sorted(f['check'] for f in out['findings']) if out else []
        tap.is_(got, news, 'watch: ' + name, err)
        tap.is_(status, 1 if news else 0, 'watch: exit status')
    _, out, _ = zones.json(good, '--save', saved)
    change = [f for f in out['findings'] if f['check'] == 'change.mx'][0]
    tap.is_(change['found'], ['before: 5 mx.d.example.', 'now: 0 .'],
            'watch: what it was, and is')
    _, out, _ = zones.check(moved, '--save', saved)
    tap.ok(re.search(r'change\.mx .*\n.*\n? *found: before: 0 \.\n *found: '
                     r'now: 5 mx\.d\.example\.\n', out),
           'watch: and as text', out)
    proc.write(saved, '[1')
    status, _, err = zones.check(good, '--save', saved)
    tap.ok(status == 2 and '--save' in err, 'watch: a broken file', err)
    status, _, err = zones.check(good, '--notify')
    tap.ok(status == 2 and '--save' in err, 'watch: --notify alone', err)
    status, _, err = zones.check(good, '--save',
                                 os.path.join(zones.top, 'no/such'))
    tap.ok(status == 2 and 'no/such' in err, 'watch: no folder', err)


def check_suffix(zones):
    """A public suffix with a record makes its tenants no organisation."""
    zone = ('_dmarc.github.io. TXT "v=DMARC1; p=none"\n'
            '_dmarc.bank.github.io. TXT "v=DMARC1; p=reject; '
            'rua=mailto:r@evil.github.io"\n'
            'bank.github.io. TXT "v=spf1 -all"\n'
            'evil.github.io. MX 1 evil.github.io.\n')
    _, out, _ = zones.json(zone, '--only', 'dmarc.rua-*',
                           domain=('bank.github.io',))
    tap.is_([f['check'] for f in out['findings']],
            ['dmarc.rua-unauthorised'], 'another tenant of a public suffix')


def check_forms(zones):
    status, out, _ = zones.check(FAULTY, *HOST, '--format', 'nagios')
    tap.ok(status == 2 and out.count('\n') == 1 and
           re.match(r'MAIL CRITICAL - .*spf\.modifier-typo d\.example.* \| '
                    r'errors=\d+ warnings=\d+ unknown=\d+$', out),
           'Nagios', out)
    status, out, _ = zones.check(PARKED, '--format', 'nagios')
    tap.ok(status == 0 and out.startswith('MAIL OK - '), 'Nagios: OK', out)
    unknown = PARKED + '_mta-sts.d.example. TIMEOUT\n'
    tap.is_(zones.check(unknown, '--format', 'nagios')[0], 3,
            'Nagios: unknown')
    _, out, _ = zones.check(FAULTY, *HOST, '--format', 'nagios', '--only',
                            'spf.modifier-typo')
    tap.contains(out, '1 domain, 1 error, 0 warnings:', 'Nagios: one error')
    _, out, _ = zones.check(SENDS, *HOST, '-v')
    rows = re.findall(r'^  ok +(\S+)', out, re.M)
    tap.ok(rows and not [x for x in rows if '.' in x], 'what is ok has no id '
           'of a fault', out)
    tap.ok(re.search(r'^  error +dmarc\.missing', out, re.M),
           'what is not has one', out)
    zone = SENDS + ('s1._domainkey.d.example. TIMEOUT\n'
                    's2._domainkey.d.example. TXT "v=DKIM1; p="\n'
                    's2._domainkey.d.example. TXT "v=DKIM1; p="\n'
                    's3._domainkey.d.example. CNAME gone.example.\n')
    _, out, _ = zones.json(zone, '-s', 's1', '-s', 's2', '-s', 's3', '--only',
                           'dkim.*')
    for check, name in (('lookup', 's1'), ('multiple', 's2'),
                        ('cname-dangling', 's3')):
        tap.ok([f for f in out['findings'] if f['check'] == 'dkim.' + check and
                name + '._domainkey.d.example' in f['text']],
               'dkim.%s names the record' % check, out['findings'])
    _, out, _ = zones.check(FAULTY, *HOST, '--format', 'prometheus')
    tap.contains(out, 'mailseal_check{domain="d.example",'
                 'check="spf.modifier-typo",severity="error"} 1\n',
                 'Prometheus')
    samples = [x for x in out.splitlines() if x[:1] != '#']
    tap.is_(len(samples), len({x.rpartition(' ')[0] for x in samples}),
            'Prometheus: no sample twice')
    _, out, _ = zones.check(FAULTY, *HOST)
    tap.ok('spf.modifier-typo' in out and 'publish:' in out and
           'mtasts.missing' not in out, 'text', out)
    tap.ok(all(x[:10] in ('  error   ', '  warn    ') for x in
               out.splitlines() if re.match(r'  (error|warn)', x)),
           'text: columns', out)
    _, out, _ = zones.check('d.example. TIMEOUT\n*.d.example. TIMEOUT\n'
                            '_dmarc.d.example. TIMEOUT\n')
    tap.ok('\n  unknown spf.lookup' in out and 'No query was answered' in out,
           'text: no answer at all', out)
    _, out, _ = zones.check(FAULTY, *HOST, '-v')
    tap.contains(out, 'mtasts.missing', 'text: notes with -v')
    _, out, _ = zones.check(FAULTY, *HOST, '--records')
    tap.ok('spf.modifier-typo' not in out and 'd.example. TXT "v=spf1' in out,
           'records only', out)


def check_hostile(zones):
    hostile = (SENDS + 'd.example. TXT "v=spf1 \\027[2J\\007\\155 ~all"\n'
               '_dmarc.d.example. TXT "v=DMARC1; p=\\027[31m\\010; '
               '\\226\\128\\174=x"\n'
               's._domainkey.d.example. TXT "v=DKIM1; p=\\000\\"\\\\"\n')
    for form in ('text', 'zone', 'nagios', 'prometheus', 'json'):
        _, out, _ = zones.check(hostile, *HOST, '--selector', 's', '--format',
                                form)
        bad = [c for c in out if c != '\n' and not c.isprintable() and
               (form != 'json' or c < ' ')]
        tap.is_(bad, [], form + ': nothing that moves the cursor')
    huge = ''.join('d.example. TXT "%s"\n' % ('\\027' * 60000)
                   for _ in range(40)) + SENDS
    _, out, _ = zones.check(huge, *HOST, '-v')
    tap.ok(len(out) < 64 * 1024, 'the output stays short', len(out))


def check_manual():
    """Every id is in the manual, and the manual has no other."""
    with open(os.path.join(tree.SRC, 'lib/check/ids.c'),
              encoding='ascii') as f:
        ids = re.findall(r'^\t\{ "([a-z0-9.-]+)"', f.read(), re.M)
    with open(os.path.join(tree.SRC, 'tools/mailseal.1'),
              encoding='ascii') as f:
        listed = re.findall(r'^\.It Cm ([a-z]+\.[a-z0-9-]+)$', f.read(), re.M)
    tap.is_(sorted(listed), sorted(ids), 'the ids of the manual')


def main():
    zones = Zones()
    check_form(zones)
    check_json(zones)
    check_status(zones)
    check_usage(zones)
    check_key(zones)
    check_own(zones)
    check_fixes(zones)
    check_forms(zones)
    check_watch(zones)
    check_suffix(zones)
    check_hostile(zones)
    check_manual()


tap.main(main)
