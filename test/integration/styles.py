# SPDX-License-Identifier: BSD-2-Clause
"""styles: configurations of OpenDKIM, OpenDMARC, OpenARC and policyd-spf as
tutorials, panels and distributions have them, each by a seed.

A text has @ for the folder of the configuration and @TOP@ for that of the
keys. Domains, selectors and hosts are those of letters.py.
"""
import random

OURS = ('here.example', 'ours.example', 'sub.here.example')
NETS = ('10.0.0.0/8', '10.1.2.0/24', '192.168.1.0/24', '172.16.0.0/12',
        '10.1.2.3', '192.168.1.5', '.lan.example', 'pc.lan.example',
        'lan.example', '*.lan.example', '192.168.0.1/24',
        '192.168.1.0/255.255.255.0', '10.1.2.*', '!10.9.0.1', '[::1]',
        '2001:db8::/32', '2001:DB8::25', 'here.example', '*.here.example',
        '10.0.0.0/8 office', '0.0.0.0/0', '10.9.0.1')


class Config:
    """The files of one host."""

    def __init__(self, name, rng):
        self.name, self.rng = name, rng
        self.dkim, self.dmarc, self.arc, self.spf = [], None, None, None
        self.files = {}

    def add(self, *lines):
        self.dkim += [x for x in lines if x]

    def maybe(self, chance, *lines):
        """One of the lines."""
        if self.rng.random() < chance:
            self.dkim.append(self.rng.choice(lines))

    def text(self, lines):
        """As people write it: spaces, comments, empty lines."""
        if lines is None:
            return None
        out = ''
        for line in lines:
            if self.rng.random() < 0.2:
                out += self.rng.choice(('\n', '# a comment\n', '#Mode x\n'))
            name, _, value = line.partition(' ')
            out += name + self.rng.choice((' ', '\t', '\t\t', '    ')) + value
            out += self.rng.choice(('\n', '\n', '\n', ' \n', ' # why\n')
                                   if 'refile' not in line and
                                   'csl' not in line else ('\n',))
        return out


def hosts_text(c):
    """A TrustedHosts file."""
    rng = c.rng
    items = ['127.0.0.1'] if rng.random() < 0.9 else []
    items += rng.sample(['::1', 'localhost'], rng.randint(0, 2))
    items += rng.sample(NETS, rng.randint(0, 4))
    if rng.random() < 0.3:
        items.insert(rng.randint(0, len(items)), '# our hosts')
    return ''.join(x + '\n' for x in items)


def hosts_value(c, name):
    """The value of an option of hosts."""
    rng = c.rng
    form = rng.choice(('refile', 'refile', 'file', 'path', 'list', 'csl'))
    if form in ('list', 'csl'):
        items = ['127.0.0.1'] + [x for x in rng.sample(NETS, rng.randint(1, 3))
                                 if ' ' not in x and x[0] != '[']
        return ('csl:' if form == 'csl' else '') + rng.choice(
            (',', ', ')).join(items)
    c.files[name] = hosts_text(c)
    return {'refile': 'refile:', 'file': 'file:', 'path': ''}[form] + \
        '@/' + name


def one_key(c, domain=None):
    c.add('Domain ' + (domain or c.rng.choice((
        'here.example', 'here.example', 'here.example,ours.example',
        'ours.example, here.example', 'csl:here.example',
        'Here.Example', '*', 'here.example, *.here.example'))),
          'Selector ' + c.rng.choice(('key', 'other')))
    c.add('KeyFile @TOP@/%s.private' % c.dkim[-1].split()[1])
    c.maybe(0.4, 'SubDomains yes', 'SubDomains no')


def key_lines(c, domains):
    """KeyTable: {domain: name}, and the lines."""
    rng, names, text = c.rng, {}, ''
    for domain in domains:
        selector = rng.choice(('key', 'other'))
        name = rng.choice((domain, '%s._domainkey.%s' % (selector, domain),
                           domain.split('.')[0] + '-key'))
        names[domain] = name
        shown = '%' if rng.random() < 0.1 else domain
        text += '%s%s%s:%s:@TOP@/%s.private\n' % (
            name, rng.choice((' ', '\t', '    ')), shown, selector, selector)
    return names, text


