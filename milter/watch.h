/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: a thread that checks every KeyRefresh seconds whether the tables or
 * key stores have changed since they were loaded, and then requests a reload of
 * the keys. It may wait for a database; neither mail nor signals wait for it.
 * After a failure the reload is requested again when the keys change again, and
 * at every tenth check.
 */
#ifndef MILTER_WATCH_H
#define MILTER_WATCH_H

#include <pthread.h>
#include <stdbool.h>

#include "base/status.h"
#include "milter/live.h"

struct watch {
	struct live		*live;
	pthread_t		 thread;
	pthread_mutex_t		 lock;		/* guards stopping */
	pthread_cond_t		 wake;
	bool			 stopping;
	bool			 running;
};

enum status	 watch_start(struct watch *, struct live *) ATTR_MUST_CHECK;
/* Waits for a check that is running. Does nothing if it was not started. */
void		 watch_stop(struct watch *);

#endif
