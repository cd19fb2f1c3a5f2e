/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard: puts a test's input right before a page that cannot be read, so that
 * a parser that looks one octet too far crashes, sanitizer or not.
 */
#ifndef TEST_UNIT_GUARD_H
#define TEST_UNIT_GUARD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

#define GUARD_MAX_BYTES	65536

/* A copy of s (at most GUARD_MAX_BYTES), good until the next call. */
static struct str
guard_put(struct str s)
{
	static char *end;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map;

	if (end == NULL) {
		map = mmap(NULL, GUARD_MAX_BYTES + page,
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
		if (map == MAP_FAILED || GUARD_MAX_BYTES % page != 0 ||
		    mprotect(map + GUARD_MAX_BYTES, page, PROT_NONE) != 0) {
			perror("guard page");
			exit(1);
		}
		end = map + GUARD_MAX_BYTES;
	}
	if (s.n > GUARD_MAX_BYTES) {
		fprintf(stderr, "guard: input too large\n");
		exit(1);
	}
	if (s.n > 0) {
		memcpy(end - s.n, s.p, s.n);
	}
	return (s.p == NULL ? s : str_mem(end - s.n, s.n));
}

#endif
