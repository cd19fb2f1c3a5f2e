/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "mail/field.h"
#include "report/read_mbox.h"
#include "report/read_private.h"

#define FROM_MIN_WORDS	5	/* of a From_ line with a time and a year */

struct mbox {
	mbox_take	*take;
	void		*ctx;
	struct buf	 text;		/* of the message at hand */
	size_t		 line;		/* where the last line begins */
	size_t		 pending;	/* where a line begins that separates
					   if the next one is a header field;
					   0: none */
	bool		 after_empty;	/* the line before is empty */
	bool		 too_large;	/* parts of it were dropped */
	bool		 enough;
};

struct mbox *
mbox_new(mbox_take *take, void *ctx)
{
	struct mbox *m = calloc(1, sizeof(*m));

	if (m != NULL) {
		m->take = take;
		m->ctx = ctx;
		buf_init(&m->text, READ_WHOLE_MAX_BYTES);
	}
	return (m);
}

static bool
is_time(struct str word)
{
	return (word.n >= 5 && char_is_digit(word.p[0]) &&
	    char_is_digit(word.p[1]) && word.p[2] == ':' &&
	    char_is_digit(word.p[3]) && char_is_digit(word.p[4]));
}

static bool
is_year(struct str word)
{
	uint64_t year;

	return (word.n == 4 && str_to_u64(word, &year) && year >= 1970);
}

/* "From x@y Fri Nov 27 03:00:00 2026"; a zone may be beside the year. */
static bool
has_date(struct str line)
{
	struct str rest = str_trim_fws(line), word;
	unsigned words = 0, year = 0;
	bool time = false;

	while (str_next(&rest, ' ', &word)) {
		words += word.n > 0;
		time = time || is_time(word);
		year = is_year(word) ? words : year;
	}
	return (time && year + 1 >= words && words >= FROM_MIN_WORDS);
}

static bool
is_field(struct str line)
{
	size_t colon = str_find(line, ':');

	return (colon < line.n && field_name_is_valid(str_first(line, colon)));
}

/* Takes what is before `end`, the start of a line. */
static void
take_message(struct mbox *m, size_t end)
{
	struct str message = str_first(buf_str(&m->text), end);

	if (str_starts(message, STR("From "))) {
		message = str_from_offset(message, str_find(message, '\n') +
		    1);
	}
	if (m->too_large) {
		m->enough = !m->take(m->ctx, STR_NONE);
	} else if (str_trim_fws(message).n > 0) {
		m->enough = !m->take(m->ctx, message);
	}
	memmove(m->text.p, m->text.p + end, m->text.n - end);
	m->text.n -= end;
	m->line -= end;
	m->pending = 0;
	m->too_large = false;
}

/* After a whole line. */
static void
end_line(struct mbox *m)
{
	struct str line = str_from_offset(buf_str(&m->text), m->line);

	if (m->pending > 0 && is_field(line)) {
		take_message(m, m->pending);
	}
	m->pending = 0;
	line = str_from_offset(buf_str(&m->text), m->line);
	if (m->line > 0 && str_starts(line, STR("From "))) {
		if (has_date(line)) {
			take_message(m, m->line);
		} else if (m->after_empty) {
			m->pending = m->line;
		}
	}
	m->after_empty = str_trim_fws(line).n == 0;
	m->line = m->text.n;
}

/* Part of a line. Bytes beyond the limit are dropped; line ends still count. */
static void
add_part(struct mbox *m, const char *p, size_t n)
{
	buf_add(&m->text, p, n);
	if (m->text.status != STATUS_OK) {
		buf_reset(&m->text);
		buf_add(&m->text, "-", 1);	/* no line is at 0 */
		m->too_large = true;
		m->line = m->text.n;
		m->pending = 0;
	}
}

bool
mbox_bytes(struct mbox *m, const void *bytes, size_t n)
{
	struct str rest = str_mem(bytes, n);
	size_t part;

	while (rest.n > 0 && !m->enough) {
		part = str_find(rest, '\n');
		part = part < rest.n ? part + 1 : part;
		add_part(m, rest.p, part);
		if (rest.p[part - 1] == '\n') {
			end_line(m);
		}
		rest = str_from_offset(rest, part);
	}
	return (!m->enough);
}

void
mbox_end(struct mbox *m)
{
	if (!m->enough && m->text.n > 0) {
		take_message(m, m->text.n);
	}
	buf_fini(&m->text);
	free(m);
}
