/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/resolver.h"

#define USEC_PER_S	UINT64_C(1000000)

static bool
is_failure(enum dns_result result)
{
	return (result == DNS_SERVFAIL || result == DNS_TIMEOUT);
}

static void
submit_flight(struct dns *dns, struct flight *f)
{
	if (dns->ops->submit(dns->backend, dns_name_str(&f->name), f->type,
	    f) != STATUS_OK) {
		dns_backend_failed(f);
	}
}

void
resolver_unlock(struct dns *dns)
{
	struct flight_queue ready, ended;
	struct cache_list dead;
	struct flight *f;

	TAILQ_INIT(&ready);
	TAILQ_CONCAT(&ready, &dns->ready, wait);
	TAILQ_INIT(&ended);
	TAILQ_CONCAT(&ended, &dns->ended, wait);
	cache_take_dead(&dns->cache, &dead);
	pthread_mutex_unlock(&dns->lock);
	cache_free_dead(&dead);
	while ((f = TAILQ_FIRST(&ended)) != NULL) {
		TAILQ_REMOVE(&ended, f, wait);
		free(f);
	}
	while ((f = TAILQ_FIRST(&ready)) != NULL) {
		TAILQ_REMOVE(&ready, f, wait);
		submit_flight(dns, f);
	}
}

static uint32_t
failure_ttl(unsigned failures)
{
	uint32_t ttl_s = DNS_FAILURE_MIN_S;

	while (--failures > 0 && ttl_s < DNS_FAILURE_MAX_S) {
		ttl_s *= 2;
	}
	return (ttl_s < DNS_FAILURE_MAX_S ? ttl_s : DNS_FAILURE_MAX_S);
}

/* How long an answer may be kept: RFC 1035 7.4, RFC 2308 5, RFC 9520 3.2. */
static uint32_t
answer_ttl(const struct dns *dns, const struct dns_answer *a,
    unsigned failures)
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
	case DNS_TIMEOUT:
		return (failures > 0 ? failure_ttl(failures) : 0);
	case DNS_BADNAME:
		break;
	}
	return (a->ttl_s < max_s ? a->ttl_s : max_s);
}

/*
 * With the lock held: ends the entry and wakes its waiters. remember: whether
 * a failure is one of the name.
 */
static void
complete_entry(struct dns *dns, struct cache_entry *e,
    struct dns_answer *answer, void *block, size_t block_bytes, bool remember,
    uint64_t now_us)
{
	struct dns_query *q;

	e->failures = is_failure(answer->result) && remember ?
	    e->failures + 1 : 0;
	answer->ttl_s = answer_ttl(dns, answer, e->failures);
	/* The waiters hold references: the entry outlives this. */
	while ((q = TAILQ_FIRST(&e->waiters)) != NULL) {
		TAILQ_REMOVE(&e->waiters, q, wait);
		q->open = false;
		q->batch->open_n--;
		pthread_cond_signal(&q->batch->cond);
	}
	e->flight = NULL;
	counter_add(&dns->counts.results[answer->result], 1);
	cache_fill(&dns->cache, e, answer, block, block_bytes, answer->ttl_s,
	    now_us);
}

/* Ends an entry without records. */
static void
complete_failed(struct dns *dns, struct cache_entry *e,
    enum dns_result result, bool remember, uint64_t now_us)
{
	struct dns_answer answer = { .result = result };

	complete_entry(dns, e, &answer, NULL, 0, remember, now_us);
}

static void
end_flight(struct dns *dns, struct flight *f)
{
	LIST_REMOVE(f, link);
	TAILQ_INSERT_TAIL(&dns->ended, f, wait);
}

/* With the lock held: the flight is to be submitted. */
static void
ready_flight(struct dns *dns, struct flight *f)
{
	dns->flights_n++;
	if (f->zone != NULL) {
		f->zone->flights++;
	}
	TAILQ_INSERT_TAIL(&dns->ready, f, wait);
}

static void
unqueue_flight(struct flight *f)
{
	TAILQ_REMOVE(&f->zone->waiting, f, wait);
	f->zone->waiting_n--;
	f->is_waiting = false;
}

/* Lets waiting flights go as far as there is room, or end with their zone. */
static void
release_waiting(struct dns *dns, struct dns_zone *zone, uint64_t now_us)
{
	enum dns_result result;
	struct flight *f;

	while (zone != NULL && (f = TAILQ_FIRST(&zone->waiting)) != NULL) {
		if (dns_zones_fail(&dns->zones, &f->name, &f->path, now_us,
		    &result)) {
			unqueue_flight(f);
			complete_failed(dns, f->entry, result, false, now_us);
			end_flight(dns, f);
		} else if (zone->flights < ZONE_MAX_FLIGHTS) {
			unqueue_flight(f);
			ready_flight(dns, f);
		} else {
			break;
		}
	}
}

