#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Holds etc/debian against the rest of the project: the libraries of setup are
# the package's build dependencies, and both have the same version; the tarball
# has every source file; the AppArmor profile is one.
set -eu
cd "${top_srcdir:-.}"
. test/lib/point.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wanted=$(sed -n '/^build_packages="/,/"$/p' setup | tr -d '"' |
    sed 's/^build_packages=//' | tr -s ' \t' '\n\n' | grep -E '^lib.*-dev$' |
    grep -v '^libc6-dev$' | sort)
had=$(sed -n '/^Build-Depends:/,/^[A-Z]/p' etc/debian/control |
    sed -n 's/^ \(lib[^ ,]*\).*/\1/p' | sort)
point "setup names libraries" "$([ -n "$wanted" ] || echo none)"
for package in $wanted $had; do
	bad=
	for list in "$wanted" "$had"; do
		printf '%s\n' "$list" | grep -qxF "$package" ||
		    bad="in only one of setup and etc/debian/control"
	done
	point "$package: in setup and in Build-Depends" "$bad"
done

version=$(sed -n 's/^AC_INIT(\[mailseal\], \[\(.*\)\])$/\1/p' configure.ac)
point "the package has the version of configure.ac: $version" \
    "$(sed -n 1p etc/debian/changelog |
	grep -v "^mailseal ($version-[0-9]*) " || true)"

cat Makefile.am $(find lib milter keys tools etc test -name '*.mk') |
    tr -s ' \t\\' '\n' | sort -u >"$work/named"
find lib milter keys tools test -name '*.[ch]' -o -name '*.py' -o -name '*.pl' \
    -o -name '*.pm' -o -name '*.sh' | sort >"$work/files"
point "the tarball has every source file" \
    "$(comm -13 "$work/named" "$work/files")"

profile=etc/apparmor.mailseald
PATH=$PATH:/sbin:/usr/sbin
if command -v apparmor_parser >/dev/null; then
	point "the AppArmor profile is right" \
	    "$(apparmor_parser -QK "$profile" 2>&1 >/dev/null |
		grep -v '^Cache read/write disabled' || true)"
else
	n=$((n + 1))
	echo "ok $n - the AppArmor profile is right # SKIP no apparmor_parser"
fi
point "it fits a page" "$([ "$(wc -l <$profile)" -le 60 ] || wc -l $profile)"
echo "1..$n"
