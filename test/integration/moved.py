# SPDX-License-Identifier: BSD-2-Clause
"""moved: a host's old programs, mailseal import of their files, and mailseald
with the result; what the same mail meets before and after; and whether import
said so.

A difference is the same for whoever sends and receives (an Authentication-
Results field more, header fields more in h=), or is said by a comment of
import, or is silent.
"""
import os
import re

import milter
import old
import proc
import tree

HEADINGS = {'unsigned': 'Mail leaves unsigned',
            'refused': 'Mail is refused, held or deferred',
            'accepted': 'Mail is accepted that was not',
            'exempt': 'Mail is no longer exempt',
            'differs': 'Different, and needs nothing'}
LOSSES = ('unsigned', 'refused', 'accepted', 'exempt')

POSTCONF = '#!/bin/sh\n[ "$2" = myhostname ] && echo %s\n' % old.MTA

# (messages, decision before, after, heading, what import says of it)
ANY = '.*'
STOPPED = 'reject|tempfail|hold|discard'
ACTIONS = (
    ('in .*(two From|no From|odd|group|two authors)', ANY, 'reject',
     'refused', r'A message without a From'),
    ('in .*(sha1|sub|signed|above|strict|forged)', 'accept|hold', 'reject|hold',
     'refused', r'More mail fails DMARC'),
    ('in pct', 'accept|hold', 'reject', 'refused', r'pct= of a policy'),
    ('in broken', 'accept', 'tempfail', 'refused',
     r'deferred while a policy cannot'),
    ('in key error', 'reject|hold', 'tempfail', 'refused',
     r'deferred while a policy cannot'),
    ('(login|lan|from).*', 'accept|hold', 'reject', 'refused',
     r'in the name of domains that are not signed is refused'),
    ('in (no |two |odd From|from group)', 'reject', ANY, 'accepted',
     r'no Date or two'),
    ('(login|lan|lo).*(two|without)', 'reject', 'accept', 'accepted',
     r'no Date or two'),
    ('in (spf|signed)', STOPPED, 'accept', 'accepted',
     r'always evaluated here'),
    ('in .*signed', STOPPED, 'accept', 'accepted',
     r'does not believe OpenDKIM'),
    ('in .*signed', STOPPED, 'accept', 'accepted',
     r'results do not depend on DNSSEC'),
    ('in altered', 'accept', STOPPED, 'refused', r'by such a key is a bad'),
    ('in (altered|signed)', 'tempfail|hold', 'reject', 'refused',
     r'before OnBadSignature holds or defers'),
    ('in two authors', 'reject', 'accept', 'accepted',
     r'RejectMultiValueFrom'),
    (ANY, STOPPED, 'accept', 'accepted', r'mail of all clients is yours'),
    (ANY, 'accept', STOPPED, 'exempt', r'ExemptDomains'),
    ('in from a dot', STOPPED, 'accept', 'differs', r'IgnoreMailFrom: a dot'),
    (ANY, 'discard', 'reject', 'refused', r'where OpenDKIM drops it'),
    ('in two policies', STOPPED, 'accept', 'accepted', r'two DMARC records'),
    ('in large', 'tempfail', 'accept', 'accepted', r'MaximumHeaders'),
    ('(login|from|local|lo|lan|odd|peer|daemon)', STOPPED, 'accept',
     'accepted', r'DMARC is not applied to mail of'),
    (ANY, STOPPED, ANY, 'accepted', r'mail without a signature is accepted'),
    ('in (no key|key error)|login with a signature', STOPPED, ANY,
     'accepted', r'has no key in the DNS is accepted'),
    ('in (sha1|revoked|signature)|login', STOPPED, ANY, 'accepted',
     r'OnBadSignature is for altered mail'),
    ('in', STOPPED, ANY, 'accepted', r'not refused for SPF alone'),
    ('in (odd From|from group)', 'tempfail', 'accept', 'differs',
     r'which OpenDMARC defers'),
)
# (messages, heading, what import says of it)
UNSIGNED = (
    (ANY, 'differs', r'MultipleSignatures: all rules'),
    ('.*two From', 'differs', r'two From fields'),
    ('.* a dot', 'differs', r'ends in a dot'),
    ('login with a sender', 'unsigned', r'SenderHeaders'),
)
SIGNED = (
    (ANY, 'differs', r'MultipleSignatures: all rules'),
    ('login to list', 'exempt', r'DontSignMailTo'),
    (ANY, 'exempt', r'ExemptDomains'),
    ('local', 'differs', r'not received over the network is always yours'),
    ('.* a dot', 'differs', r'ends in a dot'),
    ('loopback 6', 'differs', r'::1'),
    ('daemon', 'differs', r'finds no macro'),
    (ANY, 'differs', r"authors in OpenARC's Domain"),
    (ANY, 'unsigned', r'ReplaceRules'),
    ('login with(out Date| two)', 'differs', r'StrictHeaders'),
)
REMOVED = 'are deleted from all mail'
KEPT = 'RemoveOldSignatures'
NAMES = 'AuthservIDWithJobID|All results are under one name'
INSIDE = 'not signed is not verified either'
UNJUDGED = 'has no results of SPF and DMARC'
WORSE = 'A signature by rsa-sha1|More mail has the result|More mail fails DMARC'


def said(out, heading, pattern):
    """Whether a comment below the heading says it."""
    part = re.search('^# %s[^\n]*:\n((?:#  .*\n)*)' % re.escape(
        HEADINGS[heading]), out, re.M)
    return bool(part and re.search(pattern, part.group(1)))


