# SPDX-License-Identifier: BSD-2-Clause
"""Each error of configuration, keys, tables, stores and sockets is provoked by
a test. The list of messages is made from the sources: the texts that are given
to the functions below. A message counts as provoked if a test expects the
longest part of it that is fixed.
"""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import tap  # noqa: E402
import tree  # noqa: E402

FOLDERS = ('lib/base', 'lib/conf', 'lib/crypto', 'lib/signers', 'lib/keystore',
           'lib/sql', 'keys', 'milter')
REPORTS = re.compile(r'(diag_set|conf_reject|refuse_line|refuse|fail_file|'
                     r'syntax_error|set_message|file_error|fail|reject_entry|'
                     r'warn_entry|refuse_link|reject_key_store|table_reject|'
                     r'table_warn|cli_fail|normalize_name|dns_fail)$')
TOKEN = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|'
                   r'[A-Za-z_]\w*|[^\s]', re.S)
PYTHON_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
VARIABLE = re.compile(r'%[-+ #0-9.*]*(?:l|ll|z|j)?[a-zA-Z]|\\[nrt]')
SHORTEST = 9        # shorter fixed parts say nothing
BEGINNING = 18      # of a reason, by which a test knows it

# What no test can provoke: a failure of the system in the middle of a call, or
# what another check has refused before. Each with its reason.
BEYOND = {
    # a host always has one
    'but the host has no name',
    # conf_check refuses such a UserID before
    'UserID: no user \\"%s\\"', 'UserID: no group \\"%s\\"',
    # the kernel would have to break its word
    'could regain root after setuid',
    # fstat of a file that was just opened
    'MarkKeyFile: cannot be examined',
    # the row goes while it is changed, under a lock
    'the database has no key %.*s of %.*s',
    # every statement is ours
    'too many values in a statement',
    # libpq without memory
    'the server does not answer',
    # libmicrohttpd without threads or memory
    'the server does not start',
    # for an error without a text, which there is none
    'input or output error',
    # each follows the message of what failed
    'the store cannot be read', 'the store did not take it',
    # libmilter reads past the end of such a packet: faults.py tries it, and
    # what it reads there differs
    'the MTA sent malformed macros',
    # a moment between two system calls; not shown, but tried again
    'connections still wait there', 'the link was changed meanwhile',
    # root may do that, and more groups than these need an odd user data base
    '\\"%s\\" or root is in too many groups', 'cannot become user %ju: %s',
    'its owner or root is in too many groups',
    # what one of our processes gives to another, in memory: it is whole unless
    # memory is short or the other one was taken over
    'the picture of the keys cannot be read',
    'the configuration cannot be read', 'the keys of KeyFile: %s',
    # the list is a file of a package that must be installed
    'OrgDomain: no public suffix list',
}


def calls(text):
    """The texts in the arguments of each call of a reporting function."""
    tokens = [t for t in TOKEN.findall(text) if not t.startswith('/*')]
    for i, name in enumerate(tokens):
        if not REPORTS.match(name) or tokens[i + 1:i + 2] != ['(']:
            continue
        depth, j, texts, last = 1, i + 2, [], False
        while depth and j < len(tokens):
            t = tokens[j]
            if t.startswith('"'):
                if last:
                    texts[-1] += t[1:-1]
                else:
                    texts.append(t[1:-1])
            depth += (t == '(') - (t == ')')
            last = t.startswith('"')
            j += 1
        yield from texts


def returned(text):
    """The reasons that functions return for a message."""
    for m in re.finditer(r'return \(((?:[\w\s!=<>&|.()*,-]+\?\s*)?(?:"(?:[^"\\\n]|'
                         r'\\.)*"\s*(?::\s*)?)+)', text):
        for part in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', m.group(1)):
            reason = ''.join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', part))
            if reason.count(' ') >= 3:
                yield reason


def fixed_part(message):
    return max(VARIABLE.split(message), key=len).replace('\\"', '"').strip(' :')


def joined(text):
    """The strings of a C or Python source, adjacent ones joined."""
    out, end = [], -1
    for m in PYTHON_STRING.finditer(re.sub(r'/\*.*?\*/', '', text,
                                           flags=re.S)):
        adjacent = not text[end:m.start()].strip() if end >= 0 else False
        if not adjacent:
            out.append('\n')
        out.append(m.group()[1:-1])
        end = m.end()
    return ''.join(out)


def read(path):
    with open(path, encoding='utf-8', errors='replace') as f:
        return f.read()


def main():
    expected = []
    for path in glob.glob(os.path.join(tree.SRC, 'test', '**', '*'),
                          recursive=True):
        if path.endswith(('.c', '.h', '.py')):
            text = re.sub(r'/\*.*?\*/', '', read(path), flags=re.S)
            expected.append(joined(text))
        elif path.endswith('.txt'):
            expected.append(read(path))
    expected = '\n'.join(expected).replace('\\"', '"')
    seen = 0
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(tree.SRC, folder, '*.c'))):
            name = os.path.relpath(path, tree.SRC)
            text = read(path)
            reasons = set(returned(text)) - set(calls(text))
            for message in dict.fromkeys([*calls(text), *returned(text)]):
                part = fixed_part(message)
                if message in reasons:
                    part = part[:BEGINNING]
                if len(part) < SHORTEST or message in BEYOND:
                    continue
                seen += 1
                tap.ok(part in expected, '%s: %s' % (name, message),
                       'no test expects "%s"' % part)
    tap.ok(seen > 100, 'the sources have been read', seen)


tap.main(main)
