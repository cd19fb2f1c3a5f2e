/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "report/received.h"
#include "report/store_private.h"

#define LIST_BYTES	((size_t)512 * 1024 * 1024)
#define REPORT_BYTES	((size_t)512 * 1024 * 1024)

struct received {		/* a row of mailseal_report_received */
	struct str	 id;
	struct str	 org;
	struct str	 report_id;
	struct str	 domain;
	struct str	 p;
	int64_t		 begin_s;	/* -1: unknown */
	int64_t		 end_s;
};

struct received_list {
	struct arena	 arena;
	struct received	*v;
	size_t		 n, cap;
};

#define LIST_COLUMNS	7

static enum status
take_received(void *ctx, const struct str *columns)
{
	struct received_list *list = ctx;
	struct received *r;
	struct str *texts[5];
	enum status status;
	size_t i;

	r = arena_grow(&list->arena, list->v, list->n, &list->cap,
	    sizeof(*r));
	if (r == NULL) {
		return (STATUS_NOMEM);
	}
	list->v = r;
	r = &r[list->n];
	texts[0] = &r->id;
	texts[1] = &r->org;
	texts[2] = &r->report_id;
	texts[3] = &r->domain;
	texts[4] = &r->p;
	for (i = 0; i < 5; i++) {
		*texts[i] = arena_dup(&list->arena, columns[i]);
		if (texts[i]->p == NULL) {
			return (STATUS_NOMEM);
		}
	}
	status = report_store_take_number(&r->begin_s, &columns[5]);
	if (status == STATUS_OK) {
		status = report_store_take_number(&r->end_s, &columns[6]);
	}
	list->n += status == STATUS_OK;
	return (status);
}

static enum status
list_received(struct report_store *store, int64_t since_s,
    struct received_list *list, struct diag *diag)
{
	char number[SQL_NUMBER_BYTES];
	const struct str since = sql_number(number, since_s < 0 ? -1 :
	    since_s);
	const struct sql_statement statement = { "SELECT id, org, report_id, "
	    "domain, p, since, until FROM mailseal_report_received "
	    "WHERE (CAST($1 AS bigint) IS NULL OR until >= "
	    "CAST($1 AS bigint)) ORDER BY until, id", &since, 1, LIST_COLUMNS,
	    take_received, list };

	return (sql_run(store->db, &statement, NULL, diag));
}

#define ROW_COLUMNS	12

static enum status
read_row(struct report *r, const struct str *v, struct report_row *row)
{
	const struct str pass = STR("pass");
	int64_t n[4];
	size_t i;

	memset(row, 0, sizeof(*row));
	for (i = 0; i < 4; i++) {
		if (report_store_take_number(&n[i], &v[i]) != STATUS_OK ||
		    n[i] < 0) {
			return (STATUS_IO);
		}
	}
	row->count = n[0];
	row->dkim_result = (unsigned char)(n[1] & 7);
	row->spf_result = (unsigned char)(n[2] & 7);
	row->reasons = (unsigned char)(n[3] & 255);
	row->dkim_aligned = str_eq(v[4], pass);
	row->spf_aligned = str_eq(v[5], pass);
	row->disposition = (unsigned char)report_disposition_parse(v[6]);
	if (!ip_parse(v[7], &row->ip)) {
		row->ip_text = arena_cstr(&r->arena, v[7]);
	}
	row->header_from = arena_cstr(&r->arena, v[8]);
	row->dkim_domain = arena_cstr(&r->arena, v[9]);
	row->dkim_selector = arena_cstr(&r->arena, v[10]);
	row->spf_domain = arena_cstr(&r->arena, v[11]);
	return (row->header_from == NULL || row->dkim_domain == NULL ||
	    row->dkim_selector == NULL || row->spf_domain == NULL ?
	    STATUS_NOMEM : STATUS_OK);
}

static enum status
take_row(void *ctx, const struct str *columns)
{
	struct report *report = ctx;
	struct report_aggregate *a = &report->aggregate;
	enum status status = report_aggregate_grow(a);

	if (status == STATUS_OK) {
		status = read_row(report, columns, &a->rows[a->rows_n]);
	}
	if (status == STATUS_OK) {
		report_aggregate_add(a, &a->rows[a->rows_n++]);
	}
	return (status);
}

