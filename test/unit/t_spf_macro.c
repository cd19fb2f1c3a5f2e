/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf/macro.h"
#include "test/unit/tap.h"

/* The values of the examples in RFC 7208 7.4. */
static struct ip_addr ip4, ip6;
static const struct spf_macro_values example = {
	.sender = { "strong-bad@email.example.com", 28 },
	.local = { "strong-bad", 10 },
	.sender_domain = { "email.example.com", 17 },
	.domain = { "email.example.com", 17 },
	.name = { "mx.example.org", 14 }, .helo = { "mx.example.org", 14 },
	.receiver = { "receiver.example.net", 20 }, .now_s = 1700000000,
	.ip = &ip4 };

static const struct row {
	const char	*text;
	const char	*want;
} expansions[] = {
	{ "%{s}", "strong-bad@email.example.com" },
	{ "%{o}", "email.example.com" },
	{ "%{d}", "email.example.com" },
	{ "%{d4}", "email.example.com" },
	{ "%{d3}", "email.example.com" },
	{ "%{d2}", "example.com" },
	{ "%{d1}", "com" },
	{ "%{dr}", "com.example.email" },
	{ "%{d2r}", "example.email" },
	{ "%{l}", "strong-bad" },
	{ "%{l-}", "strong.bad" },
	{ "%{lr}", "strong-bad" },
	{ "%{lr-}", "bad.strong" },
	{ "%{l1r-}", "strong" },
	{ "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
	{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
	    "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
	{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
	    "3.2.0.192.in-addr.strong.lp._spf.example.com" },
	{ "%{d2}.trusted-domains.example.net",
	    "example.com.trusted-domains.example.net" },
	/* 7.3 */
	{ "%{D2R}", "example.email" },
	{ "%{d127}", "email.example.com" },
	{ "%{d99999999999999999999}", "email.example.com" },
	{ "%{d01}", "com" },
	{ "%{l2-.}", "strong.bad" },
	{ "%{s-}", "strong.bad@email.example.com" },
	{ "%{s.-}", "strong.bad@email.example.com" },
	{ "%{sr-.}", "com.example.bad@email.strong" },
	{ "%{S}", "strong-bad%40email.example.com" },
	{ "%{p}", "mx.example.org" },
	{ "%{h1}", "org" },
	{ "%{c}", "192.0.2.3" },
	{ "%{r}", "receiver.example.net" },
	{ "%{t}", "1700000000" },
	{ "%{T}", "1700000000" },
	{ "a%%b%_c%-d", "a%b c%20d" },
	{ "", "" }
};

static const struct row6 {
	const char	*text;
	const char	*want;
} expansions6[] = {
	{ "%{ir}.%{v}._spf.%{d2}",
	    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6._spf.example.com" },
	{ "%{i}", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	    ".c.b.0.1" },
	{ "%{c}", "2001:db8::cb01" }
};

/* Values with empty parts, and octets that no name has. */
static const struct odd_row {
	const char	*text;
	struct str	 local;
	struct str	 want;
} odd[] = {
#define T(s)	{ s, sizeof(s) - 1 }
	{ "%{l}", T(""), T("") },
	{ "%{lr}", T(""), T("") },
	{ "%{l}", T(".a..b."), T(".a..b.") },
	{ "%{lr}", T(".a..b"), T("b..a.") },
	{ "%{l2}", T("a..b."), T("b.") },
	{ "%{l2r}", T("a..b."), T(".a") },
	{ "%{l+=}", T("a+b=c-d"), T("a.b.c-d") },
	{ "%{l.-+,/_=}", T("a.b-c+d,e/f_g=h"), T("a.b.c.d.e.f.g.h") },
	{ "%{l/}", T("a.b/c"), T("a.b.c") },
	{ "%{L}", T("~jack&jill=up-a_b3.c"), T("~jack%26jill%3Dup-a_b3.c") },
	{ "%{L}", T("a\0b"), T("a%00b") },
	{ "%{L}", T("\303\274"), T("%C3%BC") },
	{ "%{l}", T("%{d}"), T("%{d}") },
	{ "%{l}", T("Macro Error"), T("Macro Error") }
#undef T
};

static void
test_expand(void)
{
	struct spf_macro_values v = example;
	struct buf out;
	size_t i;

	buf_init(&out, SPF_EXPANDED_MAX_BYTES);
	for (i = 0; i < sizeof(expansions) / sizeof(expansions[0]); i++) {
		buf_reset(&out);
		spf_macro_expand(str_from(expansions[i].text), &v, &out);
		tap_str(buf_str(&out), str_from(expansions[i].want),
		    expansions[i].text);
	}
	v.ip = &ip6;
	for (i = 0; i < sizeof(expansions6) / sizeof(expansions6[0]); i++) {
		buf_reset(&out);
		spf_macro_expand(str_from(expansions6[i].text), &v, &out);
		tap_str(buf_str(&out), str_from(expansions6[i].want),
		    expansions6[i].text);
	}
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		buf_reset(&out);
		v.local = odd[i].local;
		spf_macro_expand(str_from(odd[i].text), &v, &out);
		tap_str(buf_str(&out), odd[i].want, odd[i].text);
	}
	buf_fini(&out);
}

/* kinds: d valid domain-spec, s macro-string, e explanation. */
static const struct syntax_row {
	const char	*section;
	struct str	 text;
	const char	*kinds;
} syntax[] = {
#define T(s)	{ s, sizeof(s) - 1 }
	{ "7.1 a name", T("mail.example.com"), "dse" },
	{ "7.1 a dot at the end", T("mail.example.com."), "dse" },
	{ "7.1 two dots at the end", T("mail.example.com.."), "se" },
	{ "7.1 empty", T(""), "se" },
	{ "7.1 a dot", T("."), "se" },
	{ "7.1 one label", T("museum"), "se" },
	{ "7.1 one label and a dot", T("museum."), "se" },
	{ "7.1 a dot before the toplabel", T(".museum"), "dse" },
	{ "7.1 hyphen inside the toplabel", T("a.xn--zckzah"), "dse" },
	{ "7.1 hyphen at the start of the toplabel", T("a.-com"), "se" },
	{ "7.1 hyphen at the end of the toplabel", T("a.com-"), "se" },
	{ "7.1 digits only", T("1.2.3.4"), "se" },
	{ "7.1 digits and a letter", T("a.1a2"), "dse" },
	{ "7.1 digits and a hyphen", T("a.1-2"), "dse" },
	{ "7.1 underscore in the toplabel", T("a.b_c"), "se" },
	{ "7.1 odd octets before the toplabel", T("foo:bar/b!z.example.com"),
	    "dse" },
	{ "7.1 empty label", T("mail.example...com"), "dse" },
	{ "7.1 a space", T("a b.example.com"), "e" },
	{ "7.1 a tab", T("a\tb.example.com"), "" },
	{ "7.1 NUL", T("a\0b.example.com"), "" },
	{ "7.1 8 bits", T("\303\274.example.com"), "" },
	{ "7.1 DEL", T("\177.example.com"), "" },
	{ "7.1 ends in a macro", T("mail.%{d}"), "dse" },
	{ "7.1 is a macro", T("%{H}"), "dse" },
	{ "7.1 ends in %%", T("mail%%"), "dse" },
	{ "7.1 letters after a macro", T("%{d}com"), "se" },
	{ "7.1 macro in the toplabel", T("a.%{d}com"), "se" },
	{ "7.1 toplabel after a macro", T("%{d}.com"), "dse" },
	{ "7.1 all transformers", T("%{d12r.-+,/_=}"), "dse" },
	{ "7.1 capital R", T("%{d2R}"), "dse" },
	{ "7.1 transformers in the wrong order", T("%{dr2}"), "" },
	{ "7.1 delimiter before r", T("%{d-r}"), "" },
	{ "7.1 another delimiter", T("%{d:}"), "" },
	{ "7.3 zero parts", T("%{d0}"), "" },
	{ "7.3 many parts", T("%{d127}"), "dse" },
	{ "7.1 no letter", T("%{}"), "" },
	{ "7.1 no closing brace", T("%{d"), "" },
	{ "7.1 no braces", T("%(d).com"), "" },
	{ "7.1 only %", T("%"), "" },
	{ "7.1 % at the end", T("a.com%"), "" },
	{ "7.1 % and a letter", T("%a.com"), "" },
	{ "7.2 unknown letter", T("%{a}.com"), "" },
	{ "7.2 digit for a letter", T("%{1}.com"), "" },
	{ "7.2 all letters", T("%{s}%{l}%{o}%{d}%{i}%{p}%{v}%{h}"), "dse" },
	{ "7.2 c", T("%{c}"), "e" },
	{ "7.2 r", T("%{R}"), "e" },
	{ "7.2 t", T("%{t}"), "e" }
#undef T
};

static void
test_syntax(void)
{
	static const enum spf_macro_kind kinds[] = { SPF_MACRO_DOMAIN,
		SPF_MACRO_STRING, SPF_MACRO_EXPLAIN };
	unsigned uses;
	size_t i, k;

	for (i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++) {
		for (k = 0; k < 3; k++) {
			tap_ok(spf_macro_check(syntax[i].text, kinds[k],
			    &uses) == (strchr(syntax[i].kinds, "dse"[k]) !=
			    NULL), "%s: %c", syntax[i].section, "dse"[k]);
		}
	}
	tap_ok(spf_macro_check(STR("%{p}%{d}"), SPF_MACRO_STRING, &uses) &&
	    uses == SPF_USES_NAME, "uses of %%{p}");
	tap_ok(spf_macro_check(STR("%{L}%{S}"), SPF_MACRO_STRING, &uses) &&
	    uses == SPF_USES_LOCAL, "uses of %%{l} and %%{s}");
}

/* A long expansion is truncated, with status LIMIT. */
static void
test_limit(void)
{
	struct buf text, out;
	int i;

	buf_init(&text, 1 << 20);
	for (i = 0; i < 16384; i++) {
		buf_add_cstr(&text, "%{s}");
	}
	buf_init(&out, SPF_EXPANDED_MAX_BYTES);
	spf_macro_expand(buf_str(&text), &example, &out);
	tap_num(out.status, STATUS_LIMIT, "64 KiB of macros: LIMIT");
	buf_fini(&out);
	buf_fini(&text);
}

int
main(void)
{
	(void)ip_parse(STR("192.0.2.3"), &ip4);
	(void)ip_parse(STR("2001:db8::cb01"), &ip6);
	test_expand();
	test_syntax();
	test_limit();
	return (tap_done());
}
