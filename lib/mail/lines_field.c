/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "mail/field.h"
#include "mail/lines.h"

/* A break, at most every LINES_MIN_LIMIT octets, adds up to four. */
#define GROWN_MAX_BYTES	(FIELD_MAX_TOTAL_BYTES + FIELD_MAX_TOTAL_BYTES / 8)

/* Splits the next line off, without its CRLF; the last has one as well. */
static bool
next_line(struct str *rest, struct str *line_r)
{
	size_t i;

	if (rest->n == 0) {
		return (false);
	}
	for (i = 0; i + 1 < rest->n; i++) {
		if (rest->p[i] == '\r' && rest->p[i + 1] == '\n') {
			break;
		}
	}
	if (i + 1 >= rest->n) {
		i = rest->n;
	}
	*line_r = str_first(*rest, i);
	*rest = str_from_offset(*rest, i + 2);
	return (true);
}

static size_t
count_long_lines(struct lines_rule rule, struct str raw)
{
	struct str line;
	size_t n = 0;

	while (next_line(&raw, &line)) {
		n += line.n > rule.limit;
	}
	return (n);
}

bool
lines_field_is_long(struct lines_rule rule, struct str raw)
{
	return (rule.limit > 0 && raw.n > rule.limit &&
	    count_long_lines(rule, raw) > 0);
}

/* As convert_value in milter/apply.c needs it. */
bool
lines_field_is_changeable(struct str raw)
{
	size_t i, n = raw.n - 2;

	if (n > LINES_REFOLD_MAX_BYTES || str_find(raw, '\0') < raw.n) {
		return (false);
	}
	for (i = 0; i < n; i++) {
		if (raw.p[i] != '\r' && raw.p[i] != '\n') {
			continue;
		}
		if (str_fws_at(str_first(raw, n), i) != 3) {
			return (false);
		}
		i++;
	}
	return (true);
}

/* Whether a CRLF may be inserted before s.p[i]. */
static bool
is_fold_point(struct str s, size_t i)
{
	return (char_is_wsp(s.p[i]) && !char_is_wsp(s.p[i - 1]) &&
	    str_trim_wsp(str_from_offset(s, i)).n > 0);
}

/* The length of the white space and the word at i. */
static size_t
word_bytes(struct str s, size_t i)
{
	size_t from = i;

	while (i < s.n && char_is_wsp(s.p[i])) {
		i++;
	}
	while (i < s.n && !char_is_wsp(s.p[i])) {
		i++;
	}
	return (i - from);
}

/*
 * Where a line that is too long is folded: at the last point within the limit,
 * else at the first behind it; s.n: nowhere. Behind the name of the field (its
 * colon is the octet before name_n) only if that saves a word.
 */
static size_t
choose_fold(struct str s, size_t limit, size_t name_n)
{
	size_t i;

	for (i = limit < s.n ? limit : s.n - 1; i > 0; i--) {
		if (is_fold_point(s, i) && (i != name_n ||
		    word_bytes(s, i) <= limit)) {
			return (i);
		}
	}
	for (i = limit + 1; i < s.n; i++) {
		if (is_fold_point(s, i)) {
			return (i);
		}
	}
	return (s.n);
}

static void
refold_line(struct buf *out, struct str line, size_t limit, size_t name_n)
{
	size_t n;

	while (line.n > limit) {
		n = choose_fold(line, limit, name_n);
		if (n == line.n) {
			break;
		}
		buf_add_str(out, str_first(line, n));
		buf_add_cstr(out, "\r\n");
		line = str_from_offset(line, n);
		name_n = 0;
	}
	buf_add_str(out, line);
	buf_add_cstr(out, "\r\n");
}

static void
refold_field(struct buf *out, struct lines_rule rule, struct str raw)
{
	size_t name_n = str_find(raw, ':') + 1;
	struct str line;

	while (next_line(&raw, &line)) {
		refold_line(out, line, rule.limit, name_n);
		name_n = 0;
	}
}

static void
add_to_buf(void *buf, const void *p, size_t n)
{
	buf_add_str(buf, str_mem(p, n));
}

static void
break_field(struct buf *out, struct lines_rule rule, struct str raw)
{
	struct lines l;

	lines_init(&l, rule);
	l.piece_max = SIZE_MAX;
	l.sink = add_to_buf;
	l.ctx = out;
	lines_update(&l, raw.p, raw.n);
	lines_finish(&l);
}

/* NOMEM or LIMIT: *r is absent. */
static enum status
take_text(struct arena *arena, const struct buf *buf, struct str *r)
{
	if (buf->status != STATUS_OK) {
		return (buf->status);
	}
	*r = arena_dup(arena, buf_str(buf));
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
lines_field_sent(struct arena *arena, struct lines_rule rule, struct str raw,
    struct str *sent_r)
{
	enum status status;
	struct buf buf;

	*sent_r = raw;
	if (!lines_field_is_long(rule, raw)) {
		return (STATUS_OK);
	}
	buf_init(&buf, GROWN_MAX_BYTES);
	break_field(&buf, rule, raw);
	status = take_text(arena, &buf, sent_r);
	buf_fini(&buf);
	return (status);
}

enum status
lines_field(struct arena *arena, struct lines_rule rule, struct str raw,
    struct lines_field *r)
{
	enum status status = STATUS_OK;
	struct buf buf;

	*r = (struct lines_field){ .refolded = raw, .sent = raw };
	if (!lines_field_is_long(rule, raw)) {
		return (STATUS_OK);
	}
	r->long_lines = count_long_lines(rule, raw);
	buf_init(&buf, GROWN_MAX_BYTES);
	if (lines_field_is_changeable(raw)) {
		refold_field(&buf, rule, raw);
		status = take_text(arena, &buf, &r->refolded);
	}
	if (status == STATUS_OK) {
		buf_reset(&buf);
		break_field(&buf, rule, r->refolded);
		status = take_text(arena, &buf, &r->sent);
	}
	buf_fini(&buf);
	return (status);
}
