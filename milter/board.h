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
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "milter/meter.h"
#include "remote/tally.h"

#define BOARD_MESSAGES	256	/* that threads work on at once; more are not
				   noted */
#define BOARD_SUSPECTS	64	/* messages that killed a process twice; the
				   oldest is forgotten */
#define BOARD_FIRST_BYTES	1024	/* of a message, that tell it from
					   others */

enum board_process { BOARD_KEYS, BOARD_MAIL, BOARD_PROCESSES };

struct board {			/* zeroed: nothing happened yet */
	struct meter		 meter;
	atomic_uint		 in_flight;	/* messages */
	struct remote_said	 said;		/* by the mail process */
	uint64_t		 salt;		/* of digests; constant */
	_Atomic uint64_t	 messages[BOARD_MESSAGES]; /* their digests;
						   0: free */
	_Atomic uint64_t	 deaths[BOARD_PROCESSES];
	atomic_bool		 waiting[BOARD_PROCESSES]; /* it dies too
						   often: its next start
						   waits */
};

struct board_keys {
	struct remote_made	 made;		/* by the keys process */
	_Atomic uint64_t	 suspects[BOARD_SUSPECTS]; /* digests, by the
						   parent; 0: none */
	void			*read_only;	/* the same, mapped for
						   reading; constant */
};

/* Shared by the processes that this one forks, to the end of each; NULL: out
   of memory. */
struct board		*board_new(void);
struct board_keys	*board_keys_new(void);
/*
 * A message is known by a digest of the first BOARD_FIRST_BYTES of its header,
 * names and values of fields: so it is known before anything but a copy was
 * made of them. While a thread works on it, the digest is noted; so a process
 * that dies leaves the digests of what its threads worked on. Returns a place,
 * or -1.
 */
uint64_t		 board_digest(const struct board *, const void *,
			    size_t n);
int			 board_enter(struct board *, uint64_t digest);
void			 board_leave(struct board *, int place);
bool			 board_is_suspect(const struct board_keys *,
			    uint64_t digest);

struct board_deaths {		/* the parent's: zeroed */
	uint64_t		 seen[BOARD_MESSAGES];	/* once; a ring */
	unsigned		 seen_n;
	unsigned		 suspects_n;
};
/* The mail process is dead: what it worked on has killed it once more, perhaps.
   Returns how many messages are suspects now that were not. */
unsigned		 board_blame(struct board *, struct board_keys *,
			    struct board_deaths *);
/* From now on this process cannot write it, nor make it writable again. */
void			 board_keys_protect(struct board_keys *);

#endif
