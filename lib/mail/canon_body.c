/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Line ends and white space are held until it is known whether content follows
 * them: held_crlfs, then held_wsp of the current line, then held_cr, in the
 * order in which they occur in the body.
 */

#include "base/str.h"
#include "mail/canon.h"

#define PLAIN_BYTES	16	/* examined together: a vector register */

static const char many_crlfs[] =
    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";

#define MANY_CRLFS	((sizeof(many_crlfs) - 1) / 2)

void
canon_body_init(struct canon_body *c, enum canon kind, canon_sink *sink,
    void *ctx)
{
	*c = (struct canon_body){ .sink = sink, .ctx = ctx, .kind = kind };
}

static void
emit_run(struct canon_body *c, const char *p, size_t n)
{
	if (n > 0) {
		c->bytes += n;
		c->sink(c->ctx, p, n);
	}
}

/* Content follows: write what was held, as it is not trailing. */
static void
flush_held(struct canon_body *c)
{
	size_t n;

	for (; c->held_crlfs > 0; c->held_crlfs -= n) {
		n = c->held_crlfs < MANY_CRLFS ? (size_t)c->held_crlfs :
		    MANY_CRLFS;
		emit_run(c, many_crlfs, 2 * n);
	}
	if (c->held_wsp) {
		emit_run(c, " ", 1);
		c->held_wsp = false;
	}
	if (c->held_cr) {
		emit_run(c, "\r", 1);
		c->held_cr = false;
	}
}

static void
line_end(struct canon_body *c)
{
	c->held_crlfs++;
	c->held_wsp = false;
	c->held_cr = false;
}

/* RFC 6376 3.4.3: only trailing empty lines are changed. */
static void
simple_update(struct canon_body *c, const char *p, size_t n)
{
	size_t content = n;
	uint64_t crlfs = 0;
	bool cr = false;

	if (p[content - 1] == '\r') {
		cr = true;
		content--;
	}
	while (content >= 2 && p[content - 1] == '\n' &&
	    p[content - 2] == '\r') {
		crlfs++;
		content -= 2;
	}
	if (content > 0) {
		flush_held(c);
		emit_run(c, p, content);
	}
	c->held_crlfs += crlfs;
	c->held_cr = cr;
}

/* Whether there is no HTAB, CR, or SP before SP. Reads p[PLAIN_BYTES]. */
static bool
is_plain(const char *p)
{
	unsigned char other = 0;
	size_t i;

	/* No early exit: the compiler vectorises this loop. */
	for (i = 0; i < PLAIN_BYTES; i++) {
		other |= (p[i] == '\t') | (p[i] == '\r') |
		    ((p[i] == ' ') & (p[i + 1] == ' '));
	}
	return (other == 0);
}

/* The next HTAB, CR, or SP before SP, at i or later; n if none. */
static size_t
skip_plain(const char *p, size_t n, size_t i)
{
	while (n - i > PLAIN_BYTES && is_plain(p + i)) {
		i += PLAIN_BYTES;
	}
	while (i < n && p[i] != '\t' && p[i] != '\r' &&
	    !(p[i] == ' ' && i + 1 < n && p[i + 1] == ' ')) {
		i++;
	}
	return (i);
}

static bool
is_content(char c)
{
	return (!char_is_wsp(c) && c != '\r');
}

/* Whether a line starts with content, or with one SP before content. */
static bool
is_plain_start(const char *p, size_t n)
{
	return ((n > 0 && is_content(p[0])) ||
	    (n > 1 && p[0] == ' ' && is_content(p[1])));
}

/*
 * p[0] is content. Returns the length of the run that relaxed does not change:
 * words separated by single SPs, and whole lines of them.
 */
static size_t
plain_run(const char *p, size_t n)
{
	size_t i = 1;

	for (;;) {
		i = skip_plain(p, n, i);
		if (i == n || p[i] != '\r') {
			break;
		}
		if (p[i - 1] == ' ' || i + 1 == n) {
			break;
		}
		if (p[i + 1] != '\n') {
			i++;
		} else if (is_plain_start(p + i + 2, n - i - 2)) {
			i += 2;
		} else {
			break;
		}
	}
	return (p[i - 1] == ' ' ? i - 1 : i);
}

/* RFC 6376 3.4.4 */
static void
relaxed_update(struct canon_body *c, const char *p, size_t n)
{
	size_t i, run;

	for (i = 0; i < n;) {
		if (char_is_wsp(p[i])) {
			c->held_wsp = true;
			i++;
		} else if (p[i] == '\r' && i + 1 == n) {
			c->held_cr = true;
			i++;
		} else if (p[i] == '\r' && p[i + 1] == '\n') {
			line_end(c);
			i += 2;
		} else {
			flush_held(c);
			run = plain_run(p + i, n - i);
			emit_run(c, p + i, run);
			i += run;
		}
	}
}

void
canon_body_update(struct canon_body *c, const char *p, size_t n)
{
	if (n == 0) {
		return;
	}
	if (c->held_cr) {
		if (p[0] == '\n') {
			line_end(c);
			p++;
			n--;
		} else {
			flush_held(c);
		}
	}
	if (n == 0) {
		return;
	}
	switch (c->kind) {
	case CANON_SIMPLE:
		simple_update(c, p, n);
		break;
	case CANON_RELAXED:
		relaxed_update(c, p, n);
		break;
	}
}

void
canon_body_finish(struct canon_body *c)
{
	if (c->held_cr) {
		flush_held(c);
	}
	/* An empty body is one CRLF in simple and nothing in relaxed. */
	if (c->kind == CANON_SIMPLE || c->bytes > 0) {
		emit_run(c, "\r\n", 2);
	}
}
