# SPDX-License-Identifier: BSD-2-Clause
"""mailseal import: configurations of OpenDKIM and OpenDMARC become ones that
mailseald takes, with a comment for what means something else."""
import gzip
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import postgres  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
MANUALS = {'opendkim': '/usr/share/man/man5/opendkim.conf.5.gz',
           'opendmarc': '/usr/share/man/man5/opendmarc.conf.5.gz'}

DEBIAN = '''Syslog yes
SyslogSuccess yes
Canonicalization relaxed/simple
OversignHeaders From
UserID root
UMask 007
Socket local:@TOP@/opendkim.sock
PidFile @TOP@/opendkim.pid
TrustAnchorFile /usr/share/dns/root.key
'''
ONE_DOMAIN = '''# a small server
AutoRestart             Yes
AutoRestartRate         10/1h
LogWhy                  Yes
Mode                    s
Domain                  example.com
KeyFile                 @TOP@/mail.private
Selector                mail
Socket                  inet:12301@localhost
SignatureAlgorithm      rsa-sha256
On-BadSignature         r
'''
TABLES = '''Mode sv
SubDomains no
KeyTable                refile:@TOP@/KeyTable
SigningTable            refile:@TOP@/SigningTable
ExternalIgnoreList      refile:@TOP@/TrustedHosts
InternalHosts           refile:@TOP@/TrustedHosts
RequireSafeKeys         false
Domain                  example.com
Socket                  /var/run/opendkim.sock
ReportAddress           postmaster@example.com
Unheard                 of
'''
DMARC = '''AuthservID mx.example.com
TrustedAuthservIDs mx.example.com
RejectFailures true
HoldQuarantinedMessages true
IgnoreAuthenticatedClients true
IgnoreHosts @TOP@/TrustedHosts
IgnoreMailFrom a.example, b.example
RejectMultiValueFrom yes
RequiredHeaders no
DomainWhitelist list.example
DomainWhitelistFile @TOP@/sealers
PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat
SPFSelfValidate true
Socket local:/run/opendmarc/opendmarc.sock
'''


# A postconf that the test decides about.
ENV = dict(os.environ, PATH=os.path.join(TOP, 'bin') + ':' +
           os.environ['PATH'])


def path(name):
    return os.path.join(TOP, name)


def write(name, text):
    return proc.write(path(name), text.replace('@TOP@', TOP))


def run(*texts):
    """(exit status, what it printed, what it complained)"""
    names = [write('their%d.conf' % i, t) for i, t in enumerate(texts)]
    status, out, err = proc.run([tree.MAILSEAL, 'import'] + names)
    return status, out.decode(), err


def written(*texts):
    """The same with --write; and mailseald.conf."""
    names = [write('their%d.conf' % i, t) for i, t in enumerate(texts)]
    status, _, err = proc.run([tree.MAILSEAL, 'import', '--write',
                               path('new')] + names, env=ENV)
    with open(path('new/mailseald.conf'), encoding='utf-8') as f:
        return status, f.read(), err


def lines(text):
    return [x for x in text.splitlines() if x and x[0] != '#']


def check_loads(text, name):
    status, _, err = proc.run([tree.MAILSEALD, '-n', '-c',
                               write('ours.conf', text)])
    tap.is_(status, 0, name + ': mailseald takes it', err)


def test_known():
    """Every option of their manuals is one that we know."""
    for program, manual in MANUALS.items():
        if not os.path.exists(manual):
            tap.skip(program + ': all options are known',
                     'its manual is not installed')
            continue
        with gzip.open(manual, 'rt', encoding='utf-8') as f:
            names = re.findall(r'^\.I ([A-Za-z-]+) \(', f.read(), re.M)
        tap.ok(len(names) > 30, program + ': a manual with options',
               str(len(names)))
        text = ''.join('%s x\n' % n for n in names if n != 'Include')
        _, out, err = run(text) if program == 'opendkim' else run('', text)
        tap.ok('unknown option' not in out and out, program +
               ': all options are known', out + err)


def effects(text):
    """{heading: [what stands below it]}, in their order."""
    found, at = {}, None
    for line in text.splitlines():
        if re.match(r'# [A-Z].*:$', line):
            at = found.setdefault(line[2:-1], [])
        elif at is not None and re.match(r'#  (\d+\.|-) ', line):
            at.append(line)
    return found


def first(out):
    """The heading that comes first, and its first line."""
    found = effects(out)
    heading = next(iter(found))
    return heading, found[heading][0]


UNSIGNED = 'Mail leaves unsigned, or is not sealed'
REFUSED = 'Mail is refused, held or deferred that was not'
ACCEPTED = 'Mail is accepted that was not'
EXEMPT = 'Mail is no longer exempt'
TO_DO = 'To do'
DIFFERENT = 'Different, and needs nothing'


def test_debian():
    status, out, err = run(DEBIAN)
    tap.is_(status, 0, 'as Debian ships it', err)
    got = lines(out)
    names = [x for x in got if x.startswith('AuthservID ')]
    tap.ok(names and names[0].startswith('AuthservID {j}'), 'the MTA\'s name',
           out)
    tap.is_([x for x in got if x not in names], [
        'LogTarget syslog', 'Canonicalization relaxed/simple',
        'OversignHeaders From', 'UserID root', 'UMask 007',
        'Socket local:%s/opendkim.sock' % TOP,
        'TrustAnchorFile /usr/share/dns/root.key', 'OnDNSError accept',
        'OnBadSignature accept', 'OnDMARCReject accept',
        'OnDMARCQuarantine accept', 'OnDMARCTempError accept',
        'OnBadFrom accept'], 'its lines')
    tap.contains(out, 'SyslogSuccess yes (', 'what means nothing')
    tap.contains(out, 'PidFile %s/opendkim.pid (' % TOP, 'no PidFile')
    tap.is_(first(out)[0], TO_DO, 'what is to be done comes first')
    check_loads(out, 'as Debian ships it')