def rule_lines(c, names, patterns):
    """SigningTable."""
    rng, text = c.rng, ''
    if rng.random() < 0.2:
        text += '# who signs what\n'
    for domain, key in names.items():
        forms = ['*@' + domain, '*@' + domain, 'joe@' + domain,
                 '*@*.' + domain, domain] if patterns else [
            domain, domain, '*@' + domain, '.' + domain, 'joe@' + domain]
        form = rng.choice(forms)
        signer = rng.choice(('', '', '', '', ':joe@%', ':news@' + domain, ':@' +
                             domain)) if rng.random() < 0.3 else ''
        text += '%s %s%s\n' % (form, key, signer)
        if rng.random() < 0.3:
            text += '%s %s\n' % (rng.choice(forms), key)
    if rng.random() < 0.12:
        text += '* %s\n' % rng.choice(list(names.values()))
    return text


def tables(c, where='@/'):
    rng = c.rng
    names, keys = key_lines(c, rng.sample(OURS, rng.randint(1, 3)))
    patterns = rng.random() < 0.6
    c.files['KeyTable'] = keys
    c.files['SigningTable'] = rule_lines(c, names, patterns)
    c.add('KeyTable ' + rng.choice(('', 'file:', 'refile:')) + where +
          'KeyTable', 'SigningTable ' + ('refile:' if patterns else
                                         rng.choice(('', 'file:'))) + where +
          'SigningTable')
    c.maybe(0.15, 'MultipleSignatures yes')
    if rng.random() < 0.2:
        c.add('Domain here.example', 'Selector key',
              'KeyFile @TOP@/key.private')


def trusted(c, chance=0.8):
    if c.rng.random() < chance:
        value = hosts_value(c, 'TrustedHosts')
        c.add('InternalHosts ' + value)
        if c.rng.random() < 0.7:
            c.dkim.insert(-1, 'ExternalIgnoreList ' + value)


def common(c):
    """What every tutorial has some of."""
    c.maybe(0.6, 'Syslog yes', 'Syslog Yes', 'Syslog true')
    c.maybe(0.3, 'SyslogSuccess Yes', 'LogWhy yes', 'LogWhy Yes')
    c.maybe(0.5, 'UMask 002', 'UMask 007', 'UMask 022')
    c.maybe(0.7, 'Canonicalization relaxed/simple',
            'Canonicalization relaxed/simple',
            'Canonicalization relaxed/relaxed', 'Canonicalization simple',
            'Canonicalization relaxed', 'Canonicalization simple/simple')
    c.maybe(0.7, 'Mode sv', 'Mode sv', 'Mode s', 'Mode v', 'Mode vs')
    c.maybe(0.4, 'AutoRestart Yes', 'AutoRestartRate 10/1h')
    c.maybe(0.3, 'SignatureAlgorithm rsa-sha256')
    c.maybe(0.5, 'OversignHeaders From', 'OversignHeaders From',
            'OversignHeaders From,Subject,To,Date')
    c.maybe(0.3, 'Socket inet:8891@localhost', 'Socket inet:12301@localhost',
            'Socket local:/var/spool/postfix/opendkim/opendkim.sock')
    c.maybe(0.3, 'PidFile /run/opendkim/opendkim.pid')
    c.maybe(0.2, 'AuthservID ' + c.rng.choice((
        'mx.here.example', 'here.example', 'HOSTNAME')))