/* With the lock held: what the end of a flight says about its zone. */
static void
judge_zone(struct dns *dns, const struct flight *f, enum dns_result result,
    uint64_t now_us)
{
	if (f->zone == NULL) {
		return;
	}
	if (is_failure(result)) {
		dns_zones_bad(&dns->zones, &f->name, &f->path, f->is_probe,
		    result, now_us);
	} else {
		dns_zones_good(&dns->zones, &f->name, &f->path, now_us);
	}
}

/* The entry has been pending for too long; its flight may go on. */
static void
expire_entry(struct dns *dns, struct cache_entry *e, uint64_t now_us)
{
	struct flight *f = e->flight;
	bool is_of_name;

	f->entry = NULL;
	if (f->is_waiting) {
		unqueue_flight(f);
		end_flight(dns, f);
		complete_failed(dns, e, DNS_TIMEOUT, false, now_us);
		return;
	}
	/* If no name server answered anything, the name is not the cause. */
	is_of_name = dns->ops->is_answering == NULL ||
	    dns->ops->is_answering(dns->backend, e->time_us);
	if (is_of_name) {
		judge_zone(dns, f, DNS_TIMEOUT, now_us);
	}
	complete_failed(dns, e, DNS_TIMEOUT, is_of_name, now_us);
	release_waiting(dns, f->zone, now_us);
}

void
resolver_expire(struct dns *dns, uint64_t now_us)
{
	struct cache_entry *e;

	while ((e = TAILQ_FIRST(&dns->cache.pending)) != NULL &&
	    now_us >= e->time_us && now_us - e->time_us >= dns->timeout_us) {
		expire_entry(dns, e, now_us);
	}
}

/* With the lock held: the query shows the entry, now or when it is filled. */
static void
attach_query(struct cache_entry *e, struct dns_query *q)
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

/* With the lock held: true when an entry answers q. */
static bool
join_entry(struct dns *dns, struct dns_query *q, uint64_t now_us)
{
	struct cache_entry *e;

	resolver_expire(dns, now_us);
	e = cache_find(&dns->cache, &q->name, q->type, now_us);
	if (e == NULL) {
		return (false);
	}
	counter_add(e->pending ? &dns->counts.joined : &dns->counts.hits, 1);
	attach_query(e, q);
	return (true);
}

/* With the lock held: true when a failing zone answers q. */
static bool
join_failure(struct dns *dns, struct dns_query *q,
    const struct zone_path *path, uint64_t now_us)
{
	if (dns->zones.v == NULL || !dns_zones_fail(&dns->zones, &q->name,
	    path, now_us, &q->own.answer.result)) {
		return (false);
	}
	counter_add(&dns->counts.remembered, 1);
	return (true);
}

/*
 * With the lock held: finds the flight's zone, and whether the flight waits
 * there. False: too many do.
 */
static bool
enter_zone(struct dns *dns, struct flight *f, uint64_t now_us)
{
	f->zone = dns_zones_get(&dns->zones, &f->name, &f->path, now_us);
	f->is_probe = dns_zones_probe(&dns->zones, &f->name, &f->path, now_us,
	    dns->timeout_us + USEC_PER_S);
	if (f->zone == NULL || f->is_probe ||
	    f->zone->flights < ZONE_MAX_FLIGHTS) {
		return (true);
	}
	if (f->zone->waiting_n >= ZONE_MAX_WAITING) {
		return (false);
	}
	f->is_waiting = true;
	f->zone->waiting_n++;
	TAILQ_INSERT_TAIL(&f->zone->waiting, f, wait);
	return (true);
}

/*
 * With the lock held: the query's question becomes the entry's and the
 * flight's, unless there are too many flights.
 */
static bool
start_flight(struct dns *dns, struct dns_query *q, struct cache_entry *e,
    struct flight *f, uint64_t now_us)
{
	counter_add(&dns->counts.misses, 1);
	if (dns->flights_n >= DNS_MAX_FLIGHTS) {
		return (false);
	}
	if (dns->zones.v != NULL && !enter_zone(dns, f, now_us)) {
		return (false);
	}
	if (!f->is_waiting) {
		ready_flight(dns, f);
	}
	LIST_INSERT_HEAD(&dns->flights, f, link);
	f->entry = e;
	e->flight = f;
	cache_start(&dns->cache, e, now_us);
	attach_query(e, q);
	return (true);
}

