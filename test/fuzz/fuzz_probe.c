/* SPDX-License-Identifier: BSD-2-Clause */
/* What servers say to mailseal check --connect: replies and policies. */
#include "probe/policy.h"
#include "probe/reply.h"
#include "test/fuzz/fuzz.h"

static void
check_replies(struct str octets)
{
	struct str rest = octets;
	struct reply r;

	while (reply_read(rest, &r) == REPLY_DONE) {
		FUZZ_CHECK(r.code >= 200 && r.code <= 599);
		FUZZ_CHECK(r.n > 0 && r.n <= PROBE_REPLY_MAX_LINES);
		FUZZ_CHECK(r.lines.n > 0 && r.lines.n <= rest.n);
		FUZZ_CHECK(r.text.n <= PROBE_LINE_MAX_BYTES);
		(void)reply_has_keyword(&r, STR("STARTTLS"));
		rest = str_from_offset(rest, r.lines.n);
	}
}

static void
check_policy(struct str octets)
{
	const char *trouble;
	struct policy p;
	size_t i;

	if (!policy_read(octets, &p, &trouble)) {
		FUZZ_CHECK(trouble != NULL);
		return;
	}
	FUZZ_CHECK(trouble == NULL && p.mx_n <= POLICY_MAX_MX);
	FUZZ_CHECK(p.mode == POLICY_NONE || p.mx_n > 0);
	FUZZ_CHECK(p.max_age_s <= POLICY_MAX_AGE_S);
	for (i = 0; i < p.mx_n; i++) {
		FUZZ_CHECK(p.mx[i].n > 0);
		(void)policy_has(&p, p.mx[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);

	check_replies(input);
	check_policy(input);
	return (0);
}
