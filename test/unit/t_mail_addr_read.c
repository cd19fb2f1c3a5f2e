/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "guard.h"
#include "mail/addr_read.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	(16 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }
#define NONE		"none"
#define SYNTAX		"syntax"

static const struct lines_rule lines = { LINES_POSTFIX, 998 };

/* One row per rule of addr_read.h; what no strict reader takes. */
static const struct {
	const char	*name;
	struct str	 in;
	const char	*want;	/* domains; "~" before those read across gaps */
} rows[] = {
	{ "quotes of Outlook", S("'a@b.test' <a@b.test>"), "b.test" },
	{ "quotes of Outlook, two domains", S("'a@b.test' <a@c.test>"),
	    "b.test c.test" },
	{ "unquoted comma", S("X, Y <a@b.test>"), "b.test" },
	{ "unquoted colon", S("X: Y <a@b.test>"), "b.test" },
	{ "unquoted brackets", S("X [y] <a@b.test>"), "b.test" },
	{ "mailto in angle brackets", S("X <mailto:a@b.test>"), "b.test" },
	{ "no closing bracket", S("X <a@b.test"), "b.test" },
	{ "address after a quoted string", S("\"X\" a@b.test"), "b.test" },
	{ "address before a word", S("a@b.test X"), "b.test ~b.testx" },
	{ "dots in the local part", S("a..b@c.test"), "c.test" },
	{ "dot before the local part", S(".a@c.test"), "c.test" },
	{ "dot behind the domain", S("a@c.test."), "c.test" },
	{ "dots behind the domain", S("a@c.test.."), "c.test" },
	{ "empty label", S("a@b..test, c@d.test"), "~b d.test" },
	{ "empty label alone", S("a@b..test"), SYNTAX },
	{ "empty label in a longer name", S("a@b.test..c.test, d@e.test"),
	    "~b.test e.test" },
	{ "empty label behind another address", S("d@e.test a@b.test..c"),
	    "e.test ~e.testa ~b.test" },
	{ "no domain", S("a@"), SYNTAX },
	{ "two @", S("x@a.test@b.test"), "a.test b.test" },
	{ "address before empty brackets", S("a@b.test <>"), "b.test" },
	{ "address as a group's name", S("a@b.test:;"), "b.test" },
	{ "address behind brackets", S("<x@a.test> b@c.test"),
	    "a.test ~a.testb c.test" },
	{ "source route without brackets", S("@a.test:x@b.test"), "b.test" },
	{ "source route of two", S("@a.test,@b.test:x@c.test"),
	    "a.test b.test c.test" },
	{ "quoted text behind an address", S("X <a@b.test> \"<c@d.test>\""),
	    "b.test d.test" },
	{ "quoted text behind an address, no @", S("X <a@b.test> \"Y\""),
	    "b.test" },
	{ "quoted text before >", S("\"c@d.test\" ><a@b.test>"),
	    "b.test d.test" },
	{ "quoted name of a group", S("\"<c@d.test>\": a..b@b.test;"),
	    "d.test b.test" },
	{ "quoted text with a bare CR", S("\"c@d.test\ry\", X <a@b.test>"),
	    "~d.test ~d.testy b.test" },
	{ "quoted text up to the end of a line",
	    S("\"X,\r\n <c@d.test>, Y\", Z <a@b.test>"), "d.test b.test" },
	{ "comment up to the end of a line",
	    S("(X\r\n <c@d.test>) Y, Z <a@b.test>"),
	    "d.test ~d.testy b.test" },
	{ "comment with a comma", S("X, <a@b.test> (<c@d.test>,)"),
	    "b.test ~b.testc d.test" },
	{ "domain up to the end of a line", S("a@b c.test\r\n .d.test, X"),
	    "b ~bc.test ~bc.test.d.test" },
	{ "no local part", S("@a.test"), "a.test" },
	{ "no local part in brackets", S("X <@a.test> <b@c.test>"),
	    "a.test ~a.testb c.test" },
	{ "no local part before a group", S("@a.test:;"), "a.test" },
	{ "same domain twice", S("a@b.test, X, c@B.Test."), "b.test" },
	{ "quoted text that names another", S("X: \"a@b.test\" <c@d.test>"),
	    "d.test" },
	{ "quoted text that names another, folded",
	    S("X: \"a@b.test\"\r\n <c@d.test>"), "d.test" },
	{ "comment that names another, folded",
	    S("X: <c@d.test>\r\n\t(a@b.test)"), "d.test" },
	{ "quoted text and an encoded word",
	    S("X: \"a@b.test\" =?utf-8?q?Y?= <c@d.test>"), "d.test" },
	{ "quoted text alone", S("\"a@b.test\""), "b.test" },
	{ "quoted text alone between commas", S("\"a@b.test\", <c@d.test"),
	    "b.test d.test" },
	{ "quoted local part with an @", S("X, \"a@b.test\"@c.test"),
	    "b.test c.test" },
	{ "comment that names another", S("X: (a@b.test) <c@d.test>"),
	    "d.test" },
	{ "unbalanced quote", S("\"X <a@b.test>"), "b.test" },
	{ "unbalanced quote, quoted text", S("\"a@b.test\" \"X <c@d.test>"),
	    "b.test d.test" },
	{ "unbalanced comment", S("X: <a@b.test> (c@d.test"),
	    "b.test ~b.testc d.test" },
	{ "escaped quotes outside quotes", S("X \\\"Y\\\" <a@b.test>"),
	    "b.test" },
	{ "quotes inside a word", S("\"a\"b\"@c.test>\""), "c.test" },
	{ "white space around dots", S("X, a@b . test"), "b ~b.test" },
	{ "white space behind a dot behind the domain",
	    S("X, a@b .test. y..z"), "b ~b.test ~b.test.y" },
	{ "white space in the domain", S("X, a@b.te st"), "b.te ~b.test" },
	{ "comment in the domain", S("X, a@b(c).test"), "b ~b.test ~bc.test" },
	{ "backslash in the domain", S("X, a@b\\.test"), "b ~b.test" },
	{ "white space around the @", S("X, a @ b.test"), "b.test" },
	{ "U-label", S("X, a@b\xc3\xbc" "cher.test"),
	    "xn--bcher-kva.test ~b ~bcher.test" },
	{ "one dot leader", S("a@b\xe2\x80\xa4test"), "~b ~btest ~b.test" },
	{ "small full stop, U-label",
	    S("a@b\xc3\xbc" "cher\xef\xb9\x92test"),
	    "~b ~bchertest ~xn--bcher-kva.test" },
	{ "no-break space", S("X, a@b.test\xc2\xa0"), "~b.test" },
	{ "not UTF-8", S("\xe9, a@b.test\xe9"), "~b.test" },
	{ "encoded word, Q", S("=?utf-8?q?a=40b.test?=, X"), "b.test" },
	{ "encoded word, B", S("=?utf-8?B?YUBiLnRlc3Q=?=, X"), "b.test" },
	{ "encoded word that is none", S("=?utf-8?x?a=40b.test?=, X"), NONE },
	{ "control character", S("\x1b$B\x1b(B <a@b.test>"), "b.test" },
	{ "NUL in the domain", S("a@b.te\0st"), "b.te ~b.test" },
	{ "no @ at all", S("MAILER-DAEMON"), NONE },
	{ "empty brackets", S("X <>"), NONE },
	{ "group without members", S("undisclosed-recipients:;"), NONE },
	{ "empty", S(""), NONE },
	{ "address literal", S("X <a@[192.0.2.1]>"), NONE },
	{ "address literal, IPv6", S("a@[ipv6:2001:db8::1]"), NONE },
	{ "address literal with blanks", S("a@[ 192.0.2.1 ] X"), NONE },
	{ "name in brackets", S("a@[b.test]"), "b.test" },
	{ "name in brackets and white space", S("X <a @ [ b . test ]>"),
	    "b ~b.test" },
	{ "address in brackets and a name", S("a@[192.0.2.1].b.test"),
	    "192.0.2.1 ~192.0.2.1.b.test" },
	{ "address literal and a name behind it", S("a@[192.0.2.1] c@b.test"),
	    "b.test" },
	{ "empty brackets", S("a@[]"), SYNTAX },
	{ "open bracket", S("a@[b.test"), "b.test" },
	{ "encoded word, B without padding", S("=?utf-8?b?YUBiLnRlc3Q?="),
	    "b.test" },
	{ "encoded word, B with other characters",
	    S("=?utf-8?b?YUB!iLnRl.c3Q==?="), "b.test" },
	{ "encoded word with a question mark", S("=?utf-8?q?a?b=40b.test?="),
	    "b.test" },
	{ "encoded word with white space", S("=?utf-8?q?x a=40b.test?="),
	    "b.test" },
	{ "encoded word within another", S("=?utf-8?q?=?utf-8?q?a=40b.test?="),
	    "b.test" },
	{ "encoded word with a language", S("=?utf-8*en?q?a=40b.test?="),
	    "b.test" },
	{ "encoded words of a name", S("=?utf-8?q?a=40b.te?= =?utf-8?q?st?="),
	    "b.te ~b.test" },
	{ "encoded word before a word", S("=?utf-8?q?a=40b.test?=c, X"),
	    "b.test ~b.testc" },
	{ "encoded word in UTF-16", S("=?utf-16?b?/v8AYQBAAGIALgB0AGUAcwB0?="),
	    "b ~b.test" },
	{ "encoded word in UTF-7", S("=?utf-7?q?a+AEA-b.test?="), SYNTAX },
	{ "encoded word in EBCDIC", S("=?cp037?q?=81=7C=82=4B=A3=85=A2=A3?="),
	    SYNTAX },
	{ "encoded word in an unknown charset, and an address",
	    S("=?utf-7?q?X?=, Y <a@b.test>"), "b.test" },
	{ "encoded word that may hide an address, and an address",
	    S("=?utf-7?q?a+AEA-b.test?= x@c.test"), SYNTAX },
	{ "encoded word in a charset of no reader, and an address",
	    S("=?unknown-8bit?q?X?=, Y <a@b.test>"), "b.test" },
	{ "encoded word of a Thai Windows", S("=?windows-874?b?xeLh?= [S] "
	    "<a@b.test>"), "b.test" },
	{ "encoded word of the C locale", S("=?ANSI_X3.4-1968?q?X?= [S] "
	    "<a@b.test>"), "b.test" },
	{ "encoded word of a Japanese Windows", S("=?Windows-31J?b?xeLh?= [S] "
	    "<a@b.test>"), "b.test" },
	{ "encoded word of a Korean Windows", S("=?windows-949?b?xeLh?= [S] "
	    "<a@b.test>"), "b.test" },
	{ "encoded word in ISO 8859 as registered", S("=?ISO_8859-1?q?X?= [S] "
	    "<a@b.test>"), "b.test" },
	{ "encoded word, the charset with an underscore",
	    S("=?utf_8?q?X?= [S] <a@b.test>"), "b.test" },
	{ "encoded word, the charset without a hyphen",
	    S("=?Windows1252?q?X?= [S] <a@b.test>"), "b.test" },
	{ "encoded word, the charset with a hyphen too many",
	    S("=?koi-8-r?q?X?= [S] <a@b.test>"), "b.test" },
	{ "encoded word, the charset with x-",
	    S("=?X-Windows-1252?q?X?= [S] <a@b.test>"), "b.test" },
	{ "encoded word without a charset, and an address",
	    S("=??q?X?= [S] <a@b.test>"), "b.test" },
	{ "encoded word without a charset", S("=??q?a=40b.test?= [S]"),
	    "b.test" },
	{ "encoded word in UTF-7, spelled otherwise, and an address",
	    S("=?x-utf_7?q?a+AEA-b.test?= x@c.test"), SYNTAX },
	{ "encoded word in UTF-7 of Unicode 1.1, and an address",
	    S("=?unicode-1-1-utf-7?q?a+AEA-b.test?= x@c.test"), SYNTAX },
	{ "encoded word in EBCDIC, spelled otherwise, and an address",
	    S("=?x-cp_037?q?X?= x@c.test"), SYNTAX },
	{ "encoded word, the charset with a long name, and an address",
	    S("=?utf-8-0123456789-0123456789-0123456789?q?X?= x@c.test"),
	    "c.test" },
	{ "encoded word in EBCDIC of Windows, and an address",
	    S("=?cp875?q?X?= [S] <a@b.test>"), SYNTAX },
	{ "encoded word without an @", S("=?ISO-8859-1?Q?M=FCller?="), NONE },
};

