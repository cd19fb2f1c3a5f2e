/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of a message as others may see it: lib/report/redact.h. */
#include "config.h"

#include "report/redact.h"
#include "tap.h"

#define OUT_BYTES	((size_t)128 * 1024)

static struct redact redact, other;

/* In what is wanted, "{x}" stands for the token of x. */
static const struct row {
	const char	*text;
	const char	*want;
} rows[] = {
	{ "", "" },
	{ "nothing to hide", "nothing to hide" },
	{ "alice@d.example", "{alice}@d.example" },
	{ "a <alice@d.example>, b <bob@d.example>",
	    "a <{alice}@d.example>, b <{bob}@d.example>" },
	{ "mailto:alice@d.example", "mailto:{alice}@d.example" },
	{ "bounce+alice=d.example@l.example",
	    "{bounce+alice=d.example}@l.example" },
	{ "\"alice smith\"@d.example", "{\"alice smith\"}@d.example" },
	{ "x \"al\\\"ice s\"@d.example", "x {\"al\\\"ice s\"}@d.example" },
	{ "alice s\"@d.example", "{alice s\"}@d.example" },
	{ "\"a@b c\"@d.example", "\"{a}@{b c\"}@d.example" },
	{ "alice @ d.example", "{alice }@ d.example" },
	{ "alice(x)@d.example", "{alice(x)}@d.example" },
	{ "alice (x) @d.example", "{alice (x) }@d.example" },
	{ "alice\r\n @d.example", "{alice }@d.example" },
	/* obsolete local parts, RFC 5322 4.4 */
	{ "to alice . smith@d.example", "to {alice . smith}@d.example" },
	{ "to alice. smith@d.example", "to {alice. smith}@d.example" },
	{ "to alice .smith @d.example", "to {alice .smith }@d.example" },
	{ "to alice.\"b c\"@d.example", "to {alice.\"b c\"}@d.example" },
	{ "to \"alice b\".smith@d.example",
	    "to {\"alice b\".smith}@d.example" },
	{ "to alice.(x (y)) smith@d.example",
	    "to {alice.(x (y)) smith}@d.example" },
	{ "to alice(x) (y) .smith@d.example",
	    "to {alice(x) (y) .smith}@d.example" },
	{ "to (x) alice@d.example", "to (x) {alice}@d.example" },
	{ "to x)) alice@d.example", "to x)) {alice}@d.example" },
	{ ".. .@d.example", "{.. .}@d.example" },
	{ "a@b@d.example", "{a}@{b}@d.example" },
	{ "@d.example", "@d.example" },
	{ "https://w.example/?u=alice%40d.example",
	    "hxxps:{//w.example/?u=alice}@d.example" },
	{ "HTTP://w.example/ and http://w.example/",
	    "HxxP://w.example/ and hxxp://w.example/" },
	{ "=?utf-8?q?alice=40d.example?=", "{=?utf-8?q?alice=40d.example?=}" },
	{ "Re: =?utf-8?q?a?= x =?utf-8?q?b?= end",
	    "Re: {=?utf-8?q?a?= x =?utf-8?q?b?=} end" },
	{ "Re: =?utf-8?q?alice s", "Re: {=?utf-8?q?alice s}" },
	{ "a\tb\r\n\tc   d ", "a b c d" },
	{ "a\x01\x1b[31m\x7f\xc3\xa4\xe2\x80\xae", "a??[31m??????" },
	{ "\xc3\xa4lice@d.example", "{??lice}@d.example" },
	{ "a\nBcc: x\r\n\r\n--report", "a Bcc: x --report" },
};

static void
expand(const char *want, struct buf *out)
{
	const char *end;

	for (; *want != '\0'; want++) {
		end = strchr(want, '}');
		if (*want != '{' || end == NULL) {
			buf_add_char(out, *want);
			continue;
		}
		if (redact_token(&redact, out, str_mem(want + 1,
		    (size_t)(end - want - 1))) != STATUS_OK) {
			tap_ok(false, "a token");
		}
		want = end;
	}
}

