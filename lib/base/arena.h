/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena: memory with one lifetime. Everything allocated for a message or a
 * connection is freed at once. Each arena has a ceiling. At the ceiling, and
 * when malloc fails, an allocation returns NULL and the caller returns
 * STATUS_NOMEM. Memory is zeroed. An arena is not shared between threads.
 * With ARENA_DEBUG (sanitizer builds) each allocation is a separate malloc.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block	*head;
	size_t			 used_bytes;	/* allocated since init/reset */
	size_t			 max_bytes;	/* the ceiling */
	bool			 full;		/* it was reached, ever */
};

void	 arena_init(struct arena *, size_t max_bytes);
/* Frees all but one block, which is kept for reuse. */
void	 arena_reset(struct arena *);
void	 arena_fini(struct arena *);

/* Zeroed, aligned for any type; NULL when out of memory. n may be 0. */
void	*arena_alloc(struct arena *, size_t n) ATTR_MUST_CHECK;
/* As above for count * size, overflow checked. */
void	*arena_calloc(struct arena *, size_t count, size_t size)
    ATTR_MUST_CHECK;
/* A copy, followed by a NUL; the copy of an absent string is the empty string.
   p == NULL when out of memory. */
struct str	 arena_dup(struct arena *, struct str) ATTR_MUST_CHECK;
/* A NUL-terminated copy, or NULL. */
char	*arena_cstr(struct arena *, struct str) ATTR_MUST_CHECK;
/* Formatted text; p == NULL when out of memory. */
struct str	 arena_printf(struct arena *, const char *fmt, ...)
    ATTR_PRINTF(2, 3) ATTR_MUST_CHECK;
struct str	 arena_vprintf(struct arena *, const char *fmt, va_list)
    ATTR_PRINTF(2, 0) ATTR_MUST_CHECK;
/*
 * Makes space for one more element in an array in the arena: *cap doubles and
 * the old content is copied. NULL when out of memory.
 */
void	*arena_grow(struct arena *, void *array, size_t n, size_t *cap,
	    size_t size) ATTR_MUST_CHECK;

#endif
