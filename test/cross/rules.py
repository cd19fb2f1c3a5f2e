# SPDX-License-Identifier: BSD-2-Clause
"""rules: explains differences between the implementations that are not errors
of ours.

Each rule is for one peer and checks the message and both verdicts. A difference
without a rule fails the test.
"""
import seal

VERIFY = []
SIGN = []


def verify_rule(peer):
    """A rule about a verdict: test(c) with c as in Case."""
    def add(test):
        VERIFY.append((peer, test))
        return test
    return add


def sign_rule(peer):
    """A rule about a signature of the peer that does not verify."""
    def add(test):
        SIGN.append((peer, test))
        return test
    return add


class Case:
    def __init__(self, data, word, reason, their_word, why):
        self.data = data
        self.word = word                # ours
        self.reason = reason
        self.their_word = their_word
        self.why = why
        self.fields, self.body = seal.split(data)
        values = seal.fields_named(data, b'dkim-signature')
        self.value = values[0] if values else b''
        self.tags = seal.tags(self.value) if values else {}


def find(peer, data, word, reason, their_word, why):
    """The name of the rule that explains the difference, or None."""
    case = Case(data, word, reason, their_word, why)
    for name, test in VERIFY:
        if name == peer and test(case):
            return test.__name__
    return None


class Signing:
    """A signature of a peer that does not verify here, or its refusal."""

    def __init__(self, data, key, canon, signed, trouble, own):
        self.data = data
        self.key = key
        self.header, _, self.body = canon.partition('/')
        self.signed = signed            # None: refused
        self.trouble = trouble          # reason of the refusal
        self.own = own                  # its own result for its signature


def find_signer(peer, *args):
    """The same for messages signed by a peer."""
    signing = Signing(*args)
    for name, test in SIGN:
        if name == peer and test(signing):
            return test.__name__
    return None


def ends_well(data):
    """Whether the body is empty or ends with CRLF, as always in SMTP."""
    text = seal.split(data)[1]
    return text == b'' or text.endswith(b'\r\n')


def body_canon(c):
    """The canonicalisation of the body in c=."""
    return c.tags.get('c', 'simple/simple').partition('/')[2] or 'simple'


@verify_rule('Mail::DKIM')
def no_ed25519(c):
    """Debian's Mail::DKIM has no ed25519, for lack of CryptX."""
    return c.tags.get('a') == 'ed25519-sha256' and c.word == 'pass'


@verify_rule('Mail::DKIM')
def no_line_end_added(c):
    """Mail::DKIM's simple canonicalisation adds no CRLF to a body that does
    not end in one (RFC 6376 3.4.3 does)."""
    return body_canon(c) == 'simple' and not ends_well(c.data)


@sign_rule('Mail::DKIM')
def signs_no_line_end(s):
    """See no_line_end_added."""
    return s.body == 'simple' and not ends_well(s.data)


@verify_rule('libopendkim')
def wants_line_end(c):
    """libopendkim handles a body without a final CRLF only if it may repair
    it: with relaxed it refuses the body, with simple it drops empty lines
    before the last line."""
    return not ends_well(c.data)


@sign_rule('libopendkim')
def signs_with_line_end(s):
    """See wants_line_end."""
    return not ends_well(s.data)


@sign_rule('libopendkim')
def hashes_another_layout(s):
    """libopendkim's ed25519 signatures with simple canonicalisation cover
    another layout of the field than it writes: it fails them itself."""
    return s.key.algorithm == 'ed25519-sha256' and s.header == 'simple' and \
        s.own == 'fail'


@verify_rule('python3-dkim')
def space_at_the_very_end(c):
    """python3-dkim's relaxed canonicalisation keeps white space at the end of
    a body without a final CRLF."""
    return body_canon(c) == 'relaxed' and c.body[-1:] in (b' ', b'\t')


@sign_rule('python3-dkim')
def signs_space_at_the_very_end(s):
    """See space_at_the_very_end."""
    return s.body == 'relaxed' and s.data[-1:] in (b' ', b'\t')


# How the others interpret unusual tags (see craft.py) differently from
# RFC 6376.
LENIENT = 'accepts syntax that RFC 6376 3.2 or 3.5 does not allow'
DOT = 'looks up the key with the dot, which this resolver has without'
FUTURE = 'takes a time of more than 12 digits for the future'
CRAFTED = {
    'libopendkim': {
        'd dot': DOT,
        '8-bit value': 'does not support UTF-8 (RFC 8616)',
        'a upper': LENIENT,
        'c upper': LENIENT,
        'digit first': LENIENT,
        'h signature': 'selects the signature that it verifies',
        'hyphen in name': LENIENT,
        'l empty': LENIENT,
        'q empty': LENIENT,
        'q http': 'ignores unknown methods',
        'q plain dns': 'accepts dns for dns/txt, as in drafts',
        't huge': 'refuses a number beyond 64 bits',
        't of milliseconds': FUTURE,
        't zero': 'reads an invalid number as 0',
        'tag twice': LENIENT,
        'unknown tag twice': LENIENT,
    },
    'python3-dkim': {
        't huge': FUTURE,
        't of milliseconds': FUTURE,
        'h empty': LENIENT,
        'h signature': 'selects the signature that it verifies',
        'h without from': 'does not require From in h=',
        'hyphen in name': LENIENT,
        'l huge': 'reads l= beyond the body as the whole body',
        'l more': 'reads l= beyond the body as the whole body',
        'q list': 'does not support a list of methods',
        'semicolon and space': 'drops white space at the end of the field',
        'x before t': 'does not compare x= with t=',
        'x equals t': 'does not compare x= with t=',
    },
    'Mail::DKIM': {
        'd dot': DOT,
        'a upper': LENIENT,
        'blank tag': LENIENT,
        'c upper': LENIENT,
        'digit first': LENIENT,
        'empty tag': LENIENT,
        'h empty': LENIENT,
        'h signature': 'selects the signature that it verifies',
        'h without from': 'does not require From in h=',
        'hyphen in name': LENIENT,
        'l empty': LENIENT,
        'l huge': 'reads l= beyond the body as the whole body',
        'l less': 'reads l=0 (of a tiny body) as an absent l=',
        'l letters': 'reads the digits before the letters, here 0',
        'l more': 'reads l= beyond the body as the whole body',
        'l nothing': 'reads l=0 as an absent l=',
        'no h': 'reads an absent h= as all fields, as in DomainKeys',
        'no v': 'accepts drafts without v=',
        't empty': 'ignores t=',
        't future': 'ignores t=',
        't letters': 'ignores t=',
        'tag twice': LENIENT,
        'two semicolons': LENIENT,
        'unknown tag twice': LENIENT,
        'x equals t': 'accepts x= equal to t=',
    },
}
