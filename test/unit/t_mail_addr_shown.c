/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "guard.h"
#include "mail/addr_shown.h"
#include "mail/addr_words.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	(64 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }
#define PAD_BYTES	4096

/* "~" before domains that are read across gaps. */
static void
describe_domains(const struct addr_from *from, struct buf *out)
{
	size_t i;

	buf_reset(out);
	if (from->result != ADDR_FROM_OK) {
		buf_add_cstr(out, addr_from_text(from->result));
	}
	for (i = 0; i < from->n; i++) {
		buf_add_cstr(out, i > 0 ? " " : "");
		buf_add_cstr(out, from->v[i].gaps ? "~" : "");
		buf_add_str(out, from->v[i].domain);
	}
}

/* Of a From field by the strict parser, and what its local parts show. */
static const struct {
	const char	*name;
	struct str	 in;
	const char	*want;
} local_parts[] = {
	{ "plain", S("a@b.test"), "b.test" },
	{ "quoted", S("\"a b\"@b.test"), "b.test" },
	{ "an address", S("\"a@b.test\"@c.test"), "c.test b.test" },
	{ "an address in angle brackets", S("X <\"a@B.test.\"@c.test>"),
	    "c.test b.test" },
	{ "an address and white space", S("\"a@b.test \"@c.test"),
	    "c.test b.test" },
	{ "an escaped address", S("\"a\\@b\\.test\"@c.test"),
	    "c.test b.test" },
	{ "two addresses", S("\"x@a.test@b.test\"@c.test"),
	    "c.test a.test b.test" },
	{ "its own domain", S("\"a@c.test\"@c.test"), "c.test" },
	{ "of the second author", S("a@b.test, \"c@d.test\"@e.test"),
	    "b.test e.test d.test" },
	{ "an address in other text", S("\"X <x@b.test>\"@c.test"),
	    "c.test b.test" },
	{ "an address before a comma", S("\"x@b.test,\"@c.test"),
	    "c.test b.test" },
	{ "an @ alone", S("\"@\"@c.test"), "c.test" },
	{ "encoded, B", S("=?utf-8?b?YUBiLnRlc3Q=?=@c.test"),
	    "c.test b.test" },
	{ "encoded, Q", S("=?utf-8?q?a=40b.test?=@c.test"), "c.test b.test" },
	{ "encoded, with a NUL", S("=?utf-8?q?a=40b.test=00?=@c.test"),
	    "c.test b.test" },
	{ "encoded, with a line end", S("=?utf-8?q?a=40b.test=0A?=@c.test"),
	    "c.test b.test" },
	{ "encoded, two words",
	    S("=?utf-8?b?YUBiLnRlc3Q=?==?utf-8?q?=00?=@c.test"),
	    "c.test b.test" },
	{ "encoded, quoted", S("\"=?utf-8?q?a=40b.test?=\"@c.test"),
	    "c.test b.test" },
	{ "encoded, no address", S("=?utf-8?q?a?=@c.test"), "c.test" },
	{ "encoded display name", S("=?utf-8?q?a=40b.test?= <x@c.test>"),
	    "c.test" },
};

