/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/conf.h"
#include "report/store_private.h"

/* The tables are those of etc/reports-sqlite.sql; a test compares them. */
static const char create_tables[] =
    "CREATE TABLE IF NOT EXISTS mailseal_report_policy (id TEXT "
    "PRIMARY KEY, domain TEXT NOT NULL, discovery TEXT NOT NULL, p "
    "TEXT NOT NULL, sp TEXT NOT NULL, np TEXT NOT NULL, adkim TEXT NOT "
    "NULL, aspf TEXT NOT NULL, fo TEXT NOT NULL, testing TEXT NOT "
    "NULL, rua TEXT NOT NULL, error TEXT NOT NULL, used INTEGER NOT "
    "NULL);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_period (policy TEXT "
    "NOT NULL, day INTEGER NOT NULL, state TEXT NOT NULL, messages "
    "INTEGER NOT NULL, ordinary INTEGER NOT NULL, accepted INTEGER NOT "
    "NULL, passed INTEGER NOT NULL, report_id TEXT, holder TEXT, lease "
    "INTEGER, done INTEGER, note TEXT, PRIMARY KEY (policy, day));"
    "CREATE INDEX IF NOT EXISTS mailseal_report_period_day ON "
    "mailseal_report_period (state, day);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_row (policy TEXT NOT "
    "NULL, day INTEGER NOT NULL, hash TEXT NOT NULL, messages INTEGER "
    "NOT NULL, ip TEXT NOT NULL, disposition TEXT NOT NULL, dkim TEXT "
    "NOT NULL, spf TEXT NOT NULL, reasons TEXT NOT NULL, header_from "
    "TEXT NOT NULL, envelope_from TEXT NOT NULL, signatures TEXT NOT "
    "NULL, spf_domain TEXT NOT NULL, spf_result TEXT NOT NULL, PRIMARY "
    "KEY (policy, day, hash));"
    "CREATE TABLE IF NOT EXISTS mailseal_report_writer (id TEXT "
    "PRIMARY KEY, batch INTEGER NOT NULL, at INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_delivery (policy TEXT "
    "NOT NULL, day INTEGER NOT NULL, address TEXT NOT NULL, host TEXT "
    "NOT NULL, tag TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT "
    "NULL, note TEXT NOT NULL, PRIMARY KEY (policy, day, address));"
    "CREATE INDEX IF NOT EXISTS mailseal_report_delivery_tag ON "
    "mailseal_report_delivery (tag);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_delivery_at ON "
    "mailseal_report_delivery (at);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_suppression (address "
    "TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL, "
    "times INTEGER NOT NULL, reason TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_permission (domain "
    "TEXT NOT NULL, host TEXT NOT NULL, granted INTEGER NOT NULL, "
    "address TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY "
    "(domain, host));"
    "CREATE TABLE IF NOT EXISTS mailseal_report_failure (id TEXT "
    "PRIMARY KEY, slot INTEGER NOT NULL, at INTEGER NOT NULL, domain TEXT "
    "NOT NULL, ruf TEXT NOT NULL, source TEXT NOT NULL, incidents INTEGER "
    "NOT NULL, state TEXT NOT NULL, feedback TEXT NOT NULL, header TEXT "
    "NOT NULL, report_id TEXT, holder TEXT, lease INTEGER, done INTEGER, "
    "note TEXT);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_failure_at ON "
    "mailseal_report_failure (at);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_failure_domain ON "
    "mailseal_report_failure (domain, at);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_failure_source ON "
    "mailseal_report_failure (source, at);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_row_day ON "
    "mailseal_report_row (day);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_received (id TEXT "
    "PRIMARY KEY, org TEXT NOT NULL, email TEXT NOT NULL, report_id "
    "TEXT NOT NULL, domain TEXT NOT NULL, p TEXT NOT NULL, at INTEGER "
    "NOT NULL, records INTEGER NOT NULL, messages INTEGER NOT NULL, "
    "passed INTEGER NOT NULL, since INTEGER, until INTEGER);"
    "CREATE TABLE IF NOT EXISTS mailseal_report_source (report TEXT "
    "NOT NULL, n INTEGER NOT NULL, ip TEXT NOT NULL, dkim_domain TEXT "
    "NOT NULL, dkim_selector TEXT NOT NULL, dkim_result INTEGER NOT "
    "NULL, spf_domain TEXT NOT NULL, spf_result INTEGER NOT NULL, dkim "
    "TEXT NOT NULL, spf TEXT NOT NULL, disposition TEXT NOT NULL, "
    "reasons INTEGER NOT NULL, header_from TEXT NOT NULL, messages "
    "INTEGER NOT NULL, PRIMARY KEY (report, n));"
    "CREATE TABLE IF NOT EXISTS mailseal_report_selector (report TEXT "
    "NOT NULL, domain TEXT NOT NULL, selector TEXT NOT NULL, passed "
    "INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY (domain, "
    "selector, report));"
    "CREATE INDEX IF NOT EXISTS mailseal_report_policy_domain ON "
    "mailseal_report_policy (domain);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_selector_report ON "
    "mailseal_report_selector (report);"
    "CREATE INDEX IF NOT EXISTS mailseal_report_received_until ON "
    "mailseal_report_received (until);";

