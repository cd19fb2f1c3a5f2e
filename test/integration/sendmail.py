# SPDX-License-Identifier: BSD-2-Clause
"""What Sendmail does to a signed message on its way to the next hop.

Sendmail cannot be installed beside Postfix, so this needs a chroot with it,
named by MAILSEAL_SENDMAIL_ROOT, made as root by

    debootstrap --variant=minbase \\
        --include=sendmail-bin,sendmail-cf,m4 bookworm DIRECTORY

It listens on loopback only. The end compares a TCP connection between Sendmail
and mailseald with a local socket.
"""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import peers  # noqa: E402
import proc  # noqa: E402
import pydkim  # noqa: E402
import seald  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402

ROOT = os.environ.get('MAILSEAL_SENDMAIL_ROOT', '')

MC = '''
include(`/usr/share/sendmail/cf/m4/cf.m4')
VERSIONID(`test')
OSTYPE(`debian')
DOMAIN(`debian-mta')
define(`confDOMAIN_NAME', `mx.here.example')
define(`confPRIVACY_FLAGS', `')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confCONNECTION_RATE_THROTTLE', `0')
define(`confREFUSE_LA', `10000')
define(`confQUEUE_LA', `10000')
define(`confDELAY_LA', `10000')
define(`confDELIVERY_MODE', `interactive')
define(`SMART_HOST', `esmtp:[127.0.0.1]')
define(`ESMTP_MAILER_ARGS', `TCP $h {sink}')
undefine(`confHOST_STATUS_DIRECTORY')
FEATURE(`no_default_msa')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
FEATURE(`nocanonify')
FEATURE(`promiscuous_relay')
DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port={port}, Addr=127.0.0.1')
INPUT_MAIL_FILTER(`mailseal', `S={milter}, F=T, T=S:30s;R:2m;E:5m')
MAILER(`local')
MAILER(`smtp')
'''


def require():
    if not ROOT:
        tap.skip_all('MAILSEAL_SENDMAIL_ROOT names no chroot with Sendmail')
    if os.geteuid() != 0:
        tap.skip_all('only root can use a chroot')


class Sendmail:
    def __init__(self, top, name, sink_port, milter):
        """milter: its socket, as Sendmail in its chroot names it."""
        self.port = proc.free_port()
        self.dir = '/srv/' + os.path.basename(top) + name
        inside = ROOT + self.dir
        os.makedirs(inside + '/queue')
        self.path = inside
        mc = MC.replace('{sink}', str(sink_port))
        mc = mc.replace('{port}', str(self.port))
        proc.write(inside + '/mc', mc.replace('{milter}', milter),
                   0o644)
        shutil.copy('/etc/resolv.conf', ROOT + '/etc/resolv.conf')
        with open(ROOT + '/etc/hosts', 'w', encoding='ascii') as f:
            f.write('127.0.0.1 localhost\n127.0.0.1 mx.here.example mx\n')
        for line in ('m4 -D_CF_DIR_=/usr/share/sendmail/cf/ %s/mc >%s/cf',
                     'chmod 700 %s/queue; chmod 755 %s'):
            subprocess.run(['chroot', ROOT, 'sh', '-c',
                            line % (self.dir, self.dir)], check=True,
                           stderr=subprocess.DEVNULL)
        self.server = proc.Server(
            ['chroot', ROOT, '/usr/sbin/sendmail-mta', '-bD', '-C',
             self.dir + '/cf', '-O', 'PidFile=%s/pid' % self.dir, '-O',
             'QueueDirectory=%s/queue' % self.dir, '-O',
             'DontBlameSendmail=GroupWritableDirPathSafe,'
             'NonRootSafeAddr'],
            os.path.join(top, name + '.log'),
            lambda: proc.port_open(self.port))

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.path, ignore_errors=True)


HEAD = b'From: joe@example.com\r\n'
DATE = b'Date: Thu, 05 May 2005 11:59:09 -0700\r\n'
TO = b'To: you@example.net\r\n'


def case(name, extra=b'', body=b'hello\r\n', author=HEAD, date=DATE, to=TO,
         message_id=True, subject=b'a test'):
    return name, (author + to + b'Subject: ' + subject + b'\r\n' + date +
                  (b'Message-ID: <%s@example.com>\r\n' % name.encode()
                   if message_id else b'') + b'X-Mark: ' + name.encode() +
                  b'-\r\n' + extra + b'\r\n' + body)


