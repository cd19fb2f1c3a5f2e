/* SPDX-License-Identifier: BSD-2-Clause */
#include "authres/authres.h"
#include "authres/scan.h"
#include "test/unit/tap.h"

#define ARENA_BYTES	(4 * 1024 * 1024)

static void
add(struct buf *out, const char *mark, struct str s)
{
	buf_add_cstr(out, mark);
	buf_add_str(out, s);
}

/* What was understood, in one line: id|method/version=result(c){r} p.q=v ... */
static struct str
show(struct buf *out, const struct authres *a)
{
	size_t i, j;

	buf_reset(out);
	buf_add_str(out, a->authserv_id);
	if (a->version != 1) {
		buf_printf(out, " v%u", a->version);
	}
	for (i = 0; i < a->n; i++) {
		const struct authres_result *r = &a->v[i];

		add(out, "|", r->method);
		if (r->version != 1) {
			buf_printf(out, "/%u", r->version);
		}
		add(out, "=", r->result);
		if (r->comment.p != NULL) {
			add(out, "(", r->comment);
			buf_add_char(out, ')');
		}
		if (r->reason.p != NULL) {
			add(out, "{", r->reason);
			buf_add_char(out, '}');
		}
		for (j = 0; j < r->n; j++) {
			add(out, " ", r->v[j].ptype);
			add(out, ".", r->v[j].property);
			add(out, "=", r->v[j].value);
		}
	}
	return (buf_str(out));
}