static void
describe_domains(const struct addr_from *from, struct buf *out)
{
	size_t i;

	buf_reset(out);
	if (from->result == ADDR_FROM_NONE ||
	    from->result == ADDR_FROM_SYNTAX) {
		buf_add_cstr(out, from->result == ADDR_FROM_NONE ? NONE :
		    SYNTAX);
	}
	for (i = 0; i < from->n; i++) {
		buf_add_cstr(out, i > 0 ? " " : "");
		buf_add_cstr(out, from->v[i].gaps ? "~" : "");
		buf_add_str(out, from->v[i].domain);
	}
}

static void
t_rows(void)
{
	struct addr_from from;
	struct arena a;
	struct buf got;
	size_t i;

	buf_init(&got, 4096);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		tap_num(addr_read(&a, guard_put(rows[i].in), &from), STATUS_OK,
		    rows[i].name);
		describe_domains(&from, &got);
		tap_str(buf_str(&got), str_from(rows[i].want), rows[i].name);
		arena_fini(&a);
	}
	buf_fini(&got);
}

/* Inputs of a megabyte: linear time and a bounded result. */
static const struct {
	const char		*name, *unit;
	size_t			 n;
	enum addr_from_result	 want;
} limits[] = {
	{ "domains at the limit", NULL, ADDR_READ_MAX_DOMAINS, ADDR_FROM_OK },
	{ "domains beyond it", NULL, ADDR_READ_MAX_DOMAINS + 1,
	    ADDR_FROM_LIMIT },
	{ "one domain, many times", "a@b.test,", ADDR_READ_MAX_ATS + 1,
	    ADDR_FROM_LIMIT },
	{ "open comments", "(", 1000000, ADDR_FROM_NONE },
	{ "open comments and an @", "(@", 500000, ADDR_FROM_LIMIT },
	{ "quotes", "\"", 1000001, ADDR_FROM_NONE },
	{ "backslashes", "\\", 1000000, ADDR_FROM_NONE },
	{ "encoded words", "=?gb?q?a?=", 110000, ADDR_FROM_NONE },
	{ "starts of encoded words that do not end", "=?gb?q?a ", 110000,
	    ADDR_FROM_NONE },
	{ "encoded words of another kind", "=?gb?x?a?=", 110000,
	    ADDR_FROM_NONE },
	{ "open address literals", "@[", 500000, ADDR_FROM_LIMIT },
	{ "equals signs", "=", 1000000, ADDR_FROM_NONE },
	{ "starts of encoded words", "=?", 500000, ADDR_FROM_NONE },
	{ "blanks behind an @", "a@ \t", 250000, ADDR_FROM_LIMIT },
	{ "control characters", "\x01", 1000000, ADDR_FROM_NONE },
	{ "U-labels", "a@\xc3\xbc,", 200000, ADDR_FROM_LIMIT },
};

