/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "spf/macro.h"
#include "spf/record.h"
#include "test/unit/tap.h"

#define MECHANISM	"unknown mechanism"
#define SPEC		"not a domain-spec"
#define NETWORK		"not an address or network"
#define PREFIX		"bad prefix length"
#define MISSING		"a domain is missing"
#define OCTET		"an octet that is not printable ASCII"
#define TWICE		"modifier given twice"
#define MACRO		"bad macro"
#define ALL		"all takes no argument"

/* Sections of RFC 7208. */
static const struct row {
	const char	*section;
	struct str	 text;
	const char	*error;
} rows[] = {
#define T(s)	{ s, sizeof(s) - 1 }
	{ "4.5 no terms", T("v=spf1"), NULL },
	{ "4.5 case of the version", T("V=sPf1 -ALL"), NULL },
	{ "4.5 spaces at the end", T("v=spf1 a  "), NULL },
	{ "4.5 another version", T("v=spf10 a"), "not an SPF record" },
	{ "4.5 no space", T("v=spf1-all"), "not an SPF record" },
	{ "4.5 a tab instead of the space", T("v=spf1\ta"),
	    "not an SPF record" },
	{ "4.6.1 several spaces", T("v=spf1   a    -all"), NULL },
	{ "4.6.1 tab between terms", T("v=spf1 a\t-all"), OCTET },
	{ "4.6.1 CR between terms", T("v=spf1 a\r-all"), OCTET },
	{ "4.6.1 LF between terms", T("v=spf1 a\n -all"), OCTET },
	{ "3.1 8 bits", T("v=spf1 a:\303\274.example.com"), OCTET },
	{ "3.1 8 bits in a modifier", T("v=spf1 x=\303\274"), OCTET },
	{ "3.1 NUL", T("v=spf1 a:foo.example.com\0"), OCTET },
	{ "3.1 DEL", T("v=spf1 a:foo.example.com\177"), OCTET },
	{ "4.6.2 qualifiers", T("v=spf1 +a -a ~a ?a"), NULL },
	{ "4.6.2 two qualifiers", T("v=spf1 -+a"), MECHANISM },
	{ "4.6.2 only a qualifier", T("v=spf1 -"), MECHANISM },
	{ "4.6.1 case of names", T("v=spf1 A MX Ip4:192.0.2.1 -aLL"), NULL },
	{ "4.6.1 unknown mechanism", T("v=spf1 -all moo"), MECHANISM },
	{ "4.6.1 empty name", T("v=spf1 =all"), MECHANISM },
	{ "4.6.1 name that begins with a digit", T("v=spf1 1up=x"),
	    MECHANISM },
	{ "4.6.1 unknown modifier", T("v=spf1 moo.cow-far_out=man:dog/cat"),
	    NULL },
	{ "4.6.1 '/' before '='", T("v=spf1 moo.cow/far_out=man"),
	    MECHANISM },
	{ "4.6.1 ':' before '='", T("v=spf1 moo.cow:far_out=man"),
	    MECHANISM },
	{ "6 empty unknown modifier", T("v=spf1 moo="), NULL },
	{ "6 unknown modifiers may repeat", T("v=spf1 moo=a moo=b"), NULL },
	{ "6 a macro in an unknown modifier", T("v=spf1 moo=%{d}"), NULL },
	{ "6 a bad macro in an unknown modifier", T("v=spf1 moo=%abc"), MACRO },
	{ "7.2 %{c} outside an explanation", T("v=spf1 moo=%{c}"), MACRO },
	{ "5.1 all with a dot", T("v=spf1 all."), MECHANISM },
	{ "5.1 all with an argument", T("v=spf1 -all:example.com"), ALL },
	{ "5.1 all with an empty argument", T("v=spf1 -all:"), ALL },
	{ "5.1 all with a length", T("v=spf1 -all/8"), ALL },
	{ "5.2 include", T("v=spf1 include:example.com"), NULL },
	{ "5.2 include without a domain", T("v=spf1 include"), MISSING },
	{ "5.2 empty domain", T("v=spf1 include:"), SPEC },
	{ "5.2 include with a length", T("v=spf1 include:example.com/24"),
	    SPEC },
	{ "5.3 a", T("v=spf1 a a:b.example.com a/0 a//0 a/32//128"), NULL },
	{ "5.3 a, domain and lengths", T("v=spf1 a:example.com/24//64"),
	    NULL },
	{ "5.3 one slash before the second length", T("v=spf1 a/24/64"),
	    PREFIX },
	{ "5.3 two lengths for IPv4", T("v=spf1 a/24/32"), SPEC },
	{ "5.3 lengths in the wrong order", T("v=spf1 a//64/24"), SPEC },
	{ "5.3 33 bits", T("v=spf1 a/33"), PREFIX },
	{ "5.3 129 bits", T("v=spf1 a//129"), PREFIX },
	{ "5.3 33 and 64 bits", T("v=spf1 a/33//64"), PREFIX },
	{ "5.3 zero before a digit", T("v=spf1 a/08"), PREFIX },
	{ "5.3 length that is not a number", T("v=spf1 a/x"), SPEC },
	{ "5.3 huge length", T("v=spf1 a/99999999999999999999999"), PREFIX },
	{ "5.3 empty length", T("v=spf1 a/"), SPEC },
	{ "5.3 empty lengths", T("v=spf1 a//"), SPEC },
	{ "5.3 empty domain", T("v=spf1 a:"), SPEC },
	{ "5.3 empty domain, length", T("v=spf1 a:/24"), SPEC },
	{ "5.4 mx", T("v=spf1 mx mx:example.com/8 mx//64"), NULL },
	{ "5.4 mx with a port", T("v=spf1 mx:example.com:8080"), SPEC },
	{ "5.5 ptr", T("v=spf1 ptr ptr:example.com"), NULL },
	{ "5.5 ptr with a length", T("v=spf1 ptr/0"), SPEC },
	{ "5.5 empty domain", T("v=spf1 ptr:"), SPEC },
	{ "5.6 ip4", T("v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:0.0.0.0/0"),
	    NULL },
	{ "5.6 bare ip4", T("v=spf1 ip4"), NETWORK },
	{ "5.6 empty ip4", T("v=spf1 ip4:"), NETWORK },
	{ "5.6 three numbers", T("v=spf1 ip4:192.0.2"), NETWORK },
	{ "5.6 five numbers", T("v=spf1 ip4:192.0.2.1.1"), NETWORK },
	{ "5.6 a port", T("v=spf1 ip4:192.0.2.1:8080"), NETWORK },
	{ "5.6 256", T("v=spf1 ip4:192.0.2.256"), NETWORK },
	{ "5.6 leading zero", T("v=spf1 ip4:192.0.02.1"), NETWORK },
	{ "5.6 ip4 of IPv6", T("v=spf1 ip4:2001:db8::1"), NETWORK },
	{ "5.6 ip4 /32", T("v=spf1 ip4:192.0.2.1/32"), NULL },
	{ "5.6 ip4 /33", T("v=spf1 ip4:192.0.2.1/33"), NETWORK },
	{ "5.6 ip4 /032", T("v=spf1 ip4:192.0.2.1/032"), NETWORK },
	{ "5.6 ip4 //32", T("v=spf1 ip4:192.0.2.1//32"), NETWORK },
	{ "5.6 ip4 /", T("v=spf1 ip4:192.0.2.1/"), NETWORK },
	{ "5.6 ip6", T("v=spf1 ip6:2001:db8::1 ip6:::/0 ip6:::1.1.1.1/128"),
	    NULL },
	{ "5.6 ip6 /129", T("v=spf1 ip6:2001:db8::/129"), NETWORK },
	{ "5.6 ip6 //33", T("v=spf1 ip6:2001:db8:://33"), NETWORK },
	{ "5.6 ip6, one colon", T("v=spf1 ip6::CAFE::BABE"), NETWORK },
	{ "5.6 ip6 of IPv4", T("v=spf1 ip6:192.0.2.1"), NETWORK },
	{ "5.6 ip6 with a zone", T("v=spf1 ip6:fe80::1%eth0"), NETWORK },
	{ "5.7 exists", T("v=spf1 exists:%{ir}.x.example.com"), NULL },
	{ "5.7 exists without a domain", T("v=spf1 exists"), MISSING },
	{ "5.7 empty domain", T("v=spf1 exists:"), SPEC },
	{ "5.7 exists with a length", T("v=spf1 exists:a.example.com/24"),
	    SPEC },
	{ "6.1 redirect", T("v=spf1 redirect=example.com"), NULL },
	{ "6.1 case", T("v=spf1 ReDirect=example.com"), NULL },
	{ "6.1 empty", T("v=spf1 redirect="), SPEC },
	{ "6.1 not a domain", T("v=spf1 redirect=-all"), SPEC },
	{ "6.1 redirect with a colon", T("v=spf1 redirect:example.com"),
	    MECHANISM },
	{ "6 redirect twice", T("v=spf1 redirect=a.b redirect=a.b"), TWICE },
	{ "6.2 exp", T("v=spf1 exp=e.example.com"), NULL },
	{ "6.2 empty", T("v=spf1 exp="), SPEC },
	{ "6.2 not a domain", T("v=spf1 exp=-all"), SPEC },
	{ "6 exp twice", T("v=spf1 exp=a.b -all EXP=a.b"), TWICE },
	{ "6.2 exp with a macro for explanations", T(
	    "v=spf1 exp=%{r}.example.com"), SPEC },
	{ "4.6.1 a qualifier before a modifier", T("v=spf1 -exp=a.b"),
	    MECHANISM },
	{ "4.6 an error after a match", T("v=spf1 all a:"), SPEC }
#undef T
};

