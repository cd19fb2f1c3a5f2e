/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strmap: from a string to a pointer, hashed. It owns neither; keys are
 * compared byte by byte and must outlive the map or their removal. Threads may
 * read it at once while none writes.
 *
 * The hash withstands accidents, not an adversary: keys come from the
 * operator's files.
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
 * Where the value of that key is kept, to be read and written until the next
 * strmap_at; a new key's is NULL. NULL: no memory.
 */
void		**strmap_at(struct strmap *, struct str key) ATTR_MUST_CHECK;
/* One after the other, 0 to strmap_count() - 1, in no order; NULL: a place
   without one. */
size_t		 strmap_count(const struct strmap *);
void		*strmap_value(const struct strmap *, size_t i);
/* The value, or NULL when there is no such key. */
void		*strmap_get(const struct strmap *, struct str key);
/* Removes the key, if it is there. */
void		 strmap_remove(struct strmap *, struct str key);

#endif
