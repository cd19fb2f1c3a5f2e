/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sql: a store in a database (sql/sql.h). The tables are in etc/keys-sqlite.sql
 * and etc/keys-postgres.sql. Triggers count the revision. Each change is one
 * statement, and so a transaction. The kinds differ in their locks.
 */
#ifndef KEYSTORE_SQL_H
#define KEYSTORE_SQL_H

#include "keystore/private.h"
#include "sql/sql.h"

struct keystore_locks {		/* of a kind of database; ctx is its own */
	void		 (*close)(void *ctx);
	/* TEMP: another process holds the lock. */
	enum status	 (*lock)(void *ctx, struct sql *, struct str domain,
			    unsigned timeout_s, struct diag *);
	void		 (*unlock)(void *ctx, struct sql *,
			    struct str domain);
};

/* Takes ctx and db, an open database, also on failure. */
enum status	 keystore_open_sql(struct keystore *,
		    const struct keystore_locks *, void *ctx, struct sql *db,
		    struct diag *) ATTR_MUST_CHECK;

#endif
