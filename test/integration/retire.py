# SPDX-License-Identifier: BSD-2-Clause
"""RetireAfterReports: a retired key is revoked only when reports of other hosts,
which mailseal report read has stored, show that the next key passes; or after
RetireLongest.
"""
import os
import pwd
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import knot  # noqa: E402
from life import DAY, Life  # noqa: E402
import proc  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
NEGATIVE = 300
ZONE = '''@ NS ns1
ns1 A 127.0.0.1
'''
REPORT = '''<?xml version="1.0"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><report_metadata>
<org_name>%(org)s</org_name><email>d@%(org)s</email>
<report_id>%(id)s</report_id><date_range><begin>%(begin)d</begin>
<end>%(end)d</end></date_range></report_metadata>
<policy_published><domain>%(domain)s</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>3</count>
<policy_evaluated><disposition>none</disposition><dkim>%(result)s</dkim>
<spf>fail</spf></policy_evaluated></row><identifiers>
<header_from>%(domain)s</header_from></identifiers><auth_results><dkim>
<domain>%(domain)s</domain><selector>%(selector)s</selector>
<result>%(result)s</result></dkim></auth_results></record></feedback>
'''


class Reported(Life):
    """Keys, and a store of reports."""

    count = 0

    def __init__(self, name, dns, **policy):
        self.reports = os.path.join(TOP, name + '.db')
        options = {'RetireAfterReports': 'yes', 'RetireReporters': '2',
                   'RetireLongest': '40d',
                   'ReportStore': 'sqlite:' + self.reports}
        options.update(policy)
        Life.__init__(self, os.path.join(TOP, name), dns, options,
                      name + '.example')
        self.daemon_conf = proc.write(
            os.path.join(TOP, name + '.mailseald.conf'),
            'Mode v\nKeyStore none\nReportStore sqlite:%s\n' % self.reports,
            0o600)

    def begin(self):
        """Until the old key is retired; the name of the new one."""
        self.new('-s', 'old')
        self.rotate()
        self.rotate(later=NEGATIVE)
        self.rotate(later=90 * DAY)
        self.rotate(later=NEGATIVE)
        self.fresh = [k['selector'] for k in self.active()][0]
        self.retired = self.now
        tap.is_(self.stages(), {'old': 'retired', self.fresh: 'active'},
                'a key was rotated')

    def report(self, org, selector=None, result='pass', begin=None):
        Reported.count += 1
        begin = self.now if begin is None else begin
        status, out, err = proc.run(
            [tree.MAILSEAL, 'report', 'read', '--store', '-c',
             self.daemon_conf, '--json'], (REPORT % {
                 'org': org, 'id': Reported.count, 'begin': begin,
                 'end': begin + DAY - 1, 'domain': self.domain,
                 'selector': selector or self.fresh,
                 'result': result}).encode())
        if status != 0:
            raise RuntimeError(err + out.decode())

    def old(self):
        return [k for k in self.keys() if k['selector'] == 'old'][0]

    def stage(self, later=0):
        self.rotate(later=later)
        return self.stages()['old']


def reporters(dns):
    life = Reported('seen', dns)
    life.begin()
    for org in ('a.example', 'b.example', 'c.example'):
        life.report(org, begin=life.retired - DAY)
        life.report(org, 'old')
        life.report(org, result='fail')
    old = life.old()
    tap.is_(old['reports'], {
        'selector': life.fresh, 'reporters': 0, 'needed': 2,
        'until': life.retired + 40 * DAY, 'waits': True},
        'reports from before, of the old key and of failures do not count')
    tap.ok(' or later: 0 of 2 reporters saw %s pass; at the latest ' %
           life.fresh in old['next'], 'list says so', old['next'])
    life.report('a.example')
    life.report('a.example', begin=life.now + DAY)
    tap.is_(life.old()['reports']['reporters'], 1,
            'a reporter counts once')
    tap.is_(life.stage(later=14 * DAY), 'retired',
            'one of two: the key waits after its time')
    status, line = life.rotate()
    tap.ok(status == 0 and 'too few reports show that the key in its place '
           'passes' in line, 'rotate says why', line)
    status, _, err = proc.run(life.argv('revoke', '-d', life.domain, '-s',
                                        'old'))
    tap.ok(status == 1 and 'too few reports' in err, 'so does revoke', err)
    life.report('b.example')
    tap.is_(life.stage(), 'revoked', 'two of two')


