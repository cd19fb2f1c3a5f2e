# SPDX-License-Identifier: BSD-2-Clause
"""Private keys as containers mount them: root's, for the daemon's group to read,
behind two symbolic links (key -> ..data/key, ..data -> ..1). For a KeyFile, a
KeyTable and a KeyStore; and which owners, modes and links are refused."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))

import proc  # noqa: E402
import seald  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

TOP = proc.folder()
USER, UID, GID = 'nobody', 65534, 65534
OTHER = 1                   # a user, and a group
FAMILY = os.path.join(TOP, 'made')
FILES = ('s1.private', 's1.state', 's1.txt')
DOMAIN = 'example.com'


def make_key():
    """An active key of a store, to be copied."""
    os.mkdir(FAMILY)
    proc.run([tree.DKIMKEYGEN, 'new', '-d', DOMAIN, '-s', 's1', '-t',
              'ed25519', '-K', FAMILY])
    path = os.path.join(FAMILY, DOMAIN, 's1.state')
    with open(path, encoding='ascii') as f:
        text = f.read()
    proc.write(path, text.replace('stage pending', 'stage active'))


def link(target, path, uid=0):
    os.symlink(target, path)
    os.lchown(path, uid, uid)


class Mount:
    """A secret with the files of the key, at top."""

    def __init__(self, top, uid=0, gid=GID, mode=0o440):
        self.top, self.owner = top, (uid, gid, mode)
        os.makedirs(top)
        os.chown(top, 0, gid)
        os.chmod(top, 0o1777)
        self.n = 0
        self.update()
        for name in os.listdir(os.path.join(top, '..data')):
            link(os.path.join('..data', name), os.path.join(top, name))

    def fill(self, folder):
        """What the secret has."""
        for name in FILES:
            self.copy(name, folder)

    def copy(self, name, folder):
        uid, gid, mode = self.owner if name.endswith('.private') else \
            (0, GID, 0o440)
        path = os.path.join(folder, name)
        shutil.copyfile(os.path.join(FAMILY, DOMAIN, name), path)
        os.chown(path, uid, gid)
        os.chmod(path, mode)

    def update(self):
        self.n += 1
        folder = os.path.join(self.top, '..%d' % self.n)
        os.mkdir(folder, 0o755)
        os.chmod(folder, 0o755)
        self.fill(folder)
        link('..%d' % self.n, os.path.join(self.top, '..new'))
        os.rename(os.path.join(self.top, '..new'),
                  os.path.join(self.top, '..data'))


class StoreMount(Mount):
    """One whose names have the domain's folder."""

    def fill(self, folder):
        os.mkdir(os.path.join(folder, DOMAIN), 0o755)
        super().fill(os.path.join(folder, DOMAIN))


def key_file(top, **owner):
    Mount(top, **owner)
    return {'Domain': DOMAIN, 'Selector': 's1',
            'KeyFile': os.path.join(top, 's1.private')}


def key_table(top, **owner):
    Mount(os.path.join(top, 'mount'), **owner)
    keys = proc.write(os.path.join(top, 'KeyTable'), 'k %s:s1:%s\n' % (
        DOMAIN, os.path.join(top, 'mount', 's1.private')), 0o644)
    rules = proc.write(os.path.join(top, 'SigningTable'), DOMAIN + ' k\n',
                       0o644)
    return {'KeyTable': keys, 'SigningTable': rules, 'KeyCache': 'all'}


def store(top, **owner):
    StoreMount(top, **owner)
    return {'KeyStore': top}


def domain_mount(top, **owner):
    Mount(os.path.join(top, DOMAIN), **owner)
    return {'KeyStore': top}


HOLDERS = (('KeyFile', key_file), ('KeyTable', key_table),
           ('KeyStore', store), ('KeyStore, one domain', domain_mount))


def check(name, options):
    """(whether all is well, what is said) by mailseald -n."""
    conf = proc.write(os.path.join(TOP, 'conf'), ''.join(
        '%s %s\n' % x for x in dict({
            'Socket': 'inet:8891@127.0.0.1', 'UserID': USER,
            'AuthservID': 'mx.example.net', 'KeyStore': 'none'},
            **options).items()), 0o644)
    status, out, err = proc.run([tree.MAILSEALD, '-n', '--no-dns', '-c',
                                 conf])
    return status == 0 and '1 domain signs' in out.decode(), \
        out.decode() + err


def test_owners():
    rows = (
        ('the group may read', {}, ''),
        ('0640', {'mode': 0o640}, ''),
        ('the daemon owns it', {'uid': UID, 'mode': 0o400}, ''),
        ('the daemon owns it, and its group reads', {'uid': UID}, ''),
        ('another group reads', {'gid': OTHER},
         'mode 0440 lets group 1 read a private key, which is not the '
         "daemon's own group, 65534"),
        ("root's group reads", {'gid': 0}, 'mode 0440 lets group 0 read'),
        ('the group writes', {'mode': 0o660},
         'mode 0660 gives group 65534 more than permission to read a '
         'private key; chmod 600 it'),
        ('all read', {'mode': 0o444},
         'mode 0444 gives others access to a private key; chmod 600 it'),
        ('all read and write', {'mode': 0o666},
         'mode 0666 gives group 65534 and others access to a private key; '
         'chmod 600 it'),
        ('another group and all read', {'gid': OTHER, 'mode': 0o444},
         'mode 0444 gives group 1 and others access'),
        ("another user's", {'uid': OTHER}, 'belongs to user 1'))
    for holder, make in HOLDERS:
        for i, (name, owner, want) in enumerate(rows):
            top = os.path.join(TOP, '%s-%d' % (make.__name__, i))
            os.makedirs(os.path.dirname(top), exist_ok=True)
            well, said = check(name, make(top, **owner))
            tap.is_(well, not want, '%s, %s' % (holder, name), said)
            if want.startswith('mode 0440 lets') and make is not key_file:
                # The daemon's user cannot read it at all.
                want = 'Permission denied: it belongs to user 0, group %d, ' \
                    'mode 0440, and is read by user 65534, group 65534' % \
                    owner['gid']
            if want:
                tap.contains(said, want, 'and why not')


