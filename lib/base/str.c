/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"

static bool
eq_ci(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (char_lower(a[i]) != char_lower(b[i])) {
			return (false);
		}
	}
	return (true);
}

bool
str_eq(struct str a, struct str b)
{
	return (a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0));
}

bool
str_eq_ci(struct str a, struct str b)
{
	return (a.n == b.n && eq_ci(a.p, b.p, a.n));
}

bool
str_starts(struct str s, struct str prefix)
{
	return (str_eq(str_first(s, prefix.n), prefix));
}

bool
str_starts_ci(struct str s, struct str prefix)
{
	return (str_eq_ci(str_first(s, prefix.n), prefix));
}

bool
str_ends_ci(struct str s, struct str suffix)
{
	return (s.n >= suffix.n &&
	    str_eq_ci(str_from_offset(s, s.n - suffix.n), suffix));
}

bool
str_is_ascii(struct str s)
{
	unsigned char high = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		high |= (unsigned char)s.p[i] & 0x80;
	}
	return (high == 0);
}

bool
str_list_has_ci(const struct str *list, size_t n, struct str s)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_eq_ci(list[i], s)) {
			return (true);
		}
	}
	return (false);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return (c != 0 ? c : (a.n > b.n) - (a.n < b.n));
}

size_t
str_find(struct str s, char c)
{
	const char *p = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return (p != NULL ? (size_t)(p - s.p) : s.n);
}

size_t
str_rfind(struct str s, char c)
{
	size_t i;

	for (i = s.n; i > 0; i--) {
		if (s.p[i - 1] == c) {
			return (i - 1);
		}
	}
	return (s.n);
}

struct str
str_from_offset(struct str s, size_t from)
{
	if (from > s.n) {
		from = s.n;
	}
	return (from > 0 ? str_mem(s.p + from, s.n - from) : s);
}

struct str
str_first(struct str s, size_t n)
{
	return (str_mem(s.p, n < s.n ? n : s.n));
}

struct str
str_trim_wsp_end(struct str s)
{
	while (s.n > 0 && char_is_wsp(s.p[s.n - 1])) {
		s.n--;
	}
	return (s);
}

struct str
str_trim_wsp(struct str s)
{
	s = str_trim_wsp_end(s);
	while (s.n > 0 && char_is_wsp(s.p[0])) {
		s = str_from_offset(s, 1);
	}
	return (s);
}

struct str
str_trim_fws(struct str s)
{
	while (s.n > 0 && char_is_fws(s.p[s.n - 1])) {
		s.n--;
	}
	while (s.n > 0 && char_is_fws(s.p[0])) {
		s = str_from_offset(s, 1);
	}
	return (s);
}

static bool
is_bare_lf(struct str s, size_t i)
{
	return (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'));
}

size_t
str_crlf_bytes(struct str s)
{
	size_t i, n = s.n;

	for (i = str_find(s, '\n'); i < s.n;
	    i += 1 + str_find(str_from_offset(s, i + 1), '\n')) {
		n += is_bare_lf(s, i);
	}
	return (n);
}

void
str_crlf_copy(char *out, struct str s)
{
	size_t at = 0, end;

	while (at < s.n) {
		end = at + str_find(str_from_offset(s, at), '\n');
		memcpy(out, s.p + at, end - at);
		out += end - at;
		if (end < s.n) {
			if (is_bare_lf(s, end)) {
				*out++ = '\r';
			}
			*out++ = '\n';
		}
		at = end + 1;
	}
}

bool
str_next(struct str *rest, char sep, struct str *piece_r)
{
	size_t at;

	if (rest->p == NULL) {
		*piece_r = STR_NONE;
		return (false);
	}
	at = str_find(*rest, sep);
	*piece_r = str_first(*rest, at);
	*rest = at < rest->n ? str_from_offset(*rest, at + 1) : STR_NONE;
	return (true);
}

bool
str_to_u64(struct str s, uint64_t *value_r)
{
	uint64_t value = 0, digit;
	size_t i;

	*value_r = 0;
	for (i = 0; i < s.n; i++) {
		if (!char_is_digit(s.p[i])) {
			return (false);
		}
		digit = (uint64_t)(s.p[i] - '0');
		if (value > (UINT64_MAX - digit) / 10) {
			return (false);
		}
		value = value * 10 + digit;
	}
	*value_r = value;
	return (s.n > 0);
}

/* FNV-1a with the high bits folded down, as the low bits select the slot. */
uint64_t
str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < s.n; i++) {
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3;
	}
	return (h ^ (h >> 32));
}
