# SPDX-License-Identifier: BSD-2-Clause
"""Mail that comes back: a Postfix with a content filter that returns mail to a
listener with the same milters, without no_milters. A stranger's forgery is
never signed, its verdict stays, and what is ours is signed once.
"""
import base64
import email
import email.policy
import os
import quopri
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seal  # noqa: E402
import sink  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import world  # noqa: E402

STRANGER = {'ADDR': '192.0.2.99', 'NAME': 'mail.evil.example'}
JOE = {'ADDR': '192.0.2.7', 'LOGIN': 'joe'}
BOUNCES = 'list-bounces@example.com'
RCPT = ['me@here.example']
RECORDS = '''
example.com. TXT "v=spf1 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject"
'''
HEAD = b'From: Joe <joe@example.com>\r\n'


def letter(mark, head=HEAD, message_id=True):
    text = head + b'To: you@example.net\r\nSubject: a test\r\n' \
        b'X-Mark: ' + mark.encode() + b'\r\n'
    if message_id:
        text += b'Message-ID: <' + mark.encode() + b'@example.com>\r\n'
    return text + b'\r\nhello\r\n'


# -- filters ------------------------------------------------------------------

def unfolded(data):
    head, body = data.split(b'\r\n\r\n', 1)
    head = head.replace(b'\r\n\t', b' ').replace(b'\r\n ', b' ')
    return head + b'\r\n\r\n' + body


def amavis(data):
    return (b'Received: from mx.here.example ([127.0.0.1])\r\n'
            b'\tby localhost (filter) with ESMTP id 1;\r\n'
            b'\tThu, 05 May 2005 11:59:10 -0700 (PDT)\r\n'
            b'X-Virus-Scanned: a filter\r\n' + data)


def tagged(data):
    return data.replace(b'Subject: ', b'Subject: ***SPAM*** ', 1)


FILTERS = [
    ('unchanged', lambda data: data),
    ('fields on top', amavis),
    ('Subject tagged', tagged),
    ('a footer', lambda data: data + b'-- \r\nscanned\r\n'),
    ('unfolded', unfolded),
    ('all of it', lambda data: unfolded(tagged(amavis(data))) + b'x\r\n'),
]


def by_python(policy):
    def change(data):
        m = email.message_from_bytes(data, policy=policy)
        return seal.crlf(m.as_bytes(policy=policy))
    return change


def by_fields(change):
    def changed(data):
        fields, body = seal.split(data)
        return b''.join(change(fields)) + b'\r\n' + body
    return changed


def named(change):
    return by_fields(lambda fields: [
        change(f.partition(b':')[0]) + b':' + f.partition(b':')[2]
        for f in fields])


def encoded(data, how, code):
    head, body = data.split(b'\r\n\r\n', 1)
    return head + b'\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; ' \
        b'charset=utf-8\r\nContent-Transfer-Encoding: ' + how + \
        b'\r\n\r\n' + seal.crlf(code(body))


def by_program(*argv):
    def change(data):
        status, out, err = proc.run(list(argv),
                                    data.replace(b'\r\n', b'\n'))
        if status != 0:
            raise RuntimeError(err)
        return seal.crlf(out)
    return change


def on_top(*fields):
    return lambda data: b''.join(f + b'\r\n' for f in fields) + data


OTHERS = b'Authentication-Results: mx.here.example (another program); ' \
    b'dkim=pass header.d=example.com; dmarc=pass header.from=example.com'
