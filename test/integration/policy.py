# SPDX-License-Identifier: BSD-2-Clause
"""Mail from outside is judged: SPF, DMARC and how it is handled, through
Postfix and mailseald with records from nsd, which may be stopped in between.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402

GOOD = {'ADDR': '192.0.2.10', 'NAME': 'mx.real.example',
        'HELO': 'mx.real.example'}
EVIL = {'ADDR': '203.0.113.7', 'NAME': '[UNAVAILABLE]', 'HELO': 'evil.example'}
LIST = {'ADDR': '192.0.2.30', 'NAME': 'lists.example', 'HELO': 'lists.example'}
RELAY = {'ADDR': '192.0.2.40', 'NAME': 'mx2.here.example',
         'HELO': 'mx2.here.example'}
RCPT = ['me@here.example']
TAG = b'x-dmarc-quarantine'

# They are to be known still when nsd has gone, however long the test takes.
RECORDS = '''
$TTL 86400
real.example. TXT "v=spf1 include:spf.real.example -all"
spf.real.example. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.real.example. TXT "v=DMARC1; p=reject"
soft.example. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.soft.example. TXT "v=DMARC1; p=quarantine"
mx.real.example. A 192.0.2.10
mx.real.example. TXT "v=spf1 a -all"
10.2.0.192.in-addr.arpa. PTR mx.real.example.
xn--bcher-kva.example. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.xn--bcher-kva.example. TXT "v=DMARC1; p=reject"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
down.example. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.down.example. TXT "v=DMARC1; p=reject"
down2.example. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.down2.example. TXT "v=DMARC1; p=reject"
'''


def letter(mark, author, head=''):
    return (head + 'From: %s\r\nTo: me@here.example\r\nSubject: %s\r\n'
            'Message-ID: <%s@test.example>\r\n\r\nhello\r\n' % (
                author, mark, mark)).encode()


def send(port, client, sender, data, options=''):
    c = smtp.Client(port, helo=client['HELO'], xclient=client)
    answer = c.mail(sender, RCPT, data, options)
    c.quit()
    return answer


class Arrived:
    def __init__(self, w, mark):
        self.data = w.sink.take(('Subject: %s\r\n' % mark).encode()).data
        ours = world.ours_in(self.data)
        self.results = ours[0] if len(ours) == 1 else repr(ours)
        self.tag = seal.fields_named(self.data, TAG)


def accepted(w, answer, mark, *parts, tagged=False):
    """Delivered, with these parts in our one field of results."""
    if not tap.is_(answer[:3], '250', mark + ': accepted', answer):
        return
    got = Arrived(w, mark)
    for part in parts:
        tap.contains(got.results, part, '%s: %s' % (mark, part))
    tap.is_(len(got.tag), int(tagged), mark + ': its tag', got.tag)


def refused(w, answer, mark, *parts):
    for part in parts:
        tap.contains(answer, part, '%s: %s' % (mark, part))
    tap.is_(w.sink.count(mark.encode()), 0, mark + ': it never arrives')


def passes(w, ports):
    answer = send(ports['tag'], GOOD, 'joe@real.example',
                  letter('aligned', 'joe@real.example'))
    accepted(w, answer, 'aligned', 'spf=pass smtp.mailfrom=real.example',
             'iprev=pass policy.iprev=192.0.2.10',
             'dmarc=pass policy.dmarc=reject header.from=real.example',
             'dkim=none')
    answer = send(ports['reject'], EVIL, 'bounce@elsewhere.example', w.signed(
        letter('signed', 'joe@example.com')))
    accepted(w, answer, 'signed', 'dmarc=pass', 'dkim=pass')
    answer = send(ports['reject'], GOOD, '', letter(
        'null-sender', 'mailer-daemon@real.example'))
    accepted(w, answer, 'null-sender', 'smtp.mailfrom=mx.real.example',
             'dmarc=pass')
    answer = send(ports['reject'], GOOD, 'joe@b\u00fccher.example', letter(
        'eai', 'J\u00f6 <j\u00f6@b\u00fccher.example>'), ' SMTPUTF8')
    accepted(w, answer, 'eai', 'spf=pass smtp.mailfrom=b\u00fccher.example',
             'header.from=b\u00fccher.example', 'dmarc=pass')
    answer = send(ports['reject'], EVIL, 'a@nothing.example', letter(
        'no-policy', 'a@nothing.example'))
    accepted(w, answer, 'no-policy', 'spf=none', 'dmarc=none')


def fails(w, ports):
    forged = letter('forged', 'joe@real.example')
    answer = send(ports['reject'], EVIL, 'joe@real.example', forged)
    refused(w, answer, 'forged', '550 5.7.1', 'DMARC', 'real.example')
    # By default p=reject is no ground to refuse (RFC 9989 7.4).
    answer = send(ports['tag'], EVIL, 'joe@real.example',
                  letter('tagged', 'joe@real.example'))
    accepted(w, answer, 'tagged', 'spf=fail', 'dmarc=fail', 'dkim=none',
             'policy.dmarc=reject', tagged=True)
    answer = send(ports['reject'], EVIL, 'joe@soft.example',
                  letter('soft', 'joe@soft.example'))
    accepted(w, answer, 'soft', 'policy.dmarc=quarantine', tagged=True)
    for mark, author, head in (
            ('no-from', 'x', 'X-'), ('bad-from', 'a@real..example', ''),
            ('two-from', 'a@real.example', 'From: b@other.example\r\n')):
        answer = send(ports['tag'], GOOD, 'joe@real.example',
                      letter(mark, author, head))
        refused(w, answer, mark, '550 5.7.1', 'From')


def held(w, ports):
    answer = send(ports['hold'], EVIL, 'joe@soft.example',
                  letter('hold-me', 'joe@soft.example'))
    tap.is_(answer[:3], '250', 'hold: accepted')
    queue = proc.wait_for(lambda: w.postfix.queue('hold'), 'the hold queue')
    tap.is_(len(queue), 1, 'it lies in the hold queue')
    data = w.postfix.message('hold', queue[0]).replace(b'\n', b'\r\n')
    tap.contains(world.ours_in(data)[0], 'dmarc=fail', 'with its results')
    tap.is_(w.sink.count(b'hold-me'), 0, 'it was not delivered')
    w.postfix.delete_held()


def exempt(w, ports, daemon):
    answer = send(ports['reject'], LIST, 'bounces@lists.example', letter(
        'list', 'joe@real.example', 'List-Id: <x.lists.example>\r\n'))
    accepted(w, answer, 'list', 'dmarc=fail')
    line = daemon.message_with('bounces@lists.example')
    tap.is_((line.get('exempt'), line.get('override'), line.get('rule')),
            ('mailing list host', 'mailing_list', 'dmarc'),
            'the log names the exemption', line)
    for mark, ip, want in (('by-relay', '192.0.2.10', '250'),
                           ('by-relay-forged', '203.0.113.7', '550')):
        received = ('Received: from mx.real.example (mx.real.example [%s])\r\n'
                    '\tby mx2.here.example (Postfix) with ESMTP id 1\r\n' % ip)
        answer = send(ports['reject'], RELAY, 'joe@real.example',
                      letter(mark, 'joe@real.example', received))
        if want == '250':
            accepted(w, answer, mark, 'spf=pass', 'dmarc=pass')
        else:
            refused(w, answer, mark, '550 5.7.1', 'DMARC')
    login = dict(EVIL, LOGIN='joe')
    answer = send(ports['reject'], login, 'joe@real.example', letter(
        'ours', 'joe@real.example'))
    tap.is_(answer[:3], '250', 'our own mail is not judged', answer)
    tap.is_(world.ours_in(w.sink.take(b'Subject: ours\r\n').data), [],
            'it has no results')


def nsd_dies(w, ports):
    """What DNS said before is still known; the rest is not lost."""
    w.nsd.stop()
    answer = send(ports['reject'], GOOD, 'joe@real.example',
                  letter('known', 'joe@real.example'))
    accepted(w, answer, 'known', 'spf=pass', 'dmarc=pass')
    unsigned = letter('unknown', 'joe@down.example')
    answer = send(ports['reject'], GOOD, 'joe@down.example', unsigned)
    refused(w, answer, 'unknown', '451 4.7.1', 'DMARC')
    signed = w.signed(letter('unknown-key', 'joe@example.com'), 'r1')
    answer = send(ports['reject'], EVIL, 'joe@down.example', signed)
    tap.ok(re.match('451 4', answer), 'a key that cannot be had', answer)
    answer = send(ports['lenient'], GOOD, 'joe@down2.example',
                  letter('lenient', 'joe@down2.example'))
    accepted(w, answer, 'lenient', 'spf=temperror', 'dmarc=temperror')
    w.nsd.start()

    def again():
        """SPF may be known again before the policy is."""
        return send(ports['reject'], GOOD, 'joe@down.example',
                    unsigned)[:3] == '250' and \
            'dmarc=pass' in Arrived(w, 'unknown').results
    # As a client would: its queue tries until a failure is forgotten.
    proc.wait_for(again, 'the same message to pass')
    tap.ok(True, 'it passes when DNS is back')


def main():
    world.require()
    w = world.World(RECORDS)
    common = {'InternalHosts': '127.0.0.1', 'LogFormat': 'json',
              'TrustedRelays': RELAY['ADDR'], 'DNSTimeout': '2'}
    tag = w.daemon('tag', **common)
    reject = w.daemon('reject', OnDMARCReject='reject',
                      MailingListHosts='lists.example', **common)
    hold = w.daemon('hold', OnDMARCQuarantine='hold', **common)
    lenient = w.daemon('lenient', OnDNSError='accept', **common)
    ports = w.start({d: {'smtpd_milters': s.socket} for d, s in (
        ('tag', tag), ('reject', reject), ('hold', hold),
        ('lenient', lenient))}, {
            'smtputf8_enable': 'yes',
            # The clients are not local ones, whose header Postfix mends.
            'local_header_rewrite_clients': ''})
    passes(w, ports)
    fails(w, ports)
    held(w, ports)
    exempt(w, ports, reject)
    nsd_dies(w, ports)
    w.finish()


tap.main(main)
