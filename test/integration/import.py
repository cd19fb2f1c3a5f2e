# SPDX-License-Identifier: BSD-2-Clause
"""mailseal import: configurations of OpenDKIM and OpenDMARC become ones that
mailseald takes, with a comment for what means something else."""
import gzip
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

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
LISTS = '''Mode sv
KeyTable file:@TOP@/KeyTable
SigningTable dsn:mysql://x
InternalHosts ldap://x
MultipleSignatures yes
RemoveOldSignatures yes
MinimumKeyBits 512
On-SignatureError accept
RequiredHeaders yes
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
PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat
SPFSelfValidate true
Socket local:/run/opendmarc/opendmarc.sock
'''


def path(name):
    return os.path.join(TOP, name)


def write(name, text):
    return proc.write(path(name), text.replace('@TOP@', TOP))


def run(*texts):
    """(exit status, what it printed, what it complained)"""
    names = [write('their%d.conf' % i, t) for i, t in enumerate(texts)]
    status, out, err = proc.run([tree.MAILSEAL, 'import'] + names)
    return status, out.decode(), err


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


def test_debian():
    status, out, err = run(DEBIAN)
    tap.is_(status, 0, 'as Debian ships it', err)
    tap.is_(lines(out), [
        'LogTarget syslog', 'Canonicalization relaxed/simple',
        'OversignHeaders From', 'UserID root', 'UMask 007',
        'Socket local:%s/opendkim.sock' % TOP,
        'PidFile %s/opendkim.pid' % TOP,
        'TrustAnchorFile /usr/share/dns/root.key', 'OnDMARCReject accept',
        'OnDMARCQuarantine accept', 'OnBadFrom accept'], 'its lines')
    tap.contains(out, '# SyslogSuccess yes (', 'what means nothing')
    check_loads(out, 'as Debian ships it')


def test_one_domain():
    proc.run([tree.DKIMKEYGEN, '-d', 'example.com', '-s', 'mail', '-D', TOP])
    status, out, err = run(ONE_DOMAIN)
    tap.is_(status, 0, 'one domain', err)
    for want in ('Domain example.com', 'Selector mail', 'Mode s',
                 'Socket inet:12301@localhost', 'OnBadSignature reject',
                 'Canonicalization simple/simple', 'OversignHeaders none'):
        tap.ok(want in lines(out), want, out)
    check_loads(out, 'one domain')


def test_tables():
    write('TrustedHosts', '127.0.0.1\n::1\n10.0.0.0/8\n')
    write('KeyTable', 'k1 example.com:mail:@TOP@/mail.private\n'
          'k2 example.org:mail:@TOP@/none.private\n'
          'k3 example.net:open:@TOP@/open.private\n')
    proc.run([tree.DKIMKEYGEN, '-d', 'example.net', '-s', 'open', '-D', TOP])
    os.chmod(path('open.private'), 0o644)
    write('SigningTable', '*@example.com k1\njoe@example.com k2\n'
          '*@example.net k3\n')
    status, out, err = run(TABLES)
    tap.is_(status, 0, 'tables', err)
    for want in ('KeyTable file:%s/KeyTable' % TOP,
                 'SigningTable refile:%s/SigningTable' % TOP,
                 'InternalHosts %s/TrustedHosts' % TOP,
                 'Socket unix:/var/run/opendkim.sock'):
        tap.ok(want in lines(out), want, out)
    tap.ok(not any(x.startswith('Domain') for x in lines(out)),
           'what OpenDKIM ignores does not come first', out)
    tap.contains(out, '# Unheard of (%s/their0.conf:11): unknown option' %
                 TOP, 'what nobody knows')
    for want, name in (
            ('SigningTable:2: ', 'a rule behind another'),
            ('KeyTable:2: %s/none.private: No such file' % TOP,
             'a key that is missing'),
            ('KeyTable:3: %s/open.private: mode 0644' % TOP,
             'a key that is open')):
        tap.contains(out, want, name)
    os.chmod(path('open.private'), 0o600)
    os.link(path('open.private'), path('none.private'))
    check_loads(re.sub('Socket.*', 'Socket unix:' + path('s'), out),
                'tables')
    write('SigningTable', '*@example.com k1\n*@example.org k9\n')
    _, out, _ = run(TABLES)
    tap.ok(re.search('# .*SigningTable:2: .*k9', out),
           'a rule that names no key', out)
    write('SigningTable', '*@example.com k1\n')
    _, out, _ = run(TABLES)
    tap.contains(out, 'KeyTable:2: no rule of the SigningTable uses',
                 'a key that no rule names')


