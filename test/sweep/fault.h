/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault: what alloc_fail.c and call_fail.c, which are preloaded, have in
 * common: a file that they share with the test. A variable of the environment
 * names it.
 *
 * The k-th call from now on fails, in whatever thread of the process whose role
 * is aimed at. The role of a process is what it calls itself by setproctitle(),
 * which is replaced here; a forked process has its parent's until then.
 *
 * The test sets aim and left to k, count to 0. left is 0 when the failure has
 * happened; trace says then who called, the innermost first.
 */
#ifndef TEST_SWEEP_FAULT_H
#define TEST_SWEEP_FAULT_H

#include <sys/mman.h>

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULT_TRACE_BYTES	1024
#define FAULT_FRAMES		16

enum fault_role { FAULT_NONE, FAULT_PARENT, FAULT_KEYS, FAULT_MAIL };

struct fault {
	_Atomic int64_t	 left;		/* until the failure; 0: none */
	_Atomic int64_t	 count;		/* of calls */
	_Atomic int64_t	 aim;		/* enum fault_role */
	char		 trace[FAULT_TRACE_BYTES];	/* a line for each
						   frame: library,
						   offset */
};

static struct fault fault_nothing;
static struct fault *fault = &fault_nothing;
static enum fault_role fault_role;

/* Of an open file; -1: nothing ever fails. */
static void
fault_map(int fd)
{
	void *frame, *p;

	if (fd == -1) {
		return;
	}
	/* It loads a library, which a sandbox would forbid later. */
	(void)backtrace(&frame, 1);
	p = mmap(NULL, sizeof(*fault), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	close(fd);
	if (p != MAP_FAILED) {
		fault = p;
	}
}

static void
fault_trace(void)
{
	void *frames[FAULT_FRAMES];
	int i, n = backtrace(frames, FAULT_FRAMES);
	const char *slash;
	size_t used = 0;
	Dl_info info;

	fault->trace[0] = '\0';
	for (i = 0; i < n && used < FAULT_TRACE_BYTES; i++) {
		if (dladdr(frames[i], &info) == 0 || info.dli_fname == NULL) {
			continue;
		}
		slash = strrchr(info.dli_fname, '/');
		used += (size_t)snprintf(fault->trace + used,
		    FAULT_TRACE_BYTES - used, "%s+0x%tx\n", slash != NULL ?
		    slash + 1 : info.dli_fname, (const char *)frames[i] -
		    (const char *)info.dli_fbase);
	}
}

static bool
fault_happens(int error)
{
	if (atomic_load_explicit(&fault->aim, memory_order_relaxed) !=
	    (int64_t)fault_role) {
		return (false);
	}
	atomic_fetch_add(&fault->count, 1);
	if (atomic_load(&fault->left) <= 0 ||
	    atomic_fetch_sub(&fault->left, 1) != 1) {
		return (false);
	}
	fault_trace();
	errno = error;
	return (true);
}

static enum fault_role
fault_role_of(const char *title)
{
	static const char *const titles[] = { "", "parent", "keys", "mail" };
	enum fault_role role;

	for (role = FAULT_PARENT; role <= FAULT_MAIL; role++) {
		if (strcmp(title, titles[role]) == 0) {
			return (role);
		}
	}
	return (FAULT_NONE);
}

void	setproctitle(const char *fmt, ...);

void
setproctitle(const char *fmt, ...)
{
	void *function = dlsym(RTLD_NEXT, "setproctitle");
	void (*next)(const char *, ...);
	char title[16];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(title, sizeof(title), fmt, ap);
	va_end(ap);
	fault_role = fault_role_of(title);
	memcpy(&next, &function, sizeof(next));
	if (next != NULL) {
		next("%s", title);
	}
}

#endif
