/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "report/received.h"
#include "report/store_private.h"

#define ARENA_BYTES	65536	/* of a record */

struct receive {
	struct report_store		*store;
	const struct report_aggregate	*a;
	int64_t				 now_s;
	struct arena			 arena;		/* of one record */
	char				 id[STORE_ID_DIGITS];
	/* of a copy: damaged if this one is not, else whole */
	char				 other[STORE_ID_DIGITS];
	struct diag			*diag;
};

/* The text, or p == NULL: out of memory. */
static struct str
clean_text(struct receive *v, const char *text)
{
	struct str in = str_first(str_from(text),
	    REPORT_RECEIVED_TEXT_MAX_BYTES), out;
	uint32_t code;
	size_t i, n;
	char *copy;

	copy = arena_cstr(&v->arena, in);
	out = str_mem(copy, in.n);
	for (i = 0; copy != NULL && i < in.n; i += n) {
		n = utf8_decode(str_from_offset(in, i), &code);
		if (n == 0 || escape_is_unsafe(code)) {
			n = n == 0 ? 1 : n;
			memset(copy + i, '?', n);
		}
	}
	return (out);
}

/* As domains are compared, if it is one. p == NULL: out of memory. */
static struct str
clean_domain(struct receive *v, const char *text)
{
	enum status status;
	struct str name;

	status = domain_normalize(&v->arena, str_from(text), &name);
	if (status == STATUS_NOMEM) {
		return (STR_NONE);
	}
	if (status == STATUS_OK && name.n <= REPORT_RECEIVED_TEXT_MAX_BYTES) {
		return (name);
	}
	return (clean_text(v, text));
}

static bool
is_complete(const struct str *values, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (values[i].p == NULL) {
			return (false);
		}
	}
	return (true);
}

static enum status
make_id(struct receive *v, const struct crypto *crypto, bool damaged,
    char id[STORE_ID_DIGITS])
{
	const char *const texts[] = { v->a->org, v->a->id, v->a->domain };
	char period[2 * SQL_NUMBER_BYTES];
	struct digest *digest = digest_new(crypto);
	enum status status;
	size_t i;

	if (digest == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		digest_update(digest, texts[i], strlen(texts[i]) + 1);
	}
	(void)snprintf(period, sizeof(period), "%" PRId64 " %" PRId64,
	    v->a->begin_s, v->a->end_s);
	digest_update(digest, period, strlen(period));
	if (damaged) {
		digest_update(digest, " damaged", 8);
	}
	status = report_store_id(digest, id);
	digest_free(digest);
	return (status);
}

static int64_t
cut_count(int64_t n)
{
	return (n > REPORT_RECEIVED_COUNT_MAX ? REPORT_RECEIVED_COUNT_MAX : n);
}

/* With the report that is being written. */
static enum status
check_room(struct receive *v)
{
	int64_t stored = 0;
	const struct sql_statement statement = { .text = "SELECT "
	    "CAST(COALESCE(sum(records + 1), 0) AS bigint) "
	    "FROM mailseal_report_received", .columns = 1,
	    .row = report_store_take_number, .ctx = &stored };
	enum status status = sql_run(v->store->db, &statement, NULL, v->diag);

	if (status == STATUS_OK && stored > REPORT_RECEIVED_ROWS_MAX) {
		diag_set(v->diag, NULL, 0, "the store is full: it takes %d "
		    "reports, records and keys, and would have %" PRId64,
		    REPORT_RECEIVED_ROWS_MAX, stored);
		return (STATUS_LIMIT);
	}
	return (status);
}

/* What is written with it. */
static int64_t
count_parts(const struct report_aggregate *a)
{
	const struct report_selector *s;
	int64_t n = (int64_t)a->rows_n;

	for (s = a->selectors; s != NULL; s = s->next) {
		n++;
	}
	return (n);
}

static int64_t
sum_counts(const struct report_aggregate *a, bool passed)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < a->rows_n; i++) {
		const struct report_row *row = &a->rows[i];

		if (!passed || row->dkim_aligned || row->spf_aligned) {
			sum = report_sum(sum, cut_count(row->count));
		}
	}
	return (sum);
}

#define RECEIVED_COLUMNS 12

