# SPDX-License-Identifier: BSD-2-Clause
"""mailseal setup from nothing to signed mail, and back, with all that may go
wrong while a person publishes, or changes Postfix: a secondary that lags, a cut
record, a doubled name; undo byte for byte, and filters of others that stay.
"""
import json
import os
import pwd
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
from setting import (  # noqa: E402
    DOMAIN, Dns, FOREIGN, Host, OURS, SAFE, USER, append, check, edit,
    enter, guards_of, is_alive, pid_of, restore, said, send, stored,
    until_done)
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402


def check_publish(host, dns, records):
    """All mistakes that are made while a person publishes."""
    key = [r for r in records if '_domainkey' in r[0]]
    rest = [r for r in records if r not in key]
    tap.is_(len(key), 1, 'one key')
    dns.add(dns.first, records)
    status, out, _ = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and 'ns2.d.example' in out['missing'][0],
           'a secondary that lags is named', out['missing'])
    dns.add(dns.second, rest + [(key[0][0], key[0][1][:200])])
    status, out, _ = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and 'ns2.d.example' in out['missing'][0],
           'a record that was cut is not taken for the record',
           out['missing'])
    dns.delete(dns.second, key[0][0])
    dns.add(dns.second, [('%s.%s' % (key[0][0], DOMAIN), key[0][1])])
    status, out, _ = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and 'appended twice' in out['missing'][0],
           'a doubled name is recognised', out['missing'])
    tap.is_(host.files(), host.original,
            'Postfix is not touched before all servers have the records')
    dns.add(dns.second, key)


def check_whole():
    """From nothing to a message that verifies, and back."""
    host = Host('whole', {
        'smtpd_milters': '{ %s, default_action=accept }' % FOREIGN}, {
            'own': {'smtpd_milters': FOREIGN,
                    'milter_default_action': 'accept'},
            'bare': {'smtpd_milters': ''}})
    dns = Dns(os.path.join(proc.folder(), 'dns'))
    status, out, err = host.run('--yes', '--no-wait')
    tap.ok(status == 1 and out['missing'], 'a first run: records are missing',
           err)
    pid = pid_of(host)
    tap.ok(pid is not None and is_alive(pid), 'mailseald runs', err)
    tap.is_(os.stat(host.keys).st_uid, pwd.getpwnam(USER).pw_uid,
            'the key store is its user\'s')
    records = [(r['owner'], r['value']) for r in out['records']]
    tap.is_(sorted(r[0].split('.')[1] if '_domainkey' in r[0] else r[0]
                   for r in records),
            ['_dmarc.d.example', '_domainkey', 'd.example'],
            'the records to publish')
    again = host.records()
    tap.is_((again, pid_of(host)), (records, pid),
            'run again: the same records, the same daemon')
    check_publish(host, dns, records)
    status, out, err = host.run('--yes', '--no-wait')
    tap.is_((status, out['missing']), (0, []), 'published: all is done', err)
    ours = 'unix:mailseal/milter.sock'
    tap.is_(host.postconf('smtpd_milters'),
            '{ %s, default_action=accept }, %s' % (FOREIGN, ours),
            'the milter of others keeps its place')
    tap.is_(host.postconf('non_smtpd_milters'), ours, 'local mail, too')
    check_listeners(host, out, ours)
    tap.is_(guards_of(host), SAFE, 'what no milter can see')
    check_smuggled(host)
    wired = host.files()
    check_rotated(host)
    tap.is_(host.files(), wired, 'run again: Postfix is not changed again')
    answer, data = send(host, 'through-smtpd')
    tap.contains(data, b'DKIM-Signature:', 'smtpd signs', answer)
    selector = [r[0] for r in records if '_domainkey' in r[0]][0].split(
        '.')[0]
    check_agrees(host)
    status, out, err = check('--selector', selector)
    tap.is_([f['check'] for f in (out or {'findings': []})['findings']
             if f['severity'] in ('error', 'warn', 'unknown') and
             f['check'].split('.')[0] in ('spf', 'dkim', 'dmarc')], [],
            'what setup printed, mailseal check calls right', err)
    tap.is_(out and out['verdict']['dmarc'], 'pass', 'DMARC passes')
    status, out, err = host.run('--status')
    tap.is_(status, 0, '--status: done', err)
    status, out, err = host.undo()
    tap.is_(status, 0, 'undo', err)
    tap.is_(host.files(), host.original, 'undo: byte for byte')
    proc.wait_for(lambda: not is_alive(pid), 'mailseald to end')
    tap.is_((os.path.exists(host.conf), os.listdir(host.state),
             os.path.exists(os.path.join(host.postfix.top, 'spool',
                                         'mailseal'))),
            (False, [], False), 'undo: nothing of it is left')
    tap.ok(os.listdir(host.keys), 'undo: the keys stay')
    status, out, err = host.undo()
    tap.is_((status, host.files()), (0, host.original), 'undo again', err)
    check_edited(host)
    check_second_change(host)
    check_other_socket(host)
    check_killed_and_edited(host)
    check_expression(host)
    host.stop()
    dns.stop()


