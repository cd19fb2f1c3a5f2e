# SPDX-License-Identifier: BSD-2-Clause
"""What mailseald keeps for DMARC reports: random messages and their rows, in
both databases and several time zones; a kill at any moment; databases that
freeze, go away or are full.
"""
import collections
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'cross'))

import kept  # noqa: E402
import milter  # noqa: E402
import postgres  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

RANDOM = 1500
ZONES = ('Pacific/Kiritimati', 'America/St_Johns', 'Asia/Kolkata',
         'Pacific/Pago_Pago', 'Europe/Berlin')
AWAY = 'waits in memory until it answers'
BACK = 'it answers again after'


class Place:
    def __init__(self):
        self.top = proc.folder()
        self.mail = kept.Mail(self.top, 20261129)
        self.n = 0

    def folder(self):
        self.n += 1
        path = os.path.join(self.top, 'f%d' % self.n)
        os.mkdir(path)
        return path

    def daemon(self, store, start=True, env=None, **options):
        all_options = dict(self.mail.options(), ReportStore=store.where,
                           **options)
        return seald.Seald(self.folder(), all_options, start=start, env=env)

    def send(self, d, n):
        """n random messages; their rows."""
        want = collections.Counter()
        for _ in range(n):
            ip, path, text, row = self.mail.make()
            client = milter.Client(d.path)
            kept.play(client, ip, path, text)
            client.quit()
            want[row] += 1
        return want


def differences(got, want):
    lines = []
    for row in sorted(set(got) | set(want)):
        if got[row] != want[row]:
            lines.append('kept %d, sent %d: %r' % (got[row], want[row], row))
    return '\n'.join(lines[:6])


def check_rows(store, want, what):
    got = kept.rows(store)
    tap.ok(got == want, '%s: each message in its row' % what,
           differences(got, want))
    total = sum(want.values())
    tap.is_(kept.sums(store), (total, total),
            '%s: and the periods have the same sums' % what)


def randoms(p, store):
    d = p.daemon(store)
    want = p.send(d, RANDOM)
    tap.is_(d.stop(), 0, '%s: it stops' % store.name)
    tap.ok(len(want) > 200, '%d different rows' % len(want))
    check_rows(store, want, store.name)


def watching(p):
    """-t: nothing is done, and the reason says so."""
    store = kept.Sqlite(p.folder())
    d = p.daemon(store, start=False)
    d.prefix = ['env']
    argv = [tree.MAILSEALD, '-f', '-t', '-c', d.conf]
    d.server = proc.Server(argv, d.log, lambda: proc.unix_open(d.path))
    p.send(d, 200)
    d.stop()
    rows = [(r.disposition, r.reasons) for r in kept.rows(store)
            if 'pass' not in (r.dkim, r.spf)]
    tap.is_({x for x, _ in rows}, {'none'}, '-t: nothing was done')
    tap.ok({('none', ('local_policy',)), ('none', ()),
            ('none', ('mailing_list',)),
            ('none', ('policy_test_mode', 'local_policy'))} <= set(rows),
           '-t: with its reason', rows)


def time_zones(p):
    for name in ZONES:
        store = kept.Sqlite(p.folder())
        d = p.daemon(store, env=dict(os.environ, TZ=name))
        before = int(time.time()) // kept.DAY * kept.DAY
        want = p.send(d, 60)
        after = int(time.time()) // kept.DAY * kept.DAY
        d.stop()
        tap.ok(set(kept.days(store)) <= {before, after} and kept.days(store),
               name + ': the day is that of UTC', kept.days(store))
        check_rows(store, want, name)


