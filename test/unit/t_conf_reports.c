/* SPDX-License-Identifier: BSD-2-Clause */
/* The options about reports: lib/conf/reports.c. */
#include "config.h"

#include "conf/conf.h"
#include "tap.h"

static struct env env;

static const struct row {
	const char	*text;
	const char	*store;		/* NULL: none */
	const char	*from;		/* NULL: none */
	const char	*error;		/* a part of it; NULL: none */
} rows[] = {
	{ "", NULL, NULL, NULL },
	{ "ReportFrom dmarc@MAIL.example.com.\n", CONF_REPORT_STORE_DEFAULT,
	    "dmarc@mail.example.com", NULL },
	{ "ReportFrom a.b+c@b\xc3\xbc" "cher.example\n",
	    CONF_REPORT_STORE_DEFAULT, "a.b+c@xn--bcher-kva.example", NULL },
	{ "ReportFrom dmarc@mail.example.com\nReportStore none\n", NULL,
	    "dmarc@mail.example.com", NULL },
	{ "ReportStore sqlite:/x/y.db\n", "sqlite:/x/y.db", NULL, NULL },
	{ "ReportStore postgres:host=db\n", "postgres:host=db", NULL, NULL },
	{ "ReportStore /x/y.db\n", NULL, NULL,
	    "is not sqlite:path|postgres:conninfo|none" },
	{ "ReportStore sqlite:\n", NULL, NULL, "ReportStore" },
	{ "ReportStore postgres:\n", NULL, NULL, "ReportStore" },
	{ "ReportFrom example.com\n", NULL, NULL,
	    "is not an address such as dmarc@mail.example.com" },
	{ "ReportFrom a b@example.com\n", NULL, NULL, "is not an address" },
	{ "ReportFrom \"a\"@example.com\n", NULL, NULL, "is not an address" },
	{ "ReportFrom @example.com\n", NULL, NULL, "is not an address" },
	{ "ReportFrom .a@example.com\n", NULL, NULL, "is not an address" },
	{ "ReportFrom a@example\n", NULL, NULL, "is not an address" },
	{ "ReportFrom <a@example.com>\n", NULL, NULL, "is not an address" },
	{ "ReportRetention 1h\n", NULL, NULL, "ReportRetention" },
	{ "ReportRetention 91d\n", NULL, NULL, "ReportRetention" },
	{ "FailureReports yes\n", NULL, NULL,
	    "FailureReports needs ReportFrom and a ReportStore" },
	{ "ReportFrom a@mail.example.com\nReportStore none\n"
	    "FailureReports yes\n", NULL, NULL, "FailureReports needs" },
	{ "ReportFrom a@mail.example.com\nFailureReports yes\n",
	    CONF_REPORT_STORE_DEFAULT, "a@mail.example.com", NULL },
	{ "FailureReportsPerDay 0\n", NULL, NULL, "FailureReportsPerDay" },
	{ "ReportDeny a_b..c\n", NULL, NULL, "is not a domain name" },
};

static void
check_row(const struct row *row)
{
	struct conf *conf = NULL;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = conf_parse(str_from(row->text), "conf", &env, &conf, &diag);
	if (row->error != NULL) {
		tap_ok(status == STATUS_SYNTAX &&
		    strstr(diag.text, row->error) != NULL, "%.*s: %s",
		    (int)strcspn(row->text, "\n"), row->text, diag.text);
		return;
	}
	if (!tap_ok(status == STATUS_OK, "accepted: %.*s %s",
	    (int)strcspn(row->text, "\n"), row->text, diag.text)) {
		return;
	}
	tap_str(str_from(conf->report_store.where), str_from(row->store),
	    "its store");
	tap_str(conf->report_from.text, str_from(row->from), "its address");
	conf_release(conf);
}

/* A password in a conninfo is not shown. */
static void
test_password(void)
{
	struct conf *conf = NULL;
	struct diag diag;

	diag_init(&diag);
	tap_num(conf_parse(STR("ReportStore mysql:password=secret\n"), "conf",
	    &env, &conf, &diag), STATUS_SYNTAX, "another database");
	tap_ok(strstr(diag.text, "secret") == NULL, "%s", diag.text);
}

static void
test_lists(void)
{
	struct conf *conf = NULL;
	struct diag diag;

	diag_init(&diag);
	if (conf_parse(STR("ReportRetention 2d\n"), "conf", &env, &conf,
	    &diag) != STATUS_OK) {
		tap_ok(false, "%s", diag.text);
		return;
	}
	tap_num(conf->report_retention_s, 2 * 86400, "ReportRetention");
	tap_ok(conf_reports_on(conf, STR("a.example")), "no lists: all");
	conf_release(conf);
	if (conf_parse(STR("ReportAllow a.example, .a.example, .b.example\n"
	    "ReportDeny bad.a.example\n"), "conf", &env, &conf, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "%s", diag.text);
		return;
	}
	tap_num(conf->report_retention_s, 7 * 86400, "its default");
	tap_ok(conf_reports_on(conf, STR("a.example")), "allowed");
	tap_ok(conf_reports_on(conf, STR("x.a.example")), "below");
	tap_ok(!conf_reports_on(conf, STR("b.example")), "only below");
	tap_ok(!conf_reports_on(conf, STR("c.example")), "not in the list");
	tap_ok(!conf_reports_on(conf, STR("bad.a.example")), "denied");
	conf_release(conf);
}

int
main(void)
{
	size_t i;

	env_init_system(&env);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	test_password();
	test_lists();
	return (tap_done());
}
