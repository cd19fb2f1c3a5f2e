/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/unit/spf_lab.h"

#define V4	"192.0.2.1"
#define V6	"2001:db8::1"
#define FROM	"me@t.example"
#define ORDERS	4	/* of the answers, that are tried */
#define T62	"a2345678901234567890123456789012345678901234567890123456789012"

/* The zone that the tested records refer to. */
static const char world[] =
    "host.example A 192.0.2.1\nhost.example AAAA 2001:db8::1\n"
    "net.example A 192.0.2.200\nnet.example AAAA 2001:db8::ffff\n"
    "four.example A 198.51.100.1\nsix.example AAAA 2001:db8:1::1\n"
    "mx.example MX 10 four.example\nmx.example MX 20 host.example\n"
    "nomx.example A 192.0.2.1\nnullmx.example MX 0 .\n"
    "badmx.example MX 5 dead.example\nbadmx.example MX 10 host.example\n"
    "deadmx.example MX 5 dead.example\ndeadmx.example MX 10 four.example\n"
    "dead.example TIMEOUT\nbroken.example SERVFAIL\n"
    "text.example TXT hello\n"
    "pass.example TXT \"v=spf1 +all exp=no.example\"\n"
    "fail.example TXT \"v=spf1 -all exp=no.example\"\n"
    "soft.example TXT \"v=spf1 ~all\"\nneutral.example TXT v=spf1\n"
    "bad.example TXT \"v=spf1 moo\"\n"
    "a.example TXT \"v=spf1 a\"\na.example A 192.0.2.1\n"
    "two.example TXT v=spf1\ntwo.example TXT \"v=spf1 a\"\n"
    "loop.example TXT \"v=spf1 include:loop.example\"\n"
    "red.example TXT \"v=spf1 redirect=red.example\"\n"
    "no.example TXT \"No %{i} for %{o}, said %{r} at %{t}: %{c} %{p}.\"\n"
    "long.example TXT \"%{S}%{S}%{S}%{S}%{S}%{S}%{S}%{S}%{S}%{S}%{S}"
    "%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}%{d}\"\n"
    "twoexp.example TXT one\ntwoexp.example TXT two\n"
    "utf8.example TXT \"\\195\\188\"\nlocal.example TXT \"%{l}\"\n"
    "empty.example TXT \"\"\n"
    "1.2.0.192.in-addr.arpa PTR liar.example\n"
    "1.2.0.192.in-addr.arpa PTR dead.example\n"
    "1.2.0.192.in-addr.arpa PTR host.example\n"
    "1.2.0.192.in-addr.arpa PTR Mail.T.Example\n"
    "mail.t.example A 192.0.2.1\nliar.example A 198.51.100.9\n"
    "mail.t.example.ok.example A 127.0.0.2\n"
    "unknown.example A 127.0.0.2\nme.l.example A 127.0.0.2\n"
    "*.any.example A 127.0.0.2\nany.example TXT \"v=spf1 -all\"\n"
    "xn--mnchen-3ya.example TXT \"v=spf1 exists:%{o}.o.example -all\"\n"
    "xn--mnchen-3ya.example.o.example A 127.0.0.2\n"
    T62 "." T62 "." T62 ".t2.example A 192.0.2.1\n";