SMTP = email.policy.SMTP
# Each by SMTP.
MORE = [
    ('Python, compat32', by_python(email.policy.compat32)),
    ('Python, folded again', by_python(SMTP.clone(refold_source='all'))),
    ('Python, short lines', by_python(SMTP.clone(refold_source='all',
                                                 max_line_length=50))),
    ('Perl, folded again', by_program('perl', '-MMail::Internet', '-e', '''
my $m = Mail::Internet->new(\\*STDIN);
$m->head->modify(1);
$m->head->fold(40);
$m->print(\\*STDOUT);''')),
    ('names in lower case', named(bytes.lower)),
    ('names in upper case', named(bytes.upper)),
    ('fields in another order', by_fields(lambda f: f[::-1])),
    ('fields sorted', by_fields(sorted)),
    ('tabs for spaces', lambda d: d.replace(b'\r\n\t', b'\r\n        ')),
    ('white space at line ends', by_fields(
        lambda fields: [f.replace(b'\r\n', b' \r\n') for f in fields])),
    ('body in base64', lambda d: encoded(d, b'base64', base64.encodebytes)),
    ('body in quoted-printable', lambda d: encoded(
        d, b'quoted-printable', quopri.encodestring)),
    ('body replaced', lambda d: d.split(b'\r\n\r\n')[0] + b'\r\n\r\nx\r\n'),
    ('no body', lambda d: d.split(b'\r\n\r\n')[0] + b'\r\n'),
    ('results in our name on top', on_top(OTHERS)),
    ('many of them', on_top(*[OTHERS] * 20)),
    ('trace fields', on_top(b'Return-Path: <joe@example.com>',
                            b'Delivered-To: me@here.example',
                            *[b'Received: from a by b'] * 40)),
    ('fields of a list', on_top(b'Sender: list@here.example',
                                b'List-Id: <list.here.example>',
                                b'Precedence: list')),
    ('resent', on_top(b'Resent-From: me@here.example',
                      b'Resent-To: you@example.net',
                      b'Resent-Message-ID: <r@here.example>')),
    ('a second Message-ID', on_top(b'Message-Id: <2@here.example>')),
    ('another name of the author', lambda d: d.replace(
        b'From: Joe <', b'From: "Joe (outside)" <')),
    ('the author bare', lambda d: d.replace(
        b'From: Joe <joe@example.com>', b'From: joe@example.com')),
    ('the author with a comment', lambda d: d.replace(
        b'From: Joe <joe@example.com>', b'From: joe@example.com (Joe)')),
    ('a signature of others', on_top(
        b'DKIM-Signature: v=1; a=rsa-sha256; d=filter.example; s=s; '
        b'h=from; bh=AAAA; b=AAAA')),
    ('Subject encoded', lambda d: d.replace(
        b'Subject: a test', b'Subject: =?utf-8?q?=5BSPAM=5D_a_test?=')),
    ('fields of a scanner', on_top(b'X-Spam-Status: Yes, score=9.9',
                                   b'X-Spam-Flag: YES',
                                   b'X-Amavis-Alert: BAD HEADER')),
]
# Tables that hide who works where, on the way to the filter, too.
PRIVATE = r'''/^Received:/ IGNORE
/^(X-Originating-IP|X-Mailer|User-Agent):/ IGNORE
/^Message-ID:[[:space:]]*<([^@]*)@.*>/ REPLACE Message-ID: <$1@example.com>
'''
# What spamc and SpamAssassin's own program make of spam by default.
SPAMASSASSIN = '''loadplugin Mail::SpamAssassin::Plugin::Check
required_score 1
report_safe 1
body EACH /./
score EACH 10
'''


class Net:
    def __init__(self):
        self.w = world.World(RECORDS)
        w = self.w
        self.filter = sink.Sink()
        inside = {'InternalHosts': '127.0.0.1,10.0.0.0/8'}
        self.daemon = w.daemon('both', **inside)
        # Another server: the key is all that it has in common.
        self.inner = w.daemon('inner', AuthservID='inner.example',
                              **inside)
        self.signer = w.daemon('signer', Mode='s', **inside)
        logins = proc.write(os.path.join(w.top, 'logins'),
                            'joe@example.com joe\n@example.com boss\n')
        self.checked = w.daemon('checked', SenderLogins='texthash:' + logins,
                                **inside)
        self.bare = w.daemon('bare', MarkField='none', **inside)
        self.proxied = w.daemon('proxied', FilterMTA='FILTERED', **inside)

        replaced = proc.write(os.path.join(w.top, 'replaced'),
                              '/^From:/ REPLACE From: <all@example.com>\n')
        private = proc.write(os.path.join(w.top, 'private'), PRIVATE)

        def service(daemon, filtered=False, transport='smtp', **more):
            options = {'smtpd_milters': 'unix:' + daemon.path}
            if filtered:
                options['content_filter'] = '%s:[127.0.0.1]:%d' % (
                    transport, self.filter.port)
            options.update(more)
            return options
        self.ports = w.start({
            'in': service(self.daemon, True),
            'narrow': service(self.daemon, True, 'narrow'),
            'chain': dict(service(self.daemon), content_filter=lambda p:
                          'forward:[127.0.0.1]:%d' % p['back']),
            'mapped': dict(service(self.daemon), content_filter=lambda p:
                           'mapped:[127.0.0.1]:%d' % p['back']),
            'replaced': dict(service(self.daemon), content_filter=lambda p:
                             'replaced:[127.0.0.1]:%d' % p['back']),
            'private': dict(service(self.daemon), content_filter=lambda p:
                            'private:[127.0.0.1]:%d' % p['back']),
            'unseen-mapped': {'content_filter': lambda p:
                              'mapped:[127.0.0.1]:%d' % p['back']},
            'back': dict(service(self.daemon),
                         smtpd_authorized_xforward_hosts='127.0.0.1'),
            'inner': service(self.inner),
            'signer': service(self.signer, True),
            'signer-back': service(self.signer),
            'bare': service(self.bare, True),
            'bare-back': service(self.bare),
            'unseen': {'content_filter': lambda p:
                       'forward:[127.0.0.1]:%d' % p['back']},
            'checked': service(self.checked, True),
            'checked-back': service(self.checked),
            'proxied': service(self.proxied,
                               milter_macro_daemon_name='FILTERED'),
        }, {'non_smtpd_milters': 'unix:' + self.daemon.path}, [
            'forward unix - - n - - smtp -o smtp_send_xforward_command=yes'
            ' -o smtp_line_length_limit=998',
            'mapped unix - - n - - smtp -o smtp_generic_maps='
            'inline:{{jsmith@old.example=joe@example.com}}',
            'replaced unix - - n - - smtp -o smtp_header_checks=regexp:' +
            replaced,
            'private unix - - n - - smtp -o smtp_header_checks=regexp:' +
            private])

    def send(self, port, data, xclient=None, sender='joe@example.com'):
        c = smtp.Client(self.ports[port], xclient=xclient)
        answer = c.mail(sender, RCPT, data)
        c.quit()
        if answer[:3] != '250':
            tap.ok(False, '%s takes it' % port, answer)

    def first(self, mark, data, port='in', xclient=None):
        """What the filter gets."""
        self.send(port, data, xclient or STRANGER)
        return self.filter.take(mark.encode()).data

    def back(self, mark, data, port='back', sender='joe@example.com'):
        """What leaves then."""
        self.send(port, data, sender=sender)
        return self.w.sink.take(mark.encode()).data

    def sendmail(self, mark, data):
        self.w.postfix.sendmail('joe@example.com', RCPT,
                                data.replace(b'\r\n', b'\n'))
        return self.w.sink.take(mark.encode()).data


