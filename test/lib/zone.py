# SPDX-License-Identifier: BSD-2-Clause
"""zone: writes zone text, for --zone and Zone, and for nsd."""


def quote(data):
    """The strings of a TXT record, each of at most 255 octets."""
    if isinstance(data, str):
        data = data.encode('utf-8')
    strings = []
    for at in range(0, max(len(data), 1), 255):
        out = ''
        for c in data[at:at + 255]:
            if c in b'"\\':
                out += '\\' + chr(c)
            elif 32 <= c < 127:
                out += chr(c)
            else:
                out += '\\%03d' % c
        strings.append('"%s"' % out)
    return ' '.join(strings)


def name(text):
    """A name as an owner or a target: absolute, odd octets escaped."""
    out = ''.join(c if c.isascii() and (c.isalnum() or c in '-_.*')
                  else ''.join('\\%03d' % o for o in c.encode('utf-8'))
                  for c in text.rstrip('.'))
    return out + '.'


def record(owner, rrtype, data):
    """One record; data: text, for MX (preference, name), for TXT octets."""
    if rrtype == 'TXT':
        rdata = quote(data)
    elif rrtype == 'MX':
        rdata = '%d %s' % (data[0], name(data[1]))
    elif rrtype in ('CNAME', 'PTR'):
        rdata = name(data)
    else:
        rdata = data
    return '%s IN %s %s\n' % (name(owner), rrtype, rdata)


def txt(name, data, ttl=None):
    return '%s.%s IN TXT %s\n' % (name.rstrip('.'),
                                  '' if ttl is None else ' %d' % ttl,
                                  quote(data))


def fault(name, kind, rrtype=''):
    """kind: TIMEOUT or SERVFAIL; for all types, or one."""
    return ('%s. %s %s' % (name.rstrip('.'), kind, rrtype)).rstrip() + '\n'


def text(records):
    """Zone text from {name: TXT data, or a list of them}."""
    out = ''
    for name, data in records.items():
        for d in data if isinstance(data, list) else [data]:
            out += txt(name, d)
    return out