static const struct {
	const char	*name;
	const char	*want;
	struct str	 value;
} good[] = {
	{ "8601 2.2: none", "example.org", STR("example.org; none") },
	{ "none, case ignored", "example.org", STR("example.org;NONE") },
	{ "B.2: none with a version", "example.org",
	    STR("example.org 1; none") },
	{ "B.3: one result", "example.com|spf=pass smtp.mailfrom=example.net",
	    STR(" example.com;\r\n\tspf=pass smtp.mailfrom=example.net") },
	{ "B.4: a comment behind a result",
	    "example.com|auth=pass(cram-md5) smtp.auth=sender@example.net"
	    "|spf=pass smtp.mailfrom=example.net",
	    STR("example.com; auth=pass (cram-md5) "
	    "smtp.auth=sender@example.net; spf=pass "
	    "smtp.mailfrom=example.net") },
	{ "B.6: reasons", "example.com|dkim=pass{good signature} "
	    "header.i=@mail-router.example.net|dkim=fail{bad signature} "
	    "header.i=@newyork.example.com", STR("example.com;\r\n"
	    "      dkim=pass reason=\"good signature\"\r\n"
	    "        header.i=@mail-router.example.net;\r\n"
	    "      dkim=fail reason=\"bad signature\"\r\n"
	    "        header.i=@newyork.example.com") },
	{ "B.7: comments everywhere",
	    "foo.example.net|dkim=fail policy.expired=1362471462",
	    STR("foo.example.net (foobar) 1 (baz);\r\n"
	    "    dkim (Because I like it) / 1 (One yay) = (wait for it) "
	    "fail\r\n"
	    "      policy (A dot can go here) . (like that) expired\r\n"
	    "      (this surprised me) = (as I wasn't expecting it) "
	    "1362471462") },
	{ "a quoted authserv-id", "a \"b\"|spf=pass",
	    STR("\"a \\\"b\\\"\"; spf=pass") },
	{ "a quoted string unfolds", "id|x=pass a.b=c\td",
	    STR("id; x=pass a.b=\"c\r\n\td\"") },
	{ "a quoted space", "id|x=pass a.b=c d",
	    STR("id; x=pass a.b=\"c\\ d\"") },
	{ "a nested comment", "id|x=pass(a (b) c)",
	    STR("id; x=pass (a (b) c)") },
	{ "a quoted pair in a comment", "id|x=pass(a)b)",
	    STR("id; x=pass (a\\)b)") },
	{ "the first comment counts", "id|x=pass(a) b.c=d",
	    STR("id; x=pass (a) (b) b.c=d (e)") },
	{ "an empty comment is one", "id|x=pass()", STR("id; x=pass()") },
	{ "a comment parts words", "id|x=pass(c) b.c=d",
	    STR("id;x=pass(c)b.c=d") },
	{ "a version of the method", "id|dkim/2=pass",
	    STR("id; dkim/2=pass") },
	{ "a version beyond all numbers", "id|dkim/4294967295=pass",
	    STR("id; dkim/99999999999999999999=pass") },
	{ "an empty value", "id|x=pass{} a.b=",
	    STR("id; x=pass reason=\"\" a.b=\"\"") },
	{ "a ptype named reason", "id|x=pass reason.b=c",
	    STR("id; x=pass reason.b=c") },
	{ "a property without a type",
	    "mx.example|dmarc=pass header.from=example.com|arc=none",
	    STR("mx.example 1; dmarc=pass action=none header.from=example.com;"
	    "arc=none") },
	{ "a method named none", "id|none=pass", STR("id; none=pass") },
	{ "6008: two signatures", "id|dkim=pass header.b=a/b+c="
	    "|dkim=fail header.b=x", STR("id; dkim=pass header.b=\"a/b+c=\"; "
	    "dkim=fail header.b=x") },
	{ "an address with a quoted local-part",
	    "id|x=pass a.b=\"c d\\\"\"@example.com",
	    STR("id; x=pass a.b=\"c d\\\"\"@example.com") },
	{ "an address with '='", "id|x=pass a.b=c=d/e@x_y.example",
	    STR("id; x=pass a.b=c=d/e@x_y.example") },
	{ "UTF-8 in values (8616 6)",
	    "id|x=pass a.b=\xc3\xa9@\xc3\xa9.example",
	    STR("id; x=pass a.b=\xc3\xa9@\xc3\xa9.example") },
	{ "UTF-8 with an octet of 128",
	    "id|x=pass a.b=\xc3\x80@\xc3\x80.example",
	    STR("id; x=pass a.b=\xc3\x80@\xc3\x80.example") },
	{ "an unknown version stops", "id v2",
	    STR("id 2; what comes = is anything (") },
	{ "no space in front of a version needs a token's end", "id",
	    STR("id(c)1;none") },
	/* Beyond the grammar. */
	{ "Yahoo: ';' at the end", "id|x=pass(p=REJECT) a.b=c",
	    STR("id; x=pass(p=REJECT) a.b=c; ") },
	{ "Yahoo: '_' in a result", "id|dkim=dkim_pass",
	    STR("id; dkim=dkim_pass") },
	{ "Gmail: '.' in a method", "id|gateway.spf=pass",
	    STR("id; gateway.spf=pass") },
	{ "Gmail: base64 without quotes", "id|dkim=pass header.b=Iw/3=",
	    STR("id; dkim=pass header.b=Iw/3=") },
};