def check_rotated(host):
    """By another program, which does not tell the daemon: setup does."""
    path = os.path.join(host.keys, DOMAIN, stored(host)[0] + '.state')

    def is_active():
        proc.run([tree.DKIMKEYGEN, 'rotate', '--all', '--quiet', '-K',
                  host.keys, '-c', host.policy])
        with open(path, encoding='ascii') as f:
            return 'stage active' in f.read()
    proc.wait_for(is_active, 'the key to become active')
    _, out, err = host.run('--yes', '--no-wait')
    tap.contains(said(out), 'dkim=pass', 'a message that is signed', err)


def check_agrees(host):
    """What setup made of Postfix, check calls right."""
    _, out, err = proc.run_json(
        ['env', 'MAIL_CONFIG=' + host.postfix.etc, tree.MAILSEAL, 'check',
         '--json', '-c', host.conf, '--only', 'postfix.*', DOMAIN])
    tap.is_([f['subject'] for f in (out or {'findings': [{'subject': err}]})[
        'findings'] if f['severity'] != 'ok'],
        ['127.0.0.1:%d' % host.postfix.ports['bare']],
        'of Postfix, check names the listener that has no milters, only')


def check_listeners(host, out, ours):
    """A listener that has milters of its own, and one that has none."""
    text = proc.run(['postconf', '-c', host.postfix.etc, '-P'])[1].decode()
    own, bare = (host.postfix.ports[x] for x in ('own', 'bare'))
    tap.contains(text, '127.0.0.1:%d/inet/smtpd_milters = %s,{%s,'
                 'default_action=tempfail}\n' % (own, FOREIGN, ours),
                 'the milters of a listener')
    client = smtp.Client(own)
    tap.contains(client.command('MAIL FROM:<joe@%s>' % DOMAIN), '250',
                 'that listener takes mail')
    client.command('QUIT')
    tap.ok(re.search('127.0.0.1:%d/inet/smtpd_milters = *\n' % bare, text),
           'a listener without milters stays so', text)
    tap.ok(any('127.0.0.1:%d' % bare in x and 'unsigned' in x
               for x in out['next']), 'and is named', out['next'])


def check_edited(host):
    """Somebody else has changed main.cf since: only the milter goes."""
    status, _, err = host.run('--yes', '--no-wait')
    tap.is_(status, 0, 'set up once more, with the key that is there', err)
    proc.run(['postconf', '-c', host.postfix.etc, '-e',
              'smtpd_banner=changed since'])
    _, out, err = host.undo()
    tap.is_((host.postconf('smtpd_banner'), host.postconf('smtpd_milters')),
            ('changed since', '{ %s, default_action=accept }' % FOREIGN),
            'undo of a changed main.cf', err)


def is_out(host, name, *kept):
    """Undone: Postfix names none of our sockets; what others wrote stays."""
    status, _, err = host.undo()
    text = b''.join(f[0] for f in host.files()).decode()
    # Others' sockets are not ours, nor is the queue's own name.
    tap.ok(status == 0 and 'mailseal/' not in text and
           'inet:127.0.0.1:8891' not in text, name + ': undone', err + text)
    tap.is_([k for k in kept if k not in text], [],
            name + ': what others changed stays')
    tap.is_(os.listdir(host.state), [], name + ': nothing is left')
    if os.path.exists(host.conf):
        os.unlink(host.conf)
    restore(host)


