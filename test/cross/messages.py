# SPDX-License-Identifier: BSD-2-Clause
"""messages: random messages with all features of mail, and functions that
change them. All randomness comes from the random.Random argument.
"""
import seal

NAMES = ('To', 'Cc', 'Subject', 'Date', 'Message-ID', 'Reply-To', 'Sender',
         'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding',
         'In-Reply-To', 'References', 'List-Id', 'List-Unsubscribe',
         'Received', 'X-Odd', 'x-lower', 'RESENT-FROM', 'Comments', 'K')
WORDS = (b'a', b'word', b'two', b'=?utf-8?q?x?=', b'<id@example.com>',
         b'joe@example.com', b'"quoted string"', b'(comment)', b';', b':',
         b'=', b'text/plain', b'caf\xc3\xa9', b'\xff\xfe\x80', b'b=nothing',
         b'x' * 70)
GAPS = (b' ', b' ', b' ', b'  ', b'\t', b' \t ', b'\r\n ', b'\r\n\t',
        b' \r\n  ', b'\t\r\n \t')
ENDS = (b'', b'', b'', b' ', b'\t', b'  \t')
LINES = (b'', b'', b' ', b'\t', b' \t ', b'text', b'text ', b'text\t\t',
         b' leading', b'\t\tleading', b'a  b', b'a \t b', b'.', b'..',
         b'-- ', b'From here', b'caf\xc3\xa9', b'\xff\x80\x00\x81',
         b'y' * 998, b'z ' * 700)
TAILS = (b'', b'\r\n', b'\r\n\r\n', b'\r\n' * 7, b' \r\n', b'\t\r\n \r\n')


def value(rng):
    """The value of a field: the text between the colon and the last CRLF."""
    words = [rng.choice(WORDS) for _ in range(rng.randrange(0, 9))]
    text = rng.choice((b' ', b' ', b' ', b'', b'\t', b'  ', b'\r\n '))
    for i, word in enumerate(words):
        text += (rng.choice(GAPS) if i else b'') + word
    text += rng.choice(ENDS)
    # A line of only white space is obsolete folding (RFC 5322 4.2).
    while b'\r\n\r\n' in text or text.endswith(b'\r\n'):
        text = text.replace(b'\r\n\r\n', b'\r\n').rstrip(b'\r\n')
    lines = text.split(b'\r\n')
    kept = [lines[0]] + [x for x in lines[1:] if x.strip(b' \t')]
    return b'\r\n'.join(kept)


def field(rng, name):
    if rng.random() < 0.2:
        name = rng.choice((name.upper(), name.lower(), name.swapcase()))
    return name.encode() + b':' + value(rng) + b'\r\n'


def from_field(rng):
    gap = rng.choice(GAPS)
    return b''.join((rng.choice((b'From:', b'from:', b'FROM:')),
                     rng.choice((b' ', b'', b'  ', b'\t')),
                     rng.choice((b'joe@example.com', b'Joe' + gap +
                                 b'<joe@example.com>',
                                 b'"Joe, who"' + gap + b'<joe@example.com>')),
                     rng.choice(ENDS), b'\r\n'))


def body(rng):
    if rng.random() < 0.08:
        return rng.choice((b'', b'\r\n', b'\r\n\r\n', b' ', b' \r\n',
                           b'\t\r\n\r\n', b'x'))
    lines = [rng.choice(LINES) for _ in range(rng.randrange(1, 25))]
    return b'\r\n'.join(lines) + rng.choice(TAILS)


class Message:
    def __init__(self, fields, text):
        self.fields = fields
        self.body = text

    def bytes(self):
        return b''.join(self.fields) + b'\r\n' + self.body

    def names(self):
        return [f.partition(b':')[0].decode().lower() for f in self.fields]


def message(rng):
    fields = [from_field(rng)]
    for _ in range(rng.randrange(0, 14)):
        name = rng.choice(NAMES)
        for _ in range(1 if rng.random() < 0.8 else rng.randrange(2, 4)):
            fields.insert(rng.randrange(len(fields) + 1), field(rng, name))
    return Message(fields, body(rng))


