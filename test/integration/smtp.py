# SPDX-License-Identifier: BSD-2-Clause
"""smtp: a client that sends exactly the given bytes."""
import socket

import proc


class Client:
    def __init__(self, port, helo='client.example', xclient=None):
        """xclient: the attributes of Postfix's XCLIENT command."""
        self.socket = socket.create_connection(('127.0.0.1', port),
                                               proc.PATIENCE_S)
        self.file = self.socket.makefile('rb')
        self.greeting = self.reply()
        self.command('EHLO ' + helo)
        if xclient:
            self.command('XCLIENT ' + ' '.join(
                '%s=%s' % item for item in xclient.items()))
            self.command('EHLO ' + helo)

    def send(self, data):
        if isinstance(data, str):
            data = data.encode('utf-8') + b'\r\n'
        self.socket.sendall(data)

    def reply(self):
        """One reply, its lines joined; "" when the server has gone."""
        lines = []
        while True:
            line = self.file.readline()
            lines.append(line.decode('utf-8', 'replace').rstrip('\r\n'))
            if line[3:4] != b'-':
                return '\n'.join(lines)

    def command(self, line):
        self.send(line)
        return self.reply()

    def mail(self, sender, recipients, data, options=''):
        """One message; gives the first reply that refuses, or the last."""
        answer = self.command('MAIL FROM:<%s>%s' % (sender, options))
        if answer[0] != '2':
            return answer
        for recipient in recipients:
            answer = self.command('RCPT TO:<%s>' % recipient)
            if answer[0] != '2':
                return answer
        answer = self.command('DATA')
        if answer[0] != '3':
            return answer
        self.send(dotted(data))
        return self.reply()

    def quit(self):
        answer = self.command('QUIT')
        self.close()
        return answer

    def close(self):
        self.file.close()
        self.socket.close()


def dotted(data):
    """What follows DATA for a message with CRLF line ends."""
    if not data.endswith(b'\r\n'):
        data += b'\r\n'
    if data.startswith(b'.'):
        data = b'.' + data
    return data.replace(b'\r\n.', b'\r\n..') + b'.\r\n'