static void
test_rows(void)
{
	struct spf_record r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool parsed = spf_record_parse(rows[i].text, &r) == STATUS_OK;
		bool same = rows[i].error == NULL ? r.error == NULL :
		    r.error != NULL && strcmp(r.error, rows[i].error) == 0;

		if (!tap_ok(parsed && same, "%s", rows[i].section)) {
			printf("#  got: %s\n", r.error != NULL ? r.error :
			    "no error");
		}
		spf_record_fini(&r);
	}
}

static void
check_term(const struct spf_term *t, const char *text,
    enum spf_mechanism mechanism, enum spf_result result)
{
	tap_str(t->text, str_from(text), text);
	tap_ok(t->mechanism == mechanism && t->result == result,
	    "%s: mechanism and qualifier", text);
}

static void
test_terms(void)
{
	struct spf_record r;

	if (!tap_ok(spf_record_parse(STR("v=spf1 -a ~mx:%{p}.e.com/24//64 "
	    "?ip4:192.0.2.0/24 +ip6:2001:db8::/32 include:%{l}.e.com exp=x.y "
	    "redirect=%{S}.z"), &r) == STATUS_OK && r.error == NULL &&
	    r.n == 5, "terms with modifiers among them")) {
		return;
	}
	check_term(&r.v[0], "-a", SPF_A, SPF_FAIL);
	tap_ok(r.v[0].spec.text.p == NULL && r.v[0].bits4 == 32 &&
	    r.v[0].bits6 == 128, "defaults");
	check_term(&r.v[1], "~mx:%{p}.e.com/24//64", SPF_MX, SPF_SOFTFAIL);
	tap_str(r.v[1].spec.text, STR("%{p}.e.com"), "domain-spec");
	tap_ok(r.v[1].bits4 == 24 && r.v[1].bits6 == 64, "prefix lengths");
	tap_num(r.v[1].spec.uses, SPF_USES_NAME, "uses %{p}");
	check_term(&r.v[2], "?ip4:192.0.2.0/24", SPF_IP4, SPF_NEUTRAL);
	tap_ok(memcmp(r.v[2].octets, "\300\0\2\0", 4) == 0 &&
	    r.v[2].bits4 == 24, "network");
	check_term(&r.v[3], "+ip6:2001:db8::/32", SPF_IP6, SPF_PASS);
	tap_ok(memcmp(r.v[3].octets, "\x20\x01\x0d\xb8\0", 5) == 0 &&
	    r.v[3].bits6 == 32, "network");
	check_term(&r.v[4], "include:%{l}.e.com", SPF_INCLUDE, SPF_PASS);
	tap_num(r.v[4].spec.uses, SPF_USES_LOCAL, "uses %{l}");
	tap_str(r.exp.text, STR("x.y"), "exp");
	tap_str(r.redirect.text, STR("%{S}.z"), "redirect");
	tap_num(r.redirect.uses, SPF_USES_LOCAL, "uses %{s}");
	spf_record_fini(&r);
	tap_ok(spf_record_parse(STR("v=spf1 a nix:y -all"), &r) ==
	    STATUS_OK && r.error != NULL, "error");
	tap_str(r.problem, STR("nix:y"), "the term in error");
	spf_record_fini(&r);
}

