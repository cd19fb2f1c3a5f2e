/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first octet determines the rule, the next four where the body is split;
 * the rest is a body and a header field. Split or whole, skipped or not, the
 * output must be the same; without its breaks it must be the input; and a
 * field that is changed must unfold to the same text and still be one field.
 */
#include "base/buf.h"
#include "mail/addr_form.h"
#include "mail/lines.h"
#include "test/fuzz/fuzz.h"

#define OUT_BYTES	(8 * 1024 * 1024)
#define CUTS		4

static const struct lines_rule rules[] = {
	{ LINES_POSTFIX, 100 }, { LINES_POSTFIX, 998 }, { LINES_POSTFIX, 2048 },
	{ LINES_SENDMAIL, 100 }, { LINES_SENDMAIL, 990 },
	{ LINES_SENDMAIL, 2047 },
};

static void
sink(void *ctx, const void *p, size_t n)
{
	FUZZ_CHECK(n > 0);
	buf_add(ctx, p, n);
}

static void
run(struct buf *out, struct lines_rule rule, struct str body,
    const uint8_t *cuts)
{
	struct lines l;
	bool skips = true;
	size_t i = 0, n;

	lines_init(&l, rule);
	l.sink = sink;
	l.ctx = out;
	for (; body.n > 0; body = str_from_offset(body, n)) {
		n = cuts != NULL ? 1 + cuts[i++ % CUTS] * 3u : body.n;
		n = n < body.n ? n : body.n;
		if (cuts != NULL && skips && lines_skip(&l, body.p, n)) {
			buf_add(out, body.p, n);
			continue;
		}
		if (skips && l.cr) {
			out->n--;
		}
		skips = false;
		lines_update(&l, body.p, n);
	}
	if (!skips) {
		lines_finish(&l);
	}
}

static void
check_body(struct lines_rule rule, struct str body, const uint8_t *cuts)
{
	struct buf whole, split;
	size_t i, k, from = 0;

	buf_init(&whole, OUT_BYTES);
	buf_init(&split, OUT_BYTES);
	run(&whole, rule, body, NULL);
	run(&split, rule, body, cuts);
	FUZZ_CHECK(str_eq(buf_str(&whole), buf_str(&split)));
	for (i = k = 0; i < whole.n; i++) {
		k += k < body.n && whole.p[i] == body.p[k];
	}
	FUZZ_CHECK(k == body.n);
	for (i = 0; rule.style == LINES_POSTFIX && i + 1 < whole.n; i++) {
		if (whole.p[i] == '\r' && whole.p[i + 1] == '\n') {
			FUZZ_CHECK(i - from <= rule.limit);
			from = i + 2;
		}
	}
	buf_fini(&whole);
	buf_fini(&split);
}

/* Octets that are not folding white space, which stay as they are. */
static struct str
dense(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n);
	size_t i, n = 0;

	FUZZ_CHECK(p != NULL);
	for (i = 0; i < s.n; i++) {
		if (!char_is_fws(s.p[i])) {
			p[n++] = s.p[i];
		}
	}
	return (str_mem(p, n));
}

/* Every line but the first begins with white space. */
static void
check_one_field(struct str raw)
{
	size_t i;

	for (i = 0; i + 2 < raw.n; i++) {
		if (raw.p[i] == '\n') {
			FUZZ_CHECK(i > 0 && raw.p[i - 1] == '\r' &&
			    char_is_wsp(raw.p[i + 1]));
		}
	}
}

static void
check_field(struct arena *a, struct lines_rule rule, struct str value)
{
	struct str raw = arena_printf(a, "To:%.*s\r\n", STR_FMT(value));
	struct str formed, again;
	struct lines_field f;

	FUZZ_CHECK(raw.p != NULL);
	FUZZ_CHECK(lines_field(a, rule, raw, &f) == STATUS_OK);
	FUZZ_CHECK((f.long_lines == 0) == str_eq(f.sent, raw));
	FUZZ_CHECK(str_eq(dense(a, f.refolded), dense(a, raw)));
	if (!str_eq(f.refolded, raw)) {
		check_one_field(f.refolded);
	}
	FUZZ_CHECK(addr_form_sendmail(a, raw, &formed) == STATUS_OK);
	if (!str_eq(formed, raw)) {
		check_one_field(formed);
		FUZZ_CHECK(lines_field_is_changeable(formed));
		FUZZ_CHECK(addr_form_sendmail(a, formed, &again) ==
		    STATUS_OK);
		FUZZ_CHECK(str_eq(formed, again));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct lines_rule rule;
	struct arena arena;
	struct str text;

	if (n < 1 + CUTS || n > 100000) {
		return (0);
	}
	rule = rules[data[0] % (sizeof(rules) / sizeof(rules[0]))];
	text = str_mem(data + 1 + CUTS, n - 1 - CUTS);
	arena_init(&arena, 8 * OUT_BYTES);
	check_body(rule, text, data + 1);
	if (str_find(text, '\0') == text.n) {
		check_field(&arena, rule, text);
	}
	arena_fini(&arena);
	return (0);
}
