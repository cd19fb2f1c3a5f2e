# SPDX-License-Identifier: BSD-2-Clause
"""resolver: a recursive resolver on a loopback port whose answers depend on
the zone that is asked for, the last two labels of the name:

    good.test       at once
    slowN.test      after N seconds; failN.test: SERVFAIL after N seconds
    silent.test     never
    firstZ.test     as Z.test the first time that the name is asked for, over
                    UDP or TCP, and never again; laterZ.test: silent the first
                    time, then as Z.test
    tc.test         truncated over UDP, whole over TCP
    notcp.test      truncated over UDP; the TCP connection is closed
    port.test       from another port
    id.test         with a wrong id, then the right one
    question.test   to another question, then the right one
    broken.test     a packet that ends inside the record
    secure.test     with AD

TXT records say `text`, A records 192.0.2.1, unless `records` has others by
(name, type). Other zones do not exist.
"""
import heapq
import itertools
import select
import socket
import struct
import threading
import time

import proc

A, TXT, OPT = 1, 16, 41
TTL = 60


def txt(text):
    """The rdata of a TXT record."""
    data = text.encode()
    strings = [data[i:i + 255] for i in range(0, len(data), 255)]
    return b''.join(bytes([len(x)]) + x for x in strings)


class Query:
    def __init__(self, wire, client, tcp):
        self.wire, self.client, self.tcp = wire, client, tcp
        self.id, self.flags = struct.unpack('>HH', wire[:4])
        labels, at = [], 12
        while wire[at]:
            labels.append(wire[at + 1:at + 1 + wire[at]].decode('latin-1'))
            at += 1 + wire[at]
        self.name = '.'.join(labels).lower()
        self.zone = '.'.join(labels[-2:]).lower()
        (self.type,) = struct.unpack('>H', wire[at + 1:at + 3])
        self.question = wire[12:at + 5]
        self.udp_size = 0
        rest = wire[at + 5:]
        if rest[:1] == b'\0' and struct.unpack('>H', rest[1:3])[0] == OPT:
            (self.udp_size,) = struct.unpack('>H', rest[3:5])

    def reply(self, rcode=0, rdata=None, flags=0, ident=None, question=None):
        records = b''
        if rdata is not None:
            records = b'\xc0\x0c' + struct.pack('>HHIH', self.type, 1, TTL,
                                                len(rdata)) + rdata
        return struct.pack('>HHHHHH', self.id if ident is None else ident,
                           0x8180 | flags | rcode, 1, int(rdata is not None),
                           0, 0) + (question or self.question) + records


class Resolver:
    def __init__(self, port=None, text='text'):
        self.port = port or proc.free_port((socket.SOCK_STREAM,
                                            socket.SOCK_DGRAM))
        self.where = '127.0.0.1@%d' % self.port
        self.text = text
        self.records = {}
        self.queries = []
        self._numbers = itertools.count()
        self._names = set()     # that were asked for
        self.is_silent = False
        self._thread = None

    def start(self):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._udp.bind(('127.0.0.1', self.port))
        self._other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._other.bind(('127.0.0.1', 0))
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind(('127.0.0.1', self.port))
        self._tcp.listen(64)
        self._stop = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        if self._thread is not None:
            self._stop = True
            self._thread.join()
            self._thread = None

    def asked(self, zone):
        """How many queries for names in the zone came."""
        return sum(q.zone == zone for q in list(self.queries))

    def _rdata(self, query):
        if (query.name, query.type) in self.records:
            return self.records[query.name, query.type]
        if query.type == TXT:
            return txt(self.text)
        return socket.inet_aton('192.0.2.1') if query.type == A else None

    def _answer(self, query):
        """(seconds, reply); None: silence."""
        kind = query.zone.split('.')[0]
        rdata = self._rdata(query)
        if self.is_silent or kind == 'silent':
            return None
        for prefix, is_asked in (('first', True), ('later', False)):
            if kind.startswith(prefix):
                kind = kind[len(prefix):]
                was_asked = (query.name, query.tcp) in self._names
                self._names.add((query.name, query.tcp))
                if was_asked == is_asked:
                    return None
        if kind[:4] in ('slow', 'fail') and kind[4:].isdigit():
            return float(kind[4:]), (query.reply(0, rdata) if
                                     kind[0] == 's' else query.reply(2))
        if kind in ('tc', 'notcp') and not query.tcp:
            return 0, query.reply(0, None, 0x200)
        if kind in ('good', 'tc', 'port', 'id', 'question'):
            return 0, query.reply(0, rdata)
        if kind == 'broken':
            return 0, query.reply(0, rdata or b'x' * 9)[:-5]
        if kind == 'secure':
            return 0, query.reply(0, rdata, query.flags & 0x20)
        return 0, query.reply(3)

    def _forge(self, query):
        """What is sent before the answer, or in place of it: (socket,
        packet)s; and whether the answer follows."""
        kind = query.zone.split('.')[0]
        forged = b'\6forged'
        if query.tcp:
            return [], True
        if kind == 'id':
            return [(self._udp, query.reply(0, forged, 0,
                                            query.id ^ 1))], True
        if kind == 'question':
            other = bytes([query.question[0]]) + b'x' * query.question[0] + \
                query.question[1 + query.question[0]:]
            return [(self._udp, query.reply(0, forged, 0, None,
                                            other))], True
        if kind == 'port':
            return [(self._other, query.reply(0, forged))], False
        return [], True

    def _take(self, wire, client, connection, due):
        query = Query(wire, client, connection is not None)
        self.queries.append(query)
        if not self.is_silent:
            forged, answered = self._forge(query)
            for sock, packet in forged:
                sock.sendto(packet, client)
            if not answered:
                return
        answer = self._answer(query)
        if answer is not None:
            heapq.heappush(due, (time.monotonic() + answer[0],
                                 next(self._numbers), answer[1], client,
                                 connection))

    @staticmethod
    def _send(sock, packet, client, connection):
        try:
            if connection is None:
                sock.sendto(packet, client)
            else:
                connection.sendall(struct.pack('>H', len(packet)) + packet)
        except OSError:
            pass

    def _serve(self):
        due, connections = [], {}
        while not self._stop:
            wait = max(0, min(0.02, due[0][0] - time.monotonic())) if due \
                else 0.02
            ready, _, _ = select.select([self._udp, self._tcp, *connections],
                                        [], [], wait)
            for sock in ready:
                if sock is self._udp:
                    wire, client = sock.recvfrom(4096)
                    self._take(wire, client, None, due)
                elif sock is self._tcp:
                    connection, client = sock.accept()
                    connections[connection] = [client, b'']
                else:
                    self._read_tcp(sock, connections, due)
            while due and due[0][0] <= time.monotonic():
                _, _, packet, client, connection = heapq.heappop(due)
                self._send(self._udp, packet, client, connection)
        for sock in (self._udp, self._tcp, self._other, *connections):
            sock.close()

    def _read_tcp(self, sock, connections, due):
        try:
            data = sock.recv(65536)
        except OSError:
            data = b''
        state = connections[sock]
        state[1] += data
        if not data:
            del connections[sock]
            sock.close()
        elif len(state[1]) >= 2:
            (n,) = struct.unpack('>H', state[1][:2])
            if len(state[1]) >= 2 + n:
                wire, state[1] = state[1][2:2 + n], state[1][2 + n:]
                if Query(wire, None, True).zone == 'notcp.test':
                    del connections[sock]
                    sock.close()
                else:
                    self._take(wire, state[0], sock, due)
