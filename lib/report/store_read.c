/* SPDX-License-Identifier: BSD-2-Clause */
/* Periods and their rows, for `mailseal report`. */
#include "config.h"

#include "report/store_private.h"

#define ROW_MAX_BYTES	((size_t)64 * 1024)	/* one fact, read */
#define PERIOD_COLUMNS	24

const char *
report_store_shown(const char *where)
{
	return (str_starts(str_from(where), STR("postgres:")) ? "postgres" :
	    where);
}

static const char *const states[] = { "open", "claimed", "sent", "dropped" };

const char *
report_state_name(enum report_state state)
{
	return (states[state]);
}

enum report_state
report_store_state(struct str word)
{
	int i;

	for (i = REPORT_OPEN; i < REPORT_DROPPED; i++) {
		if (str_eq(word, str_from(states[i]))) {
			break;
		}
	}
	return ((enum report_state)i);
}

/* Copies; an absent one becomes empty. */
static enum status
copy_columns(struct arena *arena, const struct str *from, struct str *to,
    int n)
{
	int i;

	for (i = 0; i < n; i++) {
		to[i] = arena_dup(arena, from[i]);
		if (to[i].p == NULL) {
			return (STATUS_NOMEM);
		}
	}
	return (STATUS_OK);
}

/* An absent number is -1. */
static enum status
read_numbers(const struct str *columns, int64_t *const *to, int n)
{
	enum status status = STATUS_OK;
	int i;

	for (i = 0; i < n && status == STATUS_OK; i++) {
		status = report_store_take_number(to[i], &columns[i]);
	}
	return (status);
}

static enum status
read_period(struct arena *arena, const struct str *columns,
    struct report_period *r)
{
	int64_t *const counts[] = { &r->weight.messages, &r->weight.ordinary,
		&r->weight.accepted, &r->weight.passed, &r->rows };
	int64_t *const begin[] = { &r->begin_s };
	int64_t *const times[] = { &r->lease_s, &r->done_s };
	struct str v[PERIOD_COLUMNS];
	enum status status = copy_columns(arena, columns, v, PERIOD_COLUMNS);

	if (status != STATUS_OK) {
		return (status);
	}
	r->policy_id = v[0];
	kept_policy_read(v + 2, &r->policy);
	r->state = report_store_state(v[18]);
	r->report_id = v[19];
	r->holder = v[20];
	r->note = v[23];
	status = read_numbers(columns + 1, begin, 1);
	if (status == STATUS_OK) {
		status = read_numbers(columns + 13, counts, 5);
	}
	return (status != STATUS_OK ? status :
	    read_numbers(columns + 21, times, 2));
}

#define SELECT_PERIOD \
    "SELECT p.policy, p.day, c.domain, c.discovery, c.p, c.sp, c.np, " \
    "c.adkim, c.aspf, c.fo, c.testing, c.rua, c.error, p.messages, " \
    "p.ordinary, p.accepted, p.passed, (SELECT count(*) FROM " \
    "mailseal_report_row r WHERE r.policy = p.policy AND r.day = p.day), " \
    "p.state, p.report_id, p.holder, p.lease, p.done, p.note " \
    "FROM mailseal_report_period p JOIN mailseal_report_policy c " \
    "ON c.id = p.policy "

struct period_list {
	struct arena		*arena;
	struct report_period	*v;
	size_t			 n, cap;
};

static enum status
take_period(void *ctx, const struct str *columns)
{
	struct period_list *list = ctx;
	struct report_period *v = arena_grow(list->arena, list->v, list->n,
	    &list->cap, sizeof(*v));

	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	list->v = v;
	return (read_period(list->arena, columns, &v[list->n++]));
}

enum status
report_store_periods(struct report_store *store, struct arena *arena,
    const struct report_filter *filter, struct report_period **v_r,
    size_t *n_r, struct diag *diag)
{
	struct period_list list = { .arena = arena };
	char n[3][SQL_NUMBER_BYTES];
	size_t max = filter->max > 0 ? filter->max : REPORT_STORE_MAX_PERIODS;
	const struct str values[] = { filter->domain.n > 0 ? filter->domain :
		STR_NONE, sql_number(n[0], filter->begin_s),
		sql_number(n[1], filter->due_s < 0 ? -1 : filter->due_s -
		REPORT_DAY_S), sql_number(n[2], (int64_t)max) };
	const struct sql_statement statement = { SELECT_PERIOD
	    "WHERE (CAST($1 AS text) IS NULL OR c.domain = $1) "
	    "AND (CAST($2 AS bigint) IS NULL OR p.day = CAST($2 AS bigint)) "
	    "AND (CAST($3 AS bigint) IS NULL OR (p.day <= CAST($3 AS bigint) "
	    "AND p.state IN ('open', 'claimed'))) "
	    "ORDER BY p.day, c.domain, p.policy LIMIT CAST($4 AS bigint)",
	    values, 4, PERIOD_COLUMNS, take_period, &list };
	enum status status = sql_run(store->db, &statement, NULL, diag);

	*v_r = list.v;
	*n_r = list.n;
	return (status);
}

static enum status
read_again(struct report_store *store, struct arena *arena,
    struct report_period *period, struct diag *diag)
{
	struct period_list list = { .arena = arena };
	char day[SQL_NUMBER_BYTES];
	const struct str values[] = { period->policy_id,
		sql_number(day, period->begin_s) };
	const struct sql_statement statement = { SELECT_PERIOD
	    "WHERE p.policy = $1 AND p.day = $2", values, 2, PERIOD_COLUMNS,
	    take_period, &list };
	enum status status = sql_run(store->db, &statement, NULL, diag);