static enum status
read_rows(struct report_store *store, struct str id, struct report *r,
    struct diag *diag)
{
	const struct sql_statement statement = { "SELECT messages, "
	    "dkim_result, spf_result, reasons, dkim, spf, disposition, ip, "
	    "header_from, dkim_domain, dkim_selector, spf_domain "
	    "FROM mailseal_report_source WHERE report = $1 ORDER BY n", &id, 1,
	    ROW_COLUMNS, take_row, r };

	return (sql_run(store->db, &statement, NULL, diag));
}

static enum status
fill_report(struct report *r, const struct received *from)
{
	struct report_aggregate *a = &r->aggregate;

	a->org = arena_cstr(&r->arena, from->org);
	a->id = arena_cstr(&r->arena, from->report_id);
	a->domain = arena_cstr(&r->arena, from->domain);
	a->p = arena_cstr(&r->arena, from->p);
	a->email = "";
	a->xml_namespace = "";
	a->begin_s = from->begin_s < 0 ? REPORT_TIME_NONE : from->begin_s;
	a->end_s = from->end_s < 0 ? REPORT_TIME_NONE : from->end_s;
	return (a->org == NULL || a->id == NULL || a->domain == NULL ||
	    a->p == NULL ? STATUS_NOMEM : STATUS_OK);
}

static enum status
read_report(struct report_store *store, const struct received *from,
    struct report **r, struct diag *diag)
{
	enum status status;

	*r = report_new(REPORT_AGGREGATE, REPORT_BYTES);
	if (*r == NULL) {
		return (STATUS_NOMEM);
	}
	status = fill_report(*r, from);
	if (status == STATUS_OK) {
		status = read_rows(store, from->id, *r, diag);
	}
	(*r)->aggregate.records = (*r)->aggregate.rows_n;
	return (status);
}

enum status
report_store_received(struct report_store *store, int64_t since_s,
    report_take_received *take, void *ctx, struct diag *diag)
{
	struct received_list list = { .n = 0 };
	struct report *r = NULL;
	enum status status;
	size_t i;

	arena_init(&list.arena, LIST_BYTES);
	status = list_received(store, since_s, &list, diag);
	for (i = 0; status == STATUS_OK && i < list.n; i++) {
		status = read_report(store, &list.v[i], &r, diag);
		if (status == STATUS_OK) {
			status = take(ctx, r);
		} else {
			report_free(r);
		}
	}
	if (status == STATUS_NOMEM) {
		diag_set(diag, NULL, 0, "out of memory");
	}
	arena_fini(&list.arena);
	return (status);
}

enum status
report_store_reporters(struct report_store *store, struct str domain,
    struct str selector, int64_t since_s, int64_t *n_r, struct diag *diag)
{
	char number[SQL_NUMBER_BYTES];
	const struct str values[] = { domain, selector,
		sql_number(number, since_s < 0 ? 0 : since_s) };
	const struct sql_statement statement = { "SELECT "
	    "count(DISTINCT r.org) FROM mailseal_report_selector s "
	    "JOIN mailseal_report_received r ON r.id = s.report "
	    "WHERE s.domain = $1 AND s.selector = $2 AND s.passed > 0 "
	    "AND r.since >= $3", values, 3, 1, report_store_take_number, n_r };

	*n_r = 0;
	return (sql_run(store->db, &statement, NULL, diag));
}

static enum status
take_numbers(void *ctx, const struct str *columns)
{
	struct report_received_numbers *r = ctx;
	int64_t *const to[] = { &r->reports, &r->messages, &r->passed,
		&r->stored_s };
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < 4 && status == STATUS_OK; i++) {
		status = report_store_take_number(to[i], &columns[i]);
	}
	return (status);
}

enum status
report_store_received_numbers(struct report_store *store, int64_t since_s,
    struct report_received_numbers *r, struct diag *diag)
{
	char number[SQL_NUMBER_BYTES];
	const struct str since = sql_number(number, since_s < 0 ? 0 : since_s);
	const struct sql_statement statement = { "SELECT count(*), "
	    "CAST(COALESCE(sum(messages), 0) AS bigint), "
	    "CAST(COALESCE(sum(passed), 0) AS bigint), "
	    "(SELECT max(at) FROM mailseal_report_received) "
	    "FROM mailseal_report_received WHERE until >= $1", &since, 1, 4,
	    take_numbers, r };

	*r = (struct report_received_numbers){ .stored_s = -1 };
	return (sql_run(store->db, &statement, NULL, diag));
}