static void
t_limits(void)
{
	struct addr_from from;
	struct arena a;
	struct buf in;
	size_t i, j;
	char unit[40];

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		buf_init(&in, 2 * 1024 * 1024);
		for (j = 0; j < limits[i].n; j++) {
			snprintf(unit, sizeof(unit), "a@d%zu.test;", j);
			buf_add_cstr(&in, limits[i].unit != NULL ?
			    limits[i].unit : unit);
		}
		tap_num(addr_read(&a, buf_str(&in), &from), STATUS_OK,
		    limits[i].name);
		tap_num(from.result, limits[i].want, limits[i].name);
		buf_fini(&in);
		arena_fini(&a);
	}
}

/* Who signs, of a whole From field. */
static const struct {
	const char	*name, *field, *want;	/* NULL: nobody */
} authors[] = {
	{ "valid, one author", "a@b.test", "b.test" },
	{ "valid, several: the first", "a@b.test, c@d.test", "b.test" },
	{ "invalid, one domain", "X, Y <a@b.test>", "b.test" },
	{ "invalid, one domain with a gap", "a@b.test X", "b.test" },
	{ "invalid, a cut name first", "a@b.test..c, d@e.test", "e.test" },
	{ "invalid, a cut name and two domains",
	    "a@b.test..c, d@e.test, f@g.test.", NULL },
	{ "invalid, two domains", "'a@b.test' <a@c.test>", NULL },
	{ "an @ in the name", "Sales @ Work <a@b.test>", "b.test" },
	{ "a name behind an @", "@foo <a@b.test>", "b.test" },
	{ "two such names", "@foo @bar <a@b.test>", "b.test" },
	{ "a name behind an @, and two domains",
	    "@foo <a@b.test>, <c@d.test>", NULL },
	{ "invalid, one label", "X, Y <a@local>", "local" },
	{ "invalid, two of one label", "X, Y <a@local>; b@host", NULL },
	{ "JIS", "\x1b$B@P0f\x1b(B <a@b.test>", "b.test" },
	{ "no @", "MAILER-DAEMON", NULL },
	{ "unreadable domain", "a@b..test", NULL },
};

static void
t_authors(void)
{
	const struct addr_mailbox *author;
	struct addr_from from;
	struct field_list l;
	struct arena a;
	size_t i;

	for (i = 0; i < sizeof(authors) / sizeof(authors[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		if (field_list_add(&a, &l, STR("From"),
		    str_from(authors[i].field)) != STATUS_OK ||
		    addr_from_parse(&a, &l, lines, &from) != STATUS_OK) {
			tap_ok(false, "%s: read", authors[i].name);
			continue;
		}
		author = addr_from_author(&from);
		tap_str(author != NULL ? author->domain : STR("none"),
		    str_from(authors[i].want != NULL ? authors[i].want :
		    "none"), authors[i].name);
		arena_fini(&a);
	}
}

static enum status
read_everything(struct arena *a)
{
	struct addr_from from;

	return (addr_read(a, STR("X, =?u?q?a=40b.test?= =?u?b?YUBi?= c@d\x01 "
	    "<e@\xc3\xbc."
	    "test>"), &from));
}

int
main(void)
{
	t_rows();
	t_limits();
	t_authors();
	oom_check(read_everything, "memory");
	return (tap_done());
}
