/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/lines.h"

void
lines_init(struct lines *l, struct lines_rule rule)
{
	*l = (struct lines){ .rule = rule,
		.piece_max = rule.style == LINES_POSTFIX ?
		LINES_POSTFIX_RECORD : LINES_SENDMAIL_PIECE };
}

/*
 * The longest line that is never changed. Postfix changes a line of exactly
 * the limit if a record ends there, too.
 */
static size_t
longest_safe(const struct lines *l)
{
	size_t most = l->rule.limit;

	if (l->rule.style == LINES_POSTFIX && most % l->piece_max == 0) {
		most--;
	}
	return (most);
}

/* The offset behind the last CRLF, or 0. */
static size_t
after_last_crlf(const char *p, size_t n)
{
	for (; n >= 2; n--) {
		if (p[n - 1] == '\n' && p[n - 2] == '\r') {
			return (n);
		}
	}
	return (0);
}

/*
 * Looks for a line end within reach of each line's start, from the far end
 * backward, so that most octets are not examined.
 */
bool
lines_skip(struct lines *l, const char *p, size_t n)
{
	size_t most = longest_safe(l), column = l->column, end, room;
	const char *start = p;

	if (n == 0) {
		return (true);
	}
	if (l->cr && p[0] == '\n') {
		column = 0;
		start++;
	} else if (l->cr) {
		column++;
	}
	for (;;) {
		n -= (size_t)(start - p);
		p = start;
		room = most - column;
		end = after_last_crlf(p, n < room + 2 ? n : room + 2);
		if (end == 0) {
			break;
		}
		start = p + end;
		column = 0;
	}
	end = n > 0 && p[n - 1] == '\r' ? n - 1 : n;
	if (l->rule.style == LINES_SENDMAIL) {
		room = column < most ? room - 1 : 0;	/* see l->held */
	}
	if (end > room || (end == room && end < n)) {
		return (false);
	}
	l->column = column + end;
	l->piece = l->column == 0 ? 0 : (l->column - 1) % l->piece_max + 1;
	l->cr = end < n;
	return (true);
}

static void
write_break(struct lines *l)
{
	if (l->rule.style == LINES_SENDMAIL) {
		l->sink(l->ctx, "!", 1);
	}
	l->sink(l->ctx, "\r\n ", 3);
	l->column = 1;
	l->long_lines += !l->broken;
	l->broken = true;
}

static void
write_run(struct lines *l, const char *p, size_t n)
{
	l->sink(l->ctx, p, n);
	l->column += n;
}

static void
write_held(struct lines *l)
{
	if (l->holds) {
		l->holds = false;
		write_run(l, &l->held, 1);
	}
}

/* How many of n octets are written at once. 0: the line is full. */
static size_t
next_run(const struct lines *l, size_t n)
{
	size_t most = l->rule.style == LINES_SENDMAIL ? l->rule.limit - 1 :
	    l->rule.limit;
	size_t run = l->column < most ? most - l->column : 0;

	if (run > l->piece_max - l->piece) {
		run = l->piece_max - l->piece;
	}
	return (run < n ? run : n);
}

static void
begin_piece(struct lines *l)
{
	l->piece = 0;
	if (l->rule.style == LINES_SENDMAIL) {
		write_held(l);
		l->column = 0;
	}
}

/* Content of a line, without its CRLF. */
static void
write_content(struct lines *l, const char *p, size_t n)
{
	size_t run;

	for (; n > 0; p += run, n -= run, l->piece += run) {
		if (l->piece == l->piece_max) {
			begin_piece(l);
		}
		if (l->holds) {
			write_break(l);
			write_held(l);
		}
		run = next_run(l, n);
		if (run > 0) {
			write_run(l, p, run);
		} else if (l->rule.style == LINES_SENDMAIL) {
			l->held = *p;
			l->holds = true;
			run = 1;
		} else {
			write_break(l);
		}
	}
}

static void
end_line(struct lines *l)
{
	write_held(l);
	if (l->rule.style == LINES_POSTFIX && l->piece == l->piece_max &&
	    l->column == l->rule.limit) {
		write_break(l);
	}
	l->sink(l->ctx, "\r\n", 2);
	l->column = l->piece = 0;
	l->broken = false;
}

void
lines_update(struct lines *l, const char *p, size_t n)
{
	const char *end = p + n, *lf;

	for (; p < end; p = lf + 1) {
		if (l->cr && *p != '\n') {
			write_content(l, "\r", 1);
			l->cr = false;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL) {
			l->cr = end[-1] == '\r';
			write_content(l, p, (size_t)(end - p) - l->cr);
			return;
		}
		if (lf > p && lf[-1] == '\r') {
			write_content(l, p, (size_t)(lf - p) - 1);
			end_line(l);
		} else if (l->cr) {
			l->cr = false;
			end_line(l);
		} else {
			write_content(l, p, (size_t)(lf - p) + 1);
		}
	}
}

void
lines_finish(struct lines *l)
{
	if (l->cr) {
		write_content(l, "\r", 1);
		l->cr = false;
	}
	write_held(l);
}
