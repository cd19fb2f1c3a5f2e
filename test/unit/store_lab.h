/* SPDX-License-Identifier: BSD-2-Clause */
/* store_lab: a store of reports, and what its tests read from it in SQL. */
#ifndef TEST_UNIT_STORE_LAB_H
#define TEST_UNIT_STORE_LAB_H

#include "report/store_private.h"
#include "test/unit/tap.h"

static struct crypto *crypto;
static struct diag diag;
static struct report_store *store;

/* -2: it failed. */
static int64_t
get_number(const char *text)
{
	int64_t n = -2;
	const struct sql_statement statement = { .text = text, .columns = 1,
		.row = report_store_take_number, .ctx = &n };

	if (sql_run(store->db, &statement, NULL, &diag) != STATUS_OK) {
		printf("# %s\n", diag.text);
	}
	return (n);
}

static void
run_text(const char *text)
{
	const struct sql_statement statement = { .text = text };

	if (sql_run(store->db, &statement, NULL, &diag) != STATUS_OK) {
		tap_ok(false, "%s: %s", text, diag.text);
	}
}

#endif
