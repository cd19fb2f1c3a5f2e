# SPDX-License-Identifier: BSD-2-Clause
"""manual: holds what --help lists against what the manual page describes."""
import re

import proc
import tap


def options_of_help(program, command):
    """{long name: letter or None} of `program command --help`."""
    status, out, err = proc.run([program, command, '--help'])
    if status != 0 or err:
        return {}
    found = re.findall(r'^  (?:-(\w), )?--([\w-]+)', out.decode(), re.M)
    return {name: letter or None for letter, name in found if name != 'help'}


def options_of_page(path, section):
    """The same of the list items under ".Ss section"."""
    with open(path, encoding='utf-8') as f:
        parts = re.split(r'^\.S[sh] (.*)$', f.read(), flags=re.M)
    text = dict(zip(parts[1::2], parts[2::2])).get(section, '')
    found = re.findall(r'^\.It (?:Fl (\w) , )?Fl \\-([\w-]+)', text, re.M)
    return {name: letter or None for letter, name in found}


def check(program, page, name, commands):
    for command in commands:
        of_help = options_of_help(program, command)
        tap.ok(of_help, '%s %s --help lists its options' % (name, command))
        tap.is_(options_of_page(page, '%s %s' % (name, command)), of_help,
                '%s %s: the manual has the options of --help' % (
                    name, command))
