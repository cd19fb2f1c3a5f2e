/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of encoded words (RFC 2047 4), also where it is invalid. */
#include "mail/word_text.h"
#include "test/unit/tap.h"

#define Q	false
#define B	true

static const struct {
	const char	*name;
	bool		 base64;
	const char	*text;
	const char	*want;
} rows[] = {
	{ "Q: 4.2 (1)", Q, "a=3Db", "a=b" },
	{ "Q: lower-case digits", Q, "=3db", "=b" },
	{ "Q: 4.2 (2)", Q, "a_b=5F", "a b_" },
	{ "Q: no digits", Q, "=3g=", "=3g=" },
	{ "Q: too few digits", Q, "ab=3", "ab=3" },
	{ "Q: empty", Q, "", "" },
	{ "B: 4.1", B, "YWJj", "abc" },
	{ "B: padded", B, "YWI=", "ab" },
	{ "B: without padding", B, "YWI", "ab" },
	{ "B: other characters", B, "Y-W\tI!", "ab" },
	{ "B: after padding", B, "YQ==Yg==", "ab" },
	{ "B: bits that are left end with padding", B, "YW=YWI=", "aab" },
	{ "B: empty", B, "====", "" },
};

int
main(void)
{
	char out[16];
	size_t i, n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct word_text word = { .rest = str_from(rows[i].text),
			.base64 = rows[i].base64 };

		n = 0;
		while (n < sizeof(out) && word_text_next(&word, &out[n])) {
			n++;
		}
		tap_str(str_mem(out, n), str_from(rows[i].want),
		    rows[i].name);
	}
	return (tap_done());
}
