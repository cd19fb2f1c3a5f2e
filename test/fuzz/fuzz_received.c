/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received.h"
#include "test/fuzz/fuzz.h"

static void
check_view(struct str input, struct str view)
{
	FUZZ_CHECK(view.p == NULL || (view.p >= input.p &&
	    view.p + view.n <= input.p + input.n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct received_client c;

	if (received_client(input, &c)) {
		FUZZ_CHECK(c.addr->sa_family == AF_INET ||
		    c.addr->sa_family == AF_INET6);
		FUZZ_CHECK(c.helo.p != NULL);
	}
	check_view(input, c.name);
	check_view(input, c.helo);
	return (0);
}
