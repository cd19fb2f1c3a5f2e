/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the option whose name differs by the fewest edits. */
#include "base/escape.h"
#include "conf/table.h"

#define NAME_MAX_BYTES	32	/* longer names are near no option */
#define EDITS_MAX	2
#define SHOWN_MAX_BYTES	64

static size_t
minimum(size_t a, size_t b, size_t c)
{
	a = b < a ? b : a;
	return (c < a ? c : a);
}

/* Insertions, deletions and replacements between two short names. */
static size_t
count_edits(struct str a, struct str b)
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
			row[j] = minimum(above + 1, row[j - 1] + 1, diagonal +
			    (char_lower(a.p[i - 1]) != char_lower(b.p[j - 1])));
			diagonal = above;
		}
	}
	return (row[b.n]);
}

/* NULL: no option is near. */
static const char *
nearest_option(const struct conf_options *options, struct str name)
{
	const char *nearest = NULL;
	size_t i, n, least = EDITS_MAX + 1;

	for (i = 0; i < options->n && name.n <= NAME_MAX_BYTES; i++) {
		struct str other = str_from(options->v[i].name);

		n = other.n <= NAME_MAX_BYTES ? count_edits(name, other) :
		    least;
		if (n < least) {
			nearest = options->v[i].name;
			least = n;
		}
	}
	return (nearest);
}

enum status
conf_reject_unknown(struct conf_reader *r, struct str name)
{
	const char *nearest = nearest_option(r->options, name);
	bool near = nearest != NULL;
	struct buf shown;

	buf_init(&shown, DIAG_MAX_BYTES);
	escape_text(&shown, name, SHOWN_MAX_BYTES);
	diag_set(r->diag, r->file, r->line, "there is no option \"%s\"%s%s%s",
	    shown.p != NULL ? shown.p : "", near ? "; did you mean " : "",
	    near ? nearest : "", near ? "?" : "");
	buf_fini(&shown);
	return (STATUS_SYNTAX);
}
