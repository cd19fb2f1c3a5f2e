/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entered: whose message came in under a queue ID. When a list has put its own
 * address into From, and no mark is left, this tells its message from a forgery
 * (direction.c): the Received field that our MTA wrote when the message came in
 * has the ID, which no sender outside chooses, the author was another, and a
 * list has sent it anew (way.c).
 *
 * A table of ENGINE_ENTERED_SLOTS, for all engines of the process, without
 * locks: a newer message takes the place of an older one. It is for lists that
 * answer within minutes; what it has forgotten is not signed.
 */
#include <stdlib.h>

#include "engine/private.h"

/* Of a word: a hash of the ID, whether there was a List-Id, and hashes of the
   envelope sender (0: unknown), of the author's local part and of his
   organization. */
#define HASH_BITS	12
#define LOCAL_SHIFT	HASH_BITS
#define SENDER_SHIFT	(2 * HASH_BITS)
#define LIST_SHIFT	(3 * HASH_BITS)
#define ID_SHIFT	(LIST_SHIFT + 1)

struct engine_entered {
	atomic_uint		references;
	/* 0: empty. */
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
part_of(uint64_t word, unsigned shift)
{
	return (word >> shift & ((1U << HASH_BITS) - 1));
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

/* HASH_BITS, from where the hash is good. */
static uint64_t
short_hash(uint64_t hash)
{
	return (part_of(hash, 40));
}

static uint64_t
word_of(const struct engine_input *in, uint64_t id,
    const struct addr_mailbox *author, struct str sender)
{
	return (id >> ID_SHIFT << ID_SHIFT |
	    (uint64_t)engine_way_has_list(in) << LIST_SHIFT |
	    (sender.p != NULL ? short_hash(str_hash(sender)) : 0) <<
	    SENDER_SHIFT |
	    short_hash(hash_local(author->local)) << LOCAL_SHIFT |
	    short_hash(str_hash(engine_mark_organization(author->domain))));
}

/* Whether both say that a list has sent the message anew. */
static bool
is_new(const struct engine_input *in, uint64_t known, uint64_t now)
{
	uint64_t sender = part_of(known, SENDER_SHIFT);

	return (engine_way_is_new(in, sender == 0 ||
	    sender == part_of(now, SENDER_SHIFT), known >> LIST_SHIFT & 1));
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
	    in->trace_id, sender;
	uint64_t hash = str_hash(id), word = 0;

	if (id.n == 0 || !signers_have_sources(in->engine->signers)) {
		return;
	}
	if (author != NULL && engine_way_sender(in, &sender) == STATUS_OK) {
		word = word_of(in, hash, author, sender);
	}
	atomic_store_explicit(slot_of(in, hash), word, memory_order_relaxed);
}

bool
engine_entered_is_of_others(const struct engine_input *in)
{
	const struct addr_mailbox *author = clear_author(in);
	uint64_t hash = str_hash(in->trace_id), known, now;
	struct str sender;

	if (author == NULL || in->trace_id.n == 0 ||
	    engine_way_sender(in, &sender) != STATUS_OK) {
		return (false);
	}
	known = atomic_load_explicit(slot_of(in, hash), memory_order_relaxed);
	now = word_of(in, hash, author, sender);
	return (known != 0 && known >> ID_SHIFT == now >> ID_SHIFT &&
	    part_of(known, LOCAL_SHIFT) != part_of(now, LOCAL_SHIFT) &&
	    part_of(known, 0) != part_of(now, 0) && is_new(in, known, now));
}
