#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a reader may rely on in every source file.
set -eu
cd "${top_srcdir:-.}"
. test/lib/point.sh

files=$(find lib milter keys tools test -name '*.[ch]' | sort)
# shellcheck disable=SC2086
{
	point "every C file names its licence first" \
	    "$(awk 'FNR == 1 {
			good[FILENAME] = /SPDX-License-Identifier: BSD-2-Clause/
		}
		END {
			for (i = 1; i < ARGC; i++)
				if (!good[ARGV[i]])
					print ARGV[i]
		}' $files)"
	point "no call that cannot know its buffer" \
	    "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|alloca)[ ]*\(' \
		$files || true)"
	point "no line of more than 80 columns, with tabs of 8" \
	    "$(awk '{
		n = split($0, part, "\t"); col = 0
		for (i = 1; i < n; i++)
			col = int((col + length(part[i])) / 8) * 8 + 8
		if (col + length(part[n]) > 80)
			print FILENAME ":" FNR
	    }' $files)"
	point "no function of more than 80 lines" \
	    "$(awk 'FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^\}/ {
			if (start > 0 && FNR - start - 1 > 80)
				print FILENAME ":" start
			start = 0
		}' $files)"
	point "no white space at the end of a line" \
	    "$(grep -nE '[	 ]+$' $files || true)"
	point "no decision is compared as a string" \
	    "$(grep -nE '\bstr(n|case|ncase)?cmp\((.*(->|\.|, ))?(action|verdict|rule|exempt|override|error|[a-z]*reason)\>' \
		$(printf '%s\n' $files | grep -v '^test/') || true)"
	point "only message.c of lib/engine has all parts of a message" \
	    "$(grep -ln 'engine/message\.h' $files |
		grep -vE '^(lib/engine/message\.c|test/)' || true)"
	point "only outcome.c of lib/engine writes an outcome" \
	    "$(grep -nE '\<out(come)?->[a-z_.]+ *([-+|]?=[^=]|\+\+|--)' \
		lib/engine/*.c | grep -v '^lib/engine/outcome\.c' || true)"
	point "never ub_resolve(), which blocks" \
	    "$(grep -nwE 'ub_resolve' $files || true)"
}

if command -v mandoc >/dev/null 2>&1; then
	for page in $(find milter keys tools -name '*.[1-8]' | sort); do
		point "mandoc has no complaint about $page" \
		    "$(mandoc -Tlint -Wwarning "$page" 2>&1 || true)"
	done
else
	n=$((n + 1))
	echo "ok $n - manual pages # SKIP mandoc is not installed"
fi
echo "1..$n"