def test_one_domain():
    proc.run([tree.DKIMKEYGEN, '-d', 'example.com', '-s', 'mail', '-D', TOP])
    status, out, err = run(ONE_DOMAIN)
    tap.is_(status, 0, 'one domain', err)
    for want in ('Domain example.com', 'Selector mail', 'Mode s',
                 'Socket inet:12301@localhost', 'KeyStore none',
                 'Canonicalization simple/simple', 'OversignHeaders none'):
        tap.ok(want in lines(out), want, out)
    tap.ok('LogWhy Yes (' in out and 'AutoRestart Yes (' in out and
           out.count('the init system restarts') == 1,
           'what is the same is said once', out)
    check_loads(out, 'one domain')


def test_tables():
    write('TrustedHosts', '127.0.0.1\n::1\n10.0.0.0/8\n')
    write('KeyTable', 'k1 example.com:mail:@TOP@/mail.private\n'
          'k2 example.org:mail:@TOP@/none.private\n'
          'k3 example.net:open:@TOP@/open.private\n')
    proc.run([tree.DKIMKEYGEN, '-d', 'example.net', '-s', 'open', '-D', TOP])
    os.chmod(path('open.private'), 0o644)
    write('SigningTable', '*@example.com k1\njoe@example.com k2\n'
          '*@example.net k3\nexample.org k3\n')
    status, out, err = run(TABLES)
    tap.is_(status, 1, 'tables with keys that cannot sign', err)
    for want in ('KeyTable file:%s/KeyTable' % TOP,
                 'SigningTable refile:%s/SigningTable' % TOP,
                 'InternalHosts %s/TrustedHosts' % TOP,
                 'Socket unix:/var/run/opendkim.sock'):
        tap.ok(want in lines(out), want, out)
    tap.ok(not any(x.startswith('Domain') for x in lines(out)),
           'what OpenDKIM ignores does not come first', out)
    tap.contains(out, 'Unheard of (%s/their0.conf:11): unknown option' %
                 TOP, 'an unknown option')
    for want, name, heading in (
            ('SigningTable:2: ', 'a rule behind another', DIFFERENT),
            ('SigningTable:4: "example.org" matches no author',
             'a rule that matches no author', DIFFERENT),
            ('KeyTable:2: %s/none.private: No such file' % TOP,
             'a key that is missing', UNSIGNED),
            ('KeyTable:3: %s/open.private: mode 0644' % TOP,
             'a key that is open', UNSIGNED)):
        tap.ok(any(want in x for x in effects(out)[heading]), name, out)
    os.chmod(path('open.private'), 0o600)
    os.link(path('open.private'), path('none.private'))
    status, out, _ = run(TABLES)
    tap.is_(status, 0, 'tables', out)
    check_loads(re.sub('Socket.*', 'Socket unix:' + path('s'), out),
                'tables')
    write('SigningTable', '*@example.com k1\n*@example.org k9\n')
    status, out, _ = run(TABLES)
    tap.is_(status, 1, 'a rule that names no key')
    tap.ok(re.search('# .*SigningTable:2: .*k9', out), 'and which', out)
    write('SigningTable', '*@example.com k1\n')
    _, out, _ = run(TABLES)
    tap.contains(out, 'KeyTable:2: no rule of the SigningTable uses',
                 'a key that no rule names')
    write('Plain', '*@example.com k1\n*.example.com k1\n* k1\njoe@* k1\n')
    _, out, _ = run(TABLES.replace('refile:@TOP@/SigningTable',
                                   '@TOP@/Plain'))
    tap.ok('Plain:1: ' in out and 'Plain:2: ' in out and 'Plain:3: ' not in out
           and 'Plain:4: ' not in out and 'refile:' in out,
           'patterns in a plain table match no author', out)


def test_in_place():
    """Lists, relative paths and databases in place of a table."""
    os.mkdir(path('base'))
    os.link(path('mail.private'), path('base/k.private'))
    write('base/keys', 'k example.com:mail:./k.private\n')
    write('base/rules', 'example.com k\n')
    status, out, err = run('BaseDirectory @TOP@/base\nKeyTable file:keys\n'
                           'SigningTable rules\n'.replace('rules',
                                                          'file:rules') +
                           'Socket inet:1@localhost\n')
    tap.is_(status, 0, 'relative paths', err + out)
    tap.ok('SigningTable file:%s/base/rules' % TOP in lines(out) and
           'KeyTable csl:k=example.com:mail:%s/base/./k.private' % TOP in
           lines(out), 'become absolute, those of keys too', out)
    check_loads(out, 'relative paths')
    status, out, err = run('KeyTable k=example.com:mail:@TOP@/mail.private\n'
                           'SigningTable csl:example.com=k,*=k\n')
    tap.is_(status, 0, 'lists', err + out)
    tap.ok('SigningTable csl:example.com=k,*=k' in lines(out), 'stay lists',
           out)
    check_loads(out, 'lists')
    for lost in ('dsn:mysql://me:secret@3306+db/mail/table=dkim?keycol=id?'
                 'datacol=domain,selector,key', 'ldap://db/o=x??sub?(x=$d)',
                 'lua:/x.lua', 'lmdb:/x', 'redis://db', '/x.db'):
        for text in ('KeyTable %s\nSigningTable file:%s/base/rules\n',
                     'SigningTable %s\nKeyTable file:%s/KeyTable\n'):
            status, out, _ = run(text % (lost, TOP))
            name = lost.split('/')[0] + ' as ' + text[:12]
            tap.is_(status, 1, name)
            tap.is_(first(out)[0], UNSIGNED, name + ' is said first', out)
            status, _, err = proc.run([tree.MAILSEALD, '-n', '-c',
                                       write('ours.conf', out)])
            tap.ok(status != 0 and 'is not a table' in err or 'no such' in
                   err.lower(), name + ': mailseald does not start', err)
            tap.ok('secret' not in out, name + ': no password', out)
            if 'mysql' in lost:
                tap.contains(out, 'SELECT id, domain,selector,key FROM dkim',
                             name + ': the query')


