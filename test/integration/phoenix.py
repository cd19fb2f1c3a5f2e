# SPDX-License-Identifier: BSD-2-Clause
"""Configurations of the kind that OpenDKIM's and PhoenixDKIM's own tests have,
by way of mailseal import: what those tests ask of their daemon, mailseald
does; or import says first that it does not, and exits 1."""
import os
import sys

import old
import letters
import proc
import tap
import tree

TOP = proc.folder()
START = 'Background No\nRequireSafeKeys No\n'
ONE = START + 'Domain here.example\nKeyFile key.private\nSelector key\n'
TABLES = START + 'Canonicalization relaxed/simple\nKeyTable file:keys\n' \
    'SigningTable file:signers\n'
VERIFY = START + 'Mode v\n'
KEYS = 'one here.example:key:./key.private\n'
SS, RS = 'simple/simple', 'relaxed/simple'


def sig(c, domain='here.example', selector='key', i=None, x=False):
    return (domain, selector, i or '@' + domain, c, x)


def ours(author='joe@here.example', more='', **options):
    return old.Mail('ours', letters.letter(author, more), '127.0.0.1',
                    'localhost', **options)


def theirs(text, **options):
    return old.Mail('theirs', text, '127.0.0.1', 'localhost', **options)


def signing():
    """(name, configuration, files, message, decision, signatures)"""
    yield 'simple/simple', ONE, {}, ours(), 'accept', [sig(SS)]
    yield 'relaxed/simple', ONE + 'Canonicalization relaxed/simple\n', {}, \
        ours(), 'accept', [sig(RS)]
    yield 'tables', TABLES, {'keys': KEYS, 'signers': 'here.example one\n'}, \
        ours(), 'accept', [sig(RS)]
    yield 'a table without the key', TABLES, {
        'keys': KEYS.replace('one', 'two'), 'signers': 'here.example one\n'}, \
        ours(), 'tempfail', []
    yield 'a key file that is not there', TABLES, {
        'keys': KEYS.replace('key.pr', 'none.pr'),
        'signers': 'here.example one\n'}, ours(), 'tempfail', []
    yield 'a token', TABLES, {
        'keys': KEYS.replace('here.example', '%'),
        'signers': 'here.example one:signer@%\n'}, ours(), 'accept', \
        [sig(RS, i='signer@here.example')]
    yield 'a token of a host', TABLES, {
        'keys': KEYS.replace('here.example', '%'),
        'signers': 'here.example one:signer@foo.%\n'}, ours(), 'accept', \
        [sig(RS, i='signer@foo.here.example')]
    yield 'several', TABLES + 'MultipleSignatures yes\n', {
        'keys': KEYS + 'two ours.example:other:./other.private\n',
        'signers': 'joe@here.example two\nhere.example one\n'}, ours(), \
        'accept', [sig(RS), sig(RS, 'ours.example', 'other')]
    yield 'all domains', ONE.replace('here.example', '*'), {}, ours(), \
        'accept', [sig(SS)]
    yield 'a lifetime', ONE + 'SignatureTTL 3600\n', {}, ours(), 'accept', \
        [sig(SS, x=True)]
    yield 'a dot', ONE, {}, ours('joe@here.example.'), 'accept', [sig(SS)]
    yield 'the right algorithm', TABLES + 'StrictSignAlgorithm yes\n', {
        'keys': KEYS.replace('./', 'rsa-sha256:./'),
        'signers': 'here.example one\n'}, ours(), 'accept', [sig(RS)]
    yield 'another algorithm', TABLES + 'StrictSignAlgorithm yes\n', {
        'keys': KEYS.replace('./', 'ed25519-sha256:./'),
        'signers': 'here.example one\n'}, ours(), 'tempfail', []
    yield 'a peer', ONE + 'PeerList file:peers\n', {'peers': '127.0.0.1\n'}, \
        ours(), 'accept', []
    yield 'a daemon', ONE + 'MacroList daemon_name|ORIGINATING\n', {}, \
        old.Mail('daemon', letters.letter('joe@here.example'),
                 daemon='ORIGINATING'), 'accept', [sig(SS)]
    yield 'a recipient', ONE + 'DontSignMailTo you@here.example\n', {}, \
        ours(), 'accept', []
    yield 'a macro', ONE + 'MacroList {test}|value\n', {}, ours(), 'accept', \
        None
    yield 'a body length', ONE + 'BodyLengthDB csl:you@here.example\n', {}, \
        ours(), 'accept', [sig(SS)]
    yield 'reports', ONE + 'RequestReports yes\n', {}, ours(), 'accept', \
        [sig(SS)]
    yield 'a strict header', ONE + 'StrictHeaders yes\n' \
        'On-SignatureError reject\n', {}, \
        ours(more='From: ann@here.example\n'), 'reject', []
    yield 'a script', ONE + 'SetupPolicyScript x.lua\n', {'x.lua': ''}, \
        ours(), 'accept', None
    yield 'a vault', START + 'KeyTable vault:http://127.0.0.1:1/x\n' \
        'SigningTable file:signers\nVaultTokenFile x\n', {
            'signers': 'here.example one\n'}, ours(), 'accept', None


