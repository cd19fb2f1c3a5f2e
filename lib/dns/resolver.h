/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver: struct dns from inside. One lock guards the cache, the flights
 * and every query's and batch's waiting state; it is held for a few steps at a
 * time, never across malloc, free, a backend or a parser.
 *
 * A question that no entry answers makes a pending entry and a flight. The
 * flight is the backend's cookie: it lives until the backend answers (or the
 * struct dns goes), whatever becomes of the entry, so that a late or lost
 * answer can hurt nobody. An entry that was pending for timeout_us is ended as
 * DNS_TIMEOUT by whichever thread asks or waits next; there is no timer.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "dns/backend.h"
#include "dns/cache.h"
#include "dns/dns.h"

/* Questions that the backend owes an answer to; beyond it: DNS_TIMEOUT. */
#define DNS_MAX_FLIGHTS		1024
/*
 * How long DNS_SERVFAIL is remembered at most (RFC 9520 3.2: at least a
 * second, at most five minutes). DNS_TIMEOUT is not: whoever asks next should
 * join what the backend may still be doing.
 */
#define DNS_FAILURE_TTL_S	5

struct flight {
	LIST_ENTRY(flight)	 link;
	struct dns		*dns;
	struct dns_name		 name;
	enum dns_type		 type;
};
LIST_HEAD(flights, flight);

struct dns {
	atomic_uint			 refs;
	struct env			 env;
	uint32_t			 ttl_max_s;
	uint32_t			 negative_ttl_max_s;
	uint64_t			 timeout_us;
	const struct dns_backend_ops	*ops;
	void				*backend;

	pthread_mutex_t			 lock;		/* of what follows */
	struct cache			 cache;
	struct flights			 flights;
	size_t				 flights_n;
	uint64_t			 hits, misses, joined;
};

struct dns_query {
	struct answer_box	 own;		/* when no entry has one */
	TAILQ_ENTRY(dns_query)	 link;		/* of its batch */
	TAILQ_ENTRY(dns_query)	 wait;		/* of its entry, while open */
	struct dns_batch	*batch;
	struct dns_name		 name;
	enum dns_type		 type;
	struct cache_entry	*entry;		/* a reference; or NULL */
	/* What its thread sees; changes only in dns_batch_add and _wait. */
	const struct dns_answer	*answer;
	bool			 open;		/* under the lock */
};
TAILQ_HEAD(query_list, dns_query);

struct dns_batch {
	struct dns		*dns;
	struct query_list	 queries;
	size_t			 queries_n;	/* distinct names and types */
	struct dns_query	*bad;		/* for all that is no name */
	pthread_cond_t		 cond;		/* with the lock of dns */
	size_t			 open_n;	/* under the lock */
};

/* Joins the query to an entry, or starts one. NOMEM: nothing happened. */
enum status	resolver_ask(struct dns *, struct dns_query *) ATTR_MUST_CHECK;
/* With the lock held: ends what is pending for too long. */
void		resolver_expire(struct dns *, uint64_t now_us);
/* A parser's object was added to the answer. */
void		resolver_count_object(struct answer_box *, size_t bytes);

#endif
