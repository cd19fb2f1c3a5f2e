/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/b64.h"
#include "mail/word_text.h"

/* RFC 2047 4.1 */
static bool
next_b(struct word_text *w, char *r)
{
	int value;
	char c;

	while (w->rest.n > 0) {
		c = w->rest.p[0];
		w->rest = str_from_offset(w->rest, 1);
		if (c == '=') {
			w->bits_n = 0;
		}
		value = b64_value(c);
		if (value < 0) {
			continue;
		}
		w->bits = (w->bits << 6 | (unsigned)value) & 0xffff;
		w->bits_n += 6;
		if (w->bits_n >= 8) {
			w->bits_n -= 8;
			*r = (char)(w->bits >> w->bits_n);
			return (true);
		}
	}
	return (false);
}

/* RFC 2047 4.2 */
static bool
next_q(struct word_text *w, char *r)
{
	struct str s = w->rest;

	if (s.n == 0) {
		return (false);
	}
	if (s.p[0] == '=' && s.n > 2 && char_hex(s.p[1]) >= 0 &&
	    char_hex(s.p[2]) >= 0) {
		*r = (char)(char_hex(s.p[1]) << 4 | char_hex(s.p[2]));
		w->rest = str_from_offset(s, 3);
	} else {
		*r = s.p[0] == '_' ? ' ' : s.p[0];
		w->rest = str_from_offset(s, 1);
	}
	return (true);
}

bool
word_text_next(struct word_text *w, char *r)
{
	return (w->base64 ? next_b(w, r) : next_q(w, r));
}
