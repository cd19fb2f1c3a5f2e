#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's numbers: in its log, when asked for and by the clock, and over
HTTP for a monitor that may be hostile."""
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ['top_srcdir'], 'test', 'lib'))
import milter  # noqa: E402
import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

MESSAGE = (b'From: alice@example.com\r\nTo: bob@example.net\r\n'
           b'Subject: numbers\r\n\r\nx\r\n')


def send(daemon, data=MESSAGE, ip='192.0.2.1'):
    return proc.run([tree.MAILSEAL, 'try', '--milter', daemon.socket, '--ip',
                     ip, '--mail-from', 'alice@example.com', '--json'], data)


def events(daemon, kind):
    return [line for line in daemon.lines() if line['event'] == kind]


def text_events(daemon, kind):
    return re.findall('%s: (.*)' % kind, daemon.log_text())


def log_counters(top, zone):
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone}, 'json')
    send(daemon)
    daemon.server.signal(signal.SIGUSR1)
    line = proc.wait_for(lambda: events(daemon, 'counters'), 'counters')[0]
    tap.ok(line['messages'] == 1 and line['verified'] == 1,
           'JSON: counters are members', line)
    tap.is_(line['unsigned_no_active_key'], 0, 'why mail was not signed')
    tap.ok(line['dns_nodata'] + line['dns_nxdomain'] > 0 and
           line['dns_misses'] > 0 and 'dns_servers_up' in line,
           'those of the DNS, too', line)
    tap.is_({k for k, v in line.items() if not isinstance(v, int)},
            {'event', 'level'}, 'all are numbers')
    daemon.stop()
    tap.is_(len(events(daemon, 'counters')), 2, 'and at the end')
    text = seald.Seald(top, {'Mode': 'v', 'Zone': zone, 'LogFormat': 'text'},
                       'text')
    # Before the end of the start there is nothing to count.
    proc.wait_for(lambda: 'listens on' in text.log_text(), 'the start')
    text.stop()
    pairs = [pair.split('=') for pair in
             text_events(text, 'counters')[0].split(' ')]
    tap.is_({name for name, _ in pairs}, set(line) - {'event', 'level'},
            'text: the same ones')


def log_stats(top, zone):
    silent = seald.Seald(top, {'Mode': 'v', 'Zone': zone,
                               'StatsInterval': '0'}, 'silent')
    default = seald.Seald(top, {'Mode': 'v', 'Zone': zone}, 'default')
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone,
                               'StatsInterval': '1s'}, 'stats')
    lines = proc.wait_for(lambda: len(events(daemon, 'stats')) >= 3 and
                          events(daemon, 'stats'), 'three lines of stats')
    # Two of them may fall into one second.
    tap.ok(lines[2]['uptime_s'] > lines[0]['uptime_s'], 'stats by the clock',
           lines)
    tap.ok(not events(silent, 'stats') and not events(default, 'stats'),
           'not when it is off, nor before an hour')
    daemon.configure(StatsInterval='0')
    daemon.reload('is in service')
    n = len(events(daemon, 'stats'))
    silent.configure(StatsInterval='1s')
    silent.reload('is in service')
    proc.wait_for(lambda: len(events(silent, 'stats')) >= 2, 'stats')
    tap.is_(len(events(daemon, 'stats')), n, 'a reload turns it off, and on')
    for d in (silent, default, daemon):
        tap.is_(d.stop(), 0, 'it stops')


# What dashboards may rely on: each name, with its labels and its type.
CONTRACT = {
    'mailseal_build_info': (('version',), 'gauge'),
    'mailseal_start_time_seconds': ((), 'gauge'),
    'mailseal_config_reload_success': ((), 'gauge'),
    'mailseal_config_reload_time_seconds': ((), 'gauge'),
    'mailseal_process_deaths_total': (('process',), 'counter'),
    'mailseal_process_waiting': (('process',), 'gauge'),
    'mailseal_key_signatures_total': (('process',), 'counter'),
    'mailseal_key_signature_differences': ((), 'gauge'),
    'mailseal_messages_total': (('direction', 'action'), 'counter'),
    'mailseal_results_total': (('method', 'result'), 'counter'),
    'mailseal_message_seconds': (('le',), 'histogram'),
    'mailseal_dns_wait_seconds': (('le',), 'histogram'),
    'mailseal_signatures_total': (('result',), 'counter'),
    'mailseal_unsigned_total': (('reason',), 'counter'),
    'mailseal_keys': (('state',), 'gauge'),
    'mailseal_keys_kept': ((), 'gauge'),
    'mailseal_dns_queries_total': (('result',), 'counter'),
    'mailseal_dns_cache_hits_total': ((), 'counter'),
    'mailseal_dns_resolver_up': ((), 'gauge'),
    'mailseal_internal_errors_total': ((), 'counter'),
    'mailseal_second_opinion_disagreed_total': (('method',), 'counter'),
    'mailseal_report_messages_total': (('result',), 'counter'),
    'mailseal_report_store_up': ((), 'gauge'),
    'mailseal_report_rows_pending': ((), 'gauge'),
    'mailseal_report_oldest_unsent_seconds': ((), 'gauge'),
    'mailseal_report_rows_dropped_total': ((), 'counter'),
    'mailseal_report_received_reports': ((), 'gauge'),
    'mailseal_report_received_messages': (('result',), 'gauge'),
    'mailseal_report_received_time_seconds': ((), 'gauge'),
}
# They have a row of the table, but no value before reports are kept.
WITHOUT_VALUE = {name for name in CONTRACT if '_report_' in name}


class Page:
    """An answer: status, header (lower case), body."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b'\r\n\r\n')
        lines = head.decode().split('\r\n')
        self.status = int(lines[0].split(' ')[1]) if lines[0] else 0
        self.head = dict(line.lower().split(': ', 1) for line in lines[1:])
        self.text = self.body.decode()


