# SPDX-License-Identifier: BSD-2-Clause
"""Mail for joe through the Postfix on port 25 of the loopback address until
the file STOP exists, as a client that tries again what is deferred. Its author
is of example.com, and of example.net in every second message. Prints how many
messages were accepted, and how often one was deferred.
Usage: traffic.py STOP COUNT; COUNT: a file, the number accepted so far.
"""
import os
import smtplib
import sys
import time

LIMIT_S = 300
PAUSE_S = 0.2           # before a deferred message is tried again

SENDERS = ('joe@example.com', 'joe@example.net')
MESSAGE = '''From: %s\r
To: joe@localhost\r
Subject: message %d\r
Date: Thu, 05 May 2005 11:59:09 -0700\r
Message-ID: <%d@example.com>\r
X-Mark: mark-%d-\r
\r
hello\r
'''


def send(number):
    """Whether it was accepted; no: try again."""
    sender = SENDERS[number % len(SENDERS)]
    try:
        with smtplib.SMTP('127.0.0.1', timeout=60) as client:
            client.sendmail(sender, ['joe@localhost'],
                            MESSAGE % (sender, number, number, number))
        return True
    except smtplib.SMTPResponseException as e:
        code = e.smtp_code
    except smtplib.SMTPRecipientsRefused as e:
        code = list(e.recipients.values())[0][0]
    except (OSError, smtplib.SMTPServerDisconnected):
        return False
    if code >= 500:
        sys.exit('message %d was refused: %d' % (number, code))
    return False


def main():
    stop, count = sys.argv[1:]
    end = time.monotonic() + LIMIT_S
    number = deferred = 0
    while not os.path.exists(stop):
        if time.monotonic() > end:
            sys.exit('no end within %d s' % LIMIT_S)
        if send(number):
            number += 1
            with open(count + '.new', 'w', encoding='ascii') as f:
                f.write('%d\n' % number)
            os.replace(count + '.new', count)
        else:
            deferred += 1
            time.sleep(PAUSE_S)
    print('%d accepted, %d times deferred' % (number, deferred))


main()
