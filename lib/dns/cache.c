/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "dns/cache.h"

#define USEC_PER_S	UINT64_C(1000000)

static int
entry_cmp(const struct cache_entry *a, const struct cache_entry *b)
{
	if (a->type != b->type) {
		return (a->type < b->type ? -1 : 1);
	}
	if (a->name.n != b->name.n) {
		return (a->name.n < b->name.n ? -1 : 1);
	}
	return (memcmp(a->name.p, b->name.p, a->name.n));
}

/* RB_GENERATE_STATIC needs an __unused that libbsd does not define. */
RB_GENERATE_INTERNAL(cache_tree, cache_entry, node, entry_cmp,
    ATTR_UNUSED static)

void
cache_init(struct cache *c, size_t max_bytes)
{
	*c = (struct cache){ .max_bytes = max_bytes };
	RB_INIT(&c->tree);
	TAILQ_INIT(&c->pending);
	TAILQ_INIT(&c->lru);
	TAILQ_INIT(&c->dead);
}

static void
free_entries(struct cache_list *list)
{
	struct cache_entry *e;

	while ((e = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, e, link);
		cache_entry_free(e);
	}
}

void
cache_fini(struct cache *c)
{
	free_entries(&c->pending);
	free_entries(&c->lru);
	free_entries(&c->dead);
}

struct cache_entry *
cache_entry_new(const struct dns_name *name, enum dns_type type)
{
	struct cache_entry *e;

	e = calloc(1, sizeof(*e));
	if (e == NULL) {
		return (NULL);
	}
	answer_box_init(&e->box, DNS_TIMEOUT);
	e->box.entry = e;
	TAILQ_INIT(&e->waiters);
	e->type = type;
	memcpy(e->name.p, name->p, name->n);
	e->name.n = name->n;
	return (e);
}

void
cache_entry_free(struct cache_entry *e)
{
	if (e != NULL) {
		answer_box_fini(&e->box);
		free(e);
	}
}

void
cache_hold(struct cache_entry *e)
{
	e->refs++;
}

void
cache_drop(struct cache *c, struct cache_entry *e)
{
	if (--e->refs == 0) {
		TAILQ_INSERT_TAIL(&c->dead, e, link);
	}
}

/* Takes an entry that is not pending out of the table. */
static void
remove_entry(struct cache *c, struct cache_entry *e)
{
	RB_REMOVE(cache_tree, &c->tree, e);
	TAILQ_REMOVE(e->pending ? &c->pending : &c->lru, e, link);
	counter_subtract(&c->bytes, e->bytes);
	counter_subtract(&c->entries, 1);
	e->in_table = false;
	e->pending = false;
	cache_drop(c, e);
}

static void
evict_entries(struct cache *c)
{
	struct cache_entry *e;

	while (counter_get(&c->bytes) > c->max_bytes &&
	    (e = TAILQ_FIRST(&c->lru)) != NULL) {
		remove_entry(c, e);
		counter_add(&c->evicted, 1);
	}
}

struct cache_entry *
cache_find(struct cache *c, const struct dns_name *name, enum dns_type type,
    uint64_t now_us)
{
	struct cache_entry key, *e;

	key.type = type;
	memcpy(key.name.p, name->p, name->n);
	key.name.n = name->n;
	e = RB_FIND(cache_tree, &c->tree, &key);
	if (e == NULL || e->pending) {
		return (e);
	}
	if (now_us >= e->time_us) {
		if (e->failures == 0) {
			remove_entry(c, e);
		}
		return (NULL);
	}
	TAILQ_REMOVE(&c->lru, e, link);
	TAILQ_INSERT_TAIL(&c->lru, e, link);
	return (e);
}

void
cache_start(struct cache *c, struct cache_entry *e, uint64_t now_us)
{
	struct cache_entry *before = RB_FIND(cache_tree, &c->tree, e);

	if (before != NULL) {
		if (now_us < before->time_us + CACHE_FORGET_US) {
			e->failures = before->failures;
		}
		remove_entry(c, before);
	}
	RB_INSERT(cache_tree, &c->tree, e);
	TAILQ_INSERT_TAIL(&c->pending, e, link);
	e->in_table = true;
	e->pending = true;
	e->time_us = now_us;
	e->refs++;
	counter_add(&c->entries, 1);
	cache_grow(c, e, sizeof(*e));
}

void
cache_fill(struct cache *c, struct cache_entry *e,
    const struct dns_answer *answer, void *block, size_t block_bytes,
    uint32_t ttl_s, uint64_t now_us)
{
	e->box.answer = *answer;
	e->box.block = block;
	if (ttl_s == 0) {
		remove_entry(c, e);
		return;
	}
	TAILQ_REMOVE(&c->pending, e, link);
	TAILQ_INSERT_TAIL(&c->lru, e, link);
	e->pending = false;
	e->time_us = now_us + ttl_s * USEC_PER_S;
	cache_grow(c, e, block_bytes);
}

void
cache_grow(struct cache *c, struct cache_entry *e, size_t bytes)
{
	if (e->in_table) {
		e->bytes += bytes;
		counter_add(&c->bytes, bytes);
		evict_entries(c);
	}
}

void
cache_take_dead(struct cache *c, struct cache_list *list)
{
	TAILQ_INIT(list);
	TAILQ_CONCAT(list, &c->dead, link);
}

void
cache_free_dead(struct cache_list *list)
{
	free_entries(list);
}
