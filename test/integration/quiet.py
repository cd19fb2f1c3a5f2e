#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""dkimkeygen rotate as a timer runs it: silent unless something was done or a
person must act, and who is told then. The DNS is zone text, the clock is of the
test's own."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.environ['top_srcdir'], 'test', 'lib'))
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

HOUR, DAY = 3600, 86400
START = 1800000000
TTL = 3600              # the negative TTL of zone text
TOP = proc.folder()


class Store:
    """Keys of example.com, and what the DNS has."""

    def __init__(self, name, policy=None, where=None):
        self.dir = os.path.join(TOP, name)
        os.mkdir(self.dir)
        self.where = where or os.path.join(self.dir, 'keys')
        self.conf = os.path.join(self.dir, 'conf')
        self.zone = os.path.join(self.dir, 'zone')
        self.told = os.path.join(self.dir, 'told')
        self.now = START
        self.policy = {'Notify': self.program('notify', 'cat >>%s' %
                                              self.told)}
        self.set(**(policy or {}))
        self.publish()

    def program(self, name, text, status=0):
        return proc.write(os.path.join(self.dir, name),
                          '#!/bin/sh\n%s\nexit %d\n' % (text, status), 0o755)

    def set(self, **policy):
        self.policy.update(policy)
        proc.write(self.conf, ''.join('%s %s\n' % p for p in
                                      self.policy.items() if p[1]))

    def run(self, verb, *options):
        argv = [tree.DKIMKEYGEN, verb, '-K', self.where, '-c', self.conf,
                '--now', str(self.now)] + list(options)
        status, out, err = proc.run(argv)
        return status, out.decode(), err

    def keys(self):
        _, obj, err = proc.run_json(
            [tree.DKIMKEYGEN, 'list', '-K', self.where, '-c', self.conf,
             '--json'])
        if obj is None:
            raise RuntimeError(err)
        return {k['selector']: k for k in obj['keys']
                if k['domain'] == 'example.com'}

    def publish(self, **records):
        """selector=True: its own record; a text: that one."""
        keys = self.keys() if records else {}
        proc.write(self.zone, ''.join(zone.txt(
            '%s._domainkey.example.com' % selector,
            keys[selector]['record'] if text is True else text)
            for selector, text in records.items()))

    def rotate(self, later=0, *options):
        """(exit status, what cron would mail, what Notify got)"""
        self.now += later
        if os.path.exists(self.told):
            os.remove(self.told)
        status, out, err = self.run('rotate', '--all', '--zone', self.zone,
                                    *(options or ('--quiet',)))
        told = ''
        if os.path.exists(self.told):
            with open(self.told, encoding='utf-8') as f:
                told = f.read()
        return status, out + err, told

    def new(self, *options):
        status, _, err = self.run('new', '-d', 'example.com', '-s', 'a',
                                  '-t', 'ed25519', *options)
        tap.is_(status, 0, 'a new key', err)

    def activate(self):
        self.new()
        self.rotate()
        self.publish(a=True)
        self.rotate(HOUR)
        self.rotate(TTL)
        tap.is_(self.keys()['a']['stage'], 'active', 'it is active')


def silent(store, later, name, status=0):
    tap.is_(store.rotate(later), (status, '', ''), name + ': silent')


def by_hand():
    s = Store('hand')
    s.new()
    status, out, told = s.rotate(61)
    tap.ok(status == 0 and 'publish its record (dkimkeygen record -d '
           'example.com -s a' in out, 'a record to publish: it is said', out)
    tap.ok('a._domainkey.example.com. ' in told and
           s.keys()['a']['record'][:40] in told,
           'Notify has the record', told)
    silent(s, HOUR, 'an hour later')
    _, out, told = s.rotate(0, '--json')
    tap.is_(told, '', 'nor is Notify run again')
    _, out, _ = s.rotate(0, '--dns-timeout', '5')
    tap.contains(out, 'publish its record (dkimkeygen', 'without --quiet')
    status, out, told = s.rotate(DAY - HOUR)
    tap.ok(status == 0 and 'publish its record' in out and told,
           'a day later it is said again', (out, told))
    silent(s, HOUR, 'and then not')
    status, out, told = s.rotate(2 * DAY)
    tap.ok(status == 1 and out and told, 'after two days: exit 1', out)
    silent(s, HOUR, 'an hour after that', 1)
    s.publish(a=True)
    status, out, told = s.rotate(HOUR + 17)
    tap.ok(status == 0 and 'pending -> published' in out and not told,
           'it was published: that is said', (out, told))
    until = re.search(r'until ([-0-9]+ [0-9:]+) UTC',
                      s.rotate(0, '--dns-timeout', '5')[1])
    tap.ok(until and s.now + TTL <= time.mktime(time.strptime(
        until.group(1) + ' UTC', '%Y-%m-%d %H:%M %Z')) - time.timezone <
        s.now + TTL + 60, 'until: in UTC, and not too early', until)
    silent(s, 60, 'while caches forget')
    _, out, _ = s.rotate(TTL)
    tap.contains(out, 'published -> active', 'then it is active')
    for _ in range(3):
        silent(s, HOUR, 'as long as it signs')
    silent(s, DAY, 'a day after')


