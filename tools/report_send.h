/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_send: mailseal report send: one run over the periods of the store that
 * are due. A period goes through these steps, and each is in the store before
 * the next one begins, so that a run that is killed anywhere is continued by
 * the next one, on this host or another:
 *
 *	guard		whether the domain is to get a report at all
 *	claim		closes the period and gives it its report ID
 *	targets		its addresses, and which of them may get the report
 *	begin		a tag and a time for each address
 *	handover	the same octets each time it is tried
 *	finish		sent or dropped; its rows are deleted
 *
 * Failure reports (FailureReports) go through the same steps, from another
 * table of the store.
 *
 * Nothing is sent while mail of ReportFrom would not pass DMARC.
 */
#ifndef TOOLS_REPORT_SEND_H
#define TOOLS_REPORT_SEND_H

#include "dmarc/address.h"
#include "dmarc/psl.h"
#include "report/store_failures.h"
#include "report/write.h"
#include "report/write_mail.h"
#include "tools/handover.h"
#include "tools/mailseal.h"
#include "tools/offline.h"

#define REPORT_SEND_URIS_MAX	10	/* addresses of a record */
#define REPORT_SEND_LEASE_S	600
#define REPORT_SEND_PERMIT_S	72000	/* so long an authorisation is
					   remembered: a run each day asks
					   again */
/* A run does not ask about a host again after so many lookups failed: a host
   whose name servers are down must not delay the reports to others. */
#define REPORT_SEND_FAILURES	3
#define REPORT_SEND_HOSTS_MAX	64	/* that are remembered for it */
/* The rows of a report: as many as we read of one, in memory that a small host
   has, which is enough for some 300,000 usual ones. A larger report is
   dropped. */
#define REPORT_SEND_ROWS_MAX	500000
#define REPORT_SEND_ROWS_BYTES	((size_t)512 * 1024 * 1024)
#define REPORT_SEND_RECORD_US	(30 * 1000000ULL)	/* so long a store that
					   is busy is asked */
#define REPORT_SEND_TAG_BYTES	21	/* with NUL */
#define REPORT_SEND_ID_BYTES	33
#define REPORT_HOLDER_BYTES	128

struct report_send {
	/* options */
	struct cli_dns	 dns_opts;
	const char	*conf_path;
	const char	*folder;	/* --out; NULL: the MTA gets them */
	const char	*domain;	/* --domain, normalised; NULL: all */
	int64_t		 day_s;		/* --date; -1: all */
	int64_t		 max;		/* --max; 0: all */
	int64_t		 now_s;		/* --now; -1: the system's clock; env
					   has either */
	bool		 dry_run;
	bool		 legacy;
	bool		 only_failures;	/* --failures */
	bool		 json;
	/* the run */
	struct env	 env;
	struct offline	 off;		/* configuration and keys */
	const struct conf *conf;
	struct dns	*dns;
	struct dmarc_psl *psl;
	struct report_store *store;
	struct handover	 handover;
	struct str	 receiver;	/* domain of ReportFrom */
	char		 holder[REPORT_HOLDER_BYTES];
	struct arena	 arena;
	/* its result */
	int64_t		 mails_today;	/* begun or done within 24 hours */
	int64_t		 failures_today; /* of these, failure reports */
	struct report_silent {		/* hosts whose lookups failed */
		struct str	 host;		/* in the arena */
		unsigned	 failures;
	}		 silent[REPORT_SEND_HOSTS_MAX];
	size_t		 silent_n;
	size_t		 sent, dropped, later;	/* periods */
	bool		 full;		/* ReportsPerDay is reached */
	json_t		*reports;	/* with --json */
	json_t		*failures;	/* the same */
};

enum report_target_state {
	REPORT_TARGET_SEND,
	REPORT_TARGET_DONE,	/* has it already */
	REPORT_TARGET_NO,
	REPORT_TARGET_LATER
};

struct report_target {		/* an address of a report */
	struct dmarc_address	 address;
	uint64_t		 max_bytes;	/* RFC 7489; UINT64_MAX: none */
	enum report_target_state state;
	const char		*note;		/* NULL: none */
	const struct report_delivery *before;	/* NULL: the first try */
};

