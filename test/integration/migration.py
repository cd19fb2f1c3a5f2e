# SPDX-License-Identifier: BSD-2-Clause
"""The same mail through the real OpenDKIM and OpenDMARC and, by way of
mailseal import, through mailseald: who signs, what is refused, held and
exempted, which fields are deleted, and what the results are. Each difference
is in a comment of import; and its exit status is 1 if mail that was signed is
not, or if the decision is another."""
import re
import sys

import old
import letters
import moved
import namespace
import proc
import tap
import tree

if not old.OPENDKIM or not old.OPENDMARC or not old.NSD:
    tap.skip_all('needs opendkim, opendmarc and nsd')
if not namespace.enter():
    tap.skip_all('needs a network namespace of its own')

TOP = proc.folder()
ONE = 'Domain here.example\nSelector key\nKeyFile @TOP@/key.private\n'
KEYS = 'k1 here.example:key:@TOP@/key.private\n' \
    'k2 ours.example:other:@TOP@/other.private\n'
RULES = '*@here.example k1\nnews@ours.example k2\n*.sub.here.example k1\n'
HOSTS = '127.0.0.1\n::1\nlocalhost\n10.0.0.0/8\n*.lan.example\n'
REJECT = 'RejectFailures true\nHoldQuarantinedMessages true\n' \
    'SPFSelfValidate true\n'

# name: (opendkim.conf, opendmarc.conf, other files). @ is their folder.
STYLES = {
    'the Debian package': ('Syslog yes\nSyslogSuccess yes\n'
                           'Canonicalization relaxed/simple\n'
                           'OversignHeaders From\n' + ONE, None, {}),
    'a how-to for several domains': (
        'Canonicalization relaxed/relaxed\nMode sv\nSubDomains no\n'
        'KeyTable refile:@/KeyTable\nSigningTable refile:@/SigningTable\n'
        'ExternalIgnoreList refile:@/TrustedHosts\n'
        'InternalHosts refile:@/TrustedHosts\nSignatureAlgorithm rsa-sha256\n'
        'AutoRestart yes\n', None,
        {'KeyTable': KEYS, 'SigningTable': RULES, 'TrustedHosts': HOSTS}),
    'plain tables below BaseDirectory': (
        'BaseDirectory @\nKeyTable file:keys\nSigningTable file:signers\n'
        'InternalHosts file:hosts\nAuthservID here.example\n', None,
        {'keys': 'k here.example:key:./mail.private\n',
         'mail.private': None, 'hosts': '10.0.0.0/8 office\n!10.9.0.1\n',
         'signers': 'joe@here.example k:%@here.example\n'
                    '.sub.here.example k\n'}),
    'tables in place': (
        'KeyTable csl:k=here.example:key:@TOP@/key.private\n'
        'SigningTable csl:here.example=k,ours.example=k\n'
        'InternalHosts csl:127.0.0.1,10.1.2.3\nSignatureTTL 86400\n', None,
        {}),
    'a container that signs for all': (
        'Mode s\nDomain *\nSelector key\nKeyFile @TOP@/key.private\n'
        'InternalHosts 0.0.0.0/0\nCanonicalization relaxed/relaxed\n', None,
        {}),
    'domains by patterns': (
        'Domain refile:@/domains\nSelector key\nKeyFile @TOP@/key.private\n',
        None, {'domains': 'here.example\n*.here.example\n'}),
    'a pattern that is none': (
        ONE.replace('here.example', 'here.example, *.here.example') +
        'SubDomains yes\n', None, {}),
    'Sendmail': (
        ONE + 'MTA MSA,ORIGINATING\nInternalHosts 127.0.0.1,192.168.0.0/16,'
        '10.1.2.3/8,.lan.example\nSignHeaders From,Subject,Date\n'
        'OversignHeaders From\nSubDomains yes\n', None, {}),
    'by macro, with peers': (
        'Mode s\n' + ONE + 'MacroList daemon_name=ORIGINATING|SUBMIT\n'
        'PeerList 192.0.2.8,!10.1.2.3,.friend.example\n', None, {}),
    'exceptions': (
        ONE + 'DontSignMailTo list@lists.example\n'
        'ExemptDomains plain.example,here.example\n'
        'RemoveARFrom old.here.example\n', None, {}),
    'everything refused': (
        ONE + 'On-Default reject\nOn-NoSignature accept\n'
        'On-DNSError tempfail\nOn-InternalError accept\n', None, {}),
    'bad signatures deferred': (
        ONE + 'On-BadSignature tempfail\nOn-KeyNotFound accept\n'
        'RequiredHeaders yes\n', None, {}),
    'bad signatures held': (
        'Mode v\nOn-BadSignature quarantine\nCaptureUnknownErrors yes\n',
        None, {}),
    'keys without DNSSEC are bad': (
        ONE + 'UnprotectedKey neutral\nOn-BadSignature reject\n', None, {}),
    'what an MTA rewrites': (
        ONE + 'ReplaceRules @/rules\nReplaceHeaders Subject\n', None,
        {'rules': 'letter\tbrief\n'}),
    'OpenDMARC beside it': (
        ONE + 'AuthservID mx.here.example\n', REJECT +
        'AuthservID mx.here.example\nTrustedAuthservIDs mx.here.example\n'
        'IgnoreAuthenticatedClients true\nIgnoreHosts @/ignore\n'
        'PublicSuffixList @/psl\nIgnoreMailFrom none.example\n',
        {'ignore': '127.0.0.1\n192.0.2.7\n10.0.0.0/8\n', 'psl': 'example\n'}),
    'OpenDMARC that reports': (
        ONE, 'RejectFailures false\nHoldQuarantinedMessages true\n'
        'SPFSelfValidate true\n', {}),
    'OpenDMARC, strict': (
        'Mode v\n', REJECT + 'RequiredHeaders true\n'
        'RejectMultiValueFrom true\n', {}),
    'OpenDMARC without SPF': (
        'Mode s\n' + ONE, 'RejectFailures true\n', {}),
    'OpenDMARC alone': (None, REJECT.replace('SPFS', '#SPFS'), {}),
}

