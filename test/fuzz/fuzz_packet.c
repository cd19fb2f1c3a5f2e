/* SPDX-License-Identifier: BSD-2-Clause */
/* The first octet is the type; the question is a.x. */
#include "dns/packet.h"
#include "test/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_name name;
	struct dns_answer a;
	struct arena arena;
	size_t i;

	if (n == 0 || !dns_name_make(STR("a.x"), &name)) {
		return (0);
	}
	arena_init(&arena, (size_t)1 << 20);
	if (dns_packet_read(&arena, str_mem(data + 1, n - 1), &name,
	    (enum dns_type)data[0], v, &a) == STATUS_OK) {
		FUZZ_CHECK(a.n <= DNS_MAX_RECORDS);
		FUZZ_CHECK(a.n == 0 || (a.result == DNS_OK && a.v == v));
		for (i = 0; i < a.n; i++) {
			FUZZ_CHECK(a.v[i].data.p != NULL &&
			    a.v[i].data.n < n + DNS_NAME_MAX_BYTES);
		}
	}
	arena_fini(&arena);
	return (0);
}
