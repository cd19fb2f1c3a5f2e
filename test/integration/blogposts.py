# SPDX-License-Identifier: BSD-2-Clause
"""README's page for those who followed the blog posts: each of its commands,
and those of commands.sh, with files and a Postfix configuration of the test's
own, and a systemctl that only notes what it was asked."""
import os
import pwd
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

if not os.path.exists('/usr/sbin/postconf'):
    tap.skip_all('needs Postfix')

TOP = proc.folder()
USER = pwd.getpwuid(os.getuid()).pw_name
NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >>%s/notes\n'
FILES = {
    'etc/opendkim.conf': 'UserID %s\nSocket local:%s/spool/opendkim.sock\n'
    'KeyTable refile:%s/etc/opendkim/KeyTable\n'
    'SigningTable refile:%s/etc/opendkim/SigningTable\n'
    'Nameservers 127.0.0.1\n' % (USER, TOP, TOP, TOP),
    'etc/opendkim/KeyTable': 'k here.example:key:%s/etc/opendkim/key.private\n'
    % TOP,
    'etc/opendkim/SigningTable': '*@here.example k\n',
    'etc/opendmarc.conf': 'Socket local:%s/spool/opendmarc.sock\n'
    'RejectFailures false\nSPFSelfValidate true\n' % TOP,
    'etc/postfix-policyd-spf-python/policyd-spf.conf':
    'HELO_reject = False\nMail_From_reject = False\n',
}
MAIN = '''smtpd_milters = unix:%s/spool/opendkim.sock,
    unix:%s/spool/opendmarc.sock, inet:localhost:11332
non_smtpd_milters = $smtpd_milters
milter_default_action = accept
policyd-spf_time_limit = 3600
smtpd_recipient_restrictions = %%s
''' % (TOP, TOP)
MASTER = '''smtp inet n - y - - smtpd
policyd-spf unix - n n - 0 spawn
    user=policyd-spf argv=/usr/bin/policyd-spf
'''
POLICY = 'check_policy_service unix:private/policyd-spf'
RESTRICTIONS = (
    'permit_mynetworks,\n    reject_unauth_destination,\n    ' + POLICY,
    'permit_mynetworks, %s, reject_unauth_destination' % POLICY,
    'permit_mynetworks reject_unauth_destination %s permit' % POLICY)


def path(name):
    return os.path.join(TOP, name)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    return proc.write(path(name), text)


def section():
    with open(os.path.join(tree.SRC, 'README'), encoding='utf-8') as f:
        text = f.read()
    return text[text.index('\nComing from the blog posts'):
                text.index('\nDocumentation:')]


def commands(text):
    """{step: [command]}, of the lines behind a tab."""
    steps, at = {}, 0
    for line in re.sub(r'\\\n\s*', '', text).splitlines():
        number = re.match(r' (\d+)\. ', line)
        at = int(number.group(1)) if number else at
        if line.startswith('\t'):
            steps.setdefault(at, []).append(line[1:])
    return steps


ENV = dict(os.environ, MAIL_CONFIG=path('etc/postfix'), PATH=':'.join((
    path('bin'), os.path.join(tree.BUILD, 'tools'),
    os.path.join(tree.BUILD, 'milter'), os.environ['PATH'], '/usr/sbin')))


def here(text):
    """Files of the host become the test's."""
    return re.sub(r'(?<![\w/.])/(etc|usr/local|var)/', TOP + r'/\1/', text)


def run(command):
    status, out, err = proc.run(['sh', '-c', here(command)], env=ENV)
    tap.ok(status == 0 or 'import' in command, command, out.decode() + err)
    return out.decode()


def postconf(*argv):
    return proc.run(['/usr/sbin/postconf', *argv], env=ENV)[1].decode().strip()


def prepare():
    for name, text in FILES.items():
        write(name, text)
    for name in ('systemctl', 'postfix', 'apt-get'):
        os.chmod(write('bin/' + name, NOTE % TOP), 0o755)
    for name in ('spool', 'usr/local/etc', 'var'):
        os.makedirs(path(name))
    write('etc/postfix/master.cf', MASTER)
    write('etc/postfix/main.cf', MAIN % RESTRICTIONS[0])
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'here.example', '-s', 'key', '-D',
              path('etc/opendkim')])


def run_all(steps):
    for step in sorted(steps):
        for command in steps[step]:
            if step == 2 and command.startswith('sh '):
                script = path('etc/mailseal-import/commands.sh')
                with open(script, encoding='utf-8') as f:
                    text = f.read()
                proc.write(script, here(text))
            if step != 4 and not command.startswith('mailseal import --comp'):
                run(command)


def check_rest():
    with open(path('notes'), encoding='utf-8') as f:
        notes = f.read()
    tap.contains(notes, 'systemctl disable --now opendkim opendmarc',
                 'the old programs end')
    tap.contains(notes, 'systemctl enable --now mailseald', 'ours starts')
    tap.is_(postconf('-h', 'smtpd_milters'), 'unix:%s/spool/opendkim.sock, '
            'inet:localhost:11332' % TOP, 'one milter in place of two')
    tap.is_(postconf('-h', 'milter_default_action'), 'tempfail',
            'and mail waits for it')
    tap.is_(postconf('-n', 'policyd-spf_time_limit'), '', 'no time limit')
    tap.is_(postconf('-M', 'policyd-spf/unix'), '', 'and no service')
    tap.ok(os.path.exists(path('usr/local/etc/mailseald.conf')),
           'the configuration is in its place')


def test_restrictions(steps):
    """The policy service goes, wherever it stands."""
    for text in RESTRICTIONS:
        write('etc/postfix/main.cf', MAIN % text)
        run(steps[3][0])
        got = postconf('-h', 'smtpd_recipient_restrictions')
        tap.is_([x for x in re.split(r'[,\s]+', got) if x],
                [x for x in re.split(r'[,\s]+', text.replace(POLICY, ''))
                 if x], 'restrictions without it: ' + ' '.join(text.split()))


def test_sieve(steps):
    text = '\n'.join(steps[4])
    tap.ok('require ["fileinto"];' in text and
           'exists "X-DMARC-Quarantine"' in text, 'Sieve by our field', text)


def main():
    prepare()
    steps = commands(section())
    tap.is_(sorted(steps), [1, 2, 3, 4, 5], 'its steps have commands')
    run_all(steps)
    check_rest()
    test_restrictions(steps)
    test_sieve(steps)


tap.main(main)