static const struct {
	const char	*name;
	const char	*reason;
	struct str	 value;
} bad[] = {
	{ "nothing", "no authserv-id", STR("") },
	{ "only space", "no authserv-id", STR(" \r\n ") },
	{ "no authserv-id", "no authserv-id", STR("; spf=pass") },
	{ "no results", "no results after the authserv-id", STR("id") },
	{ "no results, with a version", "no results after the authserv-id",
	    STR("id 1") },
	{ "only a ';'", "a result has no method", STR("id;") },
	{ "an empty result between", "a result has no method",
	    STR("id;; x=pass") },
	{ "a result in place of the id", "no \";\" before a result",
	    STR("spf=pass smtp.mailfrom=example.com; dkim=pass") },
	{ "8617: an AAR is another field", "no \";\" before a result",
	    STR("i=1; id; spf=pass") },
	{ "none is not alone", "no \"=\" after a method",
	    STR("id; none; x=pass") },
	{ "none behind a result", "no \"=\" after a method",
	    STR("id; x=pass; none") },
	{ "none with a ';'", "no \"=\" after a method", STR("id; none;") },
	{ "a word behind the id", "no \";\" before a result",
	    STR("id x; a=b") },
	{ "a version that runs on", "no \";\" before a result",
	    STR("id 1x; a=b") },
	{ "a version glued to a quote", "no \";\" before a result",
	    STR("\"id\"1; a=b") },
	{ "no result", "a method has no result", STR("id; a=") },
	{ "a quoted result", "a method has no result", STR("id; a=\"b\"") },
	{ "a version that is no number", "a version is not a number",
	    STR("id; a/b=c") },
	{ "a version with a dot", "no \"=\" after a method",
	    STR("id; a/1.0=c") },
	{ "a hyphen at the end of a method",
	    "a word ends in a hyphen or a dot", STR("id; a-=b") },
	{ "a dot at the end of a method", "a word ends in a hyphen or a dot",
	    STR("id; a.=b") },
	{ "two reasons", "no \".\" after a property type",
	    STR("id; a=b reason=c reason=d") },
	{ "a reason behind a property", "no \".\" after a property type",
	    STR("id; a=b c.d=e reason=f") },
	{ "a reason of two words", "no \".\" after a property type",
	    STR("id; a=b reason=c d") },
	{ "a ';' that is missing", "no \".\" after a property type",
	    STR("id; dmarc=pass header.from=a.example dmarc=fail") },
	{ "a property without type and value", "a property has no value",
	    STR("id; a=b action=;") },
	{ "no property", "a property has no name", STR("id; a=b c.=d") },
	{ "no '='", "no \"=\" after a property", STR("id; a=b c.d") },
	{ "no value", "a property has no value", STR("id; a=b c.d=;") },
	{ "no space between properties", "neither space nor \";\" after a "
	    "value",
	    STR("id; a=b c.d=\"e\"f.g=h") },
	{ "two @", "an address is malformed", STR("id; a=b c.d=e@f@g") },
	{ "no domain", "an address is malformed", STR("id; a=b c.d=e@") },
	{ "a dot at the end of a local-part", "an address is malformed",
	    STR("id; a=b c.d=e.@f") },
	{ "a dot at the start of a local-part", "an address is malformed",
	    STR("id; a=b c.d=.e@f") },
	{ "two dots in a local-part", "an address is malformed",
	    STR("id; a=b c.d=e..f@g") },
	{ "a dot at the start of a domain", "an address is malformed",
	    STR("id; a=b c.d=e@.f") },
	{ "two dots in a domain", "an address is malformed",
	    STR("id; a=b c.d=e@f..g") },
	{ "a quoted string goes on", "an address is malformed",
	    STR("id; a=b c.d=\"e\"@") },
	{ "an IPv6 address without quotes",
	    "neither space nor \";\" after a value",
	    STR("id; a=b c.d=2001:db8::1") },
	{ "a dot behind a result",
	    "neither a property nor \";\" after a result",
	    STR("id; a=b .") },
	{ "a quoted string does not end", "a quoted string does not end",
	    STR("id; a=b c.d=\"e") },
	{ "a quoted string ends in a backslash",
	    "a quoted string does not end", STR("id; a=b c.d=\"e\\") },
	{ "a quoted line end", "a quoted string does not end",
	    STR("id; a=b c.d=\"e\\\r\n f\"") },
	{ "NUL in a quoted string", "a quoted string does not end",
	    STR("id; a=b c.d=\"e\0f\"") },
	{ "NUL", "no \";\" before a result", STR("id\0; a=b") },
	{ "a comment does not end", "a comment does not end",
	    STR("id; a=b (c") },
	{ "a comment ends in a backslash", "a comment does not end",
	    STR("id; a=b (c\\") },
	{ "NUL in a comment", "a comment does not end",
	    STR("id; a=b (c\0)") },
	{ "bytes that are not UTF-8", "not UTF-8",
	    STR("id; a=b c.d=\"\xff\"") },
};

static void
test_good(struct arena *arena)
{
	struct authres a;
	const char *reason;
	struct buf out;
	size_t i;

	buf_init(&out, ARENA_BYTES);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		arena_reset(arena);
		tap_num(authres_parse(arena, good[i].value, &a, &reason),
		    STATUS_OK, good[i].name);
		tap_str(show(&out, &a), str_from(good[i].want), good[i].name);
		tap_str(str_from(reason), STR_NONE, good[i].name);
	}
	buf_fini(&out);
}

