/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"
#include "mail/addr_read.h"
#include "mail/addr_shown.h"
#include "mail/domain.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(8 * 1024 * 1024)

static void
check_mailbox(struct arena *a, const struct addr_mailbox *mailbox)
{
	enum status status;
	struct str again;

	FUZZ_CHECK(mailbox->local.p != NULL);
	FUZZ_CHECK(utf8_valid(mailbox->local));
	FUZZ_CHECK(str_find(mailbox->local, '\0') == mailbox->local.n);
	FUZZ_CHECK(str_find(mailbox->local, '\n') == mailbox->local.n);
	status = domain_normalize(a, mailbox->domain, &again);
	FUZZ_CHECK(status == STATUS_OK);
	FUZZ_CHECK(str_eq(again, mailbox->domain));
}

static bool
is_among(const struct addr_from *from, struct str domain)
{
	size_t i;

	for (i = 0; i < from->n && !str_eq(from->v[i].domain, domain); i++) {
	}
	return (i < from->n);
}

/* What the strict reading finds the tolerant one finds, too. */
static void
check_read(struct arena *a, struct str input, const struct addr_from *strict)
{
	struct addr_from from;
	enum status status;
	size_t i;

	status = addr_read(a, input, &from);
	if (status != STATUS_OK) {
		return;
	}
	FUZZ_CHECK((from.result == ADDR_FROM_OK) == (from.n > 0));
	FUZZ_CHECK(from.result != ADDR_FROM_NONE || strict->n == 0);
	for (i = 0; i < from.n; i++) {
		check_mailbox(a, &from.v[i]);
	}
	if (from.result != ADDR_FROM_OK) {
		return;
	}
	for (i = 0; i < strict->n; i++) {
		FUZZ_CHECK(is_among(&from, strict->v[i].domain));
	}
}

/* A valid field with odd syntax keeps its mailboxes, and is one reading of
   several if there are more. */
static void
check_odd(struct arena *a, struct str input, struct addr_from from)
{
	const struct addr_from before = from;
	enum status status = addr_shown_in_odd_syntax(a, input, &from);
	size_t i;

	if (status != STATUS_OK || from.result != ADDR_FROM_OK) {
		FUZZ_CHECK(status != STATUS_OK || from.n == 0);
		return;
	}
	FUZZ_CHECK(from.n >= before.n);
	FUZZ_CHECK(from.strict == (from.n == before.n));
	for (i = 0; i < from.n; i++) {
		check_mailbox(a, &from.v[i]);
		FUZZ_CHECK(i >= before.n || str_eq(from.v[i].domain,
		    before.v[i].domain));
	}
}

/* The mailboxes of the field stay the first. */
static void
check_shown(struct arena *a, struct addr_from from)
{
	const struct addr_from before = from;
	enum status status = addr_shown_in_local_parts(a, &from);
	size_t i;

	if (status != STATUS_OK || from.result == ADDR_FROM_LIMIT) {
		FUZZ_CHECK(status != STATUS_OK || from.n == 0);
		return;
	}
	FUZZ_CHECK(from.result == before.result && from.n >= before.n);
	for (i = 0; i < from.n; i++) {
		check_mailbox(a, &from.v[i]);
		FUZZ_CHECK(i >= before.n || str_eq(from.v[i].domain,
		    before.v[i].domain));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct addr_from from;
	enum status status;
	struct arena a;
	size_t i;

	arena_init(&a, ARENA_BYTES);
	status = addr_list_parse(&a, input, &from);
	FUZZ_CHECK(status == STATUS_OK || n > 1024 * 1024);
	if (status == STATUS_OK && from.result == ADDR_FROM_OK) {
		FUZZ_CHECK(from.n > 0 && from.n <= ADDR_MAX_MAILBOXES);
		for (i = 0; i < from.n; i++) {
			check_mailbox(&a, &from.v[i]);
		}
	} else {
		FUZZ_CHECK(from.n == 0);
	}
	if (status == STATUS_OK) {
		check_read(&a, input, &from);
		check_shown(&a, from);
		if (from.result == ADDR_FROM_OK) {
			check_odd(&a, input, from);
		}
	}
	arena_fini(&a);
	return (0);
}