def test_postgres():
    if postgres.unavailable():
        tap.skip('a database', postgres.unavailable())
        return
    db = postgres.Postgres(path('postgres'))
    db.psql('mailseal', 'CREATE TABLE dkim (id int, domain text, sel text, '
            'key text); INSERT INTO dkim VALUES (1, \'example.com\', '
            '\'mail\', \'%s\'); INSERT INTO dkim VALUES (2, '
            '\'example.org\', \'mail\', \'%s\');' % (
                path('mail.private'), path('mail.private')))
    dsn = 'dsn:pgsql://owner@%d+127.0.0.1/mailseal/table=dkim?keycol=%s?' \
        'datacol=%s'
    text = 'KeyTable %s\nSigningTable %s\n' % (
        dsn % (db.port, 'id', 'domain,sel,key'),
        dsn % (db.port, 'domain', 'id'))
    status, out, err = run(text)
    tap.is_((status, first(out)[0]), (1, UNSIGNED),
            'a database whose keys must not be printed')
    tap.contains(out, '--write DIR', 'and what to do')
    status, out, err = written(text)
    tap.is_(status, 0, 'a database', err + out)
    with open(path('new/key.table'), encoding='ascii') as f:
        tap.is_(f.read(), '1 example.com:mail:%s\n2 example.org:mail:%s\n' % (
            path('mail.private'), path('mail.private')), 'is a file')
    tap.is_(os.stat(path('new/key.table')).st_mode & 0o777, 0o600,
            'that others cannot read')
    with open(path('new/signing.table'), encoding='ascii') as f:
        tap.is_(f.read(), 'example.com 1\nexample.org 2\n', 'and the rules')
    check_loads(out, 'a database')
    status, out, _ = run(text.replace('table=dkim', 'table=none'))
    tap.is_((status, first(out)[0]), (1, UNSIGNED), 'no such table')
    tap.contains(out, 'SELECT id, domain,sel,key FROM none', 'the query')
    db.stop()


def test_user():
    """Whose the keys must be: OpenDKIM's user, or the first that there is."""
    alone = 'Domain example.com\nSelector mail\nKeyFile %s\n' % path(
        'mail.private')
    for texts, want in ((('UserID opendkim\n',), 'chown -R opendkim,'),
                        (('UserID a:b\n', 'UserID c\n'), 'chown -R a:b,'),
                        (('', 'UserID c\n'), 'chown -R c,'),
                        (('',), 'chown -R mailseal,')):
        _, out, _ = run(alone + texts[0], *texts[1:])
        tap.ok(any(want in x for x in effects(out)[TO_DO]), want, out)
        tap.is_(out.count('chown -R'), 1, 'said once')
    _, out, _ = run('Mode v\nUserID opendkim\n')
    tap.ok('chown' not in out, 'no keys, no word about them', out)
    tap.ok(any('User= in mailseald.service' in x
               for x in effects(out)[TO_DO]), 'nor may the unit say otherwise',
           out)


HOSTS = """127.0.0.1
::1, 10.0.0.0/8 !10.9.0.1
10.1.0.0/16 office
192.168.*
host.example  # a comment
!10.9.0.1
10.9.0.1
*.example.com
mail*.example.org
300.0.0.1
10.1.2.3/8
2001:DB8::/32
2001:db8:0::1
10.8.*
"""


def test_hosts():
    """What matched is in the list; what matched nothing is left out."""
    write('Hosts', HOSTS)
    plain = '!10.9.0.1, 127.0.0.1, 10.1.0.0/16, host.example, 2001:DB8::/32'
    more = '!10.9.0.1, 127.0.0.1, 10.1.0.0/16, 192.168.0.0/16, ' \
        'host.example, 2001:DB8::/32, 10.8.0.0/16'
    for kind, kept, wants in (
            ('file:', plain, ((':8: "*.example.com" is not a pattern',
                               DIFFERENT),
                              (':9: "mail*.example.org" is no', DIFFERENT),
                              (':4: "192.168.*" is not a pattern',
                               DIFFERENT))),
            ('refile:', more, ((':8: "*.example.com" begins', DIFFERENT),
                               (':9: "mail*.example.org" is a pattern',
                                UNSIGNED)))):
        status, out, _ = run(ONE_DOMAIN + 'InternalHosts %s@TOP@/Hosts\n' %
                             kind)
        tap.is_([x for x in lines(out) if x.startswith('InternalHosts')],
                ['InternalHosts ' + kept], kind + 'what is left')
        tap.is_(status, 1 if kind == 'refile:' else 0,
                kind + 'the exit status')
        for want, heading in wants + (
                (':2: "::1," is', DIFFERENT), (':10: "300.0.0.1" is',
                                               DIFFERENT),
                (':7: "10.9.0.1" occurs', DIFFERENT),
                (':11: "10.1.2.3/8" is not how', DIFFERENT),
                (':13: "2001:db8:0::1" is not how', DIFFERENT),
                ('has lines with several words', DIFFERENT),
                ('this is a copy of %s' % path('Hosts'), DIFFERENT)):
            tap.ok(any('InternalHosts: ' in x and want in x
                       for x in effects(out)[heading]), kind + want, out)
        check_loads(out, kind + 'what is left')
    write('Hosts', '10.0.0.0/8\n!mail*.example.org\n')
    status, out, _ = run(ONE_DOMAIN + 'InternalHosts refile:@TOP@/Hosts\n')
    tap.ok(status == 1 and 'so is the whole list' in first(out)[1],
           'an exclusion that is lost loses the list', out)
    status, _, err = proc.run([tree.MAILSEALD, '-n', '-c',
                               write('ours.conf', out)])
    tap.ok(status != 0 and 'is not an address' in err,
           'and mailseald does not start', err)
    _, out, _ = run('Mode v\nPeerList csl:a.example,b_*,10.0.0.1\n',
                    'IgnoreHosts 10.1.1.1, 10.1.1.*\n')
    for want in ('PeerList a.example, 10.0.0.1', 'TrustedNetworks 10.1.1.1'):
        tap.ok(want in lines(out), want, out)