/* Sections of RFC 7208; the record is that of t.example. */
static const struct row {
	const char	*section;
	const char	*record;	/* NULL: none */
	const char	*ip;
	enum spf_result	 result;
	const char	*mechanism;	/* or the reason of an error */
} rows[] = {
	{ "4.3 no such domain", NULL, V4, SPF_NONE, "no such domain" },
	{ "4.5 no policy", "hello", V4, SPF_NONE, "no SPF record" },
	{ "4.5 two policies", "v=spf1\" \nt.example TXT \"v=spf1 a", V4,
	    SPF_PERMERROR, "more than one SPF record" },
	{ "4.6 an error after a match", "v=spf1 +all moo", V4, SPF_PERMERROR,
	    "unknown mechanism" },
	{ "4.7 default", "v=spf1", V4, SPF_NEUTRAL, "default" },
	{ "4.7 nothing matches", "v=spf1 -ip4:198.51.100.1", V4, SPF_NEUTRAL,
	    "default" },
	{ "4.6.2 +", "v=spf1 +all", V4, SPF_PASS, "+all" },
	{ "4.6.2 no qualifier", "v=spf1 all", V4, SPF_PASS, "all" },
	{ "4.6.2 -", "v=spf1 -all", V4, SPF_FAIL, "-all" },
	{ "4.6.2 ~", "v=spf1 ~all", V4, SPF_SOFTFAIL, "~all" },
	{ "4.6.2 ?", "v=spf1 ?all", V4, SPF_NEUTRAL, "?all" },
	{ "4.6.2 the first match", "v=spf1 ~ip4:192.0.2.0/24 -all", V4,
	    SPF_SOFTFAIL, "~ip4:192.0.2.0/24" },
	/* 5.2 */
	{ "5.2 pass", "v=spf1 -include:pass.example", V4, SPF_FAIL,
	    "-include:pass.example" },
	{ "5.2 fail", "v=spf1 include:fail.example ~all", V4, SPF_SOFTFAIL,
	    "~all" },
	{ "5.2 softfail", "v=spf1 include:soft.example ~all", V4,
	    SPF_SOFTFAIL, "~all" },
	{ "5.2 neutral", "v=spf1 include:neutral.example ~all", V4,
	    SPF_SOFTFAIL, "~all" },
	{ "5.2 none", "v=spf1 include:text.example +all", V4, SPF_PERMERROR,
	    "include of a domain without SPF record" },
	{ "5.2 NXDOMAIN", "v=spf1 include:nil.example +all", V4,
	    SPF_PERMERROR, "include of a domain without SPF record" },
	{ "5.2 invalid name", "v=spf1 include:a..b.example +all", V4,
	    SPF_PERMERROR, "include of a domain without SPF record" },
	{ "5.2 one label", "v=spf1 include:%{d1} +all", V4, SPF_PERMERROR,
	    "include of a domain without SPF record" },
	{ "5.2 temperror", "v=spf1 include:dead.example +all", V4,
	    SPF_TEMPERROR, "no answer from DNS in time" },
	{ "5.2 servfail", "v=spf1 include:broken.example +all", V4,
	    SPF_TEMPERROR, "the name servers failed" },
	{ "5.2 permerror", "v=spf1 include:bad.example +all", V4,
	    SPF_PERMERROR, "unknown mechanism" },
	{ "5.2 two policies", "v=spf1 include:two.example +all", V4,
	    SPF_PERMERROR, "more than one SPF record" },
	{ "5.2 domain of the target", "v=spf1 include:a.example -all", V4,
	    SPF_PASS, "include:a.example" },
	{ "5.2 an error after include", "v=spf1 include:fail.example "
	    "a:dead.example -all", V4, SPF_TEMPERROR,
	    "no answer from DNS in time" },
	{ "5.2 the same include twice", "v=spf1 include:fail.example "
	    "include:fail.example ?all", V4, SPF_NEUTRAL, "?all" },
	/* 5.3 */
	{ "5.3 a", "v=spf1 a:host.example -all", V4, SPF_PASS,
	    "a:host.example" },
	{ "5.3 a, IPv6", "v=spf1 a:host.example -all", V6, SPF_PASS,
	    "a:host.example" },
	{ "5.3 the same network", "v=spf1 a:net.example/24 -all", V4,
	    SPF_PASS, "a:net.example/24" },
	{ "5.3 another network", "v=spf1 a:net.example/25 -all", V4, SPF_FAIL,
	    "-all" },
	{ "5.3 IPv6 network", "v=spf1 a:net.example//112 -all", V6, SPF_PASS,
	    "a:net.example//112" },
	{ "5.3 another IPv6 network", "v=spf1 a:net.example//113 -all", V6,
	    SPF_FAIL, "-all" },
	{ "5.3 IPv4 length, IPv6 client", "v=spf1 a:net.example/0 -all", V6,
	    SPF_FAIL, "-all" },
	{ "5.3 /0, no address of the family", "v=spf1 a:six.example/0 -all", V4,
	    SPF_FAIL, "-all" },
	{ "5.3 /0", "v=spf1 a:four.example/0 -all", V4, SPF_PASS,
	    "a:four.example/0" },
	{ "5 IPv4-mapped address", "v=spf1 a:host.example -all",
	    "::ffff:192.0.2.1", SPF_PASS, "a:host.example" },
	{ "5 IPv4-mapped address, IPv6 network", "v=spf1 a:six.example//0 -all",
	    "::ffff:192.0.2.1", SPF_FAIL, "-all" },
	{ "5 timeout", "v=spf1 a:dead.example -all", V4, SPF_TEMPERROR,
	    "no answer from DNS in time" },
	{ "5 servfail", "v=spf1 a:broken.example -all", V4, SPF_TEMPERROR,
	    "the name servers failed" },
	{ "5 a match before a timeout", "v=spf1 a:host.example a:dead.example",
	    V4, SPF_PASS, "a:host.example" },
	{ "4.8 invalid name", "v=spf1 a:a..example.com -all", V4, SPF_FAIL,
	    "-all" },
	{ "4.8 a trailing dot", "v=spf1 a:host.example. -all", V4, SPF_PASS,
	    "a:host.example." },
	/* 5.4 */
	{ "5.4 mx", "v=spf1 mx:mx.example -all", V4, SPF_PASS,
	    "mx:mx.example" },
	{ "5.4 mx, IPv6", "v=spf1 mx:mx.example -all", V6, SPF_PASS,
	    "mx:mx.example" },
	{ "5.4 no MX: no implicit MX", "v=spf1 mx:nomx.example -all", V4,
	    SPF_FAIL, "-all" },
	{ "5.4 null MX", "v=spf1 mx:nullmx.example -all", V4, SPF_FAIL,
	    "-all" },
	{ "5.4 a timeout and a match", "v=spf1 mx:badmx.example -all", V4,
	    SPF_PASS, "mx:badmx.example" },
	{ "5.4 a timeout and no match", "v=spf1 mx:deadmx.example -all",
	    V4, SPF_TEMPERROR, "no answer from DNS in time" },
	/* 5.5 */
	{ "5.5 ptr", "v=spf1 ptr -all", V4, SPF_PASS, "ptr" },
	{ "5.5 equal name", "v=spf1 ptr:host.example -all", V4, SPF_PASS,
	    "ptr:host.example" },
	{ "5.5 one label", "v=spf1 ptr:EXAMPLE. ptr:t.Example -all", V4,
	    SPF_PERMERROR, "not a domain-spec" },
	{ "5.5 case", "v=spf1 ptr:T.exaMple -all", V4, SPF_PASS,
	    "ptr:T.exaMple" },
	{ "5.5 not validated", "v=spf1 ptr:liar.example -all", V4, SPF_FAIL,
	    "-all" },
	{ "5.5 suffix that is not a parent", "v=spf1 ptr:st.example -all", V4,
	    SPF_FAIL, "-all" },
	{ "5.5 no PTR", "v=spf1 ptr -all", V6, SPF_FAIL, "-all" },
	/* 5.6 */
	{ "5.6 ip4", "v=spf1 ip4:192.0.2.1 -all", V4, SPF_PASS,
	    "ip4:192.0.2.1" },
	{ "5.6 /31", "v=spf1 ip4:192.0.2.0/31 -all", V4, SPF_PASS,
	    "ip4:192.0.2.0/31" },
	{ "5.6 /32", "v=spf1 ip4:192.0.2.0/32 -all", V4, SPF_FAIL, "-all" },
	{ "5.6 /0", "v=spf1 ip4:0.0.0.0/0 -all", V4, SPF_PASS,
	    "ip4:0.0.0.0/0" },
	{ "5.6 ip4 /0, IPv6 client", "v=spf1 ip4:0.0.0.0/0 -all", V6, SPF_FAIL,
	    "-all" },
	{ "5.6 ip6", "v=spf1 ip6:2001:DB8::/33 -all", V6, SPF_PASS,
	    "ip6:2001:DB8::/33" },
	{ "5.6 ip6, another", "v=spf1 ip6:2001:db8:8000::/33 -all", V6,
	    SPF_FAIL, "-all" },
	{ "5.6 ip6 ::/0, IPv4 client", "v=spf1 ip6:::/0 -all", V4, SPF_FAIL,
	    "-all" },
	{ "5.6 ip6 ::/0, IPv4-mapped client", "v=spf1 ip6:::/0 -all",
	    "::ffff:192.0.2.1", SPF_FAIL, "-all" },
	/* 5.7 */
	{ "5.7 exists", "v=spf1 exists:%{ir}.any.example -all", V4, SPF_PASS,
	    "exists:%{ir}.any.example" },
	{ "5.7 A record, IPv6 client", "v=spf1 exists:four.example -all", V6,
	    SPF_PASS, "exists:four.example" },
	{ "5.7 AAAA record, IPv6 client", "v=spf1 exists:six.example -all", V6,
	    SPF_FAIL, "-all" },
	/* 6.1 */
	{ "6.1 redirect", "v=spf1 redirect=soft.example", V4, SPF_SOFTFAIL,
	    "~all" },
	{ "6.1 after the mechanisms", "v=spf1 redirect=soft.example "
	    "-ip4:192.0.2.1", V4, SPF_FAIL, "-ip4:192.0.2.1" },
	{ "6.1 ignored with all", "v=spf1 redirect=bad.example ?all", V4,
	    SPF_NEUTRAL, "?all" },
	{ "6.1 implicit domain", "v=spf1 redirect=a.example", V4, SPF_PASS,
	    "a" },
	{ "6.1 no record", "v=spf1 redirect=text.example", V4, SPF_PERMERROR,
	    "redirect to a domain without SPF record" },
	{ "6.1 invalid name", "v=spf1 redirect=a..b.example", V4, SPF_PERMERROR,
	    "redirect to a domain without SPF record" },
	{ "6.1 timeout", "v=spf1 redirect=dead.example", V4, SPF_TEMPERROR,
	    "no answer from DNS in time" },
	{ "6.1 in an include", "v=spf1 include:r.t.example -all\"\n"
	    "r.t.example TXT \"v=spf1 redirect=pass.example", V4, SPF_PASS,
	    "include:r.t.example" },
	{ "6.1 no record, in an include", "v=spf1 include:r.t.example -all\"\n"
	    "r.t.example TXT \"v=spf1 redirect=text.example", V4,
	    SPF_PERMERROR, "redirect to a domain without SPF record" },
	/* 7 */
	{ "7.2 p, below the domain", "v=spf1 exists:%{p}.ok.example -all", V4,
	    SPF_PASS, "exists:%{p}.ok.example" },
	{ "7.2 p unknown", "v=spf1 exists:%{p}.example -all", V6, SPF_PASS,
	    "exists:%{p}.example" },
	{ "7.2 l", "v=spf1 exists:%{l}.l.example -all", V4, SPF_PASS,
	    "exists:%{l}.l.example" },
	{ "7.3 a long name loses labels on the left", "v=spf1 a:" T62 "." T62
	    "." T62 "." T62 "." T62 ".t2.example -all", V4, SPF_PASS,
	    "a:" T62 "." T62 "." T62 "." T62 "." T62 ".t2.example" }
};

