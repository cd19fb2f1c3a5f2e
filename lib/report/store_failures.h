/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_failures: the failure reports in the store (report/failure.h), one row
 * each, from the first message to the end of sending. Invariants:
 *
 *	Of messages that are alike, one row is open in each FAILURE_SLOT_S, and
 *	it is due when its slot begins: the first one of a series is sent at
 *	once, those after it together.
 *	A row is added only within the limits for 24 hours, which count for all
 *	hosts that share the store. So the table has a limit as well.
 *	IPv6 clients of a /64 count as one for the limit by client.
 *	Two hosts that write at the same time do not wait for each other in a
 *	circle.
 *	A row that is claimed never changes its content; what is sent again is
 *	identical. Once it is done its texts are gone.
 *
 * Deliveries of a row are kept with those of periods, under its id and slot:
 * limits, tags and suppressions are the same for both.
 */
#ifndef REPORT_STORE_FAILURES_H
#define REPORT_STORE_FAILURES_H

#include "report/failures.h"
#include "report/store.h"

/* For the daemon. */

struct report_failure_batch {
	struct str	 writer;	/* as in struct report_batch */
	int64_t		 number;	/* > 0; grows with each batch */
	int64_t		 now_s;
	const struct failures_list *items;
};

/* Adds a batch in one transaction; OK also when it was there already. *kept_r:
   so many messages of it; the others exceed a limit. */
enum status	 report_store_write_failures(struct report_store *,
		    const struct crypto *, const struct report_failure_batch *,
		    int64_t *kept_r, struct diag *) ATTR_MUST_CHECK;

/* For `mailseal report send` (store_failures_send.c). */

struct stored_failure {
	struct str		 id;
	int64_t			 slot_s;
	enum report_state	 state;
	struct str		 report_id;	/* empty: never claimed */
	struct str		 holder;	/* of the lease; or empty */
	int64_t			 lease_s;	/* until then; -1: none */
	struct str		 note;		/* or empty */
	struct kept_failure	 failure;	/* feedback and header: only
						   once claimed; like: never */
};

/* Those that are due by now_s, -1: all; the oldest first. domain empty: all. */
enum status	 report_store_failures(struct report_store *, struct arena *,
		    struct str domain, int64_t now_s,
		    struct stored_failure **v_r, size_t *n_r, struct diag *)
    ATTR_MUST_CHECK;
/* As report_store_claim, _release and _finish. */
enum status	 report_store_claim_failure(struct report_store *,
		    struct arena *, const struct report_claim *,
		    struct stored_failure *, bool *ours_r, struct diag *)
    ATTR_MUST_CHECK;
enum status	 report_store_release_failure(struct report_store *,
		    const struct stored_failure *, struct str holder,
		    struct diag *) ATTR_MUST_CHECK;
enum status	 report_store_finish_failure(struct report_store *,
		    const struct stored_failure *, struct str holder,
		    enum report_state, struct str note, int64_t now_s,
		    struct diag *) ATTR_MUST_CHECK;
/* How many mails with failure reports were begun or done since then. */
enum status	 report_store_count_failures(struct report_store *,
		    int64_t since_s, int64_t *n_r, struct diag *)
    ATTR_MUST_CHECK;

#endif