def kills(p, store, n=6):
    """Each message is another row: none may count twice, and what was stored
    stays."""
    lock = threading.Lock()
    sent, d = [0], p.daemon(store)

    def run(stop):
        while not stop.is_set():
            with lock:
                sent[0] += 1
                number = sent[0]
            try:
                client = milter.Client(d.path)
                kept.play(client, kept.BAD, '<bounce@n%d.test>' % number,
                          p.mail.make()[2])
                client.quit()
            except (OSError, milter.Gone):
                pass
            # Hundreds of rows in a batch, and time for who writes them.
            time.sleep(0.005)

    for i in range(n):
        stop = threading.Event()
        threads = [threading.Thread(target=run, args=(stop,))
                   for _ in range(2)]
        for t in threads:
            t.start()
        # In the middle of a batch, or right after one.
        if i % 2:
            before = kept.stored(store)
            proc.wait_for(lambda n=before: kept.stored(store) > n, 'rows')
        else:
            time.sleep(2.0)
        d.kill()
        stop.set()
        for t in threads:
            t.join()
        os.unlink(d.path)
        d.start()
    tap.is_(d.stop(), 0, '%s: after %d kills it stops' % (store.name, n))
    found = store.query('SELECT envelope_from AS e, sum(messages) AS n FROM '
                        'mailseal_report_row GROUP BY envelope_from')
    tap.is_([x for x in found if x[1] != 1], [],
            '%s: no message counts twice' % store.name)
    tap.ok(0 < len(found) <= sent[0], '%s: %d of %d messages were stored '
           'before a kill' % (store.name, len(found), sent[0]))
    rows, periods = kept.sums(store)
    tap.is_(rows, periods, '%s: rows and periods agree' % store.name)


def wait_log(d, text):
    proc.wait_for(lambda: text in d.log_text(), text)


def check_return(d, store, want, what):
    tap.is_(d.stop(), 0, what + ': it stops')
    check_rows(store, want, what)
    tap.is_((d.log_text().count(AWAY), d.log_text().count(BACK)), (1, 1),
            what + ': said once, and once that it is over',
            d.log_text()[-3000:])


def metric(where, name):
    """The value of a metric; None: it has none."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(where)
        s.sendall(b'GET /metrics HTTP/1.0\r\n\r\n')
        text = b''.join(iter(lambda: s.recv(65536), b'')).decode()
    for line in text.splitlines():
        if line.startswith(name + ' '):
            return int(line.rpartition(' ')[2])
    return None


def locked(p):
    store = kept.Sqlite(p.folder())
    where = os.path.join(p.folder(), 'm')
    d = p.daemon(store, Metrics='unix:' + where)
    want = p.send(d, 20)
    proc.wait_for(lambda: kept.stored(store) == 20, 'the rows')
    proc.wait_for(lambda: metric(
        where, 'mailseal_report_messages_total{result="kept"}') == 20,
                  'their number')
    tap.is_(metric(where, 'mailseal_report_store_up'), 1, 'the store is up')
    db = sqlite3.connect(store.path)
    db.execute('BEGIN EXCLUSIVE')
    want += p.send(d, 100)
    wait_log(d, AWAY)
    want += p.send(d, 100)
    tap.ok(True, 'locked SQLite: 200 messages were answered')
    tap.is_(metric(where, 'mailseal_report_store_up'), 0, 'it is not')
    tap.ok(metric(where, 'mailseal_report_rows_pending') > 20,
           'rows wait for it')
    db.close()
    wait_log(d, BACK)
    proc.wait_for(lambda: metric(where, 'mailseal_report_rows_pending') == 0,
                  'no row to wait')
    tap.is_((metric(where, 'mailseal_report_rows_dropped_total'),
             metric(where, 'mailseal_report_messages_total{result="lost"}'),
             metric(where, 'mailseal_report_oldest_unsent_seconds')),
            (0, 0, 0), 'nothing is lost, and no report is late')
    check_return(d, store, want, 'locked SQLite')


def full(p):
    """A disk that is full, and then is not."""
    if os.geteuid() != 0:
        tap.skip('a full disk', 'only root can mount a small one')
        return
    folder = p.folder()
    status, _, err = proc.run(['mount', '-t', 'tmpfs', '-o', 'size=1m',
                               'mailseal', folder])
    if status != 0:
        tap.skip('a full disk', err.strip())
        return
    try:
        store = kept.Sqlite(folder)
        d = p.daemon(store)
        want = p.send(d, 20)
        proc.wait_for(lambda: kept.stored(store) == 20, 'the rows')
        ballast = os.path.join(folder, 'ballast')
        with open(ballast, 'wb', buffering=0) as f:
            try:
                while True:
                    f.write(bytes(1024))
            except OSError:
                pass
        want += p.send(d, 400)
        wait_log(d, AWAY)
        want += p.send(d, 100)
        os.unlink(ballast)
        wait_log(d, BACK)
        check_return(d, store, want, 'full disk')
    finally:
        proc.run(['umount', '-l', folder])


def signal_all(pids, number):
    """Of PostgreSQL: that of a client that has gone ends by itself."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def frozen(p, store):
    d = p.daemon(store)
    want = p.send(d, 20)
    proc.wait_for(lambda: kept.stored(store) == 20, 'the rows')
    with open(os.path.join(store.server.data, 'postmaster.pid'),
              encoding='ascii') as f:
        pid = int(f.readline())
    children = subprocess.run(['pgrep', '-P', str(pid)], check=True,
                              stdout=subprocess.PIPE).stdout.split()
    pids = [pid] + [int(c) for c in children]
    signal_all(pids, signal.SIGSTOP)
    try:
        want += p.send(d, 100)
        wait_log(d, AWAY)
        want += p.send(d, 100)
        tap.ok(True, 'frozen PostgreSQL: 200 messages were answered')
    finally:
        signal_all(pids, signal.SIGCONT)
    wait_log(d, BACK)
    check_return(d, store, want, 'frozen PostgreSQL')


