/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"
#include "guard.h"
#include "tap.h"

#define S(literal)	{ (literal), sizeof(literal) - 1 }
#define NONE		{ NULL, 0 }

static const struct {
	struct str	a, b;
	bool		eq, eq_ci, starts, starts_ci, ends_ci;
	int		cmp;
} pairs[] = {
	{ S(""), S(""), true, true, true, true, true, 0 },
	{ NONE, S(""), true, true, true, true, true, 0 },
	{ NONE, NONE, true, true, true, true, true, 0 },
	{ NONE, S("a"), false, false, false, false, false, -1 },
	{ S("a"), NONE, false, false, true, true, true, 1 },
	{ S("abc"), S("abc"), true, true, true, true, true, 0 },
	{ S("aBc"), S("AbC"), false, true, false, true, true, 1 },
	{ S("abc"), S("ab"), false, false, true, true, false, 1 },
	{ S("abc"), S("AB"), false, false, false, true, false, 1 },
	{ S("abc"), S("BC"), false, false, false, false, true, 1 },
	{ S("ab"), S("abc"), false, false, false, false, false, -1 },
	{ S("b"), S("abc"), false, false, false, false, false, 1 },
	{ S("a\0b"), S("a\0c"), false, false, false, false, false, -1 },
	{ S("\xc3\x84"), S("\xc3\xa4"), false, false, false, false, false,
	    -1 },
	{ S("["), S("{"), false, false, false, false, false, -1 },
};

static int
sign(int n)
{
	return ((n > 0) - (n < 0));
}

static void
t_pairs(void)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct str a = pairs[i].a, b = pairs[i].b;

		tap_ok(str_eq(a, b) == pairs[i].eq, "pair %zu: eq", i);
		tap_ok(str_eq_ci(a, b) == pairs[i].eq_ci, "pair %zu: eq_ci",
		    i);
		tap_ok(str_starts(a, b) == pairs[i].starts,
		    "pair %zu: starts", i);
		tap_ok(str_starts_ci(a, b) == pairs[i].starts_ci,
		    "pair %zu: starts_ci", i);
		tap_ok(str_ends_ci(a, b) == pairs[i].ends_ci,
		    "pair %zu: ends_ci", i);
		tap_ok(sign(str_cmp(a, b)) == pairs[i].cmp, "pair %zu: cmp",
		    i);
	}
}

static void
t_find(void)
{
	tap_num((long long)str_find(STR("a.b.c"), '.'), 1, "find the first");
	tap_num((long long)str_rfind(STR("a.b.c"), '.'), 3, "find the last");
	tap_num((long long)str_find(STR("abc"), '.'), 3, "find none");
	tap_num((long long)str_rfind(STR("abc"), '.'), 3, "rfind none");
	tap_num((long long)str_find(STR_NONE, '.'), 0, "find in absent");
	tap_num((long long)str_rfind(STR_NONE, '.'), 0, "rfind in absent");
	tap_num((long long)str_find(str_mem("a\0b", 3), 'b'), 2,
	    "find beyond NUL");
}

static void
t_parts(void)
{
	tap_str(str_from_offset(STR("abc"), 1), STR("bc"), "from 1");
	tap_str(str_from_offset(STR("abc"), 3), STR(""), "from the end");
	tap_str(str_from_offset(STR("abc"), 9), STR(""), "from beyond");
	tap_ok(str_from_offset(STR_NONE, 4).p == NULL, "absent stays absent");
	tap_str(str_first(STR("abc"), 2), STR("ab"), "first 2");
	tap_str(str_first(STR("abc"), 9), STR("abc"), "first of too many");
	tap_str(str_trim_wsp(STR(" \ta b\t ")), STR("a b"), "trim wsp");
	tap_str(str_trim_wsp(STR("\r\n a")), STR("\r\n a"),
	    "trim wsp stops at CR");
	tap_str(str_trim_wsp(STR(" \t ")), STR(""), "trim wsp of only that");
	tap_ok(str_trim_wsp(STR(" ")).p != NULL, "which is not absent");
	tap_str(str_trim_wsp_end(STR(" a\r \t ")), STR(" a\r"),
	    "trim wsp at the end alone");
	tap_str(str_trim_fws(STR("\r\n \ta\r\nb\n")), STR("a\r\nb"),
	    "trim fws");
	tap_str(str_trim_fws(STR("\v")), STR("\v"), "VT is no white space");
	tap_ok(str_trim_fws(STR_NONE).p == NULL, "trim of absent");
	tap_str(str_from(NULL), STR_NONE, "from NULL");
}

