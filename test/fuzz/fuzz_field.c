/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/field.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/canon_ref.h"

#define ARENA_BYTES	(8 * 1024 * 1024)
#define OUT_BYTES	(4 * 1024 * 1024)

static void
sink(void *ctx, const void *p, size_t n)
{
	FUZZ_CHECK(n > 0);
	buf_add(ctx, p, n);
}

/* Simple changes nothing; relaxed follows the steps of the RFC. */
static void
check_canon(struct str raw, bool crlf)
{
	struct buf out, want;

	buf_init(&out, OUT_BYTES);
	buf_init(&want, OUT_BYTES);
	canon_header(CANON_SIMPLE, raw, crlf, sink, &out);
	FUZZ_CHECK(str_eq(buf_str(&out),
	    crlf ? raw : str_first(raw, raw.n - 2)));
	buf_reset(&out);
	canon_header(CANON_RELAXED, raw, crlf, sink, &out);
	canon_ref_relaxed_header(raw, crlf, &want);
	FUZZ_CHECK(str_eq(buf_str(&out), buf_str(&want)));
	buf_fini(&out);
	buf_fini(&want);
}

static void
check_field(const struct field_list *l)
{
	const struct field *f = &l->v[0];
	size_t at;

	FUZZ_CHECK(l->n == 1 && l->bytes == f->raw.n);
	FUZZ_CHECK(f->raw.n >= 4 && f->name.n > 0);
	FUZZ_CHECK(memcmp(f->raw.p + f->raw.n - 2, "\r\n", 2) == 0);
	FUZZ_CHECK(str_starts(f->raw, f->name));
	FUZZ_CHECK(f->value.p[-1] == ':');
	FUZZ_CHECK(f->value.p + f->value.n + 2 == f->raw.p + f->raw.n);
	FUZZ_CHECK(field_list_last(l, f->name, l->n, &at) == f && at == 0);
	FUZZ_CHECK(field_list_count(l, f->name) == 1);
	check_canon(f->raw, true);
	check_canon(f->raw, false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n), name;
	struct field_list added, raw;
	enum status status;
	struct arena a;

	arena_init(&a, ARENA_BYTES);
	field_list_init(&added);
	field_list_init(&raw);
	name = str_first(input, str_find(input, ':'));
	status = field_list_add(&a, &added, name,
	    str_from_offset(input, name.n + 1));
	if (status == STATUS_OK) {
		check_field(&added);
		/* An accepted field is accepted unchanged when read again. */
		status = field_list_add_raw(&a, &raw, added.v[0].raw);
		FUZZ_CHECK(status == STATUS_OK);
		FUZZ_CHECK(str_eq(raw.v[0].raw, added.v[0].raw));
	}
	field_list_init(&raw);
	status = field_list_add_raw(&a, &raw, input);
	if (status == STATUS_OK) {
		check_field(&raw);
	}
	arena_fini(&a);
	return (0);
}
