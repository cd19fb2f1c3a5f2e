/* SPDX-License-Identifier: BSD-2-Clause */
#include "authres/authres.h"
#include "test/unit/tap.h"

#define BUF_BYTES	65536

static enum status
write_one(struct buf *out, struct str id, struct str reason, struct str comment,
    struct str value, bool utf8)
{
	struct authres_property property = { STR("header"), STR("i"), value };
	struct authres_result result = { .method = STR("dkim"), .version = 1,
		.result = STR("pass"), .reason = reason, .comment = comment,
		.v = &property, .n = value.p != NULL ? 1 : 0 };
	struct authres a = { .authserv_id = id, .version = 1, .v = &result,
		.n = 1 };

	return (authres_write(out, &a, false, utf8));
}

/* How one value is written (RFC 8601 2.2 pvalue; RFC 2045 5.1 token). */
static void
test_values(void)
{
	static const struct {
		const char	*name;
		struct str	 value;
		const char	*want;
		bool		 utf8;
	} rows[] = {
		{ "a token", STR("example.com"), "example.com", false },
		{ "a token with odd characters", STR("a+b{c}|~!#$%&'*^_`"),
		    "a+b{c}|~!#$%&'*^_`", false },
		{ "the empty value", STR(""), "\"\"", false },
		{ "base64 with '/' and '='", STR("Ab/c+d=="),
		    "\"Ab/c+d==\"", false },
		{ "an IPv6 address", STR("2001:db8::1"),
		    "\"2001:db8::1\"", false },
		{ "a space", STR("a b"), "\"a b\"", false },
		{ "a quote and a backslash", STR("a\"b\\"),
		    "\"a\\\"b\\\\\"", false },
		{ "@domain", STR("@example.com"), "@example.com", false },
		{ "local@domain", STR("a.b+c/d=e@example.com"),
		    "a.b+c/d=e@example.com", false },
		{ "a quoted local-part", STR("\"a b\"@example.com"),
		    "\"a b\"@example.com", false },
		{ "a broken quoted local-part", STR("\"a b@example.com"),
		    "\"\\\"a b@example.com\"", false },
		{ "two dots in the local-part", STR("a..b@example.com"),
		    "\"a..b@example.com\"", false },
		{ "no domain behind the @", STR("a@"), "\"a@\"", false },
		{ "an address literal", STR("a@[192.0.2.1]"),
		    "\"a@[192.0.2.1]\"", false },
		{ "two @", STR("a@b@c"), "\"a@b@c\"", false },
		{ "CR, LF, NUL, TAB and DEL go",
		    STR("a\r\nX: y\t\0\177z"), "\"aX: yz\"", false },
		{ "a line of its own cannot be made",
		    STR("x\r\n\r\nbody"), "xbody", false },
		{ "UTF-8 in ordinary mail", STR("\xc3\xa9@example.com"),
		    "??@example.com", false },
		{ "UTF-8 in SMTPUTF8 mail", STR("\xc3\xa9@example.com"),
		    "\xc3\xa9@example.com", true },
		{ "bytes that are not UTF-8", STR("a\xff\xc3" "b"), "\"a??b\"",
		    true },
		{ "a no-break space stays", STR("a\xc2\xa0z"), "a\xc2\xa0z",
		    true },
		{ "a C1 control goes", STR("a\xc2\x85z"), "az", true },
	};
	struct buf out;
	struct str got, head = STR("id; dkim=pass header.i=");
	size_t i;

	buf_init(&out, BUF_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		tap_num(write_one(&out, STR("id"), STR_NONE, STR_NONE,
		    rows[i].value, rows[i].utf8), STATUS_OK, rows[i].name);
		got = buf_str(&out);
		tap_ok(str_starts(got, head), "%s: the head", rows[i].name);
		tap_str(str_from_offset(got, head.n), str_from(rows[i].want),
		    rows[i].name);
	}
	buf_fini(&out);
}

