/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's side of the store: batches. */
#include "config.h"

#include <stdlib.h>

#include "report/store_private.h"

/* A batch that is late for so many sent days has a wrong day. */
#define SHIFT_MAX	400

struct write {
	struct report_store		*store;
	struct digest			*digest;
	const struct report_batch	*batch;
	const struct report_batch_row	**rows;	/* sorted by period */
	struct report_rest		 rest;
	size_t				 room;	/* for rows, in this period */
	bool				 full;	/* it is that of the store */
	bool				 scarce; /* perhaps not for all */
	struct diag			*diag;
};

/* Two writers lock periods in the same order. */
static int
compare_rows(const void *a, const void *b)
{
	const struct report_batch_row *x =
	    *(const struct report_batch_row *const *)a;
	const struct report_batch_row *y =
	    *(const struct report_batch_row *const *)b;
	int order = str_cmp(x->policy, y->policy);

	if (order == 0 && x->day_s != y->day_s) {
		order = x->day_s < y->day_s ? -1 : 1;
	}
	return (order != 0 ? order : str_cmp(x->fact, y->fact));
}

enum status
report_store_id(struct digest *digest, char id_r[STORE_ID_DIGITS])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status = digest_final(digest, hash);
	size_t i;

	for (i = 0; status == STATUS_OK && i < STORE_ID_BYTES; i++) {
		id_r[2 * i] = digits[hash[i] >> 4];
		id_r[2 * i + 1] = digits[hash[i] & 15];
	}
	return (status);
}

static enum status
make_id(struct write *w, struct str text, char id_r[STORE_ID_DIGITS])
{
	digest_update(w->digest, text.p, text.n);
	return (report_store_id(w->digest, id_r));
}

enum status
report_store_begin_batch(struct report_store *store, struct str writer,
    int64_t number, int64_t now_s, bool *new_r, struct diag *diag)
{
	char batch[SQL_NUMBER_BYTES], now[SQL_NUMBER_BYTES];
	const struct str values[] = { writer, sql_number(batch, number),
		sql_number(now, now_s) };
	enum status status;
	long changed = 0;

	status = report_store_run(store, "INSERT INTO "
	    "mailseal_report_writer (id, batch, at) VALUES ($1, $2, $3) "
	    "ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, "
	    "at = excluded.at "
	    "WHERE mailseal_report_writer.batch < excluded.batch", values, 3,
	    &changed, diag);
	*new_r = changed > 0;
	return (status);
}

struct period {			/* of the rows at hand */
	struct str	id;		/* of the policy */
	struct str	domain;
	int64_t		day_s;
};

static void
add_rest(struct write *w, struct str domain,
    const struct report_batch_row *row)
{
	w->rest.messages += row->weight.messages;
	w->rest.rows++;
	w->rest.domain = domain;
	w->rest.full = w->full;
}

/* Room for rows of a domain and day, and within that for all of the store. */
static enum status
find_room(struct write *w, struct str domain, int64_t day_s)
{
	size_t most = w->batch->day_rows_max > 0 ? w->batch->day_rows_max :
	    REPORT_DAY_ROWS_MAX;
	enum status status = report_store_day_room(w->store, domain, day_s,
	    most, &w->room, w->diag);

	w->full = w->room > w->store->spare;
	if (w->full) {
		w->room = w->store->spare;
	}
	return (status);
}

static enum status
write_policy(struct write *w, struct str id, const struct report_batch_row *row)
{
	struct str values[KEPT_POLICY_COLUMNS + 2];
	char day[SQL_NUMBER_BYTES];

	values[0] = id;
	if (!kept_split(row->policy, values + 1, KEPT_POLICY_COLUMNS)) {
		diag_set(w->diag, NULL, 0, "a policy without its columns");
		return (STATUS_SYNTAX);
	}
	values[KEPT_POLICY_COLUMNS + 1] = sql_number(day, row->day_s);
	return (report_store_run(w->store, "INSERT INTO "
	    "mailseal_report_policy (id, domain, discovery, p, sp, np, adkim, "
	    "aspf, fo, testing, rua, error, used) VALUES ($1, $2, $3, $4, $5, "
	    "$6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO UPDATE "
	    "SET used = excluded.used "
	    "WHERE mailseal_report_policy.used < excluded.used", values,
	    KEPT_POLICY_COLUMNS + 2, NULL, w->diag));
}

