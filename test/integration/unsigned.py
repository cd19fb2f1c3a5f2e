# SPDX-License-Identifier: BSD-2-Clause
"""Mail of ours is never unsigned in silence: keys, stores and rules that are
gone while mailseald serves, or missing when it starts."""
import grp
import os
import pwd
import shutil
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
SURVEY = 'signing: '


def key(store, domain, selector='s1', stage='active'):
    """A key with its stage, by hand: no DNS is asked."""
    proc.run([tree.DKIMKEYGEN, 'new', '-d', domain, '-s', selector, '-t',
              'ed25519', '-K', store])
    path = os.path.join(store, domain, selector + '.state')
    with open(path, encoding='ascii') as f:
        text = f.read()
    proc.write(path, text.replace('stage pending', 'stage ' + stage), 0o644)
    # As dkimkeygen does: a daemon may have read the pending key.
    proc.write(os.path.join(store, '.revision'), os.urandom(8).hex(), 0o644)


def play(daemon, domain):
    """(reply, selectors, how the log's line of it tells why not)."""
    n = len([x for x in daemon.lines() if x['event'] == 'message'])
    _, out, err = proc.run_json(
        [tree.MAILSEAL, 'try', '--json', '--milter', 'unix:' + daemon.path,
         '--auth', 'joe', '--ip', '192.0.2.7', '--mail-from',
         'joe@' + domain, '--rcpt', 'you@example.net'],
        b'From: joe@' + domain.encode() + b'\r\nSubject: x\r\n\r\nhello\r\n')
    if out is None:
        raise RuntimeError(err)

    def line():
        found = [x for x in daemon.lines() if x['event'] == 'message']
        return found[n:]

    proc.wait_for(line, 'the line of the message')
    names = {seal.tags(v)['s'] for v in seal.fields_named(
        (out['message'] or '').encode(), b'dkim-signature')}
    return out['reply'] or '', names, line()[0].get('unsigned')


def counted(daemon, name):
    key_ = 'unsigned_' + name
    before = daemon.log_text().count(key_)
    daemon.server.signal(signal.SIGUSR1)
    proc.wait_for(lambda: daemon.log_text().count(key_) > before,
                  'the counters')
    last = [x for x in daemon.log_text().splitlines() if key_ in x][-1]
    for mark in (key_ + '=', '"%s":' % key_):
        if mark in last:
            text = last.split(mark)[1]
            return int(''.join(c for c in text[:9] if c.isdigit() or
                               c == ' ').split()[0])
    return None


def said(daemon, text, what):
    proc.wait_for(lambda: text in daemon.log_text(), what)
    tap.ok(True, what)


def metric(path, name):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(proc.PATIENCE_S)
        s.connect(path)
        s.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close'
                  b'\r\n\r\n')
        with s.makefile('rb') as f:
            found = [x.split()[1] for x in f.read().decode().splitlines()
                     if x.startswith(name + ' ')]
    return found[0] if found else None


def levels(daemon, text):
    return {x['level'] for x in daemon.lines() if x['event'] == 'log' and
            text in x['text']}


