# SPDX-License-Identifier: BSD-2-Clause
"""mailseal setup with what it must not touch, or must not take for what it is:
configurations of Postfix that nobody foresaw, Sendmail, traps in place of
files, and what is only shown.
"""
import os
import pwd
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
from setting import (  # noqa: E402
    DOMAIN, Dns, GUARDS, Host, USER, OURS, append, edit, enter, guards_of,
    is_alive, note, pid_of, restore, said)
import tap  # noqa: E402
import tree  # noqa: E402

OTHER = 'other.example'

# What a person has set, and what setup makes of it.
GUARDED = (
    ('unsafe on purpose', ('no', '$x', '\\r'), ['normalize', 'yes', '\\0\\r']),
    ('stricter', ('reject', 'Yes', '\\0\\1\\200'),
     ['reject', 'Yes', '\\0\\1\\200']),
)


def check_guards(host):
    """What no milter can see is set where it is not, and stays where a person
    is stricter; byte for byte undone."""
    for name, values, want in GUARDED:
        append('x = no\n')(host)
        for parameter, value in zip(GUARDS, values):
            edit(parameter, value)(host)
        before = host.files()
        _, out, err = host.run('--dry-run')
        shown = [x for x in re.findall('^new: (.*)', said(out), re.M)
                 if 'milter' not in x and x != 'bounce']
        tap.is_(shown, [new for new, old in zip(want, values) if new != old],
                name + ': the dry run shows what is set', err)
        tap.is_(host.files(), before, name + ': and changes nothing')
        host.run('--yes', '--no-wait')
        tap.is_(guards_of(host), want, name + ': what no milter sees')
        host.undo()
        tap.is_(host.files(), before, name + ': undone, byte for byte')
        restore(host)
    check_guarded_services(host)


def check_guarded_services(host):
    """A service that has an unsafe value of its own, and a safe one."""
    port = host.postfix.ports['in']
    append('127.0.0.1:%d inet n - n - - smtpd -o smtpd_forbid_bare_newline=no\n'
           ' -o { smtpd_forbid_unauth_pipelining = no }\n'
           '127.0.0.1:%d inet n - n - - smtpd\n'
           ' -o smtpd_forbid_bare_newline=reject\n'
           'other unix n - n - 0 cleanup -o message_reject_characters=\n' % (
               port + 1000, port + 1001), 'master.cf')(host)
    before = host.files()
    host.run('--yes', '--no-wait')
    text = proc.run(['postconf', '-c', host.postfix.etc, '-P'])[1].decode()
    tap.is_(sorted(line.split('/', 2)[2] for line in text.splitlines()
                   if 'forbid' in line or 'reject' in line),
            ['message_reject_characters = \\0',
             'smtpd_forbid_bare_newline = normalize',
             'smtpd_forbid_bare_newline = reject',
             'smtpd_forbid_unauth_pipelining = yes'],
            'services: each unsafe value is set')
    host.undo()
    tap.is_(host.files(), before, 'services: undone, byte for byte')
    restore(host)


def link_main(host):
    path = os.path.join(host.postfix.etc, 'main.cf')
    os.rename(path, path + '.real')
    os.symlink(path + '.real', path)


UNFORESEEN = (
    ('main.cf is a link', link_main, 'something else manages it'),
    ('a map of milters', edit('smtpd_milter_maps', 'static:DISABLE'),
     'smtpd_milter_maps'),
    ('a condition', append('x = 1\nsmtpd_milters = '
                           '${x?{inet:a:1}:{inet:b:2}}\n'), 'expression'),
    ('an unbalanced brace', append('smtpd_milters = { inet:a:1\n'),
     'postconf says'),
    ('a parameter twice', append('smtpd_milters = inet:a:1\n'
                                 'smtpd_milters = inet:b:1\n'),
     'postconf says'),
    ('a listener with a condition', append(
        '127.0.0.1:2525 inet n - n - - smtpd\n'
        ' -o smtpd_milters=${x?{a}:{b}}\n', 'master.cf'), 'master.cf'),
    ('a short name', edit('myhostname', 'mx'), 'full name'),
    ('a list that refers to itself', append(
        '127.0.0.1:2525 inet n - n - - smtpd\n'
        ' -o { smtpd_milters = inet:a:1, $smtpd_milters }\n', 'master.cf'),
     'postconf says'),
    ('a file that has two names', lambda host: os.link(
        os.path.join(host.postfix.etc, 'main.cf'),
        os.path.join(host.postfix.etc, 'main.cf.2')), 'something else'),
    ('a read-only file system', lambda host: proc.run([
        'sh', '-c', 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"',
        host.postfix.etc]), 'cannot be changed'),
    ('very many listeners', append(''.join(
        '127.0.0.1:%d inet n - n - - smtpd\n' % (20000 + i)
        for i in range(70)), 'master.cf'), 'looks at 64'),
)


