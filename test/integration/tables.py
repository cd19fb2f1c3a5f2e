# SPDX-License-Identifier: BSD-2-Clause
"""KeyTable and SigningTable: the same files, the same 200 messages, through
opendkim and mailseald with what mailseal import makes of the configuration. Both make the same signatures (d=, s=, i=), and mailseal
explain foretells them."""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import milter  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
OPENDKIM = shutil.which('opendkim', path='/usr/sbin:/usr/bin:/sbin:/bin')

USERS = ('joe', 'Ann', 'news', 'news-bounces', 'list+joe', 'postmaster',
         'a.b', '"odd user"')
DOMAINS = ('example.com', 'EXAMPLE.com', 'www.example.com',
           'a.b.example.com', 'example.org', 'mail.example.org',
           'example.net', 'lists.example.net', 'x.lists.example.net',
           'badexample.com', 'example.com.example', 'shop.example',
           'club.example', 'club.example.com', 'com', 'nobody.invalid',
           'examplexcom.example', 'one.hosted.example', 'two.hosted.example',
           'hosted.example', 'customer1.example', 'customer2.example',
           'deep.customer2.example', 'customer3.example')
FORMS = ('%s', 'Some Body <%s>', '"Body, Some" <%s>', '<%s> (a comment)',
         '%s, other@nobody.invalid', '=?utf-8?q?J=C3=B6?= <%s>')

# Each as its kind of operator has it. @ is the folder with the keys.
CONFIGURATIONS = {
    'the Debian package': {
        'Domain': 'example.com', 'Selector': '2020',
        'KeyFile': '@/2020.private', 'SubDomains': 'no',
        'OversignHeaders': 'From'},
    'one domain and all below it': {
        'Domain': 'example.com', 'Selector': '2020',
        'KeyFile': '@/2020.private', 'SubDomains': 'yes'},
    'a how-to for one host': {
        'KeyTable': 'mail._domainkey.example.com '
                    'example.com:mail:@/mail.private\n',
        'SigningTable': 'refile:*@example.com mail._domainkey.example.com\n'},
    'a how-to for several domains': {
        'KeyTable': '# key name, then what it is\n'
                    'com\texample.com:mail:@/mail.private\n'
                    'org\texample.org:org:@/org.private # the other\n'
                    '\n'
                    'shop shop.example:2020:@/2020.private\n',
        'SigningTable': 'refile:*@example.com com\n*@*.example.com\tcom\n'
                        '*@example.org   org\n   *@shop.example shop\n'
                        '*@*.example.org org\n'},
    'a how-to without patterns': {
        'KeyTable': 'com example.com:mail:@/mail.private\n'
                    'ann example.com:ann:@/ann.private\n'
                    'sub example.org:org:@/org.private\n'
                    'rest nobody.invalid:rest:@/2020.private\n',
        'SigningTable': 'file:example.com com\nann@example.com ann\n'
                        '.example.org sub\nnews@.com ann\n'
                        'postmaster@* rest\nCLUB.example com\n'},
    'a host that signs for everybody': {
        'KeyTable': 'com example.com:mail:@/mail.private\n'
                    'all relay.example:rest:@/2020.private\n',
        'SigningTable': 'file:example.com com\n.example.com com\n* all\n'},
    'a list host': {
        'MultipleSignatures': 'yes',
        'KeyTable': 'lists lists.example.net:lists:@/org.private\n'
                    'author %:auto:@/by-domain/%/auto.private\n'
                    'host example.net:host:@/mail.private\n'
                    'com example.com:mail:@/mail.private\n',
        'SigningTable': 'refile:*@lists.example.net lists:%@lists.example.net'
                        '\n*@*.lists.example.net lists:@lists.example.net\n'
                        '*@*.hosted.example author\n'
                        'news*@example.net host:news@sub.example.net\n'
                        '*-bounces@* lists\n'
                        '*+*@example.com com:list@%\n'
                        '*@example.com com\n'
                        '*.example.net host\n'},
    'a list host without patterns': {
        'MultipleSignatures': 'yes',
        'KeyTable': 'lists lists.example.net:lists:@/org.private\n'
                    'host example.net:host:@/mail.private\n'
                    'com example.com:mail:@/mail.private\n',
        'SigningTable': 'file:lists.example.net lists:x@lists.example.net\n'
                        '.example.net host\n.net com\nnews@* lists\n'
                        'joe@.example.com com\njoe@example.com com\n'
                        'example.com lists:joe@elsewhere.example\n'
                        '* host\n'},
    'a host of customers': {
        'KeyTable': ''.join('customer%d.example customer%d.example:auto:'
                            '@/by-domain/%%/auto.private\n' % (i, i)
                            for i in (1, 2)) +
                    'com %:mail:@/mail.private\n',
        'SigningTable': 'refile:*@customer?.example com\n'
                        '*@customer*.example %\n*@*.example.com com\n'},
}


