/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "mail/message.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(16 * 1024 * 1024)

/* The message in its outgoing form. */
static void
write_message(const struct message *m, struct buf *out)
{
	size_t i;

	for (i = 0; i < m->fields.n; i++) {
		buf_add_str(out, m->fields.v[i].raw);
	}
	buf_add_cstr(out, "\r\n");
	buf_add_str(out, m->body);
}

static void
check_same(const struct message *a, const struct message *b)
{
	size_t i;

	FUZZ_CHECK(a->fields.n == b->fields.n);
	FUZZ_CHECK(str_eq(a->body, b->body));
	for (i = 0; i < a->fields.n; i++) {
		FUZZ_CHECK(str_eq(a->fields.v[i].raw, b->fields.v[i].raw));
	}
}

static void
check_crlf(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		FUZZ_CHECK(s.p[i] != '\n' || (i > 0 && s.p[i - 1] == '\r'));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct message m, again;
	enum status status;
	struct arena a;
	struct buf out;

	arena_init(&a, ARENA_BYTES);
	buf_init(&out, ARENA_BYTES);
	status = message_parse(&a, str_mem(data, n), &m);
	FUZZ_CHECK((status == STATUS_SYNTAX) == (n == 0));
	if (status == STATUS_OK) {
		write_message(&m, &out);
		check_crlf(buf_str(&out));
		status = message_parse(&a, buf_str(&out), &again);
		FUZZ_CHECK(status == STATUS_OK);
		check_same(&m, &again);
	}
	buf_fini(&out);
	arena_fini(&a);
	return (0);
}
