/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/resolver.h"

/* Gives the lock back and frees what became free under it. */
static void
unlock(struct dns *dns)
{
	struct cache_list dead;

	cache_take_dead(&dns->cache, &dead);
	pthread_mutex_unlock(&dns->lock);
	cache_free_dead(&dead);
}

/* How long an answer may be remembered: RFC 1035 7.4, RFC 2308 5 and 7. */
static uint32_t
keep_s(const struct dns *dns, const struct dns_answer *a)
{
	uint32_t max_s = 0;

	switch (a->result) {
	case DNS_OK:
		max_s = dns->ttl_max_s;
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		max_s = dns->negative_ttl_max_s;
		break;
	case DNS_SERVFAIL:
		max_s = DNS_FAILURE_TTL_S;
		break;
	case DNS_TIMEOUT:
	case DNS_BADNAME:
		max_s = 0;
		break;
	}
	return (a->ttl_s < max_s ? a->ttl_s : max_s);
}

/* With the lock held: ends the entry and wakes whoever waited for it. */
static void
complete(struct dns *dns, struct cache_entry *e, struct dns_answer *answer,
    void *block, size_t block_bytes, uint64_t now_us)
{
	struct dns_query *q;

	answer->ttl_s = keep_s(dns, answer);
	/* The waiters hold references: the entry outlives this. */
	while ((q = TAILQ_FIRST(&e->waiters)) != NULL) {
		TAILQ_REMOVE(&e->waiters, q, wait);
		q->open = false;
		q->batch->open_n--;
		pthread_cond_signal(&q->batch->cond);
	}
	cache_fill(&dns->cache, e, answer, block, block_bytes, answer->ttl_s,
	    now_us);
}

void
resolver_expire(struct dns *dns, uint64_t now_us)
{
	struct dns_answer timeout = { .result = DNS_TIMEOUT };
	struct cache_entry *e;

	while ((e = TAILQ_FIRST(&dns->cache.pending)) != NULL &&
	    now_us >= e->time_us && now_us - e->time_us >= dns->timeout_us) {
		complete(dns, e, &timeout, NULL, 0, now_us);
	}
}

/* With the lock held: hangs the query on an entry. */
static void
hang(struct cache_entry *e, struct dns_query *q)
{
	cache_hold(e);
	q->entry = e;
	if (e->pending) {
		TAILQ_INSERT_TAIL(&e->waiters, q, wait);
		q->open = true;
		q->batch->open_n++;
	} else {
		q->answer = &e->box.answer;
	}
}

/* With the lock held: true when there is an entry, which q now shows. */
static bool
join(struct dns *dns, struct dns_query *q, uint64_t now_us)
{
	struct cache_entry *e;

	resolver_expire(dns, now_us);
	e = cache_find(&dns->cache, &q->name, q->type, now_us);
	if (e == NULL) {
		return (false);
	}
	if (e->pending) {
		dns->joined++;
	} else {
		dns->hits++;
	}
	hang(e, q);
	return (true);
}

/*
 * With the lock held: the entry and the flight that a miss needs, unless too
 * many are under way.
 */
static bool
start(struct dns *dns, struct dns_query *q, struct cache_entry *e,
    struct flight *f, uint64_t now_us)
{
	dns->misses++;
	if (dns->flights_n >= DNS_MAX_FLIGHTS) {
		return (false);
	}
	dns->flights_n++;
	LIST_INSERT_HEAD(&dns->flights, f, link);
	cache_start(&dns->cache, e, now_us);
	hang(e, q);
	return (true);
}

static void
submit(struct dns *dns, struct dns_query *q, struct flight *f)
{
	const struct dns_answer failed = { .result = DNS_SERVFAIL };

	if (dns->ops->submit(dns->backend, dns_name_str(&q->name), q->type,
	    f) != STATUS_OK) {
		dns_backend_done(f, &failed);
	}
	pthread_mutex_lock(&dns->lock);
	if (!q->open) {
		q->answer = &q->entry->box.answer;
	}
	pthread_mutex_unlock(&dns->lock);
}

enum status
resolver_ask(struct dns *dns, struct dns_query *q)
{
	struct cache_entry *e;
	struct flight *f;
	bool joined, started = false;
	uint64_t now_us;

	pthread_mutex_lock(&dns->lock);
	joined = join(dns, q, env_mono_us(&dns->env));
	unlock(dns);
	if (joined) {
		return (STATUS_OK);
	}
	e = cache_entry_new(&q->name, q->type);
	f = calloc(1, sizeof(*f));
	if (e == NULL || f == NULL) {
		cache_entry_free(e);
		free(f);
		return (STATUS_NOMEM);
	}
	e->box.dns = dns;
	*f = (struct flight){ .dns = dns, .name = q->name, .type = q->type };
	pthread_mutex_lock(&dns->lock);
	/* Another thread may have asked the same meanwhile. */
	now_us = env_mono_us(&dns->env);
	if (!join(dns, q, now_us)) {
		started = start(dns, q, e, f, now_us);
	}
	unlock(dns);
	if (started) {
		submit(dns, q, f);
	} else {
		cache_entry_free(e);
		free(f);
	}
	return (STATUS_OK);
}

void
dns_backend_done(void *cookie, const struct dns_answer *answer)
{
	struct flight *f = cookie;
	struct dns *dns = f->dns;
	struct dns_answer copy;
	struct cache_entry *e;
	uint64_t now_us;
	size_t bytes;
	void *block;

	answer_copy(answer, &copy, &block, &bytes);
	pthread_mutex_lock(&dns->lock);
	LIST_REMOVE(f, link);
	dns->flights_n--;
	now_us = env_mono_us(&dns->env);
	e = cache_find(&dns->cache, &f->name, f->type, now_us);
	if (e != NULL && e->pending) {
		/* Of this flight, or, when this is late, of a later one. */
		complete(dns, e, &copy, block, bytes, now_us);
		block = NULL;
	}
	unlock(dns);
	free(block);
	free(f);
}

void
resolver_count_object(struct answer_box *box, size_t bytes)
{
	struct dns *dns = box->dns;

	if (box->entry == NULL) {
		return;
	}
	pthread_mutex_lock(&dns->lock);
	cache_grow(&dns->cache, box->entry, bytes);
	unlock(dns);
}
