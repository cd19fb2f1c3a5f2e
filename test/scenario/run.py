# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios: each file has a configuration, DNS, a session, a message and the
expected outcome. mailseald is started, and `mailseal try` acts as the MTA.

A file is made of sections; "== NAME [ARGUMENTS]" begins one, "#" a comment
line outside of messages. In the order of the file:

  == config		options, one a line; starts a new daemon. {NAME} is the
			file of the key NAME. Zone, Socket and the log are set
			by the runner, and MarkField none unless it is there
  == zone		records as zone text; {NAME} is the record of key NAME.
			Before the first config: a daemon reads it as it starts
  == session		the envelope, "name value" a line: ip, helo, auth,
			mail-from, rcpt, macro NAME=VALUE; until the next one
  == message		the message, LF line ends; {ESCAPES} as in generate
  == generate		the message, generated: lines of "COUNT TEXT", where TEXT
			has the escapes {n} (the line's number), {x:N} (N times
			x), {OCTET:hh}, {cr}, {lf}
  == sign KEY [options of mailseal sign]
			signs the previous message, as another host would
  == seal KEY [RESULTS]
			adds an ARC set by python3-dkim, of a host with these
			results beside arc
  == replace		"old -> new" a line, in the message
  == raw yes|no		plays without mailseal try and its limits
  == expect		plays the message; each line is a check:
			reply CODE...	start of the final reply, or "accept"
			add REGEX	the next field added, from the top,
					unfolded; none left over
			delete N	number of fields deleted
			quarantine REGEX, or "no"
			log NAME=VALUE	in the message's log line
			dkim WORDS	results of mailseal verify on the outcome
			arc WORD N	the same for its chain and number of sets

