/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_build: the rows of a period as a compressed report. */
#include "config.h"

#include <inttypes.h>

#include "report/write.h"
#include "tools/report_send.h"

struct gather {
	struct arena	*arena;
	struct write_row *rows;
	size_t		 n;
	size_t		 cap;
	size_t		 max;
	int64_t		 messages;
};

static struct str
copy_text(struct gather *g, struct str text, enum status *status)
{
	struct str copy = arena_dup(g->arena, text);

	if (copy.p == NULL) {
		*status = STATUS_NOMEM;
	}
	return (copy);
}

static void
copy_reasons(struct gather *g, struct kept_fact *fact, enum status *status)
{
	size_t i;

	for (i = 0; i < fact->reasons_n; i++) {
		fact->reasons[i].type = copy_text(g, fact->reasons[i].type,
		    status);
		fact->reasons[i].comment = copy_text(g,
		    fact->reasons[i].comment, status);
	}
}

static void
copy_signatures(struct gather *g, struct kept_fact *fact, enum status *status)
{
	const struct kept_signature *from = fact->signatures;
	struct kept_signature *v;
	size_t i;

	v = arena_calloc(g->arena, fact->signatures_n, sizeof(*v));
	if (v == NULL) {
		*status = STATUS_NOMEM;
		return;
	}
	for (i = 0; i < fact->signatures_n; i++) {
		v[i].domain = copy_text(g, from[i].domain, status);
		v[i].selector = copy_text(g, from[i].selector, status);
		v[i].result = copy_text(g, from[i].result, status);
	}
	fact->signatures = v;
}

static enum status
take_row(void *ctx, const struct kept_fact *fact, int64_t count)
{
	struct gather *g = ctx;
	enum status status = STATUS_OK;
	struct write_row *row;
	struct str *texts[] = { NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL };
	size_t i;

	if (g->n == g->max) {
		return (STATUS_LIMIT);
	}
	if (g->n == g->cap) {
		row = arena_grow(g->arena, g->rows, g->n, &g->cap,
		    sizeof(*row));
		if (row == NULL) {
			return (STATUS_NOMEM);
		}
		g->rows = row;
	}
	g->messages += count;
	row = &g->rows[g->n++];
	*row = (struct write_row){ *fact, count };
	texts[0] = &row->fact.ip;
	texts[1] = &row->fact.disposition;
	texts[2] = &row->fact.dkim;
	texts[3] = &row->fact.spf;
	texts[4] = &row->fact.header_from;
	texts[5] = &row->fact.envelope_from;
	texts[6] = &row->fact.spf_domain;
	texts[7] = &row->fact.spf_result;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = copy_text(g, *texts[i], &status);
	}
	copy_reasons(g, &row->fact, &status);
	copy_signatures(g, &row->fact, &status);
	return (status);
}

/* Says what found no row, REPORT_DAY_ROWS_MAX. */
static enum status
add_rest(struct arena *arena, const struct report_period *period,
    int64_t messages, struct kept_policy *policy)
{
	int64_t rest = period->weight.messages - messages;

	if (rest <= 0) {
		return (STATUS_OK);
	}
	policy->error = arena_printf(arena, "%.*s%s%" PRId64 " messages with "
	    "other values are not in the records, which were too many",
	    STR_FMT(policy->error), policy->error.n > 0 ? "; " : "", rest);
	return (policy->error.p != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
report_send_build(struct report_send *s, struct arena *arena,
    const struct report_period *period, struct buf *gzip,
    struct write_counts *r, struct diag *diag)
{
	struct gather g = { .arena = arena, .max = REPORT_SEND_ROWS_MAX };
	const struct conf *conf = s->conf;
	struct write_head head = {
		.org = conf->report_org != NULL ? str_from(conf->report_org) :
		    s->receiver,
		.email = conf->report_from.text,
		.contact = str_from(conf->report_contact),
		.id = period->report_id,
		.generator = STR(PACKAGE_NAME " " PACKAGE_VERSION),
		.begin_s = period->begin_s,
		.end_s = period->begin_s + REPORT_DAY_S - 1,
		.policy = period->policy };
	enum status status;

	status = report_store_rows(s->store, period, take_row, &g, diag);
	if (status == STATUS_OK) {
		status = add_rest(arena, period, g.messages, &head.policy);
	}
	if (status == STATUS_OK) {
		status = report_write(arena, &head, g.rows, g.n, s->legacy,
		    gzip, r);
	}
	if (status == STATUS_NOMEM && arena->full) {
		status = STATUS_LIMIT;
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
	}
	return (status);
}
