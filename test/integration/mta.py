# SPDX-License-Identifier: BSD-2-Clause
"""mta: a private Postfix: its own configuration, queue and log, smtpd on
loopback ports, all mail handed to one relay; what it delivers itself is
discarded. Needs root, as Postfix does.
"""
import os
import pwd
import re
import shutil
import subprocess

import proc
import tap

MAIN = '''
compatibility_level = 3.6
queue_directory = {top}/spool
data_directory = {top}/data
command_directory = {command}
daemon_directory = {daemon}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {top}/mail.log
maillog_file_prefixes = {top}
myhostname = mx.here.example
mydomain = here.example
myorigin = here.example
inet_interfaces = 127.0.0.1
inet_protocols = all
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relay_domains = static:all
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
default_transport = smtp:[127.0.0.1]:{relay}
relay_transport = smtp:[127.0.0.1]:{relay}
smtp_destination_recipient_limit = 1
smtp_line_length_limit = 0
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_peername_lookup = no
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_data_restrictions =
smtpd_discard_ehlo_keywords = chunking
message_size_limit = 30000000
header_size_limit = 2000000
bounce_queue_lifetime = 0
milter_default_action = tempfail
milter_protocol = 6
milter_connect_timeout = 300s
milter_command_timeout = 300s
milter_content_timeout = 300s
'''

MASTER = '''
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
narrow unix - - n - - smtp -o smtp_line_length_limit=998
wide unix - - n - - smtp -o smtp_line_length_limit=2048
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
'''


# What Postfix says of the machine, not of its mail: a file's time and time(2)
# may be of two seconds, as the kernel's clocks have a tick between them.
MACHINE = re.compile('file system clock is [0-9]+ seconds (ahead|behind)|'
                     'resetting file time stamps')


def unavailable():
    """Why there can be no Postfix here, or None."""
    if os.geteuid() != 0:
        return 'only root can start a Postfix'
    if shutil.which('postfix', path='/usr/sbin:/usr/local/sbin') is None:
        return 'Postfix is not installed'
    try:
        pwd.getpwnam('postfix')
    except KeyError:
        return 'there is no user postfix'
    return None


class Postfix:
    """services: {name: {option: value}}: one smtpd each, on ports[name]; a
    value may be a function of ports. more: lines of master.cf; files: {name: text}, beside it."""

    def __init__(self, top, relay_port, services, main=(), more=(),
                 files=()):
        self.top = top
        self.etc = os.path.join(top, 'etc')
        self.log = os.path.join(top, 'mail.log')
        self.ports = {}
        self.postfix = shutil.which('postfix',
                                    path='/usr/sbin:/usr/local/sbin')
        for name, mode in (('etc', 0o755), ('spool', 0o755), ('data', 0o750)):
            os.mkdir(os.path.join(top, name))
            os.chmod(os.path.join(top, name), mode)
        shutil.chown(os.path.join(top, 'data'), 'postfix', 'postfix')
        master = MASTER + ''.join(line + '\n' for line in more)
        for name, text in dict(files).items():
            proc.write_aged(os.path.join(self.etc, name), text, 0o644)
        for name in services:
            self.ports[name] = proc.free_port()
        for name, options in services.items():
            master += '127.0.0.1:%d inet n - n - - smtpd\n' % self.ports[name]
            for option, value in options.items():
                if callable(value):
                    value = value(self.ports)
                master += ' -o { %s = %s }\n' % (option, value)
        config = MAIN.format(top=top, relay=relay_port,
                             command=self._default('command_directory'),
                             daemon=self._default('daemon_directory'))
        for option, value in dict(main).items():
            config = re.sub('^%s = .*\n' % option, '', config, flags=re.M)
            config += '%s = %s\n' % (option, value)
        proc.write_aged(os.path.join(self.etc, 'main.cf'), config, 0o644)
        proc.write_aged(os.path.join(self.etc, 'master.cf'), master, 0o644)
        self._control('start')
        proc._servers.append(self)
        for port in self.ports.values():
            proc.wait_for(lambda p=port: proc.port_open(p), 'smtpd')

    @staticmethod
    def _default(name):
        return subprocess.run(
            ['/usr/sbin/postconf', '-dh', name], stdout=subprocess.PIPE,
            check=True).stdout.decode().strip()

    def _control(self, verb):
        p = subprocess.run([self.postfix, '-c', self.etc, verb],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False)
        if p.returncode != 0:
            raise RuntimeError('postfix %s: %s%s' % (
                verb, p.stdout.decode(errors='replace'), self.log_text()))

    def log_text(self):
        try:
            with open(self.log, encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def queue(self, name):
        """The queue ids in one of its queues: "hold", "deferred" ..."""
        found = []
        for _, _, files in os.walk(os.path.join(self.top, 'spool', name)):
            found += files
        return found

    def message(self, queue, queue_id):
        """A queued message as it would be sent."""
        return subprocess.run(
            ['/usr/sbin/postcat', '-c', self.etc, '-hbq', queue_id],
            stdout=subprocess.PIPE, check=True).stdout

    def delete_held(self):
        subprocess.run(['/usr/sbin/postsuper', '-c', self.etc, '-d', 'ALL',
                        'hold'], stderr=subprocess.DEVNULL, check=True)

    def sendmail(self, sender, recipients, data):
        """Hands a message in by the sendmail command."""
        return proc.run(['/usr/sbin/sendmail', '-C', self.etc, '-i', '-f',
                         sender, '--'] + list(recipients), data)

    def complaints(self):
        """What went wrong inside Postfix while it ran, from its log. At the
        end its processes are killed, in no order."""
        text = re.split(r'postfix-script\[\d+\]: stopping the Postfix mail',
                        self.log_text())[0]
        return [x for x in re.findall(
            r'^.*(?:fatal|panic|warning): .*$', text, re.M)
                if not MACHINE.search(x)]

    def stop(self):
        if self in proc._servers:
            proc._servers.remove(self)
        subprocess.run([self.postfix, '-c', self.etc, 'stop'],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)


def require():
    why = unavailable()
    if why:
        tap.skip_all(why)
