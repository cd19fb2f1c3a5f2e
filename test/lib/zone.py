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