def addresses():
    """200 values of From, the same for all."""
    every = ['%s@%s' % (user, domain) for domain in DOMAINS
             for user in USERS]
    every += ['%d@example.com' % i for i in range(8)]
    return [FORMS[i % len(FORMS)] % a for i, a in enumerate(every)]


def make_keys(folder):
    for selector in ('2020', 'mail', 'org', 'ann', 'auto'):
        status, _, err = proc.run(
            [tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', selector,
             '-b', '1024', '-D', folder])
        tap.ok(status == 0, 'a key', err)
    for domain in ('one.hosted.example', 'two.hosted.example',
                   'customer1.example', 'customer2.example'):
        there = os.path.join(folder, 'by-domain', domain)
        os.makedirs(there)
        shutil.copy(os.path.join(folder, 'auto.private'), there)


def write_tables(folder, options):
    """What both programs are given: the tables as files."""
    os.mkdir(folder)
    made = {}
    for name, value in options.items():
        value = value.replace('@/', TOP + '/keys/')
        if name in ('KeyTable', 'SigningTable'):
            kind, text = re.match(r'((?:re)?file:|)(.*)', value,
                                  re.S).groups()
            path = os.path.join(folder, name)
            proc.write(path, text, 0o600)
            value = kind + path
        made[name] = value
    return made


class Opendkim:
    def __init__(self, folder, options):
        self.path = os.path.join(folder, 'opendkim.sock')
        self.conf = os.path.join(folder, 'opendkim.conf')
        lines = {'Socket': 'local:' + self.path, 'Mode': 's',
                 'Background': 'no', 'RequireSafeKeys': 'no', 'Syslog': 'yes',
                 'UMask': '000', 'SyslogSuccess': 'no'}
        lines.update(options)
        proc.write(self.conf, ''.join('%s %s\n' % x for x in lines.items()), 0o600)
        self.server = proc.Server(
            [OPENDKIM, '-f', '-x', self.conf], os.path.join(folder, 'opendkim.log'),
            lambda: os.path.exists(self.path) and proc.unix_open(self.path))

    def stop(self):
        self.server.stop()


def verdict(answer):
    if answer[:1] in b'ac':
        return 'taken'
    return 'later' if answer[:1] == b't' or answer[:2] == b'y4' else 'refused'


def play(path, value):
    """(what became of it, [(d=, s=, i=)], as they were added) for one
    message."""
    c = milter.Client(path)
    c.connect('localhost', '203.0.113.1')
    c.helo()
    c.mail('<joe@example.com>', auth='joe')
    c.rcpt()
    answer, changes = None, []
    for name, text in (('From', value), ('To', 'you@example.net'),
                       ('Subject', 'x'), ('Date',
                                          'Fri, 27 Nov 2026 00:00:00 +0000')):
        c.header(name, text)
    answer = c.eoh()
    if answer is None or answer[:1] == b'c':
        c.body(b'Hello\r\n')
        answer, changes = c.eom()
    c.quit()
    made = []
    for change in changes:
        name, _, rest = change.lstrip(b'hi').lstrip(b'\0').partition(b'\0')
        if name.lower().endswith(b'dkim-signature'):
            tags = seal.tags(rest.rstrip(b'\0'))
            # Without i=, it is "@" and d= (RFC 6376 3.5).
            made.append((tags['d'], tags['s'],
                         tags.get('i', '@' + tags['d'])))
    return verdict(answer), made


def as_opendkim(made):
    """Of the signatures that MultipleSignatures asks for, opendkim 2.11 loses
    all but the first and the last."""
    return made if len(made) < 3 else [made[0], made[-1]]


