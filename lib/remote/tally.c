/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "remote/tally.h"

static void
count_one(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

unsigned
remote_tally_slot(const void *handle)
{
	uint32_t n;

	memcpy(&n, handle, sizeof(n));
	return (n % REMOTE_TALLY_SLOTS);
}

void
remote_tally_asked(struct remote_said *said, unsigned slot)
{
	count_one(&said->asked_n);
	count_one(&said->asked[slot]);
}

void
remote_tally_received(struct remote_said *said, unsigned slot)
{
	count_one(&said->received[slot]);
}

void
remote_tally_made(struct remote_made *made, unsigned slot)
{
	count_one(&made->made_n);
	count_one(&made->made[slot]);
}

/* In the order of the rule: each number only rises, so that what is read later
   is not too small. The system calls between the counts order them. */
bool
remote_tally_differs(const struct remote_said *said,
    const struct remote_made *made, unsigned slot,
    struct remote_difference *r)
{
	r->received = atomic_load(&said->received[slot]);
	r->made = atomic_load(&made->made[slot]);
	r->asked = atomic_load(&said->asked[slot]);
	return (r->received > r->made || r->made > r->asked);
}
