/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache: private keys that are loaded on first use and kept, the least lately
 * used one going first. What cannot be loaded is kept as well, so that it is
 * said once and not tried for each message. Shared by threads: its lock is
 * never held while a key is read or parsed, so that two threads may load the
 * same key at once, of which one copy stays.
 */
#ifndef SIGNERS_CACHE_H
#define SIGNERS_CACHE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

struct key_cache;

/* Gives the key, or says in the diag why not; NOMEM is not remembered. */
typedef enum status key_loader(void *ctx, struct privkey **key_r,
	    struct diag *);

/* NULL: no memory. env outlives it. */
struct key_cache	*key_cache_new(size_t max, const struct env *);
void			 key_cache_free(struct key_cache *);	/* NULL is fine */
/*
 * The key of that name, held; or NULL and in trouble_r why not, in the arena.
 * OK in both cases. NOMEM.
 */
enum status		 key_cache_get(struct key_cache *, struct arena *,
			    struct str name, key_loader *, void *ctx,
			    struct privkey **key_r, struct str *trouble_r)
    ATTR_MUST_CHECK;

#endif
