# SPDX-License-Identifier: BSD-2-Clause
"""milter: an MTA's side of the milter protocol, step by step, so that a test
can stop at any of them. `mailseal try` plays whole messages; this one is for
what no good MTA does.
"""
import socket
import struct

import proc

# Every action and step that Postfix 3 offers (protocol 6).
ACTIONS = 0x1ff
STEPS = 0x1fffff

NO_REPLY = {'C': 0x1000, 'H': 0x2000, 'M': 0x4000, 'R': 0x8000, 'T': 0x10000,
            'L': 0x80, 'N': 0x40000, 'B': 0x80000}
NO_STEP = {'C': 0x1, 'H': 0x2, 'M': 0x4, 'R': 0x8, 'B': 0x10, 'L': 0x20,
           'N': 0x40, 'U': 0x100, 'T': 0x200}
LEADSPC = 0x100000
# For who must know that an event was seen before going on.
STEPS_WAIT = STEPS & ~sum(set(NO_REPLY.values()))


class Gone(Exception):
    """The milter closed the connection."""


class Client:
    def __init__(self, where, steps=STEPS, version=6):
        """where: a path, or a port of the loopback address."""
        if isinstance(where, int):
            self.socket = socket.create_connection(('127.0.0.1', where),
                                                   proc.PATIENCE_S)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(proc.PATIENCE_S)
            self.socket.connect(where)
        self.pending = b''      # macros go with the command, as Postfix does
        answer = self._exchange(b'O' + struct.pack('>III', version, ACTIONS,
                                                   steps))
        self.version, self.actions, self.steps = struct.unpack(
            '>III', answer[1:13])

    def send_raw(self, data):
        self.socket.sendall(self.pending + data)
        self.pending = b''

    def packet(self, data):
        self.send_raw(struct.pack('>I', len(data)) + data)

    def _read(self, n):
        data = b''
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise Gone()
            data += more
        return data

    def read(self):
        (n,) = struct.unpack('>I', self._read(4))
        return self._read(n)

    def _exchange(self, data):
        self.packet(data)
        return self.read()

    def step(self, letter, data=b''):
        """One event as negotiated; its answer, or None when there is none."""
        if self.steps & NO_STEP.get(letter, 0):
            return None
        self.packet(letter.encode() + data)
        if self.steps & NO_REPLY.get(letter, 0):
            return None
        answer = self.read()
        while answer[:1] == b'p':           # "wait a little longer"
            answer = self.read()
        return answer

    def macros(self, letter, **values):
        data = b''.join(k.encode() + b'\0' + v.encode() + b'\0'
                        for k, v in values.items())
        data = b'D' + letter.encode() + data
        self.pending += struct.pack('>I', len(data)) + data

    def connect(self, name='client.example', address='192.0.2.1'):
        family = b'6' if ':' in address else b'4'
        return self.step('C', name.encode() + b'\0' + family +
                         struct.pack('>H', 12345) + address.encode() + b'\0')

    def helo(self, name='client.example'):
        return self.step('H', name.encode() + b'\0')

    def mail(self, sender='<joe@example.com>', auth=None, queue_id='Q1'):
        values = {'i': queue_id}
        if auth:
            values.update({'{auth_authen}': auth, '{auth_type}': 'PLAIN'})
        self.macros('M', **values)
        return self.step('M', sender.encode() + b'\0')

    def rcpt(self, recipient='<you@example.net>'):
        return self.step('R', recipient.encode() + b'\0')

    def header(self, name, value):
        if isinstance(value, str):
            value = value.encode()
        return self.step('L', name.encode() + b'\0' + value + b'\0')

    def eoh(self):
        return self.step('N')

    def body(self, data):
        return self.step('B', data)

    def eom(self):
        """(final answer, [changes asked for]); b"c" is "go on"."""
        self.packet(b'E')
        return self.outcome()

    def outcome(self):
        """The same, when the end of the message has been sent."""
        changes = []
        while True:
            answer = self.read()
            if answer[:1] in b'actrdy4':
                return answer, changes
            if answer[:1] != b'p':
                changes.append(answer)

    def abort(self):
        self.packet(b'A')

    def quit(self):
        self.packet(b'Q')
        self.close()

    def close(self):
        self.socket.close()

    def message(self, body=b'body\r\n', **options):
        """One small message, all steps of it."""
        self.mail(**options)
        self.rcpt()
        self.step('T')
        self.header('From', ' joe@example.com')
        self.header('Subject', ' a test')
        self.eoh()
        self.body(body)
        return self.eom()
