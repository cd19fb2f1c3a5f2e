# SPDX-License-Identifier: BSD-2-Clause
"""dmarc_rules: a small model of DMARC with the public suffix list, and the
rules by which libopendmarc differs from it.

judge(message, ()) follows the RFCs, judge(message, ALL) libopendmarc. A
difference is explained if the model predicts both verdicts; the explanation are
the rules that are necessary to predict the verdict of libopendmarc.
"""
ALL = {
    'any_version': 'the version in any case and place, after white space; '
                   'another one is an error, not another record',
    'p_is_required': 'a record without p is an error, as in RFC 7489',
    'bad_value_is_an_error': 'of p, sp, adkim, aspf, pct, fo, ri and rf, even '
                             'with a rua to report to (RFC 9989 4.8, 4.10.1)',
    'words_may_be_short': 'p=r is reject, adkim=strict is s',
    'empty_value_is_absent': 'p= is treated as absent',
    'last_tag_counts': 'of those that repeat',
    'np_is_unknown': 'so that it cannot be invalid (RFC 9989 defines it)',
    't_is_unknown': 'as in RFC 7489',
    'no_default_suffix': 'a name under a suffix that is not on the list '
                         'is its own organisational domain',
    'no_wildcard_suffix': '*.ck is treated as a suffix of one label',
    'alignment_is_its_own': 'its opendmarc_policy_check_alignment, which is '
                            'asked: names are aligned that end with each '
                            'other, even a public suffix, and with adkim=s or '
                            'aspf=s some of one organisation',
    'one_signature_is_kept': 'of several; one that is aligned and fails takes '
                             'away the domain of one that passed',
    'temperror_is_fail': 'SPF or DKIM that may pass at another time',
}
POLICIES = ('reject', 'none', 'quarantine')
LISTED = ('com', 'net', 'org', 'co.uk', 'com.au', 'github.io')
WILD = ('ck', 'kawasaki.jp')


def word(value, words, quirks):
    for w in words:
        if value.lower() == w or ('words_may_be_short' in quirks and value and
                                  w.startswith(value.lower())):
            return w
    return None


def split(text, quirks):
    """[(tag, value)], or None: no record; or 'error'."""
    pairs = [p.partition('=') for p in text.split(';')]
    tags = [(n.strip(' \t').lower(), v.strip(' \t')) for n, e, v in pairs if e]
    if 'any_version' in quirks:
        if any(n == 'v' and v.lower() != 'dmarc1' for n, v in tags):
            return 'error'
    elif text[:1] in ' \t' or tags[:1] != [('v', 'DMARC1')]:
        return None
    if 'empty_value_is_absent' in quirks:
        tags = [(n, v) for n, v in tags if v]
    return tags


def is_bad(name, value, quirks):
    if name in ('p', 'sp'):
        return word(value, POLICIES, quirks) is None
    if name in ('adkim', 'aspf'):
        return word(value, ('r', 's', 'relaxed', 'strict'), quirks) is None
    return (name, value) in (('pct', '101'), ('fo', 'q'), ('ri', 'x'),
                             ('rf', 'x'))


def parse(text, quirks):
    """The tags of a record, with p, sp, adkim and aspf; or None, or 'error';
    or 'absent': a record that must not be used."""
    tags = split(text, quirks)
    if tags is None or tags == 'error':
        return tags
    if 'bad_value_is_an_error' in quirks and any(
            is_bad(n, v, quirks) for n, v in tags):
        return 'error'
    first = {}
    for name, value in tags:
        if name not in first or 'last_tag_counts' in quirks:
            first[name] = value
    if 'p' not in first and 'p_is_required' in quirks:
        return 'error'
    return meaning(first, quirks)


def meaning(tags, quirks):
    bad = [n for n in ('p', 'sp', 'np') if n in tags and not word(
        tags[n], POLICIES, quirks) and not (
            n == 'np' and 'np_is_unknown' in quirks)]
    if bad and tags.get('rua', 'bogus') != 'bogus':
        tags = dict(tags, p='none', sp='none')
    elif bad:
        return 'error' if 'p' in bad else 'absent'
    record = {'p': word(tags.get('p', 'none'), POLICIES, quirks)}
    record['sp'] = word(tags['sp'], POLICIES, quirks) if 'sp' in tags else \
        record['p']
    for name in ('adkim', 'aspf'):
        value = tags.get(name, 'r').lower()
        record[name] = 's' if value == 's' or (
            value == 'strict' and 'words_may_be_short' in quirks) else 'r'
    record['t'] = tags.get('t') == 'y' and 't_is_unknown' not in quirks
    return record


def belongs_to(name, quirks):
    """The organisational domain."""
    labels = name.lower().split('.')
    for i in range(len(labels)):
        suffix = '.'.join(labels[i:])
        if suffix in LISTED:
            return '.'.join(labels[max(i - 1, 0):])
        if suffix in WILD:
            more = 1 if 'no_wildcard_suffix' in quirks else 2
            return '.'.join(labels[max(i - more, 0):])
    if 'no_default_suffix' in quirks:
        return name.lower()
    return '.'.join(labels[-2:])


def discover(message, quirks):
    """(record, tag), a word, or None."""
    org = belongs_to(message.author, quirks)
    for name, tag in ((message.author, 'p'), (org, 'sp')):
        record = parse(message.records[name], quirks) \
            if name in message.records else None
        if record is not None:
            return record if isinstance(record, str) else (record, tag)
    return 'absent'


def is_aligned(message, name, mode, quirks):
    name, author = name.lower(), message.author.lower()
    if 'alignment_is_its_own' in quirks:
        return message.aligned_there(author, name, mode)
    return name == author or (mode == 'r' and belongs_to(name, quirks) ==
                              belongs_to(author, quirks))


def kept(message, quirks):
    """The signatures that are used. libopendmarc gets them one by one before
    it has the record, so that all are compared as relaxed."""
    if 'one_signature_is_kept' not in quirks:
        return message.dkim
    domain, result = None, 'none'
    for name, this in message.dkim:
        exact = name.lower() == message.author.lower()
        if exact and this == 'pass':
            return [(name, this)]
        if exact or message.aligned_there(name.lower(),
                                          message.author.lower(), 'r'):
            domain = None
        elif this == 'pass' and result == 'pass':
            continue
        if this == 'pass' or result != 'pass':
            domain, result = name, this
    return [(domain, result)] if domain else []


def judge(message, quirks):
    found = discover(message, quirks)
    if isinstance(found, str):
        return found
    record, tag = found
    results = [r for name, r, mode in
               [(n, r, record['adkim']) for n, r in kept(message, quirks)] +
               [(n, r, record['aspf']) for n, r in
                ([message.spf] if message.spf else [])]
               if is_aligned(message, name, mode, quirks)]
    if 'pass' in results:
        return 'pass'
    if 'temperror' in results and 'temperror_is_fail' not in quirks:
        return 'temperror'
    policy = record[tag]
    if record['t']:
        policy = 'quarantine' if policy == 'reject' else 'none'
    return policy


def find(message, word_, their_word):
    """The names of the rules that explain the difference, or None."""
    quirks = set(ALL)
    if judge(message, ()) != word_ or judge(message, quirks) != their_word:
        return None
    return [name for name in ALL
            if judge(message, quirks - {name}) != their_word]
