/* SPDX-License-Identifier: BSD-2-Clause */
#include "authres/scan.h"

static bool
is_control(char c)
{
	return ((unsigned char)c < ' ' || c == 0x7f);
}

static bool
is_high(char c)
{
	return ((unsigned char)c >= 0x80);
}

bool
scan_is_token_char(char c)
{
	return (c != ' ' && !is_control(c) &&
	    memchr("()<>@,;:\\\"/[]?=", c, 15) == NULL);
}

bool
scan_is_keyword_char(char c)
{
	return (char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_');
}

bool
scan_is_id_char(char c)
{
	return (scan_is_token_char(c) || c == '/');
}

bool
scan_is_method_char(char c)
{
	return (scan_is_keyword_char(c) || c == '.');
}

bool
scan_is_keyword(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!scan_is_keyword_char(s.p[i])) {
			return (false);
		}
	}
	return (s.n > 0 && s.p[s.n - 1] != '-');
}

/* RFC 5322 3.2.3 atext, and octets above 127 (RFC 6532). */
static bool
is_atext(char c)
{
	return (is_high(c) || char_is_alpha(c) || char_is_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL));
}

static bool
is_dot_atom(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? i == 0 || i + 1 == s.n ||
		    s.p[i - 1] == '.' : !is_atext(s.p[i])) {
			return (false);
		}
	}
	return (s.n > 0);
}

static bool
is_domain_name(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? i == 0 || s.p[i - 1] == '.' :
		    !is_high(s.p[i]) && !scan_is_keyword_char(s.p[i])) {
			return (false);
		}
	}
	return (s.n > 0);
}

bool
scan_is_address(struct str s)
{
	size_t at = str_rfind(s, '@');
	struct str local = str_first(s, at), raw;
	struct scan scan = { local };

	if (at == s.n || !is_domain_name(str_from_offset(s, at + 1))) {
		return (false);
	}
	return (local.n == 0 || is_dot_atom(local) ||
	    (scan_quoted(&scan, &raw) && scan_at_end(&scan) &&
	    str_find(local, '\r') == local.n &&
	    str_find(local, '\n') == local.n));
}

bool
scan_at_end(const struct scan *scan)
{
	return (scan->rest.n == 0);
}

char
scan_peek(const struct scan *scan)
{
	return (scan->rest.n > 0 ? scan->rest.p[0] : '\0');
}

static void
skip_run(struct scan *scan, size_t n)
{
	scan->rest = str_mem(scan->rest.p + n, scan->rest.n - n);
}

bool
scan_char(struct scan *scan, char c)
{
	if (scan_at_end(scan) || scan->rest.p[0] != c) {
		return (false);
	}
	skip_run(scan, 1);
	return (true);
}

bool
scan_run(struct scan *scan, bool (*is)(char), struct str *run_r)
{
	size_t n = 0;

	while (n < scan->rest.n && is(scan->rest.p[n])) {
		n++;
	}
	*run_r = str_first(scan->rest, n);
	skip_run(scan, n);
	return (n > 0);
}

static bool
comment(struct scan *scan, struct str *inside_r)
{
	struct str s = scan->rest;
	unsigned depth = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (is_control(s.p[i]) && !char_is_fws(s.p[i])) {
			return (false);
		}
		if (s.p[i] == '\\') {
			i++;
		} else if (s.p[i] == '(') {
			if (++depth > AUTHRES_MAX_COMMENT_DEPTH) {
				return (false);
			}
		} else if (s.p[i] == ')' && --depth == 0) {
			*inside_r = str_mem(s.p + 1, i - 1);
			skip_run(scan, i + 1);
			return (true);
		}
	}
	return (false);
}

bool
scan_cfws(struct scan *scan, struct str *comment_r)
{
	struct str inside;

	for (;;) {
		if (char_is_fws(scan_peek(scan))) {
			skip_run(scan, 1);
			continue;
		}
		if (scan_peek(scan) != '(') {
			return (true);
		}
		if (!comment(scan, &inside)) {
			return (false);
		}
		if (comment_r != NULL && comment_r->p == NULL) {
			*comment_r = inside;
		}
	}
}

bool
scan_quoted(struct scan *scan, struct str *raw_r)
{
	struct str s = scan->rest;
	size_t i;

	if (scan_peek(scan) != '"') {
		return (false);
	}
	for (i = 1; i < s.n; i++) {
		if (is_control(s.p[i]) && !char_is_fws(s.p[i])) {
			return (false);
		}
		if (s.p[i] == '"') {
			*raw_r = str_first(s, i + 1);
			skip_run(scan, i + 1);
			return (true);
		}
		if (s.p[i] == '\\' && (++i == s.n || is_control(s.p[i]))) {
			return (false);
		}
	}
	return (false);
}

static struct str
drop_chars(struct arena *arena, struct str s, bool pairs)
{
	char *p = arena_alloc(arena, s.n + 1);
	size_t i, n = 0;

	if (p == NULL) {
		return (STR_NONE);
	}
	for (i = 0; i < s.n; i++) {
		if (pairs && s.p[i] == '\\' && i + 1 < s.n) {
			i++;
		}
		if (s.p[i] != '\r' && s.p[i] != '\n') {
			p[n++] = s.p[i];
		}
	}
	return (str_mem(p, n));
}

struct str
scan_unescape(struct arena *arena, struct str inside)
{
	return (drop_chars(arena, inside, true));
}

struct str
scan_unfold(struct arena *arena, struct str raw)
{
	return (drop_chars(arena, raw, false));
}
