#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: summary.sh TEST-SUITE.LOG ...
# Shows what failed and what was skipped, then one line that counts all test
# points. Fails when one failed, or when none ran.
set -eu
exec awk '
/^# (PASS|XFAIL|SKIP|FAIL|XPASS|ERROR): / {
	n[$2] += $3
}
/^(FAIL|ERROR|XPASS): / { print }
/^SKIP: / && NF > 2 { print }		# not the title of a section
END {
	passed = n["PASS:"] + n["XFAIL:"]
	failed = n["FAIL:"] + n["XPASS:"] + n["ERROR:"]
	printf "%d passed, %d failed, %d skipped\n", passed, failed, n["SKIP:"]
	exit failed > 0 || passed == 0
}' "$@"
