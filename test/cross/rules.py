# SPDX-License-Identifier: BSD-2-Clause
"""rules: where the implementations differ, and why that is no fault of ours.

Each rule is for one peer and looks at the message and at both verdicts; what
no rule explains is a failure of the test.
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
    """A rule about a signature of the peer's that is not good."""
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
    """A signature of a peer's that is not good for us, or its refusal."""

    def __init__(self, data, key, canon, signed, trouble, own):
        self.data = data
        self.key = key
        self.header, _, self.body = canon.partition('/')
        self.signed = signed            # None: it refused
        self.trouble = trouble          # why it refused
        self.own = own                  # its own word for its signature


def find_signer(peer, *args):
    """The same about what a peer signed."""
    signing = Signing(*args)
    for name, test in SIGN:
        if name == peer and test(signing):
            return test.__name__
    return None


def ends_well(data):
    """Whether the body is empty or ends as every body in SMTP does."""
    text = seal.split(data)[1]
    return text == b'' or text.endswith(b'\r\n')


def body_canon(c):
    """The word for the body in c=."""
    return c.tags.get('c', 'simple/simple').partition('/')[2] or 'simple'


@verify_rule('Mail::DKIM')
def no_ed25519(c):
    """Debian's Mail::DKIM has no ed25519: CryptX is not there."""
    return c.tags.get('a') == 'ed25519-sha256' and c.word == 'pass'


@verify_rule('Mail::DKIM')
def no_line_end_added(c):
    """Mail::DKIM's simple canonicalisation adds no CRLF to a body that does
    not end in one (RFC 6376 3.4.3 does)."""
    return body_canon(c) == 'simple' and not ends_well(c.data)


@sign_rule('Mail::DKIM')
def signs_no_line_end(s):
    """As no_line_end_added."""
    return s.body == 'simple' and not ends_well(s.data)


@verify_rule('libopendkim')
def wants_line_end(c):
    """libopendkim does not take a body without a final CRLF for what it is,
    unless asked to repair it: with relaxed it refuses it, with simple it
    loses empty lines before the last one."""
    return not ends_well(c.data)


@sign_rule('libopendkim')
def signs_with_line_end(s):
    """As wants_line_end."""
    return not ends_well(s.data)


@sign_rule('libopendkim')
def hashes_another_layout(s):
    """libopendkim's ed25519 signatures with simple canonicalisation cover a
    layout of the field that it does not write: it fails them itself."""
    return s.key.algorithm == 'ed25519-sha256' and s.header == 'simple' and \
        s.own == 'fail'


@verify_rule('python3-dkim')
def space_at_the_very_end(c):
    """python3-dkim's relaxed canonicalisation leaves white space that ends
    the body without a CRLF behind it."""
    return body_canon(c) == 'relaxed' and c.body[-1:] in (b' ', b'\t')


@sign_rule('python3-dkim')
def signs_space_at_the_very_end(s):
    """As space_at_the_very_end."""
    return s.body == 'relaxed' and s.data[-1:] in (b' ', b'\t')


# What the others make of unusual tags (craft.py has them), where it is not
# what RFC 6376 says.
LENIENT = 'takes what the grammar of RFC 6376 3.2 or 3.5 does not allow'
CRAFTED = {
    'libopendkim': {
        '8-bit value': 'knows no UTF-8 (RFC 8616)',
        'a upper': LENIENT,
        'c upper': LENIENT,
        'digit first': LENIENT,
        'h empty name': LENIENT,
        'h ends in colon': LENIENT,
        'h signature': 'selects the signature that it verifies',
        'hyphen in name': LENIENT,
        'l empty': LENIENT,
        'q empty': LENIENT,
        'q http': 'goes on when it knows no method',
        'q plain dns': 'takes dns for dns/txt, as drafts had it',
        't zero': 'takes 0 for a broken number',
        'tag twice': LENIENT,
        'unknown tag twice': LENIENT,
    },
    'python3-dkim': {
        'd dot': LENIENT,
        'h empty name': LENIENT,
        'h empty': LENIENT,
        'h ends in colon': LENIENT,
        'h signature': 'selects the signature that it verifies',
        'h without from': 'does not ask for From in h=',
        'hyphen in name': LENIENT,
        'l huge': 'takes l= beyond the body for all of it',
        'l more': 'takes l= beyond the body for all of it',
        'q list': 'knows no list of methods',
        'semicolon and space': 'drops white space at the end of the field',
        'x before t': 'does not compare x= with t=',
        'x equals t': 'does not compare x= with t=',
    },
    'Mail::DKIM': {
        'a upper': LENIENT,
        'blank tag': LENIENT,
        'c upper': LENIENT,
        'digit first': LENIENT,
        'empty tag': LENIENT,
        'h empty name': LENIENT,
        'h empty': LENIENT,
        'h ends in colon': LENIENT,
        'h signature': 'selects the signature that it verifies',
        'h without from': 'does not ask for From in h=',
        'hyphen in name': LENIENT,
        'l empty': LENIENT,
        'l huge': 'takes l= beyond the body for all of it',
        'l less': 'takes l=0 (of a tiny body) for no l= at all',
        'l letters': 'takes the digits before the letters, here 0',
        'l more': 'takes l= beyond the body for all of it',
        'l nothing': 'takes l=0 for no l= at all',
        'no h': 'takes no h= for all fields, as DomainKeys had it',
        'no v': 'takes drafts without v=',
        't empty': 'does not look at t=',
        't future': 'does not look at t=',
        't huge': 'does not look at t=',
        't letters': 'does not look at t=',
        'tag twice': LENIENT,
        'two semicolons': LENIENT,
        'unknown tag twice': LENIENT,
        'x equals t': 'takes x= equal to t=',
    },
}