def connect(where):
    """where: a port of the loopback address, or a path."""
    s = socket.socket(socket.AF_INET if isinstance(where, int)
                      else socket.AF_UNIX)
    s.settimeout(proc.PATIENCE_S)
    s.connect(('127.0.0.1', where) if isinstance(where, int) else where)
    return s


def read_all(s):
    raw = b''
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return raw
            raw += more
    except ConnectionResetError:
        return raw


def talk(where, request):
    with connect(where) as s:
        try:
            s.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return Page(read_all(s))


def wait_open(port):
    """The socket for mail is open a little earlier."""
    proc.wait_for(lambda: proc.port_open(port), 'the metrics to be served')
    return port


def get(where, path, method='GET'):
    return talk(where, ('%s %s HTTP/1.1\r\nHost: x\r\n\r\n' %
                        (method, path)).encode())


SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')


def parse(text):
    """{name: type}, {(name, ((label, value), ...)): number}."""
    types, samples = {}, {}
    for line in text.splitlines():
        if line.startswith('# TYPE '):
            _, _, name, kind = line.split(' ')
            types[name] = kind
        elif not line.startswith('#'):
            name, labels, value = SAMPLE.match(line).groups()
            pairs = tuple(re.findall(r'(\w+)="([^"]*)"', labels or ''))
            samples[name, pairs] = float(value)
    return types, samples


def metrics(where):
    return parse(get(where, '/metrics').text)[1]


def family(name):
    return re.sub('_(bucket|sum|count)$', '', name)


def contract(where):
    page = get(where, '/metrics')
    tap.ok(page.status == 200 and page.head['content-type'].startswith(
        'text/plain; version=0.0.4'), '/metrics', page.head)
    types, samples = parse(page.text)
    tap.is_({name: types.get(name) for name in CONTRACT},
            {name: kind for name, (_, kind) in CONTRACT.items()},
            'every name of the contract, with its type')
    for name, (labels, kind) in CONTRACT.items():
        got = {tuple(label for label, _ in pairs) for sample, pairs in samples
               if (family(sample) if kind == 'histogram' else sample) == name}
        want = {labels, ()} if kind == 'histogram' else {labels}
        tap.is_(got, set() if name in WITHOUT_VALUE else want,
                name + ': labels')
    if shutil.which('promtool'):
        p = subprocess.run(['promtool', 'check', 'metrics'],
                           input=page.body, capture_output=True, check=False)
        tap.ok(p.returncode == 0, 'promtool takes it', p.stderr)


