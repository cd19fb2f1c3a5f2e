/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of what is kept for reports: lib/report/kept.h. */
#include "config.h"

#include "report_rows.h"
#include "tap.h"

static struct arena arena;

static void
test_round_trip(void)
{
	struct str v[KEPT_FACT_COLUMNS];
	struct kept_fact fact;
	struct buf text, again;

	buf_init(&text, KEPT_TEXT_MAX_BYTES);
	buf_init(&again, KEPT_TEXT_MAX_BYTES);
	rows_fact(&text, "192.0.2.1", "d.example");
	tap_ok(kept_split(buf_str(&text), v, KEPT_FACT_COLUMNS),
	    "a fact has its columns");
	tap_num(kept_fact_read(&arena, v, &fact), STATUS_OK, "it is read");
	tap_num((long long)fact.signatures_n, 2, "two signatures");
	tap_str(fact.signatures[1].selector, STR("s2"), "a selector");
	tap_num((long long)fact.reasons_n, 2, "two reasons");
	tap_str(fact.reasons[0].comment, STR("a comment, of two parts"),
	    "a comment");
	tap_str(fact.reasons[1].type, STR("mailing_list"), "a type alone");
	kept_fact_write(&again, &fact);
	tap_str(buf_str(&again), buf_str(&text), "and written as it was");
	buf_fini(&text);
	buf_fini(&again);
}

static void
test_policy(void)
{
	struct str v[KEPT_POLICY_COLUMNS];
	struct kept_policy policy;
	struct buf text, again;

	buf_init(&text, KEPT_TEXT_MAX_BYTES);
	buf_init(&again, KEPT_TEXT_MAX_BYTES);
	rows_policy(&text, "d.example", "reject");
	tap_ok(kept_split(buf_str(&text), v, KEPT_POLICY_COLUMNS),
	    "a policy has its columns");
	kept_policy_read(v, &policy);
	tap_str(policy.p, STR("reject"), "p");
	tap_str(policy.sp, STR(""), "no sp");
	kept_policy_write(&again, &policy);
	tap_str(buf_str(&again), buf_str(&text), "a policy: as it was");
	tap_ok(!kept_split(buf_str(&text), v, KEPT_POLICY_COLUMNS - 1),
	    "too many columns");
	tap_ok(!kept_split(STR("a\nb"), v, 3), "too few columns");
	buf_fini(&text);
	buf_fini(&again);
}

static const struct name_row {
	const char	*name;
	bool		 good;
} names[] = {
	{ "example.com", true },
	{ "_dmarc.xn--bcher-kva.example", true },
	{ "a", true },
	{ "", false },
	{ "Example.com", false },
	{ "example.com.", false },
	{ "a..b", false },
	{ "-a.example", false },
	{ "a-.example", false },
	{ "a b.example", false },
	{ "a,b.example", false },
	{ "a\nb.example", false },
	{ "b\xc3\xbc.example", false },
	{ "a1234567890123456789012345678901234567890123456789012345678901234"
	  ".example", false },
};

static void
test_names(void)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tap_num(kept_is_name(str_from(names[i].name)), names[i].good,
		    names[i].name[0] != '\0' ? "a name" : "an empty name");
	}
}

/* What a stranger writes cannot make another column, row or item. */
static void
test_hostile(void)
{
	struct kept_signature bad[] = {
		{ STR("d.example"), STR("s,x y z"), STR("pass") },
		{ STR("d\nexample"), STR("s"), STR("pass") },
		{ STR("d.example"), STR(""), STR("pass") },
		{ STR("good.example"), STR("s"), STR("pass") },
	};
	struct kept_fact fact = { .ip = STR("192.0.2.1"), .header_from =
		STR("a\nb\xff\x01"), .envelope_from = STR("x y"),
		.reasons = { { STR("other"), STR("a\tb\nc\x7f") } },
		.reasons_n = 1, .signatures = bad, .signatures_n = 4,
		.spf_domain = STR("h i"), .spf_result = STR("pass") };
	struct str v[KEPT_FACT_COLUMNS];
	struct buf text;

	buf_init(&text, KEPT_TEXT_MAX_BYTES);
	kept_fact_write(&text, &fact);
	tap_ok(kept_split(buf_str(&text), v, KEPT_FACT_COLUMNS),
	    "hostile values: the columns are as always");
	tap_str(v[5], STR("a?b??"), "other octets are replaced");
	tap_str(v[4], STR("other a?b?c?"), "so are those of a comment");
	tap_str(v[6], STR(""), "an envelope that is no name is left out");
	tap_str(v[7], STR("good.example s pass"),
	    "signatures that no report can name are left out");
	tap_str(v[8], STR(""), "so is SPF of what is no name");
	tap_str(v[9], STR(""), "with its result");
	buf_fini(&text);
}

static void
test_limits(void)
{
	static struct kept_signature many[KEPT_MAX_SIGNATURES + 20];
	static char label[64], rua[KEPT_RUA_MAX_BYTES + 100];
	struct kept_fact fact = { .signatures = many };
	struct kept_policy policy = { .rua = str_mem(rua, sizeof(rua)) };
	struct str v[KEPT_POLICY_COLUMNS];
	struct buf text;
	size_t i;

	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		many[i] = (struct kept_signature){ STR("d.example"), STR("s"),
			STR("pass") };
	}
	fact.signatures_n = i;
	buf_init(&text, KEPT_TEXT_MAX_BYTES);
	kept_fact_write(&text, &fact);
	(void)kept_split(buf_str(&text), v, KEPT_FACT_COLUMNS);
	tap_num(kept_fact_read(&arena, v, &fact), STATUS_OK, "many are read");
	tap_num((long long)fact.signatures_n, KEPT_MAX_SIGNATURES,
	    "RFC 9990 3.1.3: 100 signatures");
	memset(label, 'a', 63);
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		many[i].selector = str_mem(label, 63);
		many[i].domain = str_mem(label, 63);
	}
	fact = (struct kept_fact){ .signatures = many, .signatures_n = i };
	buf_reset(&text);
	kept_fact_write(&text, &fact);
	(void)kept_split(buf_str(&text), v, KEPT_FACT_COLUMNS);
	tap_ok(v[7].n <= KEPT_SIGNATURES_MAX_BYTES && v[7].n >
	    KEPT_SIGNATURES_MAX_BYTES - 150, "long ones: as many as fit");
	memset(rua, 'x', sizeof(rua));
	rua[10] = rua[KEPT_RUA_MAX_BYTES - 10] = ',';
	buf_reset(&text);
	kept_policy_write(&text, &policy);
	(void)kept_split(buf_str(&text), v, KEPT_POLICY_COLUMNS);
	tap_num((long long)v[9].n, KEPT_RUA_MAX_BYTES - 10,
	    "a long rua is cut between two URIs");
	rua[10] = rua[KEPT_RUA_MAX_BYTES - 10] = 'x';
	buf_reset(&text);
	kept_policy_write(&text, &policy);
	(void)kept_split(buf_str(&text), v, KEPT_POLICY_COLUMNS);
	tap_num((long long)v[9].n, 0, "one URI that is too long is none");
	buf_fini(&text);
}

int
main(void)
{
	arena_init(&arena, 1024 * 1024);
	test_round_trip();
	test_policy();
	test_names();
	test_hostile();
	test_limits();
	arena_fini(&arena);
	return (tap_done());
}
