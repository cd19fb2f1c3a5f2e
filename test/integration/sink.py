# SPDX-License-Identifier: BSD-2-Clause
"""sink: an SMTP server that keeps every message it is given, byte for byte."""
import socketserver
import threading
import time

import proc


class Message:
    def __init__(self, sender, recipients, data):
        self.sender = sender
        self.recipients = recipients
        self.data = data


class _Session(socketserver.StreamRequestHandler):
    def _reply(self, text):
        self.wfile.write(text + b'\r\n')

    def _data(self):
        self._reply(b'354 go on')
        data = []
        for line in self.rfile:
            if line == b'.\r\n':
                return b''.join(data)
            data.append(line[1:] if line.startswith(b'.') else line)
        return None

    def handle(self):
        sender, recipients = None, []
        self._reply(b'220 sink ESMTP')
        for line in self.rfile:
            verb = line.strip().upper()
            path = line[line.find(b':') + 1:].strip().split(b' ')[0]
            if verb.startswith((b'EHLO', b'LHLO')):
                for name in self.server.owner.extensions:
                    self._reply(b'250-' + name)
                self._reply(b'250 sink')
            elif verb.startswith(b'MAIL'):
                sender, recipients = path.decode('utf-8', 'replace'), []
                self._reply(b'250 ok')
            elif verb.startswith(b'RCPT'):
                recipients.append(path.decode('utf-8', 'replace'))
                self._reply(b'250 ok')
            elif verb.startswith(b'DATA'):
                data = self._data()
                if data is None:
                    return
                self.server.owner.add(Message(sender, recipients, data))
                self._reply(b'250 kept')
            elif verb.startswith(b'QUIT'):
                self._reply(b'221 bye')
                return
            else:
                self._reply(b'250 ok')


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Sink:
    def __init__(self, extensions=(b'PIPELINING', b'SMTPUTF8', b'8BITMIME',
                                   b'SIZE 0')):
        self.extensions = extensions
        self.lock = threading.Condition()
        self.messages = []
        self.server = _Server(('127.0.0.1', 0), _Session)
        self.server.owner = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def add(self, message):
        with self.lock:
            self.messages.append(message)
            self.lock.notify_all()

    def wait(self, test, patience_s=proc.PATIENCE_S, n=1):
        """The first n messages that satisfy test(message), removed here."""
        end = time.monotonic() + patience_s
        with self.lock:
            while True:
                found = [m for m in self.messages if test(m)][:n]
                if len(found) == n:
                    self.messages = [m for m in self.messages
                                     if m not in found]
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError('%d of %d messages arrived' % (
                        len(found), n))
                self.lock.wait(left)

    def take(self, mark, patience_s=proc.PATIENCE_S):
        """The message whose data holds mark."""
        return self.wait(lambda m: mark in m.data, patience_s)[0]

    def count(self, mark):
        with self.lock:
            return sum(mark in m.data for m in self.messages)
