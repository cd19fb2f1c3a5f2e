/* SPDX-License-Identifier: BSD-2-Clause */
/* The queries of one message, by one thread; see resolver.h for the lock. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "dns/resolver.h"

/* The longest sleep; a caller that waits for longer sleeps again. */
#define SLEEP_MAX_US	UINT64_C(3600000000)

struct dns_batch *
dns_batch_new(struct dns *dns)
{
	pthread_condattr_t attr;
	struct dns_batch *b;
	int error;

	b = calloc(1, sizeof(*b));
	if (b == NULL || pthread_condattr_init(&attr) != 0) {
		free(b);
		return (NULL);
	}
	error = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (error == 0) {
		error = pthread_cond_init(&b->cond, &attr);
	}
	pthread_condattr_destroy(&attr);
	if (error != 0) {
		free(b);
		return (NULL);
	}
	TAILQ_INIT(&b->queries);
	b->dns = dns_hold(dns);
	return (b);
}

static void
query_free(struct dns_query *q)
{
	if (q != NULL) {
		answer_box_fini(&q->own);
		free(q);
	}
}

void
dns_batch_free(struct dns_batch *b)
{
	struct dns_query *q;

	if (b == NULL) {
		return;
	}
	pthread_mutex_lock(&b->dns->lock);
	TAILQ_FOREACH(q, &b->queries, link) {
		if (q->open) {
			TAILQ_REMOVE(&q->entry->waiters, q, wait);
		}
		if (q->entry != NULL) {
			cache_drop(&b->dns->cache, q->entry);
		}
	}
	resolver_unlock(b->dns);
	while ((q = TAILQ_FIRST(&b->queries)) != NULL) {
		TAILQ_REMOVE(&b->queries, q, link);
		query_free(q);
	}
	query_free(b->bad);
	pthread_cond_destroy(&b->cond);
	dns_release(b->dns);
	free(b);
}

static struct dns_query *
query_new(struct dns_batch *b, enum dns_result result)
{
	struct dns_query *q;

	q = calloc(1, sizeof(*q));
	if (q != NULL) {
		answer_box_init(&q->own, result);
		q->answer = &q->own.answer;
		q->batch = b;
	}
	return (q);
}

static struct dns_query *
find_query(struct dns_batch *b, const struct dns_name *name, enum dns_type type)
{
	struct dns_query *q;

	TAILQ_FOREACH(q, &b->queries, link) {
		if (q->type == type &&
		    str_eq(dns_name_str(&q->name), dns_name_str(name))) {
			break;
		}
	}
	return (q);
}

struct dns_query *
dns_batch_add(struct dns_batch *b, struct str text, enum dns_type type)
{
	struct dns_name name;
	struct dns_query *q;

	if (!dns_name_make(text, &name)) {
		if (b->bad == NULL) {
			b->bad = query_new(b, DNS_BADNAME);
		}
		return (b->bad);
	}
	q = find_query(b, &name, type);
	if (q != NULL) {
		return (q);
	}
	if (dns_batch_count(b) >= DNS_BATCH_MAX_QUERIES ||
	    (q = query_new(b, DNS_TIMEOUT)) == NULL) {
		return (NULL);
	}
	q->name = name;
	q->type = type;
	if (resolver_ask(b->dns, q) != STATUS_OK) {
		query_free(q);
		return (NULL);
	}
	TAILQ_INSERT_TAIL(&b->queries, q, link);
	b->queries_n++;
	return (q);
}

/* ETIMEDOUT: it has slept for that long. */
static int
sleep_on_batch(struct dns_batch *b, uint64_t us)
{
	struct timespec ts;

	if (us > SLEEP_MAX_US) {
		us = SLEEP_MAX_US;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += (time_t)(us / 1000000);
	ts.tv_nsec += (long)(us % 1000000) * 1000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	return (pthread_cond_timedwait(&b->cond, &b->dns->lock, &ts));
}

/* When the first open query of the batch will have been open for too long. */
static uint64_t
first_expiry(const struct dns_batch *b)
{
	const struct dns_query *q;
	uint64_t t, first = UINT64_MAX, timeout_us = b->dns->timeout_us;

	TAILQ_FOREACH(q, &b->queries, link) {
		if (q->open) {
			t = q->entry->time_us;
			t = timeout_us < UINT64_MAX - t ? t + timeout_us :
			    UINT64_MAX;
			first = t < first ? t : first;
		}
	}
	return (first);
}

/* With the lock held: shows new answers; returns their number. */
static size_t
show_answers(struct dns_batch *b)
{
	struct dns_query *q;
	size_t n = 0;

	TAILQ_FOREACH(q, &b->queries, link) {
		if (!q->open && !dns_query_is_answered(q)) {
			q->answer = &q->entry->box.answer;
			n++;
		}
	}
	return (n);
}

/* With the lock held: waits until at most `left` are open, or the deadline. */
static void
wait_until(struct dns_batch *b, size_t left, uint64_t deadline_us)
{
	uint64_t now_us = env_mono_us(&b->dns->env), until_us;

	for (;;) {
		resolver_expire(b->dns, now_us);
		if (!TAILQ_EMPTY(&b->dns->ready)) {
			resolver_unlock(b->dns);
			pthread_mutex_lock(&b->dns->lock);
		}
		if (b->open_n <= left || now_us >= deadline_us) {
			break;
		}
		until_us = first_expiry(b);
		until_us = until_us < deadline_us ? until_us : deadline_us;
		if (until_us > now_us &&
		    sleep_on_batch(b, until_us - now_us) == ETIMEDOUT) {
			/* Even if env's clock stands still, as in tests. */
			now_us = until_us;
		} else {
			now_us = env_mono_us(&b->dns->env);
		}
	}
}

void
dns_batch_wait(struct dns_batch *b, uint64_t deadline_us)
{
	pthread_mutex_lock(&b->dns->lock);
	wait_until(b, 0, deadline_us);
	(void)show_answers(b);
	resolver_unlock(b->dns);
}

bool
dns_batch_wait_any(struct dns_batch *b, uint64_t deadline_us)
{
	size_t n;

	pthread_mutex_lock(&b->dns->lock);
	n = show_answers(b);
	if (n == 0 && b->open_n > 0) {
		wait_until(b, b->open_n - 1, deadline_us);
		n = show_answers(b);
	}
	resolver_unlock(b->dns);
	return (n > 0);
}

bool
dns_query_is_answered(const struct dns_query *q)
{
	return (q->entry == NULL || q->answer == &q->entry->box.answer);
}

const struct dns_answer *
dns_query_answer(const struct dns_query *q)
{
	return (q->answer);
}

size_t
dns_batch_count(const struct dns_batch *b)
{
	return (b->queries_n);
}