def check_unforeseen():
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    host = Host('odd')
    for name, change, why in UNFORESEEN:
        change(host)
        before = host.files()
        command = host.command('--yes', '--no-wait')
        if name == 'a short name':
            at = command.index('--host')
            del command[at:at + 2]
        status, _, err = proc.run(command)
        tap.ok(status == 2 and why in err, name + ': refused', err)
        tap.is_((host.files(), os.path.exists(host.state),
                 os.path.exists(host.keys), os.path.exists(host.conf)),
                (before, False, False, False), name + ': nothing is changed')
        proc.run(['umount', host.postfix.etc])
        restore(host)
    dns.stop()
    check_losses(host)
    check_chroot(host)
    check_former_by_name(host)
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    check_sample(host)
    dns.stop()
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    dns.both(host.records())
    host.undo()
    check_guards(host)
    check_two_domains(host)
    check_foreseen(host)
    dns.stop()
    check_timer(host)
    check_pid_file(host)
    check_dead_smtpd(host)


# Name, change, what main.cf's two lists are then; a part of postconf -P.
FORESEEN = (
    ('local mail follows', edit('non_smtpd_milters', '$smtpd_milters'),
     (OURS, '$smtpd_milters'), ''),
    ('several lines', append('smtpd_milters =\n  inet:127.0.0.1:9\n'
                             '# a comment\n  , unix:b/c\n'),
     ('inet:127.0.0.1:9 , unix:b/c, ' + OURS, OURS), ''),
    ('a name in the list', append('x = { inet:127.0.0.1:9, '
                                  'default_action=accept }\n'
                                  'smtpd_milters = $x\n'),
     ('$x, ' + OURS, OURS), ''),
    ('a listener with a name', lambda host: (
            append('x = inet:127.0.0.1:9\n')(host),
            append('127.0.0.1:%d inet n - n - - smtpd\n   -o\n'
                   '# in between\n   smtpd_milters=$x -o mynetworks=\n' % (
                       host.postfix.ports['in'] + 1000), 'master.cf')(host)),
     (OURS, OURS), '/smtpd_milters = $x,{%s,default_action=tempfail}' % OURS),
    ('postscreen', lambda host: postscreen(host), (OURS, OURS), ''),
    ('IPv6 only', lambda host: listen(host, ''), (OURS, OURS), ''),
    ('a listener at ::1', lambda host: listen(host, '[::1]:'), (OURS, OURS),
     ''),
)


def listen(host, address):
    """The listener at another address, or at all of them, without IPv4."""
    edit('inet_protocols', 'ipv6')(host)
    edit('inet_interfaces', 'all')(host)
    path = os.path.join(host.postfix.etc, 'master.cf')
    with open(path, encoding='ascii') as f:
        text = f.read()
    port = host.postfix.ports['in']
    proc.write(path, re.sub(r'(?m)^127.0.0.1:%d ' % port, '%s%d ' % (
        address, port), text))
    # Addresses are taken at the start only.
    host.postfix._control('stop')
    host.postfix._control('start')


def postscreen(host):
    """It takes the port, and hands clients on to smtpd."""
    path = os.path.join(host.postfix.etc, 'master.cf')
    with open(path, encoding='ascii') as f:
        text = f.read()
    proc.write(path, re.sub(
        r'(?m)^(127.0.0.1:%d inet n - n -) - smtpd' % host.postfix.ports['in'],
        r'\1 1 postscreen\nsmtpd pass - - n - - smtpd', text))
    host.postfix._control('reload')


def check_foreseen(host):
    """What Postfix's language has and setup understands: the milter is where
    it belongs, and undo is byte for byte."""
    for name, change, lists, service in FORESEEN:
        change(host)
        before = host.files()
        _, _, err = host.run('--yes', '--no-wait')
        tap.is_((host.postconf('smtpd_milters'),
                 host.postconf('non_smtpd_milters')), lists,
                name + ': the lists', err)
        text = proc.run(['postconf', '-c', host.postfix.etc, '-P'])[1].decode()
        tap.contains(text, service, name + ': the listeners')
        host.undo()
        tap.is_(host.files(), before, name + ': undone, byte for byte')
        restore(host)


