/* SPDX-License-Identifier: BSD-2-Clause */
/* make: a new key, into the store, in the first stage. */
#ifndef KEYS_MAKE_H
#define KEYS_MAKE_H

#include "keys/store.h"

struct make {
	const char		*domain;
	const char		*selector;	/* NULL: by the template */
	enum crypto_key_type	 type;
	unsigned		 bits;		/* RSA; 0: as the policy says */
	const char		*flags;		/* t=; "" for none */
};

/* The template's first selector at that time; false: said why. */
bool	 make_selector(struct arena *, const char *template,
	    enum crypto_key_type, int64_t now_s, struct str *r);
/* A selector is never used twice: a templated one counts on from 2. */
bool	 make_key(struct store *, const struct make *,
	    struct keystore_key *r);

#endif
