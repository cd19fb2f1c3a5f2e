/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store: the database in which a host, or several, collect what their DMARC
 * aggregate reports say, and which reports were sent. SQLite or PostgreSQL; the
 * tables are in etc/reports-sqlite.sql and etc/reports-postgres.sql.
 *
 * A period is one report: a policy configuration and a UTC day. Its rows are
 * distinct facts with a count. The database grows with distinct rows, not with
 * messages. Days begin at 00:00:00 UTC, whatever the time zone of the machine
 * or of the database: all times are integers, Unix seconds.
 *
 * Invariants:
 *
 *	A message is in exactly one period. What comes late for a day whose
 *	period is no longer open is counted in the next day whose is.
 *	A period that is not open never changes its rows, its policy or its
 *	report ID: a report that is sent again is identical.
 *	A batch is written whole, and once: its writer and number are written
 *	with it, so that one whose commit was not acknowledged is recognised.
 *	A domain has at most REPORT_DAY_ROWS_MAX rows a day, and the store has
 *	about REPORT_ROWS_MAX rows. Messages that would make further ones are
 *	counted in their period, if it exists, and in report_rest: nothing is
 *	lost in silence.
 *	Of what was dropped about REPORT_DROPPED_MAX periods are remembered, of
 *	what was sent as many as ReportsPerDay lets through.
 *	A claim has one holder at a time, on one machine or several, until its
 *	lease ends.
 *
 * A store belongs to one thread. Errors as in sql/sql.h; after an error, open
 * it again.
 */
#ifndef REPORT_STORE_H
#define REPORT_STORE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "report/kept.h"

#define REPORT_DAY_S		86400
#define REPORT_SENT_DAYS	90	/* what was sent, and suppressions, are
					   remembered */
/* Distinct rows of a policy domain and a day, over all configurations: each
   sender of mail can make more of them, by addresses and domains that it
   varies. A report of so many takes some 170 MB to write. */
#define REPORT_DAY_ROWS_MAX	100000
/* Over all domains and days, since anyone can send mail in the name of any
   number of domains that want reports: some 1 GB. */
#define REPORT_ROWS_MAX		2000000
#define REPORT_DROPPED_MAX	1000000
#define REPORT_STORE_MAX_PERIODS 100000	/* of one report_store_periods */

struct report_store;

/* where: "sqlite:PATH" or "postgres:CONNINFO". create: makes the SQLite file if
   it does not exist. SYNTAX: neither. */
enum status	 report_store_open(const char *where, bool create,
		    struct report_store **r, struct diag *) ATTR_MUST_CHECK;
/* Makes the folder of the default store (CONF_REPORT_STORE_DEFAULT), which is
   its own: it is writable, with all beneath. A failure shows when the store is
   opened. */
void		 report_store_prepare(const char *where);
void		 report_store_close(struct report_store *);	/* or NULL */
/* As sql_is_current. */
bool		 report_store_is_current(struct report_store *);
/* The path of sqlite:PATH; NULL: another kind. */
const char	*report_store_file(const char *where);
/* For messages: without a conninfo, which may hold a password. */
const char	*report_store_shown(const char *where);
/* The beginning of the UTC day of a time. */
int64_t		 report_day(int64_t unix_s);

/* For the daemon. */

struct report_batch_row {
	int64_t		 day_s;		/* beginning of the UTC day */
	struct str	 policy;	/* canonical text, kept.h */
	struct str	 fact;
	struct kept_weight weight;	/* messages > 0 */
};

struct report_rest {		/* of a batch: what found no place */
	int64_t		 messages;
	size_t		 rows;
	struct str	 domain;	/* one of theirs, of the batch */
	bool		 full;		/* the store was, not only its day */
};

struct report_batch {
	struct str	 writer;	/* a random name of the process */
	int64_t		 number;	/* > 0; grows with each batch */
	int64_t		 now_s;
	const struct report_batch_row *rows;
	size_t		 rows_n;
	size_t		 day_rows_max;	/* 0: REPORT_DAY_ROWS_MAX */
	size_t		 rows_max;	/* 0: REPORT_ROWS_MAX */
	struct report_rest *rest;	/* set after OK; or NULL */
};

/* Adds a batch in one transaction. OK also when it was there already. */
enum status	 report_store_write(struct report_store *,
		    const struct crypto *, const struct report_batch *,
		    struct diag *) ATTR_MUST_CHECK;
/* Deletes rows of days that ended `days` days ago or earlier, and what is older
   than REPORT_SENT_DAYS. */
enum status	 report_store_expire(struct report_store *, int64_t now_s,
		    unsigned days, struct diag *) ATTR_MUST_CHECK;
/* Forgets periods that were dropped beyond about `most` (REPORT_DROPPED_MAX),
   whole days, the oldest first. */
enum status	 report_store_forget_dropped(struct report_store *,
		    size_t most, struct diag *) ATTR_MUST_CHECK;
/* *begin_r: of the oldest period that has ended and is not done; -1: none. */
enum status	 report_store_oldest(struct report_store *, int64_t now_s,
		    int64_t *begin_r, struct diag *) ATTR_MUST_CHECK;

/* For `mailseal report` (store_read.c, store_send.c). */

enum report_state {
	REPORT_OPEN,		/* rows are still added */
	REPORT_CLAIMED,		/* being sent, or to be sent again */
	REPORT_SENT,		/* done: to every address, or to those that
				   take reports */
	REPORT_DROPPED		/* done: not to be sent; note says why */
};
const char	*report_state_name(enum report_state);