def test_hosts_bad():
    write('Hosts', ''.join('x*.a%d.example\n' % i for i in range(300)))
    _, out, _ = run(ONE_DOMAIN + 'InternalHosts refile:@TOP@/Hosts\n'
                    'ExternalIgnoreList /none\n')
    tap.is_(out.count('left out: '), 21, 'many that are left out')
    tap.contains(out, 'InternalHosts: left out: 280 more', 'are counted')
    tap.contains(out, 'ExternalIgnoreList /none (', 'a file that is not there')
    write('Hosts', 'x_*\n' + 'a.example\n' * 9000)
    status, out, _ = run(ONE_DOMAIN + 'InternalHosts @TOP@/Hosts\n')
    tap.ok('is too long for a line' in out and status == 1,
           'too many to keep', out[-500:])
    for name in ('InternalHosts ldap://x', 'PeerList lua:/x',
                 'InternalHosts /none'):
        status, out, _ = run(ONE_DOMAIN + name + '\n')
        tap.is_(status, 1, name)
        tap.ok(first(out)[0] in (UNSIGNED, EXEMPT) and name in first(out)[1],
               name + ' is said first', out)
        status, _, err = proc.run([tree.MAILSEALD, '-n', '-c',
                                   write('ours.conf', out)])
        tap.ok(status != 0 and name.split()[1] in err,
               name + ': mailseald does not start', err)


def test_senders():
    """MTA and MacroList are one list; a macro that has no equal is said."""
    for text, want, lost in (
            ('MacroList daemon_name=ORIGINATING|SUBMIT\nMTA MSA',
             'MTA MSA, ORIGINATING, SUBMIT', False),
            ('MacroList csl:{daemon_name}=A,auth_type', 'MTA A', False),
            ('MacroList daemon_name|ORIGINATING', 'MTA ORIGINATING', False),
            ('MacroList {daemon_name}|A|B', 'MTA A, B', False),
            ('MacroList auth_authen|joe', None, True),
            ('MacroList i', None, True),
            ('MacroList daemon_name', None, True),
            ('MacroList auth_authen=joe', None, True),
            ('SenderHeaders Sender,From', None, True),
            ('SenderHeaders From', None, False),
            ('SetupPolicyScript /x.lua', None, True)):
        status, out, _ = run(ONE_DOMAIN + text + '\n')
        tap.is_(status, 1 if lost else 0, text, out)
        if lost:
            tap.is_(first(out)[0], UNSIGNED, text + ' is said first')
        tap.is_([x for x in lines(out) if x.startswith('MTA ')],
                [want] if want else [], text + ': MTA')


def test_headers():
    """What is not to be signed is not."""
    default = ('From,Sender,Reply-To,Subject,Date,Message-ID,To,Cc,'
               'MIME-Version,Content-Type,Content-Transfer-Encoding,'
               'In-Reply-To,References,Resent-Date,Resent-From,Resent-To,'
               'Resent-Cc,List-Id,List-Help,List-Unsubscribe,'
               'List-Unsubscribe-Post,List-Subscribe,List-Post,List-Owner,'
               'List-Archive')
    without = default.replace('Subject,', '').replace('Content-Type,', '')
    for text, want in (
            ('OmitHeaders Subject, content-type', without),
            ('OmitHeaders *,+Subject,+content-type', without),
            ('SignHeaders *,-Subject,-Content-Type', without),
            ('SignHeaders -Subject\nOmitHeaders Content-Type', without),
            ('SignHeaders *,-Subject,-Content-Type,+X-A,X-B',
             without + ',X-A,X-B'),
            ('SignHeaders From,Subject,To\nOmitHeaders Subject', 'From,To'),
            ('SignHeaders From,Subject,X-A', 'From,Subject,X-A'),
            ('SignHeaders *,+X-A', '*,X-A'),
            ('SignHeaders *,-X-A', None),
            ('OmitHeaders *,X-A', None),
            ('OmitHeaders From', None)):
        status, out, _ = run(ONE_DOMAIN + text + '\n')
        tap.is_((status, [x for x in lines(out)
                          if x.startswith('SignHeaders ')]),
                (0, ['SignHeaders ' + want] if want else []), text)


