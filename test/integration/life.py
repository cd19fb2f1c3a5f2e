# SPDX-License-Identifier: BSD-2-Clause
"""life: keys in a store, at a time of their own, as dkimkeygen rotates them
against a knot (test/lib/knot.py)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import nameserver  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

DAY = 86400
START = 1800000000


class Life:
    """A key store, the policy and the time it lives in. policy: {option:
    value}; None takes one of the defaults below away."""

    def __init__(self, store, dns, policy=None, domain='example.com',
                 conf=None):
        self.store = store
        self.conf = conf or store + '.conf'
        self.dns = dns
        self.domain = domain
        self.now = START
        lines = {'Publish': 'nsupdate', 'UpdateKey': dns.key,
                 'UpdateServer': dns.nameserver,
                 'AuthoritativePort': dns.port,
                 # Quick to make; the usual size is tested in dkimkeygen.py.
                 'RSABits': 1024}
        lines.update(policy or {})
        proc.write(self.conf, ''.join('%s %s\n' % x for x in lines.items()
                                      if x[1] is not None))

    def argv(self, verb, *options):
        return [tree.DKIMKEYGEN, verb, '-K', self.store, '-c', self.conf,
                '--now', str(self.now)] + list(options)

    def new(self, *options):
        status, _, err = proc.run(self.argv('new', '-d', self.domain,
                                            *options))
        tap.is_(status, 0, 'a new key', err)

    def rotate_argv(self, *options):
        return self.argv('rotate', '--all', '--nameserver',
                         self.dns.nameserver, *options)

    def rotate(self, *options, later=0):
        """(exit status, the domain's line)"""
        self.now += later
        status, out, err = proc.run(self.rotate_argv(*options))
        if err:
            tap.diag(err)
        return status, out.decode()

    def keys(self):
        status, obj, err = proc.run_json(self.argv('list', '--json'))
        if status != 0:
            raise RuntimeError('the state cannot be read: ' + err)
        return obj['keys']

    def stages(self):
        return {k['selector']: k['stage'] for k in self.keys()}

    def active(self):
        return [k for k in self.keys() if k['stage'] == 'active']

    def published(self, selector):
        return nameserver.query_txt(self.dns.port, '%s._domainkey.%s' % (
            selector, self.domain))