static void
test_parts(void)
{
	static const struct {
		const char	*name;
		struct str	 id, reason, comment;
		const char	*want;
	} rows[] = {
		{ "an authserv-id that is no token", STR("a/b"), STR_NONE,
		    STR_NONE, "\"a/b\"; dkim=pass" },
		{ "an authserv-id is never an address", STR("a@b"), STR_NONE,
		    STR_NONE, "\"a@b\"; dkim=pass" },
		{ "a reason of one word", STR("id"), STR("good"), STR_NONE,
		    "id; dkim=pass reason=good" },
		{ "a reason of words", STR("id"), STR("a; b=c"), STR_NONE,
		    "id; dkim=pass reason=\"a; b=c\"" },
		{ "a reason is never an address", STR("id"), STR("a@b"),
		    STR_NONE, "id; dkim=pass reason=\"a@b\"" },
		{ "an empty reason is one", STR("id"), STR(""), STR_NONE,
		    "id; dkim=pass reason=\"\"" },
		{ "a comment", STR("id"), STR_NONE, STR("2048-bit key"),
		    "id; dkim=pass (2048-bit key)" },
		{ "a comment cannot end early", STR("id"), STR_NONE,
		    STR(") dmarc=pass (\\"), "id; dkim=pass "
		    "(\\) dmarc=pass \\(\\\\)" },
		{ "a comment comes before the reason", STR("id"), STR("r"),
		    STR("c"), "id; dkim=pass (c) reason=r" },
	};
	struct buf out;
	size_t i;

	buf_init(&out, BUF_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		tap_num(write_one(&out, rows[i].id, rows[i].reason,
		    rows[i].comment, STR_NONE, false), STATUS_OK,
		    rows[i].name);
		tap_str(buf_str(&out), str_from(rows[i].want), rows[i].name);
	}
	buf_fini(&out);
}

/* Words are ours: a bad one shows, and is not repaired. */
static void
test_keywords(void)
{
	static const struct {
		const char	*name;
		struct str	 method, result, ptype, property;
		enum status	 want;
	} rows[] = {
		{ "all are keywords", STR("dkim-x"), STR("pass"),
		    STR("header"), STR("d"), STATUS_OK },
		{ "a method with a space", STR("d kim"), STR("pass"),
		    STR("header"), STR("d"), STATUS_SYNTAX },
		{ "an empty result", STR("dkim"), STR(""), STR("header"),
		    STR("d"), STATUS_SYNTAX },
		{ "a ptype with a dot", STR("dkim"), STR("pass"),
		    STR("hea.der"), STR("d"), STATUS_SYNTAX },
		{ "a property with a line end", STR("dkim"), STR("pass"),
		    STR("header"), STR("d\r\n"), STATUS_SYNTAX },
		{ "a hyphen at the end", STR("dkim-"), STR("pass"),
		    STR("header"), STR("d"), STATUS_SYNTAX },
	};
	struct buf out;
	size_t i;

	buf_init(&out, BUF_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct authres_property property = { rows[i].ptype,
			rows[i].property, STR("x") };
		struct authres_result result = { .method = rows[i].method,
			.result = rows[i].result, .v = &property, .n = 1 };
		struct authres a = { .authserv_id = STR("id"),
			.version = 1, .v = &result, .n = 1 };

		buf_reset(&out);
		tap_num(authres_write(&out, &a, false, false), rows[i].want,
		    rows[i].name);
	}
	buf_fini(&out);
}

