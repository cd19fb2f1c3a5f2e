#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Holds the includes of every file against lib/LAYERS: a module includes
# itself and modules of lower layers, nothing else; and the edges stay where
# they belong: OpenSSL in crypto, c-ares and libunbound in dns, libopendkim in second,
# libmilter in milter.
set -eu
cd "${top_srcdir:-.}"
. test/lib/point.sh

rank=$(awk '!/^#/ && NF { r++; for (i = 1; i <= NF; i++) print $i, r }' \
    lib/LAYERS)
folder() {
	if [ -d "lib/$1" ]; then echo "lib/$1"; else echo "$1"; fi
}

for module in $(printf '%s\n' "$rank" | cut -d' ' -f1); do
	dir=$(folder "$module")
	bad=$(grep -Hno '^#include "[a-z0-9_]*/' "$dir"/*.[ch] 2>/dev/null |
	    awk -F'[:"/]' -v m="$module" -v rank="$rank" '
		BEGIN {
			k = split(rank, a, /[ \n]/)
			for (i = 1; i < k; i += 2) { r[a[i]] = a[i + 1] }
		}
		{
			to = $(NF - 1)
			if (to != m && !(to in r && r[to] < r[m])) { print }
		}')
	point "$module includes only what lies below it" "$bad"
done

# No folder of lib/ without its line in LAYERS.
bad=
for dir in lib/*/; do
	module=$(basename "$dir")
	printf '%s\n' "$rank" | grep -q "^$module " || bad="$bad $module"
done
point "every folder of lib has its layer" "$bad"

edge() {	# name, pattern of the header, the folders where it may stand
	bad=$(grep -lE "^#include <$2" lib/*/*.[ch] milter/*.[ch] keys/*.[ch] \
	    tools/*.[ch] 2>/dev/null | grep -vE "^($3)/" || true)
	point "$1 is included only in $3" "$bad"
}
edge OpenSSL 'openssl/' lib/crypto
edge libunbound 'unbound\.h' lib/dns
edge c-ares 'ares\.h' lib/dns
edge libopendkim '(opendkim/)?dkim\.h' lib/second
edge libmilter 'libmilter/' 'milter|tools'
edge syslog 'syslog\.h' 'milter|lib/conf'
edge libidn2 'idn2\.h' lib/mail
edge libopendmarc 'opendmarc/' lib/second
edge libpsl 'libpsl\.h' 'lib/dmarc|lib/second|lib/dns'
edge libxml2 'libxml/' lib/report
edge libarchive 'archive' lib/report
edge zlib 'zlib\.h' lib/report
edge GMime 'gmime/' lib/report
echo "1..$n"
