/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"
#include "base/utf8.h"
#include "test/fuzz/fuzz.h"

#define OUT_BYTES	(8 * 1024 * 1024)

static void
check_style(void (*write)(struct buf *, struct str, size_t), struct str in,
    size_t max)
{
	struct buf out;
	size_t i;

	buf_init(&out, OUT_BYTES);
	write(&out, in, max);
	FUZZ_CHECK(out.status == STATUS_OK);
	FUZZ_CHECK(utf8_valid(buf_str(&out)));
	for (i = 0; i < out.n; i++) {
		FUZZ_CHECK((unsigned char)out.p[i] >= ' ');
		FUZZ_CHECK(out.p[i] != 0x7f);
	}
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = str_mem(data, n);
	size_t max = n > 0 ? data[0] : 0;

	check_style(escape_text, in, max);
	check_style(escape_log_value, in, max);
	check_style(escape_reply, in, max);
	check_style(escape_text, in, n);
	check_style(escape_log_value, in, n);
	check_style(escape_reply, in, n);
	return (0);
}
