# SPDX-License-Identifier: BSD-2-Clause
"""Mail that leaves: through Postfix and mailseald to the sink, signed, with
nothing else changed.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from world import message  # noqa: E402

JOE = {'ADDR': '192.0.2.7', 'NAME': 'client.example.net', 'LOGIN': 'joe'}
RCPT = ['you@example.net']

# Bodies and fields that a careless signer or MTA trips over.
ODD_BODY = (b'caf\xc3\xa9 \xff\r\n' + b'long ' * 300 + b'\r\n'
            b'trailing space \r\ntab\t\r\n\r\n.\r\n..\r\n \r\n\t\r\n'
            b'end\r\n\r\n\r\n')
ODD_FIELDS = (b'X-None:no space behind the colon\r\n'
              b'X-Two:  two spaces\r\nX-Tab:\ta tab\r\n'
              b'X-Fold: one\r\n two\r\n\tthree \r\nX-8bit: caf\xc3\xa9\r\n'
              b'Reply-To: (x)\r\n joe@example.com\r\n'
              b'Content-Type: text/plain;\r\n\tcharset=utf-8\r\n')


def send(port, data, rcpts=(), xclient=None, sender='joe@example.com'):
    c = smtp.Client(port, xclient=xclient)
    answer = c.mail(sender, rcpts or RCPT, data, ' BODY=8BITMIME')
    c.quit()
    return answer


def check_signed(w, data, name, selectors=('r2', 'e1'),
                 canon='relaxed/relaxed'):
    values = [seal.tags(v) for v in seal.fields_named(data, b'dkim-signature')]
    tap.is_([v['s'] for v in values], list(selectors), name + ': signed')
    tap.is_({v['c'] for v in values}, {canon}, name + ': c=')
    ours, theirs = w.verify(data)
    tap.is_(ours, ['pass'] * len(selectors), name + ': mailseal verify')
    tap.is_(theirs, ['pass'] * len(selectors),
            name + ': python3-dkim, keys from nsd')
    lines = data.split(b'\r\n\r\n')[0].split(b'\r\n')
    tap.ok(all(len(x) <= 78 for x in lines[:lines.index(
        next(x for x in lines if x.startswith(b'Received')))]),
        name + ': lines of the signature are at most 78 long', lines)


def check_untouched(data, sent, name):
    """What was sent is at the end of what arrived, byte for byte."""
    tap.ok(data.endswith(sent), name + ': the message itself is unchanged',
           data)


def directions(w, ports):
    """Who is one of ours."""
    cases = (
        ('auth', 'in', JOE, True),
        ('daemon name', 'submission', None, True),
        ('internal address', 'in', {'ADDR': '10.1.2.3'}, True),
        ('excluded address', 'in', {'ADDR': '10.9.1.1'}, False),
        ('internal name', 'in', {'ADDR': '192.0.2.9',
                                 'NAME': 'a.inside.example'}, True),
        ('name alone', 'in', {'ADDR': '192.0.2.9',
                              'NAME': 'inside.example'}, False),
        ('internal IPv6', 'in', {'ADDR': 'IPv6:2001:db8:5::1'}, True),
        ('other IPv6', 'in', {'ADDR': 'IPv6:2001:db8:6::1'}, False),
        ('stranger', 'in', {'ADDR': '192.0.2.10'}, False),
    )
    for name, port, xclient, ours in cases:
        mark = 'dir-' + name.replace(' ', '-')
        sent = message(mark)
        answer = send(ports[port], sent, xclient=xclient)
        if not tap.is_(answer[:3], '250', name + ': accepted', answer):
            continue
        data = w.sink.take(mark.encode()).data
        check_untouched(data, sent, name)
        if ours:
            check_signed(w, data, name)
            tap.is_(world.authres(data), [], name + ': no results of ours')
        else:
            tap.is_(seal.fields_named(data, b'dkim-signature'), [],
                    name + ': not signed')
            ours = world.ours_in(data)
            tap.ok(len(ours) == 1 and ' dkim=none (' in ours[0],
                   name + ': verified instead', ours)


def not_ours(w, ports):
    sent = message('not-ours').replace(b'From: Joe <joe@example.com>',
                                       b'From: joe@example.org')
    send(ports['in'], sent, xclient=JOE)
    data = w.sink.take(b'not-ours').data
    tap.is_(seal.fields_named(data, b'dkim-signature'), [],
            'another domain of an authenticated client is not signed')
    check_untouched(data, sent, 'another domain')


def odd_content(w, ports):
    for port, canon in (('in', 'relaxed/relaxed'), ('simple', 'simple/simple')):
        mark = 'odd-' + port
        sent = message(mark, extra=ODD_FIELDS, body=ODD_BODY)
        tap.is_(send(ports[port], sent, xclient=JOE)[:3], '250',
                canon + ': odd content is accepted')
        data = w.sink.take(mark.encode()).data
        check_signed(w, data, canon + ', odd content', canon=canon)
        check_untouched(data, sent, canon + ', odd content')
    # Postfix cuts a field at 60,000 octets before its milters see it, for
    # the protocol's sake; what is left is signed.
    many = b'References:' + b'\r\n <0123456789abcdefghij@example.com>' * 2500
    sent = message('huge-field', extra=many + b'\r\n')
    tap.is_(send(ports['in'], sent, xclient=JOE)[:3], '250',
            'a field of %d octets' % len(many))
    data = w.sink.take(b'<huge-field@').data
    check_signed(w, data, 'huge field')
    tap.ok(50000 < len(data) < len(many), 'Postfix cut it')
    for name, body in (('empty body', b''), ('blank lines', b'\r\n' * 5),
                       ('1 MiB', b'0123456789 abcde\r\n' * 58255)):
        for port, canon in (('in', 'relaxed/relaxed'),
                            ('simple', 'simple/simple')):
            mark = 'body-%s-%s' % (name.replace(' ', '-'), port)
            sent = message(mark, body=body)
            send(ports[port], sent, xclient=JOE)
            data = w.sink.take(mark.encode()).data
            check_signed(w, data, '%s, %s' % (name, canon), canon=canon)


def long_lines(w, ports):
    """Postfix's SMTP client breaks lines above smtp_line_length_limit (998)
    when it delivers, after the milter. With LineLengthLimit 0, as here, no
    signature survives that; lines.py has the other case."""
    sent = message('broken-line', body=b'x' * 1500 + b'\r\n')
    send(ports['in'], sent, ['you@long.example'], JOE)
    data = w.sink.take(b'broken-line').data
    tap.ok(b'x' * 998 + b'\r\n' in data, 'Postfix broke the long line')
    tap.is_(w.verify(data)[0], ['fail', 'fail'],
            'which breaks the signatures, as it must')
    sent = message('short-enough', body=b'x' * 998 + b'\r\n')
    send(ports['in'], sent, ['you@long.example'], JOE)
    check_signed(w, w.sink.take(b'short-enough').data,
                 'a line of just 998 octets')


def several(w, ports):
    sent = message('multi')
    rcpts = ['a@example.net', 'b@example.org', 'c@long.example']
    send(ports['in'], sent, rcpts, JOE)
    got = w.sink.wait(lambda m: b'<multi@' in m.data, n=3)
    tap.is_(sorted(m.recipients[0] for m in got),
            ['<%s>' % r for r in rcpts], 'several recipients: all served')
    for m in got:
        check_signed(w, m.data, 'to ' + m.recipients[0])
    # Many messages on one connection, the commands of each in one write.
    c = smtp.Client(ports['in'], xclient=JOE)
    for i in range(8):
        data = message('pipe-%d-' % i, body=b'number %d\r\n' % i)
        c.send(b'MAIL FROM:<joe@example.com>\r\nRCPT TO:<you@example.net>\r\n'
               b'RCPT TO:<me@example.net>\r\nDATA\r\n')
        replies = [c.reply()[:3] for _ in range(4)]
        c.send(smtp.dotted(data) + b'RSET\r\n')
        replies += [c.reply()[:3], c.reply()[:3]]
        tap.is_(replies, ['250', '250', '250', '354', '250', '250'],
                'pipelined message %d' % i)
    c.quit()
    for i in range(8):
        got = w.sink.wait(lambda m: b'<pipe-%d-@' % i in m.data, n=2)
        check_signed(w, got[0].data, 'pipelined message %d' % i)
        tap.is_(seal.fields_named(got[0].data, b'dkim-signature'),
                seal.fields_named(got[1].data, b'dkim-signature'),
                'pipelined message %d: one signature for both' % i)


def forged(w, ports):
    """Nor may an authenticated client send results under our name."""
    extra = (b'Authentication-Results: mx.here.example; dkim=pass\r\n'
             b'Authentication-Results: elsewhere.example; dkim=pass\r\n')
    send(ports['in'], message('out-forged', extra=extra), xclient=JOE)
    data = w.sink.take(b'out-forged').data
    tap.is_(world.authres(data), ['elsewhere.example; dkim=pass'],
            'outbound: forged results are gone, others stay')
    check_signed(w, data, 'outbound with forged results')


def local(w):
    data = message('by-sendmail').replace(b'\r\n', b'\n')
    status, _, err = w.postfix.sendmail('joe@example.com', RCPT, data)
    tap.is_(status, 0, 'the sendmail command takes the message', err)
    data = w.sink.take(b'by-sendmail').data
    check_signed(w, data, 'sendmail command')


def bounce(w):
    """What Postfix itself sends: it is given to milters if
    internal_mail_filter_classes says so."""
    data = message('to-bounce').replace(b'\r\n', b'\n')
    status, _, err = w.postfix.sendmail('joe@example.com', ['x@gone.example'],
                                        data)
    tap.is_(status, 0, 'a message that will bounce', err)
    found = w.sink.take(b'to-bounce')
    tap.is_(found.sender, '<>', 'bounce: the null reverse-path')
    tap.ok(seal.fields_named(found.data, b'from')[0].split(b'@')[1].startswith(
        b'example.com'), 'bounce: from our domain', found.data[:2000])
    check_signed(w, found.data, 'bounce')


def main():
    world.require()
    w = world.World()
    unix = w.daemon('unix')
    port = proc.free_port()
    simple = w.daemon('inet', Socket='inet:%d@127.0.0.1' % port,
                      Canonicalization='simple/simple',
                      SignHeaders='*,X-None,X-Two,X-Tab,X-Fold,X-8bit')
    # Postfix gives what it takes by the sendmail command as from 127.0.0.1,
    # which is internal by default.
    local_only = w.daemon('local', InternalHosts='127.0.0.1')
    milter = {'smtpd_milters': unix.socket}
    ports = w.start({
        'in': milter,
        'submission': dict(milter, milter_macro_daemon_name='ORIGINATING'),
        'simple': {'smtpd_milters': 'inet:127.0.0.1:%d' % port},
    }, {
        'non_smtpd_milters': local_only.socket,
        'internal_mail_filter_classes': 'bounce',
        'myorigin': 'example.com',
        'transport_maps': 'inline:{long.example=narrow:[127.0.0.1]:%d,'
                          'gone.example=error:gone}'
                          % w.sink.port,
    })
    directions(w, ports)
    not_ours(w, ports)
    odd_content(w, ports)
    long_lines(w, ports)
    several(w, ports)
    forged(w, ports)
    local(w)
    bounce(w)
    signed = [x for x in unix.lines() if x.get('direction') == 'sign']
    tap.ok(len(signed) > 20, 'a line in the log for each message')
    tap.ok(all(x.get('queue_id') for x in signed),
           'each line has its queue id', signed[:3])
    tap.ok(simple.server.alive(), 'both daemons are up')
    w.finish()


tap.main(main)
