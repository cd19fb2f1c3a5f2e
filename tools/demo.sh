#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ./setup demo: the main job with nothing configured and no network: a daemon,
# DNS from a zone text, and an MTA played by `mailseal try`.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$top/tools:$top/keys:$top/milter:$PATH
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"

bold= plain=
[ ! -t 1 ] || { bold=$(printf '\033[1m') plain=$(printf '\033[0m'); }
title() {
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}
show() {
	sed 's/^/    /' "$1"
}
die() {
	echo "demo: $*" >&2
	[ ! -s daemon.log ] || show daemon.log >&2
	exit 1
}

title "1. A key for example.com, and the DNS record that publishes it"
dkimkeygen new -d example.com -s demo -D . >record.txt || die "no key"
show demo.txt

cat >zone.txt <<'TXT'
$ORIGIN example.com.
$TTL 3600
@       TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc  TXT "v=DMARC1; p=reject"
mx      A   192.0.2.1
1.2.0.192.in-addr.arpa.  PTR  mx
TXT
cat demo.txt >>zone.txt
cat >mailseald.conf <<TXT
Socket            unix:$work/milter.sock
Background        no
LogTarget         stderr
Domain            example.com
Selector          demo
KeyStore          none
MarkKeyFile       $work/mark.key
KeyFile           $work/demo.private
AuthservID        mx.example.net
Zone              $work/zone.txt
OnDMARCReject     reject
TXT
cat >letter.txt <<'TXT'
From: Alice <alice@example.com>
To: Bob <bob@example.net>
Subject: Lunch on Thursday
Date: Sun, 22 Nov 2026 12:00:00 +0000
Message-ID: <1@example.com>

Shall we say noon, at the usual place?
TXT

mailseald -f -c mailseald.conf 2>daemon.log &
daemon=$!
tries=0
until [ -S milter.sock ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || die "mailseald does not start"
	sleep 0.1
done

title "2. Alice has logged in and sends a letter: mailseald signs it"
mailseal try --milter "unix:$work/milter.sock" --ip 198.51.100.7 \
    --auth alice --mail-from alice@example.com --rcpt bob@example.net \
    --output signed.txt letter.txt >sent.txt || die "the letter was refused"
show sent.txt
echo
show signed.txt

title "3. Bob's server receives it: signature and client are right"
mailseal try --milter "unix:$work/milter.sock" --ip 192.0.2.1 \
    --helo mx.example.com --mail-from alice@example.com \
    --rcpt bob@example.net signed.txt >received.txt ||
    die "the letter was refused"
show received.txt

title "4. Somebody else says three, in her name: refused"
sed 's/noon/three/' signed.txt >forged.txt
if mailseal try --milter "unix:$work/milter.sock" --ip 192.0.2.66 \
    --helo evil.example --mail-from alice@example.com \
    --rcpt bob@example.net forged.txt >refused.txt; then
	die "the forgery was accepted"
fi
show refused.txt

title "5. Why? mailseal verify, without any daemon"
mailseal verify -c mailseald.conf --ip 192.0.2.66 --helo evil.example \
    --mail-from alice@example.com forged.txt >why.txt || true
show why.txt

title "6. What the daemon wrote to its log"
kill "$daemon"
wait "$daemon" || die "mailseald did not end well"
daemon=
show daemon.log

title "That is all. README says how to use it with your Postfix."
