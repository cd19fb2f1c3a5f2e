/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/cache.h"
#include "test/unit/tap.h"

#define S	UINT64_C(1000000)

static void
tap_counter(const struct counter *c, long long want, const char *name)
{
	tap_num((long long)counter_get(c), want, name);
}

/* An entry of n octets more than an empty one, kept for ttl_s. */
static struct cache_entry *
add(struct cache *c, const char *text, enum dns_type type, size_t n,
    uint32_t ttl_s, uint64_t now_us)
{
	struct dns_answer answer = { .result = DNS_OK };
	struct cache_entry *e;
	struct dns_name name;

	if (!dns_name_make(str_from(text), &name) ||
	    (e = cache_entry_new(&name, type)) == NULL) {
		abort();
	}
	cache_start(c, e, now_us);
	cache_fill(c, e, &answer, malloc(n > 0 ? n : 1), n, ttl_s, now_us);
	return (e);
}

static struct cache_entry *
find(struct cache *c, const char *text, enum dns_type type, uint64_t now_us)
{
	struct dns_name name;

	return (dns_name_make(str_from(text), &name) ?
	    cache_find(c, &name, type, now_us) : NULL);
}

static void
free_dead(struct cache *c)
{
	struct cache_list dead;

	cache_take_dead(c, &dead);
	cache_free_dead(&dead);
}

static void
test_time(void)
{
	struct cache c;

	cache_init(&c, 1 << 20);
	add(&c, "a.x", DNS_TXT, 10, 60, 100 * S);
	tap_ok(find(&c, "a.x", DNS_TXT, 100 * S) != NULL, "found");
	tap_ok(find(&c, "A.X.", DNS_TXT, 100 * S) != NULL, "in any case");
	tap_ok(find(&c, "a.x", DNS_A, 100 * S) == NULL, "not another type");
	tap_ok(find(&c, "b.x", DNS_TXT, 100 * S) == NULL, "not another name");
	tap_ok(find(&c, "a.xx", DNS_TXT, 100 * S) == NULL,
	    "not a longer name");
	tap_ok(find(&c, "a.x", DNS_TXT, 160 * S - 1) != NULL,
	    "found until its TTL is over");
	tap_counter(&c.entries, 1, "counted");
	tap_counter(&c.bytes, sizeof(struct cache_entry) + 10,
	    "and its octets");
	tap_ok(find(&c, "a.x", DNS_TXT, 160 * S) == NULL, "then no more");
	tap_counter(&c.entries, 0, "nor counted");
	tap_counter(&c.bytes, 0, "nor its octets");
	free_dead(&c);
	add(&c, "a.x", DNS_TXT, 10, 0, 0);
	tap_ok(find(&c, "a.x", DNS_TXT, 0) == NULL, "a TTL of 0 is not kept");
	add(&c, "a.x", DNS_TXT, 10, UINT32_MAX, UINT64_C(1) << 40);
	tap_ok(find(&c, "a.x", DNS_TXT, UINT64_C(1) << 41) != NULL,
	    "the longest TTL does not overflow");
	free_dead(&c);
	cache_fini(&c);
}

static void
test_eviction(void)
{
	size_t one = sizeof(struct cache_entry) + 1000;
	struct cache_entry *held, *pending;
	struct dns_name name;
	struct cache c;

	cache_init(&c, 3 * one);
	held = add(&c, "a.x", DNS_TXT, 1000, 60, 0);
	cache_hold(held);
	add(&c, "b.x", DNS_TXT, 1000, 60, 0);
	add(&c, "c.x", DNS_TXT, 1000, 60, 0);
	tap_counter(&c.entries, 3, "as many as there is room for");
	tap_ok(find(&c, "a.x", DNS_TXT, 1) != NULL, "one is used");
	add(&c, "d.x", DNS_TXT, 1000, 60, 0);
	tap_counter(&c.entries, 3, "one goes for a new one");
	tap_ok(find(&c, "b.x", DNS_TXT, 1) == NULL,
	    "it is the least recently used");
	tap_counter(&c.evicted, 1, "counted");
	add(&c, "e.x", DNS_TXT, 1000, 60, 0);
	add(&c, "f.x", DNS_TXT, 1000, 60, 0);
	free_dead(&c);
	tap_ok(find(&c, "a.x", DNS_TXT, 1) == NULL && !held->in_table,
	    "one that is held is evicted");
	tap_num(held->box.answer.result, DNS_OK, "but lives");
	cache_grow(&c, held, 1000);
	tap_counter(&c.bytes, (long long)(3 * one),
	    "what it grows is not counted");
	cache_drop(&c, held);
	free_dead(&c);

	if (!dns_name_make(STR("p.x"), &name) ||
	    (pending = cache_entry_new(&name, DNS_TXT)) == NULL) {
		abort();
	}
	cache_start(&c, pending, 0);
	tap_counter(&c.entries, 3, "a pending one needs room, too");
	add(&c, "g.x", DNS_TXT, 4000, 60, 0);
	tap_counter(&c.entries, 1, "what is too large does not stay");
	tap_ok(find(&c, "p.x", DNS_TXT, 1) == pending,
	    "a pending one is never evicted");
	free_dead(&c);
	cache_fini(&c);
}

static void
test_growth(void)
{
	struct cache_entry *e;
	struct cache c;

	cache_init(&c, 3 * sizeof(*e));
	add(&c, "a.x", DNS_TXT, 0, 60, 0);
	e = add(&c, "b.x", DNS_TXT, 0, 60, 0);
	cache_grow(&c, e, sizeof(*e));
	tap_counter(&c.entries, 2, "growth that there is room for");
	cache_grow(&c, e, 1);
	tap_counter(&c.entries, 1, "growth evicts");
	tap_ok(find(&c, "b.x", DNS_TXT, 1) == e, "another one");
	free_dead(&c);
	cache_fini(&c);
}

int
main(void)
{
	test_time();
	test_eviction();
	test_growth();
	return (tap_done());
}