def test_user():
    """Whose the keys must be: those of a KeyTable are loaded as UserID."""
    alone = 'Domain example.com\nSelector mail\nKeyFile %s\n' % path(
        'mail.private')
    tables = 'KeyTable @TOP@/KeyTable\nSigningTable @TOP@/SigningTable\n'
    write('SigningTable', 'example.com k1\n')
    for theirs, want in (
            (alone, 'a reload reads KeyFile as this user, only the start as '
             'root: chown opendkim, mode 0600'),
            (tables, 'keys of the KeyTable are loaded as this user: chown '
             'opendkim, mode 0600')):
        _, out, _ = run(theirs + 'UserID opendkim\n')
        tap.contains(out, '# UserID: %s\n' % want, want)
        tap.ok('or to root' not in out, 'and root is no owner', out)
    _, out, _ = run('Mode v\nUserID opendkim\n')
    tap.ok('mode 0600' not in out, 'no keys, no word about them', out)
    tap.ok(re.search('^# UserID: a key store .*: chown -R opendkim /.*/lib/'
                     'mailseal$', out, re.M), 'whose a key store must be',
           out)
    tap.ok(re.search('^# UserID: User= .*mailseald.service', out, re.M),
           'nor may the unit say otherwise', out)
    _, out, _ = run(alone, 'UserID opendmarc:mail\n')
    tap.contains(out, 'as root: chown opendmarc:mail, mode 0600',
                 'a user of opendmarc.conf')


HOSTS = '''127.0.0.1
::1, 10.0.0.0/8 !10.9.0.1
192.168.*
host.example  # a comment
10.9.0.1
*.example.com
!*.guest.example.com
300.0.0.1
'''


def test_hosts():
    """What can be had of a list of hosts stays; the rest is named."""
    write('Hosts', HOSTS)
    plain = '127.0.0.1, ::1, 10.0.0.0/8, !10.9.0.1, host.example'
    for kind, kept in (('file:', None), ('', None), (
            'refile:', plain + ', .example.com, !.guest.example.com')):
        status, out, err = run(
            'Mode v\nInternalHosts %s@TOP@/Hosts\n' % kind)
        tap.is_(status, 0, kind + 'a file of hosts', err)
        tap.is_([x for x in lines(out) if x.startswith('InternalHosts')],
                ['InternalHosts ' + kept] if kept else [],
                kind + 'the rest of it, unless an exclusion is lost')
        for want in (':3: "192.168.*" is not an address',
                     ':5: "10.9.0.1" occurs with and without "!"',
                     ':8: "300.0.0.1" is not an address'):
            tap.ok(re.search('^# InternalHosts: left out: %s%s' % (
                path('Hosts'), re.escape(want)), out, re.M), want, out)
        tap.is_('left out, and so is the whole list: %s:7: "!*.guest' %
                path('Hosts') in out, not kept,
                kind + 'an exclusion that is lost is named')
        tap.is_('# InternalHosts: this is a copy of %s' % path('Hosts') in out,
                bool(kept), 'and that it is a copy')
        check_loads(out + 'Socket unix:%s\n' % path('s') if
                    'Socket' not in out else out, kind + 'what is left')
    _, out, _ = run('Mode v\nExternalIgnoreList csl:a.example,b_*,10.0.0.1\n',
                    'IgnoreHosts 10.1.1.1, 10.1.1.*\n')
    for want in ('ExternalIgnoreList a.example, 10.0.0.1',
                 'TrustedNetworks 10.1.1.1'):
        tap.ok(want in lines(out), want, out)
    for want in ('# ExternalIgnoreList: left out: %s:2: "b_*" is' %
                 path('their0.conf'),
                 '# TrustedNetworks: left out: %s:1: "10.1.1.*" is' %
                 path('their1.conf')):
        tap.contains(out, want, want)


