/* SPDX-License-Identifier: BSD-2-Clause */
/* report_rows: policies and facts for the tests of what is kept for reports. */
#ifndef TEST_UNIT_REPORT_ROWS_H
#define TEST_UNIT_REPORT_ROWS_H

#include "base/attr.h"
#include "report/kept.h"

static const struct kept_weight one_message = { 1, 1, 1, 1 };

/* Appends the text of a policy. */
static void ATTR_UNUSED
rows_policy(struct buf *out, const char *domain, const char *p)
{
	const struct kept_policy policy = { .domain = str_from(domain),
		.discovery = STR("treewalk"), .p = str_from(p),
		.adkim = STR("r"), .aspf = STR("r"), .fo = STR("0"),
		.testing = STR("n"), .rua = STR("mailto:r@d.example") };

	kept_policy_write(out, &policy);
}

/* The same of a fact. */
static void ATTR_UNUSED
rows_fact(struct buf *out, const char *ip, const char *from)
{
	struct kept_signature signatures[] = { { str_from(from), STR("s1"),
		STR("pass") }, { STR("other.example"), STR("s2"),
		STR("fail") } };
	const struct kept_fact fact = { .ip = str_from(ip),
		.disposition = STR("none"), .dkim = STR("pass"),
		.spf = STR("fail"), .reasons = { { STR("local_policy"),
		STR("a comment, of two parts") }, { STR("mailing_list"),
		STR("") } }, .reasons_n = 2, .header_from = str_from(from),
		.envelope_from = STR("bounce.example"),
		.signatures = signatures, .signatures_n = 2,
		.spf_domain = STR("bounce.example"),
		.spf_result = STR("softfail") };

	kept_fact_write(out, &fact);
}

#endif