def settled(read, want):
    """What it reads; but a line of the log may come after its message."""
    for _ in range(600):
        if read() == want:
            break
        time.sleep(0.05)
    return read()


def direction(daemon):
    return settled(lambda: daemon.lines()[-1].get('direction'), 'returned')


def check(first, last, name):
    """Not signed, and with its one verdict."""
    tap.is_(seal.fields_named(last, b'dkim-signature'), [],
            name + ': not signed')
    tap.is_((world.ours_in(first), world.ours_in(last)),
            (world.ours_in(first)[:1], world.ours_in(first)),
            name + ': the one verdict stays')


def test_filters(net):
    for i, (name, change) in enumerate(FILTERS):
        mark = 'filter-%d' % i
        first = net.first(mark, letter(mark))
        tap.ok('dmarc=fail' in world.ours_in(first)[0] and
               seal.fields_named(first, b'x-dmarc-quarantine'),
               name + ': judged at first', first.decode())
        last = net.back(mark, change(first))
        check(first, last, name)
        tap.ok(seal.fields_named(last, b'x-dmarc-quarantine'),
               name + ': the tag stays')
        tap.is_(direction(net.daemon), 'returned', name + ': the log says it')
        mark = 'pipe-%d' % i
        first = net.first(mark, letter(mark))
        check(first, net.sendmail(mark, change(first)),
              name + ', by sendmail')


def test_more_filters(net):
    for i, (name, change) in enumerate(MORE):
        mark = 'more-%d' % i
        # Not From on top, which Postfix takes for a line of a mailbox there.
        first = net.first(mark, letter(mark))
        last = net.back(mark, b'X-Mark: ' + mark.encode() + b'\r\n' +
                        change(first))
        tap.ok(b'DKIM-Signature: v=1; a=rsa-sha256; c=' not in last and
               world.ours_in(first)[0] in world.ours_in(last) and
               len(world.ours_in(last)) == 1 and
               direction(net.daemon) == 'returned', name, last)


def test_pipe(net):
    """What pipe(8) and a mailbox put on top, by sendmail(1)."""
    for i, top in enumerate((
            b'From joe@example.com Thu May  5 11:59:09 2005\r\n',
            b'Return-Path: <joe@example.com>\r\nDelivered-To: me@a\r\n',
            b'From joe@example.com Thu May  5 11:59:09 2005\r\n'
            b'Return-Path: <joe@example.com>\r\n')):
        mark = 'top-%d' % i
        first = net.first(mark, letter(mark))
        check(first, net.sendmail(mark, top + first), 'pipe %d' % i)