def test_hosts_bad():
    write('Hosts', 'x_*\n' * 300)
    _, out, _ = run('InternalHosts @TOP@/Hosts\nExternalIgnoreList /none\n')
    tap.is_(out.count('left out: '), 101, 'many that are left out')
    tap.contains(out, '# InternalHosts: left out: 200 more', 'are counted')
    for want in ('InternalHosts %s (' % path('Hosts'),
                 'ExternalIgnoreList /none ('):
        tap.contains(out, '# ' + want, 'nothing to keep: ' + want)
    write('Hosts', 'x_*\n' + 'a.example\n' * 9000)
    _, out, _ = run('InternalHosts @TOP@/Hosts\n')
    tap.ok('InternalHosts' not in ''.join(lines(out)) and
           'is too long for a line' in out, 'too many to keep', out[-500:])
    write('Hosts', 'b.\0example\n*.b\0c.example\na.example\n')
    _, out, _ = run('InternalHosts refile:@TOP@/Hosts\n')
    tap.ok('InternalHosts a.example' in lines(out), 'NUL', out)


def test_other():
    status, out, err = run(LISTS, DMARC)
    tap.is_(status, 0, 'datasets that we do not read', err)
    for want in ('this type of dataset is not supported', 'a table must be a file here',
                 'OnSignFailure unsigned', 'MultipleSignatures yes',
                 '# MinimumKeyBits 512', 'OnDMARCReject reject',
                 'OnDMARCQuarantine hold', 'OnBadFrom reject',
                 'DomainRules a.example ignore, b.example ignore',
                 'TrustedSealers list.example', 'OrgDomain psl',
                 'TrustedNetworks %s/TrustedHosts' % TOP,
                 '# TrustedAuthservIDs', '# SPFSelfValidate'):
        tap.contains(out, want, want)
    tap.is_(out.count('\nOnBadFrom '), 1, 'one line of each')
    tap.is_(out.count('\nSocket '), 1, 'one socket')
    tap.ok(re.search('^# Socket: one milter now: .*smtpd_milters and '
                     'non_smtpd_milters .*\nSocket ', out, re.M),
           'and Postfix is to name no other', out)
    for want in ('# KeyTable file:', '# Mode sv'):
        tap.contains(out, want, 'what lost its other half: ' + want)
    check_loads(out, 'both programs')


def test_one_socket():
    """Whose Socket it is: OpenDKIM's, OpenDMARC's or the default."""
    one = '# Socket: one milter now: '
    for opendkim, opendmarc, socket in (
            ('Socket inet:1@localhost\n', 'Socket inet:2@localhost\n',
             'inet:1@localhost'),
            ('', 'Socket inet:2@localhost\n', 'inet:2@localhost'),
            ('', '', 'inet:8891@127.0.0.1')):
        _, out, _ = run('Mode v\n' + opendkim, opendmarc)
        tap.is_(out.count(one), 1, socket + ' in place of two')
        tap.ok(re.search('^%s.*\\nSocket %s$' % (one, socket), out, re.M),
               'said beside it', out)
    _, out, _ = run('Mode v\nSocket inet:1@localhost\n')
    tap.ok(one not in out, 'a milter alone stays one', out)


def test_odd():
    """Values stay as they are, or in a comment."""
    odd = os.path.join(TOP, 'a\\b.private')
    status, out, err = run('Mode s\nDomain example.com\nSelector mail\n'
                           'KeyFile %s\nAuthservID mx\001.example.com\n' % odd)
    tap.is_(status, 0, 'odd values', err)
    tap.ok('KeyFile ' + odd in lines(out), 'a backslash is left alone', out)
    tap.contains(out, '# KeyFile: No such file', 'a key that is not there')
    tap.ok('AuthservID' not in ''.join(lines(out)) and
           '# AuthservID mx\\x01.example.com (%s/their0.conf:5): the value '
           'has control characters' % TOP in out, 'control characters', out)
    os.link(path('mail.private'), odd)
    _, out, _ = run('Mode s\nDomain example.com\nSelector mail\n'
                    'KeyFile %s\n' % odd)
    tap.ok('# KeyFile:' not in out, 'and one that is there', out)
    check_loads(out, 'odd values')


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
    tap.is_((status, lines(out)[:2]), (0, ['Mode v', 'LogTarget syslog']),
            'CRLF, tabs and comments')
    _, out, _ = run('Mode v\nSyslog no\n')
    tap.ok('LogTarget none' in lines(out), 'Syslog no: LogTarget none', out)


def main():
    for test in (test_known, test_debian, test_one_domain, test_tables,
                 test_user, test_hosts, test_hosts_bad, test_other,
                 test_one_socket, test_odd, test_bad):
        test()


tap.main(main)