def test_links():
    """In a key store."""
    rows = (
        ("root's link to what is the daemon's", UID, 0, UID, ''),
        ('the owner links to his own', UID, UID, UID, ''),
        ("the owner links to root's", UID, UID, 0,
         'a link to what belongs to user 0'),
        ("another's link", 0, OTHER, 0, 'a link of user 1, who may not place '
         'links in this key store; copy it, or chown -h it'),
        ("a link to another's", 0, 0, OTHER,
         'a link to what belongs to user 1'))
    for i, (name, owner, by, target, want) in enumerate(rows):
        top = os.path.join(TOP, 'links-%d' % i)
        place = os.path.join(TOP, 'target-%d' % i)
        os.mkdir(top)
        shutil.copytree(os.path.join(FAMILY, DOMAIN), place)
        for folder, _, files in os.walk(place):
            os.chown(folder, target, GID)
            os.chmod(folder, 0o755)
            for file in files:
                os.chown(os.path.join(folder, file), target, GID)
                os.chmod(os.path.join(folder, file), 0o440)
        os.chown(top, owner, GID)
        os.chmod(top, 0o755)
        link(place, os.path.join(top, DOMAIN), by)
        # As root who asks, and as the user.
        for who in ([], ['setpriv', '--reuid', USER, '--regid', str(GID),
                         '--clear-groups']):
            status, out, err = proc.run(who + [tree.DKIMKEYGEN, 'list', '-K',
                                               top])
            said = out.decode() + err
            if who and owner == by == UID and target == 0:
                continue        # this is about root
            tap.ok((want in said) if want else
                   'a link' not in said and ' active ' in said,
                   '%s%s' % (name, ', asked by the daemon' if who else ''),
                   said)
    status, _, err = proc.run([tree.DKIMKEYGEN, 'new', '-d', DOMAIN, '-s',
                               's2', '-K', os.path.join(TOP, 'links-0')])
    tap.ok(status == 2 and 'a symbolic link: keys are read through it, but '
           'new ones need a folder' in err, 'a new key needs a folder', err)
    foreign = proc.write(os.path.join(TOP, 'made', '.lock'), '', 0o600)
    os.chown(foreign, OTHER, OTHER)
    status, _, err = proc.run([tree.DKIMKEYGEN, 'new', '-d', 'x.example',
                               '-K', FAMILY])
    tap.ok(status == 2 and '.lock: does not belong to the owner of the key '
           'store' in err, "another's file in a key store", err)
    os.unlink(foreign)
    os.symlink('nowhere', os.path.join(TOP, 'links-0', 'gone.example'))
    _, out, _ = proc.run([tree.DKIMKEYGEN, 'list', '-K',
                          os.path.join(TOP, 'links-0')])
    tap.contains(out.decode(), 'gone.example: No such file',
                 'a link that leads nowhere is listed as broken')


def signed(daemon):
    _, out, err = proc.run_json(
        [tree.MAILSEAL, 'try', '--json', '--milter', 'unix:' + daemon.path],
        b'From: joe@example.com\r\nSubject: x\r\n\r\nhello\r\n')
    return [f['value'].split(' s=')[1].split(';')[0] for f in out['added']
            if f['name'] == 'DKIM-Signature'] if out else err


def test_daemon():
    """It serves with such a store, and follows the secret."""
    top = os.path.join(TOP, 'served')
    mount = StoreMount(top)
    daemon = seald.Seald(TOP, {'KeyStore': top, 'UserID': USER,
                               'KeyRefresh': '1', 'Zone': '/dev/null',
                               'CheckKeys': 'no'}, 'daemon', start=False)
    os.chmod(daemon.conf, 0o644)
    daemon.start()
    tap.is_(signed(daemon), ['s1'], 'signed with a key behind links')
    state = os.path.join(FAMILY, DOMAIN, 's1.state')
    with open(state, encoding='ascii') as f:
        text = f.read()
    for name in FILES:
        os.rename(os.path.join(FAMILY, DOMAIN, name), os.path.join(
            FAMILY, DOMAIN, name.replace('s1', 's2')))
    proc.write(state.replace('s1', 's2'),
               text.replace('selector s1', 'selector s2'))
    mount.fill = lambda folder: fill_second(mount, folder)
    mount.update()
    proc.wait_for(lambda: signed(daemon) == ['s2'], 'the new secret')
    tap.ok(True, 'a secret that is changed is taken up')
    tap.is_(daemon.stop(), 0, 'mailseald ends well')


def fill_second(mount, folder):
    os.mkdir(os.path.join(folder, DOMAIN), 0o755)
    for name in FILES:
        mount.copy(name.replace('s1', 's2'), os.path.join(folder, DOMAIN))


def main():
    if os.geteuid() != 0:
        tap.skip_all('owners take root')
    os.chmod(TOP, 0o755)
    make_key()
    test_owners()
    test_links()
    test_daemon()


tap.main(main)
