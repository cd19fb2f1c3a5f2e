/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <libmilter/mfapi.h>

#include "milter/log.h"
#include "milter/next.h"
#include "milter/threads.h"

typedef void	*thread_start(void *);
typedef int	 thread_creator(pthread_t *, const pthread_attr_t *,
	    thread_start *, void *);
typedef int	 thread_detacher(pthread_t);

static atomic_bool serving;
static _Thread_local bool without_thread;

void
threads_serve(void)
{
	atomic_store_explicit(&serving, true, memory_order_relaxed);
}

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
	    library != library_of((uintptr_t)threads_serve));
}

int
pthread_create(pthread_t *restrict thread,
    const pthread_attr_t *restrict attr, thread_start *start,
    void *restrict arg)
{
	thread_creator *create;
	int error;

	next_find("pthread_create", &create);
	if (create == NULL) {
		return (EAGAIN);
	}
	error = create(thread, attr, start, arg);
	if (error == 0 || !atomic_load_explicit(&serving,
	    memory_order_relaxed) || !is_libmilters(start)) {
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
