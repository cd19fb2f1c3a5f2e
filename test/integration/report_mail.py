# SPDX-License-Identifier: BSD-2-Clause
"""Reports on their way: a real Postfix carries them from one mailseald, which
signs them, to another, which verifies them; one that bounces suppresses its
address. A message that fails causes a failure report, which goes the same way.
"""
import email
import email.policy
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import report_store as rs  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import world  # noqa: E402
from report_store import policy, row  # noqa: E402

D0 = 1795651200
RECORDS = '''example.com. IN TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.example.com. IN TXT "v=DMARC1; p=reject"
_dmarc.d.example. IN TXT "v=DMARC1; p=reject; rua=mailto:rua@d.example; ruf=mailto:ruf@d.example"
d.example. IN TXT "v=spf1 -all"
'''
USER = 'nobody'


def fill(store):
    store.add(policy('d.example'), D0, [
        row('d.example', '192.0.2.%d' % i, i + 1) for i in range(20)] + [
        row('d.example', '2001:db8::%x' % i, 2, good=False)
        for i in range(1, 5)])
    store.add(policy('gone.example'), D0, [row('gone.example')])


def report(conf, verb, *args):
    return proc.run([tree.MAILSEAL, 'report', verb, '-c', conf] + list(args))


def start(w, a, b, bounce_conf):
    port = proc.free_port()
    master = [
        # The other host: what it took goes to the sink.
        '127.0.0.1:%d inet n - n - - smtpd' % port,
        ' -o { smtpd_milters = %s }' % b.socket,
        ' -o { myhostname = mx.d.example }',
        ' -o { content_filter = smtp:[127.0.0.1]:%d }' % w.sink.port,
        # As the manual has it.
        'mailseal-bounce unix - n n - 2 pipe',
        '  flags=q user=%s null_sender=' % USER,
        '  argv=%s report bounce -c %s ${extension}' % (
            w.program, bounce_conf)]
    w.start({}, {
        'non_smtpd_milters': a.socket, 'recipient_delimiter': '+',
        'myorigin': 'example.com',
        'mailseal-bounce_destination_recipient_limit': '1',
        'transport_maps': 'inline:{d.example=smtp:[127.0.0.1]:%d, '
                          'gone.example=error:gone, '
                          'bounces@example.com=mailseal-bounce}' % port},
        master)


def check_report(w, b):
    got = w.sink.take(b'Report Domain: d.example')
    results = world.ours_in(got.data)
    tap.ok(len(results) == 1 and ' dkim=pass ' in results[0] and
           ' spf=pass ' in results[0] and ' dmarc=pass ' in results[0],
           'the other host: dkim, spf and dmarc pass', results)
    tap.ok(got.sender.startswith('<bounces+'), 'the return path', got.sender)
    ours, theirs = w.verify(got.data)
    tap.is_((ours, theirs), (['pass'], ['pass']),
            'python3-dkim verifies it, too')
    path = proc.write(os.path.join(w.top, 'got'), got.data)
    _, out, err = proc.run_json([tree.MAILSEAL, 'report', 'read', '--json',
                                 path])
    v = out['reports'][0]
    tap.is_({k: v[k] for k in ('domain', 'messages', 'records', 'dmarc_pass',
                               'dkim_aligned', 'begin', 'warnings')},
            {'domain': 'd.example', 'messages': 218, 'records': 24,
             'dmarc_pass': 210, 'dkim_aligned': 210, 'begin': D0,
             'warnings': []}, 'report read: the same numbers', err)
    tap.is_(v['disposition'], {'none': 0, 'pass': 210, 'quarantine': 0,
                               'reject': 8, 'other': 0}, 'what was done')
    proc.wait_for(lambda: any(x.get('direction') == 'verify'
                              for x in b.lines()), 'its line')
    tap.ok(True, 'the other mailseald verified it')


def fail(w, a, store):
    """A message in the name of d.example that does not pass."""
    status, out, err = proc.run(
        [tree.MAILSEAL, 'try', '--milter', a.socket, '--ip', '203.0.113.7',
         '--mail-from', 'spam@d.example', '--rcpt', 'you@example.com'],
        world.message('forged').replace(b'joe@example.com',
                                        b'ceo@d.example'))
    tap.is_(status, 0, 'a message that fails', [out, err])
    proc.wait_for(lambda: store.rows('SELECT * FROM mailseal_report_failure'),
                  'the failure report to be stored')


def check_failure(w):
    got = w.sink.take(b'Subject: DMARC failure report')
    results = world.ours_in(got.data)
    tap.ok(len(results) == 1 and ' dkim=pass ' in results[0] and
           ' spf=pass ' in results[0] and ' dmarc=pass ' in results[0],
           'failure report: dkim, spf and dmarc pass', results)
    tap.ok(got.sender.startswith('<bounces+'), 'its return path', got.sender)
    message = email.message_from_bytes(got.data, policy=email.policy.default)
    parts = message.get_payload()
    feedback = parts[1].get_payload()[0]
    tap.is_((message.get_content_type(), message.get_param('report-type'),
             len(parts), feedback['Reported-Domain'], feedback['Source-IP'],
             feedback['Auth-Failure'], feedback['Identity-Alignment']),
            ('multipart/report', 'feedback-report', 3, 'd.example',
             '203.0.113.7', 'dmarc', 'dkim, spf'), 'what it says')
    tap.ok(not any(x in got.data for x in (b'ceo@', b'spam@', b'hello',
                                           b'you@')),
           'and what it does not say', got.data)


def main():
    world.require()
    w = world.World(RECORDS)
    folder = os.path.join(w.top, 'store')
    os.mkdir(folder)
    store = rs.Store(os.path.join(folder, 'reports.db'))
    fill(store)
    for name in [''] + os.listdir(folder):
        os.chmod(os.path.join(folder, name), 0o777)
    sendmail = proc.write(os.path.join(w.top, 'sendmail'), '#!/bin/sh\n'
                          'exec /usr/sbin/sendmail -C %s/pf/etc "$@"\n' %
                          w.top, 0o755)
    common = {'ReportFrom': 'dmarc@example.com',
              'ReportReturnPath': 'bounces@example.com',
              'ReportStore': store.where, 'FailureReports': 'yes'}
    a = w.daemon('a', InternalHosts='127.0.0.1', Selector='r2',
                 KeyFile=w.keys['r2'].path,
                 ReportTransport='sendmail:' + sendmail, **common)
    b = w.daemon('b', Mode='v', Domain=[], Selector=[], KeyFile=[],
                 InternalHosts='10.0.0.0/8')
    # Where the pipe's user can reach it; the build may be in a closed folder.
    w.program = shutil.copy(tree.MAILSEAL, w.top)
    bounce_conf = proc.write(os.path.join(w.top, 'bounce.conf'), ''.join(
        '%s %s\n' % x for x in dict(common, KeyStore='none',
                                    Mode='v').items()), 0o644)
    start(w, a, b, bounce_conf)
    fail(w, a, store)
    status, out, err = report(a.conf, 'send', '--json')
    tap.is_((status, err), (0, ''), 'all reports are handed over', out)
    check_report(w, b)
    check_failure(w)
    proc.wait_for(lambda: store.rows(
        'SELECT * FROM mailseal_report_suppression'), 'the bounce')
    _, out, _ = report(a.conf, 'suppress')
    tap.ok(b'rua@gone.example: bounced' in out, 'the bounce suppresses', out)
    w.finish()


tap.main(main)
