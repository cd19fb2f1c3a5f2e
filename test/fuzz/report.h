/* SPDX-License-Identifier: BSD-2-Clause */
/* report: what the targets of the report reader share. */
#ifndef TEST_FUZZ_REPORT_H
#define TEST_FUZZ_REPORT_H

#include "report/read_private.h"
#include "report/read_sources.h"
#include "test/fuzz/fuzz.h"

static void
fuzz_aggregate(const struct report_aggregate *a)
{
	int64_t sum = 0;
	size_t i;

	FUZZ_CHECK(a->rows_n <= a->records);
	FUZZ_CHECK(a->dmarc_pass <= a->messages);
	FUZZ_CHECK(a->dkim_aligned <= a->dmarc_pass);
	FUZZ_CHECK(a->spf_aligned <= a->dmarc_pass);
	FUZZ_CHECK(a->overrides <= a->messages);
	FUZZ_CHECK(a->org != NULL && a->email != NULL && a->id != NULL);
	FUZZ_CHECK(a->domain != NULL && a->p != NULL);
	FUZZ_CHECK(strlen(a->org) <= READ_TEXT_MAX_BYTES);
	for (i = 0; i < a->rows_n; i++) {
		FUZZ_CHECK(a->rows[i].count >= 0);
		FUZZ_CHECK(a->rows[i].header_from != NULL);
	}
	for (i = 0; i < REPORT_DISPOSITIONS; i++) {
		sum = report_sum(sum, a->disposition[i]);
	}
	FUZZ_CHECK(sum == a->messages);
}

/* Sources add up to what their reports have. */
static void
fuzz_sources(const struct read_unit *u)
{
	struct sources *s = sources_new();
	int64_t messages = 0, sum = 0;
	const struct report *r;
	enum status status = STATUS_OK;
	size_t i;

	FUZZ_CHECK(s != NULL);
	for (r = u->first; r != NULL && status == STATUS_OK; r = r->next) {
		if (r->kind != REPORT_AGGREGATE || sources_seen(s, r)) {
			continue;
		}
		FUZZ_CHECK(sources_seen(s, r));
		status = sources_add(s, &r->aggregate);
		messages = report_sum(messages, r->aggregate.messages);
	}
	FUZZ_CHECK(status == STATUS_OK);
	FUZZ_CHECK(sources_judge(s, NULL) == STATUS_OK);
	for (i = 0; i < sources_count(s); i++) {
		sum = report_sum(sum, sources_get(s, i)->messages);
	}
	FUZZ_CHECK(sum == messages);
	sources_free(s);
}

/* The kind reads the bytes, in two parts; NULL: the one that the bytes
   show. */
static void
fuzz_kind(const struct read_kind *kind, const uint8_t *data, size_t n)
{
	enum read_result result;
	struct read_unit u;
	const struct report *r;
	size_t half = n / 2;

	read_mail_init();
	read_unit_init(&u, NULL);
	u.packed_bytes = n;
	if (kind != NULL) {
		void *state = kind->open(&u, READ_INPUT, NULL);

		FUZZ_CHECK(state != NULL);
		(void)(kind->bytes(state, data, half) &&
		    kind->bytes(state, data + half, n - half));
		result = kind->end(state, true);
	} else {
		struct read_feed *feed = read_feed_new(&u, READ_INPUT, NULL);

		FUZZ_CHECK(feed != NULL);
		(void)(read_feed_bytes(feed, data, half) &&
		    read_feed_bytes(feed, data + half, n - half));
		result = read_feed_end(feed, true);
	}
	FUZZ_CHECK(u.depth == 0 && u.mail_depth == 0);
	FUZZ_CHECK(result != READ_OK || u.reports_n > 0 ||
	    u.worst == READ_OK);
	for (r = u.first; r != NULL; r = r->next) {
		if (r->kind == REPORT_AGGREGATE) {
			fuzz_aggregate(&r->aggregate);
		}
	}
	fuzz_sources(&u);
	read_unit_fini(&u);
}

#endif