def test_domains():
    one = 'Selector mail\nKeyFile %s\nSocket inet:1@localhost\n' % path(
        'mail.private')
    write('Domains', 'example.com\n*.example.com\n')
    table = 'csl:import=%%:mail:%s' % path('mail.private')
    for text, want in (
            ('Domain example.com, *.example.com', ['Domain example.com']),
            ('Domain *', ['KeyTable ' + table, 'SigningTable csl:*=import']),
            ('Domain refile:@TOP@/Domains',
             ['KeyTable ' + table, 'SigningTable csl:example.com=import,'
              '.example.com=import']),
            ('Domain file:@TOP@/Domains', ['Domain example.com'])):
        status, out, _ = run(text + '\n' + one)
        tap.is_([x for x in lines(out) if re.match('Domain |.*Table ', x)],
                want, text)
        tap.is_(status, 0, text + ' loses nothing', out)
        check_loads(out, text)
    status, out, _ = run('Domain ldap://x\n' + one)
    tap.is_((status, first(out)[0]), (1, UNSIGNED), 'a list that is lost')


def test_actions():
    """On-..., as OpenDKIM 2.11 acts on them."""
    for text, want, heading in (
            ('On-BadSignature r', ['OnBadSignature reject',
                                   'BadSignatures altered'], ACCEPTED),
            ('On-BadSignature accept', ['OnBadSignature accept'], None),
            ('On-BadSignature quarantine', ['OnBadSignature accept'], None),
            ('On-BadSignature q\nCaptureUnknownErrors yes',
             ['OnBadSignature quarantine'], ACCEPTED),
            ('On-BadSignature discard', ['OnBadSignature reject'], REFUSED),
            ('On-Default reject\nOn-NoSignature a\nOn-KeyNotFound a',
             ['OnBadSignature reject'], ACCEPTED),
            ('On-DNSError tempfail', ['OnDNSError accept'], None),
            ('On-NoSignature reject', [], ACCEPTED),
            ('On-KeyNotFound t', [], ACCEPTED),
            ('On-InternalError accept', ['OnInternalError accept'], None),
            ('RequiredHeaders yes', ['OnBadFrom reject'], REFUSED),
            ('On-NoSignature reject\nAlwaysAddARHeader yes', [], None),
            ('PeerList 192.0.2.1', ['PeerList 192.0.2.1'], None),
            ('RemoveARFrom old.example, mx.example\nAuthservID mx.example',
             ['AuthservID mx.example, old.example'], None),
            ('AuthservID HOSTNAME', ['AuthservID HOSTNAME'], None),
            ('DontSignMailTo a@b.example', [], EXEMPT),
            ('ExemptDomains b.example', [], EXEMPT),
            ('MinimumKeyBits 512', [], None)):
        status, out, _ = run('Mode v\n' + text + '\n')
        tap.is_(status, 1 if heading else 0, text, out)
        tap.ok(all(x in lines(out) for x in want), text + ': lines', out)
        if heading:
            tap.is_(first(out)[0], heading, text + ': what comes first')
    _, out, _ = run('Mode v\nMinimumKeyBits 512\n')
    tap.contains(out, 'MinimumKeyBits 512 (', 'a value that is not valid')


def test_headers_of_ours():
    """With Mode s, too, OpenDKIM refuses mail that it would sign."""
    status, out, _ = run(ONE_DOMAIN + 'RequiredHeaders yes\n')
    tap.is_((status, first(out)[0]), (1, ACCEPTED), 'RequiredHeaders, Mode s',
            out)
    status, out, _ = run('Mode s\nRequiredHeaders yes\n')
    tap.is_(status, 0, 'RequiredHeaders, nothing signed', out)


def test_logins():
    """OpenDMARC judges logins, if it is not told otherwise."""
    for dkim, dmarc, want in (
            (ONE_DOMAIN, 'RejectFailures yes', True),
            (ONE_DOMAIN, 'RejectFailures yes\nIgnoreAuthenticatedClients yes',
             False),
            (ONE_DOMAIN, 'RejectFailures no', False),
            ('Mode v\n', 'RejectFailures yes', False)):
        status, out, _ = run(dkim, dmarc + '\n')
        tap.is_('OnForeignAuthor reject' in lines(out), want, dmarc, out)
        tap.is_(status, 1 if 'yes' in dmarc.split()[1] else 0, 'its status')


def test_belief():
    """OpenDMARC does not believe what is written under another name."""
    said = 'does not believe OpenDKIM'
    for dkim, dmarc, want in (
            ('', 'AuthservID a.example', True),
            ('AuthservID b.example', 'AuthservID a.example', True),
            ('AuthservID b.example', 'AuthservID a.example\n'
             'TrustedAuthservIDs c.example, b.example', False),
            ('AuthservID a.example', 'AuthservID a.example', False),
            ('AuthservIDWithJobID yes', '', True), ('', '', False)):
        _, out, _ = run('Mode v\n' + dkim + '\n', 'RejectFailures yes\n' +
                        dmarc + '\n')
        tap.is_(said in out, want, '%s, %s' % (dkim, dmarc), out)


