/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/external.h"

#include "test/unit/dmarc_lab.h"

#define L16	"0123456789abcdef"
#define L63	L16 L16 L16 "0123456789abcde"
#define AT(policy, host, text)						\
	policy "._report._dmarc." host " TXT \"" text "\"\n"
#define TWO(text)	AT("a.test", "two.test", text)
#define RULES		"v=DMARC1; p=none"

/* RFC 9990 4, by its steps */
static const struct row {
	const char		*name;
	const char		*zone;
	const char		*policy;
	const char		*host;
	enum dmarc_external	 want;
	const char		*uri;	/* NULL: none */
	int			 queries;	/* for a TXT record below
						   _report; -1: any number */
} rows[] = {
	{ "the policy domain itself", "", "a.test", "a.test",
	    DMARC_EXTERNAL_OWN, NULL, 0 },
	{ "a host below", REC("a.test", "p=none"), "a.test", "mx.a.test",
	    DMARC_EXTERNAL_OWN, NULL, 0 },
	{ "a host above", REC("a.test", "p=none") REC("b.a.test", "p=none"),
	    "b.a.test", "a.test", DMARC_EXTERNAL_OWN, NULL, 0 },
	{ "siblings", REC("a.test", "p=none") REC("x.a.test", "p=none"),
	    "x.a.test", "y.a.test", DMARC_EXTERNAL_OWN, NULL, 0 },
	{ "siblings without a record above", REC("x.a.test", "p=none"),
	    "x.a.test", "y.a.test", DMARC_EXTERNAL_NO, NULL, 1 },
	{ "psd=y parts siblings", REC("a.test", "psd=y"), "x.a.test",
	    "y.a.test", DMARC_EXTERNAL_NO, NULL, 1 },
	{ "psd=n parts parent and child", REC("a.test", "p=none")
	    REC("x.a.test", "psd=n"), "a.test", "x.a.test",
	    DMARC_EXTERNAL_NO, NULL, 1 },
	{ "nothing there", "", "a.test", "two.test", DMARC_EXTERNAL_NO, NULL,
	    1 },
	{ "bare", TWO("v=DMARC1"), "a.test", "two.test", DMARC_EXTERNAL_YES,
	    NULL, 1 },
	{ "a semicolon", TWO("v=DMARC1;"), "a.test", "two.test",
	    DMARC_EXTERNAL_YES, NULL, 1 },
	{ "with a policy", TWO(RULES), "a.test", "two.test",
	    DMARC_EXTERNAL_YES, NULL, 1 },
	{ "another version", TWO("v=DMARC2"), "a.test", "two.test",
	    DMARC_EXTERNAL_NO, NULL, 1 },
	{ "the version in lower case", TWO("v=dmarc1"), "a.test", "two.test",
	    DMARC_EXTERNAL_NO, NULL, 1 },
	{ "the version is not first", TWO("p=none; v=DMARC1"), "a.test",
	    "two.test", DMARC_EXTERNAL_NO, NULL, 1 },
	{ "another TXT beside it", TWO("hello") TWO("v=DMARC1"), "a.test",
	    "two.test", DMARC_EXTERNAL_YES, NULL, 1 },
	{ "several records are enough", TWO("v=DMARC1") TWO(RULES), "a.test",
	    "two.test", DMARC_EXTERNAL_YES, NULL, 1 },
	{ "a wildcard", "*._report._dmarc.two.test TXT \"v=DMARC1\"\n",
	    "b.c.a.test", "two.test", DMARC_EXTERNAL_YES, NULL, 1 },
	{ "a wildcard that another name hides (RFC 4592)",
	    "*._report._dmarc.two.test TXT \"v=DMARC1\"\n"
	    AT("x.a.test", "two.test", "v=DMARC1"), "y.a.test", "two.test",
	    DMARC_EXTERNAL_NO, NULL, 1 },
	{ "another name of the organisation", TWO("v=DMARC1"), "b.a.test",
	    "two.test", DMARC_EXTERNAL_NO, NULL, 1 },
	{ "SERVFAIL", "a.test._report._dmarc.two.test SERVFAIL\n", "a.test",
	    "two.test", DMARC_EXTERNAL_UNKNOWN, NULL, 1 },
	{ "a timeout", "a.test._report._dmarc.two.test TIMEOUT\n", "a.test",
	    "two.test", DMARC_EXTERNAL_UNKNOWN, NULL, 1 },
	{ "the organisation is not known", "_dmarc.two.test SERVFAIL\n"
	    TWO("v=DMARC1"), "a.test", "two.test", DMARC_EXTERNAL_UNKNOWN,
	    NULL, 0 },
	{ "a failure above both does not matter", REC("x.a.test", "p=none")
	    REC("a.test", "p=none") "_dmarc.test SERVFAIL\n", "x.a.test",
	    "y.a.test", DMARC_EXTERNAL_OWN, NULL, 0 },
	{ "too long", "", L63 "." L63 "." L63 ".test",
	    L63 ".two.test", DMARC_EXTERNAL_NO, NULL, -1 },
	{ "another address", TWO("v=DMARC1; rua=mailto:r@two.test"), "a.test",
	    "two.test", DMARC_EXTERNAL_REPLACED, "mailto:r@two.test", 1 },
	{ "in other case", TWO("v=DMARC1; RUA=mailto:r@TWO.test"), "a.test",
	    "two.test", DMARC_EXTERNAL_REPLACED, "mailto:r@TWO.test", 1 },
	{ "with a size", TWO("v=DMARC1; rua=mailto:r@two.test!5m"), "a.test",
	    "two.test", DMARC_EXTERNAL_REPLACED, "mailto:r@two.test", 1 },
	{ "the first one at the host",
	    TWO("v=DMARC1; rua=mailto:x@one.test, mailto:y@two.test,"
	    "mailto:z@two.test"), "a.test", "two.test",
	    DMARC_EXTERNAL_REPLACED, "mailto:y@two.test", 1 },
	{ "at another host", TWO("v=DMARC1; rua=mailto:r@one.test"),
	    "a.test", "two.test", DMARC_EXTERNAL_ELSEWHERE, NULL, 1 },
	{ "below the host", TWO("v=DMARC1; rua=mailto:r@x.two.test"),
	    "a.test", "two.test", DMARC_EXTERNAL_ELSEWHERE, NULL, 1 },
	{ "another scheme", TWO("v=DMARC1; rua=https://two.test/"), "a.test",
	    "two.test", DMARC_EXTERNAL_ELSEWHERE, NULL, 1 },
	{ "no address at all", TWO("v=DMARC1; rua="), "a.test", "two.test",
	    DMARC_EXTERNAL_ELSEWHERE, NULL, 1 },
	{ "ruf is not for aggregate reports",
	    TWO("v=DMARC1; ruf=mailto:r@one.test"), "a.test", "two.test",
	    DMARC_EXTERNAL_YES, NULL, 1 },
	{ "an A-label", AT("xn--mller-kva.test", "two.test", "v=DMARC1"),
	    "xn--mller-kva.test", "two.test", DMARC_EXTERNAL_YES, NULL, 1 },
};

