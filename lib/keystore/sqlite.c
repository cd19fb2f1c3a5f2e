/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/access.h"
#include "keystore/lock.h"
#include "keystore/sql.h"

#define LOCK_END	"-lock"
/* Overwrite private keys that are removed or become encrypted. */
#define SECURE		"PRAGMA secure_delete = ON;"

/* The tables are those of etc/keys-sqlite.sql; a test compares them. */
static const char create_tables[] = SECURE
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

struct file_lock {
	char	*path;			/* of the database */
	char	*lock_path;
	struct lock_file lock;
};

static void
lock_close(void *ctx)
{
	struct file_lock *l = ctx;

	lock_file_close(&l->lock);
	free(l->lock_path);
	free(l->path);
	free(l);
}

/* Not a transaction: what an interrupted run has done stays. And not on the
   database file, all of whose locks SQLite may drop. */
static enum status
lock_by_file(void *ctx, struct sql *db, struct str domain,
    unsigned timeout_s, struct diag *diag)
{
	struct file_lock *l = ctx;
	struct files_owner owner;
	struct stat st;

	(void)db;
	if (stat(l->path, &st) == -1) {
		diag_set(diag, l->path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	owner = (struct files_owner){ st.st_uid, st.st_gid };
	return (lock_domain(&l->lock, AT_FDCWD, l->lock_path, l->path, &owner,
	    domain, timeout_s, diag));
}

static void
unlock_by_file(void *ctx, struct sql *db, struct str domain)
{
	struct file_lock *l = ctx;

	(void)db;
	unlock_domain(&l->lock, domain);
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

/* One lock whatever symbolic links lead to the database. */
static enum status
name_lock(struct file_lock *l, struct diag *diag)
{
	char *real = realpath(l->path, NULL);

	if (real == NULL) {
		diag_set(diag, l->path, 0, "%s", strerror(errno));
		return (errno == ENOMEM ? STATUS_NOMEM : STATUS_IO);
	}
	if (asprintf(&l->lock_path, "%s" LOCK_END, real) == -1) {
		l->lock_path = NULL;
	}
	free(real);
	if (l->lock_path == NULL) {
		diag_set(diag, l->path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

static enum status
open_database(struct file_lock *l, bool create, struct sql **r,
    struct diag *diag)
{
	/* With private keys: for its owner only. */
	const struct sql_file file = { l->path, create ? 0600 : 0,
		create ? create_tables : SECURE };
	enum status status = check_access(l->path, diag);

	if (status == STATUS_OK) {
		status = sql_open_sqlite(&file, r, diag);
	}
	return (status == STATUS_OK ? name_lock(l, diag) : status);
}

enum status
keystore_open_sqlite(struct keystore *store, const char *path, bool create,
    struct diag *diag)
{
	static const struct keystore_locks locks = { lock_close,
		lock_by_file, unlock_by_file };
	struct file_lock *l = calloc(1, sizeof(*l));
	struct sql *db = NULL;
	enum status status;

	if (l == NULL || (l->path = strdup(path)) == NULL) {
		free(l);
		diag_set(diag, path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	l->lock.fd = -1;
	status = open_database(l, create, &db, diag);
	if (status != STATUS_OK) {
		sql_close(db);
		lock_close(l);
		return (status);
	}
	return (keystore_open_sql(store, &locks, l, db, diag));
}