struct report_targets {
	struct report_target	v[REPORT_SEND_URIS_MAX];
	size_t			n;
	size_t			more;	/* beyond REPORT_SEND_URIS_MAX */
};

/* How it went with a period, for the output. */
struct report_result {
	const struct report_period *period;
	const char	*state;		/* sent, dropped, later, would-send */
	const char	*note;		/* NULL: none */
	const struct report_targets *targets;	/* NULL: not looked at */
};

/* report_send_check.c */

/* Whether mail of ReportFrom passes DMARC; what is missing is in diag. */
bool	 report_send_check(struct report_send *, struct diag *);
/* Puts the signatures of this host on top of a mail with LF. False: no memory,
   or no key; the mail is then as it was. */
bool	 report_send_sign(struct report_send *, struct buf *mail);

/* report_send_targets.c */

/* arena: of the period. tag: whose addresses policy.rua has; external hosts are
   asked about it. */
enum status	 report_send_targets(struct report_send *, struct arena *,
		    const struct report_period *, enum dmarc_tag tag,
		    struct report_targets *r, struct diag *)
    ATTR_MUST_CHECK;

/* report_send_deliver.c */

struct report_sending {		/* one report, whose claim is ours */
	struct report_send	*s;
	struct report_period	*period;	/* of a failure report: its
						   id, slot, domain and ruf */
	struct arena		 arena;
	struct report_targets	 targets;
	struct diag		*diag;
	/* Appends the mail: equal input, equal octets. */
	enum status		(*build)(const struct report_sending *,
				    const struct report_delivery *,
				    struct buf *mail);
	void			*ctx;
};

/* Sets the target's state. Fails if the store does. */
enum status	 report_send_deliver(struct report_sending *,
		    struct report_target *) ATTR_MUST_CHECK;
/* The number of targets in that state. */
size_t		 report_targets_count(const struct report_targets *,
		    enum report_target_state);
/* Fills in holder, lease and a report ID; dead: the holder of the lease, which
   ends at lease_s, is gone. */
void		 report_send_claim(struct report_send *, struct str holder,
		    int64_t lease_s, char id[REPORT_SEND_ID_BYTES],
		    struct report_claim *r);

/* report_send_failures.c */

/* All that are due. False: said why. */
bool		 report_send_failures(struct report_send *, struct diag *);

/* report_send_build.c */

/* Reads the rows and compresses the report. SYNTAX: no rows. LIMIT: it is too
   large, also for REPORT_SEND_ROWS_BYTES. NOMEM: not now. */
enum status	 report_send_build(struct report_send *, struct arena *,
		    const struct report_period *, struct buf *gzip,
		    struct write_counts *r, struct diag *) ATTR_MUST_CHECK;

/* report_send_record.c */

/* The MTA has the mail, which would be sent again if the store did not know: it
   is asked for REPORT_SEND_RECORD_US if it is busy or away. */
enum status	 report_send_record(struct report_send *,
		    const struct report_delivery *, struct diag *)
    ATTR_MUST_CHECK;

/* report_send_period.c */

/* Fails if the store does. */
enum status	 report_send_period(struct report_send *,
		    struct report_period *, struct diag *) ATTR_MUST_CHECK;

/* report_send_show.c */

void	 report_send_show(struct report_send *, const struct report_result *);
void	 report_send_show_failure(struct report_send *,
	    const struct stored_failure *, const char *state, const char *note,
	    const struct report_targets *);
/* refused: why nothing is sent; or NULL. */
bool	 report_send_show_end(struct report_send *, const char *refused);

/* report_holder.c */

/* Lower-case letters and digits, n - 1 of them, that cannot be guessed. */
void	 report_random(const struct env *, char *text_r, size_t n);
/* A name for this process. */
void	 report_holder_name(const struct env *,
	    char text_r[REPORT_HOLDER_BYTES]);
/* Whether that process was one of this machine and has ended, so that its
   claims need not run out. */
bool	 report_holder_is_dead(struct str holder);

/* report_suppress.c */

/* Suppresses it once more, for longer each time. */
enum status	 report_suppress(struct report_store *, struct arena *,
		    struct str address, struct str reason, int64_t now_s,
		    struct diag *) ATTR_MUST_CHECK;

#endif
