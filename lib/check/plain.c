/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What word processors, web pages and input methods put in the place of ASCII
 * characters, put right. Invariant: of every other character outside ASCII each
 * octet stays, so that no name becomes another one.
 */
#include "base/utf8.h"
#include "check/private.h"

enum { TYPED_NOTHING = -1, TYPED_OTHER = 0 };

/* The ASCII character that was meant. */
static int
typed_char(uint32_t code)
{
	static const struct {
		uint32_t	first, last;
		int		meant;
	} rows[] = {
		{ 0x00a0, 0x00a0, ' ' }, { 0x00ab, 0x00ab, '"' },
		{ 0x00ad, 0x00ad, TYPED_NOTHING },	/* soft hyphen */
		{ 0x00bb, 0x00bb, '"' }, { 0x2000, 0x200a, ' ' },
		{ 0x200b, 0x200f, TYPED_NOTHING },	/* of no width */
		{ 0x2010, 0x2015, '-' }, { 0x2018, 0x201b, '\'' },
		{ 0x201c, 0x201f, '"' }, { 0x2028, 0x2029, ' ' },
		{ 0x202a, 0x202e, TYPED_NOTHING },	/* of direction */
		{ 0x202f, 0x202f, ' ' }, { 0x2060, 0x2060, TYPED_NOTHING },
		{ 0x2212, 0x2212, '-' }, { 0x3000, 0x3000, ' ' },
		{ 0xfeff, 0xfeff, TYPED_NOTHING }	/* byte order mark */
	};
	size_t i;

	if (code >= 0xff01 && code <= 0xff5e) {		/* of full width */
		return ((int)(code - 0xff01) + '!');
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (code >= rows[i].first && code <= rows[i].last) {
			return (rows[i].meant);
		}
	}
	return (TYPED_OTHER);
}

struct str
check_plain(struct check *c, struct str text)
{
	char *p = arena_alloc(&c->memory, text.n + 1);
	size_t at = 0, n = 0, bytes;
	uint32_t code;
	int meant;

	if (p == NULL) {
		c->status = STATUS_NOMEM;
		return (STR(""));
	}
	while (at < text.n) {
		bytes = utf8_decode(str_from_offset(text, at), &code);
		meant = bytes > 1 ? typed_char(code) : TYPED_OTHER;
		if (meant > 0) {
			p[n++] = (char)meant;
		} else if (meant == TYPED_OTHER) {
			bytes = bytes > 0 ? bytes : 1;
			memcpy(p + n, text.p + at, bytes);
			n += bytes;
		}
		at += bytes;
	}
	return (str_mem(p, n));
}
