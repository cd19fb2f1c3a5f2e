/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses the input as the value of a field. Also writes a field with the lines
 * of the input as its texts, which must parse back to the same texts.
 */
#include "authres/authres.h"
#include "base/utf8.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(16 * 1024 * 1024)
#define OUT_BYTES	(4 * 1024 * 1024)
#define TEXTS		8

static bool
same(struct str a, struct str b)
{
	return ((a.p == NULL) == (b.p == NULL) && str_eq(a, b));
}

static void
check_same(const struct authres *a, const struct authres *b)
{
	size_t i, j;

	FUZZ_CHECK(same(a->authserv_id, b->authserv_id));
	FUZZ_CHECK(a->version == b->version && a->n == b->n);
	for (i = 0; i < a->n; i++) {
		const struct authres_result *r = &a->v[i], *s = &b->v[i];

		FUZZ_CHECK(same(r->method, s->method));
		FUZZ_CHECK(r->version == s->version);
		FUZZ_CHECK(same(r->result, s->result));
		FUZZ_CHECK(same(r->comment, s->comment));
		FUZZ_CHECK(same(r->reason, s->reason));
		FUZZ_CHECK(r->n == s->n);
		for (j = 0; j < r->n; j++) {
			FUZZ_CHECK(same(r->v[j].ptype, s->v[j].ptype));
			FUZZ_CHECK(same(r->v[j].property, s->v[j].property));
			FUZZ_CHECK(same(r->v[j].value, s->v[j].value));
		}
	}
}

/* The texts cannot end the field: every line is folded. */
static void
check_lines(struct str s, bool fold, bool utf8)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		FUZZ_CHECK(utf8 || c < 0x80);
		if (c == '\r') {
			FUZZ_CHECK(fold && i + 3 < s.n &&
			    s.p[i + 1] == '\n' && s.p[i + 2] == '\t');
			i += 2;
		} else {
			FUZZ_CHECK(c >= ' ' && c != 0x7f);
		}
	}
	FUZZ_CHECK(utf8_valid(s));
}

static void
check_round(struct arena *arena, struct buf *out, const struct authres *a,
    const struct authres *meant, bool fold, bool utf8)
{
	struct authres back;
	const char *reason;
	enum status status;

	buf_reset(out);
	status = authres_write(out, a, fold, utf8);
	if (status != STATUS_OK) {
		/* A method with a dot is accepted, but not written. */
		FUZZ_CHECK(status == STATUS_SYNTAX);
		return;
	}
	check_lines(buf_str(out), fold, utf8);
	if (out->n > AUTHRES_MAX_BYTES) {
		return;
	}
	status = authres_parse(arena, buf_str(out), &back, &reason);
	FUZZ_CHECK(status == STATUS_OK);
	check_same(meant, &back);
	FUZZ_CHECK(authres_is_forged(buf_str(out), meant->authserv_id));
}

/* The expected text: without controls and forbidden octets. */
static struct str
cleaned(struct arena *arena, struct str s, bool utf8)
{
	char *p = arena_alloc(arena, s.n + 1);
	size_t i = 0, n = 0, length;
	uint32_t code;

	FUZZ_CHECK(p != NULL);
	while (i < s.n) {
		length = utf8_decode(str_from_offset(s, i), &code);
		if (length == 0 || (length > 1 && !utf8)) {
			p[n++] = '?';
			i++;
			continue;
		}
		if (code >= 0xa0 || (code >= 0x20 && code < 0x7f)) {
			memcpy(p + n, s.p + i, length);
			n += length;
		}
		i += length;
	}
	return (str_mem(p, n));
}

/* Version 0 is accepted, and written as an absent version. */
static bool
has_version_0(const struct authres *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (a->v[i].version == 0) {
			return (true);
		}
	}
	return (false);
}

/* Tabs and C1 controls are accepted, but not written. */
static bool
has_controls(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\t' || (s.p[i] == '\xc2' && i + 1 < s.n &&
		    (unsigned char)s.p[i + 1] < 0xa0)) {
			return (true);
		}
	}
	return (false);
}

static void
build(struct authres *a, struct authres_result *r,
    struct authres_property *properties, const struct str *texts)
{
	size_t i;

	properties[0].ptype = properties[1].ptype = STR("header");
	properties[0].property = STR("i");
	properties[1].property = STR("b");
	properties[0].value = texts[3];
	properties[1].value = texts[4];
	for (i = 0; i < 2; i++) {
		r[i] = (struct authres_result){ .method = STR("dkim"),
			.version = 1 + (unsigned)i, .result = STR("pass"),
			.comment = texts[1 + 4 * i], .reason = texts[2 + 4 * i],
			.v = properties, .n = 2 - 2 * i };
	}
	*a = (struct authres){ .authserv_id = texts[0], .version = 1,
		.v = r, .n = 2 };
}

static void
try_texts(struct arena *arena, struct buf *out, struct str input, bool fold,
    bool utf8)
{
	struct str texts[TEXTS] = { STR("") }, meant[TEXTS] = { STR("") };
	struct str rest = input;
	struct authres_property properties[2][2];
	struct authres_result results[2][2];
	struct authres a, b;
	size_t i;

	texts[3] = texts[4] = meant[3] = meant[4] = STR("");
	for (i = 0; i < TEXTS && str_next(&rest, '\n', &texts[i]); i++) {
		meant[i] = cleaned(arena, texts[i], utf8);
	}
	build(&a, results[0], properties[0], texts);
	build(&b, results[1], properties[1], meant);
	check_round(arena, out, &a, &b, fold, utf8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct arena arena;
	struct authres a;
	struct buf out;
	const char *reason;
	enum status status;

	arena_init(&arena, ARENA_BYTES);
	buf_init(&out, OUT_BYTES);
	status = authres_parse(&arena, input, &a, &reason);
	FUZZ_CHECK((status == STATUS_OK) == (reason == NULL));
	if (status == STATUS_OK && a.version == 1) {
		FUZZ_CHECK(authres_is_forged(input, a.authserv_id));
	}
	if (status == STATUS_OK && a.version == 1 &&
	    !has_controls(input) && !has_version_0(&a)) {
		check_round(&arena, &out, &a, &a, true, true);
	}
	(void)authres_is_forged(input, STR("mx.example.com"));
	(void)authres_is_hidden(input);
	try_texts(&arena, &out, input, n % 2 == 0, n % 3 == 0);
	buf_fini(&out);
	arena_fini(&arena);
	return (0);
}
