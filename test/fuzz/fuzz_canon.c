/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first four octets determine where the body is split; the rest is the
 * body. Split or whole, the output must be that of the steps in the RFC.
 */
#include "test/fuzz/fuzz.h"
#include "test/unit/canon_ref.h"

#define OUT_BYTES	(4 * 1024 * 1024)
#define CUTS		4

static void
sink(void *ctx, const void *p, size_t n)
{
	FUZZ_CHECK(n > 0);
	buf_add(ctx, p, n);
}

static void
check_canon(enum canon kind, struct str body, const uint8_t cuts[CUTS])
{
	struct buf out, want;
	struct canon_body c;
	struct str rest;
	size_t i = 0, n;

	buf_init(&out, OUT_BYTES);
	buf_init(&want, OUT_BYTES);
	canon_ref_body(kind, body, &want);
	canon_body_init(&c, kind, sink, &out);
	canon_body_update(&c, body.p, body.n);
	canon_body_finish(&c);
	FUZZ_CHECK(c.bytes == out.n);
	FUZZ_CHECK(str_eq(buf_str(&out), buf_str(&want)));

	buf_reset(&out);
	canon_body_init(&c, kind, sink, &out);
	for (rest = body; rest.n > 0; rest = str_from_offset(rest, n)) {
		n = 1 + cuts[i++ % CUTS] % 64u;
		n = n < rest.n ? n : rest.n;
		canon_body_update(&c, rest.p, n);
	}
	canon_body_finish(&c);
	FUZZ_CHECK(c.bytes == out.n);
	FUZZ_CHECK(str_eq(buf_str(&out), buf_str(&want)));
	buf_fini(&out);
	buf_fini(&want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str body;

	if (n < CUTS) {
		return (0);
	}
	body = str_mem(data + CUTS, n - CUTS);
	check_canon(CANON_SIMPLE, body, data);
	check_canon(CANON_RELAXED, body, data);
	return (0);
}
