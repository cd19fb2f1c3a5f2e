/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the store. */
#ifndef REPORT_STORE_PRIVATE_H
#define REPORT_STORE_PRIVATE_H

#include "report/store.h"
#include "sql/sql.h"

struct report_store {
	struct sql	*db;
	size_t		 spare;		/* rows that may be added before all
					   are counted again */
};

#define STORE_ID_BYTES	16	/* of a SHA-256 */
#define STORE_ID_DIGITS	(2 * STORE_ID_BYTES)

/* The beginning of the digest's hash. */
enum status	 report_store_id(struct digest *, char id_r[STORE_ID_DIGITS])
    ATTR_MUST_CHECK;
/* *new_r: this batch of the writer was not written yet; within the same
   transaction. */
enum status	 report_store_begin_batch(struct report_store *,
		    struct str writer, int64_t number, int64_t now_s,
		    bool *new_r, struct diag *) ATTR_MUST_CHECK;
/* store_room.c. *room_r: how many rows of a domain and day may be added, of
   `most` in all. */
enum status	 report_store_day_room(struct report_store *,
		    struct str domain, int64_t day_s, size_t most,
		    size_t *room_r, struct diag *) ATTR_MUST_CHECK;
/* Sets spare, if it is less than n: the store may have `most` rows. */
enum status	 report_store_need_room(struct report_store *, size_t n,
		    size_t most, struct diag *) ATTR_MUST_CHECK;
/* store_failures.c; as report_store_expire. */
enum status	 report_store_expire_failures(struct report_store *,
		    int64_t now_s, struct diag *) ATTR_MUST_CHECK;
enum status	 report_store_run(struct report_store *, const char *text,
		    const struct str *values, int n, long *changed_r,
		    struct diag *) ATTR_MUST_CHECK;
enum report_state report_store_state(struct str word);
/* Takes the one number of a row; absent: -1. */
enum status	 report_store_take_number(void *ctx, const struct str *columns);

#endif
