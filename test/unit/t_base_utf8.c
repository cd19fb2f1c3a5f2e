/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"
#include "guard.h"
#include "tap.h"

#define S(literal)	{ (literal), sizeof(literal) - 1 }

static const struct {
	const char	*name;
	struct str	 in;
	size_t		 n;	/* 0: malformed */
	uint32_t	 code;
} rows[] = {
	{ "ASCII", S("ab"), 1, 'a' },
	{ "NUL", S("\0"), 1, 0 },
	{ "2 octets, least", S("\xc2\x80"), 2, 0x80 },
	{ "2 octets, most", S("\xdf\xbf"), 2, 0x7ff },
	{ "3 octets, least", S("\xe0\xa0\x80"), 3, 0x800 },
	{ "3 octets, most", S("\xef\xbf\xbf"), 3, 0xffff },
	{ "4 octets, least", S("\xf0\x90\x80\x80"), 4, 0x10000 },
	{ "4 octets, most", S("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
	{ "before the surrogates", S("\xed\x9f\xbf"), 3, 0xd7ff },
	{ "empty", S(""), 0, 0 },
	{ "continuation alone", S("\x80"), 0, 0 },
	{ "cut, 2", S("\xc3"), 0, 0 },
	{ "cut, 3", S("\xe2\x82"), 0, 0 },
	{ "cut, 4", S("\xf0\x9f\x98"), 0, 0 },
	{ "no continuation", S("\xc3" "a"), 0, 0 },
	{ "no third", S("\xe2\x82" "a"), 0, 0 },
	{ "overlong, 2", S("\xc1\xbf"), 0, 0 },
	{ "overlong, 3", S("\xe0\x9f\xbf"), 0, 0 },
	{ "overlong, 4", S("\xf0\x8f\xbf\xbf"), 0, 0 },
	{ "surrogate, first", S("\xed\xa0\x80"), 0, 0 },
	{ "surrogate, last", S("\xed\xbf\xbf"), 0, 0 },
	{ "past 10FFFF", S("\xf4\x90\x80\x80"), 0, 0 },
	{ "5 octets", S("\xf8\x88\x80\x80\x80"), 0, 0 },
	{ "FF", S("\xff"), 0, 0 },
};

int
main(void)
{
	uint32_t code;
	size_t i, n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = utf8_decode(guard_put(rows[i].in), &code);
		tap_ok(n == rows[i].n && code == rows[i].code, "%s",
		    rows[i].name);
	}
	tap_ok(utf8_valid(STR("a\xc3\xbc\xf0\x9f\x98\x80z")), "all valid");
	tap_ok(!utf8_valid(STR("a\xc3\xbc\xff")), "the last is not");
	tap_ok(utf8_valid(STR("")), "empty is valid");
	return (tap_done());
}
