#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The life of the Debian package on a machine that has nothing else, whose
# systemd is booted in namespaces of its own: install, run, reload, upgrade
# while mail arrives, remove, purge. Not part of `make check': it needs root
# and debootstrap, and fetches a base system.
# Usage: check.sh PACKAGE [SUITE [OLDER]]
# OLDER: the package that is upgraded; without it PACKAGE with a lower version.
set -u
package=$1
suite=${2:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
older=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
root=$work/root
number=0 failed=0 booted= init=

# The mounts are in namespaces that end with their first process.
cleanup() {
	touch "$work/stop"
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null
	wait
	umount "$root/proc" 2>/dev/null
	rm -rf --one-file-system "$work"
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

# show FILE: as comments.
show() {
	tail -n 60 "$1" | sed 's/^/# /'
}

inside() {
	if [ -n "$booted" ]; then
		enter="nsenter -t $init -m -u -i -n -p -C --root --wd"
	else
		enter="chroot $root"
	fi
	$enter env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" </dev/null
}

# check NAME COMMAND...: a test point, inside; the output is shown if it fails.
check() {
	name=$1
	shift
	if inside "$@" >"$work/out" 2>&1; then
		ok 0 "$name"
	else
		show "$work/out"
		ok 1 "$name"
	fi
}

# try_often NAME COMMAND...: until it succeeds, for at most a minute.
try_often() {
	name=$1
	shift
	tries=0
	until inside "$@" >"$work/out" 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" = 120 ]; then
			show "$work/out"
			ok 1 "$name"
			return
		fi
		sleep 0.5
	done
	ok 0 "$name"
}

[ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null || {
	echo "1..0 # SKIP needs root and debootstrap"
	exit 0
}

# --- the machine
# The same mirror as this machine's.
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' | grep -v security | head -n 1)
chmod 755 "$work"
debootstrap --variant=minbase --include=systemd-sysv "$suite" "$root" \
    "$mirror" >"$work/log" 2>&1
status=$?
[ "$status" = 0 ] || show "$work/log"
ok "$status" "debootstrap $suite"
[ "$status" = 0 ] || exit 1
apt-config dump | grep -i '^Acquire::.*proxy' >"$root/etc/apt/apt.conf.d/proxy"
cp "$package" "$root/new.deb"
if [ -n "$older" ]; then
	cp "$older" "$root/old.deb"
else
	dpkg-deb -R "$package" "$work/old" &&
	    sed -i 's/^Version: .*/Version: 0.0.1-1/' "$work/old/DEBIAN/control" &&
	    dpkg-deb --root-owner-group -b "$work/old" "$root/old.deb" >/dev/null
	ok $? "the same package with a lower version"
fi

# What later needs the network. No service starts in a chroot.
mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
check "apt-get update" apt-get -q update
for deb in old new; do
	check "fetch what $deb.deb depends on" apt-get -q -y \
	    --no-install-recommends --download-only install "./$deb.deb"
done
check "install Postfix" \
    apt-get -q -y --no-install-recommends install postfix openssl
inside useradd -m joe
umount "$root/proc"
rm "$root/usr/sbin/policy-rc.d"

sh "$here/boot.sh" "$root" >"$work/console" 2>&1 &
booted=$!
tries=0
while [ -z "$init" ] && [ "$tries" -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
	init=$(pgrep -P "$booted" | head -n 1)
done
try_often "its systemd has booted" sh -c \
    'systemctl is-system-running | grep -E "running|degraded"'

# --- install and run
# All of it has been fetched; apt looks into its cache first.
install="apt-get -q -y --no-install-recommends install"
check "apt install ./old.deb" $install ./old.deb
check "user mailseal exists" id mailseal
check "the key store is mailseal's alone" sh -c \
    'test "$(stat -c "%U %a" /var/lib/mailseal/keys)" = "mailseal 700"'
check "the installed configuration is right" mailseald -n
check "manuals name the installed files" sh -c \
    '! zcat /usr/share/man/man?/mailseal* /usr/share/man/man?/dkimkeygen* |
	grep /usr/local/'
try_often "the daemon runs" systemctl is-active mailseald
check "it starts at boot, and keys rotate" \
    systemctl is-enabled mailseald dkimkeygen.timer
check "reports and the daily check are left to the operator" sh -c \
    '! systemctl is-enabled mailseal-report.timer mailseal-check.timer \
	mailseal-failures.timer | grep -q "^enabled"'
check "every unit is right" sh -c 'systemd-analyze verify \
    mailseald.service dkimkeygen.timer mailseal-check.timer \
    mailseal-report.timer dkimkeygen.service mailseal-check.service \
    mailseal-report.service mailseal-failures.timer \
    mailseal-failures.service 2>&1 | grep -i "mailseal\|dkimkeygen" |
	grep -v "Command .man" && exit 1
    exit 0'
printf 'From: a@example.org\r\nSubject: x\r\n\r\nx\r\n' >"$root/letter"
# There is no DNS: it answers that it cannot judge the message now.
check "it answers on the sample's socket" sh -c \
    'mailseal try --milter inet:8891@127.0.0.1 --ip 192.0.2.1 /letter |
	grep -E "^action +tempfail"'
echo 'example.com. MX 10 mail.example.com.' >"$root/zone"
check "mailseal setup is the next step: it shows what to publish" sh -c \
    'mailseal setup --dry-run --zone /zone --no-wait --mta none --ip 192.0.2.1 \
	--host mail.example.com example.com | grep "v=DMARC1"'

# --- sign, and reload
cat >"$work/more" <<'TXT'
Domain example.com
Selector s
KeyFile /var/lib/mailseal/s.private
CheckKeys no
TXT
inside sh -c 'cd /var/lib/mailseal && umask 077 &&
    openssl genpkey -quiet -algorithm ed25519 -out s.private &&
    chown mailseal s.private'
# And a key of the store, which the upgrade must take over.
check "a key in files" sh -c 'cd /srv &&
    dkimkeygen new -d example.net -s kept -D . && printf "%s\n" \
    "\$ORIGIN example.net." "$(cat kept.txt)" >>/zone'
check "it is adopted into the store" \
    dkimkeygen adopt -d example.net -s kept -k /srv/kept.private --zone /zone
before=$(inside systemctl show -P MainPID mailseald)
cat "$work/more" >>"$root/etc/mailseal/mailseald.conf"
check "systemctl reload" systemctl reload mailseald
after=$(inside systemctl show -P MainPID mailseald)
[ "$before" = "$after" ]
ok $? "reload keeps the process"

# --- upgrade while mail arrives
check "Postfix gets the milter, as README.Debian has it" sh -c 'postconf -e \
    smtpd_milters=inet:127.0.0.1:8891 non_smtpd_milters=inet:127.0.0.1:8891 \
    milter_default_action=tempfail mydestination=localhost &&
    systemctl start postfix && systemctl reload postfix'
nsenter -t "$init" -n python3 "$here/traffic.py" "$work/stop" "$work/count" \
    >"$work/traffic" 2>&1 &
traffic=$!

# accepted NAME: 30 messages more.
accepted() {
	wanted=$(($(cat "$work/count" 2>/dev/null || echo 0) + 30))
	tries=0
	while [ "$(cat "$work/count" 2>/dev/null || echo 0)" -lt "$wanted" ] &&
	    [ "$tries" -lt 240 ] && kill -0 "$traffic" 2>/dev/null; do
		sleep 0.5
		tries=$((tries + 1))
	done
	[ "$(cat "$work/count" 2>/dev/null || echo 0)" -ge "$wanted" ]
	ok $? "$1"
}

accepted "mail arrives"
check "apt install ./new.deb: no question about a changed configuration" \
    $install ${older:+-o Dpkg::Options::=--force-confold} ./new.deb
try_often "the daemon runs" systemctl is-active mailseald
[ "$(inside systemctl show -P MainPID mailseald)" != "$after" ]
ok $? "it is the new one"
[ "$(inside dpkg-query -W -f '${Version}' mailseal)" = \
    "$(dpkg-deb -f "$package" Version)" ]
ok $? "the version is the new one"
check "the configuration is as the operator left it" \
    grep -q '^Selector s$' /etc/mailseal/mailseald.conf
check "it is right for the new version, too" mailseald -n
check "the key of the store is as it was" sh -c \
    'dkimkeygen list -d example.net | grep -E "kept .*active"'
accepted "mail arrives as before"
touch "$work/stop"
wait "$traffic"
status=$?
show "$work/traffic"
ok "$status" "no message was refused"
sent=$(cat "$work/count")
box=$root/var/mail/joe
tries=0
while [ "$(grep -ac '^X-Mark: ' "$box")" -lt "$sent" ] &&
    [ "$tries" -lt 120 ]; do
	sleep 0.5
	tries=$((tries + 1))
done
[ "$(grep -a '^X-Mark: ' "$box" | sort -u | wc -l)" = "$sent" ]
ok $? "each of the $sent accepted messages was delivered"
[ "$(grep -ac '^DKIM-Signature: ' "$box")" = \
    "$(grep -ac '^X-Mark: ' "$box")" ]
ok $? "each is signed"
[ "$(grep -ac '[[:space:];]s=kept;' "$box")" -ge "$((sent / 2))" ]
ok $? "every second one by the key of the store"

# --- remove and purge
check "a key is made where the daemon looks" dkimkeygen new -d example.com
check "apt remove" apt-get -q -y remove mailseal
check "it stops the daemon" sh -c '! systemctl is-active mailseald &&
    ! pgrep mailseald'
check "removal keeps configuration and keys" sh -c 'ls \
    /etc/mailseal/mailseald.conf /var/lib/mailseal/keys/example.com/*.private'
check "apt purge" apt-get -q -y purge mailseal
check "purge removes the configuration" test ! -e /etc/mailseal
check "purge keeps the keys" sh -c \
    'ls /var/lib/mailseal/keys/example.com/*.private'
check "purge leaves no unit" sh -c \
    '! ls -d /etc/systemd/system/*/*mailseal* /etc/systemd/system/*/dkimkeygen*'
check "install once more" $install ./new.deb
check "the daemon runs again" systemctl is-active mailseald
check "purge with MAILSEAL_PURGE_KEYS=yes" \
    env MAILSEAL_PURGE_KEYS=yes apt-get -q -y purge mailseal
check "it removes the keys" test ! -e /var/lib/mailseal
echo "1..$number"
exit "$failed"
