/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sql: a database, SQLite or PostgreSQL, in the SQL that both share: statements
 * with $1, $2 ... in this order, values and columns as text.
 *
 * A database belongs to one thread. No call waits without a limit: SQLite waits
 * SQL_TIMEOUT_S for a lock of another process, PostgreSQL SQL_CONNECT_S for a
 * connection and SQL_ANSWER_S for an answer. After TEMP a connection may be
 * unusable: close the database and open it again.
 *
 * Errors: TEMP (the database does not answer, or is locked), LIMIT (a
 * constraint: the key exists), IO (any other; diag says which), NOMEM.
 */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

#define SQL_TIMEOUT_S		3
#define SQL_CONNECT_S		3
#define SQL_ANSWER_S		10
#define SQL_VALUES_MAX		24	/* of a statement */
#define SQL_COLUMNS_MAX		24	/* of a row */
#define SQL_NUMBER_BYTES	24	/* of sql_number */

struct sql;

struct sql_file {		/* of SQLite */
	const char	*path;
	mode_t		 mode;		/* of a new file, which belongs to the
					   owner of its directory if root
					   creates it; 0: do not create it */
	const char	*setup;		/* statements to run first; or NULL */
};

enum status	 sql_open_sqlite(const struct sql_file *, struct sql **r,
		    struct diag *) ATTR_MUST_CHECK;
/* SYNTAX: not a conninfo. */
enum status	 sql_open_postgres(const char *conninfo, struct sql **r,
		    struct diag *) ATTR_MUST_CHECK;
void		 sql_close(struct sql *);	/* accepts NULL */

/* False: the path of SQLite's file is that of another file, or of none, by
   now. */
bool		 sql_is_current(struct sql *);

/* Takes a row; a NULL column is absent. Any status but OK ends the query and is
   returned. */
typedef enum status sql_row(void *ctx, const struct str *columns);

struct sql_statement {
	const char		*text;
	const struct str	*values;	/* absent ones are NULL */
	int			 values_n;
	int			 columns;	/* of a row; 0: no rows */
	sql_row			*row;		/* may be NULL */
	void			*ctx;		/* of row */
};

/* *changed_r, unless it is NULL: the number of rows changed. */
enum status	 sql_run(struct sql *, const struct sql_statement *,
		    long *changed_r, struct diag *) ATTR_MUST_CHECK;

/*
 * A transaction that writes. After a failure of a statement or of sql_commit,
 * call sql_rollback. A failure of sql_commit with TEMP leaves it open whether
 * the transaction took place.
 */
enum status	 sql_begin(struct sql *, struct diag *) ATTR_MUST_CHECK;
enum status	 sql_commit(struct sql *, struct diag *) ATTR_MUST_CHECK;
void		 sql_rollback(struct sql *);

/* n as text in `text`; n < 0: absent. */
struct str	 sql_number(char text[SQL_NUMBER_BYTES], int64_t n);

#endif
