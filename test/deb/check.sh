#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The life of the Debian package on a machine that has nothing else: install,
# run, upgrade, remove, purge. Not part of `make check': it needs root and
# debootstrap, and fetches a base system. Usage: check.sh PACKAGE [SUITE]
set -u
package=$1
suite=${2:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
root=$(mktemp -d)
chmod 755 "$root"
number=0 failed=0

cleanup() {
	[ ! -f "$root/daemon.pid" ] || kill "$(cat "$root/daemon.pid")" \
	    2>/dev/null
	umount "$root/proc" "$root/dev" 2>/dev/null
	rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# ok STATUS NAME: a test point.
ok() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

inside() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

# check NAME COMMAND...: a test point, inside; the output is shown if it fails.
check() {
	name=$1
	shift
	if inside "$@" >"$root/out" 2>&1; then
		ok 0 "$name"
	else
		sed 's/^/# /' "$root/out"
		ok 1 "$name"
	fi
}

[ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null || {
	echo "1..0 # SKIP needs root and debootstrap"
	exit 0
}
# The same mirror as this machine's.
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' | grep -v security | head -n 1)
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1
status=$?
[ "$status" = 0 ] || tail -n 20 "$root.log" | sed 's/^/# /'
rm -f "$root.log"
ok "$status" "debootstrap $suite"
[ "$status" = 0 ] || exit 1
apt-config dump | grep -i '^Acquire::.*proxy' >"$root/etc/apt/apt.conf.d/proxy"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
# No service is started: there is no init in here.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp "$package" "$root/mailseal.deb"

check "apt-get update" apt-get -q update
check "apt install ./mailseal.deb" \
    apt-get -q -y --no-install-recommends install ./mailseal.deb
check "user mailseal exists" id mailseal
check "the key store is mailseal's alone" sh -c \
    'test "$(stat -c "%U %a" /var/lib/mailseal/keys)" = "mailseal 700"'
check "the installed configuration is right" mailseald -n
check "manuals name the installed files" sh -c \
    '! zcat /usr/share/man/man?/*.gz 2>/dev/null | grep -q /usr/local/etc'
check "the unit starts the installed binary" \
    grep -q '^ExecStart=/usr/sbin/mailseald -f$' \
    /lib/systemd/system/mailseald.service

# As the unit starts it.
chroot "$root" setpriv --reuid=mailseal --regid=mailseal --clear-groups \
    /usr/sbin/mailseald -f >"$root/daemon.log" 2>&1 &
echo $! >"$root/daemon.pid"
printf 'From: a@example.org\r\nSubject: x\r\n\r\nx\r\n' >"$root/letter"
tried=1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	if inside mailseal try --milter inet:8891@127.0.0.1 --ip 192.0.2.1 \
	    /letter >"$root/out" 2>&1; then
		tried=0
		break
	fi
	sleep 1
done
[ "$tried" = 0 ] || sed 's/^/# /' "$root/out" "$root/daemon.log"
ok "$tried" "the daemon answers on the sample's socket"
grep -q '^Authentication-Results:' "$root/out" ||
    grep -q 'Authentication-Results' "$root/out"
ok $? "it verifies"

check "a key is made where the daemon looks" \
    dkimkeygen new -d example.com
check "install again, as an upgrade does" \
    apt-get -q -y --reinstall --no-install-recommends install ./mailseal.deb
check "the key is still there" sh -c \
    'ls /var/lib/mailseal/keys/example.com/*.private'
kill "$(cat "$root/daemon.pid")"
wait "$(cat "$root/daemon.pid")"
ok $? "the daemon ends well"
rm -f "$root/daemon.pid"

check "apt remove" apt-get -q -y remove mailseal
check "removal keeps configuration and keys" sh -c \
    'ls /etc/mailseal/mailseald.conf /var/lib/mailseal/keys/example.com/*.private'
check "apt purge" apt-get -q -y purge mailseal
check "purge removes the configuration" test ! -e /etc/mailseal
check "purge keeps the keys" sh -c \
    'ls /var/lib/mailseal/keys/example.com/*.private'
check "install once more" \
    apt-get -q -y --no-install-recommends install ./mailseal.deb
check "purge with MAILSEAL_PURGE_KEYS=yes" \
    env MAILSEAL_PURGE_KEYS=yes apt-get -q -y purge mailseal
check "it removes the keys" test ! -e /var/lib/mailseal
echo "1..$number"
exit "$failed"