def rare(c):
    """What few have."""
    for chance, lines in (
            (0.06, ('SignatureTTL 86400', 'SignatureTTL 604800')),
            (0.06, ('SignHeaders From,To,Subject,Date,Message-ID',
                    'SignHeaders *,+X-Mailer', 'SignHeaders From')),
            (0.06, ('OmitHeaders *,Subject', 'OmitHeaders Subject,Date')),
            (0.06, ('On-BadSignature reject', 'On-BadSignature tempfail',
                    'On-BadSignature quarantine', 'On-BadSignature accept',
                    'On-BadSignature discard')),
            (0.05, ('On-Default accept', 'On-Default reject',
                    'On-Default tempfail')),
            (0.05, ('On-NoSignature reject', 'On-NoSignature accept',
                    'On-NoSignature tempfail')),
            (0.05, ('On-KeyNotFound tempfail', 'On-KeyNotFound reject')),
            (0.05, ('On-DNSError tempfail', 'On-DNSError accept')),
            (0.05, ('On-InternalError accept', 'On-InternalError reject')),
            (0.05, ('On-Security tempfail', 'On-SignatureError tempfail')),
            (0.05, ('RequiredHeaders yes',)),
            (0.05, ('StrictHeaders yes',)),
            (0.05, ('RemoveOldSignatures yes',)),
            (0.05, ('RemoveARAll yes',)),
            (0.05, ('RemoveARFrom old.here.example',
                    'RemoveARFrom .here.example')),
            (0.05, ('KeepAuthResults yes',)),
            (0.08, ('AlwaysAddARHeader yes',)),
            (0.05, ('AuthservIDWithJobID yes',)),
            (0.05, ('SoftwareHeader yes', 'SoftwareHeader no')),
            (0.05, ('RequestReports yes', 'SendReports yes',
                    'ReportAddress postmaster@here.example')),
            (0.05, ('MinimumKeyBits 1024', 'MinimumKeyBits 2048',
                    'MinimumKeyBits 512')),
            (0.05, ('MTA MSA', 'MTA ORIGINATING', 'MTA MSA,ORIGINATING')),
            (0.05, ('MacroList daemon_name|ORIGINATING',
                    'MacroList daemon_name=ORIGINATING',
                    'MacroList csl:{daemon_name}=ORIGINATING',
                    'MacroList {client_ptr}')),
            (0.05, ('PeerList 192.0.2.8', 'PeerList csl:.friend.example',
                    'PeerList peer.example,10.1.2.3')),
            (0.05, ('DontSignMailTo list@lists.example',
                    'DontSignMailTo lists.example')),
            (0.05, ('ExemptDomains plain.example',
                    'ExemptDomains here.example')),
            (0.04, ('ClockDrift 60', 'ClockDrift 300')),
            (0.04, ('MaximumHeaders 4096', 'MaximumHeaders 0')),
            (0.04, ('MaximumSignaturesToVerify 1',
                    'MaximumSignaturesToVerify 3')),
            (0.04, ('Minimum 50%', 'Minimum 1+')),
            (0.04, ('MustBeSigned Subject', 'MustBeSigned To,Cc')),
            (0.04, ('AllowSHA1Only yes',)),
            (0.04, ('DomainKeysCompat yes', 'FixCRLF yes')),
            (0.04, ('IgnoreMalformedMail yes',)),
            (0.04, ('BodyLengthDB csl:you@here.example',)),
            (0.04, ('SenderHeaders From', 'SenderHeaders Sender,From')),
            (0.04, ('TrustSignaturesFrom signed.example',)),
            (0.03, ('Diagnostics yes', 'QueryCache yes')),
            (0.03, ('CaptureUnknownErrors yes',))):
        c.maybe(chance, *lines)


