/* SPDX-License-Identifier: BSD-2-Clause */
/* What was sent, to whom not, and who takes reports. */
#include "config.h"

#include "report/store_private.h"

static const char *const delivery_states[] = { "begun", "done", "failed" };

const char *
report_delivery_state_name(enum report_delivery_state state)
{
	return (delivery_states[state]);
}

struct list {			/* of one kind of item */
	struct arena	*arena;
	void		*v;
	size_t		 n, cap;
};

/* A new item at the end of the list, or NULL. */
static void *
add_item(struct list *list, size_t size)
{
	void *v = arena_grow(list->arena, list->v, list->n, &list->cap, size);

	if (v == NULL) {
		return (NULL);
	}
	list->v = v;
	return ((char *)v + list->n++ * size);
}

/* Copies what is text; sticky: p == NULL after the first failure. */
static struct str
copy_text(const struct list *list, struct str text, enum status *status)
{
	struct str copy = arena_dup(list->arena, text);

	if (copy.p == NULL) {
		*status = STATUS_NOMEM;
	}
	return (copy);
}

static void
read_number(const struct str *column, int64_t *r, enum status *status)
{
	enum status s = report_store_take_number(r, column);

	if (*status == STATUS_OK) {
		*status = s;
	}
}

#define DELIVERY_COLUMNS 8
#define SELECT_DELIVERY	"SELECT policy, day, address, host, tag, state, at, " \
	"note FROM mailseal_report_delivery "

static enum status
take_delivery(void *ctx, const struct str *v)
{
	struct list *list = ctx;
	struct report_delivery *d = add_item(list, sizeof(*d));
	enum status status = STATUS_OK;
	int i;

	if (d == NULL) {
		return (STATUS_NOMEM);
	}
	d->policy_id = copy_text(list, v[0], &status);
	read_number(&v[1], &d->begin_s, &status);
	d->address = copy_text(list, v[2], &status);
	d->host = copy_text(list, v[3], &status);
	d->tag = copy_text(list, v[4], &status);
	for (i = 0; i < REPORT_DELIVERY_FAILED &&
	    !str_eq(v[5], str_from(delivery_states[i])); i++) {
		continue;
	}
	d->state = (enum report_delivery_state)i;
	read_number(&v[6], &d->at_s, &status);
	d->note = copy_text(list, v[7], &status);
	return (status);
}

/* NULL columns do not exist; absent texts are written as empty ones. */
static struct str
present_text(struct str text)
{
	return (text.p != NULL ? text : STR(""));
}

enum status
report_store_deliver(struct report_store *store,
    const struct report_delivery *d, struct diag *diag)
{
	char n[2][SQL_NUMBER_BYTES];
	const struct str values[] = { d->policy_id,
		sql_number(n[0], d->begin_s), d->address, present_text(d->host),
		present_text(d->tag),
		str_from(report_delivery_state_name(d->state)),
		sql_number(n[1], d->at_s), present_text(d->note) };

	return (report_store_run(store, "INSERT INTO mailseal_report_delivery "
	    "(policy, day, address, host, tag, state, at, note) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
	    "ON CONFLICT (policy, day, address) DO UPDATE SET "
	    "tag = excluded.tag, state = excluded.state, at = excluded.at, "
	    "note = excluded.note", values, DELIVERY_COLUMNS, NULL, diag));
}

static enum status
select_items(struct report_store *store, struct list *list,
    const struct sql_statement *statement, size_t *n_r, struct diag *diag)
{
	enum status status = sql_run(store->db, statement, NULL, diag);

	*n_r = list->n;
	return (status);
}

enum status
report_store_deliveries(struct report_store *store, struct arena *arena,
    const struct report_period *period, struct report_delivery **v_r,
    size_t *n_r, struct diag *diag)
{
	struct list list = { .arena = arena };
	char day[SQL_NUMBER_BYTES];
	const struct str values[] = { period->policy_id,
		sql_number(day, period->begin_s) };
	const struct sql_statement statement = { SELECT_DELIVERY
	    "WHERE policy = $1 AND day = $2 ORDER BY address", values, 2,
	    DELIVERY_COLUMNS, take_delivery, &list };
	enum status status = select_items(store, &list, &statement, n_r,
	    diag);

	*v_r = list.v;
	return (status);
}

enum status
report_store_by_tag(struct report_store *store, struct arena *arena,
    struct str tag, struct report_delivery **v_r, size_t *n_r,
    struct diag *diag)
{
	struct list list = { .arena = arena };
	const struct sql_statement statement = { SELECT_DELIVERY
	    "WHERE tag = $1 ORDER BY at DESC LIMIT 1", &tag, 1,
	    DELIVERY_COLUMNS, take_delivery, &list };
	enum status status = select_items(store, &list, &statement, n_r,
	    diag);

