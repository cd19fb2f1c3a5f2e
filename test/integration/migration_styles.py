# SPDX-License-Identifier: BSD-2-Clause
"""The same as migration.py for configurations that are made by a seed:
MAILSEAL_STYLES is their number (by default few), MAILSEAL_STYLES_SEED the
first. Nothing that was signed leaves unsigned, nothing that was refused is
accepted, without a comment; and of all other outcomes at most 3 in 100 differ
without one."""
import os
import sys

import old
import letters
import moved
import namespace
import proc
import styles
import tap

if not old.OPENDKIM or not old.OPENDMARC or not old.NSD or not old.POLICYD:
    tap.skip_all('needs opendkim, opendmarc, policyd-spf and nsd')
if not namespace.enter():
    tap.skip_all('needs a network namespace of its own')

TOP = proc.folder()
FEW = 4


def host(seed):
    c = styles.configuration(seed)
    return moved.Host(TOP, c.name, c.files, *(c.text(x) for x in (
        c.dkim, c.dmarc, c.arc)), spf='\n'.join(c.spf) + '\n' if c.spf
                      else None)


def differences(host_, mails, before):
    """Each message's; a daemon that does not start defers all mail."""
    after = host_.after(mails)
    if after is None:
        return []
    return [d for mail, was, now in zip(mails, before, after)
            for d in moved.compare(mail, was, now, host_.out)]


def main():
    letters.make_keys(TOP)
    old.serve_dns(TOP, letters.zone(TOP) + letters.STRANGE, letters.BROKEN)
    mails = letters.messages(TOP) + letters.more(TOP)
    seed = int(os.environ.get('MAILSEAL_STYLES_SEED', '0'))
    wanted = int(os.environ.get('MAILSEAL_STYLES', str(FEW)))
    total = silent = 0
    while wanted > 0:
        h = host(seed)
        seed += 1
        try:
            before = h.before(mails)
        except RuntimeError:
            continue            # the old program does not start either
        h.translate()
        found = differences(h, mails, before)
        wanted -= 1
        total += len(mails)
        wrong = [str(d) for d in found if d.heading is None]
        silent += len(set(d.mail for d in found if d.heading is None))
        tap.is_(wrong, [], h.name + ': every difference is said', h.out)
        tap.ok(moved.head(h.out), h.name + ': ten lines are enough', h.out)
        losses = [d for d in found if d.heading in moved.LOSSES]
        tap.is_(h.status, 1 if losses else h.status, h.name +
                ': the exit status, for ' + ', '.join(
                    map(str, losses[:3])))
    tap.ok(silent * 100 <= 3 * total, '%d of %d outcomes differ in silence' %
           (silent, total))


if __name__ == '__main__':
    sys.exit(tap.main(main))
