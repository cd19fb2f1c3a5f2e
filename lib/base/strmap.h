/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strmap: a hash table from strings to pointers. It owns neither. Keys are
 * compared byte by byte and must stay valid until they are removed. Threads
 * may read the map at the same time while none writes.
 *
 * The hash is not safe against chosen keys: keys come from the operator.
 */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stddef.h>

#include "base/attr.h"
#include "base/status.h"
#include "base/str.h"

struct strmap_entry;

struct strmap {
	struct strmap_entry	*slots;		/* a power of two, or none */
	size_t			 slots_n;
	size_t			 n;
};

void		 strmap_init(struct strmap *);
void		 strmap_fini(struct strmap *);
/*
 * The place of the key's value, NULL in it for a new key, valid until the next
 * strmap_at. NULL: out of memory.
 */
void		**strmap_at(struct strmap *, struct str key) ATTR_MUST_CHECK;
/* One after the other, 0 to strmap_count() - 1, in no order; NULL: a place
   without one. */
size_t		 strmap_count(const struct strmap *);
void		*strmap_value(const struct strmap *, size_t i);
/* The value, or NULL if the key is absent. */
void		*strmap_get(const struct strmap *, struct str key);
/* Removes the key, if present. */
void		 strmap_remove(struct strmap *, struct str key);

#endif
