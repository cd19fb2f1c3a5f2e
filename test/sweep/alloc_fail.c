/* SPDX-License-Identifier: BSD-2-Clause */
/* For LD_PRELOAD: the k-th allocation fails; ALLOC_CONTROL names the file of
   fault.h. */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>

#include "fault.h"

/* glibc's own names for the functions that are replaced here. */
extern void	*__libc_malloc(size_t);
extern void	*__libc_calloc(size_t, size_t);
extern void	*__libc_realloc(void *, size_t);

static void __attribute__((constructor))
init_allocations(void)
{
	const char *path = getenv("ALLOC_CONTROL");

	fault_map(path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1);
}

void *
malloc(size_t n)
{
	return (fault_happens(ENOMEM) ? NULL : __libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return (fault_happens(ENOMEM) ? NULL : __libc_calloc(n, size));
}

void *
realloc(void *p, size_t n)
{
	return (fault_happens(ENOMEM) ? NULL : __libc_realloc(p, n));
}
