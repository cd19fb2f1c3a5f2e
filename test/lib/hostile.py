# SPDX-License-Identifier: BSD-2-Clause
"""hostile: invalid and hostile messages."""

SIGNATURE = (b'DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=s; h=from; '
             b'bh=AAAA; b=BBBB\r\n')


def authored(domain):
    """(name, message) of those with one author, who is of the domain."""
    domain = domain.encode()
    head = (b'From: alice@%s\r\nTo: bob@example.net\r\n'
            b'Subject: hostile\r\n' % domain)
    yield 'empty body', head + b'\r\n'
    yield 'long line', head + b'X-Long: ' + b'a' * 60000 + b'\r\n\r\nx\r\n'
    yield 'many fields', b'X: y\r\n' * 5000 + head + b'\r\nx\r\n'
    yield 'many signatures', (SIGNATURE % domain * 200 + head + b'\r\nx\r\n')
    yield 'bare CR', head + b'X-Bare: a\rb\r\n\r\na\rb\r\r\n\r\n\r\n'
    yield 'long h', (b'DKIM-Signature: v=1; a=rsa-sha256; d=%s; '
                     b's=s; h=' % domain + b'from:' * 5000 + b'to; bh=' +
                     b'A' * 43 + b'=; b=' + b'B' * 344 + b'\r\n' + head +
                     b'\r\nx\r\n')
    yield 'forged', (b'Authentication-Results: mx.example.net; dkim=pass\r\n'
                     * 50 + head + b'\r\nx\r\n')
    yield 'many relays', (b'Received: from a ([198.51.100.1]) by b\r\n' * 500 +
                          head + b'\r\nx\r\n')
    yield '8-bit', head + b'X-8: \xff\xfe\x80\r\n\r\n' + b'\xff\x80' * 500


def others():
    """(name, message) of those whose author is hard to tell, or another."""
    yield 'no From', b'To: bob@example.net\r\n\r\nx\r\n'
    yield 'two From', (b'From: alice@example.com\r\nFrom: eve@example.org\r\n'
                       b'\r\nx\r\n')
    yield 'no author', b'From: a:;\r\n\r\nx\r\n'
    yield 'a ghost', b'From: a@ghost.example.com\r\n\r\nx\r\n'
    yield 'a policy of some KiB', b'From: a@long.bomb\r\n\r\nx\r\n'
    yield 'no policy now', b'From: a@slow.bomb\r\n\r\nx\r\n'
    yield 'many authors', b'From: ' + b', '.join(
        b'a@%s%d.example' % (b'l.' * 12, i) for i in range(500)) + b'\r\n\r\nx'
    yield 'half a From', b'From: "a <' + b'(' * 5000 + b'\r\n\r\nx\r\n'