static enum status
write_report(struct receive *v, bool *new_r)
{
	const struct report_aggregate *a = v->a;
	char n[7][SQL_NUMBER_BYTES];
	struct str values[RECEIVED_COLUMNS] = { str_mem(v->id, STORE_ID_DIGITS),
		clean_text(v, a->org), clean_text(v, a->email),
		clean_text(v, a->id), clean_domain(v, a->domain),
		clean_text(v, a->p), sql_number(n[2], v->now_s),
		sql_number(n[3], count_parts(a)),
		sql_number(n[4], sum_counts(a, false)),
		sql_number(n[5], sum_counts(a, true)),
		sql_number(n[0], a->begin_s < 0 ? -1 : a->begin_s),
		sql_number(n[1], a->end_s < 0 ? -1 : a->end_s) };
	enum status status;
	long changed = 0;

	if (!is_complete(values, RECEIVED_COLUMNS - 2)) {
		return (STATUS_NOMEM);
	}
	status = report_store_run(v->store, "INSERT INTO "
	    "mailseal_report_received (id, org, email, report_id, domain, p, "
	    "at, records, messages, passed, since, until) VALUES ($1, $2, $3, "
	    "$4, $5, $6, $7, $8, $9, $10, $11, $12) "
	    "ON CONFLICT (id) DO NOTHING", values, RECEIVED_COLUMNS, &changed,
	    v->diag);
	arena_reset(&v->arena);
	*new_r = changed > 0;
	return (status);
}

static struct str
pass_or_fail(bool pass)
{
	return (pass ? STR("pass") : STR("fail"));
}

#define SOURCE_COLUMNS	14

static enum status
write_source(struct receive *v, size_t at)
{
	const struct report_row *row = &v->a->rows[at];
	char n[5][SQL_NUMBER_BYTES], ip[IP_TEXT_BYTES];
	struct str values[SOURCE_COLUMNS] = { str_mem(v->id, STORE_ID_DIGITS),
		sql_number(n[0], (int64_t)at), STR_NONE,
		clean_text(v, row->dkim_domain),
		clean_text(v, row->dkim_selector),
		sql_number(n[1], row->dkim_result),
		clean_text(v, row->spf_domain),
		sql_number(n[2], row->spf_result),
		pass_or_fail(row->dkim_aligned),
		pass_or_fail(row->spf_aligned),
		str_from(report_disposition_name(
		    (enum report_disposition)row->disposition)),
		sql_number(n[3], row->reasons),
		clean_domain(v, row->header_from),
		sql_number(n[4], cut_count(row->count)) };
	enum status status;

	if (row->ip_text == NULL) {
		ip_text(&row->ip, ip);
	}
	values[2] = row->ip_text != NULL ? clean_text(v, row->ip_text) :
	    str_from(ip);
	if (!is_complete(values, SOURCE_COLUMNS)) {
		return (STATUS_NOMEM);
	}
	status = report_store_run(v->store, "INSERT INTO "
	    "mailseal_report_source (report, n, ip, dkim_domain, "
	    "dkim_selector, dkim_result, spf_domain, spf_result, dkim, spf, "
	    "disposition, reasons, header_from, messages) VALUES ($1, $2, $3, "
	    "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)", values,
	    SOURCE_COLUMNS, NULL, v->diag);
	arena_reset(&v->arena);
	return (status);
}

#define SELECTOR_COLUMNS 5

static enum status
write_selector(struct receive *v, const struct report_selector *s)
{
	char n[2][SQL_NUMBER_BYTES];
	const struct str values[SELECTOR_COLUMNS] = {
		str_mem(v->id, STORE_ID_DIGITS), str_from(s->domain),
		str_from(s->selector), sql_number(n[0], cut_count(s->pass)),
		sql_number(n[1], cut_count(s->fail)) };

	return (report_store_run(v->store, "INSERT INTO "
	    "mailseal_report_selector (report, domain, selector, passed, "
	    "failed) VALUES ($1, $2, $3, $4, $5)", values, SELECTOR_COLUMNS,
	    NULL, v->diag));
}

static enum status
write_parts(struct receive *v)
{
	const struct report_selector *s;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; status == STATUS_OK && i < v->a->rows_n; i++) {
		status = write_source(v, i);
	}
	for (s = v->a->selectors; status == STATUS_OK && s != NULL;
	    s = s->next) {
		status = write_selector(v, s);
	}
	return (status);
}