def check_two_domains(host):
    """The second domain needs no second change of Postfix; that goes with the
    last of them."""
    before = host.files()
    host.run('--yes', '--no-wait')
    wired = host.files()
    _, out, err = host.run('--yes', '--no-wait', domain=OTHER)
    tap.ok(any(r['owner'].endswith('._domainkey.' + OTHER)
               for r in out['records']), 'a second domain has a key', err)
    tap.is_(host.files(), wired, 'and Postfix stays as it is')
    status, _, err = host.undo()
    tap.is_((status, host.files()), (0, wired), 'the first is undone: Postfix '
            'serves the second', err)
    pid = pid_of(host)
    tap.ok(pid is not None and is_alive(pid), 'and so does mailseald')
    status, _, err = host.run('--undo', '--yes', domain=OTHER)
    tap.is_((status, host.files(), os.listdir(host.state)), (0, before, []),
            'the second is undone: byte for byte', err)


def check_chroot(host):
    """A configuration whose socket a chroot hides."""
    proc.write(host.conf, 'Socket unix:%s/sock\nKeyStore none\n' % host.top)
    listener = '127.0.0.1:%d/inet' % host.postfix.ports['in']
    proc.run(['postconf', '-c', host.postfix.etc, '-F',
              listener + '/chroot=y'])
    before = host.files()
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    status, _, err = host.run('--yes', '--no-wait')
    tap.ok(status == 2 and 'chroot' in err, 'a chroot hides the socket', err)
    tap.is_(host.files(), before, 'and nothing is changed')
    dns.stop()
    os.unlink(host.conf)
    restore(host)


def check_former_by_name(host):
    """A former socket that setup cannot take out: nothing is changed."""
    note(host, stage='done', sockets=['inet:127.0.0.1:8889'])
    append('x = inet:127.0.0.1:8889\nsmtpd_milters = $x\n')(host)
    before = host.files()
    status, _, err = host.run('--yes', '--no-wait')
    tap.ok(status == 2 and 'by a name' in err, 'a former socket by a name',
           err)
    tap.is_(host.files(), before, 'and nothing is changed')
    os.unlink(os.path.join(host.state, 'host.json'))
    restore(host)


def check_dead_smtpd(host):
    """Postfix does not run: it is not changed."""
    host.postfix.stop()
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    dns.both(host.records())
    status, _, err = host.run('--yes', '--no-wait')
    tap.ok(status == 2 and 'does not answer' in err, 'Postfix does not run',
           err)
    tap.is_(host.files(), host.original, 'and is not changed')
    host.undo()
    dns.stop()


def check_timer(host):
    """The timer is disabled if setup enabled it."""
    log = os.path.join(host.top, 'systemctl.log')
    tools = os.path.join(host.top, 'tools')
    os.mkdir(tools)
    proc.write(os.path.join(tools, 'systemctl'),
               '#!/bin/sh\necho "$*" >>%s\n' % log, 0o755)
    path = os.environ['PATH']
    os.environ['PATH'] = tools + ':' + path
    said_to = []
    for made in {'daemon': 'systemd', 'timer': True}, {'daemon': 'systemd'}:
        note(host, **made)
        host.undo()
        with open(log, encoding='ascii') as f:
            said_to.append(f.read().splitlines())
        os.unlink(log)
    os.environ['PATH'] = path
    unit = 'disable --now mailseald.service'
    tap.is_(said_to, [['disable --now dkimkeygen.timer', unit], [unit]],
            'undo disables the timer that setup enabled, no other')


def check_pid_file(host):
    """A trap in place of the daemon's file."""
    path = os.path.join(host.top, 'trap.pid')
    target = proc.write(os.path.join(host.top, 'target'), '1\n')
    for name, make in (('a FIFO', os.mkfifo),
                       ('a link', lambda p: os.symlink(target, p))):
        make(path)
        note(host, daemon=path)
        status, _, err = proc.run(['timeout', '-k', '1', '30'] +
                                  host.command('--undo', '--yes'))
        tap.ok(status == 2 and 'could not be stopped' in err,
               'the PidFile is %s: refused' % name, (status, err))
        os.unlink(path)
    os.unlink(os.path.join(host.state, 'host.json'))


