# SPDX-License-Identifier: BSD-2-Clause
"""knot: a Knot DNS server of our own on loopback, a primary that takes
updates signed with a TSIG key."""
import os
import shutil
import socket
import subprocess

import proc

SECRET = 'c2VjcmV0IGZvciBhIHRlc3QsIGFuZCBub3RoaW5nIGVsc2U='

CONFIG = '''server:
    rundir: "{top}"
    pidfile: "{top}/knot.pid"
{listen}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{top}"
log:
  - target: stderr
    any: info
key:
  - id: test.
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    key: test.
    action: update
template:
  - id: default
    storage: "{top}"
    acl: update
zone:
'''

HEAD = '''$ORIGIN {zone}.
$TTL {ttl}
@ SOA {primary} root 1 3600 600 86400 {negative}
'''


def unavailable():
    for program in ('knotd', 'knsupdate'):
        if shutil.which(program, path=_PATH) is None:
            return program + ' is not installed'
    return None


_PATH = os.environ.get('PATH', '') + ':/usr/sbin:/usr/local/sbin'


class Knot:
    """zones: {zone name: records, with their NS, as master-file text}."""

    def __init__(self, top, zones, addresses=('127.0.0.1',), port=None,
                 ttl=60, negative=300):
        os.mkdir(top)
        self.address = addresses[0]
        self.port = port or proc.free_port((socket.SOCK_STREAM,
                                            socket.SOCK_DGRAM))
        # As nsupdate(1) of BIND takes it.
        self.key = proc.write(os.path.join(top, 'tsig.key'),
                              'key "test." {\n\talgorithm hmac-sha256;\n'
                              '\tsecret "%s";\n};\n' % SECRET, 0o600)
        config = CONFIG.format(
            top=top, secret=SECRET,
            listen='\n'.join('    listen: %s@%d' % (a, self.port)
                             for a in addresses))
        for zone, text in zones.items():
            config += '  - domain: %s\n    file: %s.zone\n' % (zone, zone)
            proc.write(os.path.join(top, zone + '.zone'), HEAD.format(
                zone=zone, ttl=ttl, negative=negative,
                primary=text.split('NS ')[1].split('\n')[0]) + text)
        path = proc.write(os.path.join(top, 'knot.conf'), config)
        self.server = proc.Server(
            [shutil.which('knotd', path=_PATH), '-c', path],
            os.path.join(top, 'knot.log'), self._ready)

    def _ready(self):
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex((self.address, self.port)) == 0

    @property
    def nameserver(self):
        """As --nameserver and UpdateServer take it."""
        return '%s@%d' % (self.address, self.port)

    def update(self, zone, *lines):
        """Lines of nsupdate, between "zone" and "send"."""
        script = 'server %s %d\nzone %s.\n%s\nsend\n' % (
            self.address, self.port, zone, '\n'.join(lines))
        subprocess.run(['knsupdate', '-y', 'hmac-sha256:test:' + SECRET],
                       check=True,
                       input=script.encode('ascii'),
                       stdout=subprocess.DEVNULL)

    def stop(self):
        self.server.stop()