static struct str
make_zone(struct buf *zone, const char *record)
{
	buf_reset(zone);
	buf_add_cstr(zone, world);
	if (record != NULL) {
		buf_printf(zone, "t.example TXT \"%s\"\n", record);
		return (buf_str(zone));
	}
	/* Names below t.example would make it exist. */
	return (STR("some.example A 192.0.2.1\n"));
}

static bool
same_text(struct str got, const char *want)
{
	return (want == NULL ? got.p == NULL : str_eq(got, str_from(want)));
}

/* The verdict does not depend on the order of the answers. */
static void
test_orders(const struct row *row, struct str zone)
{
	struct spf_verdict v = { .result = row->result };
	struct spf_opts opts;
	struct lab lab;
	bool same = true;
	unsigned seed;

	for (seed = 0; seed < ORDERS && same; seed++) {
		lab_init(&lab, zone);
		opts = lab_opts(row->ip, "host.example", FROM);
		v = lab_check_slowly(&lab, &opts, seed);
		same = v.result == row->result && same_text(v.mechanism.p !=
		    NULL ? v.mechanism : str_from(v.reason), row->mechanism);
		lab_fini(&lab);
	}
	tap_ok(same, "%s: in any order", row->section);
}

static void
test_rows(struct buf *zone)
{
	struct spf_verdict v;
	struct spf_opts opts;
	struct lab lab;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		bool same;

		lab_init(&lab, make_zone(zone, row->record));
		opts = lab_opts(row->ip, "host.example", FROM);
		v = lab_check(&lab, &opts);
		same = v.mechanism.p != NULL ?
		    same_text(v.mechanism, row->mechanism) :
		    same_text(str_from(v.reason), row->mechanism);
		if (!tap_ok(v.result == row->result && same,
		    "%s: %s", row->section, row->record)) {
			printf("#  got: %s, %.*s, %s\n",
			    spf_result_name(v.result), STR_FMT(v.mechanism),
			    v.reason != NULL ? v.reason : "");
		}
		lab_fini(&lab);
		test_orders(row, make_zone(zone, row->record));
	}
}