/* *open_r: the period was open, or new; it stays so until the commit. Without
   room none is made. */
static enum status
add_to_period(struct write *w, const struct period *p,
    const struct kept_weight *sum, bool *open_r)
{
	char n[5][SQL_NUMBER_BYTES];
	const struct str values[] = { sql_number(n[1], sum->messages),
		sql_number(n[2], sum->ordinary),
		sql_number(n[3], sum->accepted),
		sql_number(n[4], sum->passed), p->id,
		sql_number(n[0], p->day_s) };
	static const char insert[] = "INSERT INTO "
	    "mailseal_report_period AS p (messages, ordinary, accepted, "
	    "passed, policy, day, state) "
	    "VALUES ($1, $2, $3, $4, $5, $6, 'open') "
	    "ON CONFLICT (policy, day) DO UPDATE SET "
	    "messages = p.messages + excluded.messages, "
	    "ordinary = p.ordinary + excluded.ordinary, "
	    "accepted = p.accepted + excluded.accepted, "
	    "passed = p.passed + excluded.passed WHERE p.state = 'open'";
	static const char update[] = "UPDATE mailseal_report_period SET "
	    "messages = messages + CAST($1 AS bigint), "
	    "ordinary = ordinary + CAST($2 AS bigint), "
	    "accepted = accepted + CAST($3 AS bigint), "
	    "passed = passed + CAST($4 AS bigint) "
	    "WHERE policy = $5 AND day = $6 AND state = 'open'";
	enum status status;
	long changed = 0;

	status = report_store_run(w->store, w->room > 0 ? insert : update,
	    values, 6, &changed, w->diag);
	*open_r = changed > 0;
	return (status);
}

static enum status
insert_fact(struct write *w, const struct str *values)
{
	w->room--;
	w->store->spare--;
	return (report_store_run(w->store, "INSERT INTO "
	    "mailseal_report_row AS r (policy, day, hash, messages, ip, "
	    "disposition, dkim, spf, reasons, header_from, envelope_from, "
	    "signatures, spf_domain, spf_result) VALUES ($1, $2, $3, $4, $5, "
	    "$6, $7, $8, $9, $10, $11, $12, $13, $14) "
	    "ON CONFLICT (policy, day, hash) DO UPDATE "
	    "SET messages = r.messages + excluded.messages", values,
	    KEPT_FACT_COLUMNS + 4, NULL, w->diag));
}

/* *found_r: it is there, and counts on. */
static enum status
update_fact(struct write *w, const struct str *values, bool *found_r)
{
	const struct str v[] = { values[3], values[0], values[1], values[2] };
	long changed = 0;
	enum status status;

	status = report_store_run(w->store, "UPDATE mailseal_report_row "
	    "SET messages = messages + CAST($1 AS bigint) "
	    "WHERE policy = $2 AND day = $3 AND hash = $4", v, 4, &changed,
	    w->diag);
	*found_r = changed > 0;
	return (status);
}

static enum status
write_fact(struct write *w, const struct period *p,
    const struct report_batch_row *row)
{
	char day[SQL_NUMBER_BYTES], n[SQL_NUMBER_BYTES], hash[STORE_ID_DIGITS];
	struct str values[KEPT_FACT_COLUMNS + 4] = { p->id,
		sql_number(day, p->day_s), str_mem(hash, sizeof(hash)),
		sql_number(n, row->weight.messages) };
	enum status status;
	bool found = false;

	if (!kept_split(row->fact, values + 4, KEPT_FACT_COLUMNS)) {
		diag_set(w->diag, NULL, 0, "a row without its columns");
		return (STATUS_SYNTAX);
	}
	status = make_id(w, row->fact, hash);
	if (status == STATUS_OK && w->scarce) {
		status = update_fact(w, values, &found);
	}
	if (status != STATUS_OK || found) {
		return (status);
	}
	if (w->room == 0) {
		add_rest(w, p->domain, row);
		return (STATUS_OK);
	}
	return (insert_fact(w, values));
}

static bool
is_same_period(const struct report_batch_row *a,
    const struct report_batch_row *b)
{
	return (a->day_s == b->day_s && str_eq(a->policy, b->policy));
}