def check_sample(host):
    """The sample that make install puts there is no configuration yet, and the
    directory of the state need not be there."""
    with open(os.path.join(tree.SRC, 'etc', 'mailseald.conf'),
              encoding='ascii') as f:
        sample = f.read()
    proc.write(host.conf, sample)
    state, host.state = host.state, os.path.join(host.top, 'a', 'b', 'state')
    umask = os.umask(0o077)
    _, out, err = host.run('--yes', '--no-wait')
    os.umask(umask)
    with open(host.conf, encoding='ascii') as f:
        text = f.read()
    tap.ok('UserID ' + USER in text and 'Socket unix:' in text,
           'the sample is replaced', text + err)
    tap.is_([os.stat(p).st_mode & 0o777 for p in (
        os.path.dirname(host.state), host.state)], [0o755, 0o700],
        'directories are made, and others may pass the one above')
    host.undo()
    with open(host.conf, encoding='ascii') as f:
        tap.is_(f.read(), sample, 'undo: and the sample is there again')
    os.unlink(host.conf)
    host.state = state


CF = 'O InputMailFilters=%s\nXmailseal, S=inet:8891@127.0.0.1%s\n'
MC = "INPUT_MAIL_FILTER(`mailseal',`S=inet:8891@127.0.0.1,F=T," \
    "T=S:30s;R:2m;E:5m')dnl"


def check_sendmail_options(host, options):
    """What a configuration of before lacks for Sendmail is said."""
    with open(host.conf, encoding='ascii') as f:
        whole = f.read()
    for lacks, says in (((), False), (('AddressLists',), True),
                        (('LineLengthLimit',), True),
                        (('AddressLists', 'LineLengthLimit'), True)):
        proc.write(host.conf, ''.join(
            line for line in whole.splitlines(True)
            if not line.startswith(lacks)), 0o644)
        status, out, err = host.run(*options)
        tap.is_((status, 'LineLengthLimit sendmail' in ''.join(out['next'])),
                (0, says), 'Sendmail: without %s' % (
                    ', '.join(lacks) or 'nothing'), (out, err))
        proc.write(host.conf, whole, 0o644)


def check_sendmail():
    """Sendmail is looked at and not changed: setup says what is missing, until
    sendmail.cf has it; so does check."""
    host = Host('sendmail')
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    etc = os.path.join(host.top, 'mail')
    os.mkdir(etc)
    options = ['--mta', 'sendmail', '--mta-config', etc, '--yes', '--no-wait']
    _, out, _ = host.run(*options)
    dns.both([(r['owner'], r['value']) for r in out['records']])
    with open(host.conf, encoding='ascii') as f:
        text = f.read()
    tap.ok('Socket inet:8891@127.0.0.1\n' in text and
           'LineLengthLimit sendmail:990\n' in text and
           'AddressLists sendmail\n' in text, 'Sendmail: a configuration',
           text)
    cases = (
        (None, 1, 'cannot be read', 'mta.unknown', 'info'),
        (CF % ('other', ', F=T'), 1, 'does not pass', 'sendmail.milters',
         'error'),
        (CF % ('mailseal', ''), 0, 'F=T', 'sendmail.default-action', 'warn'),
        (CF % ('other, mailseal', ', F=T'), 0, 'passes mail',
         'sendmail.milters', 'ok'))
    for text, want, words, finding, severity in cases:
        if text is not None:
            proc.write(os.path.join(etc, 'sendmail.cf'), text)
        status, out, err = host.run(*options)
        everything = said(out) + ''.join(out['missing'] + out['next'])
        tap.ok(status == want and words in everything,
               'Sendmail: setup: ' + finding, (status, everything, err))
        _, out, err = proc.run_json(
            ['env', 'MAIL_CONFIG=' + etc, tree.MAILSEAL, 'check', '--json',
             '-v', '-c', host.conf, '--only', 'sendmail.*', '--only',
             'mta.*', DOMAIN])
        tap.is_([(f['check'], f['severity']) for f in (out or {
            'findings': []})['findings']], [(finding, severity)],
            'Sendmail: check: ' + finding, err)
    check_sendmail_options(host, options)
    proc.write(os.path.join(etc, 'sendmail.cf'), CF % ('other', ', F=T'))
    for name, command in (
            ('setup', host.command(*options)),
            ('check', ['env', 'MAIL_CONFIG=' + etc, tree.MAILSEAL, 'check',
                       '-c', host.conf, '--only', 'sendmail.*', DOMAIN])):
        _, out, err = proc.run(command)
        tap.ok(MC in [x.strip() for x in out.decode().splitlines()],
               'Sendmail: %s: a line to paste, not folded' % name,
               out.decode() + err)
    tap.is_(host.files(), host.original, 'Sendmail: no file of an MTA changes')
    host.stop()
    dns.stop()


