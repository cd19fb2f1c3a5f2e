/* SPDX-License-Identifier: BSD-2-Clause */
/* How many rows more the store takes. */
#include "config.h"

#include "report/store_private.h"

/* All rows are counted again after this part of those that it may have: other
   hosts add rows as well. */
#define SPARE_PART	64

/* CROSS JOIN has SQLite begin with the domain: otherwise it reads the rows of
   all domains of the day. */
enum status
report_store_day_room(struct report_store *store, struct str domain,
    int64_t day_s, size_t most, size_t *room_r, struct diag *diag)
{
	char n[2][SQL_NUMBER_BYTES];
	const struct str values[] = { domain, sql_number(n[0], day_s),
		sql_number(n[1], (int64_t)most) };
	int64_t rows = 0;
	const struct sql_statement statement = { "SELECT count(*) FROM "
	    "(SELECT 1 FROM mailseal_report_policy c "
	    "CROSS JOIN mailseal_report_row r "
	    "WHERE c.domain = $1 AND r.policy = c.id AND r.day = $2 "
	    "LIMIT CAST($3 AS bigint)) t", values, 3, 1,
	    report_store_take_number, &rows };
	enum status status = sql_run(store->db, &statement, NULL, diag);

	*room_r = status == STATUS_OK && rows >= 0 && (size_t)rows < most ?
	    most - (size_t)rows : 0;
	return (status);
}

enum status
report_store_need_room(struct report_store *store, size_t n, size_t most,
    struct diag *diag)
{
	int64_t rows = 0;
	const struct sql_statement statement = { .text = "SELECT count(*) "
	    "FROM mailseal_report_row", .columns = 1,
	    .row = report_store_take_number, .ctx = &rows };
	enum status status;
	size_t left;

	if (store->spare >= n) {
		return (STATUS_OK);
	}
	status = sql_run(store->db, &statement, NULL, diag);
	left = status == STATUS_OK && rows >= 0 && (size_t)rows < most ?
	    most - (size_t)rows : 0;
	store->spare = left < n + most / SPARE_PART ? left :
	    n + most / SPARE_PART;
	return (status);
}