static unsigned report_queries;

static enum status
count_submit(void *backend, struct str name, enum dns_type type, void *cookie)
{
	struct str rest = name, label;

	while (str_next(&rest, '.', &label)) {
		report_queries += str_eq(label, STR("_report"));
	}
	return (lab_submit(backend, name, type, cookie));
}

static const struct dns_backend_ops count_ops = {
	.submit = count_submit, .free = lab_free, .is_local = true
};

/* The lab's resolver, which counts. */
static void
use_counter(struct lab *lab)
{
	struct dns_opts opts;

	dns_batch_free(lab->batch);
	dns_release(lab->dns);
	dns_opts_init(&opts);
	opts.env = &lab->env;
	lab_must(dns_new_backend(&opts, &count_ops, lab, &lab->dns) ==
	    STATUS_OK, "memory");
	lab->batch = dns_batch_new(lab->dns);
	lab_must(lab->batch != NULL, "memory");
}

static void
check_row(const struct row *row)
{
	struct dmarc_external_opts opts = { .timeout_us = 1000 };
	enum dmarc_external external;
	struct lab lab;
	struct str uri;

	lab_init(&lab, str_from(row->zone));
	use_counter(&lab);
	opts.dns = lab.dns;
	opts.env = &lab.env;
	report_queries = 0;
	tap_num(dmarc_external_ask(&opts, &lab.arena, str_from(row->policy),
	    str_from(row->host), DMARC_TAG_RUA, &external, &uri), STATUS_OK,
	    row->name);
	tap_num(external, row->want, dmarc_external_text(row->want));
	tap_str(uri, str_from(row->uri), "the address");
	if (row->queries >= 0) {
		tap_num(report_queries, row->queries, "queries");
	}
	lab_fini(&lab);
}

/* The list that a failure report uses is another one. */
static void
check_ruf(void)
{
	struct dmarc_external_opts opts = { .timeout_us = 1000 };
	enum dmarc_external external;
	struct lab lab;
	struct str uri;

	lab_init(&lab, STR(TWO("v=DMARC1; rua=mailto:a@two.test; "
	    "ruf=mailto:f@two.test")));
	opts.dns = lab.dns;
	opts.env = &lab.env;
	tap_num(dmarc_external_ask(&opts, &lab.arena, STR("a.test"),
	    STR("two.test"), DMARC_TAG_RUF, &external, &uri), STATUS_OK,
	    "ruf");
	tap_str(uri, STR("mailto:f@two.test"), "RFC 9991 5: its own tag");
	lab_fini(&lab);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_ruf();
	return (tap_done());
}
