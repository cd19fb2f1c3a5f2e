/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf/macro.h"
#include "test/fuzz/fuzz.h"

/* The input is both the macro string and the local-part. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = n > 0 ? str_mem(data, n) : STR("");
	struct ip_addr ip = { .v6 = n % 2 == 1, .octets = { 192, 0, 2, 1 } };
	struct spf_macro_values v = { .sender = text, .local = text,
		.sender_domain = STR("example.com"), .domain = text,
		.name = STR("unknown"), .helo = text,
		.receiver = STR("r.example"), .now_s = 1, .ip = &ip };
	bool domain, string, explain;
	unsigned uses;
	struct buf out;

	domain = spf_macro_check(text, SPF_MACRO_DOMAIN, &uses);
	string = spf_macro_check(text, SPF_MACRO_STRING, &uses);
	explain = spf_macro_check(text, SPF_MACRO_EXPLAIN, &uses);
	/* In decreasing strictness. */
	FUZZ_CHECK(!domain || string);
	FUZZ_CHECK(!string || explain);
	buf_init(&out, SPF_EXPANDED_MAX_BYTES);
	spf_macro_expand(text, &v, &out);
	FUZZ_CHECK(out.n <= SPF_EXPANDED_MAX_BYTES);
	FUZZ_CHECK(out.status == STATUS_OK || out.status == STATUS_LIMIT);
	if (str_find(text, '%') == text.n) {
		FUZZ_CHECK(out.status != STATUS_OK ||
		    str_eq(buf_str(&out), text));
	}
	buf_fini(&out);
	return (0);
}
