/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/report.h"

#define WARNING_MAX_BYTES	512
#define ROWS_FIRST		16

struct report *
report_new(enum report_kind kind, size_t max_bytes)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->kind = kind;
		arena_init(&r->arena, max_bytes);
	}
	return (r);
}

void
report_free(struct report *r)
{
	if (r == NULL) {
		return;
	}
	arena_fini(&r->arena);
	if (r->kind == REPORT_AGGREGATE) {
		free(r->aggregate.rows);
	}
	free(r);
}

static bool
has_warning(const struct report *r, const char *text)
{
	size_t i;

	for (i = 0; i < r->warnings_n; i++) {
		if (strcmp(r->warnings[i], text) == 0) {
			return (true);
		}
	}
	return (false);
}

void
report_warn(struct report *r, const char *fmt, ...)
{
	char text[WARNING_MAX_BYTES];
	const char *copy = NULL;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (has_warning(r, text)) {
		return;
	}
	if (r->warnings_n < REPORT_WARNINGS_MAX) {
		copy = arena_cstr(&r->arena, str_from(text));
	}
	if (copy != NULL) {
		r->warnings[r->warnings_n++] = copy;
	} else {
		r->warnings_more++;
	}
}

static const char *const dispositions[] = { "none", "pass", "quarantine",
	"reject", "other" };

const char *
report_disposition_name(enum report_disposition disposition)
{
	return (dispositions[disposition]);
}

enum report_disposition
report_disposition_parse(struct str word)
{
	int i;

	for (i = 0; i < REPORT_OTHER; i++) {
		if (str_eq_ci(word, str_from(dispositions[i]))) {
			return ((enum report_disposition)i);
		}
	}
	return (REPORT_OTHER);
}

enum report_auth
report_auth_parse(struct str word)
{
	static const struct str fails[] = { { "fail", 4 }, { "softfail", 8 },
		{ "hardfail", 8 }, { "policy", 6 }, { "neutral", 7 } };

	if (word.n == 0) {
		return (REPORT_AUTH_ABSENT);
	}
	if (str_eq_ci(word, STR("pass"))) {
		return (REPORT_AUTH_PASS);
	}
	if (str_eq_ci(word, STR("none"))) {
		return (REPORT_AUTH_NONE);
	}
	return (str_list_has_ci(fails, sizeof(fails) / sizeof(fails[0]),
	    word) ? REPORT_AUTH_FAIL : REPORT_AUTH_ERROR);
}

unsigned char
report_reason_parse(struct str word)
{
	static const struct {
		struct str	word;
		unsigned char	reason;
	} rows[] = {
		{ { "local_policy", 12 }, REPORT_REASON_LOCAL },
		{ { "mailing_list", 12 }, REPORT_REASON_LIST },
		{ { "trusted_forwarder", 17 }, REPORT_REASON_FORWARDER },
		{ { "forwarded", 9 }, REPORT_REASON_FORWARDER },
		{ { "policy_test_mode", 16 }, REPORT_REASON_TEST },
		{ { "sampled_out", 11 }, REPORT_REASON_TEST },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_eq_ci(word, rows[i].word)) {
			return (rows[i].reason);
		}
	}
	return (word.n > 0 ? REPORT_REASON_OTHER : 0);
}

int64_t
report_sum(int64_t a, int64_t b)
{
	return (a > INT64_MAX - b ? INT64_MAX : a + b);
}

enum status
report_aggregate_grow(struct report_aggregate *a)
{
	size_t cap = a->rows_cap > 0 ? a->rows_cap * 2 : ROWS_FIRST;
	struct report_row *rows;

	if (a->rows_n < a->rows_cap) {
		return (STATUS_OK);
	}
	rows = realloc(a->rows, cap * sizeof(*rows));
	if (rows == NULL) {
		return (STATUS_NOMEM);
	}
	a->rows = rows;
	a->rows_cap = cap;
	return (STATUS_OK);
}

void
report_aggregate_add(struct report_aggregate *a, const struct report_row *row)
{
	int64_t n = row->count;
	int64_t *disposition = &a->disposition[row->disposition];

	a->messages = report_sum(a->messages, n);
	*disposition = report_sum(*disposition, n);
	a->dkim_aligned = report_sum(a->dkim_aligned,
	    row->dkim_aligned ? n : 0);
	a->spf_aligned = report_sum(a->spf_aligned, row->spf_aligned ? n : 0);
	a->dmarc_pass = report_sum(a->dmarc_pass,
	    row->dkim_aligned || row->spf_aligned ? n : 0);
	a->overrides = report_sum(a->overrides, row->reasons != 0 ? n : 0);
}
