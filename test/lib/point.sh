# SPDX-License-Identifier: BSD-2-Clause
# To be sourced: a test point with a name, which fails if there is any text.
n=0
point() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | head -n 20 | sed 's/^/# /'
	fi
}
