/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: check_host() of RFC 7208 4, which decides whether a client may send
 * for a domain. One evaluation is for one identity, MAIL FROM or HELO.
 *
 * An evaluation is a state machine: spf_evaluator_step() proceeds as far as the
 * available answers allow and never blocks. Call it again when more queries of
 * the batch are answered, until it is done. Independent queries of a record are
 * sent at once, in the order of its terms; the result does not depend on that.
 *
 * Limits (RFC 7208 4.6.4, 11.1): see the constants below. An evaluation sends
 * at most SPF_MAX_QUERIES queries. The result is permerror if a limit is
 * exceeded, and temperror if time runs out.
 */
#ifndef SPF_CHECK_H
#define SPF_CHECK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"
#include "spf/result.h"

#define SPF_MAX_TERMS		10	/* that query DNS, in all records */
#define SPF_MAX_MX_NAMES	10	/* of one mx */
#define SPF_MAX_PTR_NAMES	10	/* of the client; others are ignored */
#define SPF_MAX_VOIDS		2	/* void lookups */
#define SPF_EXPLANATION_MAX_BYTES 1000	/* longer ones are discarded */
/*
 * The first record; one query for each term, and at most as many sent early
 * that are not used; the addresses of the MX and PTR names, and the PTR
 * records; the explanation.
 */
#define SPF_MAX_QUERIES		(1 + 2 * SPF_MAX_TERMS + \
				    SPF_MAX_TERMS * SPF_MAX_MX_NAMES + \
				    1 + SPF_MAX_PTR_NAMES + 1)

enum spf_identity { SPF_MAILFROM, SPF_HELO };

struct spf_opts {
	enum spf_identity	identity;
	struct ip_addr		ip;
	struct str		helo;		/* absent or empty: none */
	struct str		mail_from;	/* "<a@b>" or "a@b"; empty: the
						   null reverse-path */
	struct str		receiver;	/* this host; absent: unknown */
	int64_t			now_s;		/* for %{t} */
};

struct spf_verdict {
	enum spf_result		 result;
	enum spf_identity	 identity;
	struct str		 domain;	/* the checked domain, A-labels;
						   absent: none */
	struct str		 mechanism;	/* the term that matched, or
						   "default"; absent: no
						   policy, or an error */
	const char		*reason;	/* static phrase, or NULL */
	struct str		 problem;	/* the term or name in error */
	struct str		 explanation;	/* exp= of a fail, printable
						   ASCII; absent: none */
	struct str		 record;	/* of the domain, as published;
						   absent: none, or several */
};

/* "mailfrom" or "helo", the property of smtp (RFC 8601 2.7.2). */
const char	*spf_identity_name(enum spf_identity);

struct spf_evaluator;

/*
 * Sends the first query. The evaluator is allocated in the arena; it borrows
 * the batch and the strings of opts.
 */
enum status	spf_evaluator_new(struct arena *, const struct spf_opts *,
		    struct dns_batch *, struct spf_evaluator **r)
    ATTR_MUST_CHECK;
/* *done_r: the result is final; if not, answers are missing. */
enum status	spf_evaluator_step(struct spf_evaluator *, bool *done_r)
    ATTR_MUST_CHECK;
/* Ends the evaluation with temperror unless it has a result. */
void		spf_evaluator_give_up(struct spf_evaluator *);
/* Valid once it is done; identity and domain are valid from the start. */
const struct spf_verdict	*spf_evaluator_get(
				    const struct spf_evaluator *);

/* Runs an evaluation and waits for DNS until deadline_us, monotonic time. */
enum status	spf_check(struct arena *, const struct spf_opts *,
		    struct dns_batch *, uint64_t deadline_us,
		    struct spf_verdict *verdict_r) ATTR_MUST_CHECK;

#endif
