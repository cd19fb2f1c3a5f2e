# SPDX-License-Identifier: BSD-2-Clause
"""pydkim: python3-dkim as an independent signer and verifier."""
import logging

import tap

try:
    import dkim
except ImportError:
    tap.skip_all('python3-dkim is not installed')
try:
    import nacl.signing     # noqa: F401: dkim uses it when it is there
except ImportError:
    tap.skip_all('python3-nacl is not installed')

_log = logging.getLogger('pydkim')
_log.addHandler(logging.NullHandler())
_log.propagate = False


def _lookup(dns):
    """dns: {name: text}, or a function from a name to bytes or None."""
    get = dns if callable(dns) else dns.get

    def answer(name, timeout=5):
        text = get(name.decode('ascii', 'replace').rstrip('.').lower())
        if text is None:
            return None
        return text if isinstance(text, bytes) else text.encode('utf-8')
    return answer


def verify(message, dns):
    """[(word, why)] of each DKIM-Signature, top first. The words are pass
    and fail; python3-dkim knows no others."""
    results = []
    try:
        d = dkim.DKIM(message, logger=_log)
    except dkim.DKIMException as e:
        return [('fail', str(e))]
    count = sum(name.lower() == b'dkim-signature' for name, _ in d.headers)
    for i in range(count):
        d = dkim.DKIM(message, logger=_log)
        try:
            good = d.verify(idx=i, dnsfunc=_lookup(dns))
            results.append(('pass' if good else 'fail', ''))
        except Exception as e:  # it raises much beside DKIMException
            results.append(('fail', '%s: %s' % (type(e).__name__, e)))
    return results


def seal(message, domain, selector, key, hop, results):
    """The message with one more ARC set, as the host `hop` makes it from its
    Authentication-Results, which stay below the set."""
    chain = b'arc-seal:' in message.lower()
    message = b'Authentication-Results: %s; arc=%s; %s\r\n' % (
        hop.encode(), b'pass' if chain else b'none',
        results.encode()) + message
    names = ['from', 'to', 'subject', 'date', 'message-id']
    return arc_seal(message, domain, selector, key, hop, names) + message


def sign(message, domain, selector, key, algorithm, canon, names):
    """The field with its CRLF. key: PEM, for ed25519 the seed in base64."""
    d = dkim.DKIM(message, logger=_log)
    d.should_not_sign = set([b'dkim-signature'])
    return d.sign(selector.encode(), domain.encode(), key,
                  signature_algorithm=algorithm.encode(),
                  canonicalize=tuple(canon.encode().split(b'/')),
                  include_headers=[n.encode() for n in names])


def arc_verify(message, dns):
    """(none, pass or fail, why)"""
    try:
        cv, _, reason = dkim.arc_verify(message, logger=_log,
                                        dnsfunc=_lookup(dns))
    except Exception as e:  # it raises much beside DKIMException
        return 'fail', '%s: %s' % (type(e).__name__, e)
    return cv.decode() if cv else 'none', reason


def arc_seal(message, domain, selector, key, authserv_id, names):
    """The three fields; cv= is what Authentication-Results says."""
    return b''.join(dkim.arc_sign(
        message, selector.encode(), domain.encode(), key,
        authserv_id.encode(), logger=_log,
        include_headers=[n.encode() for n in names]))