/* The checked identity (2.3, 2.4, 4.3). */
static const struct identity_row {
	const char	*section;
	const char	*helo;
	const char	*mail_from;	/* NULL: HELO is checked */
	enum spf_result	 result;
	const char	*domain;	/* NULL: none */
} identities[] = {
	{ "2.4 MAIL FROM", "x.example", "a@fail.example", SPF_FAIL,
	    "fail.example" },
	{ "2.4 with brackets", "x.example", "<a@fail.example>", SPF_FAIL,
	    "fail.example" },
	{ "2.4 with a route", "x.example", "<@a,@b:a@fail.example>", SPF_FAIL,
	    "fail.example" },
	{ "2.4 quoted", "x.example", "\"a@b\"@fail.example", SPF_FAIL,
	    "fail.example" },
	{ "2.4 null", "soft.example", "", SPF_SOFTFAIL, "soft.example" },
	{ "2.4 null, with brackets", "soft.example", "<>", SPF_SOFTFAIL,
	    "soft.example" },
	{ "2.4 null, no HELO", "", "", SPF_NONE, NULL },
	{ "2.3 HELO", "soft.example", NULL, SPF_SOFTFAIL, "soft.example" },
	{ "2.3 no HELO", NULL, NULL, SPF_NONE, NULL },
	{ "2.3 HELO with a dot", "SOFT.example.", NULL, SPF_SOFTFAIL,
	    "soft.example" },
	{ "2.3 literal", "[192.0.2.1]", NULL, SPF_NONE, NULL },
	{ "2.3 IPv6 literal", "[IPv6:2001:db8::1]", NULL, SPF_NONE, NULL },
	{ "2.3 one label", "localhost", NULL, SPF_NONE, "localhost" },
	{ "4.3 no local-part", "x", "@fail.example", SPF_FAIL,
	    "fail.example" },
	{ "4.3 no domain", "x", "a@", SPF_NONE, NULL },
	{ "4.3 literal", "x", "a@[192.0.2.1]", SPF_NONE, NULL },
	{ "4.3 one label", "x", "a@localhost", SPF_NONE, "localhost" },
	{ "4.3 empty label", "x", "a@b...example", SPF_NONE, NULL },
	{ "4.3 long label", "x", "a@" T62 "ab.example", SPF_NONE, NULL },
	{ "RFC 8616 4 U-labels", "x",
	    "a@M\303\274nchen.example", SPF_PASS, "xn--mnchen-3ya.example" },
	{ "RFC 8616 4 A-labels", "x",
	    "a@xn--mnchen-3ya.example", SPF_PASS, "xn--mnchen-3ya.example" },
	{ "4.4 timeout", "x", "a@dead.example", SPF_TEMPERROR,
	    "dead.example" },
	{ "4.4 servfail", "x", "a@broken.example", SPF_TEMPERROR,
	    "broken.example" }
};