def test_chain(net):
    """Postfix's own client hands it on, with XFORWARD."""
    for mark, head in (
            ('chain', HEAD),
            ('long', b'X-Long: ' + b'x' * 3000 + b'\r\n' + HEAD),
            ('name', b'From: "' + b'a ' * 900 + b'" <joe@example.com>\r\n'),
            ('far', b'From: "' + b'a' * 970 + b'" <joe@example.com>\r\n'),
            ('bare', b'From: joe\r\n'), ('none', b''),
            ('two', HEAD + b'Message-ID: <b@evil.example>\r\n')):
        net.send('chain', letter(mark, head), STRANGER)
        last = net.w.sink.take(mark.encode()).data
        tap.is_((len(seal.fields_named(last, b'dkim-signature')),
                 len(world.ours_in(last)), direction(net.daemon)),
                (0, 1, 'returned'), 'Postfix behind Postfix: ' + mark)


def test_rewritten(net):
    """Postfix puts an address of ours into From."""
    for port in ('mapped', 'replaced', 'unseen-mapped'):
        for sender in ('x@evil.example', 'jsmith@old.example', '',
                       '"x"@evil.example', 'x%evil.example@here.example'):
            mark = '%s-%d' % (port, len(sender))
            net.send(port, letter(mark, b'From: J <jsmith@old.example>\r\n'),
                     STRANGER, sender)
            last = net.w.sink.take(mark.encode()).data
            tap.ok(b'@example.com>' in
                   b''.join(seal.fields_named(last, b'from')) and
                   not seal.fields_named(last, b'dkim-signature') and
                   len(world.ours_in(last)) == 1,
                   'From rewritten, %s, <%s>: not signed' % (port, sender),
                   last)


def test_private(net):
    """Postfix deletes and rewrites fields on the way to the filter."""
    for i, (name, sender, client, signs) in enumerate((
            ('outside', 'x@evil.example', STRANGER, 0),
            ('a login', 'joe@example.com', JOE, 2))):
        mark = 'private-%d' % i
        net.send('private', letter(mark).replace(
            b'@example.com>\r\n\r\n', b'@client.example>\r\n\r\n'), client,
            sender)
        last = net.w.sink.take(mark.encode()).data
        tap.ok(b'@client.example' not in last and
               len(seal.fields_named(last, b'received')) == 1 and
               len(seal.fields_named(last, b'dkim-signature')) == signs and
               len(world.ours_in(last)) == (signs == 0),
               'fields deleted, Message-ID rewritten, %s' % name, last)


def test_spamassassin(net):
    for how, results, options in (
            ('as it is', None, ''),
            ('with our results', True,
             'report_safe_copy_headers Authentication-Results\n')):
        top = proc.folder()
        proc.write(os.path.join(top, 'local.cf'), SPAMASSASSIN + options)
        mark = 'wrapped-%d' % len(options)
        first = net.first(mark, letter(mark))
        change = by_program('spamassassin', '-L', '-x', '-C', top,
                            '--siteconfigpath=' + top, '-p', '/dev/null')
        data = change(first)
        tap.ok(b'message/rfc822' in data, 'SpamAssassin wraps it', data)
        last = net.back(mark, data)
        tap.is_((seal.fields_named(last, b'dkim-signature'),
                 [x for x in world.ours_in(last) if x in world.ours_in(first)]),
                ([], world.ours_in(first) if results else []),
                'SpamAssassin, report_safe, %s: not signed' % how)


# -- what deletes marks -------------------------------------------------------

def without(*prefixes):
    """Deletes the fields whose names begin so, in lower case."""
    return by_fields(lambda fields: [
        f for f in fields if not f.lower().startswith(prefixes)])


def each(*changes):
    def change(data):
        for c in changes:
            data = c(data)
        return data
    return change


def other_id(data):
    """A new Message-ID, and none of the old one's words."""
    return each(without(b'message-id:'),
                on_top(b'Message-ID: <new.%d@list.example>' % len(data)))(data)


def footer(data):
    return data + b'____\r\nthe list\r\n'


RESULTS = b'authentication-results:'
TRACES = (RESULTS, b'dkim-signature:', b'arc-', b'x-')
BOTH = TRACES + (b'mailseal-',)
REPLACED = on_top(b'Authentication-Results: mx.here.example;\r\n dmarc=fail;'
                  b' arc=none')
LIST = on_top(b'Sender: list-bounces@example.com', b'Precedence: list',
              b'List-Id: <list.example.com>')
