# SPDX-License-Identifier: BSD-2-Clause
"""Two hosts that report to each other, for ten days: after the one day with mail
of people no report causes another one.

A day passes by moving what the daemons stored to the day that is simulated.
"""
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import kept  # noqa: E402
import milter  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

DAYS = 10
DAY = kept.DAY
IP = '192.0.2.10'
NAMES = ('a.test', 'b.test')


class Host:
    def __init__(self, top, name, key, zone, **options):
        self.name = name
        self.store = os.path.join(top, name + '.db')
        self.out = os.path.join(top, name + '.out')
        os.mkdir(self.out)
        self.sent = set()
        all_options = {
            'AuthservID': 'mx.' + name, 'Zone': zone, 'Domain': name,
            'Selector': 'e1', 'KeyFile': key.path,
            'InternalHosts': '127.0.0.1', 'ReportFrom': 'dmarc@' + name,
            'ReportStore': 'sqlite:' + self.store, 'ReportRetention': '90d'}
        all_options.update(options)
        self.daemon = seald.Seald(top, all_options, name, start=False)

    def receive(self, mails, day):
        """Takes them on that day: [(reverse-path, mail)]."""
        self.daemon.start()
        for path, text in mails:
            client = milter.Client(self.daemon.path)
            answer = kept.play(client, IP, path, text)
            tap.is_(answer[:1], b'c', 'it is accepted', answer)
            client.quit()
        tap.is_(self.daemon.stop(), 0, 'the daemon ends well')
        db = sqlite3.connect(self.store)
        with db:
            for table in ('period', 'row'):
                db.execute('UPDATE mailseal_report_%s SET day = ? '
                           'WHERE day > ?' % table,
                           (day, int(time.time()) - 2 * DAY))
        db.close()

    def reports(self, day):
        """What it sends when that day has ended."""
        status, _, err = proc.run([
            tree.MAILSEAL, 'report', 'send', '-c', self.daemon.conf, '--out',
            self.out, '--now', str(day + DAY + 600)])
        tap.is_((status, err), (0, ''), 'its reports')
        new = sorted(set(os.listdir(self.out)) - self.sent)
        self.sent |= set(new)
        mails = []
        for name in new:
            with open(os.path.join(self.out, name), 'rb') as f:
                mails.append(('<dmarc+tag@%s>' % self.name,
                              f.read().replace(b'\n', b'\r\n')))
        return mails


def run(days, **options):
    """The number of reports after each day."""
    top = proc.folder()
    key = peers.Key(top, 'e1', 'ed25519-sha256')
    zone = proc.write(os.path.join(top, 'zone'), ''.join(
        '{0}. TXT "v=spf1 ip4:{1} -all"\n_dmarc.{0}. TXT "v=DMARC1; p=reject;'
        ' rua=mailto:rua@{0}"\ne1._domainkey.{0}. TXT "{2}"\n'.format(
            name, IP, key.record) for name in NAMES))
    hosts = [Host(top, name, key, zone, **options) for name in NAMES]
    first = int(time.time()) // DAY * DAY - 30 * DAY
    mails = []
    for name in NAMES:
        _, text, _ = seal.sign(('From: joe@%s\r\n\r\nhello\r\n' % name)
                               .encode(), name, 'e1', key.path)
        mails.append([('<joe@%s>' % name, text)])
    counts = []
    for i in range(days):
        day = first + i * DAY
        for host, other in ((0, 1), (1, 0)):
            hosts[host].receive(mails[other], day)
        mails = [host.reports(day) for host in hosts]
        counts.append(sum(len(m) for m in mails))
    return counts


def main():
    tap.is_(run(DAYS), [2] + [0] * (DAYS - 1),
            'two reports about two mails, none about reports')
    tap.is_(run(3, ReportAboutReports='yes'), [2] * 3,
            'ReportAboutReports yes: without end')


tap.main(main)