static void
test_identities(struct buf *zone)
{
	struct spf_verdict v;
	struct spf_opts opts;
	struct lab lab;
	size_t i;

	lab_init(&lab, make_zone(zone, "v=spf1"));
	for (i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		const struct identity_row *row = &identities[i];

		opts = lab_opts(V4, row->helo, row->mail_from);
		v = lab_check(&lab, &opts);
		if (!tap_ok(v.result == row->result &&
		    same_text(v.domain, row->domain) && (v.identity ==
		    SPF_HELO) == (row->mail_from == NULL), "%s",
		    row->section)) {
			printf("#  got: %s, %.*s\n",
			    spf_result_name(v.result), STR_FMT(v.domain));
		}
	}
	tap_num((long long)dns_batch_count(lab.batch), 1,
	    "one query for the last row");
	opts = lab_opts(V4, "x", "a@localhost");
	(void)lab_check(&lab, &opts);
	tap_num((long long)dns_batch_count(lab.batch), 0,
	    "4.3 one label: no query");
	lab_fini(&lab);
}

/* 6.2, and RFC 8616 4 for local-parts that are not ASCII. */
static const struct exp_row {
	const char	*section;
	const char	*record;
	const char	*mail_from;
	enum spf_result	 result;
	const char	*explanation;	/* NULL: none */
} explanations[] = {
	{ "text", "v=spf1 -all exp=no.example", FROM, SPF_FAIL,
	    "No 192.0.2.1 for t.example, said mx.here at 1700000000: 192.0.2.1"
	    " mail.t.example." },
	{ "only for a fail", "v=spf1 ~all exp=no.example", FROM,
	    SPF_SOFTFAIL, NULL },
	{ "none", "v=spf1 -all", FROM, SPF_FAIL, NULL },
	{ "exp= of an include is not used", "v=spf1 -include:pass.example",
	    FROM, SPF_FAIL, NULL },
	{ "exp= before a redirect is not used",
	    "v=spf1 exp=local.example redirect=any.example",
	    FROM, SPF_FAIL, NULL },
	{ "exp= of the redirect target", "v=spf1 exp=local.example "
	    "redirect=fail.example", "a@t.example", SPF_FAIL,
	    "No 192.0.2.1 for t.example, said mx.here at 1700000000: 192.0.2.1"
	    " host.example." },
	{ "NXDOMAIN", "v=spf1 -all exp=nil.example", FROM, SPF_FAIL,
	    NULL },
	{ "invalid name", "v=spf1 -all exp=a..b.example", FROM, SPF_FAIL,
	    NULL },
	{ "timeout", "v=spf1 -all exp=dead.example", FROM, SPF_FAIL, NULL },
	{ "two records", "v=spf1 -all exp=twoexp.example", FROM, SPF_FAIL,
	    NULL },
	{ "8 bits", "v=spf1 -all exp=utf8.example", FROM, SPF_FAIL, NULL },
	{ "empty", "v=spf1 -all exp=empty.example", FROM, SPF_FAIL, NULL },
	{ "a control character from outside", "v=spf1 -all exp=local.example",
	    "a\rb@t.example", SPF_FAIL, NULL },
	{ "4.3 no local-part", "v=spf1 -all exp=local.example", "@t.example",
	    SPF_FAIL, "postmaster" },
	{ "a percent sign from outside", "v=spf1 -all exp=local.example",
	    "%{d}@t.example", SPF_FAIL, "%{d}" },
	{ "too long", "v=spf1 -all exp=long.example",
	    T62 T62 "@t.example", SPF_FAIL, NULL },
	{ "domain-spec with %{p}", "v=spf1 -all exp=%{p}", FROM, SPF_FAIL,
	    NULL },
	{ "NXDOMAIN does not count as a void lookup",
	    "v=spf1 a:x.t.example a:y.t.example -all "
	    "exp=nil.example", FROM, SPF_FAIL, NULL },
	{ "8616 %{l} in text", "v=spf1 -all exp=local.example",
	    "\303\274@t.example", SPF_FAIL, NULL },
	{ "8616 %{l} does not match", "v=spf1 exists:%{l}.any.example "
	    "include:%{s}.x.example ~all", "\303\274@t.example", SPF_SOFTFAIL,
	    NULL },
	{ "8616 redirect with %{l} is ignored",
	    "v=spf1 redirect=%{l}.any.example",
	    "\303\274@t.example", SPF_NEUTRAL, NULL },
	{ "8616 redirect with %{l} in ASCII",
	    "v=spf1 redirect=%{l}.any.example",
	    "a@t.example", SPF_PERMERROR, NULL }
};

static void
test_explanations(struct buf *zone)
{
	struct spf_verdict v;
	struct spf_opts opts;
	struct lab lab;
	size_t i;

	for (i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		const struct exp_row *row = &explanations[i];

		lab_init(&lab, make_zone(zone, row->record));
		opts = lab_opts(V4, "host.example", row->mail_from);
		opts.receiver = STR("mx.here");
		v = lab_check(&lab, &opts);
		if (!tap_ok(v.result == row->result &&
		    same_text(v.explanation, row->explanation), "6.2 %s",
		    row->section)) {
			printf("#  got: %s, %.*s\n",
			    spf_result_name(v.result),
			    STR_FMT(v.explanation));
		}
		lab_fini(&lab);
	}
}

int
main(void)
{
	struct buf zone;

	buf_init(&zone, 1 << 20);
	test_rows(&zone);
	test_identities(&zone);
	test_explanations(&zone);
	buf_fini(&zone);
	return (tap_done());
}