def test_opendmarc():
    write('sealers', 'more.example\n')
    status, out, err = run(DEBIAN, DMARC)
    tap.is_(status, 1, 'both programs', err)
    for want in ('OnDMARCReject reject', 'OnDMARCQuarantine hold',
                 'OnBadFrom reject', 'OnDMARCTempError tempfail',
                 'DomainRules a.example ignore, b.example ignore',
                 'TrustedSealers list.example, more.example',
                 'OrgDomain psl', 'TrustedNetworks %s/TrustedHosts' % TOP):
        tap.ok(want in lines(out), want, out)
    tap.is_(out.count('\nSocket '), 1, 'one socket')
    tap.ok(any('One milter now: smtpd_milters and non_smtpd_milters' in x
               for x in effects(out)[TO_DO]), 'and Postfix names no other',
           out)
    tap.is_(list(effects(out))[:3], [REFUSED, ACCEPTED, TO_DO],
            'in the order of consequence')
    head = out.splitlines()[:12]
    tap.ok(any('then do what follows up to' in x for x in head) and
           any('mailseald -n' in x for x in head),
           'who reads no further knows what to do', out)
    check_loads(re.sub('Socket.*', 'Socket unix:' + path('s'), out),
                'both programs')
    for text, want in (
            ('', 'OnDMARCReject accept'),
            ('HoldQuarantinedMessages true', 'OnDMARCQuarantine accept'),
            ('RejectFailures true', 'OnDMARCQuarantine accept'),
            ('RejectFailures true', 'OnBadFrom reject'),
            ('RejectFailures false', 'OnBadFrom accept'),
            ('RequiredHeaders no\nRejectMultiValueFrom yes',
             'OnBadFrom reject'),
            ('RejectFailures false', 'OnDMARCTempError accept')):
        _, out, _ = run('Mode s\n', 'AuthservID x.example\n' + text + '\n')
        tap.ok(want in lines(out), text + ': ' + want, out)
        tap.ok('Mode v' in lines(out), 'mail is judged, with Mode s too', out)
    for trusted, said in (('mx.example', False), ('HOSTNAME', False),
                          ('mx.example,other.example', True)):
        _, out, _ = run('AuthservID mx.example\n', 'RejectFailures true\n'
                        'TrustedAuthservIDs %s\n' % trusted)
        tap.is_('name it in TrustedRelays' in out, said,
                'TrustedAuthservIDs ' + trusted)


def test_one_socket():
    """Whose Socket it is: OpenDKIM's, OpenDMARC's or the default."""
    one = 'One milter now: '
    for opendkim, opendmarc, socket in (
            ('Socket inet:1@localhost\n', 'Socket inet:2@localhost\n',
             'inet:1@localhost'),
            ('', 'Socket inet:2@localhost\n', 'inet:2@localhost'),
            ('', '', 'inet:8891@127.0.0.1')):
        _, out, _ = run('Mode v\n' + opendkim, opendmarc)
        tap.is_(out.count(one), 1, socket + ' in place of two')
        tap.ok('Socket ' + socket in lines(out), socket, out)
    _, out, _ = run('Mode v\nSocket inet:1@localhost\n')
    tap.ok(one not in out, 'a milter alone stays one', out)
    _, out, _ = run('Socket local:/run/opendkim/opendkim.sock\n')
    tap.contains(out, 'ReadWritePaths=', 'a directory that the unit closes')
    _, out, _ = run('Socket local:/run/mailseal/milter.sock\n')
    tap.ok('ReadWritePaths=' not in out, 'one that it opens', out)


ARC = 'Domain example.com\nSelector arc\nKeyFile @TOP@/mail.private\n'


def test_kinds():
    """The program of a file by its options, or by its name."""
    for name, text, want in (
            ('a', 'RejectFailures yes\n', 'OpenDMARC'),
            ('b', 'Mail_From_reject = Fail\ndebugLevel = 1\n',
             'policyd-spf'),
            ('c', 'SealHeaderChecks /x\nDomain a.example\n', 'OpenARC'),
            ('d', 'SigningTable /x\nVaultToken x\n', 'OpenDKIM'),
            ('openarc.conf', ARC, 'OpenARC'),
            ('opendkim.conf', ARC, 'OpenDKIM'),
            ('x.conf', ARC, 'OpenDKIM'),
            ('opendmarc.conf', 'Syslog yes\n', 'OpenDMARC'),
            ('e', '', 'OpenDKIM')):
        _, out, _ = proc.run([tree.MAILSEAL, 'import', write(name, text)])
        tap.contains(out.decode().splitlines()[0],
                     '%s (%s)' % (path(name), want), 'whose %s is' % name)
    _, out, _ = run(ARC, ARC)
    tap.contains(out, 'their1.conf (OpenARC)', 'the second of two')


def test_openarc():
    """Its key does not take the place of OpenDKIM's."""
    write('openarc.conf', ARC + 'PeerList 192.0.2.1\n')
    dkim = write('their0.conf', ONE_DOMAIN)
    status, out, _ = proc.run([tree.MAILSEAL, 'import', dkim,
                               path('openarc.conf')])
    out = out.decode()
    tap.is_(status, 0, 'OpenARC of the same domain', out)
    for want in ('Selector mail', 'ArcSeal all', 'ArcSealKey example.com',
                 'Mode sv'):
        tap.ok(want in lines(out), want, out)
    tap.contains(out, 'seals are by the key that signs', 'by which key')
    check_loads(out, 'OpenARC of the same domain')
    write('openarc.conf', ARC.replace('example.com', 'example.org'))
    status, out, _ = proc.run([tree.MAILSEAL, 'import', path('openarc.conf'),
                               dkim])
    tap.is_((status, first(out.decode())[0]), (1, UNSIGNED),
            'OpenARC of another domain')
    check_loads(out.decode(), 'OpenARC of another domain')
    status, out, _ = proc.run([tree.MAILSEAL, 'import',
                               path('openarc.conf')])
    tap.ok('ArcSealKey example.org' in lines(out.decode()), 'OpenARC alone',
           out)
    check_loads(out.decode(), 'OpenARC alone')
    for line in 'Domain a b', 'KeyFile %s/gone.private' % TOP:
        write('openarc.conf', ARC + line + '\n')
        status, out, _ = proc.run([tree.MAILSEAL, 'import',
                                   path('openarc.conf')])
        tap.is_((status, first(out.decode())[0]), (1, UNSIGNED),
                'OpenARC, %s: no start, and it says so' % line)


