/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: evaluates DMARC (RFC 9989) for the author domains of a message. Takes
 * plain domain names and results, independent of lib/spf and lib/dkim.
 *
 *	dmarc_new()		send the queries for the policies
 *	  dmarc_expect()	name a domain that alignment may need
 *	  dmarc_authenticated()	set the results of SPF and DKIM
 *	  dmarc_step()		process new answers, until done
 *	  dmarc_give_up()	stop waiting, at the deadline
 *	dmarc_get()		get the verdicts
 *
 * Like an SPF evaluation this is a state machine: dmarc_step() proceeds as far
 * as the available answers allow and never blocks. Policy discovery does not
 * depend on dmarc_authenticated(). There are at most two rounds of queries. Per
 * author domain these are a walk of at most 8 names, one query for the
 * existence of the domain, and walks for identifiers that may be aligned.
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

/* RFC 9989 11.5: further author domains are not looked up. */
#define DMARC_MAX_AUTHORS	16
/* Identifiers that are looked up; further ones are not aligned. */
#define DMARC_MAX_LOOKUPS	20

/* Queries of one message, with walks of 8 names each. */
#define DMARC_MAX_QUERIES	(DMARC_MAX_AUTHORS * (8 + 1) + \
				    2 * DMARC_MAX_LOOKUPS * 8)

enum dmarc_result {		/* RFC 9989 9.2 */
	DMARC_NONE,
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR,
	DMARC_PERMERROR
};

enum dmarc_auth {		/* result of SPF or of a signature */
	DMARC_AUTH_NOT,		/* any that is not one of these: */
	DMARC_AUTH_PASS,
	DMARC_AUTH_TEMPERROR
};

struct dmarc_identifier {
	struct str	domain;
	enum dmarc_auth	result;
};

struct dmarc_verdict {		/* of one author domain */
	enum dmarc_result	 result;
	const char		*reason;	/* static phrase */
	struct str		 from;		/* author domain, normalised
						   unless invalid */
	struct str		 org_domain;	/* absent: no record */
	struct str		 policy_domain;	/* of the record, or absent */
	const struct dmarc_record *record;	/* NULL: none was found */
	bool			 has_policy;	/* the record applies */
	enum dmarc_policy	 policy;	/* after sp, np and t=y */
	bool			 policy_known;	/* no lookup for it failed */
	bool			 spf_aligned;	/* SPF passed, aligned */
	bool			 dkim_aligned;	/* a signature passed,
						   aligned */
	bool			 testing;	/* t=y */
	bool			 lowered;	/* t=y lowered the policy */
	bool			 unfailing;	/* temperror, but the author
						   domain itself passed: no
						   record could make it fail */
	bool			 psl;		/* found by the suffix list */
	const struct str	*walk;		/* names queried for the policy,
						   in order, with "_dmarc." */
	size_t			 walk_n;
};

struct dmarc_opts {
	const struct dmarc_psl	*psl;	/* NULL: tree walk; else RFC 7489,
					   which has no np and psd */
	const struct dmarc_psl	*suffixes;	/* whose veto a tree walk has
						   (walk.h); NULL: none */
	size_t			 doubtful_n;	/* so many authors, the last
						   ones, may be none: they
						   count only with a record */
};

struct dmarc;

/*
 * Sends the queries for each author domain. The names need not be normalised,
 * and may repeat. The dmarc is allocated in the arena and uses the batch.
 */
enum status	dmarc_new(struct arena *, struct dns_batch *,
		    const struct dmarc_opts *, const struct str *authors,
		    size_t n, struct dmarc **r) ATTR_MUST_CHECK;
/*
 * Looks a domain up early if it may be an identifier and could be aligned with
 * an author domain. Optional; saves a round of queries.
 */
enum status	dmarc_expect(struct dmarc *, struct str domain)
    ATTR_MUST_CHECK;
/*
 * Call once. spf: the SPF domain (RFC 9989 3.2.4), or NULL; dkim: d= of each
 * signature.
 */
enum status	dmarc_authenticated(struct dmarc *,
		    const struct dmarc_identifier *spf,
		    const struct dmarc_identifier *dkim, size_t dkim_n)
    ATTR_MUST_CHECK;
/* *done_r: the verdicts are final; if not, answers or the results of
   dmarc_authenticated() are missing. */
enum status	dmarc_step(struct dmarc *, bool *done_r) ATTR_MUST_CHECK;
/* Treats all unanswered queries as failed from now on. */
void		dmarc_give_up(struct dmarc *);

/* The number of verdicts, one per author domain; at least 1. */
size_t		dmarc_count(const struct dmarc *);
const struct dmarc_verdict	*dmarc_get(const struct dmarc *, size_t);
/* Whether a verdict counts: without a record, that of a doubtful author is left
   aside. */
bool		dmarc_counts(const struct dmarc *, size_t);
/* The verdict of the message: the strictest (RFC 9989 11.5) of those that
   count. */
const struct dmarc_verdict	*dmarc_decisive(const struct dmarc *);

const char	*dmarc_result_name(enum dmarc_result);

#endif
