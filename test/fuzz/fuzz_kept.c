/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of a message for reports. Input: the values, separated by "|".
 * Whatever they are, their text has all columns and no other, is printable
 * ASCII, and is the same when it is read and written again.
 */
#include "report/kept.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	((size_t)1024 * 1024)

static struct str
next_value(struct str *rest)
{
	struct str value;

	return (str_next(rest, '|', &value) ? value : STR_NONE);
}

static void
check_text(const struct buf *text)
{
	size_t i;

	FUZZ_CHECK(text->status == STATUS_OK);
	for (i = 0; i < text->n; i++) {
		FUZZ_CHECK((text->p[i] >= ' ' && text->p[i] <= '~') ||
		    text->p[i] == '\n' || text->p[i] == '\t');
	}
}

static void
check_fact(struct arena *arena, const struct kept_fact *fact)
{
	struct str v[KEPT_FACT_COLUMNS];
	struct kept_fact again;
	struct buf one, two;

	buf_init(&one, KEPT_TEXT_MAX_BYTES);
	buf_init(&two, KEPT_TEXT_MAX_BYTES);
	kept_fact_write(&one, fact);
	check_text(&one);
	FUZZ_CHECK(kept_split(buf_str(&one), v, KEPT_FACT_COLUMNS));
	FUZZ_CHECK(kept_fact_read(arena, v, &again) == STATUS_OK);
	FUZZ_CHECK(again.signatures_n <= fact->signatures_n);
	kept_fact_write(&two, &again);
	FUZZ_CHECK(str_eq(buf_str(&one), buf_str(&two)));
	buf_fini(&one);
	buf_fini(&two);
}

static void
check_policy(const struct kept_policy *policy)
{
	struct str v[KEPT_POLICY_COLUMNS];
	struct kept_policy again;
	struct buf one, two;

	buf_init(&one, KEPT_TEXT_MAX_BYTES);
	buf_init(&two, KEPT_TEXT_MAX_BYTES);
	kept_policy_write(&one, policy);
	check_text(&one);
	FUZZ_CHECK(kept_split(buf_str(&one), v, KEPT_POLICY_COLUMNS));
	kept_policy_read(v, &again);
	kept_policy_write(&two, &again);
	FUZZ_CHECK(str_eq(buf_str(&one), buf_str(&two)));
	buf_fini(&one);
	buf_fini(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct kept_signature signatures[KEPT_MAX_SIGNATURES + 1];
	struct str rest = str_mem(data, n);
	struct kept_policy policy = { .domain = next_value(&rest),
		.rua = next_value(&rest), .error = next_value(&rest) };
	struct kept_fact fact = { .ip = next_value(&rest),
		.reasons = { { STR("other"), next_value(&rest) },
		{ STR("local_policy"), STR("") } }, .reasons_n = 2,
		.signatures = signatures };
	struct arena arena;

	fact.header_from = next_value(&rest);
	fact.envelope_from = next_value(&rest);
	fact.spf_domain = next_value(&rest);
	while (rest.p != NULL && fact.signatures_n < KEPT_MAX_SIGNATURES) {
		signatures[fact.signatures_n].domain = next_value(&rest);
		signatures[fact.signatures_n].selector = next_value(&rest);
		signatures[fact.signatures_n++].result = STR("pass");
	}
	arena_init(&arena, ARENA_BYTES);
	check_policy(&policy);
	check_fact(&arena, &fact);
	arena_fini(&arena);
	return (0);
}
