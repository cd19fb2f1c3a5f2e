/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: how often each key has signed, as both processes say, in memory that
 * they share and that outlives each of them. The client counts a request before
 * it is sent, and a signature after it was received; the server counts it in
 * between. So received <= made <= asked holds at any time, whoever dies, unless
 * somebody else asks, or the client says what is not true.
 *
 * A key counts in the slot of its handle. There is no number for each of the
 * 100,000 keys of a large host: above some thousand, keys share slots, and what
 * is found is said of them together. The client's half may hold anything.
 */
#ifndef REMOTE_TALLY_H
#define REMOTE_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypto/crypto.h"

#define REMOTE_TALLY_SLOTS	4096u	/* a power of 2 */

struct remote_said {		/* the client writes; zeroed */
	_Atomic uint64_t	 asked_n;	/* of all keys */
	_Atomic uint64_t	 asked[REMOTE_TALLY_SLOTS];
	_Atomic uint64_t	 received[REMOTE_TALLY_SLOTS];
};

struct remote_made {		/* the server writes; zeroed */
	_Atomic uint64_t	 made_n;	/* of all keys */
	_Atomic uint64_t	 made[REMOTE_TALLY_SLOTS];
	_Atomic unsigned	 differing;	/* slots, at the last look */
};

struct remote_difference {
	uint64_t	asked;
	uint64_t	made;
	uint64_t	received;
};

/* handle: CRYPTO_HANDLE_BYTES, a digest. */
unsigned	remote_tally_slot(const void *handle);
void		remote_tally_asked(struct remote_said *, unsigned slot);
void		remote_tally_received(struct remote_said *, unsigned slot);
void		remote_tally_made(struct remote_made *, unsigned slot);
/* Whether the rule above does not hold; *r is what was read. Any process, any
   time. */
bool		remote_tally_differs(const struct remote_said *,
		    const struct remote_made *, unsigned slot,
		    struct remote_difference *r);

#endif
