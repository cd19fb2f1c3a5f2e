# SPDX-License-Identifier: BSD-2-Clause
"""Lines that Postfix's smtp and lmtp clients break after the milters: what is
signed is the message as it arrives at the next hop (LineLengthLimit).
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import peers  # noqa: E402
import proc  # noqa: E402
import pydkim  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from world import message  # noqa: E402

JOE = {'ADDR': '192.0.2.7', 'NAME': 'client.example.net', 'LOGIN': 'joe'}
LIMIT = 998
WORD = b'w' * 1200
IDS = b''.join(b' <%05d.0123456789@example.com>' % i for i in range(70))
ADDRS = b','.join(b' u%04d@example.net' % i for i in range(110))

BODIES = [('body-%d' % n, b'x' * n + b'\r\nend\r\n')
          for n in list(range(990, 1011)) + [1994, 1995, 1996, 2992, 2993]]
BODIES += [('records-%d' % n, b'y' * n + b'\r\n')
           for n in (2047, 2048, 2049, 4096)]
BODIES += [
    ('words', b'x ' * 700 + b'\r\n'),
    ('one-word', b'x' * 2500 + b'\r\n'),
    ('space-at-edge', b'a' * 997 + b' ' + b'b' * 50 + b'\r\n'),
    ('space-behind', b'a' * 998 + b' ' + b'b' * 50 + b'\r\n'),
    ('spaces', b' ' * 1500 + b'\r\nx\r\n'),
    ('spaces-last', b'x\r\n' + b' ' * 1500 + b'\r\n'),
    ('tabs', b'a' * 990 + b'\t' * 20 + b'b\r\n'),
    ('cr-in-it', b'a' * 997 + b'\rb' + b'c' * 20 + b'\r\n'),
    ('cr-at-edge', b'a' * 998 + b'\rb\r\n'),
    ('dots', b'.' * 3000 + b'\r\n..\r\n'),
    ('dot-after-break', b'a' * 998 + b'.' + b'b' * 996 + b'.\r\n'),
    ('8-bit', b'\xe9\xff' * 800 + b'\r\n'),
    ('utf-8', 'ü'.encode() * 800 + b'\r\n'),
    ('nul', b'a' * 500 + b'\0' + b'b' * 600 + b'\r\n'),
    ('no-end', b'first\r\n' + b'z' * 1300),
    ('no-end-998', b'z' * 998),
    ('no-end-999', b'z' * 999),
    ('empty-lines', b'q' * 1000 + b'\r\n\r\n\r\n'),
    ('many', (b'm' * 1100 + b'\r\nshort\r\n') * 40),
    ('chunks', (b'k' * 70 + b'\r\n') * 1800 + b'l' * 3000 + b'\r\n'),
    ('all-one-line', b'one ' * 60000 + b'\r\n'),
]

FIELDS = [
    ('references', b'References:' + IDS + b'\r\n'),
    ('references-folded', b'References:' + IDS.replace(b' ', b'\r\n ') +
     b'\r\n'),
    ('to-word', b'Cc: "' + WORD + b'" <a@example.net>\r\n'),
    ('cc-list', b'Cc:' + ADDRS + b'\r\n'),
    ('reply-to', b'Reply-To: Joe ' + b'very ' * 300 +
     b'long <joe@example.com>\r\n'),
    ('two-words', b'In-Reply-To: ' + WORD + b' ' + WORD + b' x\r\n'),
    ('fits-alone', b'In-Reply-To: ' + b'v' * 996 + b' x\r\n'),
    ('no-space', b'In-Reply-To:' + WORD + b'\r\n'),
    ('second-line', b'References: <a@b>\r\n' + IDS + b'\r\n <c@d>\r\n'),
    ('blanks', b'List-Id: a' + b' ' * 1500 + b'b\r\n'),
    ('blanks-last', b'List-Id: a b' + b' ' * 1500 + b'\r\n'),
    ('tabs-in-field', b'List-Id: ' + b'word\t' * 300 + b'end\r\n'),
    ('8-bit-field', b'List-Id: ' + b'caf\xc3\xa9 ' * 300 + b'end\r\n'),
    ('unsigned-field', b'X-Spam: ' + b'0123456789 ' * 200 + b'\r\n'),
    ('twice', b'List-Post: ' + b'a ' * 600 + b'\r\nlist-post: ' + b'b ' * 600 +
     b'\r\nList-Post: short\r\n'),
] + [('field-%d' % n, b'References: ' + b'r' * (n - 12) + b'\r\n')
     for n in (997, 998, 999, 1000, 1995, 1996)]

# Not changed by anyone.
HARMLESS = {'references-folded', 'unsigned-field', 'field-997', 'field-998',
            'no-end-998'} | {'body-%d' % n for n in range(990, 999)}


def cases():
    for name, body in BODIES:
        yield name, message('line-%s-' % name, body=body)
    for name, extra in FIELDS:
        yield name, message('line-%s-' % name, extra=extra)
    yield 'subject', message('line-subject-', subject='long ' * 300)
    yield 'subject-word', message('line-subject-word-', subject='s' * 1500)


def send_all(port, rcpt, sent):
    c = smtp.Client(port, xclient=JOE)
    for name, data in sent:
        answer = c.mail('joe@example.com', [rcpt], data, ' BODY=8BITMIME')
        tap.is_(answer[:3], '250', '%s to %s: accepted' % (name, rcpt), answer)
    c.quit()


class Judges:
    def __init__(self, w):
        self.zone = w.records
        self.opendkim = peers.OpenDKIM(w.top, w.keys.values())

    def words(self, data):
        return ([x for x, _ in pydkim.verify(data, self.zone)],
                [x for x, _ in self.opendkim.verify(data)])

    def check(self, data, n, name):
        theirs, opendkim = self.words(data)
        tap.is_(theirs, ['pass'] * n, name + ': python3-dkim')
        tap.is_(opendkim, ['pass'] * n, name + ': libopendkim')


def longest(data):
    return max(len(x) for x in data.split(b'\r\n'))


def unfolded(data):
    head = data.split(b'\r\n\r\n')[0]
    return head.replace(b'\r\n ', b' ').replace(b'\r\n\t', b'\t')


def check_case(w, judges, name, n, where):
    data = w.sink.take(b'<line-%s-@' % name.encode()).data
    where = '%s, %s' % (where, name)
    tap.ok(longest(data) <= LIMIT, where + ': no line is too long now')
    judges.check(data, n, where)
    return data


def transports(w, ports, judges):
    sent = list(cases())
    for port, n in (('in', 2), ('simple', 1)):
        for rcpt in ('you@smtp.example', 'you@lmtp.example'):
            send_all(ports[port], rcpt, sent)
            for name, data in sent:
                got = check_case(w, judges, name, n, '%s, %s' % (port, rcpt))
                if name in ('references', 'cc-list', 'second-line', 'twice'):
                    tap.ok(unfolded(got).endswith(unfolded(data)),
                           name + ': a field is refolded at white space only',
                           got)


def another_limit(w, ports, judges):
    """A limit at which a record of Postfix's queue files ends, too."""
    sent = [('wide-%d' % n, message('line-wide-%d-' % n, body=b'x' * n +
                                    b'\r\n'))
            for n in (2047, 2048, 2049, 4095, 4096, 4097)]
    send_all(ports['wide'], 'you@wide.example', sent)
    for name, _ in sent:
        data = w.sink.take(b'<line-%s-@' % name.encode()).data
        judges.check(data, 2, name)
        if name == 'wide-2048':
            tap.ok(data.endswith(b'x\r\n \r\n'),
                   'Postfix adds a line of one space', data[-99:])