/* The maximum number of terms, and one more. */
static void
test_limit(void)
{
	struct buf text;
	struct spf_record r;
	size_t i;

	buf_init(&text, 1 << 20);
	buf_add_cstr(&text, "v=spf1");
	for (i = 0; i < SPF_RECORD_MAX_TERMS; i++) {
		buf_add_cstr(&text, " a");
	}
	tap_ok(spf_record_parse(buf_str(&text), &r) == STATUS_OK &&
	    r.error == NULL && r.n == SPF_RECORD_MAX_TERMS, "%zu terms", r.n);
	spf_record_fini(&r);
	buf_add_cstr(&text, " a");
	tap_ok(spf_record_parse(buf_str(&text), &r) == STATUS_OK &&
	    r.error != NULL && strcmp(r.error, "too many terms") == 0,
	    "one term more");
	spf_record_fini(&r);
	buf_fini(&text);
}

/* The SPF records of an answer (RFC 7208 4.5). */
static void
test_policy(void)
{
	static const struct dns_record v[] = {
		{ .data = { "hello", 5 } }, { .data = { "", 0 } },
		{ .data = { "\303\274 v=spf1", 9 } },
		{ .data = { "v=spf1 a", 8 } }, { .data = { "v=spf1mx", 8 } },
		{ .data = { "V=SPF1", 6 } }
	};
	static const struct {
		const char	*what;
		size_t		 from, n, count;
	} cases[] = {
		{ "no record", 0, 0, 0 },
		{ "none of them", 0, 3, 0 },
		{ "one of them", 0, 5, 1 },
		{ "two of them", 0, 6, 2 }
	};
	struct spf_policy *policy;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_answer a = { .result = DNS_OK,
			.v = v + cases[i].from, .n = cases[i].n };

		policy = spf_policy_parser.parse(&a);
		tap_ok(policy != NULL && policy->count == cases[i].count &&
		    policy->record.n == (cases[i].count == 1), "4.5 %s",
		    cases[i].what);
		spf_policy_parser.free(policy);
	}
}

int
main(void)
{
	test_rows();
	test_terms();
	test_limit();
	test_policy();
	return (tap_done());
}
