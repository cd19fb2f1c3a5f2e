# SPDX-License-Identifier: BSD-2-Clause
"""world: what all integration tests need: keys, a name server with their
records, a sink, and a Postfix between them.
"""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import mta  # noqa: E402
import nameserver  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import pydkim  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import sink  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402

AUTHSERV = 'mx.here.example'

def require():
    """Ends the test, visibly, where there can be none."""
    mta.require()
    why = nameserver.unavailable()
    if why:
        tap.skip_all(why)
    if shutil.which('openssl') is None:
        tap.skip_all('openssl is not installed')


class World:
    def __init__(self, extra=''):
        """extra: further records, with absolute names."""
        self.top = proc.folder()
        self.keys = {k.selector: k for k in peers.keys(self.top)}
        records = {k.name: k.record for k in self.keys.values()}
        # What else the tests ask for.
        records['revoked._domainkey.example.com'] = 'v=DKIM1; p='
        text = zone.text(records)
        text += 'alias._domainkey.example.com. IN CNAME ' \
            'r2._domainkey.example.com.\n' + extra
        self.records = records
        self.zone = proc.write(os.path.join(self.top, 'zone'), text)
        self.nsd = nameserver.Nsd(os.path.join(self.top, 'nsd'), {
            '.': text, 'example.org': None})
        self.sink = sink.Sink()
        self.daemons = []
        self.postfix = None

    def daemon(self, name, **options):
        all_options = {
            'AuthservID': AUTHSERV,
            'Nameservers': '127.0.0.1@%d' % self.nsd.port,
            'InternalHosts': '10.0.0.0/8,!10.9.0.0/16,2001:db8:5::/48,'
                             '.inside.example',
            'MTA': 'ORIGINATING',
            # As smtp_line_length_limit of mta.py.
            'LineLengthLimit': '0',
            'Domain': 'example.com',
            'Selector': ['r2', 'e1'],
            'KeyFile': [self.keys['r2'].path, self.keys['e1'].path],
        }
        all_options.update({k.replace('_', '-'): v
                            for k, v in options.items()})
        d = seald.Seald(self.top, all_options, name)
        self.daemons.append(d)
        return d

    def start(self, services, main=(), more=(), files=()):
        top = os.path.join(self.top, 'pf')
        os.mkdir(top)
        self.postfix = mta.Postfix(top, self.sink.port, services, main,
                                   more, files)
        return self.postfix.ports

    def verify(self, data):
        """(results by mailseal verify, by python3-dkim), keys from nsd."""
        _, out, err = proc.run_json(
            [tree.MAILSEAL, 'verify', '--json', '--nameserver',
             '127.0.0.1@%d' % self.nsd.port], data)
        ours = [d['result'] for d in out['dkim']] if out else err
        return ours, [w for w, _ in pydkim.verify(data, self.nsd.txt)]

    def signed(self, data, selector='r2', *options):
        """The message signed by the command line, as if by someone else."""
        status, out, err = seal.sign(data, 'example.com', selector,
                                     self.keys[selector].path, *options)
        if status != 0:
            raise RuntimeError(err)
        return out

    def finish(self, expected=()):
        """Stops all; says what a daemon or Postfix complained about, but for
        complaints of Postfix's that match one of those expected."""
        self.postfix.stop()
        for d in self.daemons:
            name = os.path.basename(d.top)
            if d.server.alive():
                tap.is_(d.stop(), 0, 'mailseald %s ends well' % name,
                        d.log_text()[-3000:])
            tap.ok(not re.search('Sanitizer|runtime error|dumped core',
                                 d.log_text()),
                   'mailseald %s has no bad words in its log' % name,
                   d.log_text()[-3000:])
        complaints = [c for c in self.postfix.complaints()
                      if not any(re.search(x, c) for x in expected)]
        tap.is_(complaints, [], 'Postfix has no complaint')
        self.nsd.stop()


def message(mark, subject='a test', extra=b'', body=b'hello\r\n'):
    """A small message that the sink can find by its mark."""
    if isinstance(mark, str):
        mark = mark.encode()
    return (b'From: Joe <joe@example.com>\r\nTo: you@example.net\r\n'
            b'Subject: ' + subject.encode() + b'\r\n'
            b'Date: Thu, 05 May 2005 11:59:09 -0700\r\n'
            b'Message-ID: <' + mark + b'@example.com>\r\n' + extra +
            b'\r\n' + body)


def authres(data):
    """The values of the Authentication-Results fields, unfolded, with one
    space for white space."""
    return [' '.join(v.decode('utf-8', 'replace').split())
            for v in seal.fields_named(data, b'authentication-results')]


def ours_in(data):
    """Those that carry our authserv-id."""
    return [v for v in authres(data) if v.startswith(AUTHSERV + ';')]
