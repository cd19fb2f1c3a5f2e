/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entered: whose message came in under a queue ID. When a list has put its own
 * address into From, and no mark is left, this tells its message from a forgery
 * (direction.c): the Received field that our MTA wrote when the message came in
 * has the ID, which no sender outside chooses, and the author was another.
 *
 * A table of ENGINE_ENTERED_SLOTS, for all engines of the process, without
 * locks: a newer message takes the place of an older one. It is for lists that
 * answer within minutes; what it has forgotten is not signed.
 */
#include <stdlib.h>

#include "engine/private.h"

#define AUTHOR_BITS	24

struct engine_entered {
	atomic_uint		references;
	/* A hash of the ID; 12 bits each of one of the author's local part and
	   of his organization. 0: empty. */
	atomic_uint_fast64_t	v[ENGINE_ENTERED_SLOTS];
};

struct engine_entered *
engine_entered_new(void)
{
	struct engine_entered *entered = calloc(1, sizeof(*entered));

	if (entered != NULL) {
		atomic_init(&entered->references, 1);
	}
	return (entered);
}

struct engine_entered *
engine_entered_hold(struct engine_entered *entered)
{
	atomic_fetch_add_explicit(&entered->references, 1,
	    memory_order_relaxed);
	return (entered);
}

void
engine_entered_release(struct engine_entered *entered)
{
	if (entered != NULL &&
	    atomic_fetch_sub_explicit(&entered->references, 1,
	    memory_order_acq_rel) == 1) {
		free(entered);
	}
}

static uint64_t
hash_local(struct str local)
{
	char lower[ENGINE_ENTERED_LOCAL_MAX_BYTES];
	size_t i, n = local.n < sizeof(lower) ? local.n : sizeof(lower);

	for (i = 0; i < n; i++) {
		lower[i] = char_lower(local.p[i]);
	}
	return (str_hash(str_mem(lower, n)));
}

/* 12 bits, from where the hash is good. */
static uint64_t
twelve_bits(uint64_t hash)
{
	return (hash >> 40 & 0xfff);
}

static uint64_t
word_of(uint64_t id, const struct addr_mailbox *author)
{
	return (id >> AUTHOR_BITS << AUTHOR_BITS |
	    twelve_bits(hash_local(author->local)) << 12 |
	    twelve_bits(str_hash(engine_mark_organization(author->domain))));
}

/* The only author, known to every reader; or NULL. */
static const struct addr_mailbox *
clear_author(const struct engine_input *in)
{
	return (engine_mark_is_clear(&in->from) && in->from.n == 1 ?
	    &in->from.v[0] : NULL);
}

static atomic_uint_fast64_t *
slot_of(const struct engine_input *in, uint64_t id)
{
	return (&in->engine->entered->v[id % ENGINE_ENTERED_SLOTS]);
}

void
engine_entered_note(const struct engine_input *in)
{
	const struct addr_mailbox *author = clear_author(in);
	struct str id = in->external ? in->macros[ENGINE_QUEUE_ID] :
	    in->trace_id;
	uint64_t hash = str_hash(id);

	if (id.n > 0 && signers_have_sources(in->engine->signers)) {
		atomic_store_explicit(slot_of(in, hash), author != NULL ?
		    word_of(hash, author) : 0, memory_order_relaxed);
	}
}

bool
engine_entered_is_of_others(const struct engine_input *in)
{
	const struct addr_mailbox *author = clear_author(in);
	uint64_t hash = str_hash(in->trace_id), known, now;

	if (author == NULL || in->trace_id.n == 0) {
		return (false);
	}
	known = atomic_load_explicit(slot_of(in, hash), memory_order_relaxed);
	now = word_of(hash, author);
	return (known != 0 && known >> AUTHOR_BITS == now >> AUTHOR_BITS &&
	    (known >> 12 & 0xfff) != (now >> 12 & 0xfff) &&
	    (known & 0xfff) != (now & 0xfff));
}