# What becomes of marks, and whether a verdict is left.
LOSSES = [
    ('results deleted', without(RESULTS), True),
    ('Mailman: remove_dkim_headers',
     each(without(RESULTS, b'dkim-signature:'), LIST, footer), True),
    ('Mailman: [ARC]', each(without(RESULTS), REPLACED, LIST, footer), True),
    ('Mailman: an anonymous list', each(without(b'x-', RESULTS), LIST), True),
    ('all traces deleted', without(*TRACES), True),
    ('all traces, another Message-ID', each(without(*TRACES), other_id), True),
    ('another Message-ID', other_id, True),
    ('all traces, all changed', each(
        without(*TRACES), tagged, footer, other_id, unfolded,
        lambda d: encoded(d, b'base64', base64.encodebytes)), True),
    ('the copy deleted', without(b'mailseal-'), True),
    ('Received and results deleted', without(b'received:', RESULTS), True),
    ('mlmmj: delheaders', without(b'received:', b'message-id:'), True),
    ('mlmmj: delheaders, results deleted', each(
        without(RESULTS, b'received:', b'message-id:'), footer), True),
    ('Mailman: an anonymous list, its Message-ID', each(
        without(b'x-', b'received:'), other_id, LIST, footer), True),
    ('the same, results deleted', each(
        without(b'x-', b'received:', RESULTS), other_id, LIST, footer), True),
    ('both marks deleted', without(*BOTH), False),
    ('both marks, another Message-ID', each(without(*BOTH), other_id), False),
    ('both marks, all changed', each(
        without(*BOTH), tagged, amavis, footer, other_id, unfolded,
        lambda d: encoded(d, b'quoted-printable', quopri.encodestring)),
     False),
    ('both marks, folded again', each(
        without(*BOTH), by_python(SMTP.clone(refold_source='all'))), False),
    ('From, Subject and Received left', by_fields(lambda fields: [
        f for f in fields if f.lower().startswith(
            (b'received:', b'from:', b'subject:'))]), False),
]


def marked(mark, head=HEAD):
    """With the mark in the body, too: in any encoding, for the sink."""
    return letter(mark, head).replace(b'hello', mark.encode())


def found(change, data, mark):
    """As changed; with a field for the sink."""
    return b'Comments: ' + mark.encode() + b'\r\n' + change(data)


def test_losses(net):
    for i, (name, change, verdict) in enumerate(LOSSES):
        for how, back in (('SMTP', net.back), ('sendmail', net.sendmail)):
            mark = 'lost-%d-%s' % (i, how)
            first = net.first(mark, marked(mark))
            last = back(mark, found(change, first, mark))
            tap.is_((seal.fields_named(last, b'dkim-signature'),
                     world.ours_in(last) if verdict else
                     [x.split(' (')[0] for x in world.ours_in(last)]),
                    ([], world.ours_in(first) if verdict else
                     ['mx.here.example; none']),
                    '%s, by %s: not signed' % (name, how))
            again = net.back(mark, without(RESULTS)(last))
            tap.is_((seal.fields_named(again, b'dkim-signature'),
                     world.ours_in(again)), ([], world.ours_in(last)),
                    '%s, by %s: nor once more' % (name, how))


def test_own_losses(net):
    """The same changes, of what is ours: a login's, and a list's in its own
    name, whose members are not."""
    by_list = each(lambda d: d.replace(b'From: Eve <eve@evil.example>',
                                       b'From: Eve by way of a list '
                                       b'<list@example.com>'))
    for i, (name, change, _) in enumerate(LOSSES):
        mark = 'own-%d' % i
        first = net.first(mark, marked(mark), xclient=JOE)
        last = net.back(mark, found(change, first, mark))
        tap.is_((net.w.verify(last)[0], seal.fields_named(
            last, b'mailseal-mark')), (['pass', 'pass'], []),
            '%s, a login: signed' % name)
        mark = 'list-%d' % i
        first = net.first(mark, marked(mark, b'From: Eve <eve@evil.example>'
                                       b'\r\n'))
        last = net.back(mark, found(each(change, by_list), first, mark),
                        sender=BOUNCES)
        tap.is_(net.w.verify(last)[0], ['pass', 'pass'],
                '%s, a list: signed' % name)
        mark = 'list-forged-%d' % i
        first = net.first(mark, marked(mark))
        last = net.back(mark, found(each(change, lambda d: d.replace(
            b'From: Joe <joe', b'From: Joe by way of a list <list')), first,
            mark), sender=BOUNCES)
        tap.is_(seal.fields_named(last, b'dkim-signature'), [],
                '%s, a list with a forged post: not signed' % name)


def test_mark_field(net):
    """MarkField none: Received is all that there is."""
    change = without(RESULTS)
    first = net.first('bare', marked('bare'), 'bare')
    tap.is_(seal.fields_named(first, b'mailseal-mark'), [], 'none: no copy')
    last = net.back('bare', found(change, first, 'bare'), 'bare-back')
    tap.is_(seal.fields_named(last, b'dkim-signature'), [],
            'none: not signed, by Received')
    last = net.back('bare', found(without(RESULTS, b'received:'), first,
                                  'bare'), 'bare-back')
    tap.is_(len(seal.fields_named(last, b'dkim-signature')), 2,
            'none, Received deleted: signed')


