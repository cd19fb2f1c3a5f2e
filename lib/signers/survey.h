/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey: which domains can be signed for, for the operator: as one sentence,
 *
 *	3 domains sign, 1 cannot: example.org (no active key)
 *
 * as numbers, and key by key. Keys are loaded for it, through the cache of the
 * signers, which logs each that cannot be and keeps the others in memory: a key
 * that was loaded once is not lost while it is configured. A domain is that of
 * the authors; a rule of a SigningTable for authors of several domains counts
 * for its key's domain or, without one, as a pattern.
 *
 * Limits: at most load_max keys are loaded, the others count as usable; the
 * names of SIGNERS_SURVEY_SHOWN domains are in the sentence. Fails with NOMEM
 * and LIMIT only.
 */
#ifndef SIGNERS_SURVEY_H
#define SIGNERS_SURVEY_H

#include "base/buf.h"
#include "base/status.h"
#include "signers/signers.h"

#define SIGNERS_SURVEY_SHOWN	10

struct signers_survey_opts {
	size_t	 load_max;		/* keys; 0: all */
	/* Called for each key that was loaded; the pick is valid during the
	   call. NULL: not called. */
	void	(*take_key)(void *ctx, const struct signers_pick *);
	/* Called for each domain that is ours without a usable key, with the
	   reason, a phrase. NULL: not called. */
	void	(*take_lost)(void *ctx, struct str domain, const char *why);
	void	*ctx;
};

struct signers_survey {
	size_t	 sign;			/* domains that have a key */
	size_t	 cannot;		/* ours, without a usable key */
	size_t	 patterns;		/* rules for no single domain */
};

/* Appends the sentence, without a full stop. */
enum status	 signers_survey(struct signers *,
		    const struct signers_survey_opts *,
		    struct signers_survey *r, struct buf *sentence)
    ATTR_MUST_CHECK;

#endif