	if (status == STATUS_OK && list.n != 1) {
		diag_set(diag, NULL, 0, "a period is gone");
		status = STATUS_IO;
	}
	if (status == STATUS_OK) {
		*period = list.v[0];
	}
	return (status);
}

enum status
report_store_claim(struct report_store *store, struct arena *arena,
    const struct report_claim *claim, struct report_period *period,
    bool *ours_r, struct diag *diag)
{
	char n[4][SQL_NUMBER_BYTES];
	const struct str values[] = { claim->holder,
		sql_number(n[0], claim->now_s + claim->lease_s),
		claim->report_id, period->policy_id,
		sql_number(n[1], period->begin_s),
		sql_number(n[2], claim->now_s - REPORT_DAY_S),
		sql_number(n[3], claim->now_s) };
	enum status status;
	long changed = 0;

	*ours_r = false;
	status = report_store_run(store, "UPDATE mailseal_report_period "
	    "SET state = 'claimed', holder = $1, lease = $2, "
	    "report_id = COALESCE(report_id, $3) "
	    "WHERE policy = $4 AND day = $5 AND day <= $6 "
	    "AND state IN ('open', 'claimed') "
	    "AND (lease IS NULL OR lease <= $7 OR holder = $1)", values, 7,
	    &changed, diag);
	if (status != STATUS_OK || changed == 0) {
		return (status);
	}
	*ours_r = true;
	return (read_again(store, arena, period, diag));
}

enum status
report_store_release(struct report_store *store,
    const struct report_period *period, struct str holder, struct diag *diag)
{
	char day[SQL_NUMBER_BYTES];
	const struct str values[] = { period->policy_id,
		sql_number(day, period->begin_s), holder };

	return (report_store_run(store, "UPDATE mailseal_report_period "
	    "SET holder = NULL, lease = NULL "
	    "WHERE policy = $1 AND day = $2 AND holder = $3", values, 3, NULL,
	    diag));
}

static enum status
finish_period(struct report_store *store, const struct report_period *period,
    struct str holder, enum report_state state, struct str note,
    int64_t now_s, bool *ours_r, struct diag *diag)
{
	char n[2][SQL_NUMBER_BYTES];
	const struct str values[] = { str_from(report_state_name(state)),
		sql_number(n[0], now_s), note, period->policy_id,
		sql_number(n[1], period->begin_s), holder };
	enum status status;
	long changed = 0;

	status = report_store_run(store, "UPDATE mailseal_report_period "
	    "SET state = $1, done = $2, note = $3, holder = NULL, "
	    "lease = NULL WHERE policy = $4 AND day = $5 AND holder = $6 "
	    "AND state = 'claimed'", values, 6, &changed, diag);
	if (status != STATUS_OK || changed == 0) {
		return (status);
	}
	*ours_r = true;
	return (report_store_run(store, "DELETE FROM mailseal_report_row "
	    "WHERE policy = $1 AND day = $2", values + 3, 2, NULL, diag));
}

enum status
report_store_finish(struct report_store *store,
    const struct report_period *period, struct str holder,
    enum report_state state, struct str note, int64_t now_s, bool *ours_r,
    struct diag *diag)
{
	enum status status = sql_begin(store->db, diag);

	*ours_r = false;
	if (status != STATUS_OK) {
		return (status);
	}
	status = finish_period(store, period, holder, state, note, now_s,
	    ours_r, diag);
	if (status == STATUS_OK) {
		status = sql_commit(store->db, diag);
	}
	if (status != STATUS_OK) {
		sql_rollback(store->db);
	}
	return (status);
}

struct row_reader {
	struct arena	 arena;		/* of one row */
	report_take_row	*take;
	void		*ctx;
};

static enum status
take_row(void *ctx, const struct str *columns)
{
	struct row_reader *reader = ctx;
	struct kept_fact fact;
	enum status status;
	int64_t count;

	status = report_store_take_number(&count, columns);
	if (status == STATUS_OK) {
		status = kept_fact_read(&reader->arena, columns + 1, &fact);
	}
	if (status == STATUS_OK) {
		status = reader->take(reader->ctx, &fact, count);
	}
	arena_reset(&reader->arena);
	return (status);
}

enum status
report_store_rows(struct report_store *store,
    const struct report_period *period, report_take_row *take, void *ctx,
    struct diag *diag)
{
	struct row_reader reader = { .take = take, .ctx = ctx };
	char day[SQL_NUMBER_BYTES];
	const struct str values[] = { period->policy_id,
		sql_number(day, period->begin_s) };
	const struct sql_statement statement = { "SELECT messages, ip, "
	    "disposition, dkim, spf, reasons, header_from, envelope_from, "
	    "signatures, spf_domain, spf_result FROM mailseal_report_row "
	    "WHERE policy = $1 AND day = $2 ORDER BY messages DESC, hash",
	    values, 2, KEPT_FACT_COLUMNS + 1, take_row, &reader };
	enum status status;

	arena_init(&reader.arena, ROW_MAX_BYTES);
	status = sql_run(store->db, &statement, NULL, diag);
	arena_fini(&reader.arena);
	return (status);
}