def head(out):
    """Whether who reads the first ten comments knows what to do: what to
    decide about, in numbers, and what is worst, and where the commands are."""
    lines = out.splitlines()[:10]
    numbers = [x for x in lines if re.match(r'#  \d+\. ', x)]
    unsigned = re.search('^# %s[^\n]*:\n((?:#  .*\n)*)' % HEADINGS[
        'unsigned'], out, re.M)
    return bool(re.search(r' (decide about 1|Do 1)\b.*--write DIR has the '
                          r'commands', lines[1]) and numbers and (
        not unsigned or all(x in lines for x in
                            unsigned.group(1).splitlines()[:5])))


class Difference:
    def __init__(self, mail, kind, what, heading):
        """heading: the one that says it; '': harmless; None: silent."""
        self.mail, self.kind, self.what = mail, kind, what
        self.heading = heading

    def __str__(self):
        return '%s: %s: %s' % (self.mail, self.kind, self.what)


def _action(mail, before, after, out):
    for who, was, now, heading, text in ACTIONS:
        if re.match(who, mail.name) and re.fullmatch(was, before) and \
                re.fullmatch(now, after) and said(out, heading, text):
            return heading
    return None


def _signatures(mail, rules, out):
    for who, heading, text in rules:
        if re.match(who, mail.name) and said(out, heading, text):
            return heading
    return None


def passes(outcome, method):
    """Whether the method passes; None: there is no result of it."""
    found = [r[method] for _, r in outcome.results if method in r]
    return 'pass' in found if found else None


def _kept(mail, signatures):
    """OpenDKIM repeats a valid signature; mailseald keeps it."""
    return sorted(x for x in signatures if x[0] != 'signed.example' or
                  not re.search('signed', mail.name))


def compare(mail, before, after, out):
    """The differences of a message."""
    if before.action != after.action:
        yield Difference(mail.name, 'action', '%s, now %s' % (
            before.action, after.action), _action(mail, before.action,
                                                  after.action, out))
        return
    if before.action != 'accept':
        return
    was, now = _kept(mail, before.signatures), _kept(mail, after.signatures)
    if was != now:
        yield Difference(
            mail.name, 'signatures', '%s, now %s' % (was, now), _signatures(
                mail, SIGNED if len(now) > len(was) else UNSIGNED, out))
    yield from _fields(mail, before, after, out)
    yield from _results(mail, before, after, out)


def _fields(mail, before, after, out):
    # What policyd-spf adds, OpenDKIM may delete again.
    there = {'%s:%s' % (n, ' '.join(v.split())) for n, v in mail.fields}
    gone, new = set(before.removed) & there, set(after.removed)
    if gone != new:
        more = said(out, 'differs', REMOVED) or gone == new
        kept = {x for x in gone - new if not (
            x.startswith('DKIM-Signature') and said(out, 'differs', KEPT))}
        yield Difference(
            mail.name, 'removed', '%s, now %s' % (sorted(gone), sorted(new)),
            'differs' if not kept and more else None)


def _results(mail, before, after, out):
    names = {name.lower() for name, _ in before.results}
    ours = {name.lower() for name, _ in after.results}
    if names and ours - names:
        yield Difference(mail.name, 'name', '%s, now %s' % (
            sorted(names), sorted(ours)), 'differs' if said(
                out, 'differs', NAMES) else None)
    inside = not re.match('in ', mail.name)
    for method in ('dkim', 'dmarc', 'spf'):
        if not passes(before, method) or passes(after, method):
            continue
        why = inside and said(out, 'differs', INSIDE if method == 'dkim'
                              else UNJUDGED) or not inside and (
            said(out, 'differs', WORSE) or said(out, 'refused', WORSE))
        yield Difference(mail.name, method, 'was pass',
                         'differs' if why else None)


class Host:
    """The files in a folder of their own, and the programs."""

    def __init__(self, top, name, files, dkim=None, dmarc=None, arc=None,
                 spf=None):
        self.name, self.top = name, top
        self.folder = os.path.join(top, re.sub(r'\W', '', name))
        os.mkdir(self.folder)
        for file, text in files.items():
            if text is None:
                os.link(os.path.join(top, 'key.private'),
                        os.path.join(self.folder, file))
            else:
                self.write(file, text)
        self.dkim = dkim and self.write('opendkim.conf', dkim)
        self.dmarc = dmarc and self.write('opendmarc.conf', dmarc)
        self.arc = arc and self.write('openarc.conf', arc)
        self.spf = spf and self.write('policyd-spf.conf', spf)
        self.files = [x for x in (self.dkim, self.dmarc, self.arc, self.spf)
                      if x]

    def write(self, file, text):
        text = re.sub(r'@(?=/|\s)', self.folder,
                      text.replace('@TOP@', self.top))
        return proc.write(os.path.join(self.folder, file), text)

    def before(self, mails):
        """What the old programs do."""
        programs = []
        for path, start in ((self.spf, old.Policyd),
                            (self.dkim, old.opendkim),
                            (self.dmarc, old.opendmarc)):
            if path:
                with open(path, encoding='utf-8') as f:
                    programs.append(start(self.folder, f.read()))
        outcomes = [old.play(programs, mail) for mail in mails]
        for program in programs:
            program.stop()
        return outcomes

    def translate(self):
        """On a host whose Postfix has the name that the messages have."""
        postconf = os.path.join(self.folder, 'postconf')
        os.chmod(proc.write(postconf, POSTCONF), 0o755)
        self.status, out, _ = proc.run(
            [tree.MAILSEAL, 'import'] + self.files,
            env=dict(os.environ, PATH=self.folder + ':' + os.environ['PATH']))
        self.out = out.decode()

    def after(self, mails):
        """What mailseald does; None: it does not start."""
        try:
            ours = old.mailseald(self.folder, self.out)
            outcomes = [old.play([ours], mail) for mail in mails]
        except (RuntimeError, OSError, milter.Gone):
            return None
        ours.stop()
        return outcomes
