/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: the aggregate reports of other hosts, kept in the report store
 * beside what is to be sent. Tables: mailseal_report_received, one row a
 * report; mailseal_report_source, its records; mailseal_report_selector, the
 * keys that its signatures name.
 *
 * Invariants:
 *
 *	A report is there once: it is known by its organisation, identifier,
 *	domain and period, as its reporter wrote them.
 *	A report is there whole: its records and keys are written with it.
 *	What is left of a damaged report gives way to a whole copy of it.
 *	Its texts are valid UTF-8 without control characters, and short.
 *
 * A report is kept for REPORT_RECEIVED_DAYS after it was stored. Whoever can
 * write to the mailbox can have a report stored: what they say is not
 * verified. So REPORT_RECEIVED_ROWS_MAX bounds what is stored in all.
 *
 * Errors as in report/store.h.
 */
#ifndef REPORT_RECEIVED_H
#define REPORT_RECEIVED_H

#include "report/report.h"
#include "report/store.h"

#define REPORT_RECEIVED_DAYS	90
/* Reports, their records and their keys, together. */
#define REPORT_RECEIVED_ROWS_MAX 2000000
/* A record of more messages counts as one of so many, so that a database can
   add them up. */
#define REPORT_RECEIVED_COUNT_MAX INT64_C(1000000000000)
#define REPORT_RECEIVED_TEXT_MAX_BYTES 255

/* Stores a report. *new_r: false: it was there, or is damaged and a whole copy
   was. LIMIT: it would exceed
   REPORT_RECEIVED_ROWS_MAX. */
enum status	 report_store_receive(struct report_store *,
		    const struct crypto *, const struct report_aggregate *,
		    int64_t now_s, bool *new_r, struct diag *)
    ATTR_MUST_CHECK;

/* Takes the report, to be freed with report_free(). Any status but OK ends the
   query. */
typedef enum status report_take_received(void *ctx, struct report *);
/* All reports whose period ended then or later, REPORT_TIME_NONE: all; the
   oldest period first. Without their warnings and selectors. */
enum status	 report_store_received(struct report_store *, int64_t since_s,
		    report_take_received *, void *ctx, struct diag *)
    ATTR_MUST_CHECK;

/* Deletes reports that were stored REPORT_RECEIVED_DAYS ago or earlier. */
enum status	 report_store_forget(struct report_store *, int64_t now_s,
		    struct diag *) ATTR_MUST_CHECK;

/*
 * *n_r: how many organisations saw a signature pass with that key, in a report
 * whose period began then or later. Names in lower case.
 */
enum status	 report_store_reporters(struct report_store *,
		    struct str domain, struct str selector, int64_t since_s,
		    int64_t *n_r, struct diag *) ATTR_MUST_CHECK;

struct report_received_numbers {
	int64_t		 reports;	/* whose period ended since then */
	int64_t		 messages;	/* in these */
	int64_t		 passed;	/* of them, by DMARC */
	int64_t		 stored_s;	/* when the last one was stored; -1 */
};

enum status	 report_store_received_numbers(struct report_store *,
		    int64_t since_s, struct report_received_numbers *r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
