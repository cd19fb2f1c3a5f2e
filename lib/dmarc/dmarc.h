/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: what the domains in From say about a message that authenticated as
 * it did (RFC 9989). It takes plain names and results, whoever computed them.
 *
 *	dmarc_new()		the policy's queries are sent
 *	  dmarc_expect()	what may be needed for alignment
 *	  dmarc_authenticated()	what SPF and DKIM came to, once it is known
 *	  dmarc_step()		whenever answers may have come, until done
 *	  dmarc_give_up()	when time is over
 *	dmarc_get()		the verdict
 *
 * Like an SPF evaluation it is a machine without a thread: a step goes on as
 * far as the answers that are there allow, the policy's discovery also before
 * it is known who authenticated. At most two rounds of queries follow each
 * other; per author domain they are: a walk of 8 names at most, one for its
 * existence, and walks for identifiers that may be aligned.
 */
#ifndef DMARC_DMARC_H
#define DMARC_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "dmarc/psl.h"
#include "dmarc/record.h"
#include "dns/dns.h"

/* RFC 9989 11.5: author domains beyond this one are not looked up. */
#define DMARC_MAX_AUTHORS	8
/* Identifiers that need a lookup; further ones are taken as not aligned. */
#define DMARC_MAX_LOOKUPS	20

/* Questions of one message, with walks of 8 names each. */
#define DMARC_MAX_QUERIES	(DMARC_MAX_AUTHORS * (8 + 1) + \
				    2 * DMARC_MAX_LOOKUPS * 8)

enum dmarc_result {		/* RFC 9989 9.2 */
	DMARC_NONE,
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR,
	DMARC_PERMERROR
};

enum dmarc_auth {		/* what SPF or a signature came to */
	DMARC_AUTH_NOT,		/* not passed */
	DMARC_AUTH_PASS,
	DMARC_AUTH_TEMPERROR	/* might have passed at another time */
};

struct dmarc_identifier {
	struct str	domain;
	enum dmarc_auth	result;
};

struct dmarc_verdict {		/* of one author domain */
	enum dmarc_result	 result;
	const char		*reason;	/* static phrase */
	struct str		 from;		/* the author domain, normalised;
						   as given if it is no name */
	struct str		 org_domain;	/* absent: no record, or unknown */
	struct str		 policy_domain;	/* where the record is; absent */
	const struct dmarc_record *record;	/* NULL: none was found */
	bool			 has_policy;	/* the record is in use */
	enum dmarc_policy	 policy;	/* after sp, np and t */
	bool			 policy_known;	/* and none of them is open */
	bool			 spf_aligned;	/* and passed */
	bool			 dkim_aligned;	/* a signature that passed */
	bool			 testing;	/* t=y */
	bool			 lowered;	/* and the policy was, by it */
	bool			 unfailing;	/* temperror, but what passed is the
						   author domain itself: no
						   record could make it fail */
	bool			 psl;		/* discovery by the list */
	const struct str	*walk;		/* names asked for the policy, in
						   order, with "_dmarc." */
	size_t			 walk_n;
};

struct dmarc_opts {
	const struct dmarc_psl	*psl;	/* NULL: tree walk; not NULL: as in
					   RFC 7489, np and psd unknown */
};

struct dmarc;

/*
 * The first lookup of each author domain is sent. The names need not be
 * normalised, and may repeat; arena and batch outlive the dmarc.
 */
enum status	dmarc_new(struct arena *, struct dns_batch *,
		    const struct dmarc_opts *, const struct str *authors,
		    size_t n, struct dmarc **r) ATTR_MUST_CHECK;
/*
 * A domain that may be an identifier later: its lookup is sent now if it could
 * be aligned to an author domain. Only saves time.
 */
enum status	dmarc_expect(struct dmarc *, struct str domain)
    ATTR_MUST_CHECK;
/*
 * Once. spf: the SPF domain (RFC 9989 3.2.4), NULL if there is none; dkim: d=
 * of each signature.
 */
enum status	dmarc_authenticated(struct dmarc *,
		    const struct dmarc_identifier *spf,
		    const struct dmarc_identifier *dkim, size_t dkim_n)
    ATTR_MUST_CHECK;
/* *done_r: the verdicts are there; else it waits for answers, or to be told
   what authenticated. */
enum status	dmarc_step(struct dmarc *, bool *done_r) ATTR_MUST_CHECK;
/* Time is over: a query that is not answered now has failed. */
void		dmarc_give_up(struct dmarc *);

/* How many author domains have a verdict; at least 1. */
size_t		dmarc_count(const struct dmarc *);
const struct dmarc_verdict	*dmarc_get(const struct dmarc *, size_t);
/* The one that counts: the strictest policy of those that fail ... */
const struct dmarc_verdict	*dmarc_decisive(const struct dmarc *);

const char	*dmarc_result_name(enum dmarc_result);

#endif
