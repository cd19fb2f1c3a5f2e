/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/address.h"
#include "dmarc/record.h"
#include "dmarc/uri.h"
#include "test/fuzz/fuzz.h"

static void
check_within(struct str part, struct str whole)
{
	FUZZ_CHECK(part.p >= whole.p);
	FUZZ_CHECK(part.p + part.n <= whole.p + whole.n);
}

/* What goes into an envelope and a field. */
static void
check_address(struct str uri)
{
	struct dmarc_address address;
	struct arena arena;
	size_t i;

	arena_init(&arena, 1 << 20);
	if (dmarc_address_read(&arena, uri, &address) == STATUS_OK) {
		FUZZ_CHECK(address.text.n <= DMARC_ADDRESS_MAX_BYTES);
		FUZZ_CHECK(address.host.n > 0 &&
		    address.host.n < address.text.n);
		FUZZ_CHECK(str_find(address.text, '@') + 1 +
		    address.host.n == address.text.n);
		for (i = 0; i < address.text.n; i++) {
			FUZZ_CHECK(address.text.p[i] >= ' ' &&
			    address.text.p[i] <= '~');
			FUZZ_CHECK(address.text.p[i] != ' ' ||
			    address.text.p[0] == '"');
		}
	}
	arena_fini(&arena);
}

static size_t
check_list(struct str list, struct str input)
{
	struct str rest = list, uri, address;
	size_t n;

	for (n = 0; dmarc_uri_next(&rest, &uri); n++) {
		check_within(uri, input);
		FUZZ_CHECK(uri.n > 0 && str_find(uri, ',') == uri.n);
		FUZZ_CHECK(str_find(uri, '!') == uri.n);
		check_address(uri);
		address = dmarc_uri_mailto(uri);
		if (address.p != NULL) {
			check_within(address, uri);
			FUZZ_CHECK(str_find(address, '@') < address.n);
		}
	}
	return (n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct dmarc_record r;

	(void)check_list(input, input);
	if (!dmarc_record_parse(input, &r)) {
		return (0);
	}
	FUZZ_CHECK((r.rua.p != NULL) == (check_list(r.rua, input) > 0));
	FUZZ_CHECK((r.ruf.p != NULL) == (check_list(r.ruf, input) > 0));
	FUZZ_CHECK(r.has_sp || r.sp == r.p);
	FUZZ_CHECK(r.has_np || r.np == r.sp);
	FUZZ_CHECK(r.flaw != DMARC_AS_NONE || r.rua.p != NULL);
	FUZZ_CHECK(r.flaw == DMARC_SOUND || (r.p == DMARC_P_NONE &&
	    r.sp == DMARC_P_NONE && r.np == DMARC_P_NONE));
	FUZZ_CHECK(r.fo != 0 && (r.fo & (DMARC_FO_0 | DMARC_FO_1)) !=
	    (DMARC_FO_0 | DMARC_FO_1));
	return (0);
}