def dmarc(c, chance, rejects=0.5):
    rng = c.rng
    if rng.random() >= chance:
        return
    lines = c.dmarc = []
    name = rng.choice((None, 'mx.here.example', 'HOSTNAME', 'here.example',
                       'mx.here.example'))
    if name:
        lines.append('AuthservID ' + name)
    if rng.random() < 0.6:
        lines.append('TrustedAuthservIDs ' + rng.choice((
            name or 'HOSTNAME', 'HOSTNAME', 'mx.here.example',
            'mx.here.example,old.here.example')))
    lines.append('RejectFailures ' + rng.choice(
        ('true', 'yes') if rng.random() < rejects else ('false', 'no')))
    for share, values in (
            (0.3, ('HoldQuarantinedMessages true',)),
            (0.5, ('IgnoreAuthenticatedClients true',
                   'IgnoreAuthenticatedClients yes')),
            (0.35, ('RequiredHeaders true', 'RequiredHeaders true',
                    'RequiredHeaders false')),
            (0.1, ('RejectMultiValueFrom true',)),
            (0.55, ('SPFSelfValidate true', 'SPFSelfValidate yes')),
            (0.35, ('SPFIgnoreResults true', 'SPFIgnoreResults yes')),
            (0.5, ('PublicSuffixList @/psl',)),
            (0.15, ('IgnoreMailFrom none.example',
                    'IgnoreMailFrom reject.example, plain.example')),
            (0.1, ('DomainWhitelist lists.example',)),
            (0.3, ('Syslog true', 'SoftwareHeader true')),
            (0.2, ('UMask 0002', 'UMask 002')),
            (0.2, ('HistoryFile @/history.dat',)),
            (0.2, ('FailureReports false',)),
            (0.2, ('Socket inet:8893@localhost',
                   'Socket local:/run/opendmarc/opendmarc.sock')),
            (0.1, ('RejectString rejected for %s',))):
        if rng.random() < share:
            lines.append(rng.choice(values))
    if 'PublicSuffixList @/psl' in lines:
        c.files['psl'] = '// list\nexample\n'
    if rng.random() < 0.4:
        c.files['ignore.hosts'] = hosts_text(c)
        lines.append('IgnoreHosts @/ignore.hosts')


def spf(c, chance):
    rng = c.rng
    if rng.random() >= chance:
        return
    c.spf = ['debugLevel = 1', rng.choice(('TestOnly = 1', 'TestOnly = 1',
                                           'TestOnly = 0'))]
    c.spf += rng.choice((
        ['HELO_reject = Fail', 'Mail_From_reject = Fail'],
        ['HELO_reject = False', 'Mail_From_reject = False'],
        ['HELO_reject = No_Check', 'Mail_From_reject = False'],
        ['HELO_reject = SPF_Not_Pass', 'Mail_From_reject = Softfail']))
    c.spf += ['PermError_reject = False', 'TempError_Defer = False',
              'skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0/104,::1']
    if rng.random() < 0.3:
        c.spf.append(rng.choice(('Header_Type = AR', 'Header_Type = SPF')))
        if c.spf[-1][-2:] == 'AR':
            c.spf.append('Authserv_Id = mx.here.example')


def distribution(c):
    """The package's own file, with a domain filled in or not."""
    c.add('Syslog yes', 'SyslogSuccess yes', 'Canonicalization '
          'relaxed/simple', 'OversignHeaders From', 'UserID opendkim',
          'UMask 007', 'Socket local:/run/opendkim/opendkim.sock',
          'PidFile /run/opendkim/opendkim.pid',
          'TrustAnchorFile /usr/share/dns/root.key')
    if c.rng.random() < 0.8:
        one_key(c, 'here.example')
    dmarc(c, 0.5)


def centos(c):
    c.add('PidFile /var/run/opendkim/opendkim.pid', 'Mode ' + c.rng.choice(
        ('v', 'sv')), 'Syslog yes', 'SyslogSuccess yes', 'LogWhy yes',
        'UserID opendkim:opendkim', 'Socket inet:8891@localhost',
        'Umask 002', 'SendReports yes', 'SoftwareHeader yes',
        'Canonicalization relaxed/relaxed', 'Selector key',
        'MinimumKeyBits 1024', 'KeyFile @TOP@/key.private')
    if c.rng.random() < 0.6:
        tables(c)
        trusted(c, 1)
    c.add('OversignHeaders From')
    dmarc(c, 0.6)


def several_domains(c):
    common(c)
    tables(c)
    trusted(c)
    c.maybe(0.2, 'MinimumKeyBits 1024')
    dmarc(c, 0.5)
    spf(c, 0.2)


def single_domain(c):
    common(c)
    one_key(c)
    trusted(c, 0.4)
    dmarc(c, 0.5)
    spf(c, 0.15)


def with_policy_daemon(c):
    """A guide that has all three."""
    common(c)
    c.rng.choice((tables, one_key))(c)
    trusted(c, 0.5)
    dmarc(c, 1, 0.8)
    spf(c, 1)


