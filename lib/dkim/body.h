/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * body: one pass over the body for every signature of a message: one digester
 * for each distinct (canonicalisation, length limit). ARC joins the same set.
 */
#ifndef DKIM_BODY_H
#define DKIM_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "crypto/crypto.h"
#include "mail/canon.h"

#define DKIM_BODY_ALL	UINT64_MAX	/* no length limit */

struct dkim_bodies;

/* In the arena, but its digests are OpenSSL's: call dkim_bodies_fini. */
struct dkim_bodies	*dkim_bodies_new(struct arena *,
			    const struct crypto *);
void			 dkim_bodies_fini(struct dkim_bodies *);
/* Before the first update: a slot for that hash, shared when equal. */
enum status	 dkim_bodies_want(struct dkim_bodies *, enum canon,
		    uint64_t max_bytes, unsigned *slot_r) ATTR_MUST_CHECK;
/* False once more body cannot change any hash (no slot; every limit passed). */
bool		 dkim_bodies_need_more(const struct dkim_bodies *);
void		 dkim_bodies_update(struct dkim_bodies *, const char *, size_t);
enum status	 dkim_bodies_finish(struct dkim_bodies *) ATTR_MUST_CHECK;
/* After finish. */
const unsigned char	*dkim_bodies_hash(const struct dkim_bodies *,
			    unsigned slot);
/* The same, of the slot wanted so; NULL: none was. */
const unsigned char	*dkim_bodies_find(const struct dkim_bodies *,
			    enum canon, uint64_t max_bytes);
/* Canonical octets seen, at most one more than the slot's limit. */
uint64_t	 dkim_bodies_bytes(const struct dkim_bodies *, unsigned slot);

#endif