def test_store():
    folder = os.path.join(TOP, 'store')
    os.mkdir(folder)
    store = os.path.join(folder, 'keys')
    os.mkdir(store, 0o700)
    for domain in ('a.example', 'b.example'):
        key(store, domain)
    key(store, 'wait.example', stage='pending')
    key(store, 'was.example', stage='retired')
    daemon = seald.Seald(folder, {'KeyStore': store, 'KeyRefresh': '1',
                                  'Zone': '/dev/null', 'CheckKeys': 'no'})
    said(daemon, SURVEY + '2 domains sign, 2 cannot: '
                 'wait.example (no active key), was.example (no active key)',
                 'the start says which domains sign')
    tap.is_(levels(daemon, SURVEY), {'warning'}, 'as a warning')
    tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None), 'signed')
    tap.is_(play(daemon, 'wait.example')[1:], (set(), 'no active key'),
            'not active yet: logged')
    tap.is_(play(daemon, 'other.example')[1:], (set(), None), 'not ours')
    reply, names, why = play(daemon, 'was.example')
    tap.is_((reply[:3], names, why), ('451', set(), 'no active key'),
            'no key is active any more: OnSignFailure')
    tap.is_(levels(daemon, 'mail of ours is not signed'), {'error'},
            'an error in the log')
    os.rename(store, store + '.away')
    daemon.reload('is in service')
    for domain in ('a.example', 'b.example'):
        tap.is_(play(daemon, domain)[1:], ({'s1'}, None),
                'the store is moved away: ' + domain)
    tap.is_(levels(daemon, 'known before stay in service'), {'error'},
            'the store is moved away: an error')
    os.rename(store + '.away', store)
    proc.wait_for(lambda: 'answers again' in daemon.log_text(),
                  'the store to be taken up')
    os.rename(os.path.join(store, 'a.example'), os.path.join(folder, 'a'))
    proc.wait_for(lambda: 'a.example: gone from the store' in
                  daemon.log_text(), 'the loss to be noticed')
    tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None),
            "a domain's folder is gone: signed")
    daemon.reload('is in service')
    tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None),
            "a domain's folder is gone, SIGHUP: signed")
    os.rename(os.path.join(folder, 'a'), os.path.join(store, 'a.example'))
    key(store, 'c.example')
    proc.wait_for(lambda: SURVEY + '3 domains sign' in daemon.log_text(),
                  'the store to be followed')
    tap.is_(play(daemon, 'c.example')[1:], ({'s1'}, None), 'a new domain')
    tap.is_(counted(daemon, 'no_active_key'), 2, 'counted')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def rotate(where, zone, later=0):
    """What dkimkeygen says; zone: the DNS."""
    status, out, err = proc.run(
        [tree.DKIMKEYGEN, 'rotate', '--all', '-K', where, '--zone', zone,
         '--now', str(int(time.time()) + later)])
    tap.is_((status, err), (0, ''), 'rotate')
    return out.decode()


