/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/privileges.h"
#include "mail/domain.h"
#include "tools/report.h"
#include "tools/report_db.h"

#define ARENA_BYTES	((size_t)512 * 1024 * 1024)

void
report_db_init(struct report_db *db)
{
	*db = (struct report_db){ .conf_path = SYSCONFDIR "/mailseald.conf",
		.day_s = -1, .now_s = -1 };
	env_init_system(&db->env);
	arena_init(&db->arena, ARENA_BYTES);
	diag_init(&db->diag);
}

bool
report_db_take(void *opts, int id, const char *value)
{
	struct report_db *db = opts;

	switch (id) {
	case 'c':
		db->conf_path = value;
		return (true);
	case 'j':
		db->json = true;
		return (true);
	case 'N':
		return (cli_number("now", value, 0, INT64_MAX, &db->now_s));
	case 'd':
		db->domain = value;
		return (true);
	case 'D':
		return (report_take_date("--date", value, &db->day_s));
	default:
		return (false);
	}
}

static bool
normalize_domain(struct report_db *db)
{
	struct str name;

	if (db->domain == NULL) {
		return (true);
	}
	if (domain_normalize(&db->arena, str_from(db->domain), &name) !=
	    STATUS_OK) {
		(void)cli_fail("%s is not a domain", db->domain);
		return (false);
	}
	db->domain = name.p;
	return (true);
}

bool
report_db_open(struct report_db *db)
{
	if (!normalize_domain(db)) {
		return (false);
	}
	if (conf_load(db->conf_path, &db->env, &db->conf, &db->diag) !=
	    STATUS_OK || privileges_drop(db->conf->user_id, &db->diag) !=
	    STATUS_OK) {
		(void)report_db_fail(db);
		return (false);
	}
	if (db->conf->report_store.where == NULL) {
		(void)cli_fail("there is no store for reports: set "
		    "ReportFrom or ReportStore");
		return (false);
	}
	if (report_store_open(db->conf->report_store.where, false, &db->store,
	    &db->diag) != STATUS_OK) {
		(void)report_db_fail(db);
		return (false);
	}
	if (db->now_s < 0) {
		db->now_s = env_now_s(&db->env);
	}
	return (true);
}

void
report_db_close(struct report_db *db)
{
	report_store_close(db->store);
	conf_release(db->conf);
	arena_fini(&db->arena);
}

int
report_db_fail(struct report_db *db)
{
	return (cli_fail("%s", db->diag.text[0] != '\0' ? db->diag.text :
	    "out of memory"));
}
