/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>

#include "mail/received.h"
#include "test/fuzz/fuzz.h"

static void
check_view(struct str view, struct str input)
{
	FUZZ_CHECK(view.p == NULL ? view.n == 0 : view.n > 0 &&
	    view.p >= input.p && view.p + view.n <= input.p + input.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct received_client r;
	struct sockaddr_in6 in6;

	if (!received_client(input, &r)) {
		return (0);
	}
	check_view(r.name, input);
	check_view(r.helo, input);
	FUZZ_CHECK(r.addr == (const struct sockaddr *)&r.storage);
	if (r.storage.ss_family != AF_INET) {
		FUZZ_CHECK(r.storage.ss_family == AF_INET6);
		memcpy(&in6, &r.storage, sizeof(in6));
		FUZZ_CHECK(!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr));
	}
	return (0);
}
