/* SPDX-License-Identifier: BSD-2-Clause */
/* The tolerant reader; t_engine_arc_override.c has what follows from it. */
#include "base/buf.h"
#include "test/unit/authres_oracle.h"
#include "test/unit/tap.h"

#define ARENA_BYTES	((size_t)4 * 1024 * 1024)
#define FIELDS		50000
#define PIECES_MAX	14

static struct arena arena;

/* id|method=result ptype.property=value ...; "|..." at the end: incomplete */
static struct str
show(struct buf *out, struct str value)
{
	struct authres a;
	enum status status = authres_read(&arena, value, &a);
	size_t i, k;

	buf_reset(out);
	if (status != STATUS_OK) {
		buf_add_cstr(out, status_text(status));
		return (buf_str(out));
	}
	buf_add_str(out, a.authserv_id);
	for (i = 0; i < a.n; i++) {
		buf_printf(out, "|%.*s=%.*s", STR_FMT(a.v[i].method),
		    STR_FMT(a.v[i].result.p != NULL ? a.v[i].result :
		    STR("?")));
		if (a.v[i].reason.p != NULL) {
			buf_printf(out, "{%.*s}", STR_FMT(a.v[i].reason));
		}
		for (k = 0; k < a.v[i].n; k++) {
			const struct authres_property *p = &a.v[i].v[k];

			buf_printf(out, " %.*s.%.*s=%.*s", STR_FMT(p->ptype),
			    STR_FMT(p->property), STR_FMT(p->value));
		}
	}
	buf_add_cstr(out, a.incomplete ? "|..." : "");
	return (buf_str(out));
}

static const struct {
	const char	*name;
	struct str	 value;
	const char	*want;
} rows[] = {
	{ "a plain field", STR(" a.test 1; spf=pass smtp.mailfrom=b.test"),
	    "a.test|spf=pass smtp.mailfrom=b.test" },
	{ "white space and comments everywhere", STR(" (a;b) a.test (\\)) ; "
	    "dmarc (c) / 1 (((d))) = pass (e) header . from (f) = \"b.test\" "
	    "(g;)"), "a.test|dmarc=pass header.from=b.test" },
	{ "no ptype", STR("a.test; x-cm=none score=0; dkim=pass x-bits=2048 "
	    "header.s=s1"), "a.test|x-cm=none|dkim=pass header.s=s1" },
	{ "odd values", STR("a.test; x=y smtp.remote-ip=2001:db8::7 "
	    "header.from=<a@b.test> header.b=a/b=="), "a.test|x=y "
	    "smtp.remote-ip=2001:db8::7 header.from=<a@b.test> "
	    "header.b=a/b==" },
	{ "a value without an end", STR("a.test; x=y a.b= c.d=\"; z=1"),
	    "a.test|x=?|..." },
	{ "a value that is not one", STR("a.test; x=y a.b=\"c\"d e.f=g"),
	    "a.test|x=y a.b= e.f=g" },
	{ "a quoted local part", STR("a.test; x=y a.b=\"c ;d\"@e"),
	    "a.test|x=y a.b=\"c ;d\"@e" },
	{ "a reason", STR("a.test; x=y reason=\"dmarc=pass; z\" reason=no"),
	    "a.test|x=y{dmarc=pass; z}" },
	{ "results that are none", STR("a.test; none; ; =x; \"x\"=y; x; y=, "
	    "z=a.b"), "a.test|none=?|x=?|y=?" },
	{ "a result of two words", STR("a.test; dmarc=pass,fail"),
	    "a.test|dmarc=?" },
	{ "version 2 of a method", STR("a.test; dmarc/2=pass"),
	    "a.test|dmarc=?" },
	{ "an open comment", STR("a.test; x=y; dmarc=pass (; z=1"),
	    "a.test|x=y|dmarc=?|..." },
	{ "a property that is an open quote", STR("mx; spf=pass "
	    "smtp.mailfrom=x;dmarc=pass header.from=a.test;y=\"@b; dkim=none;"
	    " dmarc=fail header.from=a.test"), "mx|spf=pass smtp.mailfrom=x|"
	    "dmarc=pass header.from=a.test|y=?|..." },
	{ "an open comment within a word", STR("mx; x=y; z(; dmarc=fail"),
	    "mx|x=y|z=?|..." },
	{ "a quote closed and opened again", STR("mx; x=y; z=\"b; dmarc=fail "
	    "reason=\"c\""), "mx|x=y|z=?|..." },
	{ "a comment within an open one", STR("mx; x=y; z(; dmarc=fail (c)"),
	    "mx|x=y|z=?|..." },
	{ "an escaped quote", STR("mx; x=y; z=\"b\\\"; dmarc=fail"),
	    "mx|x=y|z=?|..." },
	{ "an open quote, no method before", STR("mx; x=y; \"; dmarc=fail"),
	    "mx|x=y|..." },
	{ "an open quote, nothing behind", STR("mx; x=y; z=\"b dmarc=fail"),
	    "mx|x=y|z=?" },
	{ "an open comment, nothing behind", STR("mx; x=y; z=a (b"),
	    "mx|x=y|z=?" },
	{ "closed", STR("mx; x=y a.b=\"c;d\" (;); z=1"),
	    "mx|x=y a.b=c;d|z=1" },
	{ "octets above 127 and NUL", STR("a.test; x=y a.b=\xff\x80 c.d=\0e"),
	    "a.test|x=y a.b=\xff\x80 c.d=" },
	{ "an address literal for the authserv-id", STR("[192.0.2.5]; x=y"),
	    "[192.0.2.5]|x=y" },
	{ "one of IPv6, with a version", STR("(a) [IPv6:2001:db8::5] 1; x=y"),
	    "[IPv6:2001:db8::5]|x=y" },
	{ "an IPv6 address", STR("2001:db8::5(a); x=y"), "2001:db8::5|x=y" },
	{ "a host with a port", STR("host:10024;x=y"), "host:10024|x=y" },
	{ "a host and a path", STR("mx.a.test/b@c,d; x=y"),
	    "mx.a.test/b@c,d|x=y" },
	{ "an authserv-id in angle brackets", STR("<a.test>; x=y"),
	    "<a.test>|x=y" },
	{ "an address literal, another version", STR("[192.0.2.5] 2; x=y"),
	    NULL },
	{ "an encoded word for the authserv-id", STR("=?utf-8?q?a?=; x=y"),
	    NULL },
	{ "a closing parenthesis in the authserv-id", STR("a:b)c; x=y"),
	    NULL },
	{ "a quote within the authserv-id", STR("a:\"b\"; x=y"), NULL },
	{ "a backslash in the authserv-id", STR("a\\b; x=y"), NULL },
	{ "a NUL in the authserv-id", STR("a:\0b; x=y"), NULL },
	{ "another version", STR("a.test 2; x=y"), NULL },
	{ "no authserv-id", STR(";x=y"), NULL },
	{ "a result for the authserv-id", STR("x=y; a.test; z=1"), NULL },
	{ "an open quoted authserv-id", STR("\"a.test; x=y"), NULL },
	{ "empty", STR(""), NULL },
};