/* RFC 8601 appendix B in shape: folded, several results. */
static void
test_folding(void)
{
	struct authres_property dkim[] = {
		{ STR("header"), STR("d"), STR("example.com") },
		{ STR("header"), STR("i"), STR("@example.com") },
		{ STR("header"), STR("s"), STR("s1") },
		{ STR("header"), STR("a"), STR("rsa-sha256") },
		{ STR("header"), STR("b"), STR("Ab3/xY+q") },
	};
	struct authres_property spf[] = {
		{ STR("smtp"), STR("mailfrom"), STR("example.com") },
	};
	struct authres_result results[] = {
		{ .method = STR("dkim"), .version = 1, .result = STR("pass"),
		    .v = dkim, .n = 5 },
		{ .method = STR("spf"), .version = 1, .result = STR("fail"),
		    .comment = STR("not listed"), .reason = STR("policy"),
		    .v = spf, .n = 1 },
	};
	struct authres a = { .authserv_id = STR("mx.example.net"),
		.version = 1, .v = results, .n = 2 };
	struct buf out;

	buf_init(&out, BUF_BYTES);
	tap_num(authres_write(&out, &a, true, false), STATUS_OK, "folded");
	tap_str(buf_str(&out), STR("mx.example.net;\r\n"
	    "\tdkim=pass header.d=example.com header.i=@example.com "
	    "header.s=s1\r\n"
	    "\theader.a=rsa-sha256 header.b=\"Ab3/xY+q\";\r\n"
	    "\tspf=fail (not listed) reason=policy smtp.mailfrom=example.com"),
	    "folded at 78 columns, a result on a line of its own");
	buf_reset(&out);
	tap_num(authres_write(&out, &a, false, false), STATUS_OK, "unfolded");
	tap_str(buf_str(&out), STR("mx.example.net; dkim=pass "
	    "header.d=example.com header.i=@example.com header.s=s1 "
	    "header.a=rsa-sha256 header.b=\"Ab3/xY+q\"; "
	    "spf=fail (not listed) reason=policy smtp.mailfrom=example.com"),
	    "in one line");
	buf_reset(&out);
	a.n = 0;
	tap_num(authres_write(&out, &a, true, false), STATUS_OK, "none");
	tap_str(buf_str(&out), STR("mx.example.net; none"),
	    "no results are written as none");
	buf_fini(&out);
}

/* Every line stays within 78 columns, whatever the lengths of the pieces. */
static void
test_columns(void)
{
	char text[60];
	struct authres_property property = { STR("header"), STR("d"), STR("") };
	struct authres_result results[2] = {
		{ .method = STR("dkim"), .result = STR("pass"),
		    .comment = STR("1024-bit key"), .v = &property, .n = 1 },
		{ .method = STR("dkim"), .result = STR("fail"),
		    .reason = STR("bad signature"), .v = &property, .n = 1 },
	};
	struct authres a = { .authserv_id = STR("mx.example.net"),
		.version = 1, .v = results, .n = 2 };
	struct buf out;
	struct str rest, line;
	size_t n, columns, worst = 0;

	memset(text, 'x', sizeof(text));
	buf_init(&out, BUF_BYTES);
	for (n = 1; n <= sizeof(text) - 1; n++) {
		property.value = str_mem(text, n);
		buf_reset(&out);
		if (authres_write(&out, &a, true, false) != STATUS_OK) {
			tap_ok(false, "a value of %zu octets", n);
		}
		rest = buf_str(&out);
		columns = strlen("Authentication-Results: ");
		while (str_next(&rest, '\n', &line)) {
			columns += line.n + (line.p[0] == '\t' ? 7 : 0) -
			    (rest.p != NULL ? 1 : 0);
			worst = columns > worst ? columns : worst;
			columns = 0;
		}
	}
	tap_num((long long)worst, 78, "the longest line has 78 columns");
	buf_fini(&out);
}

static void
test_limit(void)
{
	struct buf out;

	buf_init(&out, 10);
	tap_num(write_one(&out, STR("mx.example.net"), STR_NONE, STR_NONE,
	    STR("x"), false), STATUS_LIMIT, "a full buffer shows");
	buf_fini(&out);
}

int
main(void)
{
	test_values();
	test_parts();
	test_keywords();
	test_folding();
	test_columns();
	test_limit();
	return (tap_done());
}
