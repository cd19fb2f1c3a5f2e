/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "guard.h"
#include "mail/addr.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	(16 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }

static const struct lines_rule lines = { LINES_POSTFIX, 998 };

/* RFC 5322 3.4, 4.4; RFC 6532; RFC 6854 */
static const struct {
	struct str	 in;
	const char	*want;	/* <local@domain>..., NULL: SYNTAX */
} rows[] = {
	/* addr-spec */
	{ S("a@b.example"), "<a@b.example>" },
	{ S(" a@b.example "), "<a@b.example>" },
	{ S("a.b+c=d!#$%&'*/?^_`{|}~-@b.example"),
	    "<a.b+c=d!#$%&'*/?^_`{|}~-@b.example>" },
	{ S("A@B.EXAMPLE"), "<A@b.example>" },
	{ S("a@localhost"), "<a@localhost>" },
	{ S("\"a b\"@c.example"), "<a b@c.example>" },
	{ S("\"a@b\"@c.example"), "<a@b@c.example>" },
	{ S("\"a\\\"\\\\b\"@c.example"), "<a\"\\b@c.example>" },
	{ S("\"\"@c.example"), "<@c.example>" },
	{ S("\"\r\n \"@c.example"), "< @c.example>" },
	{ S("\"a\r\n"), NULL },
	{ S("\"a\r\n b\"@c.example"), "<a b@c.example>" },
	{ S("a.\"b c\".d@e.example"), "<a.b c.d@e.example>" },
	{ S("a(x)@(y)b.example(z)"), "<a@b.example>" },
	{ S("a . b @ c . example"), "<a.b@c.example>" },
	{ S("a\r\n @b.example"), "<a@b.example>" },
	{ S(""), NULL },
	{ S("   "), NULL },
	{ S("(comment)"), NULL },
	{ S("a"), NULL },
	{ S("a@"), NULL },
	{ S("@b.example"), NULL },
	{ S("a@b@c.example"), NULL },
	{ S("a b@c.example"), NULL },
	{ S("a@b c.example"), NULL },
	{ S(".a@b.example"), NULL },
	{ S("a.@b.example"), NULL },
	{ S("a..b@c.example"), NULL },
	{ S("a@.b.example"), NULL },
	{ S("a@b..example"), NULL },
	{ S("a@b.example."), NULL },
	{ S("a@\"b\".example"), NULL },
	{ S("a@b/c.example"), NULL },
	{ S("a@[192.0.2.1]"), NULL },
	{ S("a@[IPv6:::1]"), NULL },
	{ S("[a]@b.example"), NULL },
	{ S("a;b@c.example"), NULL },
	{ S("a\\b@c.example"), NULL },
	/* name-addr */
	{ S("<a@b.example>"), "<a@b.example>" },
	{ S("A <a@b.example>"), "<a@b.example>" },
	{ S("A<a@b.example>"), "<a@b.example>" },
	{ S("A B C <a@b.example> (d)"), "<a@b.example>" },
	{ S("John Q. Public <a@b.example>"), "<a@b.example>" },
	{ S("J.. R.R. <a@b.example>"), "<a@b.example>" },
	{ S("\"x@y, z\" <a@b.example>"), "<a@b.example>" },
	{ S("\"<x@y>\" <a@b.example>"), "<a@b.example>" },
	{ S("=?utf-8?q?x=40y?= <a@b.example>"), "<a@b.example>" },
	{ S("A\"B\"C <a@b.example>"), "<a@b.example>" },
	{ S("(x@y) A <a@b.example>"), "<a@b.example>" },
	{ S("A < (c) a @ b.example (d) >"), "<a@b.example>" },
	{ S("A\r\n\t<a@b.example>"), "<a@b.example>" },
	/* not RFC 5322: an address for a name, which is a claim */
	{ S("a@b.example <c@d.example>"), "<c@d.example><a@b.example>" },
	{ S("a@b.example<a@b.example>"), "<a@b.example><a@b.example>" },
	{ S("a@b.example (x) <c@d.example> (y)"),
	    "<c@d.example><a@b.example>" },
	{ S("x@y, a@b <c@d>, z@y"), "<x@y><c@d><a@b><z@y>" },
	{ S("G: a@b <c@d>, e@f;"), "<c@d><a@b><e@f>" },
	{ S("John a@b.example <c@d.example>"), NULL },
	{ S("a@b.example John <c@d.example>"), NULL },
	{ S("a@b.example <c@d.example> <e@f>"), NULL },
	{ S("a@b.example <c@d.example"), NULL },
	{ S("a@b.example <>"), NULL },
	{ S("a@ <c@d.example>"), NULL },
	{ S("a@[192.0.2.1] <c@d.example>"), NULL },
	{ S("<a@b.example> <c@d.example>"), NULL },
	{ S("<>"), NULL },
	{ S("A <>"), NULL },
	{ S("A <b>"), NULL },
	{ S("A <a@b.example"), NULL },
	{ S("A a@b.example>"), NULL },
	{ S("<<a@b.example>>"), NULL },
	{ S("A <a@b.example> B"), NULL },
	{ S("A <a@b.example> <c@d.example>"), NULL },
	{ S("A, Inc. <a@b.example>"), NULL },
	{ S("A [x] <a@b.example>"), NULL },
	{ S(". <a@b.example>"), NULL },
	{ S("\"A <a@b.example>"), NULL },
	{ S("A\" <a@b.example>"), NULL },
	{ S("\"A\\\" <a@b.example>"), NULL },
	{ S("\"A\\"), NULL },
	{ S("<B <a@b.example>>"), NULL },
	/* 4.4 obs-route */
	{ S("<@x.example:a@b.example>"), "<a@b.example>" },
	{ S("<@x.example,@y.example:a@b.example>"), "<a@b.example>" },
	{ S("<,@x.example,,@y:a@b.example>"), "<a@b.example>" },
	{ S("<@x.example a@b.example>"), NULL },
	{ S("<@x.example>"), NULL },
	{ S("<@:a@b.example>"), NULL },
	{ S("<@x.example,a@b.example>"), NULL },
	{ S("@x.example:a@b.example"), NULL },
	/* mailbox-list, 4.4 obs-mbox-list */
	{ S("a@b.example, c@d.example"), "<a@b.example><c@d.example>" },
	{ S("A <a@b.example>,c@d.example,E F <e@f.example>"),
	    "<a@b.example><c@d.example><e@f.example>" },
	{ S("a@b.example,"), "<a@b.example>" },
	{ S(",, a@b.example (x), ,c@d.example ,"),
	    "<a@b.example><c@d.example>" },
	{ S(","), NULL },
	{ S("a@b.example c@d.example"), NULL },
	{ S("a@b.example; c@d.example"), NULL },
	{ S("a@b.example, c"), NULL },
	{ S("a, c@d.example"), NULL },
	/* RFC 6854: groups */
	{ S("G: a@b.example;"), "<a@b.example>" },
	{ S("G:a@b.example,C <c@d.example>;"),
	    "<a@b.example><c@d.example>" },
	{ S("G: a@b.example; , e@f.example, H:;"),
	    "<a@b.example><e@f.example>" },
	{ S("\"G\" (x) : ,a@b.example, ; (y)"), "<a@b.example>" },
	{ S("G:;"), NULL },
	{ S("G: (nobody) ;"), NULL },
	{ S("G: a@b.example"), NULL },
	{ S("G: a@b.example; x"), NULL },
	{ S("G: H: a@b.example;;"), NULL },
	{ S(": a@b.example;"), NULL },
	{ S("a@b.example;"), NULL },
	{ S("G:: a@b.example;"), NULL },
	/* comments */
	{ S("((a)(b(c)))a@b.example"), "<a@b.example>" },
	{ S("(\\)\\() a@b.example"), "<a@b.example>" },
	{ S("(\" <) a@b.example"), "<a@b.example>" },
	{ S("(a\r\n b) a@b.example"), "<a@b.example>" },
	{ S("(a@b.example"), NULL },
	{ S("(a(b) a@b.example"), NULL },
	{ S("(\\) a@b.example"), NULL },
	{ S("(\\"), NULL },
	{ S("a@b.example )"), NULL },
	{ S("(x\\\r\n ) a@b.example"), NULL },
	/* RFC 6532 */
	{ S("J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc" "cher.example>"),
	    "<j\xc3\xb6rg@xn--bcher-kva.example>" },
	{ S("a@xn--bcher-kva.example"), "<a@xn--bcher-kva.example>" },
	{ S("J\xf6rg <a@b.example>"), "<a@b.example>" },
	{ S("j\xf6rg@b.example"), NULL },
	{ S("\"\xf6\"@b.example"), NULL },
	{ S("a@b\xfc" "cher.example"), NULL },
	/* control characters */
	{ S("a@b.example\0"), NULL },
	{ S("\"a\0b\" <a@b.example>"), NULL },
	{ S("(\0) a@b.example"), NULL },
	{ S("a\x01@b.example"), NULL },
	{ S("\"\x1b\" <a@b.example>"), NULL },
	{ S("A\x7f <a@b.example>"), NULL },
	{ S("a@b.example\r"), NULL },
	{ S("a@b.example\n"), NULL },
	{ S("a@b.example\r\n"), NULL },
	{ S("A\n <a@b.example>"), NULL },
	{ S("A\r\n<a@b.example>"), NULL },
	{ S("\ta@b.example"), "<a@b.example>" },
};