Keys are r1 (RSA 1024), r2 (RSA 2048), e1 (Ed25519), all of example.com; the
tests generate them.
"""
import glob
import os
import re
import shlex
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
sys.path.insert(0, os.path.join(HERE, '..', 'cross'))

import milter  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402
import seal  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import zone  # noqa: E402


def expand(text, number=0):
    """The escapes of a generated line, as bytes."""
    def one(m):
        word = m.group(1)
        if word == b'n':
            return b'%d' % number
        if word in (b'cr', b'lf'):
            return {b'cr': b'\r', b'lf': b'\n'}[word]
        if word.startswith(b'OCTET:'):
            return bytes.fromhex(word[6:].decode())
        what, _, times = word.rpartition(b':')
        return what * int(times)
    return re.sub(rb'\{(n|cr|lf|OCTET:[0-9a-f]+|[^{}]+:\d+)\}', one, text)


def sections(path):
    """[(line number, name, arguments, lines)]"""
    found = []
    with open(path, 'rb') as f:
        for number, line in enumerate(f.read().split(b'\n'), 1):
            if line.startswith(b'== '):
                words = line[3:].decode().split(None, 1)
                found.append((number, words[0],
                              words[1] if len(words) > 1 else '', []))
            elif found:
                found[-1][3].append(line)
    return found


def options(lines):
    """"Name value" a line; a name may repeat."""
    table = {}
    for line in text_lines(lines):
        name, _, value = line.partition(' ')
        table.setdefault(name, []).append(value.strip())
    return table


def text_lines(lines):
    return [x.decode() for x in lines if x.strip() and x[:1] != b'#']


class Scenario:
    def __init__(self, path, top, keys):
        self.name = os.path.basename(path)[:-4]
        self.path = path
        self.top = os.path.join(top, self.name)
        os.mkdir(self.top)
        self.keys = keys
        self.zone = proc.write(os.path.join(self.top, 'zone'), zone.text(
            {k.name: k.record for k in keys.values()}))
        self.daemon = None
        self.daemons = 0
        self.session = {}
        self.data = b''
        self.point = ''
        self.is_raw = False

    def fill(self, text, field):
        for name, key in self.keys.items():
            text = text.replace('{%s}' % name, getattr(key, field))
        return text

    # -- sections -----------------------------------------------------------

    def config(self, _argument, lines):
        self.stop()
        table = options([self.fill(x, 'path').encode()
                         for x in text_lines(lines)])
        table.setdefault('AuthservID', 'mx.here.example')
        table.setdefault('MarkField', 'none')
        table['Zone'] = self.zone
        self.daemons += 1
        self.daemon = seald.Seald(self.top, table, 'd%d' % self.daemons)

    def zone_(self, _argument, lines):
        if self.daemon:
            raise RuntimeError(self.name + ': zone stands behind config')
        text = self.fill('\n'.join(text_lines(lines)), 'record')
        with open(self.zone, 'a', encoding='utf-8') as f:
            f.write(text + '\n')

    def session_(self, _argument, lines):
        self.session = options(lines)

    def message(self, _argument, lines):
        self.data = expand(b'\n'.join(lines)).replace(b'\n', b'\r\n')
        # The last line end belongs to the file.
        if self.data.endswith(b'\r\n\r\n'):
            self.data = self.data[:-2]

    def generate(self, _argument, lines):
        made = []
        for line in lines[:-1] if lines[-1:] == [b''] else lines:
            count, _, text = line.partition(b' ')
            made += [expand(text, i) + b'\r\n' for i in range(int(count))]
        self.data = b''.join(made)

    def sign(self, argument, _lines):
        words = shlex.split(argument)
        key = self.keys[words[0]]
        status, self.data, err = seal.sign(self.data, peers.DOMAIN,
                                           key.selector, key.path, *words[1:])
        if status != 0:
            raise RuntimeError('%s: mailseal sign: %s' % (self.name, err))

    def seal(self, argument, _lines):
        import pydkim   # skips all where it is not installed
        name, _, results = argument.partition(' ')
        key = self.keys[name]
        sets = self.data.lower().count(b'arc-seal:')
        self.data = pydkim.seal(self.data, peers.DOMAIN, key.selector,
                                key.for_pydkim, 'mx%d.example' % sets,
                                results or 'spf=none')

    def replace(self, _argument, lines):
        for line in lines:
            if b' -> ' in line:
                old, _, new = line.partition(b' -> ')
                old, new = expand(old), expand(new)
                if old not in self.data:
                    raise RuntimeError('%s: nothing to replace: %r' % (
                        self.name, old))
                self.data = self.data.replace(old, new, 1)

    def raw(self, argument, _lines):
        self.is_raw = argument == 'yes'

    def expect(self, argument, lines):
        self.point = '%s%s' % (self.name, argument and ', ' + argument)
        result = self.play()
        if result is None:
            return
        checks = [x.partition(' ') for x in text_lines(lines)]
        for check, _, value in checks:
            getattr(self, 'expect_' + check)(result, value)
        if not any(c[0] == 'add' for c in checks):
            tap.is_(result['added'], [], self.point + ': nothing is added')
        else:
            tap.is_(result['added'], [], self.point + ': nothing else is added')

    # -- playing ------------------------------------------------------------

    def play_raw(self):
        """As try's JSON object, by the client of the tests."""
        c = milter.Client(self.daemon.path)
        c.connect(address=self.session['ip'][0])
        c.helo()
        c.mail(auth=self.session.get('auth', [None])[0])
        c.rcpt()
        fields, body = seal.split(self.data)
        for f in fields:
            name, _, value = f[:-2].partition(b':')
            c.header(name.decode(), value.replace(b'\r\n', b'\n'))
        c.eoh()
        for at in range(0, len(body), 65535):
            c.body(body[at:at + 65535])
        answer, changes = c.eom()
        c.quit()
        added = [x[5:-1].split(b'\0') for x in changes if x[:1] == b'i']
        return {
            'reply': answer[1:].rstrip(b'\0').decode(),
            'action': {b'a': 'accept', b'c': 'accept'}.get(answer[:1], ''),
            'added': [{'name': n.decode(), 'value': v.decode().strip()}
                      for n, v in added],
            'deleted': [], 'changed': [], 'quarantine': None,
        }

    def play(self):
        before = len(self.messages())
        out = self.play_raw() if self.is_raw else self.play_try()
        if out is None:
            return None
        result = self.outcome(out)
        proc.wait_for(lambda: len(self.messages()) > before,
                      self.point + ': a line in the log')
        result['log'] = self.messages()[-1]
        return result

    def messages(self):
        """The log lines about messages; others may arrive late."""
        return [line for line in self.daemon.lines()
                if line['event'] == 'message']

    def play_try(self):
        argv = [tree.MAILSEAL, 'try', '--json', '--milter',
                self.daemon.socket]
        for name, values in self.session.items():
            for value in values:
                argv += ['--' + name, value]
        path = os.path.join(self.top, 'outcome')
        if os.path.exists(path):
            os.unlink(path)
        _, out, err = proc.run_json(argv + ['--output', path], self.data)
        tap.ok(out, self.point + ': mailseal try gives JSON', err)
        if out and os.path.exists(path):
            with open(path, 'rb') as f:
                out['bytes'] = f.read()
        return out

    def outcome(self, out):
        """What try said, and the message as it left: as try wrote it, or,
        played raw, made here."""
        added = ['%s: %s' % (a['name'], a['value']) for a in out['added']]
        fields, body = seal.split(self.data)
        gone = {(d['name'].lower().encode(), d['index'])
                for d in out['deleted']}
        seen = {}
        left = []
        for f in fields:
            name = f.partition(b':')[0].strip().lower()
            seen[name] = seen.get(name, 0) + 1
            if (name, seen[name]) not in gone:
                left.append(f)
        # Each was inserted on top of those before it.
        added.reverse()
        left = [seal.crlf(a.encode()) + b'\r\n' for a in added] + left
        return {
            'reply': out['reply'] or '', 'action': out['action'],
            'added': [' '.join(a.split()) for a in added],
            'changed': out['changed'], 'deleted': len(gone),
            'quarantine': out['quarantine'],
            'message': out.get('bytes') or
                       b''.join(left) + b'\r\n' + body,
        }

    def expect_reply(self, result, want):
        if want == 'accept':
            tap.ok(result['action'] in ('accept', 'quarantine'),
                   self.point + ': accepted', result)
        else:
            tap.ok(result['reply'].startswith(want), '%s: reply %s' % (
                self.point, want), result)

    def expect_add(self, result, want):
        got = result['added'].pop(0) if result['added'] else 'nothing'
        tap.ok(re.search(want, got), '%s: added %s' % (self.point, want), got)

    def expect_delete(self, result, want):
        tap.is_(result['deleted'], int(want), self.point + ': deleted')

    def expect_quarantine(self, result, want):
        got = result['quarantine']
        good = got is None if want == 'no' else \
            got is not None and re.search(want, got)
        tap.ok(good, '%s: quarantine %s' % (self.point, want), got)

    def expect_log(self, result, want):
        name, _, value = want.partition('=')
        tap.is_(str(result['log'].get(name)), value, '%s: log %s' % (
            self.point, name), result['log'])

    def expect_dkim(self, result, want):
        _, out, err = seal.verify(result['message'], self.zone)
        tap.is_([d['result'] for d in out['dkim']] if out else err,
                want.split(), self.point + ': the outcome verifies')

    def expect_arc(self, result, want):
        _, out, err = seal.verify(result['message'], self.zone)
        tap.is_('%(result)s %(instances)s' % out['arc'] if out else err, want,
                self.point + ': the chain of the outcome')

    # -- all ----------------------------------------------------------------

    def run(self):
        verbs = {'zone': self.zone_, 'session': self.session_}
        for _number, name, argument, lines in sections(self.path):
            verbs.get(name, getattr(self, name, None))(argument, lines)
        self.stop()

    def stop(self):
        if self.daemon:
            tap.is_(self.daemon.stop(), 0, self.name + ': mailseald ends well',
                    self.daemon.log_text()[-3000:])
            self.daemon = None


def main():
    top = proc.folder()
    keys = {k.selector: k for k in peers.keys(top)}
    only = sys.argv[1:]
    for path in only or sorted(glob.glob(os.path.join(HERE, '*.txt'))):
        scenario = Scenario(path, top, keys)
        try:
            scenario.run()
        except Exception as e:      # the others are played all the same
            tap.ok(False, scenario.name + ': played to its end',
                   '%s: %s' % (type(e).__name__, e))
            scenario.stop()


if __name__ == '__main__':
    tap.main(main)
