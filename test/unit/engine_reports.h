/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_reports: what the tests of reports about judged messages share: a
 * collector and its store, messages that it counts, and queries.
 */
#ifndef TEST_UNIT_ENGINE_REPORTS_H
#define TEST_UNIT_ENGINE_REPORTS_H

#include <sqlite3.h>

#include "test/unit/engine_fixture.h"

#define GOOD_IP		"192.0.2.10"
#define BAD_IP		"203.0.113.7"
#define STOP_MS		60000
#define TEXT_BYTES	32768

#define FROM(domain)	"From: joe@" domain "\r\n\r\nhi\r\n"
/* Only GOOD_IP may send for these domains, named after their policies. */
#define DOMAIN(name, tags) name " TXT \"v=spf1 ip4:" GOOD_IP " -all\"\n" \
	"_dmarc." name " TXT \"v=DMARC1; " tags "\"\n"

static struct fx fx;
static char path[160];		/* of the store */

/* The one text of a query; "": no row. */
static void
query(const char *text, char *out)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	const char *found;

	out[0] = '\0';
	if (sqlite3_open(path, &db) == SQLITE_OK && sqlite3_prepare_v2(db,
	    text, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		found = (const char *)sqlite3_column_text(statement, 0);
		(void)snprintf(out, TEXT_BYTES, "%s", found != NULL ? found :
		    "");
	}
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
}

static void
start_collector(void)
{
	char where[192];

	(void)snprintf(where, sizeof(where), "sqlite:%s", path);
	(void)remove(path);
	fx.reports = report_collector_new(fx.crypto, &fx.env,
	    COLLECT_MAX_BYTES, REPORT_ROWS_MAX);
	if (fx.reports == NULL || report_collector_set(fx.reports, where, 7) !=
	    STATUS_OK || report_collector_start(fx.reports) != STATUS_OK) {
		fx_die("report_collector", "cannot start");
	}
}

/* In a store of its own. ip NULL: BAD_IP; "": none. watch: only watched. */
static void
run_message(const char *conf, const char *ip, const char *mail_from,
    const char *text, bool watch)
{
	struct fx_mail mail = { .ip = ip == NULL ? BAD_IP : ip[0] == '\0' ?
		NULL : ip, .mail_from = mail_from != NULL ? mail_from :
		"<joe@elsewhere.test>" };
	struct fx_client client;
	struct engine_msg *m;

	start_collector();
	fx_configure(&fx, conf);
	m = fx_run(&fx, &mail, &client, str_from(text));
	engine_msg_report(m, !watch);
	engine_msg_report(m, !watch);	/* counts once */
	engine_msg_free(m);
	if (!report_collector_stop(fx.reports, STOP_MS)) {
		fx_die("report_collector", "does not stop");
	}
	report_collector_free(fx.reports);
	fx.reports = NULL;
}

#endif
