/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * board: numbers that outlive the process that counts them, in memory that the
 * parent makes and the others share. Each is an atomic of its own.
 *
 * The mail process may have been taken over by whoever wrote a mail: nothing
 * here is trusted for more than a log line or a metric. What the keys process
 * counts is in a page of its own, which the mail process can only read.
 */
#ifndef MILTER_BOARD_H
#define MILTER_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "milter/meter.h"

enum board_process { BOARD_KEYS, BOARD_MAIL, BOARD_PROCESSES };

struct board {			/* zeroed: nothing happened yet */
	struct meter		 meter;
	atomic_uint		 in_flight;	/* messages */
	_Atomic uint64_t	 signatures_asked; /* by the mail process */
	_Atomic uint64_t	 deaths[BOARD_PROCESSES];
	atomic_bool		 waiting[BOARD_PROCESSES]; /* it dies too
						   often: its next start
						   waits */
};

struct board_keys {
	_Atomic uint64_t	 signatures_made;
};

/* Shared by the processes that this one forks, to the end of each; NULL: out
   of memory. */
struct board		*board_new(void);
struct board_keys	*board_keys_new(void);
/* From now on this process cannot write it. */
void			 board_keys_protect(struct board_keys *);

#endif
