/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/private.h"

enum status
sql_new(const struct sql_ops *ops, void *ctx, struct sql **r,
    struct diag *diag)
{
	struct sql *db = malloc(sizeof(*db));

	*r = db;
	if (db == NULL) {
		ops->close(ctx);
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	*db = (struct sql){ ops, ctx };
	return (STATUS_OK);
}

void
sql_close(struct sql *db)
{
	if (db != NULL) {
		db->ops->close(db->ctx);
		free(db);
	}
}

bool
sql_is_current(struct sql *db)
{
	return (db->ops->is_current(db->ctx));
}

enum status
sql_run(struct sql *db, const struct sql_statement *statement,
    long *changed_r, struct diag *diag)
{
	if (statement->values_n > SQL_VALUES_MAX ||
	    statement->columns > SQL_COLUMNS_MAX) {
		diag_set(diag, NULL, 0, "too many values in a statement");
		return (STATUS_LIMIT);
	}
	return (db->ops->run(db->ctx, statement, changed_r, diag));
}

static enum status
run_text(struct sql *db, const char *text, struct diag *diag)
{
	const struct sql_statement statement = { .text = text };

	return (sql_run(db, &statement, NULL, diag));
}

enum status
sql_begin(struct sql *db, struct diag *diag)
{
	return (run_text(db, db->ops->begin, diag));
}

enum status
sql_commit(struct sql *db, struct diag *diag)
{
	return (run_text(db, "COMMIT", diag));
}

void
sql_rollback(struct sql *db)
{
	struct diag ignored;

	diag_init(&ignored);
	(void)run_text(db, "ROLLBACK", &ignored);
}

struct str
sql_number(char text[SQL_NUMBER_BYTES], int64_t n)
{
	if (n < 0) {
		return (STR_NONE);
	}
	(void)snprintf(text, SQL_NUMBER_BYTES, "%" PRId64, n);
	return (str_from(text));
}
