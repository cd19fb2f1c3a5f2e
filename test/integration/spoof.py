# SPDX-License-Identifier: BSD-2-Clause
"""Tricks by which a sender with a domain of its own shows another author: the
domain of MAIL FROM passes SPF and signs, while some reader shows bank.example,
which publishes p=reject. Whatever Postfix makes of the header, mailseald refuses
each; those that name only the sender's domain are accepted.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import smtp  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402

EVIL = {'ADDR': '192.0.2.66', 'NAME': 'mx.example.com',
        'HELO': 'mx.example.com'}
RECORDS = '''
example.com. TXT "v=spf1 ip4:192.0.2.66 -all"
mx.example.com. TXT "v=spf1 ip4:192.0.2.66 -all"
bank.example. TXT "v=spf1 -all"
_dmarc.bank.example. TXT "v=DMARC1; p=reject"
'''
B = b'security@bank.example'
E = b'me@example.com'
Q = b'=?utf-8?q?security=40bank.example?='
B64 = b'=?utf-8?b?c2VjdXJpdHlAYmFuay5leGFtcGxl?='

# Each: the From fields as sent, complete.
REFUSED = {
    'plain': b'From: ' + B,
    'display-name': b'From: Bank <' + B + b'>',
    'upper-case': b'From: SECURITY@BANK.EXAMPLE',
    'trailing-dot': b'From: security@bank.example.',
    'no-space': b'From:' + B,
    'name-case': b'fROM: ' + B,
    # two fields
    'two-fields': b'From: ' + E + b'\r\nFrom: ' + B,
    'two-fields-swapped': b'From: ' + B + b'\r\nFrom: ' + E,
    'two-fields-case': b'From: ' + E + b'\r\nfrom: ' + B,
    'two-fields-apart': b'From: ' + E + b'\r\nX-Between: x\r\nFROM: ' + B,
    'three-fields': b'From: ' + E + b'\r\nFrom: ' + B + b'\r\nFrom: ' + E,
    'space-before-colon': b'From: ' + E + b'\r\nFrom : ' + B,
    'spaces-before-colon': b'From  \t: ' + B + b'\r\nFrom: ' + E,
    'tab-before-colon': b'From: ' + E + b'\r\nFrom\t: ' + B,
    'one-space-before-colon': b'From : ' + B,
    'equal-fields': b'From: ' + B + b'\r\nFrom: ' + B,
    # several addresses
    'list': b'From: ' + E + b', ' + B,
    'list-swapped': b'From: ' + B + b', ' + E,
    'list-angle': b'From: <' + E + b'>, <' + B + b'>',
    'list-names': b'From: A <' + E + b'>, B <' + B + b'>',
    'list-tight': b'From: ' + E + b',' + B,
    'list-empty-items': b'From: ,,' + E + b',,' + B + b',',
    'list-of-nine': b'From: ' + b', '.join([E] * 8 + [B]),
    'semicolon': b'From: ' + E + b'; ' + B,
    'space-only': b'From: ' + E + b' ' + B,
    'group': b'From: Bank: ' + B + b';',
    'group-and-more': b'From: Bank: ' + B + b';, ' + E,
    'group-of-two': b'From: x: ' + E + b', ' + B + b';',
    'two-angles': b'From: <' + E + b'><' + B + b'>',
    'two-angles-swapped': b'From: <' + B + b'><' + E + b'>',
    'two-angles-space': b'From: <' + B + b'> <' + E + b'>',
    'angle-behind-address': b'From: ' + B + b' <' + E + b'>',
    'address-behind-angle': b'From: <' + E + b'> ' + B,
    'nested-angles': b'From: <' + E + b'<' + B + b'>>',
    'open-angle': b'From: <' + B,
    'open-angle-two': b'From: <' + B + b', <' + E + b'>',
    'close-angle': b'From: ' + B + b'>',
    # routes and local parts
    'route': b'From: <@example.com:' + B + b'>',
    'route-list': b'From: <@example.com,@a.example:' + B + b'>',
    'two-at-signs': b'From: me@example.com@bank.example',
    'two-at-signs-angle': b'From: <me@example.com@bank.example>',
    'quoted-local': b'From: "me@example.com"@bank.example',
    'quoted-local-space': b'From: "me@example.com, x"@bank.example',
    'percent': b'From: me%example.com@bank.example',
    'bang': b'From: example.com!me@bank.example',
    # comments
    'comment-first': b'From: (' + E + b') ' + B,
    'comment-behind': b'From: ' + B + b' (' + E + b')',
    'comment-within': b'From: security@(' + E + b')bank.example',
    'comment-in-angle': b'From: <security@bank.example(' + E + b')>',
    'nested-comments': b'From: (a (b) ' + E + b') ' + B,
    'open-comment': b'From: (x ' + B,
    'close-comment': b'From: x) <' + B + b'>',
    'comment-escape': b'From: (\\) ' + E + b') ' + B,
    # quotes
    'quoted-name': b'From: "' + E + b'" <' + B + b'>',
    'open-quote': b'From: "x <' + B + b'>',
    'open-quote-two': b'From: "x <' + E + b'> <' + B + b'>',
    'quote-escape': b'From: "\\" <' + E + b'>" <' + B + b'>',
    'quote-in-quote': b'From: "a"b" <' + B + b'>',
    'single-quotes': b"From: '" + E + b"' <" + B + b'>',
    # folding, white space and controls
    'folded': b'From:\r\n ' + B,
    'folded-twice': b'From:\r\n \r\n ' + B,
    'folded-name': b'From: Bank\r\n\t<' + B + b'>',
    'folded-two': b'From: ' + E + b',\r\n ' + B,
    'tabs': b'From:\t\t' + B + b'\t',
    'spaces-around-at': b'From: security @ bank.example',
    'spaces-around-dot': b'From: security@bank . example',
    'cr': b'From: ' + E + b'\rFrom: ' + B,
    'nul': b'From: ' + B + b'\0' + E,
    'bell': b'From: \x07' + B,
    'delete': b'From: ' + B + b'\x7f',
    'one-dot-leader': b'From: security@bank\xe2\x80\xa4example',
    'wide-space': b'From: \xe2\x80\x83' + B,
    'zero-width': b'From: \xe2\x80\x8b' + B,
    'latin1': b'From: B\xe4nk <' + B + b'>',
    # encodings
    'encoded-name': b'From: =?utf-8?q?Bank?= <' + B + b'>',
    'encoded-name-of-sender': b'From: ' + B64 + b' <' + B + b'>',
    'encoded-at': b'From: ' + Q + b', ' + B,
    'encoded-no-padding': b'From: =?utf-8?b?YXNlY3VyaXR5QGJhbmsuZXhhbXBsZQ?=',
    'encoded-question-mark': b'From: =?utf-8?q?x?y=40bank.example?=',
    'encoded-charset': b'From: =?utf-7?q?security+AEA-bank.example?=',
    'encoded-local-part': b'From: ' + B64 + b'@example.com',
    'encoded-local-part-nul': b'From: =?utf-8?q?security=40bank.example=00?='
                              b'@example.com',
    'quoted-local-part': b'From: "' + B + b'"@example.com',
    'name-in-brackets': b'From: security@[bank.example]',
    # What Postfix breaks when it sends it, behind bank.example.
    'broken-line': b'From: ' + b'x' * (998 - 6 - 2 - len(B)) + b' <' + B +
                   b'.example.com>',
    # other fields
    'sender-ours': b'From: ' + B + b'\r\nSender: ' + E,
    'sender-first': b'Sender: ' + E + b'\r\nFrom: ' + B,
    'resent-from': b'Resent-From: ' + E + b'\r\nFrom: ' + B,
    'reply-to': b'From: ' + B + b'\r\nReply-To: ' + E,
    'very-long-name': b'From: ' + b'x ' * 600 + b'<' + B + b'>',
    'many-addresses': b'From: ' + b', '.join(
        b'a%d@d%d.example' % (i, i) for i in range(30)) + b', ' + B,
}

ACCEPTED = {
    'own': b'From: ' + E,
    'own-name': b'From: Me <' + E + b'>',
    'own-comment': b'From: ' + E + b' (me)',
    'own-folded': b'From: Me\r\n <' + E + b'>',
    # Postfix cuts the field there.
    'own-nul-behind': b'From: ' + E + b'\0, ' + B,
    'own-encoded': b'From: =?utf-8?q?M=C3=A9?= <' + E + b'>',
}


def attempt(w, name, fields):
    # Not From on top: Postfix takes "From " there for a line of a mailbox.
    data = (b'To: me@here.example\r\n' + fields + b'\r\nSubject: ' +
            name.encode() + b'\r\nDate: Thu, 05 May 2005 11:59:09 -0700\r\nMessage-ID: <spoof-'
            + name.encode() + b'@example.com>\r\n\r\nhello\r\n')
    c = smtp.Client(w.postfix.ports['in'], helo=EVIL['HELO'], xclient=EVIL)
    answer = c.mail('me@example.com', ['me@here.example'], data,
                    ' BODY=8BITMIME')
    c.quit()
    return answer


def main():
    world.require()
    w = world.World(RECORDS)
    daemon = w.daemon('judge', Mode='v', OnDMARCReject='reject',
                      LineLengthLimit='998')
    w.start({'in': {'smtpd_milters': daemon.socket,
                    'local_header_rewrite_clients': ''}})
    tap.ok(len(REFUSED) >= 60, '%d forms' % len(REFUSED))
    for name, fields in REFUSED.items():
        answer = attempt(w, name, fields)
        tap.ok(answer[:1] == '5' and ' 5.7.' in answer[:9] or
               answer[:9] == '550 5.6.0', name + ': refused', answer)
    for name, fields in ACCEPTED.items():
        answer = attempt(w, name, fields)
        tap.is_(answer[:3], '250', name + ': accepted', answer)
    w.sink.wait(lambda m: b'<spoof-own' in m.data, n=len(ACCEPTED))
    tap.is_(w.sink.count(b'<spoof-'), 0, 'nothing else arrived')
    w.finish(expected=('unreasonable', 'header'))


tap.main(main)