def vanished():
    s = Store('vanished')
    s.activate()
    s.publish()
    status, out, told = s.rotate(HOUR)
    tap.ok(status == 1 and 'record missing' in out,
           'the record of a key that signs is gone: it is seen', out)
    tap.ok('not in the DNS any more' in told and
           'a._domainkey.example.com. ' in told, 'and notified', told)
    tap.contains(s.run('list')[1], 'publish its record', 'list shows it')
    silent(s, HOUR, 'an hour later', 1)
    status, out, _ = s.rotate(DAY - HOUR)
    tap.ok(status == 1 and 'publish its record' in out,
           'a day later it is said again', out)
    s.publish(a=True)
    tap.is_(s.rotate(HOUR)[0], 0, 'it is back: exit 0')
    tap.is_(s.run('list')[1].count('publish'), 0, 'and list knows')
    other = 'v=DKIM1; k=ed25519; p=' + 'A' * 43 + '='
    s.publish(a=other)
    status, out, told = s.rotate(HOUR)
    tap.ok(status == 1 and 'another record is in its place' in out and
           'another record is in its place' in told,
           'another record in its place: exit 1, notified', (out, told))
    tap.ok('publish its record' not in out, 'nobody is asked to publish over '
           'it', out)
    silent(s, HOUR, 'an hour later', 1)
    s.publish(a='v=DKIM1; p=')
    tap.is_(s.rotate(HOUR)[0], 1, 'revoked in the DNS: exit 1')
    proc.write(s.zone, 'a._domainkey.example.com. TIMEOUT\n')
    s.publish(a=True)
    s.rotate(HOUR)
    proc.write(s.zone, 'a._domainkey.example.com. SERVFAIL\n')
    silent(s, HOUR, 'no answer is no loss')


def other_publisher():
    s = Store('publisher')
    s.new()
    s.rotate()
    asked = os.path.join(s.dir, 'asked')
    s.set(Publish='hook:' + s.program('hook', 'echo x >>%s' % asked))
    status, out, told = s.rotate(60)
    tap.ok(os.path.exists(asked) and 'requested: publish its record' in out
           and not told, 'another Publish is used at once', (out, told))
    silent(s, 60, 'and not again')
    other = os.path.join(s.dir, 'other')
    s.set(Publish='hook:' + s.program('second', 'echo x >>%s' % other))
    s.rotate(60)
    tap.ok(os.path.exists(other), 'nor does another hook wait')
    silent(s, HOUR, 'a request that is repeated')
    with open(other, encoding='ascii') as f:
        tap.is_(len(f.read().split()), 2, 'which is repeated')
    s.set(Publish='print')
    _, out, told = s.rotate(60)
    tap.ok('publish its record (dkimkeygen' in out and told,
           'back to print: it is said at once', (out, told))
    s.set(Publish='hook:' + s.program('bad', 'echo no luck', 3))
    status, out, told = s.rotate(60)
    tap.ok(status == 1 and 'no luck' in out and 'no luck' in told,
           'a hook that fails: printed and notified', (out, told))
    silent(s, HOUR, 'the same failure', 1)