def test_first_key(name, where):
    """A domain's first key signs soon after dkimkeygen has said that it is
    active, whatever KeyRefresh is."""
    folder = os.path.join(TOP, name)
    os.mkdir(folder)
    where += os.path.join(folder, 'keys')
    _, record, _ = proc.run([tree.DKIMKEYGEN, 'new', '-K', where, '-d',
                             'a.example', '-s', 's1', '-t', 'ed25519'])
    zone = proc.write(os.path.join(folder, 'zone'), record)
    daemon = seald.Seald(folder, {
        'KeyStore': where, 'KeyRefresh': '86400', 'Zone': '/dev/null',
        'CheckKeys': 'no'})
    tap.is_(play(daemon, 'a.example')[1:], (set(), 'no active key'),
            name + ': not active yet')
    rotate(where, zone)
    tap.contains(rotate(where, zone, 7200), 's1 published -> active '
                 '(mailseald signs with it within seconds)',
                 name + ': dkimkeygen says when it signs')
    proc.wait_for(lambda: play(daemon, 'a.example')[1] == {'s1'},
                  name + ': the first key to sign')
    _, more, _ = proc.run([tree.DKIMKEYGEN, 'new', '-K', where, '-d',
                           'a.example', '-s', 's2', '-t', 'ed25519'])
    zone = proc.write(os.path.join(folder, 'zone'), record + more)
    rotate(where, zone, 7200)
    tap.ok('s2 published -> active;' in rotate(where, zone, 14400),
           name + ': beside another one there is nothing to wait for')
    proc.run([tree.DKIMKEYGEN, 'new', '-D', folder, '-d', 'b.example', '-s',
              's3', '-t', 'ed25519'])
    with open(os.path.join(folder, 's3.txt'), 'rb') as f:
        proc.write(zone, f.read())
    status, _, err = proc.run(
        [tree.DKIMKEYGEN, 'adopt', '-K', where, '-d', 'b.example', '-s', 's3',
         '--key', os.path.join(folder, 's3.private'), '--zone', zone])
    tap.is_(status, 0, name + ': a key is adopted', err)
    proc.wait_for(lambda: play(daemon, 'b.example')[1] == {'s3'},
                  name + ': a domain that is new to the daemon to be signed')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def change_keys(daemon, keys, private):
    """A KeyTable whose new key is not there yet, and nobody sends SIGHUP."""
    new = os.path.join(os.path.dirname(private), 's2.private')
    with open(keys, encoding='ascii') as f:
        before = f.read()
    proc.write(keys, 'a a.example:s2:%s\n' % new)
    said(daemon, '(s1._domainkey.a.example) stays in service: ',
         'a new path that is not there: noticed')
    tap.is_(levels(daemon, 'stays in service: '), {'error'}, 'as an error')
    tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None),
            'a new path that is not there: the former key signs')
    metrics = os.path.join(os.path.dirname(private), 'metrics')
    tap.is_(metric(metrics, 'mailseal_keys_kept'), '1', 'counted')
    shutil.copy(private, new)
    proc.wait_for(lambda: play(daemon, 'a.example')[1] == {'s2'},
                  'the new key to be taken')
    tap.is_(daemon.log_text().count('stays in service: '), 1, 'logged once')
    tap.is_(metric(metrics, 'mailseal_keys_kept'), '0', 'not counted now')
    other = os.path.join(os.path.dirname(private), 's3.private')
    rules = os.path.join(os.path.dirname(private), 'SigningTable')
    proc.write(keys, before + 'n a.example:s3:%s\n' % other)
    proc.write(rules, '*@a.example n\n')
    said(daemon, 'mail of a.example would not be signed any more: ',
         'a rule with another name, whose key is not there: noticed')
    said(daemon, '; send SIGHUP if this is intended',
         'and the remedy is said')
    tap.is_(play(daemon, 'a.example')[1:], ({'s2'}, None),
            'a rule with another name: the former key signs')
    shutil.copy(private, other)
    proc.wait_for(lambda: play(daemon, 'a.example')[1] == {'s3'},
                  'the new rule to be taken')
    proc.write(rules, '*@a.example a\n')
    proc.write(keys, before)
    proc.wait_for(lambda: play(daemon, 'a.example')[1] == {'s1'},
                  'the former line to be taken')