def test_policyd():
    for text, lost in (('', True), ('HELO_reject = False\n', True),
                       ('TestOnly = 0\n', False),
                       ('HELO_reject = No_Check\nMail_From_reject = False\n',
                        False),
                       ('HELO_reject = False\nMail_From_reject = False\n'
                        'TempError_Defer = True\n', True),
                       ('HELO_reject = Null\nMail_From_reject = False\n',
                        True)):
        status, out, _ = proc.run([tree.MAILSEAL, 'import', write(
            'policyd-spf.conf', 'debugLevel = 1\n' + text)])
        out = out.decode()
        tap.is_(status, 1 if lost else 0, 'policyd-spf: ' + text, out)
        tap.is_('keep check_policy_service' in out, lost, 'what to do')
        tap.ok('ReceivedSPF yes' in lines(out), 'its field', out)
    for option in ('Mail_From_pass_restriction = ok', 'Per_User = text,/x',
                   'HELO_pass_restriction = ok',
                   'Reject_Not_Pass_Domains = a.example'):
        status, out, _ = proc.run([tree.MAILSEAL, 'import', write(
            'policyd-spf.conf', 'HELO_reject = False\n'
            'Mail_From_reject = False\n%s\n' % option)])
        out = out.decode()
        tap.is_(status, 1, 'policyd-spf: ' + option, out)
        tap.ok(any(option.split()[0] in x for x in effects(out)[ACCEPTED]) and
               'Remove check_policy_service' not in out, 'and what is lost',
               out)
    _, out, _ = proc.run([tree.MAILSEAL, 'import', write(
        'policyd-spf.conf', 'Header_Type = AR\nAuthserv_Id = mx.example\n')])
    tap.ok('AuthservID mx.example' in lines(out.decode()) and
           'ReceivedSPF' not in out.decode(), 'Header_Type AR', out)


POSTCONF = """#!/bin/sh
case $2 in
myhostname) echo mx.example.com;;
smtpd_milters) echo "unix:opendkim/opendkim.sock, inet:127.0.0.1:8893 \
inet:localhost:11332";;
non_smtpd_milters) echo '$smtpd_milters';;
esac
"""


def test_write():
    """Everything in a folder, and the commands to run."""
    os.mkdir(path('bin'))
    os.chmod(write('bin/postconf', POSTCONF), 0o755)
    write('KeyTable', 'k example.com:mail:@TOP@/mail.private\n')
    write('SigningTable', '*@example.com k\n')
    status, out, err = written(
        'UserID opendkim:mail\n'
        'Socket local:/var/spool/postfix/opendkim/opendkim.sock\n'
        'KeyTable @TOP@/KeyTable\nSigningTable refile:@TOP@/SigningTable\n',
        'Socket inet:8893@localhost\nAuthservID mx.example.org\n')
    tap.is_(status, 0, 'written', err)
    for want in ('AuthservID {j}, mx.example.com, mx.example.org',
                 'Socket local:/var/spool/postfix/opendkim/opendkim.sock'):
        tap.ok(want in lines(out), want, out)
    with open(path('new/commands.sh'), encoding='utf-8') as f:
        commands = f.read()
    tap.is_(proc.run(['sh', '-n', path('new/commands.sh')])[0], 0,
            'commands for a shell', commands)
    places = [commands.find(x) for x in (
        "for key in '%s'; do" % path('mail.private'),
        "chown 'opendkim:mail' \"$key\" && chmod 600 \"$key\"",
        'install -d -m 700 /',
        "chown -R 'opendkim:mail' /",
        "mailseald -n -c '%s'" % path('new/mailseald.conf'),
        'postconf -e milter_default_action=tempfail',
        'systemctl disable --now opendkim opendmarc\n',
        'systemctl enable --now mailseald',
        "postconf -e 'smtpd_milters=unix:opendkim/opendkim.sock, "
        "inet:localhost:11332' 'non_smtpd_milters=$smtpd_milters'")]
    tap.ok(min(places) >= 0 and places == sorted(places),
           'in their order, and the other milter stays', commands)
    with open(path('new/mailseald.service.conf'), encoding='utf-8') as f:
        tap.is_(re.sub(r'-/\S*/lib/mailseal\n', '-STATE\n', f.read()),
                '[Service]\nUser=opendkim\nGroup=mail\n'
                'ReadWritePaths=-STATE\n'
                'ReadWritePaths=-/var/spool/postfix/opendkim\n',
                'the unit may use them')
    tap.is_(sorted(os.listdir(path('new'))), [
        'commands.sh', 'mailseald.conf', 'mailseald.service.conf'],
            'tables that have files stay there')
    written('Socket local:/run/opendkim/opendkim.sock\nMode v\n')
    with open(path('new/mailseald.service.conf'), encoding='utf-8') as f:
        tap.contains(f.read(), 'RuntimeDirectory=mailseal opendkim',
                     'a directory that a start makes')
    status, _, err = proc.run([tree.MAILSEAL, 'import', '--write',
                               path('mail.private') + '/x', write('x', '')])
    tap.ok(status == 2 and 'mail.private' in err, 'no folder', err)


