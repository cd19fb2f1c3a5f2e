/* SPDX-License-Identifier: BSD-2-Clause */
/* What is too old in the store, or too much. */
#include "config.h"

#include "report/store_private.h"

/* Each $1 is a time. */
static enum status
run_until(struct report_store *store, const char *text, int64_t until_s,
    struct diag *diag)
{
	char number[SQL_NUMBER_BYTES];
	const struct str value = sql_number(number, until_s);

	return (report_store_run(store, text, &value, 1, NULL, diag));
}

static enum status
expire_rows(struct report_store *store, int64_t now_s, unsigned days,
    struct diag *diag)
{
	char number[2][SQL_NUMBER_BYTES];
	int64_t until_s = now_s - ((int64_t)days + 1) * REPORT_DAY_S;
	const struct str values[] = { sql_number(number[0], now_s),
		sql_number(number[1], until_s) };
	enum status status;

	status = report_store_run(store, "UPDATE mailseal_report_period "
	    "SET state = 'dropped', done = $1, holder = NULL, lease = NULL, "
	    "note = 'not sent within ReportRetention' "
	    "WHERE state IN ('open', 'claimed') AND day <= $2", values, 2,
	    NULL, diag);
	return (status != STATUS_OK ? status : run_until(store,
	    "DELETE FROM mailseal_report_row WHERE day <= $1", until_s,
	    diag));
}

/* *day_r: that and the days before it have all but about `most`; -1: none. */
static enum status
find_surplus(struct report_store *store, size_t most, int64_t *day_r,
    struct diag *diag)
{
	char number[SQL_NUMBER_BYTES];
	const struct str value = sql_number(number, (int64_t)most);
	const struct sql_statement statement = { "SELECT max(day) FROM "
	    "(SELECT day FROM mailseal_report_period WHERE state = 'dropped' "
	    "ORDER BY day DESC LIMIT 1 OFFSET CAST($1 AS bigint)) t", &value,
	    1, 1, report_store_take_number, day_r };

	*day_r = -1;
	return (sql_run(store->db, &statement, NULL, diag));
}

enum status
report_store_forget_dropped(struct report_store *store, size_t most,
    struct diag *diag)
{
	static const char *const beyond[] = {
		"DELETE FROM mailseal_report_period WHERE state = 'dropped' "
		    "AND day <= $1",
		"DELETE FROM mailseal_report_delivery WHERE state = 'failed' "
		    "AND day <= $1 AND policy NOT LIKE 'failure-%' AND NOT "
		    "EXISTS (SELECT 1 FROM mailseal_report_period p "
		    "WHERE p.policy = mailseal_report_delivery.policy "
		    "AND p.day = mailseal_report_delivery.day)",
	};
	int64_t day_s;
	enum status status = find_surplus(store, most, &day_s, diag);
	size_t i;

	for (i = 0; status == STATUS_OK && day_s >= 0 &&
	    i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		status = run_until(store, beyond[i], day_s, diag);
	}
	return (status);
}

/* What is remembered of what was sent. */
static enum status
expire_sent(struct report_store *store, int64_t now_s, unsigned days,
    struct diag *diag)
{
	static const char *const old[] = {
		"DELETE FROM mailseal_report_period WHERE day <= $1",
		"DELETE FROM mailseal_report_writer WHERE at <= $1",
		"DELETE FROM mailseal_report_delivery WHERE at <= $1",
		"DELETE FROM mailseal_report_suppression WHERE until <= $1",
	};
	unsigned kept = days > REPORT_SENT_DAYS ? days : REPORT_SENT_DAYS;
	int64_t until_s = now_s - ((int64_t)kept + 1) * REPORT_DAY_S;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; status == STATUS_OK && i < sizeof(old) / sizeof(old[0]);
	    i++) {
		status = run_until(store, old[i], until_s, diag);
	}
	return (status);
}

enum status
report_store_expire(struct report_store *store, int64_t now_s, unsigned days,
    struct diag *diag)
{
	enum status status = expire_rows(store, now_s, days, diag);

	if (status == STATUS_OK) {
		status = expire_sent(store, now_s, days, diag);
	}
	/* No row can be theirs any more. */
	if (status == STATUS_OK) {
		status = run_until(store, "DELETE FROM mailseal_report_policy "
		    "WHERE used <= $1 AND NOT EXISTS (SELECT 1 FROM "
		    "mailseal_report_period p WHERE p.policy = "
		    "mailseal_report_policy.id)", now_s -
		    ((int64_t)days + 1) * REPORT_DAY_S, diag);
	}
	if (status == STATUS_OK) {
		status = run_until(store, "DELETE FROM "
		    "mailseal_report_permission WHERE until <= $1", now_s,
		    diag);
	}
	if (status == STATUS_OK) {
		status = report_store_expire_failures(store, now_s, diag);
		/* A database whose tables are older has none of these. */
		status = status == STATUS_IO ? STATUS_OK : status;
	}
	return (status);
}