static void
describe(const struct addr_from *from, struct buf *out)
{
	size_t i;

	for (i = 0; i < from->n; i++) {
		buf_add_char(out, '<');
		buf_add_str(out, from->v[i].local);
		buf_add_char(out, '@');
		buf_add_str(out, from->v[i].domain);
		buf_add_char(out, '>');
	}
}

static void
t_rows(void)
{
	struct addr_from from;
	enum status status;
	struct arena a;
	struct buf got;
	size_t i;
	char name[80];

	buf_init(&got, 1024);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		snprintf(name, sizeof(name), "row %zu: %.40s", i,
		    rows[i].in.n > 0 && rows[i].in.p[0] >= ' ' ?
		    rows[i].in.p : "");
		name[strcspn(name, "\r\n#\x1b")] = '\0';
		status = addr_list_parse(&a, guard_put(rows[i].in), &from);
		if (rows[i].want == NULL) {
			tap_ok(status == STATUS_OK &&
			    from.result == ADDR_FROM_SYNTAX && from.n == 0,
			    "%s: refused", name);
		} else {
			buf_reset(&got);
			describe(&from, &got);
			tap_ok(status == STATUS_OK &&
			    from.result == ADDR_FROM_OK, "%s: ok", name);
			tap_str(buf_str(&got), str_from(rows[i].want), name);
		}
		arena_fini(&a);
	}
	buf_fini(&got);
}

