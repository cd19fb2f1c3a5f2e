/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canon_ref: RFC 6376 3.4 step by step, slowly and with copies, for the tests
 * to hold lib/mail/canon against.
 */
#ifndef TEST_UNIT_CANON_REF_H
#define TEST_UNIT_CANON_REF_H

#include "base/attr.h"
#include "base/buf.h"
#include "mail/canon.h"

/* Each run of WSP as one SP. */
static void
canon_ref_squeeze(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_wsp(s.p[i])) {
			buf_add_char(out, s.p[i]);
		} else if (i == 0 || !char_is_wsp(s.p[i - 1])) {
			buf_add_char(out, ' ');
		}
	}
}

static struct str
canon_ref_trim_end(struct str s)
{
	while (s.n > 0 && char_is_wsp(s.p[s.n - 1])) {
		s.n--;
	}
	return (s);
}

/* Octets of s before its first CRLF; all if there is none. */
static size_t
canon_ref_line(struct str s)
{
	size_t i;

	for (i = 0; i + 1 < s.n; i++) {
		if (s.p[i] == '\r' && s.p[i + 1] == '\n') {
			return (i);
		}
	}
	return (s.n);
}

static void ATTR_UNUSED
canon_ref_body(enum canon kind, struct str s, struct buf *out)
{
	size_t empty = 0, n;
	struct str line;

	for (; s.n > 0; s = str_from_offset(s, n + 2)) {
		n = canon_ref_line(s);
		line = str_first(s, n);
		if (kind == CANON_RELAXED) {
			line = canon_ref_trim_end(line);
		}
		if (line.n == 0) {
			empty++;
			continue;
		}
		for (; empty > 0; empty--) {
			buf_add_cstr(out, "\r\n");
		}
		if (kind == CANON_RELAXED) {
			canon_ref_squeeze(line, out);
		} else {
			buf_add_str(out, line);
		}
		buf_add_cstr(out, "\r\n");
	}
	if (kind == CANON_SIMPLE && out->n == 0) {
		buf_add_cstr(out, "\r\n");
	}
}

static void ATTR_UNUSED
canon_ref_relaxed_header(struct str raw, bool crlf, struct buf *out)
{
	struct str name, value = raw;
	struct buf unfolded;
	size_t i, colon;

	if (raw.n >= 2 &&
	    memcmp(raw.p + raw.n - 2, "\r\n", 2) == 0) {
		value.n -= 2;
	}
	colon = str_find(value, ':');
	name = canon_ref_trim_end(str_first(value, colon));
	value = str_from_offset(value, colon + 1);
	for (i = 0; i < name.n; i++) {
		buf_add_char(out, char_lower(name.p[i]));
	}
	buf_add_char(out, ':');
	buf_init(&unfolded, raw.n + 1);
	for (i = 0; i < value.n; i++) {
		if (i + 2 < value.n && value.p[i] == '\r' &&
		    value.p[i + 1] == '\n' && char_is_wsp(value.p[i + 2])) {
			i++;
		} else {
			buf_add_char(&unfolded, value.p[i]);
		}
	}
	canon_ref_squeeze(str_trim_wsp(buf_str(&unfolded)), out);
	buf_fini(&unfolded);
	if (crlf) {
		buf_add_cstr(out, "\r\n");
	}
}

#endif