def test_table():
    folder = os.path.join(TOP, 'table')
    os.mkdir(folder)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'a.example', '-s', 's1', '-t',
              'ed25519', '-D', folder])
    private = os.path.join(folder, 's1.private')
    keys = proc.write(os.path.join(folder, 'KeyTable'), ''.join(
        '%s %s.example:s1:%s\n' % (x, x, private) for x in 'ab'))
    rules = os.path.join(folder, 'SigningTable')

    def write(text):
        """As an editor does: what was read before has another inode."""
        proc.write(rules + '.new', text)
        os.rename(rules + '.new', rules)

    write('*@a.example a\n*@b.example b\n')
    daemon = seald.Seald(folder, {
        'KeyTable': keys, 'SigningTable': 'refile:' + rules,
        'KeyRefresh': '1', 'Zone': '/dev/null', 'CheckKeys': 'no',
        'Metrics': 'unix:' + os.path.join(folder, 'metrics')})
    said(daemon, SURVEY + '2 domains sign', 'two domains')
    tap.is_(levels(daemon, SURVEY), {'info'}, 'as information')
    write('*@a.example a\n#')
    proc.wait_for(lambda: 'it no longer has a rule for b.example' in
                  daemon.log_text(), 'the loss to be noticed')
    tap.is_(play(daemon, 'b.example')[1:], ({'s1'}, None),
            'half written: the old rule signs')
    tap.is_(levels(daemon, 'no longer has a rule'), {'error'}, 'an error')
    write('')
    proc.wait_for(lambda: 'rule for a.example, b.example' in
                  daemon.log_text(), 'the loss of all to be noticed')
    tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None),
            'emptied: the old rules sign')
    write('*@a.example a\n')
    proc.wait_for(lambda: 'mail of b.example is no longer signed' in
                  daemon.log_text(), 'a whole file to be taken')
    tap.is_(levels(daemon, 'is no longer signed'), {'warning'}, 'a warning')
    tap.is_(play(daemon, 'b.example')[1:], (set(), None),
            'whole and quiet: the new rules')
    os.chmod(private, 0o644)
    daemon.reload('is in service')
    said(daemon, 'mode 0644 gives others access',
         'SIGHUP: others may read the private key, and no mail was signed yet')
    tap.is_(levels(daemon, 'mode 0644'), {'error'}, 'as an error')
    os.chmod(private, 0o600)
    change_keys(daemon, keys, private)
    os.rename(private, private + '.away')
    daemon.reload('is in service')
    tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None),
            'the private key is gone: the one known before')
    write('')
    daemon.reload('mail of a.example is no longer signed')
    tap.is_(play(daemon, 'a.example')[1:], (set(), None),
            'a person sends SIGHUP: an empty table is taken')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')
    write('*@a.example a\n')
    daemon.start()
    said(daemon, SURVEY + 'no domain signs, 1 cannot: '
                 'a.example (key unreadable)', 'at the start: logged')
    reply, _, why = play(daemon, 'a.example')
    tap.is_((reply[:3], why), ('451', 'key unreadable'), 'OnSignFailure')
    tap.is_(counted(daemon, 'key_unreadable'), 1, 'counted')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def test_key_file():
    """A KeyFile is read at the start and at SIGHUP only."""
    folder = os.path.join(TOP, 'keyfile')
    os.mkdir(folder)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'a.example', '-s', 's1', '-t',
              'ed25519', '-D', folder])
    private = os.path.join(folder, 's1.private')
    with open(private, encoding='ascii') as f:
        text = f.read()
    keys = proc.write(os.path.join(folder, 'KeyTable'),
                      'b0 b0.example:s1:%s\n' % private, 0o600)
    rules = proc.write(os.path.join(folder, 'SigningTable'),
                       '*@b0.example b0\n', 0o600)
    daemon = seald.Seald(folder, {
        'Domain': 'a.example', 'Selector': 's1', 'KeyFile': private,
        'KeyTable': keys, 'SigningTable': 'refile:' + rules,
        'KeyRefresh': '1', 'Zone': '/dev/null', 'CheckKeys': 'no'})
    tap.is_(play(daemon, 'b0.example')[1:], ({'s1'}, None), 'signed')
    for i, (name, change) in enumerate((
            ('mode 0644', lambda: os.chmod(private, 0o644)),
            ('emptied', lambda: proc.write(private, '', 0o600)),
            ('half of it', lambda: proc.write(private, text[:60], 0o600)),
            ('gone', lambda: os.unlink(private)),
            ('a directory', lambda: os.mkdir(private))), 1):
        change()
        proc.write(keys, ''.join('b%d b%d.example:s1:%s\n' % (n, n, private)
                                 for n in range(i + 1)))
        proc.write(rules, ''.join('*@b%d.example b%d\n' % (n, n)
                                  for n in range(i + 1)))
        said(daemon, SURVEY + '%d domains sign' % (i + 2),
             'KeyFile, %s: the tables are read' % name)
        for domain in ('a.example', 'b0.example'):
            tap.is_(play(daemon, domain)[1:], ({'s1'}, None),
                    'KeyFile, %s: %s is signed' % (name, domain))
        daemon.server.signal(signal.SIGHUP)
        proc.wait_for(lambda: daemon.log_text().count('not reloaded') == i,
                      'SIGHUP to fail')
        tap.is_(play(daemon, 'a.example')[1:], ({'s1'}, None),
                'KeyFile, %s, SIGHUP: signed' % name)
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def check(folder, options, *more, prefix=()):
    """(status, standard output, what is said) of mailseald -n."""
    conf = os.path.join(folder, 'check.conf')
    defaults = {'Socket': 'unix:' + os.path.join(folder, 'sock'),
                'AuthservID': 'mx.example.net', 'KeyStore': 'none'}
    proc.write(conf, ''.join('%s %s\n' % x for x in dict(
        defaults, **options).items()), 0o644)
    status, out, err = proc.run(list(prefix) + [
        tree.MAILSEALD, '-n', '-c', conf] + list(more))
    return status, out.decode().replace(conf + ': ', ''), err


