#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: run.sh TARGET ...
# Runs fuzz targets for FUZZ_SECONDS each, FUZZ_JOBS at a time. What they learn
# and what they find goes to test/fuzz/found in the build tree, never to the
# corpus. Fails when one of them finds something.
set -eu
: "${FUZZ_SECONDS:=60}" "${FUZZ_JOBS:=2}" "${top_srcdir:=.}"
export FUZZ_SECONDS FUZZ_JOBS top_srcdir

if [ "${1-}" != -one ]; then
	[ $# -gt 0 ] || { echo "run.sh: no targets" >&2; exit 2; }
	printf '%s\n' "$@" | xargs -P "$FUZZ_JOBS" -n 1 sh "$0" -one
	exit
fi

target=$2
name=${target##*/fuzz_}
found=test/fuzz/found/$name
mkdir -p "$found/corpus"
if "./$target" -max_total_time="$FUZZ_SECONDS" -timeout=10 -max_len=65536 \
    -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$found/" \
    "$found/corpus" "$top_srcdir/test/fuzz/corpus/$name" \
    >"$found/log" 2>&1; then
	echo "fuzz_$name: nothing found in $(sed -n \
	    's/^stat::number_of_executed_units: *//p' "$found/log") runs"
else
	tail -n 40 "$found/log" >&2
	# The input, for where the build tree does not outlive the run.
	for input in "$found"/*-*; do
		[ -f "$input" ] || continue
		echo "$input, at most 8 KiB of it in base64:" >&2
		head -c 8192 "$input" | base64 -w 0 >&2
		echo >&2
	done
	echo "fuzz_$name: FOUND SOMETHING, see $found" >&2
	exit 1
fi
