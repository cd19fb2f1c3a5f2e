/* SPDX-License-Identifier: BSD-2-Clause */
/* Failure reports that are due, for `mailseal report send`. */
#include "config.h"

#include "report/store_failures.h"
#include "report/store_private.h"

#define COLUMNS		14
#define SELECT_FAILURE	"SELECT id, slot, at, incidents, lease, domain, ruf, " \
	"source, state, report_id, holder, note, "

struct list {
	struct arena		*arena;
	struct stored_failure	*v;
	size_t			 n, cap;
};

static enum status
read_failure(struct arena *arena, const struct str *columns,
    struct stored_failure *r)
{
	struct kept_failure *f = &r->failure;
	int64_t *const numbers[] = { &r->slot_s, &f->at_s, &f->incidents,
		&r->lease_s };
	struct str *const texts[] = { &f->domain, &f->ruf, &f->source, NULL,
		&r->report_id, &r->holder, &r->note, &f->feedback,
		&f->header };
	enum status status = STATUS_OK;
	size_t i;

	*r = (struct stored_failure){ .id = arena_dup(arena, columns[0]) };
	for (i = 0; i < 4 && status == STATUS_OK; i++) {
		status = report_store_take_number(numbers[i], &columns[1 + i]);
	}
	for (i = 0; i < 9; i++) {
		if (texts[i] != NULL) {
			*texts[i] = arena_dup(arena, columns[5 + i]);
			if (texts[i]->p == NULL) {
				status = STATUS_NOMEM;
			}
		}
	}
	r->state = report_store_state(columns[8]);
	return (r->id.p != NULL ? status : STATUS_NOMEM);
}

static enum status
take_failure(void *ctx, const struct str *columns)
{
	struct list *list = ctx;
	struct stored_failure *v = arena_grow(list->arena, list->v, list->n,
	    &list->cap, sizeof(*v));

	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	list->v = v;
	return (read_failure(list->arena, columns, &v[list->n++]));
}

enum status
report_store_failures(struct report_store *store, struct arena *arena,
    struct str domain, int64_t now_s, struct stored_failure **v_r,
    size_t *n_r, struct diag *diag)
{
	struct list list = { .arena = arena };
	char number[SQL_NUMBER_BYTES];
	const struct str values[] = { domain.n > 0 ? domain : STR_NONE,
		sql_number(number, now_s) };
	const struct sql_statement statement = { SELECT_FAILURE "'', '' "
	    "FROM mailseal_report_failure "
	    "WHERE (CAST($1 AS text) IS NULL OR domain = $1) "
	    "AND (CAST($2 AS bigint) IS NULL OR (slot <= CAST($2 AS bigint) "
	    "AND state IN ('open', 'claimed'))) "
	    "ORDER BY at, id", values, 2, COLUMNS, take_failure, &list };
	enum status status = sql_run(store->db, &statement, NULL, diag);

	*v_r = list.v;
	*n_r = list.n;
	return (status);
}

static enum status
read_again(struct report_store *store, struct arena *arena,
    struct stored_failure *failure, struct diag *diag)
{
	struct list list = { .arena = arena };
	const struct sql_statement statement = { SELECT_FAILURE
	    "feedback, header FROM mailseal_report_failure WHERE id = $1",
	    &failure->id, 1, COLUMNS, take_failure, &list };
	enum status status = sql_run(store->db, &statement, NULL, diag);

	if (status == STATUS_OK && list.n != 1) {
		diag_set(diag, NULL, 0, "a failure report is gone");
		status = STATUS_IO;
	}
	if (status == STATUS_OK) {
		*failure = list.v[0];
	}
	return (status);
}

enum status
report_store_claim_failure(struct report_store *store, struct arena *arena,
    const struct report_claim *claim, struct stored_failure *failure,
    bool *ours_r, struct diag *diag)
{
	char n[3][SQL_NUMBER_BYTES];
	const struct str values[] = { claim->holder,
		sql_number(n[0], claim->now_s + claim->lease_s),
		claim->report_id, failure->id, sql_number(n[1], claim->now_s),
		sql_number(n[2], claim->now_s) };
	enum status status;
	long changed = 0;

	*ours_r = false;
	status = report_store_run(store, "UPDATE mailseal_report_failure "
	    "SET state = 'claimed', holder = $1, lease = $2, "
	    "report_id = COALESCE(report_id, $3) WHERE id = $4 "
	    "AND slot <= $5 AND state IN ('open', 'claimed') "
	    "AND (lease IS NULL OR lease <= $6 OR holder = $1)", values, 6,
	    &changed, diag);
	if (status != STATUS_OK || changed == 0) {
		return (status);
	}
	*ours_r = true;
	return (read_again(store, arena, failure, diag));
}

enum status
report_store_release_failure(struct report_store *store,
    const struct stored_failure *failure, struct str holder,
    struct diag *diag)
{
	const struct str values[] = { failure->id, holder };

	return (report_store_run(store, "UPDATE mailseal_report_failure "
	    "SET holder = NULL, lease = NULL WHERE id = $1 AND holder = $2",
	    values, 2, NULL, diag));
}

enum status
report_store_finish_failure(struct report_store *store,
    const struct stored_failure *failure, struct str holder,
    enum report_state state, struct str note, int64_t now_s,
    struct diag *diag)
{
	char n[1][SQL_NUMBER_BYTES];
	const struct str values[] = { str_from(report_state_name(state)),
		sql_number(n[0], now_s), note, failure->id, holder };

	return (report_store_run(store, "UPDATE mailseal_report_failure "
	    "SET state = $1, done = $2, note = $3, holder = NULL, "
	    "lease = NULL, feedback = '', header = '' WHERE id = $4 "
	    "AND holder = $5 AND state = 'claimed'", values, 5, NULL, diag));
}

enum status
report_store_count_failures(struct report_store *store, int64_t since_s,
    int64_t *n_r, struct diag *diag)
{
	char since[SQL_NUMBER_BYTES];
	const struct str value = sql_number(since, since_s);
	const struct sql_statement statement = { "SELECT count(*) "
	    "FROM mailseal_report_delivery WHERE at >= $1 "
	    "AND policy LIKE 'failure-%' AND state IN ('begun', 'done')",
	    &value, 1, 1, report_store_take_number, n_r };

	*n_r = 0;
	return (sql_run(store->db, &statement, NULL, diag));
}
