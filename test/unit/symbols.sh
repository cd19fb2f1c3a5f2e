#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A function of ours with the name of one of a library's would be called by
# that library in place of its own. lib/ keeps no state: no writable data. No
# exported function is without a caller.
set -eu
top_srcdir=${top_srcdir:-$PWD}
. "$top_srcdir/test/lib/point.sh"
cd "${top_builddir:-.}"
archive=lib/libmailseal.a

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 { print $3 }' |
    sort -u >"$work/ours"
test -s "$work/ours" || { echo "1..0 # SKIP nm shows nothing"; exit 0; }

# The shared object itself: libbsd.so is a linker script that names it.
shared_object() {
	file=$(${CC:-cc} -print-file-name="lib$1.so")
	[ -e "$file" ] || return 0
	nm -D "$file" 2>/dev/null | grep -q . ||
	    named=$(grep -aoE "/[^ )]*/lib$1\\.so[.0-9]*" "$file" | head -n 1)
	echo "${named:-$file}"
}

for library in opendkim opendmarc cares unbound milter crypto bsd idn2 jansson psl \
    xml2 archive z gmime-3.0; do
	file=$(shared_object "$library")
	if [ -z "$file" ]; then
		n=$((n + 1))
		echo "ok $n - lib$library # SKIP it has no shared object"
		continue
	fi
	nm -D --defined-only "$file" | awk '{ sub(/@.*/, "", $3); print $3 }' |
	    sort -u >"$work/theirs"
	bad="cannot read $file"
	[ ! -s "$work/theirs" ] || bad=$(comm -12 "$work/ours" "$work/theirs")
	point "no name of ours is lib$library's" "$bad"
done

# .data.rel.ro is constant once the loader has put the addresses in.
bad=$(nm -A -f sysv --defined-only "$archive" 2>/dev/null |
    awk -F'|' '$NF ~ /^ *(\.s?data|\.s?bss|\*COM\*)/ &&
	$NF !~ /^ *\.data\.rel\.ro/ && $4 !~ /SECTION/ { print $1, $NF }' |
    grep -vE '__asan|__tsan|__ubsan|___|__odr|asan\.module|[._]gcov|\.L|__sancov' || true)
point "lib has no writable data" "$bad"

# An exported function has a caller outside its file; one that only tests call is
# dead. What only a test or a fuzz target calls from outside, because it is the
# smallest part that takes bytes or a clock, is named here. A name of the C
# library replaces that library's function.
entries='conf_option_find control_parse control_write dns_servers_parse
    engine_dns_deadline_us import_option_find player_open_fd player_play
    policy_parse redact_token sendmail_cf_parse spf_record_fini
    spf_record_parse zone_find'
objects=$(find lib milter keys tools -name '*.o')
nm -D --defined-only "$(${CC:-cc} -print-file-name=libc.so.6)" |
    awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$work/libc"
# shellcheck disable=SC2086
nm -A -g $objects 2>/dev/null | awk '
	{ file = $1; sub(/:.*/, "", file); name = $NF; type = $(NF - 1) }
	type == "U" { used[name] = 1 }
	type == "T" { defined[name] = file }
	END {
		for (name in defined)
			if (!(name in used) && name != "main")
				print name, defined[name]
	}' | sort >"$work/uncalled"
bad=$(join -v 1 "$work/uncalled" "$work/libc" | while read -r name file; do
	source=$top_srcdir/${file%.o}.c
	[ -f "$source" ] || continue
	if [ "$(grep -cw "$name" "$source")" -lt 2 ]; then
		echo "$name of ${file%.o}.c is dead"
	elif ! echo " $entries " | tr '\n' ' ' | grep -qw "$name"; then
		echo "$name of ${file%.o}.c should be static"
	elif ! grep -rqw --include='*.[ch]' "$name" "$top_srcdir/test"; then
		echo "$name of ${file%.o}.c is not in a test any more"
	fi
done)
point "every exported function has a caller" "$bad"
echo "1..$n"
