#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: run.sh TARGET ...
# Runs fuzz targets in the build tree, FUZZ_SECONDS each and FUZZ_JOBS at a
# time; if FUZZ_CHANGED names a list of changed files, only the targets that
# these concern. What libFuzzer finds goes to test/fuzz/found in the build
# tree, never to the corpus. Fails if a target finds something.
set -eu
: "${FUZZ_SECONDS:=60}" "${FUZZ_JOBS:=2}" "${FUZZ_CHANGED:=}" "${top_srcdir:=.}"
export FUZZ_SECONDS FUZZ_JOBS top_srcdir

# Whether the list of changed files concerns the target. It does if it has a
# file of the target's corpus or a file in a folder from which the target
# includes a header. Of lib/base and test, which all targets use, only the
# included files and the .c beside them count.
is_changed() {
	awk -v top="$top_srcdir/" -v corpus="test/fuzz/corpus/$1/" '
	FILENAME == ARGV[1] {
		changed[$0]
		next
	}
	{
		for (i = 1; i <= NF; i++) {
			path = $i
			if (index(path, top) == 1) {
				path = substr(path, length(top) + 1)
			}
			if (path !~ /^[^\/].*\/.*\.[ch]:?$/) {
				continue
			}
			if (path ~ /^(lib\/base|test)\//) {
				sub(/[ch]:?$/, "", path)
			} else {
				sub(/[^\/]*$/, "", path)
			}
			prefix[path]
		}
	}
	END {
		prefix[corpus]
		for (file in changed) {
			for (path in prefix) {
				if (index(file, path) == 1) {
					exit 0
				}
			}
		}
		exit 1
	}' "$FUZZ_CHANGED" "test/fuzz/.deps/fuzz_$1.Po"
}

run_all() {
	[ $# -gt 0 ] || { echo "run.sh: no targets" >&2; exit 2; }
	for target in "$@"; do
		if [ -z "$FUZZ_CHANGED" ] || is_changed "${target##*/fuzz_}"
		then
			echo "$target"
		fi
	done | xargs -r -P "$FUZZ_JOBS" -n 1 sh "$0" -one
}

run_one() {
	target=$1
	name=${target##*/fuzz_}
	found=test/fuzz/found/$name
	mkdir -p "$found/corpus"
	if "./$target" -max_total_time="$FUZZ_SECONDS" -timeout=10 \
	    -max_len=65536 -rss_limit_mb=1024 -print_final_stats=1 \
	    -artifact_prefix="$found/" "$found/corpus" \
	    "$top_srcdir/test/fuzz/corpus/$name" >"$found/log" 2>&1; then
		echo "fuzz_$name: nothing found in $(sed -n \
		    's/^stat::number_of_executed_units: *//p' \
		    "$found/log") runs"
		return
	fi
	tail -n 40 "$found/log" >&2
	# The build tree may not outlive the run: show the input itself.
	for input in "$found"/*-*; do
		[ -f "$input" ] || continue
		echo "$input, at most 8 KiB of it in base64:" >&2
		head -c 8192 "$input" | base64 -w 0 >&2
		echo >&2
	done
	echo "fuzz_$name: FOUND SOMETHING, see $found" >&2
	exit 1
}

case ${1-} in
-one) run_one "$2" ;;
*) run_all "$@" ;;
esac