def explain(conf, value):
    """On a host without an MTA, which is of no account here, and takes three
    runs of postconf to look at."""
    status, out, _ = proc.run([tree.MAILSEAL, 'explain', '--json', '-c', conf,
                               '--auth', 'joe', '--from', value],
                              env=dict(os.environ, PATH=TOP))
    answer = json.loads(out)
    made = [(x['domain'], x['selector'], x['identity'] or '@' + x['domain'])
            for x in answer['signatures'] if x['algorithm']]
    return status, made


def imported(path):
    """The options that mailseal import makes of their configuration, but for
    those that a test has to have its way."""
    _, out, _ = proc.run([tree.MAILSEAL, 'import', path])
    made = {}
    for line in out.decode().splitlines():
        if line and line[0] != '#':
            option, value = line.split(None, 1)
            made[option] = value
    for option in ('Socket', 'Background', 'LogTarget', 'UMask'):
        made.pop(option, None)
    return made


def compare(name, options, number):
    folder = os.path.join(TOP, 'conf%d' % number)
    options = write_tables(folder, options)
    theirs = Opendkim(folder, options)
    ours = seald.Seald(folder, dict(imported(theirs.conf), CheckKeys='no'))
    values = addresses()
    tap.is_(len(values), 200, name + ': 200 messages')
    if tree.is_sanitized():
        values = values[::4]
    signed = differ = 0
    foretold = []
    for value in values:
        want, got = play(theirs.path, value), play(ours.path, value)
        got[1].reverse()        # the first of the rules is added last
        signed += bool(want[1])
        if want != (got[0], as_opendkim(got[1])):
            differ += 1
            tap.is_(got, want, '%s: %s' % (name, value))
        if value in values[::10]:
            status, made = explain(ours.conf, value)
            if made != got[1] or (status == 0) != bool(made):
                foretold.append((value, status, made, got))
    tap.is_(differ, 0, name + ': the same signatures')
    tap.ok(0 < signed < len(values) or 'everybody' in name or 'patterns' in name,
           '%s: some are signed: %d' % (name, signed))
    tap.is_(foretold, [], name + ': mailseal explain foretells them')
    theirs.stop()
    ours.stop()


def test_waiting(folder):
    """Keys that do not sign yet."""
    store = os.path.join(folder, 'store')
    os.mkdir(store, 0o700)
    conf = proc.write(os.path.join(folder, 'store.conf'),
                      'KeyStore %s\nZone /dev/null\n' % store, 0o600)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 'later',
              '-K', store])
    argv = [tree.MAILSEAL, 'explain', '-c', conf, '--from', 'a@example.com',
            '--auth', 'a']
    status, out, err = proc.run(argv)
    tap.ok(status == 1 and 'd=example.com s=later signs nothing yet: it is '
           'pending' in out.decode(), 'explain, a pending key',
           out.decode() + err)
    tap.ok(out.decode().startswith('none: no active key for from domain'),
           'which is why', out.decode())
    status, obj, _ = proc.run_json(argv + ['--json'])
    tap.is_((status, obj['signs'], obj['waiting']),
            (1, False, [{'domain': 'example.com', 'selector': 'later',
                         'stage': 'pending', 'waits_for': None,
                         'hidden_by': None}]), 'in JSON, too')
    tap.contains(out.decode(), 'waits for  the next run of dkimkeygen rotate',
                 'and what to do about it')
    status, out, err = proc.run([tree.MAILSEALD, '-n', '-c', conf, '-p',
                                 'unix:' + os.path.join(folder, 'sock')])
    tap.ok(status == 0 and 'no key is active' in err,
           'mailseald -n says that nothing is signed', '%d %s' % (status, err))
    key = os.path.join(folder, 's1.private')
    proc.run([tree.DKIMKEYGEN, 'new', '-d', 'example.com', '-s', 's1', '-D',
              folder])
    proc.write(conf, 'KeyStore %s\nZone /dev/null\nDomain example.com\n'
               'Selector s1\nKeyFile %s\n' % (store, key), 0o600)
    status, out, err = proc.run(argv)
    tap.ok(status == 0 and 's=later will not sign for this author: Domain '
           'comes before the key store' in out.decode() and
           'waits for' not in out.decode(),
           'explain, a key that Domain hides', out.decode() + err)
    status, obj, _ = proc.run_json(argv + ['--json'])
    tap.is_(obj['waiting'][0]['hidden_by'], 'Domain', 'in JSON, too')
    proc.write(conf, 'KeyStore none\nZone /dev/null\n', 0o600)
    for options, want in (([], 'verify: internal host'),
                          (['--ip', 'none'], 'verify: local submission'),
                          (['--ip', '192.0.2.1'], 'verify: external host')):
        _, out, err = proc.run(argv[:-2] + options)
        tap.ok(out.decode().startswith(want) and 'nothing signs: ' in
               out.decode() and 'no rule' not in out.decode(),
               'explain, with nothing to sign with: ' + want,
               out.decode() + err)
    _, out, _ = proc.run(argv[:4] + ['--from', '<<>>'])
    tap.ok('no rule' not in out.decode(), 'a bad From is said to be so, alone',
           out)


