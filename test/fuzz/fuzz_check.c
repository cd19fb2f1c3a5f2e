/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/key.h"
#include "dmarc/record.h"
#include "spf/record.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/check_lab.h"

static const struct check_case cases[] = {
	{ "192.0.2.1 2001:db8::1", "mail.d.example", "s e", "l.test",
	    "l.test", "b.d.example" },
	{ NULL, NULL, NULL, NULL, NULL, NULL }
};

/* A record that is to be published is one. */
static void
check_fix(const struct check_fix *fix)
{
	struct dmarc_record policy;
	struct spf_record record;
	struct dkim_key key;

	if (fix->remove || strcmp(fix->type, "TXT") != 0) {
		return;
	}
	if (str_starts_ci(fix->value, STR("v=spf1"))) {
		FUZZ_CHECK(spf_record_parse(fix->value, &record) ==
		    STATUS_OK);
		FUZZ_CHECK(record.error == NULL);
		spf_record_fini(&record);
	} else if (str_starts(fix->value, STR("v=DMARC1"))) {
		FUZZ_CHECK(dmarc_record_parse(fix->value, &policy));
	} else if (str_starts(fix->value, STR("v=DKIM1"))) {
		FUZZ_CHECK(dkim_key_parse(fix->value, &key) == STATUS_OK);
		dkim_key_fini(&key);
	}
}

/*
 * The input is zone text. Checks d.example with all answers at once and one by
 * one: the findings are the same, known, and within the limits, and what they
 * have published is valid.
 */
static void
run_case(struct str text, const struct check_case *opts, unsigned seed)
{
	const struct check_report *r, *s;
	struct check *fast, *slow;
	struct lab lab, late;
	bool known;
	size_t i, j;

	lab_init(&lab, text);
	fast = check_make(&lab, opts);
	FUZZ_CHECK(check_run(fast, UINT64_MAX) == STATUS_OK);
	r = check_get(fast);
	FUZZ_CHECK(r->n <= CHECK_MAX_FINDINGS);
	lab_init(&late, text);
	late.slow = true;
	slow = check_make(&late, opts);
	FUZZ_CHECK(check_start(slow) == STATUS_OK);
	while (late.open_n > 0) {
		lab_answer_one(&late, &seed);
		FUZZ_CHECK(check_start(slow) == STATUS_OK);
	}
	FUZZ_CHECK(check_run(slow, 0) == STATUS_OK);
	s = check_get(slow);
	FUZZ_CHECK(s->n == r->n);
	for (i = 0; i < r->n; i++) {
		(void)check_rule(r->findings[i].check, &known);
		FUZZ_CHECK(known && r->findings[i].text.n > 0);
		for (j = 0; j < r->findings[i].fix_n; j++) {
			check_fix(&r->findings[i].fix[j]);
		}
		FUZZ_CHECK(s->findings[i].check == r->findings[i].check &&
		    s->findings[i].severity == r->findings[i].severity);
	}
	check_free(fast);
	check_free(slow);
	lab_fini(&lab);
	lab_fini(&late);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = n > 0 ? str_mem(data, n) : STR("");
	struct zone zone;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	if (zone_parse(&zone, text, "zone", &diag) != STATUS_OK) {
		return (0);
	}
	zone_fini(&zone);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_case(text, &cases[i], (unsigned)n);
	}
	return (0);
}
