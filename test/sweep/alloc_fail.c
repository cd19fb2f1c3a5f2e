/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For LD_PRELOAD: the k-th allocation from now on fails, in whatever thread.
 * The file that ALLOC_CONTROL names is shared with the test, which sets left to
 * k and count to 0; left is 0 when the failure has happened.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own names for the functions that are replaced here. */
extern void	*__libc_malloc(size_t);
extern void	*__libc_calloc(size_t, size_t);
extern void	*__libc_realloc(void *, size_t);

struct control {
	_Atomic int64_t	 left;		/* until the failure; 0: none */
	_Atomic int64_t	 count;		/* of allocations */
};

static struct control nothing;
static struct control *control = &nothing;

static void __attribute__((constructor))
map_control(void)
{
	const char *path = getenv("ALLOC_CONTROL");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd == -1) {
		return;
	}
	p = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	close(fd);
	if (p != MAP_FAILED) {
		control = p;
	}
}

static bool
fails(void)
{
	atomic_fetch_add(&control->count, 1);
	if (atomic_load(&control->left) <= 0 ||
	    atomic_fetch_sub(&control->left, 1) != 1) {
		return (false);
	}
	errno = ENOMEM;
	return (true);
}

void *
malloc(size_t n)
{
	return (fails() ? NULL : __libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return (fails() ? NULL : __libc_calloc(n, size));
}

void *
realloc(void *p, size_t n)
{
	return (fails() ? NULL : __libc_realloc(p, n));
}