static enum status
find_other(struct receive *v, bool *found_r)
{
	const struct str id = str_mem(v->other, STORE_ID_DIGITS);
	int64_t n = 0;
	const struct sql_statement statement = { "SELECT count(*) FROM "
	    "mailseal_report_received WHERE id = $1", &id, 1, 1,
	    report_store_take_number, &n };
	enum status status = sql_run(v->store->db, &statement, NULL, v->diag);

	*found_r = n > 0;
	return (status);
}

static enum status
delete_other(struct receive *v)
{
	static const char *const parts[] = {
		"DELETE FROM mailseal_report_source WHERE report = $1",
		"DELETE FROM mailseal_report_selector WHERE report = $1",
		"DELETE FROM mailseal_report_received WHERE id = $1",
	};
	const struct str id = str_mem(v->other, STORE_ID_DIGITS);
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; status == STATUS_OK && i < sizeof(parts) /
	    sizeof(parts[0]); i++) {
		status = report_store_run(v->store, parts[i], &id, 1, NULL,
		    v->diag);
	}
	return (status);
}

/* Whether a whole copy takes the place of this one, or this one that of a
   damaged copy. */
static enum status
settle_other(struct receive *v, bool *superseded_r)
{
	bool found = false;
	enum status status = find_other(v, &found);

	*superseded_r = found && v->a->damaged;
	return (status == STATUS_OK && found && !v->a->damaged ?
	    delete_other(v) : status);
}

/* The room is looked at in the transaction: other hosts write, too. */
static enum status
write_all(struct receive *v, bool *new_r)
{
	bool superseded = false;
	enum status status = settle_other(v, &superseded);

	if (status == STATUS_OK && !superseded) {
		status = write_report(v, new_r);
	}
	if (status != STATUS_OK || !*new_r) {
		return (status);
	}
	status = check_room(v);
	return (status != STATUS_OK ? status : write_parts(v));
}

static enum status
receive_report(struct receive *v, bool *new_r)
{
	enum status status = sql_begin(v->store->db, v->diag);

	if (status != STATUS_OK) {
		return (status);
	}
	status = write_all(v, new_r);
	if (status == STATUS_OK) {
		status = sql_commit(v->store->db, v->diag);
	}
	if (status != STATUS_OK) {
		sql_rollback(v->store->db);
		*new_r = false;
	}
	return (status);
}

enum status
report_store_receive(struct report_store *store, const struct crypto *crypto,
    const struct report_aggregate *a, int64_t now_s, bool *new_r,
    struct diag *diag)
{
	struct receive v = { .store = store, .a = a, .now_s = now_s,
		.diag = diag };
	enum status status;

	*new_r = false;
	arena_init(&v.arena, ARENA_BYTES);
	status = make_id(&v, crypto, a->damaged, v.id);
	if (status == STATUS_OK) {
		status = make_id(&v, crypto, !a->damaged, v.other);
	}
	if (status == STATUS_OK) {
		status = receive_report(&v, new_r);
	}
	if (status == STATUS_NOMEM) {
		diag_set(diag, NULL, 0, "out of memory");
	}
	arena_fini(&v.arena);
	return (status);
}

enum status
report_store_forget(struct report_store *store, int64_t now_s,
    struct diag *diag)
{
	static const char *const old[] = {
		"DELETE FROM mailseal_report_source WHERE report IN (SELECT "
		    "id FROM mailseal_report_received WHERE at <= $1)",
		"DELETE FROM mailseal_report_selector WHERE report IN (SELECT "
		    "id FROM mailseal_report_received WHERE at <= $1)",
		"DELETE FROM mailseal_report_received WHERE at <= $1",
	};
	char number[SQL_NUMBER_BYTES];
	const struct str until = sql_number(number, now_s -
	    (int64_t)REPORT_RECEIVED_DAYS * REPORT_DAY_S);
	enum status status = sql_begin(store->db, diag);
	size_t i;

	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; status == STATUS_OK && i < sizeof(old) / sizeof(old[0]);
	    i++) {
		status = report_store_run(store, old[i], &until, 1, NULL,
		    diag);
	}
	if (status == STATUS_OK) {
		status = sql_commit(store->db, diag);
	}
	if (status != STATUS_OK) {
		sql_rollback(store->db);
	}
	return (status);
}