def panel(c):
    """A panel writes the tables."""
    c.add('Mode sv', 'Canonicalization relaxed/relaxed', 'UserID opendkim',
          'SubDomains ' + c.rng.choice(('yes', 'no')))
    tables(c)
    c.add('InternalHosts ' + c.rng.choice((
        'refile:@/TrustedHosts', '@/TrustedHosts')))
    c.files['TrustedHosts'] = hosts_text(c)
    c.maybe(0.5, 'SignatureAlgorithm rsa-sha256', 'AutoRestart yes')
    dmarc(c, 0.4)


def container(c):
    """An image that takes its settings from the environment."""
    c.add('Mode ' + c.rng.choice(('s', 'sv')), 'Syslog no', 'LogWhy yes',
          'Canonicalization relaxed/simple',
          'InternalHosts ' + c.rng.choice(('0.0.0.0/0', '172.16.0.0/12,'
                                           '10.0.0.0/8,127.0.0.1',
                                           '@/TrustedHosts')),
          'SubDomains ' + c.rng.choice(('no', 'yes')))
    c.files['TrustedHosts'] = hosts_text(c)
    c.rng.choice((one_key, tables))(c)
    c.maybe(0.3, 'RemoveOldSignatures yes', 'SenderHeaders From')
    dmarc(c, 0.3)


def sendmail(c):
    common(c)
    one_key(c)
    c.maybe(0.6, 'MTA MSA', 'MacroList daemon_name=MSA|ORIGINATING')
    trusted(c, 0.6)
    dmarc(c, 0.3)


def in_place(c):
    """Tables as lists, relative paths."""
    if c.rng.random() < 0.5:
        c.add('BaseDirectory @')
        tables(c, '')
        c.dkim = [x.replace(' SigningTable', ' file:SigningTable')
                  .replace(' KeyTable', ' file:KeyTable') for x in c.dkim]
        c.files = {k: v for k, v in c.files.items()}
    else:
        names, keys = key_lines(c, c.rng.sample(OURS, c.rng.randint(1, 2)))
        rules = ['%s=%s' % (c.rng.choice((d, 'joe@' + d, '.' + d)), k)
                 for d, k in names.items()]
        c.add('KeyTable csl:' + ','.join('='.join(x.split()) for x in
                                         keys.splitlines()),
              'SigningTable csl:' + ','.join(rules))
    common(c)
    trusted(c, 0.5)
    dmarc(c, 0.3)


def strict(c):
    """Who refuses."""
    common(c)
    c.rng.choice((one_key, tables))(c)
    c.add('On-BadSignature ' + c.rng.choice(('reject', 'tempfail')))
    c.maybe(0.6, 'On-KeyNotFound reject', 'On-NoSignature tempfail',
            'On-Default reject')
    c.maybe(0.5, 'RequiredHeaders yes', 'On-Security reject')
    dmarc(c, 0.8, 0.9)


def gateway(c):
    """Verifies only."""
    c.add('Mode v')
    common(c)
    c.dkim = [x for x in c.dkim if not x.startswith('Mode ') or
              x == 'Mode v']
    trusted(c, 0.4)
    dmarc(c, 1, 0.7)
    spf(c, 0.3)


def sealing(c):
    """OpenARC beside it, with the same key or another."""
    common(c)
    c.rng.choice((one_key, tables))(c)
    c.arc = ['Socket local:/run/openarc/openarc.sock', 'Mode ' +
             c.rng.choice(('sv', 'v')), 'Domain ' + c.rng.choice(
                 ('here.example', 'third.example')), 'Selector key',
             'KeyFile @TOP@/key.private', 'InternalHosts @/InternalHosts',
             'Canonicalization relaxed/simple', 'SignatureAlgorithm '
             'rsa-sha256', 'AuthservID mx.here.example']
    c.files['InternalHosts'] = '127.0.0.1\n'
    dmarc(c, 0.6)


STYLES = (distribution, centos, several_domains, single_domain,
          with_policy_daemon, panel, container, sendmail, in_place, strict,
          gateway, sealing)


def configuration(seed):
    """The configuration of a number."""
    rng = random.Random('mailseal %d' % seed)
    style = STYLES[seed % len(STYLES)]
    c = Config('%s %d' % (style.__name__.replace('_', ' '), seed), rng)
    style(c)
    rare(c)
    return c
