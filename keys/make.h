/* SPDX-License-Identifier: BSD-2-Clause */
/* make: new keys. */
#ifndef KEYS_MAKE_H
#define KEYS_MAKE_H

#include "keys/store.h"

struct made {			/* a key as text; made_fini zeroes it */
	struct buf		 pem;
	struct buf		 record;
	enum crypto_key_type	 type;
	unsigned		 bits;
};

/* Both: OK or NOMEM; made_fini in any case. flags: t=, "" for none. */
enum status	 made_generate(struct made *, enum crypto_key_type,
		    unsigned bits, const char *flags) ATTR_MUST_CHECK;
enum status	 made_from(struct made *, const struct privkey *,
		    const char *flags) ATTR_MUST_CHECK;
void		 made_fini(struct made *);
/* Takes it into the store, in that stage. The caller has the domain's lock.
   LIMIT: the selector is or was in use. */
enum status	 made_store(struct store *, const struct made *,
		    const struct key_name *, enum key_stage,
		    struct keystore_key *r, struct diag *) ATTR_MUST_CHECK;

/* The template's first selector at that time; false: printed why. */
bool		 make_selector(struct arena *, const char *template,
		    enum crypto_key_type, int64_t now_s, struct str *r);
/*
 * A new pending key. name->selector absent: by the policy's template, and with
 * a number from 2 on where that is or was in use. bits: 0: the policy's. As
 * made_store, the caller has the lock. False: printed why.
 */
bool		 make_key(struct store *, const struct key_name *,
		    enum crypto_key_type, unsigned bits, const char *flags,
		    struct keystore_key *r);

#endif