/* The answer may have come while the flight was submitted. */
static void
show_early_answer(struct dns *dns, struct dns_query *q)
{
	pthread_mutex_lock(&dns->lock);
	if (!q->open) {
		q->answer = &q->entry->box.answer;
	}
	pthread_mutex_unlock(&dns->lock);
}

enum status
resolver_ask(struct dns *dns, struct dns_query *q)
{
	bool known, started = false;
	struct cache_entry *e;
	struct flight *f;
	uint64_t now_us;

	pthread_mutex_lock(&dns->lock);
	known = join_entry(dns, q, env_mono_us(&dns->env));
	resolver_unlock(dns);
	if (known) {
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
	dns_zone_path(&f->name, &f->path);
	pthread_mutex_lock(&dns->lock);
	/* Another thread may have asked the same meanwhile. */
	now_us = env_mono_us(&dns->env);
	if (!join_entry(dns, q, now_us) &&
	    !join_failure(dns, q, &f->path, now_us)) {
		started = start_flight(dns, q, e, f, now_us);
	}
	resolver_unlock(dns);
	if (started) {
		show_early_answer(dns, q);
	} else {
		cache_entry_free(e);
		free(f);
	}
	return (STATUS_OK);
}

/*
 * With the lock held: an answer for an entry that has been given up. True:
 * the spare entry or another took it.
 */
static bool
complete_late(struct dns *dns, const struct flight *f,
    struct dns_answer *answer, void *block, size_t bytes,
    struct cache_entry **spare, uint64_t now_us)
{
	struct cache_entry *e = cache_find(&dns->cache, &f->name, f->type,
	    now_us);

	if (e != NULL && !e->pending && e->failures == 0) {
		return (false);
	}
	if (e == NULL || !e->pending) {
		if (*spare == NULL) {
			return (false);
		}
		e = *spare;
		*spare = NULL;
		e->box.dns = dns;
		cache_start(&dns->cache, e, now_us);
	} else {
		/* Asked again meanwhile: that flight is now the late one. */
		if (e->flight->is_waiting) {
			return (false);
		}
		e->flight->entry = NULL;
	}
	complete_entry(dns, e, answer, block, bytes, true, now_us);
	return (true);
}

/* With the lock held: for a late answer, an entry made without the lock. */
static struct cache_entry *
make_spare(struct dns *dns, const struct flight *f,
    const struct dns_answer *answer)
{
	struct cache_entry *spare;

	if (f->entry != NULL || is_failure(answer->result)) {
		return (NULL);
	}
	pthread_mutex_unlock(&dns->lock);
	spare = cache_entry_new(&f->name, f->type);
	pthread_mutex_lock(&dns->lock);
	return (spare);
}

/* Ends a flight. remember: whether a failure is one of the name. */
static void
finish_flight(struct flight *f, const struct dns_answer *answer, bool remember)
{
	struct dns *dns = f->dns;
	struct cache_entry *spare;
	struct dns_answer copy;
	bool taken = false;
	uint64_t now_us;
	size_t bytes;
	void *block;

	if (answer_copy(answer, &copy, &block, &bytes) != STATUS_OK) {
		remember = false;
	}
	pthread_mutex_lock(&dns->lock);
	spare = make_spare(dns, f, &copy);
	now_us = env_mono_us(&dns->env);
	if (remember && (f->entry != NULL || !is_failure(copy.result))) {
		judge_zone(dns, f, copy.result, now_us);
	}
	if (f->entry != NULL) {
		complete_entry(dns, f->entry, &copy, block, bytes, remember,
		    now_us);
		taken = true;
	} else if (!is_failure(copy.result)) {
		taken = complete_late(dns, f, &copy, block, bytes, &spare,
		    now_us);
	}
	dns->flights_n--;
	if (f->zone != NULL) {
		f->zone->flights--;
		release_waiting(dns, f->zone, now_us);
	}
	end_flight(dns, f);
	resolver_unlock(dns);
	cache_entry_free(spare);
	if (!taken) {
		free(block);
	}
}

void
dns_backend_done(void *cookie, const struct dns_answer *answer)
{
	finish_flight(cookie, answer, true);
}

void
dns_backend_failed(void *cookie)
{
	const struct dns_answer failed = { .result = DNS_SERVFAIL };

	finish_flight(cookie, &failed, false);
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
	resolver_unlock(dns);
}