def samples_of_etc(where):
    """Alerts and dashboard name nothing that does not exist."""
    types, samples = parse(get(where, '/metrics').text)
    values = {}
    for name, pairs in samples:
        for label, value in pairs:
            values.setdefault((family(name), label), set()).add(value)
    etc = os.path.join(tree.SRC, 'etc')
    for file in ('prometheus-alerts.yml', 'grafana-dashboard.json'):
        with open(os.path.join(etc, file), encoding='ascii') as f:
            text = f.read()
        if file.endswith('.json'):
            text = '\n'.join(target['expr'] for panel in
                             json.loads(text)['panels']
                             for target in panel['targets'])
        used = re.findall(r'(mailseal_\w+)(?:\{([^}]*)\})?', text)
        tap.ok(len(used) > 10, file + ': it uses some')
        tap.is_({name for name, _ in used if name not in types and
                 family(name) not in types}, set(), file + ': all exist')
        unknown = [(name, label, value) for name, labels in used
                   for label, op, value in re.findall(
                       r'(\w+)(=~|!=|=)"([^"]*)"', labels)
                   if label not in ('instance', 'job')
                   for value in value.split('|')
                   if value not in values.get((family(name), label), ())]
        tap.is_(unknown, [], file + ': and so do their labels')
        missing = {topic for topic in (
            'mailseal_unsigned_total', 'mailseal_dns_resolver_up',
            'mailseal_results_total', 'mailseal_key_oldest_time_seconds',
            'mailseal_second_opinion_disagreed_total',
            'mailseal_report_oldest_unsent_seconds') if topic not in text}
        tap.is_(missing, set(), file + ': nothing is left out')
    alerts = os.path.join(etc, 'prometheus-alerts.yml')
    if shutil.which('promtool'):
        status, out, err = proc.run(['promtool', 'check', 'rules', alerts])
        tap.ok(status == 0, 'promtool takes the alerts', (out, err))


def numbers(where, daemon):
    before = metrics(where)
    send(daemon)
    send(daemon, b'From: a@x\r\nFrom: b@x\r\n\r\nx\r\n')
    after = metrics(where)
    grown = {key: after[key] - before[key] for key in after
             if after[key] != before[key] and
             not key[0].endswith(('_bucket', '_sum')) and
             'dns' not in key[0]}
    tap.is_(grown, {
        ('mailseal_messages_total', (('direction', 'verify'),
                                     ('action', 'accept'))): 1,
        ('mailseal_messages_total', (('direction', 'verify'),
                                     ('action', 'reject'))): 1,
        ('mailseal_results_total', (('method', 'dkim'),
                                    ('result', 'none'))): 2,
        ('mailseal_results_total', (('method', 'spf'),
                                    ('result', 'none'))): 2,
        ('mailseal_results_total', (('method', 'dmarc'),
                                    ('result', 'none'))): 1,
        ('mailseal_message_seconds_count', ()): 2,
    }, 'two messages are counted')
    names = ('mailseal_dns_queries_total', 'mailseal_dns_cache_hits_total')
    before = {k: v for k, v in metrics(where).items() if k[0] in names}
    daemon.reload('is in service')
    after = metrics(where)
    tap.ok(sum(before.values()) > 0 and
           all(after[k] >= v for k, v in before.items()),
           'a reload, and no counter goes back', (before, after))


