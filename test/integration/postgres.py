# SPDX-License-Identifier: BSD-2-Clause
"""postgres: a private PostgreSQL cluster on a loopback port. Root starts it as
the user postgres, which the package makes; anybody else as himself."""
import glob
import os
import pwd
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import tree  # noqa: E402

_USER = 'postgres'


def _bin(program):
    found = sorted(glob.glob('/usr/lib/postgresql/*/bin/' + program))
    return found[-1] if found else shutil.which(program)


def unavailable():
    for program in ('initdb', 'pg_ctl', 'pg_dump', 'psql'):
        if _bin(program) is None:
            return 'PostgreSQL (%s) is not installed' % program
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            return 'there is no user ' + _USER
    return None


class Postgres:
    def __init__(self, top):
        self.top = top
        self.data = os.path.join(top, 'data')
        self.port = proc.free_port()
        os.mkdir(top)
        os.chmod(top, 0o755)
        if os.geteuid() == 0:
            shutil.chown(top, _USER)
        self._run('initdb', '-D', self.data, '-A', 'trust', '-U', 'owner',
                  '--no-sync', '-E', 'UTF8')
        self.start()
        proc._servers.append(self)
        self.psql('postgres', 'CREATE DATABASE mailseal')
        with open(os.path.join(tree.SRC, 'etc', 'keys-postgres.sql'),
                  encoding='ascii') as f:
            self.psql('mailseal', f.read())
        self.psql('mailseal',
                  'CREATE ROLE relay LOGIN IN ROLE mailseal_daemon;'
                  'CREATE ROLE keygen LOGIN IN ROLE mailseal_keygen;'
                  'CREATE ROLE nobody LOGIN')

    def _run(self, program, *args):
        argv = [_bin(program)] + list(args)
        if os.geteuid() == 0:
            argv = ['runuser', '-u', _USER, '--'] + argv
        subprocess.run(argv, check=True, cwd=self.top,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self):
        self._run('pg_ctl', '-D', self.data, '-w', '-l',
                  os.path.join(self.top, 'log'), '-o',
                  '-c listen_addresses=127.0.0.1 -c port=%d '
                  '-c unix_socket_directories= -c fsync=off' % self.port,
                  'start')

    def stop(self):
        subprocess.run(
            (['runuser', '-u', _USER, '--'] if os.geteuid() == 0 else []) +
            [_bin('pg_ctl'), '-D', self.data, '-m', 'immediate', 'stop'],
            check=False, cwd=self.top, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def psql(self, database, text, user='owner'):
        """(exit status, what it printed and complained)"""
        p = subprocess.run(
            [_bin('psql'), '-q', '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
             '-h', '127.0.0.1', '-p', str(self.port), '-U', user, '-d',
             database], input=text.encode('ascii'), check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return p.returncode, p.stdout.decode().strip()

    def dump(self):
        """The text of pg_dump, with the line ends of its values."""
        return subprocess.run(
            [_bin('pg_dump'), '-h', '127.0.0.1', '-p', str(self.port), '-U',
             'owner', 'mailseal'], check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE).stdout.decode().replace('\\n', '\n')

    def store(self, user):
        """As -K and KeyStore take it."""
        return 'postgres:host=127.0.0.1 port=%d dbname=mailseal user=%s' % (
            self.port, user)