def check_folder(folder, options):
    """Who may enter the socket's folder, besides the daemon's user."""
    if os.geteuid() != 0:
        tap.skip('-n: the folder of the socket', 'only root gives folders to '
                 'other groups')
        return
    user = pwd.getpwnam('nobody')
    shared = next(u.pw_gid for u in pwd.getpwall() if u.pw_uid not in
                  (0, user.pw_uid) and u.pw_gid not in (0, user.pw_gid))
    alone = next(i for i in range(60000, 65000) if i not in [
        g.gr_gid for g in grp.getgrall()])
    place = os.path.join(folder, 'socket')
    os.mkdir(place)
    for gid, mode, warns in ((shared, 0o750, False), (shared, 0o700, True),
                             (0, 0o750, True), (0, 0o755, False),
                             (alone, 0o750, True)):
        os.chown(place, user.pw_uid, gid)
        os.chmod(place, mode)
        _, _, err = check(folder, dict(options, UserID='nobody'), '--no-dns',
                          '-p', 'unix:' + place + '/sock')
        tap.is_('can be entered only by nobody' in err, warns,
                '-n: a folder of group %d, mode %o' % (gid, mode), err)
    os.chown(place, 0, 0)


def test_check():
    """What mailseald -n says."""
    folder = os.path.join(TOP, 'check')
    os.mkdir(folder)
    store = os.path.join(folder, 'keys')
    os.mkdir(store, 0o700)
    zone = good = ''
    for domain in ('good.example', 'twice.example', 'none.example',
                   'other.example', 'slow.example'):
        key(store, domain)
        with open(os.path.join(store, domain, 's1.txt'),
                  encoding='ascii') as f:
            owner, record = f.read().split('. ', 1)
        good = record if domain == 'good.example' else good
        zone += {'good.example': owner + '. ' + record,
                 'twice.example': '%s.%s. %s' % (owner, domain, record),
                 'none.example': '',
                 'other.example': owner + '. ' + good,
                 'slow.example': owner + '. TIMEOUT\n'}[domain]
    key(store, 'wait.example', stage='pending')
    zone = proc.write(os.path.join(folder, 'zone'), zone)
    options = {'KeyStore': store, 'Zone': zone}
    fine = ('the configuration is fine: 5 domains sign, 1 cannot: '
            'wait.example (no active key)')
    status, out, err = check(folder, options)
    tap.is_((status, out), (0, fine + '; 3 keys are not in the DNS; of 1 key '
                            'the DNS says nothing\n'), '-n: one sentence')
    for want in ('is at s1._domainkey.twice.example.twice.example: the '
                 "zone's name occurs twice", 'there is no record '
                 's1._domainkey.none.example (no such name)',
                 "s1._domainkey.other.example: the record is another key's",
                 'some names have no answer'):
        tap.contains(err, want, '-n: ' + want)
    tap.ok('good.example' not in err, '-n: a good record', err)
    status, out, err = check(folder, options, '--no-dns')
    tap.ok((status, out) == (0, fine + '\n') and 'DNS' not in err,
           '-n --no-dns', out + err)
    for name, more, want in (
            ('UMask', {'UMask': '022'}, 'mode 0755: only that user and root '
             'can connect'),
            ('InternalHosts', {'InternalHosts': '10.0.0.0/8,::1'},
             'InternalHosts has no 127.0.0.1: mail of sendmail(1), cron and '
             'web programs'),
            ('TrustedRelays', {'TrustedRelays': '127.0.0.0/8'},
             'TrustedRelays has 127.0.0.1: mail of sendmail(1), cron and web '
             'programs'),
            ('AuthservID', {'AuthservID': '3f2a9c1d77e0'},
             'AuthservID: 3f2a9c1d77e0 is not a full host name')):
        _, _, err = check(folder, dict(options, **more), '--no-dns')
        tap.contains(err, want, '-n: ' + name)
        _, _, err = check(folder, options, '--no-dns')
        tap.ok(want not in err, '-n: not without it', err)
    check_folder(folder, options)
    if os.geteuid() == 0:
        in_host = ('unshare', '-u', 'sh', '-c',
                   'echo 3f2a >/proc/sys/kernel/hostname && exec "$@"', 'sh')
        for names, warns in (('HOSTNAME', True), ('{j}', False),
                             ('{j},mx.example.net', False)):
            _, _, err = check(folder, dict(options, AuthservID=names),
                              '--no-dns', prefix=in_host)
            tap.is_('3f2a is not a full host name' in err, warns,
                    '-n: AuthservID %s on a host with a short name' % names,
                    err)
    for where, want in (('inet:8891@nohost.invalid', 'nohost.invalid: '),
                        ('inet:8891@192.0.2.1', "that address is not this host's"),
                        ('unix:' + folder + '/none/sock',
                         'cannot be made there')):
        status, out, err = check(folder, options, '--no-dns', '-p', where)
        tap.contains(err, want, '-n: -p ' + where)
        tap.is_(status, 1 if os.geteuid() == 0 else 0, 'and its status')
    if os.geteuid() == 0:
        restored(folder)
        for command in (['-n'], ['-f']):
            stale(folder, command)