def bad_requests(where):
    for name, status, request in (
            ('another page', 404, b'GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
            ('a page below', 404,
             b'GET /metrics/x HTTP/1.1\r\nHost: x\r\n\r\n'),
            ('POST', 405, b'POST /metrics HTTP/1.1\r\nHost: x\r\n'
             b'Content-Length: 1000000000\r\n\r\nxxxx'),
            ('a method of no kind', 405,
             b'BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n'),
            ('chunks', 405, b'PUT /healthz HTTP/1.1\r\nHost: x\r\n'
             b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n'),
            ('HEAD', 200, b'HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n'),
            ('a query', 200,
             b'GET /healthz?x=%00%ff HTTP/1.1\r\nHost: x\r\n\r\n')):
        page = talk(where, request)
        tap.is_(page.status, status, name)
        tap.ok(page.head.get('connection') == 'close' and
               (name != 'HEAD' or not page.body), name + ': and it is closed')
    for name, request in (
            ('a long path', b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\n\r\n'),
            ('a long header', b'GET /metrics HTTP/1.1\r\nX: ' +
             b'a' * 100000 + b'\r\n\r\n'),
            ('many fields', b'GET /metrics HTTP/1.1\r\n' +
             b'X: y\r\n' * 20000 + b'\r\n'),
            ('no HTTP', b'\x16\x03\x01\x00\xff' + b'\xff' * 300),
            ('no Host', b'GET /metrics HTTP/1.1\r\n\r\n'),
            ('NUL', b'GET /metr\0ics HTTP/1.1\r\nHost: x\r\n\r\n')):
        page = talk(where, request)
        tap.ok(page.status == 0 or page.status >= 400, name + ': refused',
               page.status)
    with connect(where) as s:
        s.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' * 3)
        raw = read_all(s)
    tap.is_(raw.count(b'HTTP/1.1 '), 1, 'one request per connection')
    tap.is_(get(where, '/healthz').text, 'ok\n', 'it is well after all that')


def taken(daemon, where):
    """How many connections to this port the daemon holds."""
    top = '/proc/%d/' % daemon.child('mail')
    held = set()
    for fd in os.listdir(top + 'fd'):
        try:
            held.add(os.readlink(top + 'fd/' + fd))
        except FileNotFoundError:
            pass
    with open(top + 'net/tcp', encoding='ascii') as f:
        rows = [line.split() for line in f]
    return sum(row[1].endswith(':%04X' % where) and row[3] != '0A' and
               'socket:[%s]' % row[9] in held for row in rows[1:])


def crowd(where, daemon):
    """Clients that never finish: others wait for a while, mail does not."""
    slow = [connect(where) for _ in range(24)]
    for s in slow:
        s.sendall(b'GET /metrics HTTP/1.1\r\nHo')
    status, _, err = send(daemon)
    tap.is_(status, 0, 'mail goes on', err)
    n = proc.wait_for(lambda: taken(daemon, where), 'some to be taken')
    tap.ok(n <= 16, 'no more than 16 are taken', n)
    until = time.monotonic() + proc.PATIENCE_S
    done = []

    def drip():
        """Each client goes on, one octet at a time, until it is closed."""
        for s in slow:
            try:
                s.sendall(b'x')
            except OSError:
                done.append(s)
        return len(done) >= 16 or time.monotonic() > until
    while not drip():
        time.sleep(0.2)
    tap.ok(len(done) >= 16, 'a client that goes on for ever is sent away')
    for s in slow:
        s.close()
    tap.is_(get(where, '/healthz').status, 200, 'then others are served')
    hard = connect(where)
    hard.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    hard.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
    hard.close()
    tap.is_(get(where, '/healthz').status, 200, 'one that was cut off')
    proc.wait_for(lambda: taken(daemon, where) == 0,
                  'all connections to be closed')


def serve(top, zone):
    port = proc.free_port()
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone,
                               'Metrics': 'inet:%d' % port}, 'metrics')
    wait_open(port)
    contract(port)
    samples_of_etc(port)
    numbers(port, daemon)
    bad_requests(port)
    crowd(port, daemon)
    with open('/proc/net/tcp', encoding='ascii') as f:
        local = [line.split()[1] for line in f if ':%04X ' % port in line]
    tap.ok('0100007F:%04X' % port in local and '00000000:%04X' % port not in
           local, 'only this host can connect', local)
    with open(daemon.conf, 'a', encoding='ascii') as f:
        f.write('Nonsense\n')
    daemon.reload('not reloaded')
    tap.is_(metrics(port)['mailseal_config_reload_success', ()], 0,
            'a reload that failed shows')
    daemon.configure()
    daemon.reload('is in service')
    tap.is_(metrics(port)['mailseal_config_reload_success', ()], 1,
            'as does one that succeeded')
    tap.is_(daemon.stop(), 0, 'it stops')
    tap.ok(not proc.port_open(port), 'and nothing listens')


def move(top, zone):
    """A reload moves it; what is in the way does not stop mail."""
    port, path = proc.free_port(), os.path.join(top, 'metrics.sock')
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(('127.0.0.1', port))
        other.listen()
        # A sandbox does not admit a folder that only a reload names.
        daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone, 'Metrics':
                                   'inet:%d@localhost' % port,
                                   'Sandbox': 'no'}, 'move')
        proc.wait_for(lambda: 'Metrics: cannot listen on inet:%d' % port in
                      daemon.log_text(), 'the failure to be logged')
        tap.is_(send(daemon)[0], 0, 'and mail goes on')
    proc.wait_for(lambda: proc.port_open(port), 'the port to be taken')
    tap.is_(get(port, '/healthz').status, 200,
            'once it is free, it is served')
    tap.is_(daemon.log_text().count('Metrics: cannot'), 1, 'said once')
    daemon.configure(Metrics='unix:' + path)
    daemon.reload('is in service')
    tap.ok(get(path, '/healthz').status == 200 and
           stat.S_ISSOCK(os.stat(path).st_mode) and not proc.port_open(port),
           'a reload moves it')
    os.remove(path)
    proc.wait_for(lambda: proc.unix_open(path), 'the socket to be made again')
    tap.is_(get(path, '/healthz').status, 200, 'a socket that was removed')
    del daemon.options['Metrics']
    daemon.configure()
    daemon.reload('is in service')
    tap.ok(not os.path.exists(path), 'a reload ends it')
    proc.write(path, 'precious')
    daemon.configure(Metrics='unix:' + path)
    daemon.reload('is in service')
    tap.is_(daemon.stop(), 0, 'it stops')
    with open(path, encoding='ascii') as f:
        tap.is_(f.read(), 'precious', 'a file in its place is left alone')


