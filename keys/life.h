/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life: what is to be done next with a key: a function of the keys of its
 * domain, what their records look like at the authoritative servers, the
 * policy and the time. Pure: no clock, no DNS, no store.
 *
 * What it never does: leave a domain without an active key; make a key active
 * whose record some server does not show; revoke one that mail in a queue may
 * need. A time in the future (the clock was set back) counts as now; it is not
 * corrected, since it is the clock that is wrong: else what was retired today
 * would be revoked at once when the clock is right again.
 *
 * Of several active keys of one kind the one that became so last is in use;
 * the others retire.
 */
#ifndef KEYS_LIFE_H
#define KEYS_LIFE_H

#include "keys/policy.h"
#include "keystore/keystore.h"

#define LIFE_ASK_AGAIN_S	3600	/* until then what was asked for may
					   still be on its way */

struct found {			/* of one key's record, at all servers */
	bool	 good;		/* all show it, it fits the private half */
	bool	 gone;		/* all say that there is none */
	bool	 revoked;	/* each shows p= alone or has none */
	bool	 foreign;	/* one shows something else */
	int64_t	 negative_ttl_s; /* how long a cache may remember "none" */
	const char *why;	/* who says what; while not good */
};

enum step_kind {
	STEP_WAIT,		/* nothing now; text says for what */
	STEP_STAGE,		/* the next stage begins */
	STEP_SEEN,		/* all servers show it since now */
	STEP_UNSEEN,		/* they do no more */
	STEP_ADD,		/* ask for the record to be published */
	STEP_REVOKE,		/* ask for p= in its place */
	STEP_REMOVE,		/* ask for it to be taken out */
	STEP_CREATE		/* a successor is due */
};

struct step {
	enum step_kind	 kind;
	enum key_stage	 stage;		/* STEP_STAGE: which */
	const char	*text;		/* static; what it waits for */
	int64_t		 until_s;	/* waits for a time; -1: for DNS or
					   another key */
};

/* Whether life_next will look at found[i]. */
bool	 life_asks(const struct keystore_key *v, size_t n, size_t i);
/* The next step of v[i]; v: all keys of its domain; found: the same order,
   zeroed where it was not asked. force: a successor is due now. */
void	 life_next(const struct policy *, const struct keystore_key *v,
	    const struct found *, size_t n, size_t i, int64_t now_s,
	    bool force, struct step *r);

#endif
