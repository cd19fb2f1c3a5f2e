/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect: rows for reports on their way from messages to the store. Equal rows
 * are counted together in memory, and a thread writes them to the store every
 * few seconds. Invariants:
 *
 *	report_collector_add() never waits for the store: it takes memory and a
 *	lock that is never held across a system call.
 *	Each message that was added is written once, or counted as lost.
 *	Memory has a limit; when it is reached, the oldest rows are lost.
 *	A row belongs to the UTC day of its message, whenever it is written.
 *	Trouble with failure reports, which are kept here as well, costs no row.
 *
 * If the store fails, rows wait and the thread tries again, at growing
 * intervals; it logs that once, and once when the store is back. What a kill
 * loses is what was not written yet: the messages of the last
 * COLLECT_DELAY_S seconds, as a rule.
 *
 * Shared by all threads.
 */
#ifndef REPORT_COLLECT_H
#define REPORT_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "report/failure.h"
#include "report/kept.h"
#include "report/store.h"

#define COLLECT_MAX_BYTES	(32 * 1024 * 1024)	/* of rows that wait */
#define COLLECT_BATCH_ROWS	1000	/* of a transaction */
#define COLLECT_DELAY_S		2	/* rows are collected for so long */
#define COLLECT_RETRY_S		60	/* longest interval */
#define COLLECT_RECEIVED_DAYS	7	/* of numbers of received reports */

struct report_collector;

/* Both outlive it. max_bytes: COLLECT_MAX_BYTES, or less for a test; rows_max,
   of the store: REPORT_ROWS_MAX, the same. NULL: out of memory. */
struct report_collector	*report_collector_new(const struct crypto *,
			    const struct env *, size_t max_bytes,
			    size_t rows_max);
void		 report_collector_free(struct report_collector *);
/* Memory for report_collector_set() with the same where, which then succeeds.
   The two are for one thread. */
enum status	 report_collector_prepare(struct report_collector *,
		    const char *where) ATTR_MUST_CHECK;
/*
 * where: as report_store_open takes it; NULL: nothing is kept from now on. Rows
 * that wait go to the store that is in use, if it answers, else to the new one.
 * NOMEM: as before.
 */
enum status	 report_collector_set(struct report_collector *,
		    const char *where, unsigned retention_days)
    ATTR_MUST_CHECK;
/* Starts the thread, without which no store is opened. Signals must be
   blocked. */
enum status	 report_collector_start(struct report_collector *)
    ATTR_MUST_CHECK;
/*
 * Writes what waits and ends the thread. False: it did not end within
 * timeout_ms, and uses the collector still: do not free it.
 */
bool		 report_collector_stop(struct report_collector *,
		    unsigned timeout_ms) ATTR_MUST_CHECK;

/* Whether there is a store to keep messages for. */
bool		 report_collector_is_active(const struct report_collector *);
/* A message of the time now_s. Texts as kept.h writes them. */
void		 report_collector_add(struct report_collector *,
		    int64_t now_s, struct str policy, struct str fact,
		    const struct kept_weight *);
/* A message whose row could not be made. */
void		 report_collector_lose(struct report_collector *);

/* A message for a failure report. Never waits, either. */
void		 report_collector_add_failure(struct report_collector *,
		    const struct kept_failure *,
		    const struct failure_limits *);
/* One whose failure report could not be made. */
void		 report_collector_lose_failure(struct report_collector *);

struct report_collector_numbers {
	bool		 active;	/* there is a store */
	bool		 away;		/* and it fails */
	uint64_t	 rows_pending;	/* that are not in the store yet */
	uint64_t	 rows_dropped;
	uint64_t	 kept;		/* messages in the store */
	uint64_t	 lost;		/* messages in no store */
	uint64_t	 failures_kept;	/* messages in failure reports */
	uint64_t	 failures_dropped; /* the same in none: beyond a limit,
					   or lost */
	int64_t		 oldest_s;	/* end of the oldest day whose report
					   was not sent; -1: none */
	/* Reports of other hosts whose period ended within
	   COLLECT_RECEIVED_DAYS, as of the last minute. */
	bool		 received;	/* these are known */
	int64_t		 received_reports;
	int64_t		 received_messages;
	int64_t		 received_passed;	/* of them, by DMARC */
	int64_t		 received_at_s;	/* when one was stored last; -1 */
};
/* Takes no lock that a message takes. */
void		 report_collector_get(const struct report_collector *,
		    struct report_collector_numbers *r);

#endif
