/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/b64.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(1024 * 1024)

static bool
is_space(char c)
{
	return (char_is_wsp(c) || c == '\r' || c == '\n');
}

/* Encoding a decoded input gives the input without its white space. */
static void
check_same(struct str input, struct str encoded)
{
	size_t i, at = 0;

	for (i = 0; i < input.n; i++) {
		if (!is_space(input.p[i])) {
			FUZZ_CHECK(at < encoded.n);
			FUZZ_CHECK(encoded.p[at++] == input.p[i]);
		}
	}
	FUZZ_CHECK(at == encoded.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n), bytes;
	enum status status;
	struct arena a;
	struct buf b;

	arena_init(&a, ARENA_BYTES);
	buf_init(&b, ARENA_BYTES);
	status = b64_decode(&a, input, &bytes);
	if (status == STATUS_OK) {
		b64_encode(&b, bytes.p, bytes.n);
		check_same(input, buf_str(&b));
	}
	buf_reset(&b);
	b64_encode(&b, data, n);
	status = b64_decode(&a, buf_str(&b), &bytes);
	FUZZ_CHECK(status == STATUS_OK);
	FUZZ_CHECK(str_eq(bytes, input));
	buf_fini(&b);
	arena_fini(&a);
	return (0);
}