def other_ways_in(w, ports, judges):
    """By the sendmail command and by BDAT, with and without a last CRLF."""
    for end in (b'\n', b''):
        mark = 'cmd-%d' % len(end)
        sent = message('line-%s-' % mark).replace(b'\r\n', b'\n')
        status, _, err = w.postfix.sendmail(
            'joe@example.com', ['you@smtp.example'], sent + b'z' * 1300 + end)
        tap.is_(status, 0, mark + ': accepted', err)
        check_case(w, judges, mark, 2, 'sendmail command')
    c = smtp.Client(ports['bdat'], xclient=JOE)
    for end in (b'\r\n', b''):
        mark = 'bdat-%d' % len(end)
        body = message('line-%s-' % mark) + b'z' * 2000 + end
        for command in ('MAIL FROM:<joe@example.com> BODY=8BITMIME',
                        'RCPT TO:<you@smtp.example>'):
            tap.is_(c.command(command)[:3], '250', mark + ': ' + command)
        for part, last in ((body[:700], ''), (body[700:], ' LAST')):
            c.send(b'BDAT %d%s\r\n' % (len(part), last.encode()) + part)
            tap.is_(c.reply()[:3], '250', mark + ': a chunk')
        check_case(w, judges, mark, 2, 'BDAT')
    c.quit()


