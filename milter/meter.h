/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meter: counts what only the daemon knows: what was done with each message,
 * how long it took, and whether the last reload succeeded. Shared by all
 * threads, without a lock: each number is an atomic of its own, and several
 * that are read one after the other need not fit together.
 */
#ifndef MILTER_METER_H
#define MILTER_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

#define METER_DIRECTIONS	(ENGINE_RETURNED + 1)
#define METER_TAG		(ENGINE_REJECT + 1)	/* beside the
							   verdicts */
#define METER_ACTIONS		(METER_TAG + 1)
#define METER_LIMITS		13	/* of a histogram, without infinity */

/* Upper limits of the buckets, in microseconds, ascending. */
extern const uint64_t meter_limits_us[METER_LIMITS];

struct meter_times {		/* a histogram */
	atomic_uint_fast64_t	 buckets[METER_LIMITS + 1]; /* not cumulative;
						   the last one: longer */
	atomic_uint_fast64_t	 sum_us;
};

struct meter {			/* zeroed: nothing happened yet */
	atomic_uint_fast64_t	 messages[METER_DIRECTIONS][METER_ACTIONS];
	atomic_uint_fast64_t	 signatures;	/* added */
	struct meter_times	 message_times;	/* in the engine */
	struct meter_times	 dns_waits;	/* of it, for DNS */
	/* since when: Unix time */
	_Atomic int64_t		 started_s;
	_Atomic int64_t		 loaded_s;	/* the configuration */
	atomic_bool		 load_failed;	/* the last time */
	atomic_bool		 socket_lost;	/* the socket file is gone */
};

/* A message that was examined. verdict: what was done with it. */
void	 meter_count(struct meter *, const struct engine_outcome *,
	    enum engine_verdict verdict);
/* One that was not. */
void	 meter_count_unexamined(struct meter *, enum engine_verdict verdict);
/* A configuration was loaded, or was not. */
void	 meter_note_load(struct meter *, bool ok, int64_t now_s);

#endif