def host(name):
    dkim, dmarc, files = STYLES[name]
    return moved.Host(TOP, name, files, dkim, dmarc)


def run(style, mails):
    """The differences."""
    before = style.before(mails)
    style.translate()
    after = style.after(mails)
    tap.ok(after is not None, style.name + ': mailseald starts', style.out)
    return [d for mail, was, now in zip(mails, before, after or ())
            for d in moved.compare(mail, was, now, style.out)]


def rows(text):
    """The lines of --compare that are about a message."""
    return [x for x in text.splitlines() if re.match('[ !] [a-z]', x) and
            'mailseald' not in x]


def compare(style):
    """--compare takes the old files for what the programs themselves do."""
    files = [x for x in (style.dkim, style.dmarc) if x]
    status, model, err = proc.run([tree.MAILSEAL, 'import', '--compare'] +
                                  files)
    _, real, err = proc.run([tree.MAILSEAL, 'import', '--run-old'] + files)
    model, real = rows(model.decode()), rows(real.decode())
    tap.ok(model and len(model) == len(real), style.name + ': compared', err)
    tap.is_([x for x in model if x not in real], [], style.name +
            ': what the files mean is what the programs do',
            '\n'.join(x for x in real if x not in model))
    tap.is_(status, 1 if style.status or any(x[0] == '!' for x in model)
            else 0, style.name + ': its exit status')


def main():
    letters.make_keys(TOP)
    old.serve_dns(TOP, letters.zone(TOP), letters.BROKEN)
    mails = letters.messages(TOP)
    for name in STYLES:
        style = host(name)
        found = run(style, mails)
        tap.is_([str(d) for d in found if d.heading is None], [], name +
                ': every difference is said', style.out)
        losses = [d.mail for d in found if d.heading in moved.LOSSES]
        tap.is_(style.status, 1 if losses else style.status, name +
                ': the exit status, for ' + ', '.join(losses[:3]))
        if not losses and 'everything' not in name:
            tap.ok(style.status == 0 or re.search(r'#  1\. ', style.out),
                   name + ': no reason without a sentence', style.out)
        compare(style)


if __name__ == '__main__':
    sys.exit(tap.main(main))
