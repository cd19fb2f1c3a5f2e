# SPDX-License-Identifier: BSD-2-Clause
"""mailseal check over the network: a resolver that answers, one that does not,
and with --authoritative the name servers of the zone, which differ.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import knot  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
SERVERS = '@ NS ns1.d.example.\n@ NS ns2.d.example.\n' \
    'ns1 A 127.0.0.1\nns2 A 127.0.0.3\n'
ZONE = SERVERS + '@ MX 0 .\n@ TXT "v=spf1 -all"\n' \
    '_dmarc TXT "v=DMARC1; p=reject"\n'
OTHER = ZONE.replace('p=reject', 'p=none')
LAME = ZONE + '@ NS ns3.d.example.\nns3 A 127.0.0.4\n'


def check(nameserver, *options):
    return proc.run_json([tree.MAILSEAL, 'check', '--json', '--nameserver',
                          nameserver, '--dns-timeout', '2', 'd.example'] +
                         list(options))


def found(out, prefix='dns.'):
    return [(f['check'], f['severity'], f['subject'])
            for f in out['findings'] if f['check'].startswith(prefix)]


def check_server(name, zone, other_zone, want):
    first = knot.Knot(os.path.join(TOP, name + '1'), {'d.example': zone})
    second = knot.Knot(os.path.join(TOP, name + '2'),
                       {'d.example': other_zone}, ('127.0.0.3',), first.port)
    status, out, err = check(first.nameserver, '--authoritative',
                             '--authority-port', str(first.port))
    tap.is_(found(out), want, name, err)
    tap.is_(status, 0, name + ': exit status')
    if want and want[0][0] == 'dns.inconsistent':
        quotes = [f for f in out['findings']
                  if f['check'] == 'dns.inconsistent'][0]['found']
        tap.is_(quotes, ['ns1.d.example: v=DMARC1; p=reject',
                         'ns2.d.example: v=DMARC1; p=none'],
                name + ': who says what')
        _, out, _ = check(second.nameserver, '--authoritative',
                          '--authority-port', str(first.port), '--skip',
                          'dns.*')
        tap.is_(found(out), [], name + ': not selected')
    first.stop()
    second.stop()


def check_resolver():
    """A resolver whose answer is an older one."""
    first = knot.Knot(os.path.join(TOP, 'r1'), {'d.example': ZONE},
                      ('127.0.0.1', '127.0.0.3'))
    old = knot.Knot(os.path.join(TOP, 'r2'), {'d.example': OTHER})
    _, out, err = check(old.nameserver, '--authoritative',
                        '--authority-port', str(first.port))
    tap.is_(found(out), [('dns.resolver', 'info', '_dmarc.d.example')],
            'an old answer of the resolver', err)
    first.stop()
    old.stop()


def check_network():
    """Everything over the network: the same as from zone text."""
    dns = knot.Knot(os.path.join(TOP, 'net'), {'d.example': ZONE})
    path = proc.write(os.path.join(TOP, 'zone'), '$ORIGIN d.example.\n' + ''
                      .join(x + '\n' for x in ZONE.splitlines()))
    _, text, _ = proc.run_json([tree.MAILSEAL, 'check', '--json', '--zone',
                                path, 'd.example'])
    status, out, err = check(dns.nameserver)
    tap.is_(status, 0, 'over the network', err)
    tap.is_([(f['check'], f['severity']) for f in out['findings']],
            [(f['check'], f['severity']) for f in text['findings']],
            'the same findings as from zone text')
    dns.stop()
    status, out, err = check(dns.nameserver)
    tap.is_(status, 1, 'no server: exit status 1', err)
    tap.is_({f['severity'] for f in out['findings']}, {'unknown'},
            'no server: all is unknown, nothing is missing')


def main():
    why = knot.unavailable()
    if why:
        tap.skip_all(why)
    check_network()
    check_resolver()
    check_server('agree', ZONE, ZONE, [])
    check_server('differ', ZONE, OTHER,
                 [('dns.inconsistent', 'warn', '_dmarc.d.example')])
    check_server('lame', LAME, LAME, [('dns.lame', 'warn', 'ns3.d.example')])


tap.main(main)
