# SPDX-License-Identifier: BSD-2-Clause
"""Mail that goes through others: author -> Postfix and mailseald of a list or
forwarder -> Postfix and mailseald of a receiver that refuses what fails DMARC,
but for mail with the ARC seal of a list that it trusts.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import mta  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import world  # noqa: E402

AUTHOR = {'ADDR': '192.0.2.10', 'NAME': 'mx.author.example',
          'HELO': 'mx.author.example'}
# The keys of the tests are example.com's: that is the list.
LIST = {'ADDR': '192.0.2.30', 'NAME': 'lists.example.com',
        'HELO': 'lists.example.com'}
LIST_ID = 'lists.example.com'
RCPT = ['me@here.example']

RECORDS = '''
author.example. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.author.example. TXT "v=DMARC1; p=reject"
'''


def letter(mark):
    return ('From: Joe <joe@author.example>\r\nTo: list@example.com\r\n'
            'Subject: %s\r\nMessage-ID: <%s@author.example>\r\n\r\n'
            'hello\r\n' % (mark, mark)).encode()


def send(port, client, sender, rcpts, data):
    c = smtp.Client(port, helo=client['HELO'], xclient=client)
    answer = c.mail(sender, rcpts, data)
    c.quit()
    return answer


class Net:
    """The list's Postfix, which hands on to `between`, and the receiver's."""

    def __init__(self):
        self.w = world.World(RECORDS)
        w = self.w
        self.between = sink.Sink()
        here = dict(Mode='v', OnDMARCReject='reject')
        plain = w.daemon('plain', AuthservID=LIST_ID)
        sealing = w.daemon('sealing', AuthservID=LIST_ID, ArcSeal='forwarded')
        trusting = w.daemon('trusting', TrustedSealers='example.com', **here)
        strict = w.daemon('strict', TrustedSealers='other.example', **here)
        self.sealing = sealing

        def service(daemon):
            return {'smtpd_milters': 'unix:' + daemon.path}
        top = os.path.join(w.top, 'pf-list')
        os.mkdir(top)
        self.list = mta.Postfix(
            top, self.between.port,
            {'plain': service(plain), 'sealing': service(sealing)},
            {'transport_maps': 'inline:{box.example=local:}'})
        self.here = w.start({'trusting': service(trusting),
                             'strict': service(strict)})

    def through(self, port, mark):
        """What comes out of the list's Postfix."""
        answer = send(self.list.ports[port], AUTHOR, 'joe@author.example',
                      ['list@example.com'], letter(mark))
        tap.is_(answer[:3], '250', mark + ': the list takes it', answer)
        return self.between.take(mark.encode()).data

    def arrive(self, port, data):
        return send(self.here[port], LIST, 'bounces@example.com', RCPT, data)

    def finish(self):
        self.list.stop()
        tap.is_(self.list.complaints(), [], 'the list\'s Postfix has no '
                'complaint')
        self.w.finish()


def rewritten(data):
    """As a list has it: a tag in the subject, a footer."""
    return data.replace(b'\r\nSubject: ', b'\r\nSubject: [list] ', 1) + \
        b'-- \r\nYou are a member of the list.\r\n'


def sealed(net, data):
    """By the list, behind its change: the chain was none when it came."""
    status, out, err = proc.run(
        [tree.MAILSEAL, 'seal', '--domain', 'example.com', '--selector',
         'r2', '--key', net.w.keys['r2'].path, '--authserv-id', LIST_ID,
         '--cv', 'none', '--nameserver', '127.0.0.1@%d' % net.w.nsd.port],
        data)
    if status != 0:
        raise RuntimeError(err)
    return out


def refused(net, answer, mark):
    tap.contains(answer, '550 5.7.1 Rejected per DMARC policy for '
                 'author.example', mark + ': refused')
    tap.is_(net.w.sink.count(mark.encode()), 0, mark + ': never arrives')


def accepted(net, answer, mark):
    if not tap.is_(answer[:3], '250', mark + ': accepted', answer):
        return
    data = net.w.sink.take(mark.encode()).data
    ours = world.ours_in(data)
    tap.is_(len(ours), 1, mark + ': one field of ours', ours)
    for part in ('dmarc=fail', 'arc=pass header.oldest-pass=0'):
        tap.contains(ours[0], part, '%s: %s' % (mark, part))


def through_list(net):
    data = net.through('plain', 'no-chain')
    tap.contains(' '.join(world.authres(data)), LIST_ID + '; spf=pass',
                 'the list has judged it')
    refused(net, net.arrive('trusting', rewritten(data)), 'no-chain')
    data = sealed(net, rewritten(net.through('plain', 'with-chain')))
    tap.contains(' '.join(seal.fields_named(
        data, b'arc-authentication-results')[0].decode().split()),
        'dmarc=pass', 'the chain says what the list knew')
    refused(net, net.arrive('strict', data), 'with-chain')
    accepted(net, net.arrive('trusting', data), 'with-chain')
    refused(net, net.arrive('trusting', data.replace(
        b'hello', b'hullo').replace(b'with-chain', b'changed')), 'changed')


def through_forwarder(net):
    """Judged, reported, sealed: all in one process."""
    mark = 'forwarded'
    data = net.through('sealing', mark)
    names = [f.partition(b':')[0].decode() for f in seal.split(data)[0]]
    tap.is_([n for n in names if n != 'Received'][:4],
            ['ARC-Seal', 'ARC-Message-Signature',
             'ARC-Authentication-Results', 'Authentication-Results'],
            'sealed last', names)
    refused(net, net.arrive('strict', data), mark)
    accepted(net, net.arrive('trusting', data), mark)
    twice = send(net.list.ports['sealing'], LIST, 'bounces@example.com',
                 ['next@example.com'], data)
    tap.is_(twice[:3], '250', 'handed on again', twice)
    data = net.between.take(mark.encode()).data
    tap.is_(len(seal.fields_named(data, b'arc-seal')), 2, 'two sets')
    accepted(net, net.arrive('trusting', data), mark)


def delivered(net):
    """What Postfix delivers itself is not sealed, unless only in part."""
    for n, (rcpts, want) in enumerate((
            (['joe@box.example'], None),
            (['joe@box.example', 'me@example.com'], 1))):
        sender = 'delivered-%d@author.example' % n
        answer = send(net.list.ports['sealing'], AUTHOR, sender, rcpts,
                      letter('delivered'))
        tap.is_(answer[:3], '250', 'to %s' % rcpts, answer)
        line = net.sealing.message_with(sender)
        tap.is_(line.get('seal'), want, 'sealed for %s' % rcpts, line)
    net.between.take(b'delivered')


def main():
    world.require()
    net = Net()
    through_list(net)
    through_forwarder(net)
    delivered(net)
    net.finish()


tap.main(main)
