# SPDX-License-Identifier: BSD-2-Clause
"""piped: a mailseald whose standard error is a pipe that is read when the test
wants, and one whose /dev/log is the test's.
"""
import os
import shutil
import socket
import subprocess

import milter
import proc
import seald
import tree

LOG_MAX = 1024 * 1024           # LOG_QUEUE_MAX_BYTES
LINE = 350                      # octets of a message's line, at least
FOREIGN = '192.0.2.1'


class Piped:
    def __init__(self, top, options, name, prefix=()):
        self.daemon = seald.Seald(top, options, name, start=False)
        self.pipe, end = os.pipe()
        self.process = subprocess.Popen(
            [*prefix, tree.MAILSEALD, '-f', '-c', self.daemon.conf],
            stdin=subprocess.DEVNULL, stdout=end, stderr=end)
        os.close(end)
        self.path = self.daemon.path
        self.text = b''
        proc.wait_for(lambda: os.path.exists(self.path) and
                      proc.unix_open(self.path), 'the daemon')

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(proc.PATIENCE_S)

    def read_now(self):
        os.set_blocking(self.pipe, False)
        try:
            while True:
                more = os.read(self.pipe, 65536)
                if not more:
                    break
                self.text += more
        except BlockingIOError:
            pass
        return self.text

    def fill(self):
        """More lines than pipe and queue hold; all messages are answered."""
        c = milter.Client(self.path)
        c.connect(address=FOREIGN)
        c.helo()
        answers = [c.message(queue_id='F%d' % i)[0]
                   for i in range((LOG_MAX + 2 * 65536) // LINE)]
        c.quit()
        return set(answers)

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.pipe)


DEV = '''
for f in null zero random urandom; do
    : > "$0/$f" && mount --bind /dev/$f "$0/$f" || exit 1
done
mount --bind "$0" /dev || exit 1
exec "$@"
'''


def own_syslog(top):
    """(a socket that nobody reads, the command that makes it the /dev/log of
    the one behind it); None without a mount namespace."""
    dev = os.path.join(top, 'dev')
    os.mkdir(dev)
    prefix = ['unshare', '-m', 'sh', '-c', DEV, dev]
    if not shutil.which('unshare') or proc.run(prefix + ['true'])[0] != 0:
        return None
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(os.path.join(dev, 'log'))
    return log, prefix
