/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the store. */
#ifndef REPORT_STORE_PRIVATE_H
#define REPORT_STORE_PRIVATE_H

#include "report/store.h"
#include "sql/sql.h"

struct report_store {
	struct sql	*db;
};

enum status	 report_store_run(struct report_store *, const char *text,
		    const struct str *values, int n, long *changed_r,
		    struct diag *) ATTR_MUST_CHECK;
/* Takes the one number of a row; absent: -1. */
enum status	 report_store_take_number(void *ctx, const struct str *columns);

#endif
