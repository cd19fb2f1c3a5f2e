# SPDX-License-Identifier: BSD-2-Clause
"""Mail that arrives: verified through Postfix and mailseald with keys from
nsd, its results on top, forged ones gone, and refused where that is asked.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import pydkim  # noqa: E402
import seal  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import world  # noqa: E402
from world import AUTHSERV, message  # noqa: E402

OUT = {'ADDR': '192.0.2.99', 'NAME': 'mail.example.com'}
RCPT = ['me@here.example']

# Fields that claim to be ours, however they write it (RFC 8601 5): all go.
FORGED = (
    b'Authentication-Results: mx.here.example; dkim=pass',
    b'AUTHENTICATION-RESULTS: MX.Here.Example; dkim=pass',
    b'authentication-results:mx.here.example;dkim=pass',
    b'Authentication-Results : mx.here.example; dkim=pass',
    b'AUTHENTICATION-Results \t :\r\n mx.here.example; dkim=pass',
    b'Authentication-Results: mx.here.example',
    b'Authentication-Results:\r\n\tmx.here.example;\r\n\tdkim=pass',
    b'Authentication-Results: (a (nested) comment) mx.here.example '
    b'(more) 1; dkim=pass',
    b'Authentication-Results: "mx.here.example"; dkim=pass',
    b'Authentication-Results: "mx\\.here.example" ; dkim=pass',
    b'Authentication-Results: mx.here.example.; dkim=pass',
    b'Authentication-Results: mx.here.example 1; dkim=pass',
    b'Authentication-Results: mx.here.example 99; dkim=pass',
    b'Authentication-Results: (\r\n x)\r\n  "MX.HERE.EXAMPLE" \r\n 1 ; none',
    b'Authentication-Results: mx.here.example/worker; dkim=pass',
    b'Authentication-Results: (unclosed mx.here.example; dkim=pass',
    b'Authentication-Results: "unclosed; dkim=pass',
    b'Authentication-Results:',
)
# Fields of others: all stay.
FOREIGN = (
    b'Authentication-Results: elsewhere.example; dkim=pass',
    b'Authentication-Results: xmx.here.example; dkim=pass',
    b'Authentication-Results: here.example; dkim=pass',
    b'Authentication-Results: mx.here.example.org; dkim=pass',
    b'Authentication-Results: (mx.here.example) other.example; dkim=pass',
    b'Authentication-Results: "other.example" 1; dkim=pass',
    b'Authentication-Results: "other\\.example"; none',
    b'Authentication-Results: other.example; dkim=pass (mx.here.example)',
    b'X-Authentication-Results: mx.here.example; dkim=pass',
)


def send(port, data, rcpts=(), xclient=None):
    c = smtp.Client(port, xclient=xclient or OUT)
    answer = c.mail('joe@example.com', rcpts or RCPT, data, ' BODY=8BITMIME')
    c.quit()
    return answer


def results(value):
    """[(dkim result, {property: value})] as mailseal authres reads it."""
    _, out, err = proc.run_json([tree.MAILSEAL, 'authres', '--json',
                                 '--authserv-id', AUTHSERV], value.encode())
    if not out or not out['valid']:
        return err or out
    return [(r['result'], {'%s.%s' % (p['ptype'], p['property']): p['value']
                           for p in r['properties']})
            for r in out['results'] if r['method'] == 'dkim']


def check_results(data, want, name):
    """One field of ours, on top of all that was received, with these."""
    values = world.ours_in(data)
    if not tap.is_(len(values), 1, name + ': one field of ours', data[:2000]):
        return []
    got = results(values[0])
    tap.is_([r for r, _ in got], want, name + ': results', values)
    names = [f.partition(b':')[0].lower() for f in seal.split(data)[0]]
    tap.is_(names.index(b'authentication-results'),
            0 if names[0] == b'authentication-results' else 1,
            name + ': on top', names)
    return got


def good(w, ports):
    for port in ('in', 'inet'):
        for selector, canon in (('r2', 'relaxed/relaxed'),
                                ('r1', 'simple/simple'),
                                ('e1', 'relaxed/simple'),
                                ('e1', 'simple/relaxed')):
            name = '%s, %s, %s' % (port, selector, canon)
            mark = 'good-%s-%s-%s' % (port, selector, canon.replace('/', '-'))
            body = b'caf\xc3\xa9\r\n' + b'y' * 1500 + b'\r\n.\r\n \r\n\r\n'
            sent = w.signed(message(mark, body=body, extra=(
                b'X-None:nothing\r\nX-Two:  two\r\nX-Fold:\ta\r\n\tb \r\n')),
                selector, '--canonicalization', canon, '--headers',
                'from:to:subject:date:message-id:x-none:x-two:x-fold')
            tap.is_(send(ports[port], sent)[:3], '250', name + ': accepted')
            data = w.sink.take(mark.encode()).data
            got = check_results(data, ['pass'], name)
            tap.ok(data.endswith(sent), name + ': the message is unchanged')
            b = seal.squeezed(seal.tags(seal.fields_named(
                sent, b'dkim-signature')[0])['b'])
            if got:
                props = got[0][1]
                tap.is_((props.get('header.d'), props.get('header.s'),
                         props.get('header.a')),
                        ('example.com', selector, w.keys[selector].algorithm),
                        name + ': d=, s=, a=')
                tap.ok(len(props.get('header.b', '')) >= 8 and
                       b.startswith(props['header.b']),
                       name + ': header.b is the start of b=', props)


def by_dkimpy(w, ports):
    data = message('by-dkimpy')
    key = w.keys['r2']
    sent = pydkim.sign(data, 'example.com', 'r2', key.for_pydkim,
                       key.algorithm, 'relaxed/simple',
                       ['from', 'subject', 'from']) + data
    send(ports['in'], sent)
    check_results(w.sink.take(b'by-dkimpy').data, ['pass'],
                  'signed by python3-dkim')


def bad(w, ports):
    """What the log says of signatures that do not pass."""
    def other(mark, *changes):
        data = w.signed(message(mark), 'r2')
        for old, new in changes:
            assert old in data, old
            data = data.replace(old, new)
        return data
    cases = (
        ('bad-body', other('bad-body', (b'hello', b'jello')), 'fail'),
        ('bad-subject', other('bad-subject', (b'a test', b'a pest')), 'fail'),
        ('bad-from', b'From: evil@example.org\r\n' + other('bad-from'),
         'fail'),
        ('no-key', other('no-key', (b's=r2', b's=none')), 'permerror'),
        ('revoked', other('revoked', (b's=r2', b's=revoked')), 'permerror'),
        ('no-zone', other('no-zone', (b'd=example.com', b'd=example.org')),
         'temperror'),
    )
    for mark, data, want in cases:
        port = ports['lenient']
        answer = send(port, data)
        if not tap.is_(answer[:3], '250', mark + ': accepted', answer):
            continue
        check_results(w.sink.take(mark.encode()).data, [want], mark)
    send(ports['in'], message('unsigned'))
    check_results(w.sink.take(b'unsigned').data, ['none'], 'unsigned')
    # Through a CNAME the key is another's, the signature is good.
    data = w.signed(message('alias'), 'r2').replace(b's=r2', b's=alias')
    send(ports['lenient'], data)
    check_results(w.sink.take(b'<alias@').data, ['fail'],
                  'a changed selector, key by CNAME')
    two = w.signed(w.signed(message('two'), 'r2'), 'e1').replace(
        b'v=1;', b'v=1; zz=1;', 1)
    send(ports['in'], two)
    check_results(w.sink.take(b'<two@').data, ['fail', 'pass'],
                  'one bad, one good')


def refused(w, ports):
    broken = w.signed(message('refuse-me'), 'r2').replace(b'hello', b'jello')
    answer = send(ports['strict'], broken)
    tap.ok(re.match(r'550[ -]5\.7\.20 ', answer),
           'OnBadSignature reject: in the dialogue', answer)
    good_one = w.signed(message('strict-good'), 'r2')
    c = smtp.Client(ports['strict'], xclient=OUT)
    first = c.mail('joe@example.com', RCPT, broken)
    second = c.mail('joe@example.com', RCPT, good_one)
    third = c.mail('joe@example.com', RCPT, message('strict-unsigned'))
    c.quit()
    tap.is_((first[:3], second[:3], third[:3]), ('550', '250', '250'),
            'after a refusal the connection serves the next ones')
    w.sink.take(b'strict-good')
    w.sink.take(b'strict-unsigned')
    tap.is_(w.sink.count(b'refuse-me'), 0, 'a refused message never arrives')

    other_zone = w.signed(message('defer-me'), 'r2').replace(
        b'd=example.com', b'd=example.org')
    answer = send(ports['in'], other_zone)
    tap.ok(re.match(r'451[ -]4\.', answer), 'OnDNSError tempfail', answer)
    tap.is_(w.sink.count(b'defer-me'), 0, 'it does not arrive, either')


def held(w, ports):
    broken = w.signed(message('hold-me'), 'r2').replace(b'hello', b'jello')
    answer = send(ports['hold'], broken)
    tap.is_(answer[:3], '250', 'OnBadSignature quarantine: accepted')
    queue = proc.wait_for(lambda: w.postfix.queue('hold'), 'the hold queue')
    tap.is_(len(queue), 1, 'it lies in the hold queue')
    data = w.postfix.message('hold', queue[0]).replace(b'\n', b'\r\n')
    check_results(data, ['fail'], 'held')
    tap.is_(w.sink.count(b'hold-me'), 0, 'it was not delivered')
    w.postfix.delete_held()
    fine = w.signed(message('hold-not'), 'r2')
    send(ports['hold'], fine)
    w.sink.take(b'hold-not')
    tap.ok(True, 'a good one is delivered')


def forged(w, ports):
    for i, field in enumerate(FORGED):
        mark = 'forged-%d-' % i
        send(ports['in'], message(mark, extra=field + b'\r\n'))
        data = w.sink.take(mark.encode()).data
        tap.is_([v for v in world.authres(data) if 'dkim=pass' in v], [],
                'gone: %r' % field)
        check_results(data, ['none'], 'forged %d' % i)
    for i, field in enumerate(FOREIGN):
        mark = 'foreign-%d-' % i
        send(ports['in'], message(mark, extra=field + b'\r\n'))
        tap.contains(w.sink.take(mark.encode()).data, field,
                     'stays: %r' % field)
    # All of them in one message, ours between theirs, on top and below.
    mixed = [f for pair in zip(FORGED, FOREIGN * 2) for f in pair]
    sent = (b'\r\n'.join(mixed[:7]) + b'\r\n' +
            message('mixed', extra=b'\r\n'.join(mixed[7:]) + b'\r\n'))
    send(ports['in'], sent)
    data = w.sink.take(b'<mixed@').data
    check_results(data, ['none'], 'mixed')
    left = [f for f in seal.split(data)[0]
            if b'uthentication-results' in f.lower()][1:]
    tap.is_(left, [f + b'\r\n' for f in mixed if f in FOREIGN],
            'of many, just the foreign ones are left, in their order')
    # A signature that covers a forged field is judged on the message as it
    # arrived, though the field goes.
    sent = w.signed(message('covered', extra=FORGED[0] + b'\r\n'), 'r2',
                    '--headers', 'from:authentication-results')
    send(ports['in'], sent)
    check_results(w.sink.take(b'covered').data, ['pass'],
                  'a signed field of ours')


def several(w, ports):
    c = smtp.Client(ports['in'], xclient=OUT)
    want = []
    for i in range(8):
        data = w.signed(message('row-%d-' % i, body=b'%d\r\n' % i), 'e1')
        if i % 3 == 1:
            data = data.replace(b'a test', b'a pest')
        want.append('fail' if i % 3 == 1 else 'pass')
        c.send(b'MAIL FROM:<joe@example.com>\r\nRCPT TO:<a@here.example>\r\n'
               b'RCPT TO:<b@here.example>\r\nDATA\r\n')
        replies = [c.reply()[:3] for _ in range(4)]
        c.send(smtp.dotted(data))
        replies.append(c.reply()[:3])
        tap.is_(replies, ['250', '250', '250', '354', '250'],
                'inbound, pipelined message %d' % i)
    c.quit()
    for i in range(8):
        for m in w.sink.wait(lambda m: b'<row-%d-@' % i in m.data, n=2):
            check_results(m.data, [want[i]], 'row %d to %s' % (
                i, m.recipients[0]))


def given_up(w, ports, daemon):
    """Clients that stop in the middle leave nothing behind."""
    send(ports['in'], message('before'))
    w.sink.take(b'before')
    for i in range(20):
        c = smtp.Client(ports['in'], xclient=OUT)
        c.command('MAIL FROM:<joe@example.com>')
        c.command('RCPT TO:<me@here.example>')
        if i % 4 == 0:
            tap.is_(c.command('RSET')[:3], '250', 'RSET')
            c.quit()
        elif i % 4 == 1:
            c.command('DATA')
            c.send(b'From: joe@example.com\r\n\r\nhalf a mess')
            c.close()
        elif i % 4 == 2:
            c.quit()
        else:
            c.close()
    send(ports['in'], message('after'))
    check_results(w.sink.take(b'after').data, ['none'],
                  'after clients that gave up')
    proc.wait_for(lambda: daemon.fds() <= 40, 'connections to end')
    tap.ok(True, 'their connections are gone')


def main():
    world.require()
    w = world.World()
    lenient = w.daemon('lenient', OnDNSError='accept',
                       OnBadFrom='accept')
    unix = w.daemon('unix', SecondOpinion='all')
    strict = w.daemon('strict', OnBadSignature='reject')
    hold = w.daemon('hold', OnBadSignature='quarantine')
    port = proc.free_port()
    w.daemon('inet', Socket='inet:%d@127.0.0.1' % port, Mode='v')
    ports = w.start({
        'in': {'smtpd_milters': unix.socket},
        'lenient': {'smtpd_milters': lenient.socket},
        'strict': {'smtpd_milters': strict.socket},
        'hold': {'smtpd_milters': hold.socket},
        'inet': {'smtpd_milters': 'inet:127.0.0.1:%d' % port},
    })
    good(w, ports)
    by_dkimpy(w, ports)
    bad(w, ports)
    refused(w, ports)
    held(w, ports)
    forged(w, ports)
    several(w, ports)
    given_up(w, ports, unix)
    w.finish()


tap.main(main)
