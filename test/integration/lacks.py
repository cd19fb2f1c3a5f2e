# SPDX-License-Identifier: BSD-2-Clause
"""What Postfix lacks for mailseald to see all mail, and what would leave
unsigned: mailseal check and mailseal explain, with Postfix's own postconf on
configurations of many kinds.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
OURS = 'inet:127.0.0.1:8891'
MAIN = {'compatibility_level': '3.6', 'myhostname': 'mail.d.example',
        'queue_directory': '/var/spool/postfix', 'mydestination': '',
        'myorigin': 'd.example', 'mynetworks': '127.0.0.0/8',
        'smtpd_milters': OURS, 'non_smtpd_milters': '$smtpd_milters',
        'internal_mail_filter_classes': 'bounce',
        'milter_default_action': 'tempfail',
        'smtpd_forbid_bare_newline': 'normalize',
        'smtpd_forbid_unauth_pipelining': 'yes',
        'message_reject_characters': '\\0'}
SMTP = 'smtp inet n - %s - - smtpd\n'
CLEANUP = 'cleanup unix n - %s - 0 cleanup\n'
MASTER = SMTP % 'n' + CLEANUP % 'n'
BACK = '127.0.0.1:10025 inet n - n - - smtpd\n -o content_filter=\n'
SUBMIT = 'submission inet n - n - - smtpd\n'


def path(name):
    return os.path.join(TOP, name)


def setup():
    """Keys of d.example; wait.example has none that is active."""
    for domain in ('d.example', 'wait.example'):
        proc.run([tree.DKIMKEYGEN, 'new', '-d', domain, '-s', 's', '-K',
                  path('keys')])
    state = path('keys/d.example/s.state')
    with open(state, encoding='ascii') as f:
        text = f.read()
    proc.write(state, text.replace('stage pending', 'stage active'))
    proc.write(path('zone'), 'd.example. TXT "v=spf1 -all"\n')
    os.mkdir(path('etc'))


def configure(main=(), master=MASTER, socket='inet:8891@127.0.0.1',
              more=''):
    values = {k: v for k, v in dict(MAIN, **dict(main)).items()
              if v is not None}
    proc.write_aged(path('etc/main.cf'), ''.join('%s = %s\n' % x for x in
                                            values.items()))
    proc.write_aged(path('etc/master.cf'), master)
    proc.write(path('conf'), 'Socket %s\nKeyStore %s\n%s' % (
        socket, path('keys'), more), 0o600)


def run(command, *options):
    env = dict(os.environ, MAIL_CONFIG=path('etc'))
    status, out, err = proc.run([tree.MAILSEAL, command, '--json', '-c',
                                 path('conf')] + list(options), env=env)
    return status, json.loads(out.decode()) if out else None, err


def check(*options):
    _, out, err = run('check', '--zone', path('zone'), '--only', 'postfix.*',
                      '--only', 'sign.*', '--only', 'relay.*', '--skip',
                      'sign.subdomains', '--skip', 'sign.key-missing',
                      *options)
    reports = out.get('domains', [out])
    return [f for r in reports for f in r['findings']
            if f['severity'] != 'ok'], err


ROWS = (
    ('nothing', {}, {}, []),
    ('no milter at all', {'smtpd_milters': ''}, {},
     [('postfix.milters', 'error', OURS), ('postfix.local-milters', 'warn',
                                           OURS)]),
    ('only another one', {'smtpd_milters': 'unix:spamass/s',
                          'non_smtpd_milters': OURS}, {},
     [('postfix.milters', 'error', 'unix:spamass/s, ' + OURS)]),
    ('beside another one', {'smtpd_milters': 'unix:a/b, ' + OURS}, {}, []),
    ('in braces', {'smtpd_milters': '{ %s, default_action = tempfail }' %
                   OURS}, {}, []),
    ('another port', {'smtpd_milters': 'inet:127.0.0.1:8892'}, {},
     [('postfix.milters', 'error', 'inet:127.0.0.1:8892, ' + OURS),
      ('postfix.local-milters', 'warn', 'inet:127.0.0.1:8892, ' + OURS)]),
    ('no local mail', {'non_smtpd_milters': ''}, {},
     [('postfix.local-milters', 'warn', OURS)]),
    ('no bounces', {'internal_mail_filter_classes': ''}, {},
     [('postfix.bounces', 'info', 'bounce')]),
    ('no_milters for all', {'receive_override_options': 'no_milters'}, {},
     [('postfix.milters', 'error', None)]),
    ('accept', {'milter_default_action': 'accept'}, {},
     [('postfix.default-action', 'warn', 'tempfail')]),
    ('smuggling', {'smtpd_forbid_bare_newline': 'no'}, {},
     [('postfix.smuggling', 'warn', 'normalize')]),
    ('smuggling is refused', {'smtpd_forbid_bare_newline': 'reject'}, {},
     []),
    ('smuggling at one listener', {}, {
        'master': MASTER + SUBMIT + ' -o smtpd_forbid_bare_newline=no\n'},
     [('postfix.smuggling', 'warn', 'normalize')]),
    ('smuggling by clients that are excluded', {
        'smtpd_forbid_bare_newline_exclusions': '$mynetworks, 0.0.0.0/0'}, {},
     [('postfix.smuggling', 'warn', '$mynetworks')]),
    ('commands ahead of their time',
     {'smtpd_forbid_unauth_pipelining': 'no'}, {},
     [('postfix.pipelining', 'info', 'yes')]),
    ('the same at one listener', {}, {
        'master': MASTER + SUBMIT + ' -o smtpd_forbid_unauth_pipelining=no\n'},
     [('postfix.pipelining', 'info', 'yes')]),
    ('NUL', {'message_reject_characters': ''}, {},
     [('postfix.nul', 'info', '\\0')]),
    ('NUL is refused, with others', {'message_reject_characters': '\\1\\000'},
     {}, []),
    ('others than NUL are refused', {'message_reject_characters': '1\\r'}, {},
     [('postfix.nul', 'info', '\\0001\\r')]),
    ('NUL at one cleanup', {}, {
        'master': SMTP % 'n' + CLEANUP.rstrip() % 'n' +
        '\n -o message_reject_characters=\n'},
     [('postfix.nul', 'info', '\\0')]),
    ('everybody may relay', {'mynetworks': '127.0.0.0/8 0.0.0.0/0'}, {},
     [('relay.open', 'error', None)]),
    ('everybody with IPv6', {'mynetworks': '127.0.0.0/8, [::]/0'}, {},
     [('relay.open', 'error', None)]),
    ('submission with main.cf\'s', {}, {'master': MASTER + SUBMIT}, []),
    ('submission without', {}, {
        'master': MASTER + SUBMIT + ' -o smtpd_milters=\n'},
     [('postfix.submission-milters', 'error', OURS)]),
    ('submission with others', {}, {
        'master': MASTER + SUBMIT + ' -o smtpd_milters=unix:x/y\n'},
     [('postfix.submission-milters', 'error', 'unix:x/y, ' + OURS)]),
    ('submissions by its port', {}, {
        'master': MASTER + '465 inet n - n - - smtpd\n'
                           ' -o smtpd_milters=\n'},
     [('postfix.submission-milters', 'error', OURS)]),
    ('another listener', {}, {
        'master': MASTER + '2525 inet n - n - - smtpd\n'
                           ' -o smtpd_milters=unix:x/y\n'},
     [('postfix.service-milters', 'warn', 'unix:x/y, ' + OURS)]),
    ('only submission has it', {'smtpd_milters': '',
                                'non_smtpd_milters': OURS}, {
        'master': CLEANUP % 'n' + SUBMIT + ' -o smtpd_milters=%s\n' % OURS},
     []),
    ('a filter and no way back', {'content_filter': 'smtp:[127.0.0.1]:10024'},
     {}, []),
    ('a filter that gives back', {'content_filter': 'smtp:[127.0.0.1]:10024'},
     {'master': MASTER + BACK}, [('postfix.returned', 'warn', 'no_milters')]),
    ('the same with other options',
     {'content_filter': 'smtp:[127.0.0.1]:10024'},
     {'master': MASTER + BACK +
      ' -o receive_override_options=no_header_body_checks\n'},
     [('postfix.returned', 'warn', 'no_header_body_checks,no_milters')]),
    ('the same with no_milters',
     {'content_filter': 'smtp:[127.0.0.1]:10024'},
     {'master': MASTER + BACK + ' -o receive_override_options='
      'no_header_body_checks,no_milters\n'}, []),
    ('the same with no list', {'content_filter': 'smtp:[127.0.0.1]:10024'},
     {'master': MASTER + BACK + ' -o smtpd_milters=\n'}, []),
    ('a filter of one listener', {}, {
        'master': CLEANUP % 'n' + SMTP % 'n' +
        ' -o content_filter=smtp:[127.0.0.1]:10024\n' + BACK},
     [('postfix.returned', 'warn', 'no_milters')]),
    ('a socket below the queue', {
        'smtpd_milters': 'unix:mailseal/s'}, {
        'socket': 'unix:/var/spool/postfix/mailseal/s',
        'master': SMTP % 'y' + CLEANUP % 'y'}, []),
    ('the same by its whole path', {
        'smtpd_milters': 'unix:/var/spool/postfix/mailseal/s'}, {
        'socket': 'unix:/var/spool/postfix/mailseal/s',
        'master': SMTP % 'y' + CLEANUP % 'n'},
     [('postfix.chroot', 'error', 'unix:mailseal/s')]),
    ('the same without a chroot', {
        'smtpd_milters': 'unix:/var/spool/postfix/mailseal/s'}, {
        'socket': 'unix:/var/spool/postfix/mailseal/s'}, []),
    ('a socket outside of the chroot', {
        'smtpd_milters': 'unix:/run/mailseal/s'}, {
        'socket': 'unix:/run/mailseal/s',
        'master': SMTP % 'y' + CLEANUP % 'n'},
     [('postfix.chroot', 'error', None)]),
    ('a chroot by default, as before 3.0', {
        'smtpd_milters': 'unix:/run/mailseal/s',
        'compatibility_level': '0'}, {
        'socket': 'unix:/run/mailseal/s',
        'master': SMTP % '-' + CLEANUP % 'n'},
     [('postfix.chroot', 'error', None)]),
    ('the same level with its n', {
        'smtpd_milters': 'unix:/run/mailseal/s',
        'compatibility_level': '0'}, {
        'socket': 'unix:/run/mailseal/s'}, []),
    ('postscreen before smtpd', {
        'smtpd_milters': 'unix:/run/mailseal/s'}, {
        'socket': 'unix:/run/mailseal/s',
        'master': 'smtp inet n - y - 1 postscreen\n'
                  'smtpd pass - - n - - smtpd\n' + CLEANUP % 'n'}, []),
    ('cleanup in a chroot', {
        'smtpd_milters': 'unix:/run/mailseal/s'}, {
        'socket': 'unix:/run/mailseal/s',
        'master': SMTP % 'n' + CLEANUP % 'y'},
     [('postfix.chroot', 'error', None)]),
    ('this host\'s name is not signed for', {'myorigin': 'mail.d.example'},
     {}, [('sign.origin', 'warn', None)]),
    ('it is, with SubDomains', {'myorigin': 'mail.d.example'},
     {'more': 'SubDomains yes\n'}, []),
    ('another domain is not', {'virtual_mailbox_domains':
                               'd.example shop.example'}, {},
     [('sign.unlisted', 'warn', None)]),
    ('nor one of mydestination', {'mydestination':
                                  '$myhostname, localhost, old.example'}, {},
     [('sign.unlisted', 'warn', None)]),
    ('tables are not names', {'virtual_mailbox_domains':
                              'hash:/etc/postfix/domains'}, {}, []),
)


def check_rows():
    for name, main, more, want in ROWS:
        configure(main, **more)
        found, err = check('d.example')
        got = [(f['check'], f['severity'],
                f['fix'][0]['value'] if f['fix'] else None) for f in found]
        tap.is_(sorted(got, key=str), sorted(want, key=str), name,
                err + str(found))


def check_where():
    """A fix names the file and the service."""
    configure({}, MASTER + SUBMIT + ' -o smtpd_milters=\n')
    found, _ = check('d.example')
    tap.is_(found[0]['fix'],
            [{'where': 'postfix', 'owner': 'master.cf, submission inet',
              'type': 'smtpd_milters', 'value': OURS, 'remove': False}],
            'a service')
    configure({'smtpd_milters': ''}, MASTER)
    found, _ = check('d.example')
    tap.is_(found[0]['fix'][0]['owner'], 'main.cf', 'main.cf')


def check_domains():
    """Names below the domain, and a domain without a key."""
    configure()
    _, out, _ = run('check', '--zone', path('zone'), '--only', 'sign.*')
    found = {f['check']: f for f in out['findings']}
    tap.is_(found['sign.subdomains']['severity'], 'info',
            'names below the domain leave unsigned')
    tap.ok(found['sign.key-missing']['severity'] == 'error' and
           'no active key' in found['sign.key-missing']['text'] and
           found['sign.key-missing']['subject'] == 'wait.example',
           'a domain without an active key', str(found))
    configure(more='SubDomains yes\n')
    _, out, _ = run('check', '--zone', path('zone'), '--only', 'sign.*')
    tap.ok('sign.subdomains' not in [f['check'] for f in out['findings']],
           'SubDomains yes')


def check_explain():
    configure({'non_smtpd_milters': ''},
              MASTER + SUBMIT + ' -o smtpd_milters=\n')
    status, out, _ = run('explain', '--from', 'a@sub.d.example')
    tap.is_((status, out['signs'], out['signs_above']),
            (1, False, 'd.example'), 'a name below the domain')
    tap.is_([x['check'] for x in out['postfix']],
            ['postfix.submission-milters', 'postfix.local-milters'],
            'what Postfix lacks')
    _, out, _ = run('explain', '--from', 'a@d.example')
    tap.is_((out['signs'], out['signs_above']), (True, None),
            'the domain itself')
    _, out, _ = run('explain', '--from', 'a@other.example')
    tap.is_((out['signs'], out['signs_above']), (False, None),
            'another domain')
    configure(more='SubDomains yes\n')
    _, out, _ = run('explain', '--from', 'a@sub.d.example')
    tap.is_((out['signs'], out['signs_above'], out['postfix']),
            (True, None, []), 'with SubDomains, and nothing lacks')
    env = dict(os.environ, MAIL_CONFIG=path('etc'))
    configure({'smtpd_milters': ''})
    _, out, _ = proc.run([tree.MAILSEAL, 'explain', '-c', path('conf'),
                          '--from', 'a@sub.d.example'], env=env)
    text = ' '.join(out.decode().split())
    tap.contains(text, 'with SubDomains yes it would sign this, too',
                 'as text: SubDomains')
    tap.contains(text, 'Postfix smtpd_milters lacks mailseald',
                 'as text: Postfix')


def main():
    if shutil.which('postconf', path='/usr/sbin:/usr/local/sbin') is None:
        tap.skip_all('Postfix is not installed')
    setup()
    check_rows()
    check_where()
    check_domains()
    check_explain()


tap.main(main)
