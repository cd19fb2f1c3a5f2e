# SPDX-License-Identifier: BSD-2-Clause
"""What Postfix and others do to a signed message: which of it a signature
survives, as SIGNATURES THAT BREAK in mailseald(8) says; and the warning when
such a message comes back. SMTPUTF8 through Postfix.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from world import message  # noqa: E402

JOE = {'ADDR': '192.0.2.7', 'NAME': 'client.example.net', 'LOGIN': 'joe'}
STRANGER = {'ADDR': '192.0.2.99', 'NAME': 'mx.author.example'}
UTF8 = {'body': 'grüße\r\n'.encode(), 'extra':
        b'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n'
        b'Content-Transfer-Encoding: 8bit\r\n'}
TRANSPORTS = [
    'noconv unix - - n - - smtp -o disable_mime_output_conversion=yes',
    'generic unix - - n - - smtp'
    ' -o smtp_generic_maps=regexp:$config_directory/generic',
    'checked unix - - n - - smtp'
    ' -o smtp_header_checks=regexp:$config_directory/late_checks',
]
FILES = {
    'generic': '/^joe@example.com$/ joe@rewritten.example\n',
    'early_checks': '/^Subject: early/ REPLACE Subject: replaced early\n'
                    '/^X-Secret:/ IGNORE\n',
    'late_checks': '/^Subject: late/ REPLACE Subject: replaced late\n'
                   '/^Received:/ IGNORE\n/^X-Late:/ IGNORE\n',
}


def through(w, at, name, data, rcpt, options=' BODY=8BITMIME',
            port='in'):
    c = smtp.Client(w.postfix.ports[port], xclient=JOE)
    answer = c.mail('joe@example.com', [rcpt], data, options)
    c.quit()
    tap.is_(answer[:3], '250', name + ': accepted', answer)
    return at.take(b'<%s@' % name.encode()).data


def judge(w, name, data, survives):
    word = 'pass' if survives else 'fail'
    ours, theirs = w.verify(data)
    tap.is_(ours, [word] * 2, name + ': mailseal verify', data)
    tap.is_(theirs, [word] * 2, name + ': python3-dkim', data)


def by_postfix(w, seven):
    for name, survives, rcpt, options in (
            ('plain', True, 'you@example.net', {}),
            ('8-bit', True, 'you@example.net', UTF8),
            ('downgraded', False, 'you@seven.example', UTF8),
            ('not-converted', True, 'you@noconv.example', UTF8),
            # Postfix converts only what is declared.
            ('undeclared', True, 'you@seven.example', {'body': UTF8['body']}),
            ('7-bit', True, 'you@seven.example', {}),
            ('generic', False, 'you@generic.example', {}),
            ('checks-early', True, 'you@example.net',
             {'subject': 'early', 'extra': b'X-Secret: x\r\n'}),
            ('checks-late', False, 'you@checked.example',
             {'subject': 'late'}),
            ('checks-unsigned', True, 'you@checked.example',
             {'extra': b'X-Late: x\r\nReceived: from a by b\r\n'}),
            ('alias', True, 'you@alias.example', {}),
            ('canonical', True, 'you@example.net',
             {'extra': b'Cc: old@example.net\r\n'}),
            ('masquerade', True, 'you@example.net',
             {'extra': b'Cc: x@host.masq.example\r\n'})):
        at = seven if rcpt.endswith(('seven.example', 'noconv.example')) \
            else w.sink
        data = through(w, at, name, message(name, **options), rcpt)
        judge(w, name, data, survives)
        for was, now in (('canonical', b'new@example.net'),
                         ('masquerade', b'x@masq.example'),
                         ('checks-early', b'replaced early'),
                         ('generic', b'joe@rewritten.example'),
                         ('downgraded', b'quoted-printable')):
            if name == was:
                tap.ok(now in data, name + ': has happened', data)


def by_filter(w, between):
    """A content filter that adds a disclaimer, behind the milter or before."""
    for name, first, second, survives in (
            ('filter-behind', 'filtered', 'plain', False),
            ('filter-before', 'unsigned', 'in', True)):
        data = through(w, between, name, message(name), 'you@example.net',
                       port=first)
        judge(w, name, through(w, w.sink, name, data + b'-- disclaimer\r\n',
                               'you@example.net', port=second), survives)


def by_others(w):
    """A forwarder and a list, by hand."""
    data = through(w, w.sink, 'others', message('others'), 'you@example.net')
    trace = (b'Return-Path: <joe@example.com>\r\nDelivered-To: you@example.net'
             b'\r\nReceived: by forwarder.example\r\n')
    judge(w, 'redirected', trace + data, True)
    judge(w, 'a list that adds fields', b'Sender: list@example.net\r\n'
          b'List-Id: <list.example.net>\r\nPrecedence: list\r\n' + data, True)
    judge(w, 'Sieve', b'X-Sieve: Pigeonhole Sieve\r\n'
          b'X-Sieve-Redirected-From: you@example.net\r\n' + data, True)
    head, body = data.split(b'\r\n\r\n', 1)
    judge(w, 'Mailman 3', head + b'''\r
Message-ID-Hash: EMUSI63VFODNTEDLVP3PTI4LIEHUUCZ6\r
X-Message-ID-Hash: EMUSI63VFODNTEDLVP3PTI4LIEHUUCZ6\r
X-Mailman-Rule-Hits: nonmember-moderation\r
X-Mailman-Rule-Misses: dmarc-mitigation; no-senders; approved;\r
 emergency; loop\r
X-Mailman-Version: 3.3.8\r
Precedence: list\r
List-Id: <list.lists.example.com>\r
List-Help: <mailto:list-request@lists.example.com?subject=help>\r
List-Owner: <mailto:list-owner@lists.example.com>\r
List-Post: <mailto:list@lists.example.com>\r
List-Subscribe: <mailto:list-join@lists.example.com>\r
List-Unsubscribe: <mailto:list-leave@lists.example.com>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset="us-ascii"\r
Content-Transfer-Encoding: 7bit\r
\r
''' + body, True)
    judge(w, 'a prefix of the Subject',
          data.replace(b'Subject: ', b'Subject: [list] '), False)
    judge(w, 'a footer', data + b'_______\r\nlist@example.net\r\n', False)
    return data


def comes_back(w, daemon, data):
    """One warning for the domain, however often."""
    for i in range(3):
        c = smtp.Client(w.postfix.ports['in'], xclient=STRANGER)
        answer = c.mail('bounce@example.net', ['joe@example.net'],
                        data + b'footer %d\r\n' % i)
        c.quit()
        tap.is_(answer[:3], '250', 'comes back: accepted', answer)
    w.sink.wait(lambda m: b'\r\nfooter ' in m.data, n=3)
    proc.wait_for(lambda: sum('bounce@example.net' in str(x)
                              for x in daemon.messages()) == 3, 'their lines')
    said = [x for x in daemon.log_text().splitlines()
            if 'came back broken' in x]
    tap.is_(len(said), 1, 'one warning', said)
    tap.ok('example.com' in said[0], 'which names the domain', said)


def smtputf8(w):
    """Signed and verified; U-labels in results only where they were."""
    sent = message('utf8', subject='grüße', extra='Reply-To: jö@bücher.example'
                   '\r\n'.encode())
    judge(w, 'SMTPUTF8', through(w, w.sink, 'utf8', sent, 'jü@example.net',
                                 ' BODY=8BITMIME SMTPUTF8'), True)
    for name, options, want in (
            ('utf8-in', ' BODY=8BITMIME SMTPUTF8', 'bücher.example'),
            ('ascii-in', ' BODY=8BITMIME', 'xn--bcher-kva.example')):
        text = message(name).replace(b'joe@example.com',
                                     'joe@bücher.example'.encode())
        c = smtp.Client(w.postfix.ports['in'], xclient=STRANGER)
        answer = c.mail('joe@xn--bcher-kva.example', ['joe@example.net'],
                        text, options)
        c.quit()
        tap.is_(answer[:3], '250', name + ': accepted', answer)
        results = world.ours_in(w.sink.take(b'<%s@' % name.encode()).data)
        tap.ok('header.from=%s' % want in results[0].replace('"', ''),
               name + ': header.from', results)


def main():
    world.require()
    w = world.World()
    between, seven = sink.Sink(), sink.Sink((b'PIPELINING',))
    daemon = w.daemon('both')
    milter = {'smtpd_milters': daemon.socket,
              'local_header_rewrite_clients': 'static:all'}

    def to(port):
        return '[127.0.0.1]:%d' % port
    w.start({
        'in': milter,
        'plain': {},
        'filtered': dict(milter, content_filter='smtp:' + to(between.port)),
        'unsigned': {'content_filter': 'smtp:' + to(between.port)},
    }, {
        'transport_maps':
            'inline:{seven.example=smtp:%s noconv.example=noconv:%s '
            'generic.example=generic:%s checked.example=checked:%s}' % (
                to(seven.port), to(seven.port), to(w.sink.port),
                to(w.sink.port)),
        'header_checks': 'regexp:$config_directory/early_checks',
        'virtual_alias_maps': 'inline:{you@alias.example=them@example.net}',
        'virtual_alias_domains': '',
        'canonical_maps': 'inline:{old@example.net=new@example.net}',
        'masquerade_domains': 'masq.example',
    }, TRANSPORTS, FILES)
    by_postfix(w, seven)
    by_filter(w, between)
    data = by_others(w)
    comes_back(w, daemon, data)
    smtputf8(w)
    tap.ok(seal.fields_named(data, b'dkim-signature'), 'it was signed')
    w.finish()


tap.main(main)
