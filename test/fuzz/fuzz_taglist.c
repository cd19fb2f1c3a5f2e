/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/taglist.h"
#include "test/fuzz/fuzz.h"

static void
check_tag(const struct taglist *l, const struct tag *tag, struct str input)
{
	FUZZ_CHECK(taglist_get(l, tag->name) == tag);
	FUZZ_CHECK(tag->name.n > 0 && char_is_alpha(tag->name.p[0]));
	FUZZ_CHECK(tag->raw_value.p >= input.p);
	FUZZ_CHECK(tag->raw_value.p + tag->raw_value.n <= input.p + input.n);
	FUZZ_CHECK(tag->raw_value.p[-1] == '=');
	FUZZ_CHECK(str_eq(str_trim_fws(tag->raw_value), tag->value));
	FUZZ_CHECK(str_find(tag->raw_value, ';') == tag->raw_value.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct taglist ascii, utf8;
	const char *reason;
	enum status status;
	size_t i;

	status = taglist_parse(&ascii, input, false, &reason);
	FUZZ_CHECK((status == STATUS_OK) == (reason == NULL));
	if (status != STATUS_OK) {
		FUZZ_CHECK(status == STATUS_SYNTAX || status == STATUS_LIMIT);
		return (0);
	}
	FUZZ_CHECK(ascii.n > 0);
	for (i = 0; i < ascii.n; i++) {
		check_tag(&ascii, &ascii.v[i], input);
	}
	/* Input accepted without UTF-8 is accepted with it. */
	status = taglist_parse(&utf8, input, true, &reason);
	FUZZ_CHECK(status == STATUS_OK && utf8.n == ascii.n);
	return (0);
}
