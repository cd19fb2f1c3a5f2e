/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache: private keys that are loaded on first use and kept; the least
 * recently used one is dropped first. A failure is kept as well, so that it
 * is logged once and not retried for each message. Shared by threads. The
 * lock is not held while a key is read or parsed: two threads may load the
 * same key at once, and one copy is kept.
 */
#ifndef SIGNERS_CACHE_H
#define SIGNERS_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

struct key_cache;

/* Loads a key, or sets diag. NOMEM is not kept in the cache. */
typedef enum status key_loader(void *ctx, struct privkey **key_r,
	    struct diag *);

/*
 * NULL: out of memory. env outlives it. remote: keys are loaded from another
 * process, which keeps failures and logs them; so a failure is not kept here,
 * and a key only for SIGNERS_RETRY_US, since the other one may have a better
 * one by then.
 */
struct key_cache	*key_cache_new(size_t max, bool remote,
			    const struct env *);
void			 key_cache_free(struct key_cache *);	/* accepts
								   NULL */
/* The keys of the cache before serve when they cannot be loaded again: names
   must mean the same key in both. NOMEM. */
enum status		 key_cache_inherit(struct key_cache *,
			    struct key_cache *before) ATTR_MUST_CHECK;
/* Whether the cache before had the key of that name. */
bool			 key_cache_inherited(struct key_cache *,
			    struct str name);
/*
 * Returns the key of that name, held; or NULL and the reason in error_r, in
 * the arena. The status is OK in both cases, or NOMEM.
 */
enum status		 key_cache_get(struct key_cache *, struct arena *,
			    struct str name, key_loader *, void *ctx,
			    struct privkey **key_r, struct str *error_r)
    ATTR_MUST_CHECK;

#endif
