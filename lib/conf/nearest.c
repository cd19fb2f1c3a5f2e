/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the option whose name is the fewest edits away. */
#include "conf/table.h"

#define NAME_MAX_BYTES	32	/* longer names are like none of ours */
#define EDITS_MAX	2

static size_t
least(size_t a, size_t b, size_t c)
{
	a = b < a ? b : a;
	return (c < a ? c : a);
}

/* Insertions, deletions and replacements between two short names. */
static size_t
edits(struct str a, struct str b)
{
	size_t row[NAME_MAX_BYTES + 1], i, j, diagonal, above;

	for (j = 0; j <= b.n; j++) {
		row[j] = j;
	}
	for (i = 1; i <= a.n; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b.n; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, diagonal +
			    (char_lower(a.p[i - 1]) != char_lower(b.p[j - 1])));
			diagonal = above;
		}
	}
	return (row[b.n]);
}

const char *
conf_option_nearest(struct str name)
{
	const char *nearest = NULL;
	size_t i, n, best = EDITS_MAX + 1;
	struct str option;

	for (i = 0; i < conf_options_count(); i++) {
		option = str_from(conf_options[i].name);
		if (name.n > NAME_MAX_BYTES || option.n > NAME_MAX_BYTES) {
			continue;
		}
		n = edits(name, option);
		if (n < best) {
			best = n;
			nearest = conf_options[i].name;
		}
	}
	return (nearest);
}
