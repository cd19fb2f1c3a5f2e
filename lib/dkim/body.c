/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/body.h"

#define PASSES	2	/* one for each enum canon */
/*
 * Shorter runs are collected before they are hashed: a body of single letters
 * with two spaces between them would cost one call of OpenSSL for each octet
 * and slot.
 */
#define SHORT_RUN_BYTES	64
#define GATHERED_BYTES	512

struct slot {
	struct digest	*digest;
	uint64_t	 max_bytes;	/* of these are hashed */
	uint64_t	 count_max;	/* max_bytes or more are counted */
	uint64_t	 bytes;		/* canonical octets seen; count_max + 1
					   once the limit is exceeded */
	enum canon	 kind;
	unsigned char	 hash[CRYPTO_SHA256_BYTES];
};

/* One canonicalisation, whose output goes to all slots of its kind. */
struct pass {
	struct canon_body	 canon;
	struct dkim_bodies	*bodies;
	enum canon		 kind;
	unsigned		 open;	/* slots below their limit */
	size_t			 gathered_n;
	char			 gathered[GATHERED_BYTES];
};

struct dkim_bodies {
	struct arena		*arena;
	const struct crypto	*crypto;
	struct pass		 pass[PASSES];
	struct slot		*v;
	size_t			 n;
	size_t			 cap;
};

static void
feed_slot(struct slot *slot, struct pass *pass, const void *p, size_t n)
{
	uint64_t room;

	if (slot->bytes > slot->count_max) {
		return;
	}
	if (slot->bytes < slot->max_bytes) {
		room = slot->max_bytes - slot->bytes;
		digest_update(slot->digest, p, n < room ? n : (size_t)room);
	}
	if (n <= slot->count_max - slot->bytes) {
		slot->bytes += n;
		return;
	}
	slot->bytes = slot->count_max + 1;
	pass->open--;
}

static void
feed_slots(struct pass *pass, const void *p, size_t n)
{
	struct dkim_bodies *b = pass->bodies;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].kind == pass->kind) {
			feed_slot(&b->v[i], pass, p, n);
		}
	}
}

static void
feed_gathered(struct pass *pass)
{
	feed_slots(pass, pass->gathered, pass->gathered_n);
	pass->gathered_n = 0;
}

static void
feed_run(void *ctx, const void *p, size_t n)
{
	struct pass *pass = ctx;

	if (n >= SHORT_RUN_BYTES || n > GATHERED_BYTES - pass->gathered_n) {
		feed_gathered(pass);
	}
	if (n >= SHORT_RUN_BYTES) {
		feed_slots(pass, p, n);
		return;
	}
	memcpy(pass->gathered + pass->gathered_n, p, n);
	pass->gathered_n += n;
}

struct dkim_bodies *
dkim_bodies_new(struct arena *a, const struct crypto *crypto)
{
	static const enum canon kinds[PASSES] = { CANON_SIMPLE, CANON_RELAXED };
	struct dkim_bodies *b = arena_alloc(a, sizeof(*b));
	size_t i;

	if (b == NULL) {
		return (NULL);
	}
	b->arena = a;
	b->crypto = crypto;
	for (i = 0; i < PASSES; i++) {
		b->pass[i].bodies = b;
		b->pass[i].kind = kinds[i];
		canon_body_init(&b->pass[i].canon, kinds[i], feed_run,
		    &b->pass[i]);
	}
	return (b);
}

void
dkim_bodies_fini(struct dkim_bodies *b)
{
	size_t i;

	if (b == NULL) {
		return;
	}
	for (i = 0; i < b->n; i++) {
		digest_free(b->v[i].digest);
	}
	b->n = 0;
}

enum status
dkim_bodies_want(struct dkim_bodies *b, enum canon kind, uint64_t max_bytes,
    unsigned *slot_r)
{
	struct slot *v;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].kind == kind && b->v[i].max_bytes == max_bytes) {
			*slot_r = (unsigned)i;
			return (STATUS_OK);
		}
	}
	v = arena_grow(b->arena, b->v, b->n, &b->cap, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	b->v = v;
	v[b->n] = (struct slot){ .kind = kind, .max_bytes = max_bytes,
		.count_max = max_bytes, .digest = digest_new(b->crypto) };
	if (v[b->n].digest == NULL) {
		return (STATUS_NOMEM);
	}
	*slot_r = (unsigned)b->n++;
	b->pass[kind == CANON_RELAXED].open++;
	return (STATUS_OK);
}

void
dkim_bodies_count(struct dkim_bodies *b, unsigned slot, uint64_t n)
{
	if (n > b->v[slot].count_max) {
		b->v[slot].count_max = n;
	}
}

bool
dkim_bodies_need_more(const struct dkim_bodies *b)
{
	return (b->pass[0].open > 0 || b->pass[1].open > 0);
}

void
dkim_bodies_update(struct dkim_bodies *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < PASSES; i++) {
		if (b->pass[i].open > 0) {
			canon_body_update(&b->pass[i].canon, p, n);
			feed_gathered(&b->pass[i]);
		}
	}
}

enum status
dkim_bodies_finish(struct dkim_bodies *b)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < PASSES; i++) {
		canon_body_finish(&b->pass[i].canon);
		feed_gathered(&b->pass[i]);
	}
	for (i = 0; i < b->n; i++) {
		if (digest_final(b->v[i].digest, b->v[i].hash) != STATUS_OK) {
			status = STATUS_NOMEM;
		}
	}
	return (status);
}

const unsigned char *
dkim_bodies_hash(const struct dkim_bodies *b, unsigned slot)
{
	return (b->v[slot].hash);
}

const unsigned char *
dkim_bodies_find(const struct dkim_bodies *b, enum canon kind,
    uint64_t max_bytes)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].kind == kind && b->v[i].max_bytes == max_bytes) {
			return (dkim_bodies_hash(b, (unsigned)i));
		}
	}
	return (NULL);
}

uint64_t
dkim_bodies_bytes(const struct dkim_bodies *b, unsigned slot)
{
	return (b->v[slot].bytes);
}