#define SETUP	"PRAGMA journal_mode = WAL;"

static enum status
open_file(const char *path, bool create, struct sql **r, struct diag *diag)
{
	struct sql_file file = { path, create ? 0640 : 0, SETUP };
	/* Fails without an index that came later than its table. */
	const struct sql_statement check = { .text =
	    "SELECT * FROM (SELECT 1 FROM mailseal_report_row INDEXED BY "
	    "mailseal_report_row_day WHERE day > 0 LIMIT 1) UNION ALL "
	    "SELECT * FROM (SELECT 1 FROM mailseal_report_received INDEXED BY "
	    "mailseal_report_received_until WHERE until > 0 LIMIT 1) "
	    "UNION ALL SELECT * FROM (SELECT 1 FROM mailseal_report_policy "
	    "INDEXED BY mailseal_report_policy_domain WHERE domain > '~' "
	    "LIMIT 1) UNION ALL SELECT * FROM (SELECT 1 FROM "
	    "mailseal_report_failure INDEXED BY "
	    "mailseal_report_failure_source WHERE source > '~' LIMIT 1)",
	    .columns = 1 };
	enum status status = sql_open_sqlite(&file, r, diag);

	/* Tables are created only once, so that readers need no write lock. */
	if (status != STATUS_OK || !create ||
	    sql_run(*r, &check, NULL, diag) == STATUS_OK) {
		return (status);
	}
	sql_close(*r);
	file.setup = create_tables;
	return (sql_open_sqlite(&file, r, diag));
}

const char *
report_store_file(const char *where)
{
	const struct str sqlite = STR("sqlite:");

	return (str_starts(str_from(where), sqlite) ? where + sqlite.n : NULL);
}

void
report_store_prepare(const char *where)
{
	static const char folder[] = CONF_REPORT_STORE_FOLDER;
	static const char above[] = LOCALSTATEDIR "/lib/mailseal";
	struct stat st;
	int fd;

	if (strcmp(where, CONF_REPORT_STORE_DEFAULT) != 0 ||
	    mkdir(folder, 0750) == -1 || geteuid() != 0) {
		return;
	}
	/* As the file, which has the owner of its folder. Whoever owns what is
	   above can put a symbolic link in its place meanwhile. */
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || stat(above, &st) == -1 ||
	    fchown(fd, st.st_uid, st.st_gid) == -1) {
		(void)rmdir(folder);
	}
	if (fd != -1) {
		(void)close(fd);
	}
}

enum status
report_store_open(const char *where, bool create, struct report_store **r,
    struct diag *diag)
{
	const char *path = report_store_file(where);
	struct str postgres = STR("postgres:");
	enum status status = STATUS_SYNTAX;
	struct sql *db = NULL;

	*r = NULL;
	if (path != NULL && *path != '\0') {
		status = open_file(path, create, &db, diag);
	} else if (str_starts(str_from(where), postgres)) {
		status = sql_open_postgres(where + postgres.n, &db, diag);
	} else {
		diag_set(diag, where, 0,
		    "not sqlite:PATH or postgres:CONNINFO");
	}
	if (status != STATUS_OK) {
		return (status);
	}
	*r = malloc(sizeof(**r));
	if (*r == NULL) {
		sql_close(db);
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	**r = (struct report_store){ .db = db };
	return (STATUS_OK);
}

void
report_store_close(struct report_store *store)
{
	if (store != NULL) {
		sql_close(store->db);
		free(store);
	}
}

bool
report_store_is_current(struct report_store *store)
{
	return (sql_is_current(store->db));
}

int64_t
report_day(int64_t unix_s)
{
	return (unix_s < 0 ? 0 : unix_s - unix_s % REPORT_DAY_S);
}

enum status
report_store_run(struct report_store *store, const char *text,
    const struct str *values, int n, long *changed_r, struct diag *diag)
{
	const struct sql_statement statement = { .text = text,
		.values = values, .values_n = n };

	return (sql_run(store->db, &statement, changed_r, diag));
}

enum status
report_store_take_number(void *ctx, const struct str *columns)
{
	int64_t *r = ctx;
	uint64_t n;

	*r = -1;
	if (columns[0].p == NULL) {
		return (STATUS_OK);
	}
	if (!str_to_u64(columns[0], &n) || n > INT64_MAX) {
		return (STATUS_IO);
	}
	*r = (int64_t)n;
	return (STATUS_OK);
}

enum status
report_store_oldest(struct report_store *store, int64_t now_s,
    int64_t *begin_r, struct diag *diag)
{
	char text[SQL_NUMBER_BYTES];
	const struct str last = sql_number(text, now_s - REPORT_DAY_S);
	const struct sql_statement statement = { "SELECT min(day) "
	    "FROM mailseal_report_period WHERE state IN ('open', 'claimed') "
	    "AND day <= $1", &last, 1, 1, report_store_take_number, begin_r };

	*begin_r = -1;
	return (sql_run(store->db, &statement, NULL, diag));
}
