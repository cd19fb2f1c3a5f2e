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

# The version of a checkout's package is its commit's; never silently another.
eval "$(sed -n -e '/^say()/,/^}/p' -e '/^name_commit()/,/^}/p' setup)"
log=$work/log
export GIT_CEILING_DIRECTORIES="$work" GIT_CONFIG_GLOBAL=/dev/null
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
: >"$log"
name_checkout() {
	version=1.2
	cp "$1/etc/debian/changelog" "$work/changelog"
	said=$(cd "$1" && name_commit "$work/changelog" && echo "=$version")
	version=${said##*=}
	said=${said%=*}
}
mkdir -p "$work/tree/etc/debian"
echo 'mailseal (1.2-1) unstable; urgency=medium' \
    >"$work/tree/etc/debian/changelog"
name_checkout "$work/tree"
point "a tarball's package has the plain version" \
    "$([ "$version/$said" = 1.2/ ] || echo "$version $said")"
mkdir "$work/tree/.git"
name_checkout "$work/tree"
point "a checkout that git cannot read: it is said" "$(case $version/$said in
    1.2/*'no commit'*) ;; *) echo "$version $said" ;; esac)"
rmdir "$work/tree/.git"
git=$(command -v git || true)
if [ -n "$git" ]; then
	(
		cd "$work/tree"
		git -c init.defaultBranch=main init -q
		GIT_COMMITTER_DATE='1700000000 +0900' git -c user.name=a \
		    -c user.email=a@example.org commit -q --allow-empty -m a
		chown -R 65534 . 2>/dev/null || true
	)
	name_checkout "$work/tree"
	point "a checkout's has its commit, also of another user's checkout" \
	    "$(echo "$version" | grep -vE \
		'^1\.2\+git20231114221320\.[0-9a-f]{7}$' || true)"
	point "the changelog has the commit's date, in UTC" \
	    "$(sed -n 5p "$work/changelog" |
		grep -q 'Tue, 14 Nov 2023 22:13:20 +0000$' || echo no date)"
else
	n=$((n + 2))
	echo "ok $((n - 1)) - a checkout's commit # SKIP no git"
	echo "ok $n - the commit's date # SKIP no git"
fi

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