def test_unseen(net):
    """A listener without milters."""
    for name, client, signs in (('outside', STRANGER, 0), ('login', JOE, 2),
                                ('inside', None, 2)):
        mark = 'unseen-' + name
        net.send('unseen', letter(mark), client)
        last = net.w.sink.take(mark.encode()).data
        tap.is_(len(seal.fields_named(last, b'dkim-signature')), signs,
                'a listener without milters, %s: %d signatures' % (
                    name, signs))
    # Two messages with one Message-ID, and one that a list makes of the first.
    head = b'Message-ID: <seen@evil.example>\r\n'
    net.send('unseen', letter('post', b'From: eve@evil.example\r\n' + head,
                              False), STRANGER)
    first = net.w.sink.take(b'post').data
    net.send('unseen', letter('false', b'From: list@example.com\r\n' + head,
                              False), STRANGER)
    last = net.w.sink.take(b'false').data
    tap.is_(seal.fields_named(last, b'dkim-signature'), [],
            'a forgery that looks like a list: not signed')
    last = net.back('post', first.replace(b'From: eve@evil.example',
                                          b'From: list@example.com'),
                    sender=BOUNCES)
    tap.is_(net.w.verify(last)[0], ['pass', 'pass'],
            'a list behind it: signed')
    want = [('Received names a client outside', '192.0.2.99', 'Received')]

    def who():
        return [(x['direction_reason'], x['sender'], x['sender_source'])
                for x in net.daemon.messages()
                if x['direction'] == 'returned' and 'sender' in x][-1:]
    tap.is_(settled(who, want), want, 'the log says who')


# What a stranger's server may call itself.
HELOS = ['by', 'with', 'from', 'localhost', '[127.0.0.1]', '[IPv6:::1]',
         'mx.here.example', 'x by mx.here.example with ESMTPSA',
         'x (y [127.0.0.1]) by mx.here.example with ESMTPSA id 1; ',
         '(Authenticated', '(Authenticated sender: joe)', '"x', 'x"', 'x\\',
         'x;', 'x)', '\xe4', 'x' * 200]
BY = b' by mx.here.example (Postfix) with '
# What a stranger may write below the field of our Postfix.
FORGED = [
    b'Received: from a (localhost [127.0.0.1])' + BY + b'ESMTP id 1',
    b'Received: from a (a [192.0.2.7]) (Authenticated sender: joe)' + BY +
    b'ESMTPSA id 1',
    b'Received:' + BY + b'ESMTPSA id 1',
    b'Received: (',
]


def test_strange_clients(net):
    """No milter sees it come in."""
    for i, helo in enumerate(HELOS):
        mark = 'helo-%d' % i
        c = smtp.Client(net.ports['unseen'], helo, STRANGER)
        answer = c.mail('x@evil.example', RCPT, letter(mark))
        c.quit()
        last = net.w.sink.take(mark.encode()).data
        tap.ok(answer[:3] == '250' and
               not seal.fields_named(last, b'dkim-signature'),
               'HELO %s: not signed' % helo[:60], last)
    for i, field in enumerate(FORGED):
        mark = 'hop-%d' % i
        net.send('unseen', letter(mark, field + b'\r\n' + HEAD), STRANGER)
        last = net.w.sink.take(mark.encode()).data
        tap.is_(seal.fields_named(last, b'dkim-signature'), [],
                'a forged Received, %d: not signed' % i)


def test_ours(net):
    """Mail of our own programs, as odd as it may be."""
    for i, (name, head, sender) in enumerate((
            ('capitals', b'FROM: JOE@EXAMPLE.COM\r\n', 'joe@example.com'),
            ('an automatic reply', HEAD + b'Auto-Submitted: auto-replied\r\n'
             b'References: <x@evil.example>\r\n', ''),
            ('a web mailer', b'Received: from a (a [192.0.2.7])' + BY +
             b'HTTP; Mon\r\n' + HEAD, 'joe@example.com'),
            ('another host', b'Received: from a (a [192.0.2.7]) by x.example '
             b'with ESMTP id 1\r\n' + HEAD, 'joe@example.com'),
            ('an internal host', b'Received: from a (a [10.1.2.3])' + BY +
             b'ESMTP id 1\r\n' + HEAD, 'joe@example.com'),
            ('a login', FORGED[1] + b'\r\n' + HEAD, 'joe@example.com'),
            ('a filter', b'Received: from localhost' + BY + b'SMTP\r\n' +
             HEAD, 'joe@example.com'))):
        mark = 'ours-%d' % i
        net.send('back', letter(mark, head), sender=sender)
        last = net.w.sink.take(mark.encode()).data
        tap.is_(net.w.verify(last)[0], ['pass', 'pass'], name + ': signed')