struct report_period {
	struct str		 policy_id;	/* hexadecimal digits */
	int64_t			 begin_s;	/* the last second of it is
						   begin_s + 86399 */
	struct kept_policy	 policy;
	struct kept_weight	 weight;
	int64_t			 rows;		/* that are still stored */
	enum report_state	 state;
	struct str		 report_id;	/* empty: never claimed */
	struct str		 holder;	/* of the lease; or empty */
	int64_t			 lease_s;	/* until then; -1: none */
	int64_t			 done_s;	/* -1: not done */
	struct str		 note;		/* or empty */
};

struct report_filter {
	struct str	 domain;	/* empty: all */
	int64_t		 begin_s;	/* of the day; -1: all */
	int64_t		 due_s;		/* only those that had ended by then
					   and are not done; -1: all */
	size_t		 max;		/* 0: REPORT_STORE_MAX_PERIODS */
};

/* Oldest first, then by domain. All of *v_r is in the arena. */
enum status	 report_store_periods(struct report_store *, struct arena *,
		    const struct report_filter *, struct report_period **v_r,
		    size_t *n_r, struct diag *) ATTR_MUST_CHECK;

struct report_claim {
	struct str	 holder;	/* a random name of the process */
	int64_t		 now_s;
	int64_t		 lease_s;	/* how long, from now_s */
	struct str	 report_id;	/* for a period that has none yet */
};

/*
 * *ours_r: the period, which has ended and is not done, is ours until the lease
 * ends; *period is read again, with its report ID. It is closed from then on.
 * Claiming it again extends the lease. False: another holds it, or it is done.
 */
enum status	 report_store_claim(struct report_store *, struct arena *,
		    const struct report_claim *, struct report_period *,
		    bool *ours_r, struct diag *) ATTR_MUST_CHECK;
/* Gives it back: it stays closed and due, for a later run. */
enum status	 report_store_release(struct report_store *,
		    const struct report_period *, struct str holder,
		    struct diag *) ATTR_MUST_CHECK;
/* SENT or DROPPED, and deletes its rows. *ours_r: false: the lease had passed
   to another; nothing is changed. */
enum status	 report_store_finish(struct report_store *,
		    const struct report_period *, struct str holder,
		    enum report_state, struct str note, int64_t now_s,
		    bool *ours_r, struct diag *) ATTR_MUST_CHECK;

/* Any status but OK ends the query. The fact is valid during the call. */
typedef enum status report_take_row(void *ctx, const struct kept_fact *,
    int64_t count);
/* The rows of a period, always in the same order: the largest count first. */
enum status	 report_store_rows(struct report_store *,
		    const struct report_period *, report_take_row *,
		    void *ctx, struct diag *) ATTR_MUST_CHECK;

enum report_delivery_state {
	REPORT_DELIVERY_BEGUN,		/* perhaps handed over: send the same
					   again */
	REPORT_DELIVERY_DONE,
	REPORT_DELIVERY_FAILED		/* for good: a bad address, not
					   authorised, suppressed, bounced */
};
const char	*report_delivery_state_name(enum report_delivery_state);

struct report_delivery {	/* of a report to one address */
	struct str	 policy_id;	/* of the period */
	int64_t		 begin_s;
	struct str	 address;	/* as it is written to; the key */
	struct str	 host;		/* its domain, for limits */
	struct str	 tag;		/* in the return path; or empty */
	enum report_delivery_state state;
	int64_t		 at_s;
	struct str	 note;		/* or empty */
};

/* Adds it, or replaces state, time, tag and note. */
enum status	 report_store_deliver(struct report_store *,
		    const struct report_delivery *, struct diag *)
    ATTR_MUST_CHECK;
enum status	 report_store_deliveries(struct report_store *,
		    struct arena *, const struct report_period *,
		    struct report_delivery **v_r, size_t *n_r, struct diag *)
    ATTR_MUST_CHECK;
/* *n_r: 0 or 1. */
enum status	 report_store_by_tag(struct report_store *, struct arena *,
		    struct str tag, struct report_delivery **v_r,
		    size_t *n_r, struct diag *) ATTR_MUST_CHECK;
/* How many were begun or done since then; host empty: to all hosts. */
enum status	 report_store_count(struct report_store *, struct str host,
		    int64_t since_s, int64_t *n_r, struct diag *)
    ATTR_MUST_CHECK;

struct report_suppression {
	struct str	 address;
	int64_t		 since_s;
	int64_t		 until_s;
	int64_t		 times;		/* how often it was suppressed */
	struct str	 reason;
};

/* Adds or replaces it. */
enum status	 report_store_suppress(struct report_store *,
		    const struct report_suppression *, struct diag *)
    ATTR_MUST_CHECK;
/* *found_r: it was suppressed. */
enum status	 report_store_unsuppress(struct report_store *,
		    struct str address, bool *found_r, struct diag *)
    ATTR_MUST_CHECK;
/* All, or one address; by address. Those that have ended, too: `times` counts
   on. */
enum status	 report_store_suppressions(struct report_store *,
		    struct arena *, struct str address,
		    struct report_suppression **v_r, size_t *n_r,
		    struct diag *) ATTR_MUST_CHECK;

struct report_permission {	/* of an external destination, RFC 9990 4 */
	struct str	 policy_domain;
	struct str	 host;
	bool		 granted;
	struct str	 address;	/* that replaces the URI; or empty */
	int64_t		 until_s;	/* not to be used after that */
};

enum status	 report_store_permit(struct report_store *,
		    const struct report_permission *, struct diag *)
    ATTR_MUST_CHECK;
/* *n_r: 0 or 1. */
enum status	 report_store_permission(struct report_store *,
		    struct arena *, struct str policy_domain, struct str host,
		    struct report_permission **v_r, size_t *n_r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