def restarted(p, store):
    """A restart between two batches is no failure; a server that is down is
    one."""
    d = p.daemon(store)
    want = p.send(d, 20)
    proc.wait_for(lambda: kept.stored(store) == 20, 'the rows')
    store.server.stop()
    store.server.start()
    want += p.send(d, 20)
    proc.wait_for(lambda: kept.stored(store) == 40, 'more rows')
    tap.ok(AWAY not in d.log_text(), 'a restart is not noticed',
           d.log_text()[-2000:])
    store.server.stop()
    want += p.send(d, 50)
    wait_log(d, AWAY)
    want += p.send(d, 50)
    store.server.start()
    wait_log(d, BACK)
    check_return(d, store, want, 'PostgreSQL that was down')


def two_hosts(p, store):
    daemons = [p.daemon(store), p.daemon(store)]
    results = [None, None]

    def run(i):
        mail = kept.Mail(p.folder(), i)
        want = collections.Counter()
        for _ in range(300):
            ip, path, text, row = mail.make()
            if row.signatures:      # its key is not the zone's
                continue
            client = milter.Client(daemons[i].path)
            kept.play(client, ip, path, text)
            client.quit()
            want[row] += 1
        results[i] = want

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for d in daemons:
        tap.is_(d.stop(), 0, 'two hosts: one stops')
    check_rows(store, results[0] + results[1], 'two hosts, one database')


def gone_at_stop(p, store):
    """A database that is down does not keep the daemon."""
    d = p.daemon(store)
    store.server.stop()
    p.send(d, 20)
    tap.is_(d.stop(), 0, 'it stops without its database')
    tap.contains(d.log_text(), 'missing from DMARC reports',
                 'and says what is lost')
    store.server.start()


def unit_test(name, where):
    status, out, err = proc.run([os.path.join(
        tree.BUILD, 'test/unit/' + name), where])
    tap.ok(status == 0, name + ', in PostgreSQL',
           out.decode() + err)


def in_postgres(p):
    lacks = postgres.unavailable()
    if lacks:
        tap.skip('PostgreSQL', lacks)
        return
    server = postgres.Postgres(os.path.join(p.top, 'pg'))
    # A database with a time zone of its own.
    server.psql('mailseal', "ALTER DATABASE mailseal SET timezone = "
                "'Pacific/Kiritimati'")
    store = kept.Postgres(server)
    status, out = server.psql('mailseal', 'SELECT * FROM '
                              'mailseal_report_row', 'nobody')
    tap.ok(status != 0 and 'permission denied' in out,
           'another role has no access', out)
    for name in ('t_report_store', 't_report_store_read',
                 't_report_failures'):
        unit_test(name, store.where)
        store.clear()
    for test in (randoms, kills, frozen, restarted, two_hosts, gone_at_stop):
        store.clear()
        test(p, store)


def test():
    p = Place()
    randoms(p, kept.Sqlite(p.folder()))
    watching(p)
    time_zones(p)
    kills(p, kept.Sqlite(p.folder()))
    locked(p)
    full(p)
    in_postgres(p)


tap.main(test)
