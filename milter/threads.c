/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads: what happens when libmilter gets no thread.
 *
 * If pthread_create(3) fails, libmilter's worker pool takes the connection for
 * one that a worker serves: it is never read again and its descriptor stays
 * open. libmilter has no option for this, so this module defines
 * pthread_create() and pthread_detach(). If there is no thread for a
 * connection, the worker's function runs in the calling thread while
 * pthread_detach() fails. Then it returns at once and leaves the connection to
 * the workers that exist; in a build without the pool it closes the connection.
 * All other callers get the error. Of libmilter's threads they are the first
 * one, which is for signals, and those of the pool, which have no argument.
 */
#include "config.h"

#include <sys/types.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <libmilter/mfapi.h>

#include "milter/log.h"
#include "milter/next.h"

typedef void	*thread_start(void *);
typedef int	 thread_creator(pthread_t *, const pthread_attr_t *,
	    thread_start *, void *);
typedef int	 thread_detacher(pthread_t);

static _Atomic(thread_start *) first;	/* libmilter's first thread */
static _Thread_local bool without_thread;

static const void *
library_of(uintptr_t function)
{
	Dl_info info;

	return (dladdr((const void *)function, &info) != 0 ? info.dli_fbase :
	    NULL);
}

/* Whether the function is libmilter's, and that is a library of its own. */
static bool
is_libmilters(thread_start *start)
{
	uintptr_t libmilters = 0;
	const void *library;

	/* Not &smfi_main: without PIE that is an entry of our own. */
	next_find("smfi_main", &libmilters);
	library = library_of(libmilters);
	return (library != NULL && library == library_of((uintptr_t)start) &&
	    library != library_of((uintptr_t)is_libmilters));
}

static void
note_first(thread_start *start)
{
	thread_start *none = NULL;

	if (atomic_load(&first) == NULL && is_libmilters(start)) {
		(void)atomic_compare_exchange_strong(&first, &none, start);
	}
}

static bool
is_for_connection(thread_start *start, const void *arg)
{
	return (arg != NULL && start != atomic_load(&first) &&
	    is_libmilters(start));
}

int
pthread_create(pthread_t *restrict thread,
    const pthread_attr_t *restrict attr, thread_start *start,
    void *restrict arg)
{
	thread_creator *create;
	int error;

	note_first(start);
	next_find("pthread_create", &create);
	if (create == NULL) {
		return (EAGAIN);
	}
	error = create(thread, attr, start, arg);
	if (error == 0 || !is_for_connection(start, arg)) {
		return (error);
	}
	log_write(NULL, LOG_LEVEL_ERROR, "cannot start a thread: a connection "
	    "waits until another one ends");
	*thread = pthread_self();
	without_thread = true;
	(void)start(arg);
	without_thread = false;
	return (0);
}

int
pthread_detach(pthread_t thread)
{
	thread_detacher *detach;

	if (without_thread) {
		return (EINVAL);
	}
	next_find("pthread_detach", &detach);
	return (detach(thread));
}
