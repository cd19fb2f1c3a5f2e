/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/domain.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(1024 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str name, again, parent;
	enum status status;
	struct arena a;
	size_t i, labels = 0;

	arena_init(&a, ARENA_BYTES);
	status = domain_normalize(&a, str_mem(data, n), &name);
	if (status == STATUS_OK) {
		FUZZ_CHECK(name.n > 0 && name.n <= DOMAIN_MAX_BYTES);
		for (i = 0; i < name.n; i++) {
			FUZZ_CHECK(name.p[i] == char_lower(name.p[i]));
		}
		status = domain_normalize(&a, name, &again);
		FUZZ_CHECK(status == STATUS_OK && str_eq(name, again));
		for (parent = name; parent.n > 0;
		    parent = domain_parent(parent)) {
			FUZZ_CHECK(domain_is_within(name, parent));
			labels++;
		}
		FUZZ_CHECK(domain_labels(name) == labels);
	} else {
		FUZZ_CHECK(status == STATUS_SYNTAX && name.p == NULL);
	}
	arena_fini(&a);
	return (0);
}