	*v_r = list.v;
	return (status);
}

enum status
report_store_count(struct report_store *store, struct str host,
    int64_t since_s, int64_t *n_r, struct diag *diag)
{
	char since[SQL_NUMBER_BYTES];
	const struct str values[] = { sql_number(since, since_s),
		host.n > 0 ? host : STR_NONE };
	const struct sql_statement statement = { "SELECT count(*) "
	    "FROM mailseal_report_delivery WHERE at >= $1 "
	    "AND state IN ('begun', 'done') "
	    "AND (CAST($2 AS text) IS NULL OR host = $2)", values, 2, 1,
	    report_store_take_number, n_r };

	*n_r = 0;
	return (sql_run(store->db, &statement, NULL, diag));
}

static enum status
take_suppression(void *ctx, const struct str *v)
{
	struct list *list = ctx;
	struct report_suppression *s = add_item(list, sizeof(*s));
	enum status status = STATUS_OK;

	if (s == NULL) {
		return (STATUS_NOMEM);
	}
	s->address = copy_text(list, v[0], &status);
	read_number(&v[1], &s->since_s, &status);
	read_number(&v[2], &s->until_s, &status);
	read_number(&v[3], &s->times, &status);
	s->reason = copy_text(list, v[4], &status);
	return (status);
}

enum status
report_store_suppress(struct report_store *store,
    const struct report_suppression *s, struct diag *diag)
{
	char n[3][SQL_NUMBER_BYTES];
	const struct str values[] = { s->address, sql_number(n[0], s->since_s),
		sql_number(n[1], s->until_s), sql_number(n[2], s->times),
		present_text(s->reason) };

	return (report_store_run(store,
	    "INSERT INTO mailseal_report_suppression "
	    "(address, since, until, times, reason) "
	    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (address) DO UPDATE SET "
	    "since = excluded.since, until = excluded.until, "
	    "times = excluded.times, reason = excluded.reason", values, 5,
	    NULL, diag));
}

enum status
report_store_unsuppress(struct report_store *store, struct str address,
    bool *found_r, struct diag *diag)
{
	enum status status;
	long changed = 0;

	status = report_store_run(store, "DELETE FROM "
	    "mailseal_report_suppression WHERE address = $1", &address, 1,
	    &changed, diag);
	*found_r = changed > 0;
	return (status);
}

enum status
report_store_suppressions(struct report_store *store, struct arena *arena,
    struct str address, struct report_suppression **v_r, size_t *n_r,
    struct diag *diag)
{
	struct list list = { .arena = arena };
	const struct str value = address.n > 0 ? address : STR_NONE;
	const struct sql_statement statement = { "SELECT address, since, "
	    "until, times, reason FROM mailseal_report_suppression "
	    "WHERE CAST($1 AS text) IS NULL OR address = $1 "
	    "ORDER BY address", &value, 1, 5, take_suppression, &list };
	enum status status = select_items(store, &list, &statement, n_r,
	    diag);

	*v_r = list.v;
	return (status);
}

static enum status
take_permission(void *ctx, const struct str *v)
{
	struct list *list = ctx;
	struct report_permission *p = add_item(list, sizeof(*p));
	enum status status = STATUS_OK;

	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	p->policy_domain = copy_text(list, v[0], &status);
	p->host = copy_text(list, v[1], &status);
	p->granted = str_eq(v[2], STR("1"));
	p->address = copy_text(list, v[3], &status);
	read_number(&v[4], &p->until_s, &status);
	return (status);
}

enum status
report_store_permit(struct report_store *store,
    const struct report_permission *p, struct diag *diag)
{
	char until[SQL_NUMBER_BYTES];
	const struct str values[] = { p->policy_domain, p->host,
		p->granted ? STR("1") : STR("0"), present_text(p->address),
		sql_number(until, p->until_s) };

	return (report_store_run(store,
	    "INSERT INTO mailseal_report_permission "
	    "(domain, host, granted, address, until) "
	    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domain, host) "
	    "DO UPDATE SET granted = excluded.granted, "
	    "address = excluded.address, until = excluded.until", values, 5,
	    NULL, diag));
}

enum status
report_store_permission(struct report_store *store, struct arena *arena,
    struct str policy_domain, struct str host, struct report_permission **v_r,
    size_t *n_r, struct diag *diag)
{
	struct list list = { .arena = arena };
	const struct str values[] = { policy_domain, host };
	const struct sql_statement statement = { "SELECT domain, host, "
	    "granted, address, until FROM mailseal_report_permission "
	    "WHERE domain = $1 AND host = $2", values, 2, 5, take_permission,
	    &list };
	enum status status = select_items(store, &list, &statement, n_r,
	    diag);

	*v_r = list.v;
	return (status);
}