static const struct {
	const char		*what;
	const char		*names[3];
	enum addr_from_result	 want;
} froms[] = {
	{ "no field at all", { NULL }, ADDR_FROM_MISSING },
	{ "no From", { "Fromm", "To", "X-From" }, ADDR_FROM_MISSING },
	{ "one From", { "To", "From" }, ADDR_FROM_OK },
	{ "one from", { "to", "fROM" }, ADDR_FROM_OK },
	{ "two From", { "From", "To", "From" }, ADDR_FROM_REPEATED },
	{ "From and FROM", { "From", "FROM" }, ADDR_FROM_REPEATED },
};

static const struct {
	struct str		 raw;
	enum addr_from_result	 want;
} behind[] = {			/* what another reader takes for a line */
	{ STR("X: a\rFrom: c@d\r\n"), ADDR_FROM_REPEATED },
	{ STR("X: a\r\rfROM \t: c@d\r\n"), ADDR_FROM_REPEATED },
	{ STR("X: a\r\nFrom: c@d\r\n"), ADDR_FROM_REPEATED },
	{ STR("From: a@b\rFrom: c@d\r\n"), ADDR_FROM_REPEATED },
	{ STR("X: a\r\n From: c@d\r\n"), ADDR_FROM_OK },
	{ STR("X: a\rX-From: c@d\r\n"), ADDR_FROM_OK },
	{ STR("X: From: c@d\r\n"), ADDR_FROM_OK },
};

static void
t_hidden(void)
{
	struct addr_from from;
	struct field_list l;
	enum status status;
	struct arena a;
	size_t i;

	for (i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		status = field_list_add_raw(&a, &l, behind[i].raw);
		if (status == STATUS_OK &&
		    !str_starts_ci(behind[i].raw, STR("From"))) {
			status = field_list_add_raw(&a, &l,
			    STR("From: a@b\r\n"));
		}
		if (status == STATUS_OK) {
			status = addr_from_parse(&a, &l, lines, &from);
		}
		tap_ok(status == STATUS_OK && from.result == behind[i].want,
		    "hidden: row %zu", i);
		arena_fini(&a);
	}
}

static void
t_from(void)
{
	enum status status = STATUS_OK;
	struct field_list l;
	struct addr_from from;
	struct arena a;
	size_t i, k;

	for (i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		for (k = 0; k < 3 && froms[i].names[k] != NULL; k++) {
			status = field_list_add(&a, &l,
			    str_from(froms[i].names[k]), STR(" a@b.example"));
			if (status != STATUS_OK) {
				break;
			}
		}
		if (status == STATUS_OK) {
			status = addr_from_parse(&a, &l, lines, &from);
		}
		tap_num(status, STATUS_OK, froms[i].what);
		tap_num(from.result, froms[i].want, froms[i].what);
		tap_ok(from.n == (from.result == ADDR_FROM_OK),
		    "addresses only if ok");
		arena_fini(&a);
	}
}

