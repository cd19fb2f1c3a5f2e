/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/addr_scan.h"

/* Length of a fold at s.p[i]: CRLF before white space; or 0. */
static size_t
fold_at(struct str s, size_t i)
{
	return (i + 2 < s.n && s.p[i] == '\r' && s.p[i + 1] == '\n' &&
	    char_is_wsp(s.p[i + 2]) ? 2 : 0);
}

static bool
is_clean(struct str s)
{
	unsigned char c;
	size_t i, n;

	for (i = 0; i < s.n; i += n > 0 ? n : 1) {
		n = fold_at(s, i);
		c = (unsigned char)s.p[i];
		if (n == 0 && ((c < ' ' && c != '\t') || c == 0x7f)) {
			return (false);
		}
	}
	return (true);
}

void
addr_scan_init(struct addr_scan *c, struct str value)
{
	*c = (struct addr_scan){ .s = value, .result = ADDR_FROM_OK };
	if (!is_clean(value)) {
		addr_scan_fail(c, ADDR_FROM_SYNTAX);
	}
}

void
addr_scan_fail(struct addr_scan *c, enum addr_from_result result)
{
	if (c->result == ADDR_FROM_OK) {
		c->result = result;
	}
	c->i = c->s.n;
}

char
addr_scan_peek(const struct addr_scan *c)
{
	return (c->i < c->s.n ? c->s.p[c->i] : '\0');
}

bool
addr_scan_take(struct addr_scan *c, char want)
{
	if (c->i < c->s.n && c->s.p[c->i] == want) {
		c->i++;
		return (true);
	}
	return (false);
}

/* The character after a backslash (RFC 5322 3.2.1). */
static void
quoted_pair(struct addr_scan *c)
{
	if (c->i == c->s.n || c->s.p[c->i] == '\r') {
		addr_scan_fail(c, ADDR_FROM_SYNTAX);
		return;
	}
	c->i++;
}

/* From '(' to its ')'. */
static void
comment(struct addr_scan *c)
{
	unsigned depth = 0;
	bool odd = false, at = false;

	do {
		if (c->i == c->s.n) {
			addr_scan_fail(c, ADDR_FROM_SYNTAX);
			return;
		}
		at = at || c->s.p[c->i] == '@';
		odd = odd || strchr("\\,;", c->s.p[c->i]) != NULL || depth > 1;
		switch (c->s.p[c->i++]) {
		case '(':
			if (++depth > ADDR_MAX_COMMENT_DEPTH) {
				addr_scan_fail(c, ADDR_FROM_LIMIT);
				return;
			}
			break;
		case ')':
			depth--;
			break;
		case '\\':
			quoted_pair(c);
			break;
		default:
			break;
		}
	} while (depth > 0);
	c->odd = c->odd || (odd && at);
}

void
addr_scan_cfws(struct addr_scan *c)
{
	for (; c->i < c->s.n;) {
		if (char_is_wsp(c->s.p[c->i])) {
			c->i++;
		} else if (c->s.p[c->i] == '\r') {
			c->i += 2;	/* a fold; init rejects others */
		} else if (c->s.p[c->i] == '(') {
			comment(c);
		} else {
			return;
		}
	}
}

/* RFC 5322 3.2.3 atext, and UTF-8 (RFC 6532 3.2) */
static bool
is_atext(char c)
{
	return (c > ' ' && c <= '~' ? strchr("()<>[]:;@\\,.\"", c) == NULL :
	    (unsigned char)c > 0x7f);
}

bool
addr_scan_at_word(const struct addr_scan *c)
{
	return (c->i < c->s.n &&
	    (c->s.p[c->i] == '"' || is_atext(c->s.p[c->i])));
}

static struct str
atom(struct addr_scan *c)
{
	size_t from = c->i;

	while (c->i < c->s.n && is_atext(c->s.p[c->i])) {
		c->i++;
	}
	return (str_mem(c->s.p + from, c->i - from));
}

/* After the opening quote (RFC 5322 3.2.4); the CRLF of a fold is dropped. */
static size_t
quoted_string(struct addr_scan *c, char *out)
{
	size_t n = 0;

	while (!addr_scan_take(c, '"')) {
		if (c->i == c->s.n) {
			addr_scan_fail(c, ADDR_FROM_SYNTAX);
			return (0);
		}
		if (c->s.p[c->i] == '\r') {
			c->i += 2;	/* keep the white space */
		}
		if (addr_scan_take(c, '\\')) {
			quoted_pair(c);
		} else {
			c->i++;
		}
		if (c->result != ADDR_FROM_OK) {
			return (0);
		}
		if (out != NULL) {
			out[n] = c->s.p[c->i - 1];
		}
		n++;
	}
	return (n);
}

size_t
addr_scan_word(struct addr_scan *c, char *out)
{
	struct str text;
	size_t n;

	addr_scan_cfws(c);
	if (addr_scan_take(c, '"')) {
		n = quoted_string(c, out);
	} else {
		text = atom(c);
		n = text.n;
		if (n == 0) {
			addr_scan_fail(c, ADDR_FROM_SYNTAX);
		} else if (out != NULL) {
			memcpy(out, text.p, n);
		}
	}
	addr_scan_cfws(c);
	return (n);
}

void
addr_scan_atom(struct addr_scan *c, struct str *atom_r)
{
	addr_scan_cfws(c);
	*atom_r = atom(c);
	if (atom_r->n == 0) {
		addr_scan_fail(c, ADDR_FROM_SYNTAX);
	}
	addr_scan_cfws(c);
}
