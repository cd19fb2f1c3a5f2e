/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: a thread of the keys process that checks every KeyRefresh seconds
 * whether the tables or key stores have changed since they were loaded, and
 * then asks for a load of the keys. It may wait for a database; neither
 * signatures nor requests of the parent wait for it. After a failure the load
 * is asked for again when the keys change again, and at every tenth check.
 *
 * In between it checks the stores on this host alone, so that a domain's first
 * key signs soon after dkimkeygen has said that it is active: every second if
 * they are small (signers_look_local). Such a check asks for a load once for
 * each change; what failed, and a table that is being written, waits for
 * KeyRefresh. There is one check at a time, and no message waits for any.
 */
#ifndef MILTER_WATCH_H
#define MILTER_WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"

enum watch_what {
	WATCH_ALL,		/* tables and stores */
	WATCH_LOCAL		/* stores on this host */
};

struct watch_state {		/* of the keys in service */
	int64_t		 refresh_s;	/* KeyRefresh; 0: do not look */
	int64_t		 local_s;	/* between checks of stores on this
					   host; 0: none */
	bool		 changed;	/* since they were loaded */
	uint64_t	 now;		/* the revision of what was checked */
	bool		 again;		/* the load is to be asked for again,
					   although nothing has changed */
};

struct watch {
	/* False: there are no keys yet. Looks only with a refresh_s. */
	bool			(*look)(void *ctx, enum watch_what,
				    struct watch_state *r);
	void			(*ask)(void *ctx);
	void			*ctx;
	pthread_t		 thread;
	pthread_mutex_t		 lock;		/* guards the rest */
	pthread_cond_t		 wake;
	bool			 stopping;
	bool			 ended;		/* uses nothing any more */
	bool			 running;
};

/* look, ask and ctx are set; the rest is zeroed. */
enum status	 watch_start(struct watch *) ATTR_MUST_CHECK;
/* Waits for a check that is running. False: it does not end within that time,
   as it may wait for a database, and uses ctx still. Does nothing if it was not
   started. */
bool		 watch_stop(struct watch *, unsigned seconds);

#endif