def fields(name, value):
    return name.encode() + b': ' + value + b'\r\n'


LISTS = [
    ('no-space', b'a@example.net,b@example.net'),
    ('spaces', b'a@example.net  ,  b@example.net'),
    ('inner-spaces', b'Bob < b@example.net >'),
    ('empty-item', b'a@example.net,'),
    ('empty-first', b', a@example.net'),
    ('many', b', '.join(b'user%03d@example.net' % i for i in range(30))),
    ('many-tight', b','.join(b'user%03d@example.net' % i for i in range(30))),
    ('folded', b'a@example.net,\r\n b@example.net,\r\n\tc@example.net'),
    ('phrases', b'Ann <a@example.net>,"Bob C." <b@example.net>'),
    ('comment', b'a@example.net (Ann), b@example.net (Bob)'),
    ('dots', b'Alice B. Cee <a@example.net>'),
    ('tight-angle', b'Bob<b@example.net>'),
    ('quoted-comma', b'"Cee, Alice" <a@example.net>, b@example.net'),
    ('bare', b'bob'),
    ('no-comma', b'a@example.net b@example.net'),
    ('apostrophe', b"O'Neil <o@example.net>"),
    ('brackets', b'Bob [x] <b@example.net>'),
    ('group', b'Team: a@example.net, b@example.net;'),
    ('nobody', b'undisclosed-recipients:;'),
    ('literal', b'a@[127.0.0.1],b@example.net'),
    ('encoded', b'=?utf-8?q?J=C3=BCrg?= <a@example.net>'),
]

CASES = [
    case('plain'),
    case('no-date', date=b''),
    case('no-message-id', message_id=False),
    case('neither', date=b'', message_id=False),
    case('no-to', to=b''),
    case('author-phrase', author=b'From: Joe <joe@example.com>\r\n'),
    case('author-dots', author=b'From: Joe B. Cee <joe@example.com>\r\n'),
    case('author-quoted', author=b'From: "Joe B. Cee" <joe@example.com>\r\n'),
    case('author-comment', author=b'From: joe@example.com (Joe)\r\n'),
    case('author-folded', author=b'From: Joe\r\n <joe@example.com>\r\n'),
    case('author-tight', author=b'From:joe@example.com\r\n'),
    case('reply-to', b'Reply-To: Joe B. Cee <joe@example.com>,x@example.com'
         b'\r\n'),
    case('cc', b'Cc: a@example.net,b@example.net\r\n'),
    case('bcc', b'Bcc: a@example.net\r\n'),
    case('sender', b'Sender: Joe B. Cee <joe@example.com>\r\n'),
    case('resent', b'Resent-From: joe@example.com\r\nResent-To: a@example.net,'
         b'b@example.net\r\nResent-Date: Thu, 05 May 2005 11:59:09 -0700\r\n'
         b'Resent-Message-ID: <r@example.com>\r\n'),
    case('return-path', b'Return-Path: <joe@example.com>\r\n'),
    case('references-long', b'References:' + b''.join(
        b' <%05d.0123456789@example.com>' % i for i in range(70)) + b'\r\n'),
    case('subject-words', subject=b'long ' * 300),
    case('subject-word', subject=b's' * 1500),
    case('subject-8bit', subject='ü'.encode() * 30),
    case('body-990', body=b'x' * 990 + b'\r\n'),
    case('body-991', body=b'x' * 991 + b'\r\n'),
    case('body-1500', body=b'x' * 1500 + b'\r\n'),
    case('body-2047', body=b'x' * 2047 + b'\r\n'),
    case('body-5000', body=b'x' * 5000 + b'\r\ny\r\n'),
    case('body-words', body=b'x ' * 3000 + b'\r\n'),
    case('body-dots', body=b'.\r\n..\r\n.x\r\n' + b'.' * 1200 + b'\r\n'),
    case('body-from', body=b'From me\r\nFrom ' + b'x' * 1000 + b'\r\n'),
    case('body-empty', body=b''),
    case('body-blank', body=b'\r\n\r\n'),
    case('body-wsp', body=b'a \r\n b\t\r\n \r\n'),
    case('mime', b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; '
         b'boundary=x\r\n', b'--x\r\nContent-Type: text/plain\r\n\r\n' +
         b'p' * 1200 + b'\r\n--x--\r\n'),
    case('list-fields', b'List-Unsubscribe: <mailto:u@example.com>,'
         b'<https://example.com/u>\r\nList-Id: x <x.example.com>\r\n'),
] + [case('to-' + name, to=fields('To', value)) for name, value in LISTS] + [
    case('cc-' + name, fields('Cc', value)) for name, value in LISTS]

