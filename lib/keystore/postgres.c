/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <time.h>

#include "keystore/sql.h"

#define LOCK_NUMBER	"20260509"	/* of the advisory locks */

static enum status
take_flag(void *ctx, const struct str *columns)
{
	*(bool *)ctx = str_eq(columns[0], STR("t"));
	return (STATUS_OK);
}

/* The lock ends with the connection. */
static enum status
lock_by_server(void *ctx, struct sql *db, struct str domain,
    unsigned timeout_s, struct diag *diag)
{
	const struct timespec step = { 0, KEYSTORE_LOCK_STEP_MS * 1000000L };
	unsigned left = timeout_s * 1000 / KEYSTORE_LOCK_STEP_MS;
	bool ours = false;
	const struct sql_statement statement = { "SELECT pg_try_advisory_lock("
	    LOCK_NUMBER ", hashtext($1))", &domain, 1, 1, take_flag, &ours };
	enum status status;

	(void)ctx;
	for (;;) {
		status = sql_run(db, &statement, NULL, diag);
		if (status != STATUS_OK || ours) {
			return (status);
		}
		if (left-- == 0) {
			return (keystore_locked("postgres", domain, diag));
		}
		(void)nanosleep(&step, NULL);
	}
}

/* A failure means that the connection is lost, and the lock with it. */
static void
unlock_by_server(void *ctx, struct sql *db, struct str domain)
{
	const struct sql_statement statement = { "SELECT pg_advisory_unlock("
	    LOCK_NUMBER ", hashtext($1))", &domain, 1, 0, NULL, NULL };
	struct diag ignored;

	(void)ctx;
	diag_init(&ignored);
	if (sql_run(db, &statement, NULL, &ignored) != STATUS_OK) {
		return;
	}
}

static void
lock_close(void *ctx)
{
	(void)ctx;
}

enum status
keystore_open_postgres(struct keystore *store, const char *conninfo,
    struct diag *diag)
{
	static const struct keystore_locks locks = { lock_close,
		lock_by_server, unlock_by_server };
	struct sql *db;
	enum status status = sql_open_postgres(conninfo, &db, diag);

	return (status != STATUS_OK ? status : keystore_open_sql(store,
	    &locks, NULL, db, diag));
}
