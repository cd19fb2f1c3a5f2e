/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "dns/zone.h"
#include "dns/zone_lex.h"

void
lex_init(struct lex *x, struct str text, const char *file, struct diag *diag)
{
	*x = (struct lex){ .p = text.p, .end = text.p + text.n,
		.start = text.p, .file = file, .diag = diag, .line = 1,
		.status = STATUS_OK };
	buf_init(&x->buf, ZONE_ENTRY_MAX_BYTES);
}

void
lex_fini(struct lex *x)
{
	buf_fini(&x->buf);
}

void
lex_fail(struct lex *x, enum status status, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	if (x->status != STATUS_OK) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	diag_set(x->diag, x->file, x->line, "%s", reason);
	x->status = status;
}

static bool
is_space(char c)
{
	return (char_is_wsp(c) || c == '\r');
}

/* White space, comments, and line ends inside parentheses. */
static void
skip_space(struct lex *x)
{
	for (; x->p < x->end; x->p++) {
		if (*x->p == ';') {
			while (x->p < x->end && *x->p != '\n') {
				x->p++;
			}
			if (x->p == x->end) {
				return;
			}
		}
		if (*x->p == '\n' && x->nested) {
			x->line++;
		} else if (!is_space(*x->p)) {
			return;
		}
	}
}

bool
lex_entry(struct lex *x)
{
	while (x->status == STATUS_OK && x->p < x->end) {
		x->blank = is_space(*x->p);
		x->start = x->p;
		skip_space(x);
		if (x->p < x->end && *x->p != '\n') {
			return (true);
		}
		if (x->p < x->end) {
			x->p++;
			x->line++;
		}
	}
	return (false);
}

/* After a backslash: DDD or any octet except a line end (RFC 1035 5.1). */
static void
read_escape(struct lex *x)
{
	unsigned value = 0;
	int i;

	if (x->p == x->end || *x->p == '\n') {
		lex_fail(x, STATUS_SYNTAX, "a backslash ends the line");
		return;
	}
	if (!char_is_digit(*x->p)) {
		value = (unsigned char)*x->p++;
	} else {
		for (i = 0; i < 3; i++, x->p++) {
			if (x->p == x->end || !char_is_digit(*x->p)) {
				value = 256;
				break;
			}
			value = value * 10 + (unsigned)(*x->p - '0');
		}
	}
	if (value > 255) {
		lex_fail(x, STATUS_SYNTAX, "bad \\DDD: three digits, at most "
		    "255");
		return;
	}
	x->dot_escaped |= value == '.';
	buf_add_char(&x->buf, (char)value);
}

static bool
ends_word(char c)
{
	return (is_space(c) || c == '\n' || c == ';' || c == '"' || c == '(' ||
	    c == ')');
}

static void
read_octets(struct lex *x)
{
	while (x->status == STATUS_OK && x->p < x->end) {
		char c = *x->p;

		if (x->quoted ? c == '"' || c == '\n' : ends_word(c)) {
			return;
		}
		x->p++;
		if (c == '\\') {
			read_escape(x);
		} else {
			buf_add_char(&x->buf, c);
		}
	}
}

static enum lex_token
read_word(struct lex *x)
{
	buf_reset(&x->buf);
	x->dot_escaped = false;
	x->quoted = *x->p == '"';
	x->p += x->quoted ? 1 : 0;
	read_octets(x);
	if (x->quoted && x->status == STATUS_OK) {
		if (x->p == x->end || *x->p != '"') {
			lex_fail(x, STATUS_SYNTAX,
			    "a quoted string does not end on its line");
		} else {
			x->p++;
		}
	}
	if (x->buf.status != STATUS_OK) {
		lex_fail(x, x->buf.status, "%s", status_text(x->buf.status));
	}
	if (x->p - x->start > ZONE_ENTRY_MAX_BYTES) {
		lex_fail(x, STATUS_LIMIT, "an entry of more than %d octets",
		    ZONE_ENTRY_MAX_BYTES);
	}
	x->word = buf_str(&x->buf);
	return (x->status == STATUS_OK ? LEX_WORD : LEX_END);
}

enum lex_token
lex_next(struct lex *x)
{
	while (x->status == STATUS_OK) {
		skip_space(x);
		if (x->p == x->end || *x->p == '\n') {
			if (x->nested) {
				lex_fail(x, STATUS_SYNTAX,
				    "'(' without its ')'");
			}
			return (LEX_END);
		}
		if (*x->p != '(' && *x->p != ')') {
			return (read_word(x));
		}
		if ((*x->p == '(') == x->nested) {
			lex_fail(x, STATUS_SYNTAX, x->nested ?
			    "'(' inside parentheses" : "')' without its '('");
		}
		x->nested = *x->p == '(';
		x->p++;
	}
	return (LEX_END);
}
