/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: may this client send for this domain? check_host() of RFC 7208 4 for
 * one identity, MAIL FROM or HELO; their results are never mixed.
 *
 * An evaluation is a machine without a thread: spf_evaluator_step() goes on as
 * far as the answers that are there allow, and says that it waits, or that it
 * is done. Whoever drives it waits for the batch, or only looks at it now and
 * then, and calls again. Independent questions of a record are asked at once,
 * in the order of its terms; the result does not depend on that.
 *
 * Limits (RFC 7208 4.6.4, 11.1): all are bounded by the constants below, and
 * an evaluation asks SPF_MAX_QUERIES questions at most. Beyond a limit the
 * result is permerror, but temperror where time is what ran out.
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
#define SPF_MAX_VOIDS		2	/* terms that find nothing in DNS */
#define SPF_EXPLANATION_MAX_BYTES 1000	/* longer ones are not used */
/*
 * The first record; one question for each term, and as many again at most
 * that were asked ahead in vain; the addresses of the MX and PTR names, with
 * the PTR records themselves; the explanation.
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
	struct str		receiver;	/* our name; absent: unknown */
	int64_t			now_s;		/* for %{t} */
};

struct spf_verdict {
	enum spf_result		 result;
	enum spf_identity	 identity;
	struct str		 domain;	/* that was checked, A-labels;
						   absent: there is none */
	struct str		 mechanism;	/* the term that matched;
						   "default": none did;
						   absent: no policy, error */
	const char		*reason;	/* static phrase, or NULL */
	struct str		 problem;	/* the term or name at fault */
	struct str		 explanation;	/* of a fail, printable ASCII by
						   the domain's owner; absent:
						   none that can be used */
};

/* MAIL FROM: SPF's is smtp.mailfrom, "mailfrom"; "helo" (RFC 8601 2.7.2). */
const char	*spf_identity_name(enum spf_identity);

struct spf_evaluator;

/*
 * Asks the first question. Views into opts and the batch must live as long as
 * the evaluator, which lies in the arena.
 */
enum status	spf_evaluator_new(struct arena *, const struct spf_opts *,
		    struct dns_batch *, struct spf_evaluator **r)
    ATTR_MUST_CHECK;
/* *done_r: spf_evaluator_get() has the result; else it waits for answers. */
enum status	spf_evaluator_step(struct spf_evaluator *, bool *done_r)
    ATTR_MUST_CHECK;
/* Time is over: what is not answered now never will be. */
void		spf_evaluator_give_up(struct spf_evaluator *);
/* Once it is done; its domain is there from the start. */
const struct spf_verdict	*spf_evaluator_get(
				    const struct spf_evaluator *);

/* All of it, waiting for DNS until env's mono clock reaches deadline_us. */
enum status	spf_check(struct arena *, const struct spf_opts *,
		    struct dns_batch *, uint64_t deadline_us,
		    struct spf_verdict *verdict_r) ATTR_MUST_CHECK;

#endif