def early(dns):
    """Reports never shorten the time."""
    life = Reported('early', dns)
    life.begin()
    for org in ('a.example', 'b.example'):
        life.report(org)
    tap.is_(life.stage(later=14 * DAY - 1), 'retired', 'before its time')
    tap.is_(life.old()['reports']['waits'], False, 'it waits for the time')
    tap.is_(life.stage(later=1), 'revoked', 'not longer')


def longest(dns):
    """Without reports, or a store, the key waits for its longest time."""
    life = Reported('longest', dns)
    life.begin()
    tap.is_(life.stage(later=40 * DAY - 1), 'retired', 'no store: it waits')
    status, out, err = proc.run(life.argv('list'))
    tap.ok(b'an unknown number of 2 reporters' in out and
           'RetireLongest' in err, 'list says so', [out, err])
    tap.is_(life.stage(later=1), 'revoked', 'RetireLongest is over')
    life = Reported('forced', dns)
    life.begin()
    status, _, err = proc.run(life.argv('revoke', '-d', life.domain, '-s',
                                        'old', '--force'))
    tap.is_((status, life.stages()['old']), (0, 'revoked'),
            'revoke --force', err)
    life = Reported('none', dns, ReportStore='none')
    life.begin()
    _, _, err = proc.run(life.argv('list'))
    tap.contains(err, 'ReportStore is none', 'list says that there is no store')
    life = Reported('off', dns, RetireAfterReports='no')
    life.begin()
    tap.is_(life.old()['reports'], None, 'RetireAfterReports no')
    tap.is_(life.stage(later=14 * DAY), 'revoked', 'nothing is waited for')


def owner(dns):
    """The store is read with the permissions of its owner, which is the
    daemon's user: no file of root's, no link to what is root's."""
    if os.geteuid() != 0:
        tap.skip('root', 'not root')
        return
    life = Reported('owner', dns)
    uid = pwd.getpwnam('nobody').pw_uid
    folder = os.path.join(TOP, 'owned')
    os.mkdir(folder)
    os.chmod(TOP, 0o755)
    life.begin()
    life.report('a.example')
    path = os.path.join(folder, 'reports.db')
    os.rename(life.reports, path)
    for name in (folder, path):
        os.chown(name, uid, -1)
    text = open(life.conf, encoding='ascii').read()
    proc.write(life.conf, text.replace(life.reports, path))
    held = sqlite3.connect(path)    # so that the files beside it stay
    os.seteuid(uid)
    held.execute('SELECT count(*) FROM mailseal_report_row').fetchall()
    os.seteuid(0)
    for i in range(2):
        tap.is_(life.old()['reports']['reporters'], 1, 'root reads it')
        tap.is_({os.stat(os.path.join(folder, name)).st_uid
                 for name in os.listdir(folder)}, {uid},
                'all files are the owner\'s', os.listdir(folder))
        if i == 0:
            held.close()
    target = os.path.join(TOP, 'target.db')
    os.rename(path, target)
    os.chown(target, 0, 0)
    os.chmod(target, 0o600)
    os.symlink(target, path)
    os.chown(path, uid, -1, follow_symlinks=False)
    status, obj, err = proc.run_json(life.argv('list', '--json'))
    old = [k for k in obj['keys'] if k['selector'] == 'old'][0]
    tap.is_((status, old['reports']['reporters']), (0, None),
            'a link of the owner gives no permissions of root\'s', err)


def main():
    why = knot.unavailable() or (
        None if shutil.which('nsupdate') else 'nsupdate is not installed')
    if why:
        tap.skip_all(why)
    dns = knot.Knot(os.path.join(TOP, 'knot'), {
        name + '.example': ZONE for name in (
            'seen', 'early', 'longest', 'forced', 'none', 'off',
            'owner')},
        ('127.0.0.1',), negative=NEGATIVE)
    for test in (reporters, early, longest, owner):
        test(dns)


tap.main(main)