def verifying():
    """(name, configuration, message, decision, DKIM's result)"""
    signed = letters.signed(TOP, letters.letter('joe@signed.example'))
    yield 'good', VERIFY, theirs(signed), 'accept', 'pass'
    yield 'good, Mode sv without a key', START, theirs(signed), 'accept', \
        'pass'
    yield 'good, beside a key', ONE, theirs(signed), 'accept', None
    yield 'bad', VERIFY + 'On-BadSignature reject\n', theirs(
        signed.replace('Hello', 'Jello')), 'reject', None
    yield 'revoked', VERIFY, theirs(letters.signed(TOP, letters.letter(
        'joe@signed.example'), 'revoked')), 'accept', 'permerror'
    yield 'unsigned', VERIFY + 'AlwaysAddARHeader yes\n', theirs(
        letters.letter('joe@plain.example')), 'accept', 'none'
    yield 'no address', VERIFY, old.Mail('x', signed, None, 'localhost'), \
        'accept', 'pass'
    yield 'odd syntax', VERIFY + 'On-BadSignature reject\n', theirs(
        signed.replace('v=1;', 'v=1', 1)), 'reject', None
    yield 'no domain in From', VERIFY, theirs(letters.letter('joe')), \
        'accept', 'none'
    yield 'two From', VERIFY, theirs('From: a@plain.example\n' + signed), \
        'accept', 'fail'
    yield 'long results of others', VERIFY, theirs(
        'Authentication-Results: a.example;%s\n' % (' spf=pass;' * 90) +
        signed), 'accept', 'pass'
    yield 'results without a host', VERIFY, theirs(
        'Authentication-Results: spf=pass smtp.mailfrom=a.example\n'
        'Authentication-Results: compauth=pass reason=100\n' + signed), \
        'accept', 'pass'


def folder(name, files):
    path = os.path.join(TOP, name.replace(' ', '-').replace('/', '-'))
    os.mkdir(path)
    for key in ('key.private', 'other.private'):
        os.link(os.path.join(TOP, key), os.path.join(path, key))
    for file, text in files.items():
        proc.write(os.path.join(path, file), text)
    os.chdir(path)
    return path


def play(name, conf, files, mail):
    """(exit status, comments, the outcome; None: it does not start)"""
    path = folder(name, files)
    status, out, _ = proc.run([tree.MAILSEAL, 'import', proc.write(
        os.path.join(path, 'phoenixdkim.conf'), conf)])
    out = out.decode()
    try:
        ours_ = old.mailseald(path, out, ['Zone ' + os.path.join(TOP,
                                                                 'zone')])
    except RuntimeError:
        return status, out, None        # it does not start
    outcome = old.play([ours_], mail)
    ours_.stop()
    return status, out, outcome


def first(out):
    return next((x for x in out.splitlines() if x.startswith('#  1. ')), '')


def main():
    letters.make_keys(TOP)
    proc.write(os.path.join(TOP, 'zone'), letters.zone(TOP) +
               letters.STRANGE)
    held = n = 0
    for name, conf, files, mail, action, signatures in signing():
        status, out, r = play(name, conf, files, mail)
        same = r is not None and r.action == action and (
            signatures is None or sorted(r.signatures) == sorted(signatures))
        stopped = r is None and action == 'tempfail'
        n, held = n + 1, held + (same or stopped)
        tap.ok(same or status == 1 and first(out), name + ': the same, or said',
               '%s\n%s %s' % (out, r and r.action, r and r.signatures))
    for name, conf, mail, action, result in verifying():
        status, out, r = play('v ' + name, conf, {}, mail)
        got = r and [x['dkim'] for _, x in r.results if 'dkim' in x]
        same = r is not None and r.action == action and (
            result is None or got == [result])
        n, held = n + 1, held + same
        tap.ok(same or status == 1 and first(out), 'verifying, ' + name +
               ': the same, or said', '%s\n%s %s' % (out, r and r.action,
                                                    got))
    tap.diag('%d of %d are the same' % (held, n))


if __name__ == '__main__':
    sys.exit(tap.main(main))
