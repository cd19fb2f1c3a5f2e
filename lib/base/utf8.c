/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

/* Reads the first octet: length, its bits, the least code point. */
static size_t
read_lead(unsigned char c, uint32_t *bits_r, uint32_t *least_r)
{
	if (c < 0x80) {
		*bits_r = c;
		*least_r = 0;
		return (1);
	}
	if (c >= 0xc0 && c < 0xe0) {
		*bits_r = c & 0x1f;
		*least_r = 0x80;
		return (2);
	}
	if (c >= 0xe0 && c < 0xf0) {
		*bits_r = c & 0x0f;
		*least_r = 0x800;
		return (3);
	}
	if (c >= 0xf0 && c < 0xf8) {
		*bits_r = c & 0x07;
		*least_r = 0x10000;
		return (4);
	}
	return (0);
}

size_t
utf8_decode(struct str s, uint32_t *code_r)
{
	uint32_t code = 0, least = 0;
	size_t i, n;

	*code_r = 0;
	n = s.n > 0 ? read_lead((unsigned char)s.p[0], &code, &least) : 0;
	if (n == 0 || n > s.n) {
		return (0);
	}
	for (i = 1; i < n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80) {
			return (0);
		}
		code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
	}
	/* RFC 3629 3: no overlong form, no surrogate, nothing above 10FFFF. */
	if (code < least || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff)) {
		return (0);
	}
	*code_r = code;
	return (n);
}

bool
utf8_valid(struct str s)
{
	uint32_t code;
	size_t n;

	for (; s.n > 0; s = str_from_offset(s, n)) {
		n = utf8_decode(s, &code);
		if (n == 0) {
			return (false);
		}
	}
	return (true);
}
