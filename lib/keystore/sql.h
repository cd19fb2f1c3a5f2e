/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sql: the store that is a database, in the words that SQLite and PostgreSQL
 * share (etc/keys-sqlite.sql, etc/keys-postgres.sql have the tables). Triggers
 * count the revision; each change is one statement, and so a transaction.
 */
#ifndef KEYSTORE_SQL_H
#define KEYSTORE_SQL_H

#include "keystore/private.h"

#define SQL_TIMEOUT_S	3	/* for a connection, and for a lock of others */

/* One row; an absent column is NULL. Not OK ends the query with that. */
typedef enum status sql_row(void *ctx, const struct str *columns);

struct sql_driver {
	void		 (*close)(void *db);
	/*
	 * A statement with $1, $2 ... that stand in this order; absent values
	 * are NULL. *changed_r: rows. TEMP: the database does not answer;
	 * LIMIT: there is such a key already.
	 */
	enum status	 (*run)(void *db, const char *text,
			    const struct str *values, int n, int columns,
			    sql_row *, void *ctx, long *changed_r,
			    struct diag *);
	/* TEMP: another process has it. */
	enum status	 (*lock)(void *db, struct str domain,
			    unsigned timeout_s, struct diag *);
	void		 (*unlock)(void *db, struct str domain);
};

/* Takes db over, which has been opened. */
enum status	 keystore_open_sql(struct keystore *,
		    const struct sql_driver *, void *db, struct diag *)
    ATTR_MUST_CHECK;

#endif
