/* SPDX-License-Identifier: BSD-2-Clause */
#include "signers/table.h"

/* On a mismatch the last star takes one octet more; earlier ones need not. */
bool
glob_match(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, taken = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			taken = t;
		} else if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++taken;
		} else {
			return (false);
		}
	}
	while (p < pattern.n && pattern.p[p] == '*') {
		p++;
	}
	return (p == pattern.n);
}

/* OpenDKIM escapes '.' and '+' only and takes the rest for a POSIX ERE. */
char
glob_regex_octet(struct str pattern)
{
	size_t i;

	for (i = 0; i < pattern.n; i++) {
		if (memchr("?[](){}|^$\\", pattern.p[i], 11) != NULL) {
			return (pattern.p[i]);
		}
	}
	return ('\0');
}
