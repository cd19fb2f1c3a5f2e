/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ration: how many lines of the log somebody can bring about who is not trusted
 * with it: so many within a minute. The rest is counted, and the owner says how
 * many there were when the minute is over. Any thread.
 */
#ifndef BASE_RATION_H
#define BASE_RATION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define RATION_US	60000000

struct ration {
	unsigned	 max;		/* lines within RATION_US */
	pthread_mutex_t	 lock;		/* guards what follows */
	uint64_t	 end_us;	/* of the minute; 0: none begun */
	unsigned	 taken;
	uint64_t	 left_out;
	uint64_t	 left_out_before;	/* in minutes before; not yet
						   said */
};

/* False: the system does not let us. */
bool	 ration_init(struct ration *, unsigned max) ATTR_MUST_CHECK;
void	 ration_fini(struct ration *);
/* Whether one more line may be logged; now_us: of a monotonic clock. The first
   one after a minute begins another. */
bool	 ration_take(struct ration *, uint64_t now_us);
/* How many were left out, if their minute is over; each is counted once.
   UINT64_MAX: over or not. */
uint64_t ration_left_out(struct ration *, uint64_t now_us);

#endif