# Changes after signing. Each takes (rng, fields, body) and returns new fields
# and body; fields[0] is the signature.

def _flip(rng, data, low=0):
    """Replaces one octet by another printable one, except at the start of a
    line, so that the header remains valid."""
    at = [i for i in range(low, len(data)) if data[i] not in b'\r\n' and
          data[i - 1:i] != b'\n']
    if not at:
        return data + b'!'
    i = rng.choice(at)
    new = rng.choice([c for c in b'!#0Aaz~' if c != data[i]])
    return data[:i] + bytes([new]) + data[i + 1:]


def body_flip(rng, fields, text):
    return fields, _flip(rng, text)


def body_insert(rng, fields, text):
    i = rng.randrange(len(text) + 1)
    while 0 < i < len(text) and text[i - 1:i + 1] == b'\r\n':
        i += 1
    return fields, text[:i] + rng.choice((b'!', b' ', b'\t', b'.')) + text[i:]


def body_append(rng, fields, text):
    return fields, text + rng.choice((b'\r\n', b' ', b'\r\nmore', b'x\r\n',
                                      b'\r\n\r\n', b' \r\n'))


def body_cut(rng, fields, text):
    lines = text.split(b'\r\n')
    del lines[rng.randrange(len(lines))]
    return fields, b'\r\n'.join(lines)


def body_space(rng, fields, text):
    """Adds white space next to white space or at the end of a line."""
    lines = text.split(b'\r\n')
    i = rng.randrange(len(lines))
    lines[i] = rng.choice((lines[i] + b' ', lines[i].rstrip(b' \t'),
                           lines[i].replace(b' ', b'  ', 1),
                           lines[i].replace(b'\t', b' ', 1)))
    return fields, b'\r\n'.join(lines)


def field_flip(rng, fields, text):
    i = rng.randrange(1, len(fields))
    colon = fields[i].index(b':')
    fields[i] = _flip(rng, fields[i][:-2], colon + 1) + b'\r\n'
    return fields, text


def field_name_case(rng, fields, text):
    i = rng.randrange(1, len(fields))
    name, _, rest = fields[i].partition(b':')
    fields[i] = name.swapcase() + b':' + rest
    return fields, text


def field_add(rng, fields, text):
    new = (b'X-Added: y\r\n', b'Subject: more\r\n', b'Received: here\r\n',
           b'Reply-To: evil@example.org\r\n', b'To: you@example.org\r\n')
    fields.insert(rng.randrange(0, len(fields) + 1), rng.choice(new))
    return fields, text


def field_remove(rng, fields, text):
    there = [i for i in range(1, len(fields))
             if not fields[i].lower().startswith(b'from')]
    if there:
        del fields[rng.choice(there)]
    return fields, text


def field_repeat(rng, fields, text):
    there = [f for f in fields[1:] if not f.lower().startswith(b'from')]
    if there:
        fields.append(rng.choice(there))
    return fields, text


def field_swap(rng, fields, text):
    i = rng.randrange(0, len(fields))
    j = rng.randrange(0, len(fields))
    fields[i], fields[j] = fields[j], fields[i]
    return fields, text


def field_space(rng, fields, text):
    i = rng.randrange(1, len(fields))
    name, _, rest = fields[i][:-2].partition(b':')
    rest = rng.choice((b' ' + rest, rest + b' ', rest.replace(b' ', b'  ', 1),
                       rest.replace(b'\r\n', b'', 1),
                       rest.replace(b' ', b'\r\n ', 1)))
    lines = rest.split(b'\r\n')
    rest = b'\r\n'.join([lines[0]] + [x for x in lines[1:] if x.strip()])
    fields[i] = name + b':' + rest + b'\r\n'
    return fields, text


def _signature(fields):
    """The index of the signature."""
    for i, f in enumerate(fields):
        if f.lower().startswith(b'dkim-signature'):
            return i
    raise ValueError('no signature')


def _edit(fields, change):
    """Applies change(list of tags) to the signature."""
    i = _signature(fields)
    name, _, rest = fields[i][:-2].partition(b':')
    parts = rest.split(b';')
    change(parts)
    fields[i] = name + b':' + b';'.join(parts) + b'\r\n'


