/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/fuzz/fuzz.h"
#include "test/unit/spf_lab.h"

/*
 * The input is zone text. Evaluates t.example for an IPv4 and an IPv6 client,
 * with all answers at once and one by one. Both must give the same result, and
 * not exceed the maximum number of queries.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct zone zone;
	struct str text = n > 0 ? str_mem(data, n) : STR("");
	struct spf_verdict v, slow;
	struct spf_opts opts;
	struct diag diag;
	struct lab lab;
	int i;

	diag_init(&diag);
	if (zone_parse(&zone, text, "zone", &diag) != STATUS_OK) {
		return (0);
	}
	zone_fini(&zone);
	for (i = 0; i < 4; i++) {
		lab_init(&lab, text);
		opts = lab_opts(i % 2 == 0 ? "192.0.2.1" : "2001:db8::1",
		    "h.example", i < 2 ? "me@t.example" : NULL);
		opts.helo = i < 2 ? STR("h.example") : STR("t.example");
		v = lab_check(&lab, &opts);
		FUZZ_CHECK(dns_batch_count(lab.batch) <= SPF_MAX_QUERIES);
		FUZZ_CHECK(v.explanation.n <= SPF_EXPLANATION_MAX_BYTES);
		FUZZ_CHECK((v.result == SPF_PASS || v.result == SPF_FAIL ||
		    v.result == SPF_SOFTFAIL || v.result == SPF_NEUTRAL) ==
		    (v.mechanism.p != NULL));
		lab_fini(&lab);
		lab_init(&lab, text);
		slow = lab_check_slowly(&lab, &opts, (unsigned)n);
		FUZZ_CHECK(slow.result == v.result);
		FUZZ_CHECK(dns_batch_count(lab.batch) <= SPF_MAX_QUERIES);
		lab_fini(&lab);
	}
	return (0);
}