static void
check_row(const struct row *row)
{
	struct buf got, want;

	buf_init(&got, OUT_BYTES);
	buf_init(&want, OUT_BYTES);
	expand(row->want, &want);
	if (redact_text(&redact, &got, str_from(row->text)) != STATUS_OK) {
		tap_ok(false, "no memory");
	}
	tap_str(buf_str(&got), buf_str(&want), row->want);
	buf_fini(&got);
	buf_fini(&want);
}

static void
test_tokens(void)
{
	struct buf a, b;

	buf_init(&a, OUT_BYTES);
	buf_init(&b, OUT_BYTES);
	tap_ok(redact_address(&redact, &a, STR("alice"), STR("d.example")) ==
	    STATUS_OK && redact_address(&other, &b, STR("alice"),
	    STR("d.example")) == STATUS_OK, "two keys");
	tap_num((long long)str_find(buf_str(&a), '@'), REDACT_TOKEN_CHARS,
	    "the length of a token");
	tap_ok(!str_eq(buf_str(&a), buf_str(&b)),
	    "another key, another token");
	buf_reset(&b);
	tap_ok(redact_address(&redact, &b, STR("alice"), STR("d.example")) ==
	    STATUS_OK && str_eq(buf_str(&a), buf_str(&b)),
	    "the same key, the same token");
	buf_fini(&a);
	buf_fini(&b);
}

/* A local part whose "@" is behind the cut, at each octet of it. */
static void
test_cut(void)
{
	static const char local[] = "\"alice b\"";
	struct buf text, out;
	bool right = true;
	size_t i, n;

	buf_init(&text, OUT_BYTES);
	buf_init(&out, OUT_BYTES);
	for (n = 0; n < sizeof(local); n++) {
		buf_reset(&text);
		buf_reset(&out);
		buf_add_cstr(&text, "x@d.example ");
		for (i = text.n + n; i < REDACT_TEXT_MAX_BYTES; i++) {
			buf_add_char(&text, i % 50 == 0 ? ' ' : 'z');
		}
		buf_add_cstr(&text, local);
		buf_add_cstr(&text, "@d.example");
		right = right && redact_text(&redact, &out, buf_str(&text)) ==
		    STATUS_OK && str_find(buf_str(&out), '"') == out.n &&
		    out.n == 2 * REDACT_TOKEN_CHARS + 1;
	}
	tap_ok(right, "no part of a local part is left at the cut");
	buf_reset(&text);
	buf_reset(&out);
	for (i = 0; i < REDACT_TEXT_MAX_BYTES; i++) {
		buf_add_char(&text, 'z');
	}
	tap_ok(redact_text(&redact, &out, buf_str(&text)) == STATUS_OK &&
	    out.n == REDACT_TEXT_MAX_BYTES, "a text of that length stays");
	buf_fini(&text);
	buf_fini(&out);
}

static void
test_limits(void)
{
	struct buf text, out;
	size_t i;

	buf_init(&text, OUT_BYTES);
	buf_init(&out, OUT_BYTES);
	for (i = 0; i < REDACT_TEXT_MAX_BYTES; i++) {
		buf_add_cstr(&text, "a@");
	}
	tap_ok(redact_text(&redact, &out, buf_str(&text)) == STATUS_OK &&
	    out.n < (REDACT_TOKEN_CHARS + 1) * (size_t)REDACT_TEXT_MAX_BYTES,
	    "and so is what grows");
	buf_fini(&out);
	buf_init(&out, 100);
	tap_num(redact_text(&redact, &out, buf_str(&text)), STATUS_LIMIT,
	    "the ceiling of the buffer");
	buf_fini(&text);
	buf_fini(&out);
}

int
main(void)
{
	struct crypto *crypto = crypto_new();
	size_t i;

	redact.crypto = other.crypto = crypto;
	other.key[0] = 1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	test_tokens();
	test_cut();
	test_limits();
	crypto_free(crypto);
	return (tap_done());
}
