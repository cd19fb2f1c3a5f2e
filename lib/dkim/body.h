/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * body: hashes the body of a message once for all its signatures, DKIM and
 * ARC: one digest for each distinct pair of canonicalisation and length limit.
 *
 * A slot for a signature to be verified is of the body as received, one for a
 * signature to be made is of the body as the MTA will send it (mail/lines.h).
 * Both share a digest until a line is broken, so that the second costs nothing
 * in a message without long lines.
 */
#ifndef DKIM_BODY_H
#define DKIM_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "crypto/crypto.h"
#include "mail/canon.h"
#include "mail/lines.h"

#define DKIM_BODY_ALL	UINT64_MAX	/* no length limit */

struct dkim_bodies;

/* Allocated in the arena; dkim_bodies_fini frees the OpenSSL digests. */
struct dkim_bodies	*dkim_bodies_new(struct arena *,
			    const struct crypto *);
void			 dkim_bodies_fini(struct dkim_bodies *);
/* Before the first update: what the MTA will break. Otherwise nothing. */
void			 dkim_bodies_break_lines(struct dkim_bodies *,
			    struct lines_rule);
/* Before the first update: reserves a slot, shared by equal requests. */
enum status	 dkim_bodies_want(struct dkim_bodies *, enum canon,
		    uint64_t max_bytes, unsigned *slot_r) ATTR_MUST_CHECK;
/* Before the first update: makes the slot count up to n octets, though it does
   not hash them all. */
void		 dkim_bodies_count(struct dkim_bodies *, unsigned slot,
		    uint64_t n);
/* The same for the whole body as sent. */
enum status	 dkim_bodies_want_sent(struct dkim_bodies *, enum canon,
		    unsigned *slot_r) ATTR_MUST_CHECK;
/* False if more body cannot change a hash: no slot, or all limits reached. */
bool		 dkim_bodies_need_more(const struct dkim_bodies *);
void		 dkim_bodies_update(struct dkim_bodies *, const char *, size_t);
enum status	 dkim_bodies_finish(struct dkim_bodies *) ATTR_MUST_CHECK;
/* After finish. */
const unsigned char	*dkim_bodies_hash(const struct dkim_bodies *,
			    unsigned slot);
const unsigned char	*dkim_bodies_hash_sent(const struct dkim_bodies *,
			    unsigned slot);
/* The hash of such a slot for the body as sent; NULL: there is none. */
const unsigned char	*dkim_bodies_find_sent(const struct dkim_bodies *,
			    enum canon);
/* How many lines the MTA will break. */
uint64_t	 dkim_bodies_long_lines(const struct dkim_bodies *);
/* Canonical octets seen, at most one more than the slot's limit or the n of
   dkim_bodies_count. */
uint64_t	 dkim_bodies_bytes(const struct dkim_bodies *, unsigned slot);

#endif
