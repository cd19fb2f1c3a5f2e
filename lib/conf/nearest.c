/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the option whose name is the fewest edits away. */
#include "base/escape.h"
#include "conf/table.h"

#define NAME_MAX_BYTES	32	/* longer names are like none of ours */
#define EDITS_MAX	2
#define SHOWN_MAX_BYTES	64

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

void
conf_nearest(struct conf_nearest *nearest, struct str name, const char *option)
{
	struct str other = str_from(option);
	size_t n;

	if (name.n > NAME_MAX_BYTES || other.n > NAME_MAX_BYTES) {
		return;
	}
	n = edits(name, other);
	if (n <= EDITS_MAX && (nearest->name == NULL || n < nearest->edits)) {
		*nearest = (struct conf_nearest){ option, n };
	}
}

enum status
conf_refuse_option(struct str name, const struct conf_nearest *nearest,
    const char *file, unsigned line, struct diag *diag)
{
	bool near = nearest->name != NULL;
	struct buf shown;

	buf_init(&shown, DIAG_MAX_BYTES);
	escape_text(&shown, name, SHOWN_MAX_BYTES);
	diag_set(diag, file, line, "there is no option \"%s\"%s%s%s",
	    shown.p != NULL ? shown.p : "", near ? "; did you mean " : "",
	    near ? nearest->name : "", near ? "?" : "");
	buf_fini(&shown);
	return (STATUS_SYNTAX);
}
