/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen.conf is accepted as a whole, or rejected with a reason. */
#include "keys/policy.h"
#include "test/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct policy policy;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = policy_parse(&policy, str_mem(data, n), "f", &diag);
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	if (status == STATUS_OK) {
		FUZZ_CHECK(policy.rotate_every_s > 0);
		FUZZ_CHECK(policy.selector != NULL);
		FUZZ_CHECK(policy.key_stores.n <= CONF_KEY_STORES_MAX);
		FUZZ_CHECK(policy_is_publish(str_from(policy.publish)));
		FUZZ_CHECK(policy_times(&policy).retired_s >=
		    policy.queue_lifetime_s);
	}
	policy_fini(&policy);
	return (0);
}