def sealed(w, ports, judges):
    """The set covers what is sent, the results are of what was received; the
    author's signature survives what is refolded."""
    for name, extra, body, survives in (
            ('short', b'', b'hello\r\n', True),
            ('refolded', b'References:' + IDS + b'\r\n', b'hello\r\n', True),
            ('body', b'', b'x ' * 700 + b'\r\n', False),
            ('word', b'References: ' + WORD + b'\r\n', b'hello\r\n', False)):
        mark = 'line-seal-%s-' % name
        sent = w.signed(message(mark, extra=extra, body=body), 'r1',
                        '--canon', 'relaxed/relaxed')
        c = smtp.Client(ports['sealing'], xclient={'ADDR': '192.0.2.99'})
        answer = c.mail('joe@example.net', ['you@smtp.example'], sent)
        c.quit()
        tap.is_(answer[:3], '250', name + ': accepted', answer)
        data = w.sink.take(b'<%s@' % mark.encode()).data
        tap.ok('dkim=pass' in world.ours_in(data)[0],
               name + ': the signature passes as received', data)
        tap.is_(pydkim.arc_verify(data, judges.zone)[0], 'pass',
                name + ': the ARC set covers what is sent')
        tap.is_(judges.words(data)[0], ['pass' if survives else 'fail'],
                name + ": the author's signature at the next hop")


def log(daemon, judged):
    """long_lines is in the log of what depends on it, and only there."""
    proc.wait_for(lambda: len(daemon.messages()) >= judged, 'all lines')
    lines = [x for x in daemon.lines() if x.get('direction') == 'sign']
    tap.is_(len(lines), judged, 'a line for each message')
    names = [name for name, _ in cases()]
    found = [x.get('long_lines', 0) for x in lines[:len(names)]]
    for name, n in zip(names, found):
        want = {'many': 40, 'twice': 2, 'records-2048': 1}.get(
            name, 0 if name in HARMLESS else 1)
        tap.is_(int(n), want, 'long_lines of ' + name)


def main():
    world.require()
    w = world.World()
    judges = Judges(w)
    both = w.daemon('both', LineLengthLimit='998')
    simple = w.daemon('simple', LineLengthLimit='998', Selector=['r2'],
                      KeyFile=[w.keys['r2'].path],
                      Canonicalization='simple/simple')
    to = '[127.0.0.1]:%d' % w.sink.port
    wide = w.daemon('wide', LineLengthLimit='2048')
    sealing = w.daemon('sealing', LineLengthLimit='998', ArcSeal='all',
                       InternalHosts='127.0.0.1')
    ports = w.start({
        'in': {'smtpd_milters': both.socket},
        'simple': {'smtpd_milters': simple.socket},
        'wide': {'smtpd_milters': wide.socket},
        'sealing': {'smtpd_milters': sealing.socket},
        'bdat': {'smtpd_milters': both.socket,
                 'smtpd_discard_ehlo_keywords': ''},
    }, {
        'transport_maps': 'inline:{smtp.example=narrow:%s wide.example=wide:%s '
                          'lmtp.example=lmtp:inet:%s}' % (to, to, to),
        'lmtp_destination_recipient_limit': '1',
        'non_smtpd_milters': sealing.socket,
        # Postfix rewrites addresses, and refolds them, before its milters.
        'local_header_rewrite_clients': '',
    })
    transports(w, ports, judges)
    log(both, 2 * len(list(cases())))
    another_limit(w, ports, judges)
    other_ways_in(w, ports, judges)
    sealed(w, ports, judges)
    judges.opendkim.stop()
    w.finish()


tap.main(main)