/* The rows from i to end, which is returned, belong to one period. */
static size_t
sum_period(const struct write *w, size_t i, struct kept_weight *sum)
{
	size_t first = i;

	*sum = (struct kept_weight){ .messages = 0 };
	for (; i < w->batch->rows_n &&
	    is_same_period(w->rows[first], w->rows[i]); i++) {
		sum->messages += w->rows[i]->weight.messages;
		sum->ordinary += w->rows[i]->weight.ordinary;
		sum->accepted += w->rows[i]->weight.accepted;
		sum->passed += w->rows[i]->weight.passed;
	}
	return (i);
}

/* Finds the first day from the rows' own on whose period is open, and its room.
   *open_r: false: there is no room, so that no period is made. */
static enum status
open_period(struct write *w, const struct report_batch_row *row,
    const struct kept_weight *sum, struct period *p, bool *open_r)
{
	enum status status = STATUS_OK;
	int shift;

	*open_r = false;
	for (shift = 0; status == STATUS_OK && !*open_r; shift++) {
		if (shift > SHIFT_MAX) {
			diag_set(w->diag, NULL, 0, "no open day for rows");
			return (STATUS_IO);
		}
		p->day_s = row->day_s + shift * (int64_t)REPORT_DAY_S;
		status = find_room(w, p->domain, p->day_s);
		if (status == STATUS_OK && w->room > 0 && shift == 0) {
			status = write_policy(w, p->id, row);
		}
		if (status == STATUS_OK) {
			status = add_to_period(w, p, sum, open_r);
		}
		if (w->room == 0) {
			break;
		}
	}
	return (status);
}

static enum status
write_period(struct write *w, size_t first, size_t end,
    const struct kept_weight *sum)
{
	const struct report_batch_row *row = w->rows[first];
	char digits[STORE_ID_DIGITS];
	struct period p = { str_mem(digits, sizeof(digits)),
		str_first(row->policy, str_find(row->policy, '\n')), 0 };
	bool is_open = false;
	enum status status = make_id(w, row->policy, digits);
	size_t i;

	if (status == STATUS_OK) {
		status = open_period(w, row, sum, &p, &is_open);
	}
	w->scarce = w->room < end - first;
	for (i = first; status == STATUS_OK && i < end; i++) {
		if (is_open) {
			status = write_fact(w, &p, w->rows[i]);
		} else {
			add_rest(w, p.domain, w->rows[i]);
		}
	}
	return (status);
}

static enum status
write_rows(struct write *w)
{
	struct kept_weight sum;
	enum status status = STATUS_OK;
	size_t i, end;

	for (i = 0; status == STATUS_OK && i < w->batch->rows_n; i = end) {
		end = sum_period(w, i, &sum);
		status = write_period(w, i, end, &sum);
	}
	return (status);
}

static enum status
write_batch(struct write *w)
{
	enum status status = sql_begin(w->store->db, w->diag);
	bool is_new = false;

	if (status != STATUS_OK) {
		return (status);
	}
	status = report_store_begin_batch(w->store, w->batch->writer,
	    w->batch->number, w->batch->now_s, &is_new, w->diag);
	if (status == STATUS_OK && is_new) {
		status = report_store_need_room(w->store, w->batch->rows_n,
		    w->batch->rows_max > 0 ? w->batch->rows_max :
		    REPORT_ROWS_MAX, w->diag);
	}
	if (status == STATUS_OK && is_new) {
		status = write_rows(w);
	}
	if (status == STATUS_OK) {
		status = sql_commit(w->store->db, w->diag);
	}
	if (status != STATUS_OK) {
		sql_rollback(w->store->db);
	}
	return (status);
}

enum status
report_store_write(struct report_store *store, const struct crypto *crypto,
    const struct report_batch *batch, struct diag *diag)
{
	struct write w = { .store = store, .batch = batch, .diag = diag };
	enum status status = STATUS_NOMEM;
	size_t i;

	if (batch->rows_n == 0) {
		return (STATUS_OK);
	}
	w.digest = digest_new(crypto);
	w.rows = calloc(batch->rows_n, sizeof(*w.rows));
	if (w.digest == NULL || w.rows == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
	} else {
		for (i = 0; i < batch->rows_n; i++) {
			w.rows[i] = &batch->rows[i];
		}
		qsort(w.rows, batch->rows_n, sizeof(*w.rows), compare_rows);
		status = write_batch(&w);
	}
	if (batch->rest != NULL) {
		*batch->rest = w.rest;
	}
	digest_free(w.digest);
	free(w.rows);
	return (status);
}
