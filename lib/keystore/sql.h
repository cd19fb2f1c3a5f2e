/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sql: a store in a database, in the SQL that SQLite and PostgreSQL share. The
 * tables are in etc/keys-sqlite.sql and etc/keys-postgres.sql. Triggers count
 * the revision. Each change is one statement, and so a transaction.
 */
#ifndef KEYSTORE_SQL_H
#define KEYSTORE_SQL_H

#include "keystore/private.h"

#define SQL_TIMEOUT_S	3	/* for a lock of another process */

/* Takes a row; a NULL column is absent. Any status but OK ends the query. */
typedef enum status sql_row(void *ctx, const struct str *columns);

struct sql_driver {
	void		 (*close)(void *db);
	/*
	 * Runs a statement with $1, $2 ... in this order; absent values are
	 * NULL. *changed_r: number of rows. TEMP: the database does not
	 * answer; LIMIT: the key exists.
	 */
	enum status	 (*run)(void *db, const char *text,
			    const struct str *values, int n, int columns,
			    sql_row *, void *ctx, long *changed_r,
			    struct diag *);
	/* TEMP: another process holds the lock. */
	enum status	 (*lock)(void *db, struct str domain,
			    unsigned timeout_s, struct diag *);
	void		 (*unlock)(void *db, struct str domain);
};

/* Takes db, an open database, also on failure. */
enum status	 keystore_open_sql(struct keystore *,
		    const struct sql_driver *, void *db, struct diag *)
    ATTR_MUST_CHECK;

#endif