def check_second_change(host):
    """Others change Postfix, then setup has something to change again."""
    host.run('--yes', '--no-wait')
    append('127.0.0.1:%d inet n - n - - smtpd\n'
           '  -o smtpd_milters=%s\n' % (host.postfix.ports['in'] + 1000,
                                       FOREIGN), 'master.cf')(host)
    edit('smtpd_banner', 'changed since')(host)
    host.run('--yes', '--no-wait')
    tap.is_(host.files()[1][0].count(OURS.encode()), 2,
            'the new listener has the milter')
    is_out(host, 'a second change', 'smtpd_banner = changed since',
           '%d inet' % (host.postfix.ports['in'] + 1000))
    # The same without an edit of main.cf, whose copies hold.
    host.run('--yes', '--no-wait')
    main = host.files()[0]
    append('127.0.0.1:%d inet n - n - - smtpd\n'
           '  -o smtpd_milters=%s\n' % (host.postfix.ports['in'] + 1000,
                                       FOREIGN), 'master.cf')(host)
    host.run('--yes', '--no-wait')
    tap.is_(host.files()[0], main, 'main.cf needs no second change')
    host.undo()
    tap.is_(host.files()[0], host.original[0],
            'and is put back, byte for byte')
    restore(host)


def check_other_socket(host):
    """Both sockets that setup entered go."""
    host.run('--yes', '--no-wait')
    with open(host.conf, encoding='ascii') as f:
        text = f.read()
    os.kill(pid_of(host), signal.SIGTERM)
    proc.wait_for(lambda: pid_of(host) is None or not is_alive(pid_of(host)),
                  'mailseald to end')
    proc.write(host.conf, re.sub('(?m)^Socket .*', 'Socket '
                                 'inet:8891@127.0.0.1', text))
    edit('smtpd_milters', '%s, %s inet:127.0.0.1:8890' % (
        host.postconf('smtpd_milters').split(', unix:')[0], OURS))(host)
    _, _, err = host.run('--yes', '--no-wait')
    tap.is_(host.postconf('smtpd_milters'),
            '{ %s, default_action=accept }, inet:127.0.0.1:8891, '
            'inet:127.0.0.1:8890' % FOREIGN,
            'another Socket takes the place of the former one, no other', err)
    tap.is_(host.postconf('non_smtpd_milters'), 'inet:127.0.0.1:8891',
            'for local mail, too')
    text = proc.run(['postconf', '-c', host.postfix.etc, '-P'])[1].decode()
    tap.ok('%s,{inet:127.0.0.1:8891,default_action=tempfail}' % FOREIGN in
           text and 'milter.sock' not in text, 'and at listeners', text)
    tap.is_(host.noted()['sockets'], ['inet:127.0.0.1:8891'],
            'the former one is forgotten')
    # An address that was ours belongs to others by now.
    edit('smtpd_milters', 'unix:mailseal/milter.sock, '
                          'inet:127.0.0.1:8891')(host)
    host.run('--yes', '--no-wait')
    tap.is_(host.postconf('smtpd_milters'),
            'unix:mailseal/milter.sock, inet:127.0.0.1:8891',
            'and stays if somebody enters it again')
    edit('smtpd_milters', 'inet:127.0.0.1:8891')(host)
    is_out(host, 'another Socket', FOREIGN)


def wire_halfway(host):
    """As after a kill between the change and the note that it is done."""
    host.run('--yes', '--no-wait')
    proc.write(os.path.join(host.state, 'host.json'),
               json.dumps(dict(host.noted(), stage='begun')))


def check_killed_and_edited(host):
    """An edit of others after a kill is not lost."""
    wire_halfway(host)
    edit('smtpd_banner', 'after the kill')(host)
    is_out(host, 'killed, edited', 'smtpd_banner = after the kill')
    wire_halfway(host)
    edit('smtpd_banner', 'after the kill')(host)
    host.run('--yes', '--no-wait')
    is_out(host, 'killed, edited, run again',
           'smtpd_banner = after the kill')


def check_expression(host):
    """Undo that cannot take the milter out leaves the daemon running."""
    host.run('--yes', '--no-wait')
    edit('smtpd_milters', '${myhostname?{%s}}' % OURS)(host)
    pid = pid_of(host)
    status, _, err = host.undo()
    tap.ok(status != 0 and 'still names ' + OURS in err,
           'a list that undo does not understand is named', err)
    tap.ok(is_alive(pid), 'and mailseald runs on')
    edit('smtpd_milters', FOREIGN)(host)
    is_out(host, 'an expression, taken out by hand', FOREIGN)


