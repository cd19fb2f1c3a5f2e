/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"
#include "base/utf8.h"

/*
 * Well-formed characters that must not be shown: C0 and C1 controls drive
 * terminals, U+2028 and U+2029 end lines, bidirectional controls reorder them.
 */
bool
escape_is_unsafe(uint32_t code)
{
	return (code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	    code == 0x2028 || code == 0x2029 || code == 0x200e ||
	    code == 0x200f || code == 0x061c || code == 0xfeff ||
	    (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069));
}

/* Adds s; a backslash and `quote` (if not NUL) are escaped by a backslash. */
static void
add_text(struct buf *out, struct str s, char quote)
{
	uint32_t code;
	size_t n, i;

	for (; s.n > 0 && out->status == STATUS_OK;
	    s = str_from_offset(s, n)) {
		n = utf8_decode(s, &code);
		if (n == 0 || escape_is_unsafe(code)) {
			n = n == 0 ? 1 : n;
			for (i = 0; i < n; i++) {
				buf_printf(out, "\\x%02x",
				    (unsigned)(unsigned char)s.p[i]);
			}
			continue;
		}
		if (s.p[0] == '\\' || (quote != '\0' && s.p[0] == quote)) {
			buf_add_char(out, '\\');
		}
		buf_add(out, s.p, n);
	}
}

void
escape_text(struct buf *out, struct str s, size_t max_bytes)
{
	add_text(out, str_first(s, max_bytes), '\0');
	if (s.n > max_bytes) {
		buf_add_cstr(out, "...");
	}
}

/* Whether there is no space, quote, '=' or character to be escaped. */
static bool
is_plain_word(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' ||
		    s.p[i] == '=' || s.p[i] == '\\') {
			return (false);
		}
	}
	return (s.n > 0);
}

void
escape_log_value(struct buf *out, struct str s, size_t max_bytes)
{
	struct str shown = str_first(s, max_bytes);
	const char *more = s.n > max_bytes ? "..." : "";

	if (is_plain_word(shown)) {
		buf_add_str(out, shown);
		buf_add_cstr(out, more);
		return;
	}
	buf_add_char(out, '"');
	add_text(out, shown, '"');
	buf_add_cstr(out, more);
	buf_add_char(out, '"');
}

void
escape_reply(struct buf *out, struct str s, size_t max_bytes)
{
	struct str shown = str_first(s, max_bytes);
	size_t i;

	for (i = 0; i < shown.n; i++) {
		buf_add_char(out,
		    shown.p[i] >= ' ' && shown.p[i] <= '~' ? shown.p[i] : '?');
	}
	if (s.n > max_bytes) {
		buf_add_cstr(out, "...");
	}
}
