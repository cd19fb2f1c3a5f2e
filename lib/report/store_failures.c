/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's side of the failure reports in the store. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ip.h"
#include "report/store_failures.h"
#include "report/store_private.h"

#define ID_PREFIX	"failure-"	/* told from periods by it */
#define ID_BYTES	(sizeof(ID_PREFIX) - 1 + STORE_ID_DIGITS)
#define SLOTS_MAX	24	/* that are tried for one that is open */
#define WRITER_MAX_BYTES 64

struct failing {
	struct report_store	*store;
	struct digest		*digest;
	const struct report_failure_batch *batch;
	int64_t			 kept;
	struct diag		*diag;
};

/* Of messages that are alike, in that slot. */
static enum status
make_id(struct failing *x, const struct kept_failure *f, int64_t slot_s,
    char id_r[ID_BYTES])
{
	char text[SQL_NUMBER_BYTES];
	const struct str slot = sql_number(text, slot_s);

	digest_update(x->digest, slot.p, slot.n);
	digest_update(x->digest, "\n", 1);
	digest_update(x->digest, f->like.p, f->like.n);
	memcpy(id_r, ID_PREFIX, sizeof(ID_PREFIX) - 1);
	return (report_store_id(x->digest, id_r + sizeof(ID_PREFIX) - 1));
}

/* *n_r: rows with that id; *open_r: it is open, and took the incidents. */
static enum status
count_incidents(struct failing *x, const struct kept_failure *f,
    struct str id, int64_t *n_r, bool *open_r)
{
	char text[SQL_NUMBER_BYTES];
	const struct str values[] = { sql_number(text, f->incidents), id };
	const struct sql_statement count = { "SELECT count(*) "
	    "FROM mailseal_report_failure WHERE id = $1", &id, 1, 1,
	    report_store_take_number, n_r };
	enum status status;
	long changed = 0;

	status = report_store_run(x->store, "UPDATE mailseal_report_failure "
	    "SET incidents = incidents + CAST($1 AS bigint) WHERE id = $2 "
	    "AND state = 'open'", values, 2, &changed, x->diag);
	*open_r = changed > 0;
	*n_r = *open_r;
	return (status != STATUS_OK || *open_r ? status :
	    sql_run(x->store->db, &count, NULL, x->diag));
}

/* *full_r is set if so many reports were kept within 24 hours already. value:
   of the column. */
static enum status
check_limit(struct failing *x, const char *text, struct str value,
    int64_t limit, bool *full_r)
{
	char since[SQL_NUMBER_BYTES];
	const struct str values[] = { sql_number(since, x->batch->now_s -
		REPORT_DAY_S), value };
	int64_t n = 0;
	const struct sql_statement statement = { text, values,
		value.p != NULL ? 2 : 1, 1, report_store_take_number, &n };
	enum status status = sql_run(x->store->db, &statement, NULL, x->diag);

	*full_r = *full_r || n >= limit;
	return (status);
}

/* Who has one IPv6 address has the others of its network as well. */
#define SOURCE_V6_BITS	64

struct sources {
	struct ip_addr	ip;
	int64_t		n;	/* reports about its network */
};

static enum status
take_source(void *ctx, const struct str *columns)
{
	struct sources *sources = ctx;
	struct ip_addr ip;

	if (ip_parse(columns[0], &ip) && ip.v6 &&
	    ip_match(&ip, sources->ip.octets, SOURCE_V6_BITS)) {
		sources->n++;
	}
	return (STATUS_OK);
}

/* A text of RFC 5952 does not begin with its network, which may have zeros. */
static enum status
check_network(struct failing *x, const struct ip_addr *ip, int64_t limit,
    bool *full_r)
{
	char since[SQL_NUMBER_BYTES];
	const struct str value = sql_number(since, x->batch->now_s -
	    REPORT_DAY_S);
	struct sources sources = { *ip, 0 };
	const struct sql_statement statement = { "SELECT source "
	    "FROM mailseal_report_failure WHERE at > CAST($1 AS bigint) "
	    "AND source LIKE '%:%'", &value, 1, 1, take_source, &sources };
	enum status status = sql_run(x->store->db, &statement, NULL, x->diag);

	*full_r = sources.n >= limit;
	return (status);
}

#define COUNT_SINCE	"SELECT count(*) FROM mailseal_report_failure " \
	"WHERE at > CAST($1 AS bigint)"

static enum status
check_source(struct failing *x, const struct failures_item *item, bool *full_r)
{
	const int64_t limit = item->limits.per_source;
	struct ip_addr ip;

	if (ip_parse(item->failure.source, &ip) && ip.v6) {
		return (check_network(x, &ip, limit, full_r));
	}
	return (check_limit(x, COUNT_SINCE " AND source = $2",
	    item->failure.source, limit, full_r));
}

static enum status
check_limits(struct failing *x, const struct failures_item *item, bool *full_r)
{
	const struct failure_limits *limits = &item->limits;
	enum status status;

	*full_r = false;
	status = check_limit(x, COUNT_SINCE, STR_NONE, limits->per_day,
	    full_r);
	if (status == STATUS_OK && !*full_r) {
		status = check_limit(x, COUNT_SINCE " AND domain = $2",
		    item->failure.domain, limits->per_domain, full_r);
	}
	if (status == STATUS_OK && !*full_r) {
		status = check_source(x, item, full_r);
	}
	return (status);
}

