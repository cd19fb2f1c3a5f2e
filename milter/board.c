/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/mman.h>

#include "milter/board.h"

static void *
map_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return (p != MAP_FAILED ? p : NULL);
}

struct board *
board_new(void)
{
	return (map_shared(sizeof(struct board)));
}

struct board_keys *
board_keys_new(void)
{
	return (map_shared(sizeof(struct board_keys)));
}

void
board_keys_protect(struct board_keys *keys)
{
	(void)mprotect(keys, sizeof(*keys), PROT_READ);
}
