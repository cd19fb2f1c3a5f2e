/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alloc_fail: fails one allocation of ours, by the linker's --wrap of malloc,
 * calloc and realloc; those of the C library itself go through. In whatever
 * thread; which of them meets it is not known.
 */
#ifndef TEST_UNIT_ALLOC_FAIL_H
#define TEST_UNIT_ALLOC_FAIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* More allocations than anything tested needs; and: none fails. */
#define ALLOC_FAIL_MAX	10000

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);

static _Atomic unsigned allocations, fail_at = ALLOC_FAIL_MAX;

/* From now on, the one after that many fails. */
static void
alloc_fail_at(unsigned at)
{
	allocations = 0;
	fail_at = at;
}

/* True when it did; from now on none fails. */
static bool
alloc_failed(void)
{
	bool failed = allocations > fail_at;

	fail_at = ALLOC_FAIL_MAX;
	return (failed);
}

static bool
fails(void)
{
	return (allocations++ == fail_at);
}

void *
__wrap_malloc(size_t n)
{
	return (fails() ? NULL : __real_malloc(n));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return (fails() ? NULL : __real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t n)
{
	return (fails() ? NULL : __real_realloc(p, n));
}

#endif