static enum status
add_row(struct failing *x, const struct kept_failure *f, struct str id,
    int64_t slot_s)
{
	char n[3][SQL_NUMBER_BYTES];
	const struct str values[] = { id, sql_number(n[0], slot_s),
		sql_number(n[1], f->at_s), f->domain, f->ruf, f->source,
		sql_number(n[2], f->incidents), f->feedback, f->header };

	return (report_store_run(x->store, "INSERT INTO "
	    "mailseal_report_failure AS f (id, slot, at, domain, ruf, source, "
	    "incidents, state, feedback, header) VALUES ($1, $2, $3, $4, $5, "
	    "$6, $7, 'open', $8, $9) ON CONFLICT (id) DO UPDATE "
	    "SET incidents = f.incidents + excluded.incidents "
	    "WHERE f.state = 'open'", values, 9, NULL, x->diag));
}

/* What is sent already takes no more: the next slot does. */
static enum status
write_item(struct failing *x, const struct failures_item *item)
{
	const struct kept_failure *f = &item->failure;
	int64_t slot_s = f->at_s - f->at_s % FAILURE_SLOT_S, n = 1;
	enum status status = STATUS_OK;
	bool open = false, full = false;
	char text[ID_BYTES];
	const struct str id = str_mem(text, sizeof(text));
	unsigned i;

	for (i = 0; i < SLOTS_MAX && n > 0 && !open &&
	    status == STATUS_OK; i++) {
		slot_s += i > 0 ? FAILURE_SLOT_S : 0;
		status = make_id(x, f, slot_s, text);
		if (status == STATUS_OK) {
			status = count_incidents(x, f, id, &n, &open);
		}
	}
	if (status == STATUS_OK && n == 0) {
		status = check_limits(x, item, &full);
		if (status == STATUS_OK && !full) {
			status = add_row(x, f, id, slot_s);
			open = true;
		}
	}
	x->kept += open ? f->incidents : 0;
	return (status);
}

static int
compare_likes(const void *a, const void *b)
{
	const struct failures_item *const *x = a, *const *y = b;

	return (str_cmp((*x)->failure.like, (*y)->failure.like));
}

/* Sorted: two writers lock rows in the same order. NULL: out of memory. */
static const struct failures_item **
sort_items(const struct failures_list *list, size_t *n_r)
{
	const struct failures_item *item, **v;
	size_t n = 0;

	TAILQ_FOREACH(item, list, order) {
		n++;
	}
	v = calloc(n + 1, sizeof(*v));
	*n_r = n;
	n = 0;
	if (v != NULL) {
		TAILQ_FOREACH(item, list, order) {
			v[n++] = item;
		}
		qsort(v, n, sizeof(*v), compare_likes);
	}
	return (v);
}

static enum status
begin_items(struct failing *x, bool *new_r)
{
	char name[WRITER_MAX_BYTES];
	struct str writer;
	int n;

	/* A number of its own, beside that of the rows. */
	n = snprintf(name, sizeof(name), "%.*s-f",
	    STR_FMT(x->batch->writer));
	writer = str_mem(name, n > 0 && (size_t)n < sizeof(name) ? (size_t)n :
	    0);
	return (report_store_begin_batch(x->store, writer, x->batch->number,
	    x->batch->now_s, new_r, x->diag));
}

static enum status
write_items(struct failing *x)
{
	const struct failures_item **v;
	bool is_new = false;
	enum status status = begin_items(x, &is_new);
	size_t i, n = 0;

	v = sort_items(x->batch->items, &n);
	if (v == NULL) {
		diag_set(x->diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n && status == STATUS_OK; i++) {
		if (is_new) {
			status = write_item(x, v[i]);
		} else {
			x->kept += v[i]->failure.incidents;
		}
	}
	free(v);
	return (status);
}

enum status
report_store_write_failures(struct report_store *store,
    const struct crypto *crypto, const struct report_failure_batch *batch,
    int64_t *kept_r, struct diag *diag)
{
	struct failing x = { .store = store, .batch = batch, .diag = diag };
	enum status status;

	*kept_r = 0;
	x.digest = digest_new(crypto);
	if (x.digest == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = sql_begin(store->db, diag);
	if (status == STATUS_OK) {
		status = write_items(&x);
		if (status == STATUS_OK) {
			status = sql_commit(store->db, diag);
		}
		if (status != STATUS_OK) {
			sql_rollback(store->db);
		}
	}
	digest_free(x.digest);
	*kept_r = x.kept;
	return (status);
}

enum status
report_store_expire_failures(struct report_store *store, int64_t now_s,
    struct diag *diag)
{
	char number[SQL_NUMBER_BYTES];
	const struct str value = sql_number(number, now_s - FAILURE_KEPT_S);

	return (report_store_run(store, "DELETE FROM mailseal_report_failure "
	    "WHERE slot <= $1", &value, 1, NULL, diag));
}