/* Fields of random pieces: the invariant of the header. */
static void
check_invariant(void)
{
	static const char *const pieces[] = { "dmarc=pass", "dmarc", "=",
		"pass", ";", ";", " ", "\"", "(", ")", "\\", "a.test",
		" header.from=b", "dmarc=fail", "/1", "\r\n\t", "x", ".", "@",
		"<", "spf=none" };
	unsigned long state = 1;
	size_t i, k, n, bad = 0, found = 0;
	struct authres a;
	struct buf text;

	buf_init(&text, 4096);
	for (i = 0; i < FIELDS; i++) {
		buf_reset(&text);
		buf_add_cstr(&text, i % 3 > 0 ? "a.test;" : "");
		state = state * 6364136223846793005UL + 1442695040888963407UL;
		n = (state >> 33) % PIECES_MAX;
		for (k = 0; k < n; k++) {
			state = state * 6364136223846793005UL +
			    1442695040888963407UL;
			buf_add_cstr(&text, pieces[(state >> 33) %
			    (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		(void)!authres_read(&arena, buf_str(&text), &a);
		found += oracle_found(&a) > 0;
		bad += oracle_found(&a) > oracle_passes(buf_str(&text));
		arena_reset(&arena);
	}
	tap_num((long long)bad, 0, "no pass where splitting finds none");
	tap_ok(found > FIELDS / 100, "some fields have a pass");
	buf_fini(&text);
}

static void
check_limits(void)
{
	struct authres a;
	struct buf text;
	size_t i;

	buf_init(&text, 2 * AUTHRES_MAX_BYTES);
	buf_add_cstr(&text, "a.test");
	for (i = 0; i < AUTHRES_MAX_RESULTS; i++) {
		buf_add_cstr(&text, ";x=y");
	}
	tap_num(authres_read(&arena, buf_str(&text), &a), STATUS_OK,
	    "AUTHRES_MAX_RESULTS");
	buf_add_cstr(&text, ";x=y");
	tap_num(authres_read(&arena, buf_str(&text), &a), STATUS_LIMIT,
	    "one more");
	buf_reset(&text);
	buf_add_cstr(&text, "a.test;x=y");
	for (i = 0; i < AUTHRES_MAX_PROPERTIES; i++) {
		buf_add_cstr(&text, " a.b=c");
	}
	tap_num(authres_read(&arena, buf_str(&text), &a), STATUS_OK,
	    "AUTHRES_MAX_PROPERTIES");
	buf_add_cstr(&text, " a.b=c");
	tap_num(authres_read(&arena, buf_str(&text), &a), STATUS_LIMIT,
	    "one more");
	while (text.n <= AUTHRES_MAX_BYTES) {
		buf_add_char(&text, ' ');
	}
	tap_num(authres_read(&arena, buf_str(&text), &a), STATUS_LIMIT,
	    "AUTHRES_MAX_BYTES");
	buf_fini(&text);
}

int
main(void)
{
	struct buf out;
	size_t i;

	arena_init(&arena, ARENA_BYTES);
	buf_init(&out, 4096);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_str(show(&out, rows[i].value), rows[i].want != NULL ?
		    str_from(rows[i].want) :
		    str_from(status_text(STATUS_SYNTAX)), rows[i].name);
		arena_reset(&arena);
	}
	check_invariant();
	check_limits();
	buf_fini(&out);
	arena_fini(&arena);
	return (tap_done());
}
