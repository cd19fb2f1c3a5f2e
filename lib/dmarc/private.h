/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of dmarc share about a message. */
#ifndef DMARC_PRIVATE_H
#define DMARC_PRIVATE_H

#include "dmarc/dmarc.h"
#include "dmarc/walk.h"

struct author {
	struct dmarc_verdict	 verdict;
	struct dmarc_walk	*walk;		/* NULL: no lookup */
	const struct dns_query	*exists;	/* NULL: not asked */
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
	bool			 authenticated;	/* what follows is set */
	struct dmarc_identifier	 spf;		/* domain absent: none */
	struct dmarc_identifier	*dkim;		/* normalised */
	size_t			 dkim_n;
	size_t			 lookups;	/* of identifiers */
	size_t			 expected;	/* those of dmarc_expect */
};

/* -- discover: the policy of an author ----------------------------------- */

/* Once the walk is read; asks whether the domain exists if that matters. */
enum status	author_discover(struct dmarc *, struct author *)
    ATTR_MUST_CHECK;
/* The policy after sp, np and t. False: a lookup for it failed. */
bool		author_policy(struct author *);

/* -- align: what passed for an author ------------------------------------ */

/* Starts the walks without which alignment could not be told. */
enum status	author_ask_alignment(struct dmarc *, struct author *)
    ATTR_MUST_CHECK;
/* An identifier that passed is aligned whatever the record says. */
bool		author_cannot_fail(const struct dmarc *,
		    const struct author *);
/*
 * Sets spf_aligned and dkim_aligned. *reason_r: why neither is certain to be
 * false, or NULL. *open_r: set when an answer is still to come.
 */
enum status	author_align(struct dmarc *, struct author *,
		    const char **reason_r, bool *open_r) ATTR_MUST_CHECK;

#endif