def test_strange_headers(net):
    long_name = b'"' + b'a' * 970 + b'"'
    for i, (name, head, port) in enumerate((
            ('From folded', b'From: Joe\r\n <joe@example.com>\r\n', 'in'),
            ('From that Postfix breaks',
             b'From: ' + long_name + b' <joe@example.com>\r\n', 'narrow'),
            ('From without a domain', b'From: joe\r\n', 'in'),
            ('two Message-IDs', HEAD + b'Message-ID: <b@evil.example>\r\n',
             'in'),
            ('no From, which Postfix adds', b'', 'in'),
            ('a foreign author', b'From: eve@evil.example\r\n', 'in'))):
        mark = 'head-%d' % i
        first = net.first(mark, letter(mark, head), port)
        check(first, net.back(mark, first), name)
        mark = 'noid-%d' % i
        first = net.first(mark, letter(mark, head, False), port)
        check(first, net.back(mark, first), name + ', no Message-ID')


def test_forged_marks(net):
    """Marks that a sender outside can copy: those in received mail."""
    known = net.first('known', letter('known'))
    field = b'Authentication-Results:' + \
        seal.fields_named(known, b'authentication-results')[0] + b'\r\n'
    first = net.first('replay', field + letter('replay'))
    tap.ok(field not in first and len(world.ours_in(first)) == 1,
           'a mark from outside is deleted', first.decode())
    check(first, net.back('replay', first), 'with a copied mark')
    other = field.replace(world.AUTHSERV.encode(), b'x.example')
    first = net.first('other', other * 50 + letter('other'))
    last = net.back('other', first)
    tap.is_(seal.fields_named(last, b'dkim-signature'), [],
            'marks under another name: not signed')
    copy = field.replace(b'Authentication-Results:', b'Mailseal-Mark:')
    first = net.first('copy', copy + letter('copy'))
    tap.ok(copy not in first and
           len(seal.fields_named(first, b'mailseal-mark')) == 1,
           'a copied copy from outside is deleted', first.decode())
    check(first, net.back('copy', first), 'with a copied copy')
    last = net.back('owned', copy + letter('owned'))
    tap.is_((len(seal.fields_named(last, b'dkim-signature')),
             seal.fields_named(last, b'mailseal-mark')), (2, []),
            'own mail with a copied copy is signed, the copy deleted')
    last = net.back('own', field + letter('own'))
    tap.ok(len(seal.fields_named(last, b'dkim-signature')) == 2 and
           world.ours_in(last) == [],
           'own mail with a copied result is signed, the copy deleted',
           last.decode())
    last = net.back('login', known.replace(b'X-Mark: known',
                                           b'X-Mark: login'))
    check(known, last, 'the same message without a login')
    net.send('back', known.replace(b'X-Mark: known', b'X-Mark: resent'), JOE)
    last = net.w.sink.take(b'resent').data
    tap.is_((len(seal.fields_named(last, b'dkim-signature')),
             world.ours_in(last)), (2, []), 'with a login it is signed')


def test_other_hosts(net):
    first = net.first('hosts', letter('hosts'))
    last = net.back('hosts', first, 'inner')
    check(first, last, 'another server with the same key')
    tap.is_(direction(net.inner), 'returned', 'its log says it')
    last = net.back('hosts', without(RESULTS, b'received:')(first), 'inner')
    tap.is_((seal.fields_named(last, b'dkim-signature'),
             world.ours_in(last)), ([], world.ours_in(first)),
            'the same, results deleted')
    first = net.first('restart', marked('restart'))
    post = net.first('reload', marked('reload', b'From: eve@evil.example\r\n'))
    net.daemon.reload('is in service')
    last = net.back('reload', found(each(without(*BOTH), lambda d: d.replace(
        b'From: eve@evil.example', b'From: list@example.com')), post,
        'reload'), sender=BOUNCES)
    tap.is_(net.w.verify(last)[0], ['pass', 'pass'],
            'a list, after a reload: signed')
    tap.is_(net.daemon.stop(), 0, 'mailseald ends')
    net.daemon.start()
    check(first, net.back('restart', first), 'after a restart')
    last = net.back('restart', found(without(*BOTH), first, 'restart'))
    tap.is_(seal.fields_named(last, b'dkim-signature'), [],
            'after a restart, both marks deleted: not signed')


