/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/private.h"

#define PREPARED_MAX	8	/* statements that are kept */

struct prepared {
	char		*text;		/* NULL: a free place */
	sqlite3_stmt	*statement;	/* NULL: in use */
};

struct sqlite {
	sqlite3	*db;
	struct prepared prepared[PREPARED_MAX];
	unsigned next;		/* place of a new one */
	char	*path;
	dev_t	 device;	/* of the file that is open */
	ino_t	 inode;
};

static void
sqlite_close(void *ctx)
{
	struct sqlite *s = ctx;
	size_t i;

	for (i = 0; i < PREPARED_MAX; i++) {
		(void)sqlite3_finalize(s->prepared[i].statement);
		free(s->prepared[i].text);
	}
	(void)sqlite3_close(s->db);
	free(s->path);
	free(s);
}

static enum status
set_error(const struct sqlite *s, int error, struct diag *diag)
{
	diag_set(diag, s->path, 0, "%s", s->db != NULL ?
	    sqlite3_errmsg(s->db) : sqlite3_errstr(error));
	switch (error & 0xff) {
	case SQLITE_NOMEM:
		return (STATUS_NOMEM);
	case SQLITE_CONSTRAINT:
		return (STATUS_LIMIT);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return (STATUS_TEMP);
	default:
		return (STATUS_IO);
	}
}

static int
bind_values(sqlite3_stmt *statement, const struct str *values, int n)
{
	int i, error = SQLITE_OK;

	for (i = 0; i < n && error == SQLITE_OK; i++) {
		error = values[i].p == NULL ?
		    sqlite3_bind_null(statement, i + 1) :
		    sqlite3_bind_text(statement, i + 1, values[i].p,
		    (int)values[i].n, SQLITE_STATIC);
	}
	return (error);
}

static enum status
deliver_row(sqlite3_stmt *row, const struct sql_statement *statement)
{
	struct str v[SQL_COLUMNS_MAX];
	const char *text;
	int i;

	for (i = 0; i < statement->columns; i++) {
		text = (const char *)sqlite3_column_text(row, i);
		if (text == NULL && sqlite3_column_type(row, i) !=
		    SQLITE_NULL) {
			return (STATUS_NOMEM);
		}
		v[i] = text == NULL ? STR_NONE : str_mem(text,
		    (size_t)sqlite3_column_bytes(row, i));
	}
	return (statement->row(statement->ctx, v));
}

/* Takes a statement that was prepared before, or prepares it. */
static int
take_statement(struct sqlite *s, const char *text, sqlite3_stmt **r)
{
	size_t i;

	for (i = 0; i < PREPARED_MAX; i++) {
		struct prepared *p = &s->prepared[i];

		if (p->statement != NULL && strcmp(p->text, text) == 0) {
			*r = p->statement;
			p->statement = NULL;
			return (SQLITE_OK);
		}
	}
	return (sqlite3_prepare_v2(s->db, text, -1, r, NULL));
}

static void
keep_statement(struct sqlite *s, const char *text, sqlite3_stmt *statement)
{
	struct prepared *p;
	char *copy;
	size_t i;

	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
	for (i = 0; i < PREPARED_MAX; i++) {
		p = &s->prepared[i];
		if (p->text != NULL && p->statement == NULL &&
		    strcmp(p->text, text) == 0) {
			p->statement = statement;
			return;
		}
	}
	copy = strdup(text);
	if (copy == NULL) {
		(void)sqlite3_finalize(statement);
		return;
	}
	p = &s->prepared[s->next++ % PREPARED_MAX];
	(void)sqlite3_finalize(p->statement);
	free(p->text);
	*p = (struct prepared){ copy, statement };
}

static enum status
sqlite_run(void *ctx, const struct sql_statement *statement, long *changed_r,
    struct diag *diag)
{
	struct sqlite *s = ctx;
	sqlite3_stmt *running = NULL;
	enum status status = STATUS_OK;
	int error = take_statement(s, statement->text, &running);

	if (error == SQLITE_OK) {
		error = bind_values(running, statement->values,
		    statement->values_n);
	}
	while (error == SQLITE_OK && status == STATUS_OK) {
		error = sqlite3_step(running);
		if (error == SQLITE_ROW) {
			error = SQLITE_OK;
			status = statement->row == NULL ? STATUS_OK :
			    deliver_row(running, statement);
		}
	}
	if (error != SQLITE_OK && error != SQLITE_DONE) {
		status = set_error(s, error, diag);
	} else if (changed_r != NULL) {
		*changed_r = sqlite3_changes(s->db);
	}
	if (error == SQLITE_OK || error == SQLITE_DONE) {
		keep_statement(s, statement->text, running);
	} else {
		(void)sqlite3_finalize(running);
	}
	return (status);
}

static bool
sqlite_is_current(void *ctx)
{
	const struct sqlite *s = ctx;
	struct stat st;

	return (stat(s->path, &st) == 0 && st.st_dev == s->device &&
	    st.st_ino == s->inode);
}

static enum status
create_file(const struct sql_file *file, struct diag *diag)
{
	int fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    file->mode);
	enum status status = STATUS_OK;
	struct stat st;
	char *copy;

	if (fd == -1 && errno == EEXIST) {
		return (STATUS_OK);
	}
	copy = strdup(file->path);
	if (fd == -1 || copy == NULL || (geteuid() == 0 &&
	    (stat(dirname(copy), &st) == -1 ||
	    fchown(fd, st.st_uid, st.st_gid) == -1))) {
		diag_set(diag, file->path, 0, "%s", strerror(errno));
		status = STATUS_IO;
	}
	if (fd != -1) {
		(void)close(fd);
	}
	free(copy);
	return (status);
}

static enum status
connect_to(struct sqlite *s, const struct sql_file *file, struct diag *diag)
{
	int error = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL);
	struct stat st;

	if (error == SQLITE_OK && stat(s->path, &st) == 0) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
	}
	if (error == SQLITE_OK) {
		error = sqlite3_busy_timeout(s->db, SQL_TIMEOUT_S * 1000);
	}
	if (error == SQLITE_OK && file->setup != NULL) {
		error = sqlite3_exec(s->db, file->setup, NULL, NULL, NULL);
	}
	return (error == SQLITE_OK ? STATUS_OK : set_error(s, error, diag));
}

enum status
sql_open_sqlite(const struct sql_file *file, struct sql **r,
    struct diag *diag)
{
	static const struct sql_ops ops = { sqlite_close, sqlite_run,
		sqlite_is_current, "BEGIN IMMEDIATE" };
	struct sqlite *s = calloc(1, sizeof(*s));
	enum status status;

	*r = NULL;
	if (s == NULL || (s->path = strdup(file->path)) == NULL) {
		free(s);
		diag_set(diag, file->path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = file->mode != 0 ? create_file(file, diag) : STATUS_OK;
	if (status == STATUS_OK) {
		status = connect_to(s, file, diag);
	}
	if (status != STATUS_OK) {
		sqlite_close(s);
		return (status);
	}
	return (sql_new(&ops, s, r, diag));
}
