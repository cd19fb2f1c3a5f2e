/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf/macro.h"
#include "spf/record.h"
#include "test/fuzz/fuzz.h"

static bool
is_part(struct str part, struct str text)
{
	return (part.p >= text.p && part.p + part.n <= text.p + text.n);
}

static void
check_spec(const struct spf_spec *spec, struct str text)
{
	unsigned uses;

	if (spec->text.p != NULL) {
		FUZZ_CHECK(is_part(spec->text, text));
		FUZZ_CHECK(spf_macro_check(spec->text, SPF_MACRO_DOMAIN,
		    &uses) && uses == spec->uses);
	}
}

static void
check_record(struct str text)
{
	struct spf_record r;
	size_t i;

	FUZZ_CHECK(spf_record_parse(text, &r) == STATUS_OK);
	FUZZ_CHECK(r.n <= SPF_RECORD_MAX_TERMS);
	FUZZ_CHECK(r.error == NULL || is_part(r.problem, text));
	FUZZ_CHECK(r.error != NULL || spf_record_is(text));
	for (i = 0; i < r.n; i++) {
		const struct spf_term *t = &r.v[i];

		FUZZ_CHECK(is_part(t->text, text) && t->text.n > 0);
		FUZZ_CHECK(t->bits4 <= 32 && t->bits6 <= 128);
		FUZZ_CHECK(t->result == SPF_PASS || t->result == SPF_FAIL ||
		    t->result == SPF_SOFTFAIL || t->result == SPF_NEUTRAL);
		check_spec(&t->spec, text);
	}
	if (r.error == NULL) {
		check_spec(&r.redirect, text);
		check_spec(&r.exp, text);
	}
	spf_record_fini(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = n > 0 ? str_mem(data, n) : STR("");
	struct dns_record v = { .data = text };
	struct dns_answer answer = { .result = DNS_OK, .v = &v, .n = 1 };
	struct spf_policy *policy;

	check_record(text);
	policy = spf_policy_parser.parse(&answer);
	FUZZ_CHECK(policy != NULL && policy->count == spf_record_is(text));
	spf_policy_parser.free(policy);
	return (0);
}
