/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "keystore/fields.h"
#include "keystore/sql.h"

/* In the order of enum field. */
#define COLUMNS	"domain, selector, type, bits, stage, created, since, seen, " \
	"asked, record, note"
#define HAS_PRIVATE	", length(NULLIF(private, ''))"
#define ROW_NAME_BYTES	400

struct database {
	struct sql			*sql;
	const struct keystore_locks	*locks;
	void				*locks_ctx;
};

static void
database_close(void *ctx)
{
	struct database *db = ctx;

	sql_close(db->sql);
	db->locks->close(db->locks_ctx);
	free(db);
}

static enum status
run_statement(const struct database *db, const char *text,
    const struct str *values, int n, int columns, sql_row *row,
    void *row_ctx, long *changed_r, struct diag *diag)
{
	const struct sql_statement statement = { text, values, n, columns,
		row, row_ctx };

	return (sql_run(db->sql, &statement, changed_r, diag));
}

/* Column i is field i; an empty one has no value. */
static enum status
read_fields(struct arena *arena, const struct str *columns, const char *name,
    struct keystore_key *key, struct diag *diag)
{
	enum status status;
	unsigned i;

	*key = (struct keystore_key){ .seen_s = -1, .asked_s = -1 };
	for (i = 0; i < FIELDS_N; i++) {
		if (columns[i].n == 0 && field_is_optional((enum field)i)) {
			continue;
		}
		status = field_set(arena, key, (enum field)i, columns[i],
		    name, 0, diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

static enum status
read_key(const struct keystore_query *query, const struct str *columns,
    struct keystore_key *key, struct diag *diag)
{
	char name[ROW_NAME_BYTES];
	enum status status;

	(void)snprintf(name, sizeof(name), "the row of %.*s of %.*s in "
	    "mailseal_key", STR_FMT(columns[FIELD_SELECTOR]),
	    STR_FMT(columns[FIELD_DOMAIN]));
	status = read_fields(query->scratch, columns, name, key, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (!query->active) {
		keystore_mark(key, columns[FIELDS_N].n > 0);
		return (STATUS_OK);
	}
	key->pem = columns[FIELDS_N];
	if (key->stage == KEY_ACTIVE && key->pem.n == 0) {
		diag_set(diag, NULL, 0, "%s: it has no private key", name);
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* A broken key must not hide the others; only NOMEM ends a list. */
static enum status
take_key(void *ctx, const struct str *columns)
{
	const struct keystore_query *query = ctx;
	struct keystore_key key;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = read_key(query, columns, &key, &diag);
	if (status == STATUS_OK) {
		return (keystore_deliver(query, &key));
	}
	if (status == STATUS_NOMEM) {
		return (status);
	}
	keystore_report(query, columns[0], columns[1], &diag);
	return (STATUS_OK);
}

static enum status
database_list(void *ctx, const struct keystore_query *query, struct diag *diag)
{
	const struct str *domain = query->domain.p != NULL ? &query->domain :
	    NULL;
	/* A key of an invalid stage may have been active. */
	const char *text = query->active ? "SELECT " COLUMNS ", CASE WHEN "
	    "stage NOT IN ('pending', 'published', 'retired', 'revoked') "
	    "THEN private END FROM mailseal_key WHERE stage <> 'removed'" :
	    domain == NULL ? "SELECT " COLUMNS HAS_PRIVATE
	    " FROM mailseal_key" : "SELECT " COLUMNS HAS_PRIVATE
	    " FROM mailseal_key WHERE domain = $1";

	return (run_statement(ctx, text, domain, domain != NULL, FIELDS_N + 1,
	    take_key, (void *)(uintptr_t)query, NULL, diag));
}

static enum status
take_private(void *ctx, const struct str *columns)
{
	struct buf *pem = ctx;

	buf_add_str(pem, columns[0]);
	return (pem->status);
}

static enum status
database_private(void *ctx, const struct keystore_key *key, struct buf *pem,
    struct diag *diag)
{
	const struct str values[] = { key->domain, key->selector };
	enum status status;

	status = run_statement(ctx, "SELECT private FROM mailseal_key "
	    "WHERE domain = $1 AND selector = $2", values, 2, 1, take_private,
	    pem, NULL, diag);
	if (status == STATUS_OK && pem->n == 0) {
		diag_set(diag, NULL, 0, "the database has no private key %.*s "
		    "of %.*s", STR_FMT(key->selector), STR_FMT(key->domain));
		status = STATUS_IO;
	}
	return (status);
}

static enum status
take_number(void *ctx, const struct str *columns)
{
	return (str_to_u64(columns[0], ctx) ? STATUS_OK : STATUS_SYNTAX);
}

static enum status
database_revision(void *ctx, uint64_t *r, struct diag *diag)
{
	*r = 0;
	return (run_statement(ctx, "SELECT n FROM mailseal_key_revision", NULL,
	    0, 1,
	    take_number, r, NULL, diag));
}

static enum status
database_lock(void *ctx, struct str domain, unsigned timeout_s,
    struct diag *diag)
{
	const struct database *db = ctx;

	return (db->locks->lock(db->locks_ctx, db->sql, domain, timeout_s,
	    diag));
}

static void
database_unlock(void *ctx, struct str domain)
{
	const struct database *db = ctx;

	db->locks->unlock(db->locks_ctx, db->sql, domain);
}

static enum status
database_add(void *ctx, const struct keystore_key *key, struct str pem,
    struct diag *diag)
{
	char numbers[5][SQL_NUMBER_BYTES];
	const struct str values[] = { key->domain, key->selector,
		str_from(crypto_key_name(key->type)),
		sql_number(numbers[0], key->bits),
		str_from(key_stage_name(key->stage)),
		sql_number(numbers[1], key->created_s),
		sql_number(numbers[2], key->since_s),
		sql_number(numbers[3], key->seen_s),
		sql_number(numbers[4], key->asked_s), key->record, key->note,
		pem };
	struct diag why;
	enum status status;

	diag_init(&why);
	status = run_statement(ctx, "INSERT INTO mailseal_key (" COLUMNS ", "
	    "private) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
	    values, FIELDS_N + 1, 0, NULL, NULL, NULL, &why);
	if (status == STATUS_LIMIT) {
		diag_set(diag, NULL, 0, "%.*s of %.*s exists already; choose "
		    "another selector", STR_FMT(key->selector),
		    STR_FMT(key->domain));
	} else if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", why.text);
	}
	return (status);
}

static enum status
database_save(void *ctx, const struct keystore_key *key, struct diag *diag)
{
	char numbers[3][SQL_NUMBER_BYTES];
	const struct str values[] = { str_from(key_stage_name(key->stage)),
		sql_number(numbers[0], key->since_s),
		sql_number(numbers[1], key->seen_s),
		sql_number(numbers[2], key->asked_s), key->record, key->note,
		key->domain, key->selector };
	enum status status;
	long changed = 0;

	status = run_statement(ctx, key->stage == KEY_REMOVED ?
	    "UPDATE mailseal_key SET stage = $1, since = $2, seen = $3, "
	    "asked = $4, record = $5, note = $6, private = NULL "
	    "WHERE domain = $7 AND selector = $8" :
	    "UPDATE mailseal_key SET stage = $1, since = $2, seen = $3, "
	    "asked = $4, record = $5, note = $6 "
	    "WHERE domain = $7 AND selector = $8",
	    values, 8, 0, NULL, NULL, &changed, diag);
	if (status == STATUS_OK && changed != 1) {
		diag_set(diag, NULL, 0, "the database has no key %.*s of %.*s",
		    STR_FMT(key->selector), STR_FMT(key->domain));
		status = STATUS_IO;
	}
	return (status);
}

static enum status
database_delete(void *ctx, const struct keystore_key *key, struct diag *diag)
{
	const struct str values[] = { key->domain, key->selector };

	return (run_statement(ctx, "DELETE FROM mailseal_key WHERE "
	    "domain = $1 AND selector = $2", values, 2, 0, NULL, NULL, NULL,
	    diag));
}

static enum status
database_replace(void *ctx, const struct keystore_key *key, struct str old,
    struct str pem, bool *changed_r, struct diag *diag)
{
	const struct str values[] = { pem, key->domain, key->selector, old };
	enum status status;
	long changed = 0;

	status = run_statement(ctx, "UPDATE mailseal_key SET private = $1 "
	    "WHERE domain = $2 AND selector = $3 AND private = $4", values, 4,
	    0, NULL, NULL, &changed, diag);
	*changed_r = status == STATUS_OK && changed == 1;
	return (status);
}

enum status
keystore_open_sql(struct keystore *store, const struct keystore_locks *locks,
    void *ctx, struct sql *sql, struct diag *diag)
{
	static const struct keystore_ops ops = { database_close,
		database_list, database_private, database_revision,
		database_lock, database_unlock, database_add, database_save,
		database_delete, database_replace };
	struct database *db = malloc(sizeof(*db));

	if (db == NULL) {
		sql_close(sql);
		locks->close(ctx);
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	*db = (struct database){ sql, locks, ctx };
	store->ops = &ops;
	store->ctx = db;
	return (STATUS_OK);
}
