/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of lib/dmarc. */
#ifndef DMARC_PRIVATE_H
#define DMARC_PRIVATE_H

#include "dmarc/dmarc.h"
#include "dmarc/walk.h"

struct author {
	struct dmarc_verdict	 verdict;
	struct dmarc_walk	*walk;		/* NULL: no lookup */
	const struct dns_query	*exists;	/* NULL: not needed */
	struct str		 names[DMARC_WALK_MAX_NAMES];
};

enum stage {
	STAGE_POLICY, STAGE_IDENTIFIERS, STAGE_ALIGNMENT, STAGE_DONE
};

struct dmarc {
	struct arena		*arena;
	struct dmarc_walks	 walks;
	enum stage		 stage;
	struct author		*authors;
	size_t			 authors_n;
	size_t			 certain_n;	/* the first authors; the
						   others are doubtful */
	bool			 authenticated;	/* spf and dkim are set */
	struct dmarc_identifier	 spf;		/* domain absent: none */
	struct dmarc_identifier	*dkim;		/* normalised */
	size_t			 dkim_n;
	size_t			 lookups;	/* identifiers looked up */
	size_t			 expected;	/* the same by dmarc_expect */
};

/* discover.c: the policy of an author */

/*
 * Selects the record, after the walk is read. Queries whether the domain
 * exists if the policy depends on it.
 */
enum status	author_discover(struct dmarc *, struct author *)
    ATTR_MUST_CHECK;
/* Applies sp, np and t=y to the policy. False: a lookup for it failed. */
bool		author_policy(struct author *);

/* align.c: identifier alignment */

/* Starts the walks that alignment depends on. */
enum status	author_query_identifiers(struct dmarc *, struct author *)
    ATTR_MUST_CHECK;
/* Whether an identifier that passed is the author domain itself. */
bool		author_cannot_fail(const struct dmarc *,
		    const struct author *);
/*
 * Before the author's walk is read: *settled_r is set if the author domain has
 * a record and an identifier passes that is aligned whatever the missing
 * answers say. They are not waited for then.
 */
enum status	author_settle(struct dmarc *, struct author *,
		    bool *settled_r) ATTR_MUST_CHECK;
/*
 * Sets spf_aligned and dkim_aligned. *reason_r: the error that might hide an
 * aligned pass, or NULL. *open_r: set if an answer is missing.
 */
enum status	author_align(struct dmarc *, struct author *,
		    const char **reason_r, bool *open_r) ATTR_MUST_CHECK;

#endif
