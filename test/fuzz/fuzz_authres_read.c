/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the input as a trusted host's field. A pass is found only where
 * splitting outside of quoted strings and comments finds one, and all that the
 * strict parser understands is understood.
 */
#include "authres/authres.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/authres_oracle.h"

#define ARENA_BYTES	(16 * 1024 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct authres strict, loose;
	enum status status;
	struct arena arena;
	const char *reason;
	size_t i;

	arena_init(&arena, ARENA_BYTES);
	status = authres_read(&arena, input, &loose);
	FUZZ_CHECK(status != STATUS_NOMEM && status != STATUS_TEMP &&
	    status != STATUS_IO);
	FUZZ_CHECK(oracle_found(&loose) <= oracle_passes(input));
	FUZZ_CHECK(loose.n <= AUTHRES_MAX_RESULTS);
	for (i = 0; i < loose.n; i++) {
		FUZZ_CHECK(loose.v[i].n <= AUTHRES_MAX_PROPERTIES);
	}
	if (status == STATUS_OK && authres_parse(&arena, input, &strict,
	    &reason) == STATUS_OK) {
		FUZZ_CHECK(oracle_found(&strict) <= oracle_found(&loose) ||
		    strict.version != 1);
		FUZZ_CHECK(!loose.incomplete || strict.version != 1);
	}
	arena_fini(&arena);
	return (0);
}