static void
test_bad(struct arena *arena)
{
	struct authres a;
	const char *reason;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		arena_reset(arena);
		tap_num(authres_parse(arena, bad[i].value, &a, &reason),
		    STATUS_SYNTAX, bad[i].name);
		tap_str(str_from(reason), str_from(bad[i].reason),
		    bad[i].name);
	}
	tap_num(authres_parse(arena, STR("id; a=b c.d=e; f=g (h"), &a,
	    &reason), STATUS_SYNTAX, "a good result, then a bad one");
	tap_ok(a.n == 2 && str_eq(a.v[0].v[0].value, STR("e")),
	    "what was read before the error is there");
}

static enum status
parse_repeated(struct arena *arena, const char *head, const char *piece,
    size_t times, const char *tail, struct authres *a)
{
	struct buf text;
	const char *reason;
	enum status status;

	buf_init(&text, ARENA_BYTES);
	buf_add_cstr(&text, head);
	while (times-- > 0) {
		buf_add_cstr(&text, piece);
	}
	buf_add_cstr(&text, tail);
	arena_reset(arena);
	status = authres_parse(arena, buf_str(&text), a, &reason);
	buf_fini(&text);
	return (status);
}

static enum status
parse_nested(struct arena *arena, size_t depth, struct authres *a)
{
	struct str text;
	const char *reason;
	char *p;

	arena_reset(arena);
	p = arena_alloc(arena, 2 * depth + 1);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	memset(p, '(', depth);
	memset(p + depth, ')', depth);
	text = arena_printf(arena, "id; a=b %s", p);
	return (authres_parse(arena, text, a, &reason));
}

static void
test_limits(struct arena *arena)
{
	struct authres a;

	tap_num(parse_repeated(arena, "id", "; a=b", AUTHRES_MAX_RESULTS, "",
	    &a), STATUS_OK, "as many results as may be");
	tap_num((long long)a.n, AUTHRES_MAX_RESULTS, "all are there");
	tap_num(parse_repeated(arena, "id", "; a=b", AUTHRES_MAX_RESULTS + 1,
	    "", &a), STATUS_LIMIT, "one result more");
	tap_num(parse_repeated(arena, "id; a=b", " c.d=e",
	    AUTHRES_MAX_PROPERTIES, "", &a), STATUS_OK,
	    "as many properties as may be");
	tap_num((long long)a.v[0].n, AUTHRES_MAX_PROPERTIES,
	    "all are there");
	tap_num(parse_repeated(arena, "id; a=b", " c.d=e",
	    AUTHRES_MAX_PROPERTIES + 1, "", &a), STATUS_LIMIT,
	    "one property more");
	tap_num(parse_nested(arena, AUTHRES_MAX_COMMENT_DEPTH, &a), STATUS_OK,
	    "comments nested as deep as may be");
	tap_num(parse_nested(arena, AUTHRES_MAX_COMMENT_DEPTH + 1, &a),
	    STATUS_SYNTAX, "one deeper");
	tap_num(parse_repeated(arena, "id; none", " ",
	    AUTHRES_MAX_BYTES - 8, "", &a), STATUS_OK, "as long as may be");
	tap_num(parse_repeated(arena, "id; none", " ",
	    AUTHRES_MAX_BYTES - 7, "", &a), STATUS_LIMIT, "one octet longer");
}

static void
test_no_memory(void)
{
	struct str text = STR("\"i\"; a=b (c) reason=\"d\" e.f=\"g\"; h=i");
	struct arena arena;
	struct authres a;
	const char *reason;
	size_t bytes;
	enum status status = STATUS_NOMEM;

	for (bytes = 0; bytes < ARENA_BYTES && status != STATUS_OK;
	    bytes += 16) {
		arena_init(&arena, bytes);
		status = authres_parse(&arena, text, &a, &reason);
		if (status != STATUS_OK && status != STATUS_NOMEM) {
			break;
		}
		arena_fini(&arena);
	}
	tap_num(status, STATUS_OK, "no memory shows until there is enough");
	tap_ok(bytes > 16, "it did run out");
}

int
main(void)
{
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	test_good(&arena);
	test_bad(&arena);
	test_limits(&arena);
	test_no_memory();
	arena_fini(&arena);
	return (tap_done());
}