def health(top, zone):
    port = proc.free_port()
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone, 'Metrics':
                               'inet:%d@127.0.0.1' % port}, 'health')
    wait_open(port)
    other = socket.socket(socket.AF_UNIX)
    other.bind(daemon.path + '.other')
    other.listen()
    os.rename(daemon.path + '.other', daemon.path)
    page = proc.wait_for(lambda: get(port, '/healthz').status == 503 and
                         get(port, '/healthz'), 'the loss to be noticed')
    tap.ok('socket' in page.text and page.text.count('\n') == 1,
           "another's socket: 503 says why, in a line", page.text)
    other.close()       # a stale one is replaced
    proc.wait_for(lambda: get(port, '/healthz').status == 200, 'it to be well')
    client = milter.Client(daemon.path, milter.STEPS_WAIT)
    client.connect('192.0.2.1')
    client.mail('<a@example.com>')
    daemon.server.signal(signal.SIGTERM)
    page = proc.wait_for(lambda: get(port, '/healthz').status == 503 and
                         get(port, '/healthz'), 'the end to show')
    tap.contains(page.text, 'stopping', 'while it waits for a message: 503')
    tap.is_(get(port, '/metrics').status, 200, 'and its numbers')
    client.close()
    tap.is_(daemon.server.wait(), 0, 'then it ends')


def no_name_server(top):
    port, dns = proc.free_port(), proc.free_port((socket.SOCK_DGRAM,))
    daemon = seald.Seald(top, {
        'Mode': 'v', 'Nameservers': '127.0.0.1@%d' % dns, 'DNSTimeout': '2',
        'Metrics': 'inet:%d' % port}, 'dead')
    wait_open(port)
    send(daemon)
    page = proc.wait_for(lambda: get(port, '/healthz').status == 503 and
                         get(port, '/healthz'), 'it to be ill')
    tap.contains(page.text, 'name server', 'no name server: 503')
    tap.is_(metrics(port)['mailseal_dns_resolver_up', ()], 0,
            'and the metric says so')
    key = os.path.join(top, 'key')
    proc.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', key])
    os.chmod(key, 0o600)
    daemon.configure(Mode='s', Domain='example.com', Selector='s',
                     KeyFile=key)
    daemon.reload('is in service')
    tap.is_(get(port, '/healthz').status, 200, 'who only signs needs none')
    daemon.stop()


def null_sender(top, zone):
    """Postfix passes no brackets with a bounce of its own."""
    daemon = seald.Seald(top, {'Mode': 'v', 'Zone': zone}, 'null')
    client = milter.Client(daemon.path)
    client.connect('192.0.2.1')
    client.helo()
    for sender in '', '<>':
        client.message(sender=sender)
    client.close()
    tap.is_(daemon.stop(), 0, 'null senders: it stops')
    tap.is_([x['mail_from'] for x in daemon.lines() if 'mail_from' in x],
            ['<>', '<>'], 'both are the same in the log')


def main():
    top = proc.folder()
    zone = proc.write(os.path.join(top, 'zone'), '')
    log_counters(top, zone)
    log_stats(top, zone)
    serve(top, zone)
    move(top, zone)
    null_sender(top, zone)
    health(top, zone)
    no_name_server(top)


tap.main(main)