def _tag(parts, name):
    for i, part in enumerate(parts):
        if part.partition(b'=')[0].strip() == name:
            return i
    raise ValueError(name)


def sig_flip(rng, fields, text):
    """Changes a base64 digit in b= or bh=, but not the last one, which may
    have unused bits."""
    def change(parts):
        i = _tag(parts, rng.choice((b'b', b'bh')))
        at = [k for k in range(parts[i].index(b'=') + 1, len(parts[i]) - 6)
              if chr(parts[i][k]).isalnum()]
        k = rng.choice(at)
        new = b'A' if parts[i][k:k + 1] != b'A' else b'B'
        parts[i] = parts[i][:k] + new + parts[i][k + 1:]
    _edit(fields, change)
    return fields, text


def sig_space(rng, fields, text):
    """Adds white space inside b=, where it is ignored (RFC 6376 3.5)."""
    def change(parts):
        i = _tag(parts, b'b')
        k = rng.randrange(parts[i].index(b'=') + 1, len(parts[i]))
        while parts[i][k - 1:k] in (b'\r', b'\n') or \
                parts[i][k:k + 1] == b'\n':
            k += 1
        parts[i] = parts[i][:k] + rng.choice((b' ', b'\t', b'\r\n ')) + \
            parts[i][k:]
    _edit(fields, change)
    return fields, text


def sig_tag_space(rng, fields, text):
    """Adds white space around a tag, which the header hash covers."""
    def change(parts):
        i = rng.randrange(len(parts))
        parts[i] = rng.choice((b' ' + parts[i], parts[i] + b' '))
    _edit(fields, change)
    return fields, text


def sig_drop(rng, fields, text):
    def change(parts):
        del parts[rng.randrange(len(parts))]
    _edit(fields, change)
    return fields, text


def sig_unknown(rng, fields, text):
    _edit(fields, lambda parts: parts.insert(1, b' zz=1'))
    return fields, text


def sig_twice(rng, fields, text):
    _edit(fields, lambda parts: parts.insert(1, parts[0]))
    return fields, text


def sig_set(name, *values):
    def mutation(rng, fields, text):
        def change(parts):
            new = b' ' + name + b'=' + rng.choice(values)
            try:
                parts[_tag(parts, name)] = new
            except ValueError:
                parts.insert(1, new)
        _edit(fields, change)
        return fields, text
    mutation.__name__ = 'sig_%s' % name.decode()
    return mutation


def nothing(_rng, fields, text):
    return fields, text


MUTATIONS = (
    body_flip, body_insert, body_append, body_cut, body_space, field_flip,
    field_name_case, field_add, field_remove, field_repeat, field_swap,
    field_space, sig_flip, sig_space, sig_tag_space, sig_drop, sig_unknown,
    sig_twice, nothing,
    sig_set(b'v', b'2', b'', b'1.0'),
    sig_set(b'a', b'rsa-sha1', b'ed25519-sha256', b'rsa-sha256', b'rsa-md5'),
    sig_set(b'c', b'relaxed/relaxed', b'simple', b'nowsp', b'relaxed/'),
    sig_set(b'd', b'EXAMPLE.com', b'example.org', b'com', b''),
    sig_set(b's', b'none', b'', b'R2'),
    sig_set(b'l', b'0', b'1', b'99999999', b'x'),
    sig_set(b'i', b'@example.com', b'@sub.example.com', b'@example.org'),
    sig_set(b'q', b'dns/txt', b'http', b'dns'),
    sig_set(b't', b'1', b'99999999999', b'never'),
    sig_set(b'x', b'1', b'99999999999', b'soon'),
    sig_set(b'h', b'from', b'subject', b'', b'from:from:from'),
)


def mutate(rng, signed):
    """(name of the change, changed message)."""
    mutation = rng.choice(MUTATIONS)
    fields, text = seal.split(signed)
    fields, text = mutation(rng, fields, text)
    return mutation.__name__, b''.join(fields) + b'\r\n' + text