def check_usage(host):
    for options, what in ((('--mta', 'exim'), '--mta'),
                          (('--policy', 'x'), '--policy'),
                          (('--publish', 'x'), '--publish'),
                          (('--ip', 'x'), '--ip'),
                          (('--provider', 'nobody'), '--provider'),
                          (('--wait=x',), 'wait'),
                          (('two.example',), 'one domain')):
        status, _, err = proc.run(host.command(*options))
        tap.ok(status == 2 and what in err, 'usage: ' + what, err)


def check_zone_lines(host):
    """What is copied into a zone file as it stands is read there."""
    _, out, err = proc.run(host.command('--dry-run'))
    lines = out.decode().partition('lines of a zone file:\n')[2].partition(
        '\nWire')[0]
    tap.is_(lines.count(' TXT '), 2, 'dry run: two lines of a zone file', err)
    zone = os.path.join(proc.folder(), 'copied.zone')
    proc.write(zone, lines + '\n')
    status, out, err = proc.run_json([
        tree.MAILSEAL, 'dmarc', '--zone', zone, '--from', DOMAIN, '--json'])
    tap.is_((status, (out or {}).get('policy')), (1, 'none'),
            'the lines of a zone file, copied, are one', err)


def check_dry_run():
    """Nothing is made, and no root is needed."""
    host, dns = Host('dry'), Dns(os.path.join(proc.folder(), 'dns'))
    check_usage(host)
    before = sorted(os.listdir(host.top))
    user = pwd.getpwnam(USER)
    command = ['setpriv', '--reuid', str(user.pw_uid), '--clear-groups'] + \
        host.command('--dry-run', '--json')
    status, out, err = proc.run_json(command)
    tap.is_(status, 0, 'dry run: exit status', err)
    tap.is_((sorted(os.listdir(host.top)), host.files()),
            (before, host.original), 'dry run: nothing is made or changed')
    owners = [r['owner'] for r in out['records']] if out else []
    tap.is_(owners, [DOMAIN, '_dmarc.' + DOMAIN],
            'dry run: it says what to publish')
    tap.contains(said(out), 'new: unix:mailseal/milter.sock',
                 'dry run: and what Postfix gets')
    check_zone_lines(host)
    status, out, err = host.run()
    tap.ok(status == 1 and 'nothing was done' in ''.join(out['missing']) and
           sorted(os.listdir(host.top)) == before,
           'without --yes and without a terminal: nothing is done', err)
    status, out, err = host.run('--yes', '--ip', '10.1.2.3')
    tap.ok(status == 2 and 'private' in err, 'a private address is refused',
           err)
    host.stop()
    dns.stop()


def check_losses(host):
    """--yes replaces nothing of which something is not kept."""
    dns = Dns(os.path.join(proc.folder(), 'dns'), 'v=spf1 mx -all')
    dns.both([(DOMAIN, 'v=spf1 a -all')])
    proc.write(host.policy, 'UpdateKey %s\nUpdateServer 127.0.0.1@53\n'
               % dns.first.key)
    status, out, err = host.run('--yes', '--no-wait', '--publish', 'nsupdate')
    tap.ok(status == 1 and any('by hand' in m and
                               'v=spf1 a mx ip4:192.0.2.10 -all' in m
                               for m in out['missing']),
           'two SPF records: --yes does not replace them', out['missing'] or
           err)
    out = proc.run(['dig', '+short', '@127.0.0.1', DOMAIN, 'TXT'])[1]
    tap.ok(b'v=spf1 mx -all' in out and b'v=spf1 a -all' in out,
           'both are still there', out)
    dns.delete(dns.first, DOMAIN)
    dns.delete(dns.second, DOMAIN)
    dns.both([(DOMAIN, 'v=spf1 %s -all' % ' '.join(
        'ip4:198.51.100.%d' % i for i in range(16)))])
    _, out, err = host.run('--yes', '--no-wait', '--publish', 'nsupdate')
    tap.contains(said(out), 'the old record has more than 255 octets: replace '
                 'it by hand', 'a record of two strings')
    proc.write(host.policy, '# nothing\n')
    host.undo()
    dns.stop()


def main():
    enter()
    check_dry_run()
    check_unforeseen()
    check_sendmail()


tap.main(main)
