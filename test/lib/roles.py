# SPDX-License-Identifier: BSD-2-Clause
"""roles: the processes of one mailseald, what their memory holds, and which
descriptors they have."""
import ctypes
import os
import re
import signal

import proc

LANDLOCK_CREATE_RULESET = 444
ROLES = ('parent', 'keys', 'mail')
TITLE = re.compile(r'mailseald: (parent|keys|mail)')
CHUNK = 1 << 20
# Not read by anyone but the kernel, or not memory.
SPECIAL = ('[vvar]', '[vvar_vclock]', '[vsyscall]')


def _text(pid, name):
    try:
        with open('/proc/%d/%s' % (pid, name), 'rb') as f:
            return f.read().decode('utf-8', 'replace')
    except OSError:
        return ''


def has_landlock():
    """By its version, which the kernel says to anybody."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) > 0


def status(pid, field):
    found = re.search('^%s:\\s*(.*)$' % field, _text(pid, 'status'), re.M)
    return found.group(1) if found else ''


def family(pid):
    """The process and what descends from it."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            parents.setdefault(status(int(name), 'PPid'), []).append(
                int(name))
    found, new = [], [pid]
    while new:
        found += new
        new = [c for p in new for c in parents.get(str(p), [])]
    return found


def rss_kib(pid):
    """Of all of them. What they share counts for each."""
    return sum(int(status(p, 'VmRSS').split()[0]) for p in family(pid)
               if status(p, 'VmRSS'))


def find(pid):
    """{role: pid} of those that live."""
    found = {}
    for p in family(pid):
        m = TITLE.search(_text(p, 'cmdline').replace('\0', ' '))
        if m and status(p, 'State')[:1] not in ('Z', 'X', ''):
            found[m.group(1)] = p
    return found


def wait(pid, without=()):
    """All three, none of the processes `without` among them."""
    def complete():
        found = find(pid)
        return found if set(found) == set(ROLES) and not set(
            found.values()) & set(without) else None
    return proc.wait_for(complete, 'the three processes')


def settle(daemon):
    """Waits for the end of the start: mail is answered before, and a death
    until then ends the daemon."""
    line = '"event":"counters"'
    before = daemon.log_text().count(line)
    daemon.server.signal(signal.SIGUSR1)
    proc.wait_for(lambda: daemon.log_text().count(line) > before,
                  'the end of the start')


def _maps(pid):
    for line in _text(pid, 'maps').splitlines():
        where, rights, _, _, _, *name = line.split(None, 5)
        if rights[0] == 'r' and (not name or name[0] not in SPECIAL):
            begin, end = (int(x, 16) for x in where.split('-'))
            yield begin, end, name[0] if name else ''


def search(pid, needles):
    """({name of a needle: where it was found}, octets read)."""
    overlap = max(len(v) for v in needles.values()) - 1
    found, read = {}, 0
    with open('/proc/%d/mem' % pid, 'rb', 0) as memory:
        for begin, end, name in _maps(pid):
            before = b''
            for at in range(begin, end, CHUNK):
                try:
                    memory.seek(at)
                    data = memory.read(min(CHUNK, end - at))
                except OSError:         # a file that is shorter than its map
                    break
                read += len(data)
                data = before + data
                for key, value in needles.items():
                    if value in data:
                        found.setdefault(key, name or hex(begin))
                before = data[-overlap:] if overlap else b''
    return found, read


def _elements(der):
    """The numbers of a SEQUENCE of INTEGERs."""
    def element(data):
        n, at = data[1], 2
        if n & 0x80:
            at += n & 0x7f
            n = int.from_bytes(data[2:at], 'big')
        return data[at:at + n], data[at + n:]
    rest, _ = element(der)
    while rest:
        value, rest = element(rest)
        yield value.lstrip(b'\0')


def _openssl(*args):
    code, out, err = proc.run(['openssl'] + list(args))
    if code != 0:
        raise RuntimeError(err)
    return out


def _middle(value):
    """Part of it, since the allocator overwrites the ends of what is free."""
    n = min(len(value), 24)
    at = (len(value) - n) // 2
    return value[at:at + n]


def secrets(path):
    """{name: octets} of the private key in a PEM file: parts that are long
    enough to be nothing else, in both orders, and of the PEM text."""
    name = os.path.basename(path)
    with open(path, 'rb') as f:
        lines = [line for line in f.read().splitlines()
                 if not line.startswith(b'-')]
    der = _openssl('pkey', '-in', path, '-outform', 'DER')
    if len(der) < 100:
        values = {'seed': der[-32:]}
    else:
        der = _openssl('rsa', '-in', path, '-traditional', '-outform', 'DER')
        numbers = dict(zip(('version', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq',
                            'qinv'), _elements(der)))
        values = {k: numbers[k] for k in ('p', 'q', 'd', 'dp', 'dq', 'qinv')}
    found = {}
    for key, value in values.items():
        found['%s %s' % (name, key)] = _middle(value)
        found['%s %s, little-endian' % (name, key)] = _middle(value[::-1])
    # The first lines of a key say which kind it is.
    for at in sorted({len(lines) // 2, len(lines) * 3 // 4}):
        found['%s PEM %d' % (name, at)] = _middle(lines[at])
    return found


def descriptors(pid):
    """{number: what it is}"""
    found = {}
    for n in os.listdir('/proc/%d/fd' % pid):
        try:
            found[int(n)] = os.readlink('/proc/%d/fd/%s' % (pid, n))
        except OSError:         # it was closed
            pass
    return found


def threads(pid):
    return [int(t) for t in os.listdir('/proc/%d/task' % pid)]


def status_of_thread(pid, thread, field):
    return status(pid, field) if pid == thread else re.search(
        '^%s:\\s*(.*)$' % field, _text(pid, 'task/%d/status' % thread),
        re.M).group(1)