static void
t_local_parts(void)
{
	struct addr_from from;
	struct arena a;
	struct buf got;
	size_t i;

	buf_init(&got, 4096);
	for (i = 0; i < sizeof(local_parts) / sizeof(local_parts[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		tap_ok(addr_list_parse(&a, guard_put(local_parts[i].in),
		    &from) == STATUS_OK && from.strict &&
		    addr_shown_in_local_parts(&a, &from) == STATUS_OK,
		    "%s: read", local_parts[i].name);
		describe_domains(&from, &got);
		tap_str(buf_str(&got), str_from(local_parts[i].want),
		    local_parts[i].name);
		tap_ok(addr_from_author(&from) == from.v,
		    "%s: the author is the first", local_parts[i].name);
		arena_fini(&a);
	}
	buf_fini(&got);
}

/* Once its words are decoded, a field has more '@' than mailboxes, or may. */
static const struct {
	const char	*name;
	struct str	 in;
	bool		 coded;
} words[] = {
	{ "no words", S("X <a@b.test>"), false },
	{ "no words, an address in a name", S("\"c@d.test\" <a@b.test>"),
	    false },
	{ "a name", S("=?utf-8?q?M=C3=A9?= <a@b.test>"), false },
	{ "a name of Latin-1", S("=?iso-8859-1?q?M=E9?= <a@b.test>"), false },
	{ "two names", S("=?utf-8?q?x?= <a@b.test>, =?utf-8?b?eQ==?= "
	    "<c@d.test>"), false },
	{ "an address, Q", S("=?utf-8?q?c=40d.test?= <a@b.test>"), true },
	{ "an address, B", S("=?utf-8?b?Y0BkLnRlc3Q=?= <a@b.test>"), true },
	{ "an address in a comment", S("a@b.test (=?utf-8?q?c=40d.test?=)"),
	    true },
	{ "an @ as it is, quoted", S("\"=?utf-8?q?c@d.test?=\" <a@b.test>"),
	    true },
	{ "of the second author", S("<a@b.test>, =?utf-8?q?=40?= <c@d.test>"),
	    true },
	{ "an unknown charset", S("=?utf-7?q?c+AEA-d?= <a@b.test>"), true },
};

static void
t_words(void)
{
	struct addr_from from;
	struct arena a;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		tap_ok(addr_list_parse(&a, guard_put(words[i].in), &from) ==
		    STATUS_OK && from.strict && addr_shown_in_words(&a,
		    words[i].in, &from) == STATUS_OK, "%s: read",
		    words[i].name);
		tap_ok(from.coded == words[i].coded, "encoded words: %s",
		    words[i].name);
		arena_fini(&a);
	}
}

/* An address in the last word that is decoded, and in the one behind it. */
static void
t_many_words(void)
{
	struct addr_from from;
	struct arena a;
	struct buf in;
	size_t i, n;

	for (n = ADDR_WORDS_MAX - 1; n <= ADDR_WORDS_MAX; n++) {
		arena_init(&a, ARENA_BYTES);
		buf_init(&in, ARENA_BYTES);
		for (i = 0; i < n; i++) {
			buf_add_cstr(&in, "=?utf-8?q?x?=\r\n ");
		}
		buf_add_cstr(&in, "=?utf-8?q?=3Cd=40e.test=3E?= <a@b.test>");
		tap_ok(addr_list_parse(&a, buf_str(&in), &from) == STATUS_OK &&
		    from.strict && from.n == 1 && addr_shown_in_words(&a,
		    buf_str(&in), &from) == STATUS_OK && from.coded,
		    "an address in encoded words, behind %zu", n);
		buf_fini(&in);
		arena_fini(&a);
	}
}

/*
 * A From field whose value begins with a space and a phrase of 'x' so that
 * `first` ends at column `at` and `rest` stands behind.
 */
static const struct {
	const char		*name;
	struct lines_rule	 rule;
	size_t			 at;	/* of the line with its name */
	const char		*first, *rest, *want;
} long_lines[] = {
	{ "fits", { LINES_POSTFIX, 998 }, 980, " <a@b.test", ".c.test>",
	    "b.test.c.test" },
	{ "fits exactly", { LINES_POSTFIX, 998 }, 990, " <a@b.test",
	    ".c.test>", "b.test.c.test" },
	{ "broken at a dot", { LINES_POSTFIX, 998 }, 998, " <a@b.test",
	    ".c.test>", "b.test.c.test b.test" },
	{ "broken behind a dot", { LINES_POSTFIX, 998 }, 998, " <a@b.test.",
	    "c.test>", "b.test.c.test b.test" },
	{ "broken in a label", { LINES_POSTFIX, 998 }, 998, " <a@b.test",
	    "x.c.test>", "b.testx.c.test b.test" },
	{ "broken by the second break", { LINES_POSTFIX, 998 }, 1995,
	    " <a@b.test", "x.c.test>", "b.testx.c.test b.test" },
	{ "not broken there", { LINES_POSTFIX, 998 }, 1100, " <a@b.test",
	    "x.c.test>", "b.testx.c.test" },
	{ "no limit", { LINES_POSTFIX, 0 }, 998, " <a@b.test", "x.c.test>",
	    "b.testx.c.test" },
	{ "another limit", { LINES_POSTFIX, 2048 }, 998, " <a@b.test",
	    "x.c.test>", "b.testx.c.test" },
	{ "another limit, broken", { LINES_POSTFIX, 2048 }, 2048,
	    " <a@b.test", "x.c.test>", "b.testx.c.test b.test" },
	{ "by Sendmail", { LINES_SENDMAIL, 990 }, 989, " <a@b.test",
	    "x.c.test>", "b.testx.c.test b.test" },
	{ "no author before", { LINES_POSTFIX, 998 }, 998, " (a@b.test",
	    ")", "b.test" },
	{ "a quoted name with an address", { LINES_POSTFIX, 998 }, 998,
	    " \"a@b.te", "st\" <c@d.test>", "d.test ~b.te" },
	{ "an invalid field", { LINES_POSTFIX, 998 }, 998, ", X <a@b.test",
	    "x.c.test>", "b.testx.c.test b.test" },
};

static void
t_long_lines(void)
{
	char pad[PAD_BYTES];
	struct addr_from from;
	struct field_list l;
	struct arena a;
	struct buf got;
	size_t i, n;

	memset(pad, 'x', sizeof(pad));
	buf_init(&got, 4096);
	for (i = 0; i < sizeof(long_lines) / sizeof(long_lines[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		n = long_lines[i].at - strlen("From: ") -
		    strlen(long_lines[i].first);
		tap_ok(field_list_add(&a, &l, STR("From"), arena_printf(&a,
		    " %.*s%s%s", (int)n, pad, long_lines[i].first,
		    long_lines[i].rest)) == STATUS_OK &&
		    addr_from_parse(&a, &l, long_lines[i].rule, &from) ==
		    STATUS_OK, "%s: read", long_lines[i].name);
		describe_domains(&from, &got);
		tap_str(buf_str(&got), str_from(long_lines[i].want),
		    long_lines[i].name);
		arena_fini(&a);
	}
	buf_fini(&got);
}

/*
 * A valid field that the MTA breaks between a backslash and what that quotes:
 * `head`, padding and a backslash fill the first line as it is sent, ` middle`,
 * padding and a backslash the second.
 */
static const struct {
	const char		*name;
	struct lines_rule	 rule;
	const char		*fold;	/* where a milter refolds it */
	const char		*head, *middle, *end, *want;
} breaks[] = {
	{ "quotes are moved", { LINES_POSTFIX, 998 }, "", "From:\"",
	    "\"<a@b.test>(x\"<c@d.test>(", "))",
	    "d.test b.test ~b.testx" },
	{ "by Sendmail", { LINES_SENDMAIL, 990 }, "", "From:\"",
	    "\"<a@b.test>(x\"<c@d.test>(", "))",
	    "d.test b.test ~b.testx" },
	{ "to another author of the domain", { LINES_POSTFIX, 998 }, "",
	    "From:\"", "\"<a@d.test>(x\"<c@d.test>(", "))",
	    "d.test ~d.testx" },
	{ "in a local part", { LINES_POSTFIX, 998 }, "", "From:\"",
	    "\"<a@b.test>(x\"@d.test(", "))",
	    "d.test b.test ~b.testx" },
	{ "once it is refolded", { LINES_POSTFIX, 998 }, "From:\"aa", " ",
	    "\"<a@b.test>(x\"<c@d.test>(", "))",
	    "d.test ~d.testxxxxxxx b.test ~b.testx" },
};

static void
fill_line(struct buf *b, size_t from, size_t n)
{
	while (b->n < from + n - 1) {
		buf_add_char(b, 'x');
	}
	buf_add_char(b, '\\');
}

static void
t_moved_quotes(void)
{
	struct addr_from from;
	struct field_list l;
	struct arena a;
	struct buf got, in;
	size_t i, n;

	buf_init(&got, 4096);
	buf_init(&in, 4096);
	for (i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		buf_reset(&in);
		n = breaks[i].rule.limit -
		    (breaks[i].rule.style == LINES_SENDMAIL);
		buf_add_cstr(&in, breaks[i].fold);
		buf_add_cstr(&in, breaks[i].head);
		fill_line(&in, strlen(breaks[i].fold), n);
		buf_add_cstr(&in, breaks[i].middle);
		fill_line(&in, strlen(breaks[i].fold) + n, n - 1);
		buf_add_cstr(&in, breaks[i].end);
		tap_ok(field_list_add(&a, &l, STR("From"), str_from_offset(
		    buf_str(&in), strlen("From:"))) == STATUS_OK &&
		    addr_list_parse(&a, l.v[0].value, &from) == STATUS_OK &&
		    from.strict && from.n == 1 && addr_from_parse(&a, &l,
		    breaks[i].rule, &from) == STATUS_OK, "%s: read",
		    breaks[i].name);
		describe_domains(&from, &got);
		tap_str(buf_str(&got), str_from(breaks[i].want),
		    breaks[i].name);
		tap_ok(!from.strict && from.broken, "%s: not as it is read",
		    breaks[i].name);
		arena_fini(&a);
	}
	buf_fini(&in);
	buf_fini(&got);
}

/* Valid fields, read whole. "+" before those that stay strict. */
static const struct {
	const char	*name, *field, *want;
} odd[] = {
	{ "plain", "\"c@d.test\" <a@b.test> (e@f.test)", "+b.test" },
	{ "white space in brackets", "X < a@b.test >", "+b.test" },
	{ "folded between words", "\"c@d.test\"\r\n\t<a@b.test>", "+b.test" },
	{ "folded name", "\"X\r\n Y\" <a@b.test>", "+b.test" },
	{ "folded name with an address in text", "\"'c@d.test' via\r\n Y\" "
	    "<a@b.test>", "+b.test" },
	{ "folded name with an address", "\"c@d.test\r\n \" <a@b.test>",
	    "b.test ~d.test" },
	{ "folded name with another in brackets",
	    "\"X,\r\n <c@d.test>, Y\" <a@b.test>", "b.test d.test" },
	{ "folded comment with another in brackets",
	    "(X\r\n <c@d.test>) Y <a@b.test>", "b.test d.test ~d.testya" },
	{ "nested comment", "(x (y) <c@d.test>) <a@b.test>",
	    "b.test d.test ~d.testa" },
	{ "comment with a comma", "a@b.test (<c@d.test>,)",
	    "b.test ~b.testc d.test" },
	{ "comment with a backslash", "(\\)<c@d.test>\") a@b.test",
	    "b.test d.test" },
	{ "comment in an address", "X <a@b.test(c).d.test>",
	    "b.test.d.test b.test ~b.testc.d.test" },
	{ "fold in a domain", "X <a@b.\r\n test>", "b.test b" },
	{ "white space around an @", "X <a @ b.test>", "+b.test" },
	{ "route", "<@c.test:a@b.test>", "+b.test" },
	{ "route of two", "<@c.test,@d.test:a@b.test>",
	    "b.test c.test d.test" },
	{ "group", "X: a@b.test;", "+b.test" },
	{ "group with an address in quotes", "\"<c@d.test>\": a@b.test;",
	    "b.test d.test" },
	{ "address in a quoted local part", "\"<c@d.test>\"@b.test",
	    "+b.test d.test" },
};

static void
t_odd(void)
{
	const struct lines_rule rule = { LINES_POSTFIX, 998 };
	struct addr_from from;
	struct field_list l;
	struct arena a;
	struct buf got, domains;
	size_t i;

	buf_init(&got, 1 << 16);
	buf_init(&domains, 1 << 16);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		if (field_list_add(&a, &l, STR("From"),
		    str_from(odd[i].field)) != STATUS_OK ||
		    addr_from_parse(&a, &l, rule, &from) != STATUS_OK) {
			tap_ok(false, "%s: read", odd[i].name);
			continue;
		}
		describe_domains(&from, &domains);
		buf_reset(&got);
		buf_printf(&got, "%s%.*s", from.strict ? "+" : "",
		    STR_FMT(buf_str(&domains)));
		tap_str(buf_str(&got), str_from(odd[i].want), odd[i].name);
		arena_fini(&a);
	}
	buf_fini(&got);
	buf_fini(&domains);
}

/* As many authors and shown addresses as may be; each domain is another. */
static void
t_limit(void)
{
	struct addr_from from;
	struct arena a;
	struct buf in;
	size_t i, n;

	for (n = ADDR_MAX_MAILBOXES / 2; n <= ADDR_MAX_MAILBOXES / 2 + 1;
	    n++) {
		arena_init(&a, ARENA_BYTES);
		buf_init(&in, ARENA_BYTES);
		for (i = 0; i < n; i++) {
			buf_printf(&in, "\"a@s%zu.test\"@d%zu.test,", i, i);
		}
		tap_ok(addr_list_parse(&a, buf_str(&in), &from) == STATUS_OK &&
		    from.n == n && addr_shown_in_local_parts(&a, &from) ==
		    STATUS_OK, "%zu authors", n);
		tap_num(from.result, n > ADDR_MAX_MAILBOXES / 2 ?
		    ADDR_FROM_LIMIT : ADDR_FROM_OK, "result");
		tap_num((long long)from.n, n > ADDR_MAX_MAILBOXES / 2 ? 0 :
		    ADDR_MAX_MAILBOXES, "mailboxes");
		buf_fini(&in);
		arena_fini(&a);
	}
}

static enum status
read_shown(struct arena *a)
{
	const struct lines_rule rule = { LINES_POSTFIX, 100 };
	struct addr_from from;
	struct field_list l;
	enum status status;

	field_list_init(&l);
	status = field_list_add(a, &l, STR("From"), STR(" \"a@b.test\"@c.test, "
	    "=?utf-8?q?d=40e.test?=@f.test, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
	    "<x@gggggggggggggggggggggggg.test>"));
	return (status == STATUS_OK ? addr_from_parse(a, &l, rule, &from) :
	    status);
}

int
main(void)
{
	t_local_parts();
	t_words();
	t_many_words();
	t_long_lines();
	t_moved_quotes();
	t_odd();
	t_limit();
	oom_check(read_shown, "what is shown");
	return (tap_done());
}
