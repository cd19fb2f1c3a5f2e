/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

/*
 * An idle connection keeps one block of the first size. Each further block is
 * twice as large as the last, so that a large message needs few of them.
 */
#define BLOCK_MIN_BYTES	8192
#define BLOCK_MAX_BYTES	65536

struct arena_block {
	struct arena_block	*next;
	size_t			 cap;
	size_t			 used;
	max_align_t		 data[];
};

void
arena_init(struct arena *a, size_t max_bytes)
{
	a->head = NULL;
	a->used_bytes = 0;
	a->max_bytes = max_bytes;
	a->full = false;
}

static void
blocks_free(struct arena_block *b)
{
	struct arena_block *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void
arena_fini(struct arena *a)
{
	blocks_free(a->head);
	a->head = NULL;
	a->used_bytes = 0;
}

static struct arena_block *
block_new(size_t cap)
{
	struct arena_block *b;

	if (cap > SIZE_MAX - sizeof(*b)) {
		return (NULL);
	}
	b = malloc(sizeof(*b) + cap);
	if (b != NULL) {
		b->next = NULL;
		b->cap = cap;
		b->used = 0;
	}
	return (b);
}

static void *
block_take(struct arena_block *b, size_t n)
{
	void *p = (char *)b->data + b->used;

	b->used += n;
	return (p);
}

#ifdef ARENA_DEBUG

void
arena_reset(struct arena *a)
{
	arena_fini(a);
}

/* The block has the exact size, so that the sanitizer sees an overrun. */
static void *
take_space(struct arena *a, size_t n, size_t aligned ATTR_UNUSED)
{
	struct arena_block *b = block_new(n);

	if (b == NULL) {
		return (NULL);
	}
	b->next = a->head;
	a->head = b;
	return (block_take(b, n));
}

#else

void
arena_reset(struct arena *a)
{
	struct arena_block *b, *next, *kept = NULL;

	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		if (kept == NULL && b->cap <= BLOCK_MIN_BYTES) {
			kept = b;
			kept->next = NULL;
			kept->used = 0;
		} else {
			free(b);
		}
	}
	a->head = kept;
	a->used_bytes = 0;
}

static struct arena_block *
block_add(struct arena *a)
{
	size_t total = BLOCK_MIN_BYTES;
	struct arena_block *b;

	if (a->head != NULL) {
		total = 2 * (a->head->cap + sizeof(*b));
		total = total > BLOCK_MAX_BYTES ? BLOCK_MAX_BYTES : total;
	}
	b = block_new(total - sizeof(*b));
	if (b != NULL) {
		b->next = a->head;
		a->head = b;
	}
	return (b);
}

static void *
take_space(struct arena *a, size_t n ATTR_UNUSED, size_t aligned)
{
	struct arena_block *b = a->head;

	if (b != NULL && b->cap - b->used >= aligned) {
		return (block_take(b, aligned));
	}
	if (aligned < BLOCK_MIN_BYTES / 4) {
		b = block_add(a);
		return (b != NULL ? block_take(b, aligned) : NULL);
	}
	/*
	 * A large piece gets a block of its own, after the head, so that the
	 * space left in the head stays in use.
	 */
	if (b == NULL && (b = block_add(a)) == NULL) {
		return (NULL);
	}
	b = block_new(aligned);
	if (b == NULL) {
		return (NULL);
	}
	b->next = a->head->next;
	a->head->next = b;
	return (block_take(b, aligned));
}

#endif

/* The memory is not zeroed. */
static void *
alloc_space(struct arena *a, size_t n)
{
	size_t align = _Alignof(max_align_t);
	size_t aligned;
	void *p;

	if (n > SIZE_MAX - align) {
		return (NULL);
	}
	aligned = n == 0 ? align : (n + align - 1) / align * align;
	if (a->used_bytes > a->max_bytes ||
	    aligned > a->max_bytes - a->used_bytes) {
		a->full = true;
		return (NULL);
	}
	p = take_space(a, n, aligned);
	if (p != NULL) {
		a->used_bytes += aligned;
	}
	return (p);
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p = alloc_space(a, n);

	if (p != NULL) {
		memset(p, 0, n);
	}
	return (p);
}

void *
arena_calloc(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		return (NULL);
	}
	return (arena_alloc(a, count * size));
}

struct str
arena_dup(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);

	return (p != NULL ? str_mem(p, s.n) : STR_NONE);
}

char *
arena_cstr(struct arena *a, struct str s)
{
	char *p;

	if (s.n == SIZE_MAX || (p = alloc_space(a, s.n + 1)) == NULL) {
		return (NULL);
	}
	if (s.n > 0) {
		memcpy(p, s.p, s.n);
	}
	p[s.n] = '\0';
	return (p);
}

struct str
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || (p = alloc_space(a, (size_t)n + 1)) == NULL) {
		return (STR_NONE);
	}
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (str_mem(p, (size_t)n));
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	struct str r;
	va_list ap;

	va_start(ap, fmt);
	r = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return (r);
}

void *
arena_grow(struct arena *a, void *array, size_t n, size_t *cap, size_t size)
{
	size_t want;
	char *p;

	if (n < *cap) {
		return (array);
	}
	if (*cap > SIZE_MAX / 2) {
		return (NULL);
	}
	want = *cap == 0 ? 8 : *cap * 2;
	p = arena_calloc(a, want, size);
	if (p == NULL) {
		return (NULL);
	}
	if (n > 0) {
		memcpy(p, array, n * size);
	}
	*cap = want;
	return (p);
}
