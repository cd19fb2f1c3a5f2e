/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: a thread that looks now and then (KeyRefresh) whether the tables or
 * stores of keys have changed since the configuration in service was made, and
 * then has it loaded anew, as by SIGHUP. It may wait for a database; neither
 * mail nor signals wait for it. What could not be loaded is tried again when it
 * has changed once more, and every ten looks.
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
/* Waits for a look under way. One that was never started is fine. */
void		 watch_stop(struct watch *);

#endif
