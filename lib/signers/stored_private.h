/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by stored.c and stored_read.c. */
#ifndef SIGNERS_STORED_PRIVATE_H
#define SIGNERS_STORED_PRIVATE_H

#include "signers/stored.h"

/* Empty; NULL: out of memory. */
struct stored	*stored_new(const char *where, const struct env *);
struct stored	*stored_hold(struct stored *);
/* Whether there is something at the path of a directory; true for others, and
   if that cannot be found out. */
bool		 stored_exists(const char *where);
/* Logs a change. why: only with lost. */
void		 stored_set_lost(struct stored *, bool lost, const char *why);
/* Adds a copy to the keys of its domain, which are sorted by age, oldest first.
   Takes the secret, also on failure. */
enum status	 stored_add(struct stored *, const struct stored_key *)
    ATTR_MUST_CHECK;

/* Notes a domain that has a key that does not sign. NOMEM. */
enum status	 stored_add_idle(struct stored *, struct str domain,
		    bool has_signed) ATTR_MUST_CHECK;

struct stored_secret	*stored_secret_new(struct str pem);
struct stored_secret	*stored_secret_hold(struct stored_secret *);
void		 stored_secret_release(struct stored_secret *); /* accepts
								   NULL */
bool		 stored_secret_is(const struct stored_secret *,
		    struct str pem);

#endif
