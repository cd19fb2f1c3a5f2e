/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text: what is redacted is printable, and no "@" but at the beginning has
   another thing before it than a token. */
#include <stdbool.h>

#include "report/failure.h"
#include "report/redact.h"
#include "test/fuzz/fuzz.h"

#define OUT_BYTES	((size_t)256 * 1024)

static bool
is_token(struct str text, size_t end)
{
	size_t i;

	for (i = end - REDACT_TOKEN_CHARS; i < end; i++) {
		if (!char_is_digit(text.p[i]) &&
		    (text.p[i] < 'a' || text.p[i] > 'f')) {
			return (false);
		}
	}
	return (true);
}

static void
check_text(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		FUZZ_CHECK(text.p[i] >= ' ' && text.p[i] <= '~');
		FUZZ_CHECK(text.p[i] != '@' || i == 0 ||
		    text.p[i - 1] == '@' ||
		    (i >= REDACT_TOKEN_CHARS && is_token(text, i)));
	}
}

static void
check_field(struct str text)
{
	struct str line;

	FUZZ_CHECK(str_starts(text, STR("Subject: ")));
	FUZZ_CHECK(text.p[text.n - 1] == '\n');
	text = str_first(text, text.n - 1);
	for (bool first = true; str_next(&text, '\n', &line); first = false) {
		FUZZ_CHECK(line.n <= 998);
		FUZZ_CHECK(first || (line.n > 1 && line.p[0] == ' ' &&
		    line.p[1] != ' '));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct redact redact;
	struct buf out, field;

	if (redact.crypto == NULL) {
		redact.crypto = crypto_new();
	}
	buf_init(&out, OUT_BYTES);
	buf_init(&field, 2 * OUT_BYTES);
	FUZZ_CHECK(redact_text(&redact, &out, str_mem(data, n)) == STATUS_OK);
	check_text(buf_str(&out));
	failure_add_field(&field, "Subject", buf_str(&out));
	if (field.n > 0) {
		check_field(buf_str(&field));
	}
	buf_fini(&out);
	buf_fini(&field);
	return (0);
}