def test_explain():
    """By hand, and without a message."""
    folder = os.path.join(TOP, 'explain')
    options = write_tables(folder, {
        'KeyTable': 'good example.com:mail:@/mail.private\n'
                    'bad example.org:none:@/none.private\n',
        'SigningTable': 'refile:*@example.com good\n*@example.org bad\n'})
    options['KeyStore'] = 'none'
    conf = os.path.join(folder, 'conf')
    proc.write(conf, ''.join('%s %s\n' % x for x in options.items()), 0o600)
    where = ' SigningTable %s/SigningTable:' % folder
    status, out, err = proc.run([tree.MAILSEALD, '-n', '-c', conf, '-p',
                                 'unix:' + os.path.join(folder, 'sock')])
    tap.ok(status == 1 and b'not all keys can be used: ' in out and
           b' (key unreadable)' in out and
           'KeyTable:2: %s/keys/none.private: No such file' % TOP in err and
           '1 key cannot be used' in err, 'mailseald -n tries keys',
           '%d %s' % (status, err))
    author = ['--from', 'Joe <joe@example.com>']
    cases = (
        ('yes', author + ['--auth', 'joe'], 0,
         ['sign: authenticated', 'joe@example.com', 'd=example.com s=mail',
          where + '1 *@example.com', 'rsa-sha256, 1024 bits']),
        ('not one of ours', author + ['--ip', '192.0.2.1'], 1,
         ['verify: external host', 'if it were one of ours', where + '1 ']),
        ('a local client', author, 0, ['sign: internal host']),
        ('one without an address', author + ['--ip', 'none'], 0,
         ['sign: local submission']),
        ('no rule', ['--from', 'joe@example.net', '--auth', 'joe'], 1,
         ['none: from domain not ours', 'no rule for the author']),
        ('no key', ['--from', 'joe@example.org', '--auth', 'joe'], 1,
         ['tempfail: no key could sign', where + '2 *@example.org',
          'none.private: No such file']),
        ('no author', ['--from', 'joe', '--auth', 'joe'], 1,
         ['none: no domain in From field']),
    )
    for name, options, want, texts in cases:
        status, out, err = proc.run([tree.MAILSEAL, 'explain', '-c', conf] +
                                    options)
        tap.is_(status, want, 'explain, %s' % name, err)
        for text in texts:
            tap.ok(text in out.decode(), 'explain, %s: %s' % (name, text),
                   out.decode())
    test_waiting(folder)
    for name, options, text in (
            ('no author at all', ['-c', conf], '--from is required'),
            ('no configuration', author + ['-c', '/nowhere'], '/nowhere'),
            ('no address', author + ['-c', conf, '--ip', 'x'], '--ip')):
        status, out, err = proc.run([tree.MAILSEAL, 'explain'] + options)
        tap.ok(status == 2 and text in err and out == b'',
               'explain, %s: %d %s' % (name, status, err))


def main():
    if OPENDKIM is None:
        tap.ok(False, 'opendkim is installed')
        return
    os.mkdir(os.path.join(TOP, 'keys'))
    make_keys(os.path.join(TOP, 'keys'))
    for number, (name, options) in enumerate(CONFIGURATIONS.items()):
        compare(name, options, number)
    test_explain()


tap.main(main)
