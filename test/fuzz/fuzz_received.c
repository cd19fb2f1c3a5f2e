/* SPDX-License-Identifier: BSD-2-Clause */
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
	struct received_hop hop;
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	received_hop(input, &hop);
	FUZZ_CHECK(hop.by.n <= n && hop.with.n <= n && hop.id.n <= n);
	check_view(hop.client.name, input);
	check_view(hop.client.helo, input);
	if (!received_client(input, &r)) {
		return (0);
	}
	check_view(r.name, input);
	check_view(r.helo, input);
	FUZZ_CHECK(!r.ip.v6 ||
	    memcmp(r.ip.octets, mapped, sizeof(mapped)) != 0);
	return (0);
}