def restored(folder):
    """A store that a backup has restored as root's: the daemon's user cannot
    read it, and neither -n nor explain say that it signs."""
    for up in (TOP, folder):
        os.chmod(up, 0o755)
    store = os.path.join(folder, 'restored')
    os.mkdir(store, 0o755)
    key(store, 'a.example')
    os.chmod(os.path.join(store, 'a.example'), 0o755)
    options = {'KeyStore': store, 'UserID': 'nobody', 'Zone': '/dev/null'}
    status, out, err = check(folder, options, '--no-dns', '-p',
                             'inet:8891@127.0.0.1')
    tap.ok(status == 1 and '1 cannot: a.example (key unreadable)' in out,
           "-n: a key of root's", out + err)
    argv = [tree.MAILSEAL, 'explain', '-c',
            os.path.join(folder, 'check.conf'), '--from', 'x@a.example',
            '--auth', 'x']
    status, out, err = proc.run(argv)
    tap.ok(status == 1 and out.startswith(b'tempfail') and
           b'Permission denied' in out, "explain as root: a key of root's",
           '%s%s' % (out, err))
    os.chmod(store, 0o700)
    status, out, err = proc.run(argv)
    tap.ok(status == 2 and 'tried as UserID nobody' in err,
           "explain as root: a store of root's", err)
    status, out, err = proc.run(['setpriv', '--reuid=nobody',
                                 '--clear-groups'] + argv)
    tap.ok(status == 2 and 'as root, this answers' in err,
           'explain as a user who may not look', err)
    shutil.chown(store, 'nobody')
    for up, folders, files in os.walk(store):
        for name in folders + files:
            shutil.chown(os.path.join(up, name), 'nobody')
    tap.is_(proc.run(argv)[0], 0, 'explain: the keys of UserID')


def stale(folder, command):
    """A socket that a first try as root has left."""
    own = os.path.join(folder, 'own')
    os.makedirs(own, exist_ok=True)
    shutil.chown(own, 'nobody')
    path = os.path.join(own, 'sock')
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
    os.chmod(path, 0o700)
    for up in (TOP, folder):
        os.chmod(up, 0o755)
    conf = proc.write(os.path.join(folder, 'stale.conf'),
                      'Socket unix:%s\nUserID nobody\nKeyStore none\n'
                      'LogTarget stderr\nBackground no\n' % path)
    status, _, err = proc.run([tree.MAILSEALD] + command + ['-c', conf])
    tap.ok(status == 1 and 'not known whether a process listens there' in err and
           'remove it if none does' in err, '%s: a stale socket of root' % command[0], err)
    os.unlink(path)


def main():
    test_store()
    test_first_key('directory', '')
    test_first_key('sqlite', 'sqlite:')
    test_check()
    test_table()
    test_key_file()


tap.main(main)