# An address without a domain gets the host's; a list without commas gets some.
BREAK = {'to-bare', 'to-no-comma', 'cc-bare', 'cc-no-comma'}
SIMPLE_BREAKS = set()
ROUNDS = 5         # of a comparison, of which the median counts


def start(top, name, keys, options, unix=False):
    """A daemon that signs, and its socket as Sendmail names it."""
    path = '/srv/' + os.path.basename(top) + name + '.sock'
    where = 'unix:' + path if unix else \
        'inet:%d@127.0.0.1' % proc.free_port()
    return seald.Seald(top, dict({
        'AuthservID': 'mx.here.example', 'Domain': 'example.com',
        'Selector': ['r2', 'e1'], 'CheckKeys': 'no',
        'KeyFile': [keys['r2'].path, keys['e1'].path],
        'Socket': 'unix:' + ROOT + path if unix else where, 'UMask': '077',
        'SelfCheck': 'all'}, **options), name, path=ROOT + path), where


def run(name, options, top, keys, records, wanted):
    got = sink.Sink()
    daemon, where = start(top, name, keys, options)
    mta = Sendmail(top, name, got.port, where)
    c = smtp.Client(mta.port)
    good = 0
    for mark, data in CASES:
        answer = c.mail('joe@example.com', ['you@example.net'], data,
                        ' BODY=8BITMIME')
        if not tap.is_(answer[:3], '250', mark + ': accepted', answer):
            continue
        sent = got.take(b'X-Mark: %s-' % mark.encode()).data
        words = [x for x, _ in pydkim.verify(sent, records)]
        good += words == ['pass', 'pass']
        if wanted is not None:
            tap.is_(words, ['fail'] * 2 if mark in wanted else ['pass'] * 2,
                    '%s, %s' % (name, mark), sent[:2000])
    c.quit()
    mta.stop()
    daemon.stop()
    return good


def send_some(mta, sessions, each):
    """Seconds for a message."""
    began = time.monotonic()
    for _ in range(sessions):
        c = smtp.Client(mta.port)
        for _ in range(each):
            answer = c.mail('joe@example.com', ['you@example.net'], CASES[0][1])
            if answer[:3] != '250':
                raise RuntimeError(answer)
        c.quit()
    return (time.monotonic() - began) / sessions / each


def compare_sockets(top, keys):
    """Over TCP the stall of one delayed acknowledgement takes as long as all
    else that Sendmail does for a message."""
    got = sink.Sink()
    pairs = {}
    for kind in ('unix', 'TCP'):
        daemon, where = start(top, kind, keys, {}, kind == 'unix')
        pairs[kind] = daemon, Sendmail(top, kind, got.port, where)
    for sessions, each in ((10, 1), (1, 10)):
        found = {kind: [] for kind in pairs}
        for _ in range(ROUNDS):
            for kind, (_daemon, mta) in pairs.items():
                found[kind].append(send_some(mta, sessions, each))
        ms = {kind: sorted(x)[ROUNDS // 2] * 1e3 for kind, x in found.items()}
        tap.ok(ms['TCP'] < 1.5 * ms['unix'],
               'sessions of %d: TCP %.1f ms a message, unix %.1f' % (
                   each, ms['TCP'], ms['unix']))
    for daemon, mta in pairs.values():
        mta.stop()
        daemon.stop()


def main():
    require()
    top = proc.folder()
    keys = {k.selector: k for k in peers.keys(top)}
    records = {k.name: k.record for k in keys.values()}
    good = run('plain', {}, top, keys, records, None)
    tap.ok(good < len(CASES), 'by default some break: %d of %d' % (
        good, len(CASES)))
    run('tuned', {'LineLengthLimit': 'sendmail:990',
                         'AddressLists': 'sendmail'},
        top, keys, records, BREAK)
    run('simple', {'LineLengthLimit': 'sendmail:990',
                   'AddressLists': 'sendmail',
                   'Canonicalization': 'simple/simple'},
        top, keys, records, BREAK | SIMPLE_BREAKS)
    compare_sockets(top, keys)


tap.main(main)
