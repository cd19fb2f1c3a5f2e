# SPDX-License-Identifier: BSD-2-Clause
"""nameserver: an nsd of our own on a loopback port, serving given zones."""
import os
import shutil
import socket
import subprocess

import proc

CONFIG = '''server:
	ip-address: 127.0.0.1@{port}
	port: {port}
	server-count: 1
	username: ""
	zonesdir: "{top}"
	database: ""
	pidfile: "{top}/nsd.pid"
	xfrdfile: "{top}/xfrd.state"
	zonelistfile: "{top}/zone.list"
	cookie-secret-file: ""
	hide-version: yes
	rrl-ratelimit: 0
	rrl-whitelist-ratelimit: 0
remote-control:
	control-enable: no
'''

SOA = '''$TTL 60
@ IN SOA ns.invalid. root.invalid. 1 3600 600 86400 60
@ IN NS ns.invalid.
'''


def unavailable():
    if shutil.which('nsd', path='/usr/sbin:/usr/local/sbin') is None:
        return 'nsd is not installed'
    return None


class Nsd:
    """zones: {zone name: records as master-file text, or None: a zone that
    cannot be served}. With the zone "." it knows all of DNS, and what is not
    in it does not exist."""

    def __init__(self, top, zones):
        os.mkdir(top)
        self.port = proc.free_port((socket.SOCK_STREAM, socket.SOCK_DGRAM))
        config = CONFIG.format(port=self.port, top=top)
        for zone, text in zones.items():
            file = 'zone-' + zone.strip('.')
            config += 'zone:\n\tname: "%s"\n\tzonefile: "%s"\n' % (zone, file)
            if text is not None:
                proc.write(os.path.join(top, file), SOA + text)
        path = proc.write(os.path.join(top, 'nsd.conf'), config)
        nsd = shutil.which('nsd', path='/usr/sbin:/usr/local/sbin')
        subprocess.run(['/usr/sbin/nsd-checkconf', path], check=True,
                       stdout=subprocess.DEVNULL)
        self.command = [nsd, '-d', '-c', path]
        self.log = os.path.join(top, 'nsd.log')
        self.start()

    def start(self):
        self.server = proc.Server(self.command, self.log,
                                  lambda: proc.port_open(self.port))

    def txt(self, name):
        """The TXT record's text, for verifiers that take a function."""
        return query_txt(self.port, name)

    def stop(self):
        self.server.stop()


def query_txt(port, name):
    """The strings of the first TXT record, joined, or None; over TCP, so
    that any length fits."""
    question = b''.join(bytes([len(x)]) + x.encode('ascii')
                        for x in name.rstrip('.').split('.')) + b'\0'
    packet = b'\x12\x34\x01\x00\0\1\0\0\0\0\0\0' + question + b'\0\x10\0\1'
    with socket.create_connection(('127.0.0.1', port),
                                  proc.PATIENCE_S) as s:
        s.sendall(len(packet).to_bytes(2, 'big') + packet)
        f = s.makefile('rb')
        answer = f.read(int.from_bytes(f.read(2), 'big'))
    if int.from_bytes(answer[6:8], 'big') == 0:
        return None
    # The owner is a pointer to the question, two octets.
    at = len(packet) + 2
    if answer[at:at + 2] != b'\0\x10':
        return None
    end = at + 10 + int.from_bytes(answer[at + 8:at + 10], 'big')
    at += 10
    text = b''
    while at < end:
        text += answer[at + 1:at + 1 + answer[at]]
        at += 1 + answer[at]
    return text
