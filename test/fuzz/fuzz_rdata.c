/* SPDX-License-Identifier: BSD-2-Clause */
/* The first octet is the type. */
#include "dns/name.h"
#include "dns/rdata.h"
#include "test/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dns_record r;
	struct dns_name name;
	struct arena arena;

	if (n == 0) {
		return (0);
	}
	arena_init(&arena, (size_t)1 << 20);
	if (dns_rdata_read(&arena, (enum dns_type)data[0],
	    str_mem(data + 1, n - 1), 0, n - 1, &r) == STATUS_OK) {
		FUZZ_CHECK(r.data.p != NULL && r.data.n < n);
		FUZZ_CHECK(r.preference == 0 || data[0] == DNS_MX);
		if (data[0] == DNS_MX || data[0] == DNS_PTR ||
		    data[0] == DNS_CNAME) {
			FUZZ_CHECK(r.data.n == 0 ||
			    (dns_name_make(r.data, &name) &&
			    str_eq(dns_name_str(&name), r.data)));
		}
	}
	arena_fini(&arena);
	return (0);
}
