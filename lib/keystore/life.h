/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life: the rules of a key's life. What may happen to a key, and when, follows
 * from the keys of its domain, from what the authoritative servers answer for
 * their records, from the policy's times and from the time of day. No clock, no
 * DNS and no store is used here.
 *
 * The rules never leave a domain without an active key, never make a key active
 * whose record is missing at a server, and never revoke a key that mail in a
 * queue may need. A stored time in the future (the clock was set back) counts
 * as now and is not corrected, since it is the clock that is wrong: otherwise a
 * key that was retired today would be revoked as soon as the clock is right
 * again. A key without its private half counts as no key.
 *
 * A record of an active key that is gone is requested again, as that of a new
 * one; one in the place of another record never is.
 *
 * A retired key's record may wait until reports of other hosts show that the
 * key that signs in its place passes there (RetireAfterReports): until as many
 * of them as the policy asks for say so, or the longest time is over; never
 * less than without reports. Not knowing what reports say is to wait.
 *
 * Of several active keys of one type the one that became active last is in use;
 * the others retire.
 */
#ifndef KEYSTORE_LIFE_H
#define KEYSTORE_LIFE_H

#include "keystore/keystore.h"

#define LIFE_ASK_AGAIN_S	3600	/* a request to publish may take that
					   long to show */
#define LIFE_REMIND_S		86400	/* the same, if a person publishes */
#define LIFE_STUCK_S		(2 * 86400)	/* no stage needs to wait longer
					   than that for the DNS */

struct life_times {		/* the policy's, in seconds */
	int64_t	 rotate_every_s;	/* a key signs until it is replaced */
	int64_t	 retired_s;		/* its record stays after that */
	int64_t	 remove_after_s;	/* it stays revoked */
	int64_t	 reporters;		/* that are to see the next key pass
					   before a retired one is revoked; 0:
					   reports do not matter */
	int64_t	 retired_longest_s;	/* whatever reports say */
};

struct life_found {		/* one key's record at all servers */
	bool	 good;		/* each has it, and it fits the private half */
	bool	 gone;		/* none has a record */
	bool	 revoked;	/* each has p= alone */
	bool	 foreign;	/* one has another record */
	bool	 missing;	/* one answers, but not with the record */
	int64_t	 negative_ttl_s; /* caches may keep "no record" that long */
	const char *why;	/* while not good: which server answers what */
};

struct life {			/* the keys of one domain, at one time */
	struct life_times		 times;
	const struct keystore_key	*v;
	size_t				 n;
	const struct life_found		*found;	/* of v[i]; zeroed where
						   life_asks() is false */
	int64_t				 now_s;
	bool				 force;	/* --force */
	bool				 by_hand; /* a person publishes */
	bool				 checks; /* the records of active keys,
						   too */
	const int64_t			*reporters; /* that saw life_reported()
						   of v[i] pass; -1: not known;
						   NULL: none is known */
	const bool			*changed; /* v[i] was requested in
						   another way than would be
						   used now; NULL: none was */
};

enum life_kind {
	LIFE_WAIT,		/* nothing to do now */
	LIFE_STAGE,		/* enter the next stage */
	LIFE_SEEN,		/* note that all servers have the record */
	LIFE_UNSEEN,		/* note that they no longer have it */
	LIFE_ADD,		/* request that the record be published */
	LIFE_REVOKE,		/* request p= in its place */
	LIFE_REMOVE,		/* request that it be taken out */
	LIFE_CREATE		/* make a successor */
};

struct life_step {
	enum life_kind	 kind;
	enum key_stage	 stage;		/* LIFE_STAGE: which */
	const char	*text;		/* LIFE_WAIT: static; for what */
	int64_t		 until_s;	/* LIFE_WAIT: until then; -1: for DNS,
					   another key or the operator */
	bool		 stuck;		/* LIFE_WAIT: it will not end without
					   the operator */
	bool		 requested;	/* LIFE_WAIT: for what was requested */
};

enum life_record {		/* what the DNS should have for a key */
	LIFE_RECORD_ANY,	/* its record, or none yet */
	LIFE_RECORD_KEY,
	LIFE_RECORD_REVOKED,	/* p=, or none */
	LIFE_RECORD_NONE
};

/* Whether mail is signed in that stage. */
bool		 life_signs(enum key_stage);
enum life_record life_record(enum key_stage);
/*
 * When the stage of v[i] has lasted as long as the policy asks: an active key
 * is replaced then, a retired one revoked, a revoked one removed. -1: the stage
 * does not end by time.
 */
int64_t		 life_due(const struct life *, size_t i);
/* The key that has taken over from the active key v[i], or else one that will;
   NULL: there is none. */
const struct keystore_key	*life_successor(const struct life *, size_t i);
/* The key that reports are to show before the retired key v[i] is revoked: the
   one that signs in its place. NULL: they do not matter, or there is none. */
const struct keystore_key	*life_reported(const struct life *, size_t i);
/* Whether v[i], whose time is over, waits for reports; until life_longest(). */
bool		 life_waits_for_reports(const struct life *, size_t i);
/* When the retired key v[i] waits no longer. */
int64_t		 life_longest(const struct life *, size_t i);
/* Whether the next step of v[i] depends on what the DNS has for it. */
bool		 life_asks(const struct life *, size_t i);
void		 life_next(const struct life *, size_t i, struct life_step *r);
/* Whether v[i], which waits without a time, has waited for too long. */
bool		 life_is_stuck(const struct life *, size_t i);
/* Why v[i] must not be deleted; NULL: no objection. */
const char	*life_delete_objection(const struct life *, size_t i);
/* Why the operator must not retire or revoke v[i]; NULL: no objection. */
const char	*life_objection(const struct life *, size_t i,
		    enum key_stage);

#endif