static enum addr_from_result
repeated(const char *first, const char *again, size_t n, const char *last)
{
	struct addr_from from;
	struct arena a;
	struct buf in;
	enum status status;

	arena_init(&a, ARENA_BYTES);
	buf_init(&in, ARENA_BYTES);
	buf_add_cstr(&in, first);
	for (; n > 0; n--) {
		buf_add_cstr(&in, again);
	}
	buf_add_cstr(&in, last);
	status = addr_list_parse(&a, buf_str(&in), &from);
	if (status != STATUS_OK) {
		from.result = ADDR_FROM_MISSING;
	}
	buf_fini(&in);
	arena_fini(&a);
	return (from.result);
}

/* Each would take for ever if some part were read again and again. */
static const struct {
	const char		*first, *again;
	size_t			 n;
	const char		*last;
	enum addr_from_result	 want;
} large[] = {
	{ "", "a@b.example,", ADDR_MAX_MAILBOXES, "", ADDR_FROM_OK },
	{ "", "a@b.example,", ADDR_MAX_MAILBOXES, "a@b.example",
	    ADDR_FROM_LIMIT },
	{ "G:", "a@b.example,", ADDR_MAX_MAILBOXES, "a@b.example;",
	    ADDR_FROM_LIMIT },
	{ "", "G:a@b.example;,", ADDR_MAX_MAILBOXES, "a@b.example",
	    ADDR_FROM_LIMIT },
	{ "", "a@b.example,", 100000, "", ADDR_FROM_LIMIT },
	{ "", "(", ADDR_MAX_COMMENT_DEPTH, "", ADDR_FROM_SYNTAX },
	{ "", "(", ADDR_MAX_COMMENT_DEPTH + 1, "", ADDR_FROM_LIMIT },
	{ "", "(", 1000000, "", ADDR_FROM_LIMIT },
	{ "", "()", 500000, "a@b.example", ADDR_FROM_OK },
	{ "", "a ", 500000, "<a@b.example>", ADDR_FROM_OK },
	{ "", "a ", 500000, "", ADDR_FROM_SYNTAX },
	{ "", "a.", 500000, "a@b.example", ADDR_FROM_OK },
	{ "a@", "a.", 500000, "a", ADDR_FROM_SYNTAX },
	{ "", "\"\"", 500000, "<a@b.example>", ADDR_FROM_OK },
	{ "", "\"", 1000001, "", ADDR_FROM_SYNTAX },
	{ "", "<", 1000000, "", ADDR_FROM_SYNTAX },
	{ "", ",", 1000000, "", ADDR_FROM_SYNTAX },
	{ "", ":", 1000000, "", ADDR_FROM_SYNTAX },
	{ "", "a:", 500000, "", ADDR_FROM_SYNTAX },
	{ "", "a:;,", 250000, "a@b.example", ADDR_FROM_OK },
	{ "", "@", 1000000, "", ADDR_FROM_SYNTAX },
	{ "<", "@a,", 300000, ":a@b.example>", ADDR_FROM_OK },
	{ "", "\r\n ", 300000, "a@b.example", ADDR_FROM_OK },
	{ "\"", "\\\"", 500000, "\"@b.example", ADDR_FROM_OK },
};

static void
t_large(void)
{
	size_t i;

	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		tap_ok(repeated(large[i].first, large[i].again, large[i].n,
		    large[i].last) == large[i].want, "large: %s %zu times",
		    large[i].again[0] == '\r' ? "folds" : large[i].again,
		    large[i].n);
	}
}

static enum status
run_list(struct arena *a)
{
	struct addr_from from;

	return (addr_list_parse(a, STR("G: \"a b\"@c.example, "
	    "D <d@b\xc3\xbc" "cher.example>, a@b, a@b, a@b, a@b, a@b, a@b, "
	    "a@b, a@b, a@b, a@b, a@b, a@b;"), &from));
}

int
main(void)
{
	int r;

	t_rows();
	t_from();
	t_hidden();
	t_large();
	for (r = ADDR_FROM_OK; r <= ADDR_FROM_LIMIT; r++) {
		tap_ok(strcmp(addr_from_text((enum addr_from_result)r),
		    "unknown") != 0, "result %d has a text", r);
	}
	oom_check(run_list, "a list");
	return (tap_done());
}
