/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "guard.h"
#include "mail/domain.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	(64 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }

#define LABEL63	"abcdefghijklmnopqrstuvwxyz0123456789" \
    "abcdefghijklmnopqrstuvwxyz0"
#define NAME253	LABEL63 "." LABEL63 "." LABEL63 \
    ".abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

static const struct {
	const char	*what;
	struct str	 in;
	const char	*want;	/* NULL: SYNTAX */
} rows[] = {
	{ "plain", S("example.org"), "example.org" },
	{ "upper case", S("EXAMPLE.Org"), "example.org" },
	{ "trailing dot", S("example.org."), "example.org" },
	{ "one label", S("localhost"), "localhost" },
	{ "digits, '-' and '_'", S("_dmarc.1-a.x--y"), "_dmarc.1-a.x--y" },
	{ "A-label", S("XN--BCHER-KVA.example"), "xn--bcher-kva.example" },
	{ "label of 63", S(LABEL63 ".x"), LABEL63 ".x" },
	{ "name of 253", S(NAME253), NAME253 },
	{ "name of 253 and a dot", S(NAME253 "."), NAME253 },
	/* RFC 5891, RFC 8616 */
	{ "U-label", S("b\xc3\xbc" "cher.example"),
	    "xn--bcher-kva.example" },
	{ "U-label, upper case", S("B\xc3\x9c" "CHER.Example"),
	    "xn--bcher-kva.example" },
	{ "U-label, decomposed", S("bu\xcc\x88" "cher.example"),
	    "xn--bcher-kva.example" },
	{ "U-label, trailing dot", S("b\xc3\xbc" "cher.example."),
	    "xn--bcher-kva.example" },
	{ "sharp s, not ss", S("stra\xc3\x9f" "e.example"),
	    "xn--strae-oqa.example" },
	{ "U-label below '_'", S("_x.b\xc3\xbc" "cher.example"),
	    "_x.xn--bcher-kva.example" },
	{ "ideographic full stop", S("b\xc3\xbc" "cher\xe3\x80\x82" "example"),
	    "xn--bcher-kva.example" },
	{ "empty", S(""), NULL },
	{ "absent", { NULL, 0 }, NULL },
	{ "a dot", S("."), NULL },
	{ "leading dot", S(".example.org"), NULL },
	{ "two dots", S("example..org"), NULL },
	{ "two trailing dots", S("example.org.."), NULL },
	{ "label of 64", S(LABEL63 "x.x"), NULL },
	{ "name of 254", S(NAME253 "x"), NULL },
	{ "space", S("exam ple.org"), NULL },
	{ "space around", S(" example.org"), NULL },
	{ "NUL", S("example.org\0"), NULL },
	{ "NUL with a U-label", S("b\xc3\xbc\0.example"), NULL },
	{ "slash", S("a/b.example"), NULL },
	{ "at", S("a@b.example"), NULL },
	{ "asterisk", S("*.example"), NULL },
	{ "address literal", S("[192.0.2.1]"), NULL },
	{ "not UTF-8", S("b\xfc" "cher.example"), NULL },
	{ "overlong UTF-8", S("\xc0\xae.example"), NULL },
	{ "not for IDNA", S("\xe2\x99\xa5\xe2\x80\x8f.example"), NULL },
	{ "a U-label that maps to '/'", S("a\xef\xbc\x8f" "b.example"),
	    NULL },
};

static void
t_normalize(void)
{
	enum status status;
	struct arena a;
	struct str got;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		got = STR("not set");
		status = domain_normalize(&a, guard_put(rows[i].in), &got);
		if (rows[i].want == NULL) {
			tap_ok(status == STATUS_SYNTAX && got.p == NULL,
			    "refused: %s", rows[i].what);
		} else {
			tap_num(status, STATUS_OK, rows[i].what);
			tap_str(got, str_from(rows[i].want), rows[i].what);
		}
		arena_fini(&a);
	}
}

static void
t_long(void)
{
	enum status status;
	struct arena a;
	struct buf in;
	struct str got;
	int i;

	arena_init(&a, ARENA_BYTES);
	buf_init(&in, 1024 * 1024);
	for (i = 0; i < 100000; i++) {
		buf_add_cstr(&in, "\xc3\xbc");
	}
	status = domain_normalize(&a, buf_str(&in), &got);
	tap_num(status, STATUS_SYNTAX, "a U-label of 200 kB");
	buf_reset(&in);
	for (i = 0; i < 100000; i++) {
		buf_add_cstr(&in, "a.");
	}
	status = domain_normalize(&a, buf_str(&in), &got);
	tap_num(status, STATUS_SYNTAX, "100000 labels");
	buf_fini(&in);
	arena_fini(&a);
}

static void
t_labels(void)
{
	tap_num((long long)domain_labels(STR("")), 0, "no labels");
	tap_num((long long)domain_labels(STR("org")), 1, "one label");
	tap_num((long long)domain_labels(STR("a.b.org")), 3, "three labels");
	tap_str(domain_parent(STR("a.b.org")), STR("b.org"), "parent");
	tap_str(domain_parent(STR("org")), STR(""), "parent of one label");
	tap_str(domain_parent(STR("")), STR(""), "parent of nothing");
}

static const struct {
	struct str	name, parent;
	bool		within;
} within[] = {
	{ S("example.org"), S("example.org"), true },
	{ S("a.example.org"), S("example.org"), true },
	{ S("b.a.example.org"), S("example.org"), true },
	{ S("badexample.org"), S("example.org"), false },
	{ S("example.org"), S("a.example.org"), false },
	{ S("example.com"), S("example.org"), false },
	{ S("org"), S("example.org"), false },
	{ S("example.org"), S("org"), true },
	{ S("example.org"), S(""), false },
	{ S(""), S("example.org"), false },
};

static enum status
run_ascii(struct arena *a)
{
	struct str name;

	return (domain_normalize(a, STR("example.org"), &name));
}

static enum status
run_utf8(struct arena *a)
{
	struct str name;

	return (domain_normalize(a, STR("b\xc3\xbc" "cher.example"), &name));
}

static void
t_key_name(void)
{
	struct arena a;

	arena_init(&a, 4096);
	tap_str(domain_key_name(&a, STR("s"), STR("example.org")),
	    STR("s._domainkey.example.org"), "the name of a key's record");
	arena_fini(&a);
}

int
main(void)
{
	size_t i;

	t_normalize();
	t_long();
	t_labels();
	t_key_name();
	for (i = 0; i < sizeof(within) / sizeof(within[0]); i++) {
		tap_ok(domain_is_within(within[i].name, within[i].parent) ==
		    within[i].within, "[%s] is %swithin [%s]",
		    within[i].name.p, within[i].within ? "" : "not ",
		    within[i].parent.p);
	}
	oom_check(run_ascii, "ASCII name");
	oom_check(run_utf8, "U-labels");
	return (tap_done());
}