def test_compare():
    """What authors and kinds of mail meet, before and after."""
    text = 'SigningTable refile:@TOP@/SigningTable\n' \
        'InternalHosts 127.0.0.1,10.0.0.0/8\n'
    compare = [tree.MAILSEAL, 'import', '--compare']
    status, out, err = proc.run(compare + [write(
        'a', 'KeyTable @TOP@/KeyTable\n' + text)])
    out = out.decode()
    tap.is_(status, 0, 'nothing differs', out + err)
    for want in ('any@example.com +a program here +signed d=example.com '
                 's=mail +signed d=example.com s=mail',
                 'any@example.com +outside +not signed +not signed',
                 'any@example.com +10.0.0.0 +signed',
                 'fails DMARC under p=reject +outside +accepted +accepted'):
        tap.ok(re.search('^  ' + want, out, re.M), want, out)
    status, out, err = proc.run(compare + [path('a'), write(
        'opendmarc.conf', 'RejectFailures yes\nSPFSelfValidate yes\n')])
    tap.ok(status == 1 and re.search(
        '^! fails DMARC under p=reject +127.0.0.1 +accepted +accepted|'
        '^! a subdomain without .* +outside +accepted +refused',
        out.decode(), re.M), 'a difference is marked', out)
    tap.ok(re.search('^  fails DMARC under p=reject +a login +refused '
                     '+refused', out.decode(), re.M),
           'a login in the name of others', out)
    status, out, err = proc.run(compare + [write(
        'b', 'KeyTable ldap://x\n' + text)])
    tap.ok(status == 1 and 'signed, if the table has it' in out.decode() and
           'does not start' in out.decode() and 'is not a table' in err,
           'a table that is lost', out.decode() + err)


def test_odd():
    """Values stay as they are, or in a comment."""
    odd = os.path.join(TOP, 'a\\b.private')
    text = 'Mode s\nDomain example.com\nSelector mail\nKeyFile %s\n' % odd
    status, out, err = run(text + 'AuthservID mx\001.example.com\n'
                           'SyslogFacility x\033[31m\n')
    tap.is_(status, 1, 'a key that is not there', err)
    tap.ok('KeyFile ' + odd in lines(out), 'a backslash is left alone', out)
    tap.ok('KeyFile: ' in first(out)[1] and 'No such file' in first(out)[1],
           'is said first', out)
    tap.ok('AuthservID' not in ''.join(lines(out)) and
           'the value has control characters' in out and '\001' not in out and
           '\033' not in out, 'control characters', out)
    status, out, _ = run(text.replace('Selector mail', 'Selector m\001') +
                         'MTA a\001b\nInternalHosts 192.0.2.1, a\177\n')
    tap.ok(status == 1 and re.search(
        r'MTA a\\x01b \(\S+\): it has control characters', out) and
           'MTA' not in ''.join(lines(out)), 'a list with them', out)
    tap.ok('Selector m\\x01' in lines(out) and '\001' not in out and
           'InternalHosts 192.0.2.1, a\\x7f' in lines(out),
           'an option that decides: a line that is refused', out)
    status, _, err = proc.run([tree.MAILSEALD, '-n', '-c',
                               write('ours.conf', out)])
    tap.ok(status != 0, 'mailseald does not start with it', err)
    os.link(path('mail.private'), odd)
    status, out, _ = run(text)
    tap.ok(status == 0 and 'No such file' not in out, 'and one that is there',
           out)
    check_loads(out, 'odd values')


def test_foreign():
    """A table, a default file: nothing is read from these."""
    for text in 'k here.example:key:/x\n', \
            '# options\nDAEMON_OPTS=""\nSOCKET="inet:1@localhost"\n':
        status, out, err = run(text)
        tap.is_((status, out), (2, ''), 'no configuration: ' + text)
        tap.contains(err, 'no option of theirs', 'and what it is not')
    tap.is_(run('Mode v\n', 'x y\n')[0], 2, 'nor beside a configuration')
    tap.is_(run('# Mode v\n')[0], 0, 'comments alone mean the defaults')


def test_bad():
    for text, want, name in (
            ('Include %s\n' % path('their0.conf'), 'deep', 'a loop'),
            ('Mode s\nX \0\n', 'their0.conf:2: a NUL byte', 'a NUL'),
            ('X ' + 'y' * 70000 + '\n', 'their0.conf:1: a line', 'a line'),
            ('# x\n' * 300000, 'larger than', 'a file'),
            ('X y\n' * 2000, 'more than 1000 options', 'many options')):
        status, out, err = run(text)
        tap.is_((status, out), (2, ''), name + ' that is too much')
        tap.contains(err, want, 'and why')
    status, _, err = proc.run([tree.MAILSEAL, 'import', path('none')])
    tap.is_(status, 2, 'a file that is not there')
    tap.contains(err, path('none'), 'is named')
    tap.is_(proc.run([tree.MAILSEAL, 'import'])[0], 2, 'no file')
    status, out, _ = run('Mode\tv\r\nSyslog\t\tYES  # said\r\n')
    tap.is_((status, lines(out)[:2]), (0, ['LogTarget syslog', 'Mode v']),
            'CRLF, tabs and comments')
    text = '\ufeffDomain example.com#ours\r\nSelector mail# x\r\n' \
        'KeyFile %s#\r\n' % path('mail.private')
    status, out, _ = run(text)
    tap.is_((status, lines(out)[:3]), (0, [
        'Domain example.com', 'Selector mail', 'KeyFile ' + path(
            'mail.private')]), 'a byte order mark, comments within words')
    for domain in ('example.com example.org', '"example.com"'):
        status, out, _ = run(text.replace('example.com#ours', domain))
        tap.is_((status, first(out)[0]), (1, UNSIGNED), 'Domain ' + domain)
        tap.contains(first(out)[1], 'names no domain', 'and why')
    _, out, _ = run('Mode v\nSyslog no\n')
    tap.ok('LogTarget none' in lines(out), 'Syslog no: LogTarget none', out)


def main():
    for test in (test_known, test_debian, test_one_domain, test_tables,
                 test_in_place, test_user, test_hosts, test_hosts_bad,
                 test_senders, test_headers, test_domains, test_actions,
                 test_headers_of_ours, test_logins, test_belief, test_opendmarc,
                 test_one_socket, test_kinds, test_openarc, test_policyd,
                 test_write, test_postgres, test_compare,
                 test_odd, test_foreign, test_bad):
        test()


tap.main(main)
