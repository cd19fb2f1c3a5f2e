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
	struct digest	*digest;	/* NULL: not wanted */
	uint64_t	 max_bytes;	/* of these are hashed */
	uint64_t	 count_max;	/* max_bytes or more are counted */
	uint64_t	 bytes;		/* canonical octets seen; count_max + 1
					   once the limit is exceeded */
	enum canon	 kind;
	bool		 received;	/* wanted of the body as received */
	bool		 sent;		/* wanted of the body as sent */
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
	enum status		 status;	/* NOMEM: no hashes */
	bool			 wants_sent;
	struct lines		 lines;
	struct dkim_bodies	*sent;		/* NULL: no line was broken
						   yet; else slots as ours */
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
		if (b->v[i].kind == pass->kind && b->v[i].digest != NULL) {
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
	dkim_bodies_fini(b->sent);
	b->sent = NULL;
}

void
dkim_bodies_break_lines(struct dkim_bodies *b, struct lines_rule rule)
{
	lines_init(&b->lines, rule);
}

static enum status
reserve_slot(struct dkim_bodies *b, enum canon kind, uint64_t max_bytes,
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

enum status
dkim_bodies_want(struct dkim_bodies *b, enum canon kind, uint64_t max_bytes,
    unsigned *slot_r)
{
	enum status status = reserve_slot(b, kind, max_bytes, slot_r);

	if (status == STATUS_OK) {
		b->v[*slot_r].received = true;
	}
	return (status);
}

enum status
dkim_bodies_want_sent(struct dkim_bodies *b, enum canon kind, unsigned *slot_r)
{
	enum status status = reserve_slot(b, kind, DKIM_BODY_ALL, slot_r);

	if (status == STATUS_OK) {
		b->v[*slot_r].sent = b->wants_sent = true;
	}
	return (status);
}

static bool
needs_more(const struct dkim_bodies *b)
{
	return (b->pass[0].open > 0 || b->pass[1].open > 0);
}

bool
dkim_bodies_need_more(const struct dkim_bodies *b)
{
	return (needs_more(b) || (b->sent != NULL && needs_more(b->sent)));
}

static void
feed_passes(struct dkim_bodies *b, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < PASSES; i++) {
		if (b->pass[i].open > 0) {
			canon_body_update(&b->pass[i].canon, p, n);
		}
	}
}

static void
feed_lines(void *ctx, const void *p, size_t n)
{
	feed_passes(ctx, p, n);
}

/* What one slot is of the body as sent: the digest, or a copy of it. */
static enum status
fork_slot(struct slot *from, struct pass *pass, const struct crypto *crypto,
    struct digest **r)
{
	if (!from->received) {
		*r = from->digest;
		from->digest = NULL;
		pass->open--;
		return (STATUS_OK);
	}
	*r = digest_new(crypto);
	return (*r != NULL ? digest_copy(*r, from->digest) : STATUS_NOMEM);
}

/* The same canonicalisation so far. A CR at the end of it is in b->lines. */
static void
fork_pass(struct dkim_bodies *b, size_t i)
{
	struct pass *to = &b->sent->pass[i];

	*to = b->pass[i];
	to->canon.held_cr = false;
	to->bodies = b->sent;
	to->canon.ctx = to;
	to->open = 0;
}

/* From here on the body as sent has digests of its own. */
static enum status
fork_bodies(struct dkim_bodies *b)
{
	enum status status = STATUS_OK;
	struct slot *v;
	size_t i;

	b->sent = dkim_bodies_new(b->arena, b->crypto);
	v = arena_calloc(b->arena, b->n, sizeof(*v));
	if (b->sent == NULL || v == NULL) {
		return (STATUS_NOMEM);
	}
	b->sent->v = v;
	b->sent->n = b->n;
	for (i = 0; i < PASSES; i++) {
		fork_pass(b, i);
	}
	for (i = 0; i < b->n && status == STATUS_OK; i++) {
		enum canon kind = b->v[i].kind;

		v[i].kind = kind;
		v[i].max_bytes = v[i].count_max = b->v[i].max_bytes;
		if (b->v[i].sent) {
			b->sent->pass[kind == CANON_RELAXED].open++;
			status = fork_slot(&b->v[i],
			    &b->pass[kind == CANON_RELAXED], b->crypto,
			    &v[i].digest);
		}
	}
	b->lines.sink = feed_lines;
	b->lines.ctx = b->sent;
	return (status);
}

void
dkim_bodies_update(struct dkim_bodies *b, const char *p, size_t n)
{
	size_t i;

	if (b->status != STATUS_OK) {
		return;
	}
	if (b->wants_sent && b->lines.rule.limit > 0 && b->sent == NULL &&
	    !lines_skip(&b->lines, p, n)) {
		b->status = fork_bodies(b);
		if (b->status != STATUS_OK) {
			return;
		}
	}
	feed_passes(b, p, n);
	for (i = 0; i < PASSES; i++) {
		feed_gathered(&b->pass[i]);
	}
	if (b->sent != NULL) {
		lines_update(&b->lines, p, n);
	}
}

static enum status
finish_bodies(struct dkim_bodies *b)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < PASSES; i++) {
		canon_body_finish(&b->pass[i].canon);
		feed_gathered(&b->pass[i]);
	}
	for (i = 0; i < b->n; i++) {
		if (b->v[i].digest != NULL && digest_final(b->v[i].digest,
		    b->v[i].hash) != STATUS_OK) {
			status = STATUS_NOMEM;
		}
	}
	return (status);
}

enum status
dkim_bodies_finish(struct dkim_bodies *b)
{
	enum status status = b->status;

	if (status == STATUS_OK) {
		status = finish_bodies(b);
	}
	if (status == STATUS_OK && b->sent != NULL) {
		lines_finish(&b->lines);
		status = finish_bodies(b->sent);
	}
	return (status);
}

const unsigned char *
dkim_bodies_hash(const struct dkim_bodies *b, unsigned slot)
{
	return (b->v[slot].hash);
}

const unsigned char *
dkim_bodies_hash_sent(const struct dkim_bodies *b, unsigned slot)
{
	return (dkim_bodies_hash(b->sent != NULL ? b->sent : b, slot));
}

const unsigned char *
dkim_bodies_find_sent(const struct dkim_bodies *b, enum canon kind)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].kind == kind && b->v[i].sent) {
			return (dkim_bodies_hash_sent(b, (unsigned)i));
		}
	}
	return (NULL);
}

uint64_t
dkim_bodies_long_lines(const struct dkim_bodies *b)
{
	return (b->lines.long_lines);
}

uint64_t
dkim_bodies_bytes(const struct dkim_bodies *b, unsigned slot)
{
	return (b->v[slot].bytes);
}