def counts(line):
    return (line.get('signatures_kept', 0), len(line.get('signatures', [])))


def test_own_mail(net):
    """Two keys sign, each once; what a filter broke is made again."""
    def signed(data, name):
        tap.is_((len(seal.fields_named(data, b'dkim-signature')),
                 net.w.verify(data)[0]), (2, ['pass', 'pass']),
                name + ': two signatures, both pass')
    for i, (name, change) in enumerate(FILTERS):
        want = (0, 2) if name not in (
            'unchanged', 'fields on top', 'unfolded') else (2, 0)
        mark = 'mine-%d' % i
        first = net.first(mark, letter(mark), xclient=JOE)
        last = net.back(mark, change(first))
        signed(last, 'a login, ' + name)
        tap.is_(settled(lambda: counts(net.daemon.lines()[-1]), want), want,
                name + ': the log says it')
        signed(net.sendmail(mark, last), name + ', a third time')
    last = net.back('local', letter('local'))
    signed(last, 'local mail')
    first, rest = last.split(b'\r\nDKIM-Signature:', 1)
    signed(net.back('local', b'DKIM-Signature:' + rest), 'one was lost')


def test_tools(net):
    def tried(data, *options):
        _, out, err = proc.run_json(
            [tree.MAILSEAL, 'try', '--json', '--milter',
             'unix:' + net.daemon.path] + list(options), data)
        return (out['returned'], len(out['added'])) if out else err
    data = net.first('tried', letter('tried'))
    tap.is_(tried(data, '--ip', '127.0.0.1'), (True, 0),
            'try says that it is returned')
    tap.is_(tried(data, '--ip', '127.0.0.1', '--auth', 'joe'), (False, 2),
            'not with a login: signed')
    tap.is_(tried(letter('tried'), '--ip', '127.0.0.1'), (False, 2),
            'nor without a mark')
    for options, want in ((['--ip', '127.0.0.1'], (True, True)),
                          (['--auth', 'joe'], (True, False))):
        _, out, err = proc.run_json(
            [tree.MAILSEAL, 'explain', '--json', '-c', net.daemon.conf,
             '--from', 'joe@example.com'] + options)
        tap.is_((out['signs'], out['unless_returned']) if out else err, want,
                'explain %s' % options)


def test_logins(net):
    """SenderLogins: what a login may not write is not signed without it."""
    for name, head, signs in (
            ('his own', HEAD, True),
            ("the boss's", b'From: Boss <boss@example.com>\r\n', False),
            ("the boss's beside his own",
             b'From: joe@example.com, boss@example.com\r\n', False)):
        mark = 'login-%d' % len(name)
        first = net.first(mark, letter(mark, head), 'checked', JOE)
        tap.is_(len(seal.fields_named(first, b'dkim-signature')),
                2 if signs else 0, name + ': signed or not')
        last = net.back(mark, without(RESULTS)(tagged(first)), 'checked-back')
        tap.is_(len(seal.fields_named(last, b'dkim-signature')),
                2 if signs else 0, name + ': the same without the login')
    want = [('sign', 'joe'), ('sign', None)] + \
        2 * [('pass', 'joe'), ('returned', None)]

    def lines():
        return [(x['direction'], x.get('login'))
                for x in net.checked.lines() if x['event'] == 'message']
    proc.wait_for(lambda: len(lines()) == len(want), 'all lines')
    tap.is_(lines(), want, 'the log has the login, and what was returned')


def test_modes(net):
    first = net.first('mode-s', letter('mode-s'), 'signer')
    tap.ok(world.ours_in(first)[0].startswith('mx.here.example; none (') and
           not seal.fields_named(first, b'dkim-signature'),
           'Mode s: a mark and no result', first.decode())
    check(first, net.back('mode-s', first, 'signer-back'), 'Mode s')
    data = letter('proxied')
    last = net.back('proxied', data, 'proxied')
    tap.is_(seal.fields_named(last, b'dkim-signature'), [],
            'FilterMTA: not signed without a login')


def main():
    world.require()
    net = Net()
    test_filters(net)
    test_more_filters(net)
    test_pipe(net)
    test_chain(net)
    test_rewritten(net)
    test_private(net)
    test_losses(net)
    test_own_losses(net)
    test_mark_field(net)
    test_unseen(net)
    test_strange_clients(net)
    test_ours(net)
    test_spamassassin(net)
    test_strange_headers(net)
    test_forged_marks(net)
    test_other_hosts(net)
    test_own_mail(net)
    test_tools(net)
    test_logins(net)
    test_modes(net)
    net.w.finish()


tap.main(main)