static const struct {
	struct str	in;
	const char	*want;	/* pieces, each in brackets */
} splits[] = {
	{ S("a:b:c"), "[a][b][c]" },
	{ S("a"), "[a]" },
	{ S(""), "[]" },
	{ S(":"), "[][]" },
	{ S("a:"), "[a][]" },
	{ S("::b"), "[][][b]" },
	{ NONE, "" },
};

static void
t_next(void)
{
	struct str rest, piece;
	char out[64];
	size_t i, n;

	for (i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		rest = splits[i].in;
		n = 0;
		while (str_next(&rest, ':', &piece)) {
			n += (size_t)snprintf(out + n, sizeof(out) - n,
			    "[%.*s]", STR_FMT(piece));
		}
		tap_str(str_mem(out, n), str_from(splits[i].want),
		    splits[i].want);
		tap_ok(rest.p == NULL && piece.p == NULL,
		    "absent at the end of split %zu", i);
	}
}

/* RFC 6376 2.8 FWS, and what every line end becomes. */
static const struct {
	struct str	in;
	size_t		fws;	/* at its start */
	struct str	crlf;
} spaces[] = {
	{ S(" "), 1, S(" ") },
	{ S("\tx"), 1, S("\tx") },
	{ S("\r\n x"), 3, S("\r\n x") },
	{ S("\r\n\t"), 3, S("\r\n\t") },
	{ S("\r\n"), 0, S("\r\n") },
	{ S("\r\nx"), 0, S("\r\nx") },
	{ S("\r\n\r\n "), 0, S("\r\n\r\n ") },
	{ S("\n x"), 0, S("\r\n x") },
	{ S("\r x"), 0, S("\r x") },
	{ S("\n\n"), 0, S("\r\n\r\n") },
	{ S("a\r\n\nb\n"), 0, S("a\r\n\r\nb\r\n") },
	{ S(""), 0, S("") },
};

static void
t_spaces(void)
{
	char out[64];
	size_t i, n;

	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		tap_num((long long)str_fws_at(spaces[i].in, 0),
		    (long long)spaces[i].fws, "folding white space");
		n = str_crlf_bytes(spaces[i].in);
		str_crlf_copy(out, spaces[i].in);
		tap_str(str_mem(out, n), spaces[i].crlf, "line ends");
	}
	tap_num((long long)str_fws_at(STR("a "), 1), 1, "further on");
	tap_num((long long)str_fws_at(STR("a"), 1), 0, "at the end");
}

static void
t_sets(void)
{
	static const struct str list[] = { S("From"), S("To") };

	tap_ok(str_list_has_ci(list, 2, STR("to")), "in the list");
	tap_ok(!str_list_has_ci(list, 1, STR("To")), "beyond its end");
	tap_ok(!str_list_has_ci(list, 2, STR("Fro")), "not in the list");
	tap_ok(str_is_ascii(STR("a\x7f")) && str_is_ascii(STR_NONE), "ASCII");
	tap_ok(!str_is_ascii(STR("a\x80")), "not ASCII");
}

static const struct {
	struct str	in;
	bool		ok;
	uint64_t	value;
} numbers[] = {
	{ S("0"), true, 0 },
	{ S("007"), true, 7 },
	{ S("18446744073709551615"), true, UINT64_MAX },
	{ S("18446744073709551616"), false, 0 },
	{ S("18446744073709551620"), false, 0 },
	{ S("99999999999999999999999999"), false, 0 },
	{ S(""), false, 0 },
	{ NONE, false, 0 },
	{ S("-1"), false, 0 },
	{ S("+1"), false, 0 },
	{ S(" 1"), false, 0 },
	{ S("1 "), false, 0 },
	{ S("1a"), false, 0 },
	{ S("0x10"), false, 0 },
	{ S("1\0"), false, 0 },
};

static void
t_numbers(void)
{
	uint64_t value;
	size_t i;
	bool ok;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		value = 99;
		ok = str_to_u64(guard_put(numbers[i].in), &value);
		tap_ok(ok == numbers[i].ok && value == numbers[i].value,
		    "number [%.*s]", STR_FMT(numbers[i].in));
	}
}

/* Every octet; the digits have their values. */
static void
t_hex(void)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	int c, i, n = 0;

	for (c = 0; c < 256; c++) {
		n += char_hex((char)c) >= 0;
	}
	tap_num(n, (long long)strlen(digits), "hexadecimal digits: no other");
	for (i = 0; digits[i] != '\0'; i++) {
		tap_num(char_hex(digits[i]), i < 16 ? i : i - 6,
		    "the value of a hexadecimal digit");
	}
}

int
main(void)
{
	t_pairs();
	t_find();
	t_parts();
	t_next();
	t_spaces();
	t_sets();
	t_numbers();
	t_hex();
	return (tap_done());
}