def messengers():
    s = Store('mail')
    mail = os.path.join(s.dir, 'mail')
    s.set(Notify='mailto:hostmaster@example.com',
          SendmailProgram=s.program('sendmail',
                                    'echo "$@" >%s\ncat >>%s' % (mail, mail)))
    s.new()
    tap.is_(s.rotate(0, '--dry-run')[0], 0, 'a dry run')
    tap.ok(not os.path.exists(mail), 'sends no mail')
    tap.is_(s.rotate()[0], 0, 'a run')
    with open(mail, encoding='utf-8') as f:
        args, _, text = f.read().partition('\n')
    head, _, body = text.partition('\n\n')
    tap.is_(args, '-oi -- hostmaster@example.com', 'a mail: its recipient')
    tap.ok(head.startswith('To: hostmaster@example.com\nSubject: ') and
           'Auto-Submitted: auto-generated' in head, 'its header', head)
    tap.ok('a._domainkey.example.com.' in body and 'publish' in body,
           'its text', body)
    for name, program in (('fails', s.program('fails', 'echo out of ink', 75)),
                          ('is missing', os.path.join(s.dir, 'missing'))):
        s.set(Notify=program)
        status, out, _ = s.rotate(DAY)
        tap.ok(status == 1 and 'Notify: ' in out,
               'a program that %s: said, exit 1' % name, out)
    tap.is_(s.keys()['a']['stage'], 'pending', 'the key is as it was')
    many = Store('many')
    for i in range(120):
        many.run('new', '-d', 'd%d.example' % i, '-s', 'a', '-t', 'rsa', '-b',
                 '1024') if i < 3 else many.run(
            'new', '-d', 'd%d.example' % i, '-s', 'a', '-t', 'ed25519')
    _, _, told = many.rotate()
    tap.ok(told.count('publish its record') >= 90 and len(told) < 32768 and
           told.count('dkimkeygen cannot do this alone') == 1,
           'many keys: one message, bounded', told[:300])
    rest = re.search(r'and (\d+) more', told)
    tap.is_(told.count('publish its record') + (int(rest.group(1)) if rest
                                                else 0), 120,
            'and the others are counted')


def delete():
    for name, where in (('dir', None), ('sqlite', 'sqlite:%s/keys.db')):
        folder = os.path.join(TOP, 'delete-' + name)
        s = Store('delete-' + name, where=where and where % folder)
        s.new()
        s.run('new', '-d', 'exmaple.com', '-s', 'a', '-t', 'ed25519')
        s.run('new', '-d', 'exmaple.com', '-s', 'b', '-t', 'ed25519')
        s.rotate()
        status, out, _ = s.run('delete', '-d', 'exmaple.com', '-s', 'b')
        tap.ok(status == 0 and 'b is deleted' in out,
               name + ': a key is deleted', out)
        status, out, err = s.run('delete', '-d', 'exmaple.com')
        tap.ok(status == 0 and 'a is deleted' in out,
               name + ': a mistyped domain is deleted', err)
        tap.ok('exmaple' not in s.run('list')[1] and 'exmaple' not in
               s.rotate(DAY, '--dns-timeout', '5')[1] and
               not os.path.exists(os.path.join(s.where, 'exmaple.com')),
               name + ': nothing of it is left')
        tap.is_(s.run('new', '-d', 'exmaple.com', '-s', 'a', '-t',
                      'ed25519')[0], 0, name + ': the selector is free')
        status, _, err = s.run('delete', '-d', 'nothing.example')
        tap.ok(status == 1 and 'no such key' in err,
               name + ': a domain that is not there', err)
        s.publish(a=True)
        s.rotate(HOUR)
        s.rotate(TTL)
        for force in ((), ('--force',)):
            status, _, err = s.run('delete', '-d', 'example.com', *force)
            tap.ok(status == 1 and 'it signs' in err and
                   s.keys()['a']['stage'] == 'active',
                   name + ': a key that signs stays', err)
        s.run('revoke', '-d', 'exmaple.com', '-s', 'a')
        status, _, err = s.run('delete', '-d', 'exmaple.com')
        tap.ok(status == 1 and '--force' in err,
               name + ': a revoked one needs --force', err)
        tap.is_(s.run('delete', '-d', 'exmaple.com', '--force')[0], 0,
                name + ': and goes with it')


def main():
    by_hand()
    vanished()
    other_publisher()
    messengers()
    delete()


tap.main(main)