def check_nsupdate():
    """Published by setup itself; an SPF record that is there is merged."""
    host = Host('nsupdate')
    dns = Dns(os.path.join(proc.folder(), 'dns'),
              'v=spf1 include:_spf.other.example -all')
    # The secondary is told by a program beside it.
    script = proc.write(os.path.join(host.top, 'update'), '''#!/bin/sh
cat >%s/script
nsupdate "$@" <%s/script &&
sed s/127.0.0.1/127.0.0.3/ %s/script | nsupdate "$@"
''' % ((host.top,) * 3), 0o755)
    proc.write(host.policy, 'UpdateProgram %s\nUpdateKey %s\n'
               'UpdateServer 127.0.0.1@53\n' % (script, dns.first.key))
    status, out, err = host.run('--yes', '--wait=60', '--publish',
                                'nsupdate', '--policy', 'quarantine',
                                '--rua', 'reports@d.example', '--ed25519')
    tap.is_((status, out['missing']), (0, []), 'nsupdate: one run', err)
    status, out, err = check()
    texts = [r['value'] for r in (out or {'records': []})['records']
             if r['type'] == 'TXT']
    tap.ok('v=spf1 include:_spf.other.example ip4:192.0.2.10 -all' in texts,
           'SPF: merged into the record that was there', texts)
    tap.ok('v=DMARC1; p=quarantine; rua=mailto:reports@d.example' in texts,
           'DMARC: as it was asked for', texts)
    err = proc.run(['dig', '+short', '@127.0.0.1', DOMAIN, 'TXT'])[1]
    tap.ok(b'a text of others' in err, 'other TXT records stay', err)
    _, out, err = until_done(host, '--publish', 'nsupdate', '--ed25519')
    tap.is_(len(stored(host)), 2, 'an Ed25519 key, too', err)
    host.stop()
    dns.stop()


def check_smuggled(host):
    """Once wired, Postfix does what the settings are for."""
    client = smtp.Client(host.postfix.ports['in'])
    answer = client.mail('joe@' + DOMAIN, ['you@far.example'],
                         b'Subject: nul\r\n\r\na\0b\r\n')
    client.command('QUIT')
    tap.contains(answer, '550', 'a message with NUL is refused')


PROGRAM = '''#!%s
import json, subprocess, sys
request = json.load(sys.stdin)
with open('%s', 'a', encoding='ascii') as log:
    log.write(json.dumps([sys.argv[1], request]) + '\\n')
target = request['target'] + '.'
lines = []
if request.get('old'):
    lines.append('update delete %%s TXT "%%s"' %% (target, request['old']))
lines.append('update add %%s 60 TXT %%s' %% (target, ' '.join(
    '"%%s"' %% s for s in request['strings'])))
for server in '127.0.0.1', '127.0.0.3':
    subprocess.run(['nsupdate', '-k', '%s'], check=True, input='\\n'.join(
        ['server ' + server, 'zone d.example'] + lines + ['send', '']
    ).encode('ascii'))
'''


MERGED = 'v=spf1 include:_spf.other.example ip4:192.0.2.10 -all'


def check_program():
    """Published by a program: records that are there are merged, by its verb
    merge; other records stay."""
    host = Host('program')
    dns = Dns(os.path.join(proc.folder(), 'dns'),
              'v=spf1 include:_spf.other.example -all')
    log = os.path.join(host.top, 'requests')
    program = proc.write(os.path.join(host.top, 'publish'), PROGRAM % (
        sys.executable, log, dns.first.key), 0o755)
    status, out, err = host.run('--yes', '--wait=60', '--publish', program)
    tap.is_((status, out['missing']), (0, []), 'a program: one run', err)
    with open(log, encoding='ascii') as f:
        requests = [json.loads(line) for line in f]
    merged = [(r['name'], r['old'], r['value']) for verb, r in requests
              if verb == 'merge']
    tap.is_(merged, [
        (DOMAIN, 'v=spf1 include:_spf.other.example -all', MERGED),
        ('_dmarc.' + DOMAIN, None,
         'v=DMARC1; p=none; rua=mailto:postmaster@d.example')],
        'a program: what is merged')
    tap.ok(any(verb == 'add' and '_domainkey' in r['name']
               for verb, r in requests), 'a program: a key is added', requests)
    texts = proc.run(['dig', '+short', '@127.0.0.3', DOMAIN, 'TXT'])[1]
    tap.ok(texts.count(b'v=spf1') == 1 and MERGED.encode() in texts and
           b'a text of others' in texts,
           'a program: the old record goes, others stay', texts)
    host.stop()
    dns.stop()


def main():
    enter()
    check_whole()
    check_nsupdate()
    check_program()


tap.main(main)
