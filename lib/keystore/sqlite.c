/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/access.h"
#include "keystore/lock.h"
#include "keystore/sql.h"

#define COLUMNS_MAX	16
#define LOCK_END	"-lock"

/* The same as etc/keys-sqlite.sql; a test compares them. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS mailseal_key (domain TEXT NOT NULL, "
    "selector TEXT NOT NULL, type TEXT NOT NULL, bits INTEGER NOT NULL, "
    "stage TEXT NOT NULL, created INTEGER NOT NULL, since INTEGER NOT NULL, "
    "seen INTEGER, asked INTEGER, record TEXT NOT NULL, note TEXT, "
    "private TEXT, PRIMARY KEY (domain, selector));"
    "CREATE TABLE IF NOT EXISTS mailseal_key_revision (n INTEGER NOT NULL);"
    "INSERT INTO mailseal_key_revision SELECT 1 WHERE NOT EXISTS "
    "(SELECT 1 FROM mailseal_key_revision);"
    "CREATE TRIGGER IF NOT EXISTS mailseal_key_insert AFTER INSERT ON "
    "mailseal_key BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;"
    "CREATE TRIGGER IF NOT EXISTS mailseal_key_update AFTER UPDATE ON "
    "mailseal_key WHEN OLD.stage IS NOT NEW.stage OR OLD.private IS NOT "
    "NEW.private OR OLD.domain IS NOT NEW.domain OR OLD.selector IS NOT "
    "NEW.selector BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;"
    "CREATE TRIGGER IF NOT EXISTS mailseal_key_delete AFTER DELETE ON "
    "mailseal_key BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;";

struct sqlite {
	sqlite3	*db;
	char	*path;
	char	*lock_path;
	struct lock_file lock;
};

static void
sqlite_close(void *ctx)
{
	struct sqlite *s = ctx;

	(void)sqlite3_close(s->db);
	lock_file_close(&s->lock);
	free(s->lock_path);
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
deliver_row(sqlite3_stmt *statement, int columns, sql_row *row, void *ctx)
{
	struct str v[COLUMNS_MAX];
	const char *text;
	int i;

	for (i = 0; i < columns && i < COLUMNS_MAX; i++) {
		text = (const char *)sqlite3_column_text(statement, i);
		v[i] = text == NULL ? STR_NONE : str_mem(text,
		    (size_t)sqlite3_column_bytes(statement, i));
	}
	return (row(ctx, v));
}

static enum status
sqlite_run(void *ctx, const char *text, const struct str *values, int n,
    int columns, sql_row *row, void *row_ctx, long *changed_r,
    struct diag *diag)
{
	struct sqlite *s = ctx;
	sqlite3_stmt *statement = NULL;
	enum status status = STATUS_OK;
	int error = sqlite3_prepare_v2(s->db, text, -1, &statement, NULL);

	if (error == SQLITE_OK) {
		error = bind_values(statement, values, n);
	}
	while (error == SQLITE_OK && status == STATUS_OK) {
		error = sqlite3_step(statement);
		if (error == SQLITE_ROW) {
			error = SQLITE_OK;
			status = deliver_row(statement, columns, row, row_ctx);
		}
	}
	if (error != SQLITE_OK && error != SQLITE_DONE) {
		status = set_error(s, error, diag);
	} else if (changed_r != NULL) {
		*changed_r = sqlite3_changes(s->db);
	}
	(void)sqlite3_finalize(statement);
	return (status);
}

/* Not a transaction: what an interrupted run has done stays. And not on the
   database file, all of whose locks SQLite may drop. */
static enum status
sqlite_lock(void *ctx, struct str domain, unsigned timeout_s,
    struct diag *diag)
{
	struct sqlite *s = ctx;
	struct files_owner owner;
	struct stat st;

	if (stat(s->path, &st) == -1) {
		diag_set(diag, s->path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	owner = (struct files_owner){ st.st_uid, st.st_gid };
	return (lock_domain(&s->lock, AT_FDCWD, s->lock_path, s->path, &owner,
	    domain, timeout_s, diag));
}

static void
sqlite_unlock(void *ctx, struct str domain)
{
	struct sqlite *s = ctx;

	unlock_domain(&s->lock, domain);
}

/* With private keys: accessible to the owner of its directory only. */
static enum status
create_file(const char *path, struct diag *diag)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum status status = STATUS_OK;
	struct stat st;
	char *copy;

	if (fd == -1 && errno == EEXIST) {
		return (STATUS_OK);
	}
	copy = strdup(path);
	if (fd == -1 || copy == NULL || (geteuid() == 0 &&
	    (stat(dirname(copy), &st) == -1 ||
	    fchown(fd, st.st_uid, st.st_gid) == -1))) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		status = STATUS_IO;
	}
	if (fd != -1) {
		(void)close(fd);
	}
	free(copy);
	return (status);
}

/* The owner is not checked: several users may write it. */
static enum status
check_access(const char *path, struct diag *diag)
{
	struct stat st;

	/* If it does not exist, opening it fails with a message. */
	return (stat(path, &st) == -1 ? STATUS_OK :
	    access_check(&st, st.st_uid, "", path, diag));
}

static enum status
connect_to(struct sqlite *s, bool create, struct diag *diag)
{
	int error = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL);

	if (error == SQLITE_OK) {
		error = sqlite3_busy_timeout(s->db, SQL_TIMEOUT_S * 1000);
	}
	/* Overwrite private keys that are removed or become encrypted. */
	if (error == SQLITE_OK) {
		error = sqlite3_exec(s->db, "PRAGMA secure_delete = ON", NULL,
		    NULL, NULL);
	}
	if (error == SQLITE_OK && create) {
		error = sqlite3_exec(s->db, schema, NULL, NULL, NULL);
	}
	return (error == SQLITE_OK ? STATUS_OK : set_error(s, error, diag));
}

/* One lock whatever symbolic links lead to the database. */
static enum status
name_lock(struct sqlite *s, struct diag *diag)
{
	char *real = realpath(s->path, NULL);

	if (real == NULL) {
		diag_set(diag, s->path, 0, "%s", strerror(errno));
		return (errno == ENOMEM ? STATUS_NOMEM : STATUS_IO);
	}
	if (asprintf(&s->lock_path, "%s" LOCK_END, real) == -1) {
		s->lock_path = NULL;
	}
	free(real);
	if (s->lock_path == NULL) {
		diag_set(diag, s->path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

static enum status
open_database(struct sqlite *s, bool create, struct diag *diag)
{
	enum status status = create ? create_file(s->path, diag) : STATUS_OK;

	if (status == STATUS_OK) {
		status = check_access(s->path, diag);
	}
	if (status == STATUS_OK) {
		status = connect_to(s, create, diag);
	}
	return (status == STATUS_OK ? name_lock(s, diag) : status);
}

enum status
keystore_open_sqlite(struct keystore *store, const char *path, bool create,
    struct diag *diag)
{
	static const struct sql_driver driver = { sqlite_close, sqlite_run,
		sqlite_lock, sqlite_unlock };
	struct sqlite *s = calloc(1, sizeof(*s));
	enum status status;

	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		diag_set(diag, path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	s->lock.fd = -1;
	status = open_database(s, create, diag);
	if (status != STATUS_OK) {
		sqlite_close(s);
		return (status);
	}
	return (keystore_open_sql(store, &driver, s, diag));
}
