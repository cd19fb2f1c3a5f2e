/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver: struct dns from inside. One lock guards the cache, the flights,
 * the zones and the waiting state of queries and batches; it is held for a few
 * steps at a time, never across malloc, free, a backend or a parser.
 *
 * A question that no entry answers makes a pending entry and a flight. The
 * flight is the backend's cookie: it lives until the backend answers or the
 * struct dns ends, even if its entry has been given up. An entry that was
 * pending for timeout_us ends as DNS_TIMEOUT, by the next thread that asks or
 * waits; there is no timer. An answer that comes later is still cached.
 *
 * Failures are remembered by name and type, and by zone (zones.h). A flight
 * whose zone has ZONE_MAX_FLIGHTS already waits for one of them to end, except
 * the probe of a failing zone.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "base/counter.h"
#include "dns/backend.h"
#include "dns/cache.h"
#include "dns/dns.h"
#include "dns/zones.h"

/*
 * Flights at a time that the backend has; beyond it: DNS_TIMEOUT. Those that
 * wait are limited by their zone, which has ZONE_MAX_FLIGHTS of these.
 */
#define DNS_MAX_FLIGHTS		8192
/*
 * How long a failure is remembered (RFC 9520 3.2): twice as long each time
 * that the same question fails again.
 */
#define DNS_FAILURE_MIN_S	1
#define DNS_FAILURE_MAX_S	300

struct flight {
	LIST_ENTRY(flight)	 link;		/* of all */
	TAILQ_ENTRY(flight)	 wait;		/* of one of the queues */
	struct dns		*dns;
	struct cache_entry	*entry;		/* NULL: it was given up */
	struct dns_zone		*zone;		/* NULL: not counted */
	struct zone_path	 path;
	bool			 is_probe;	/* of a failing zone */
	bool			 is_waiting;	/* for others of its zone */
	struct dns_name		 name;
	enum dns_type		 type;
};
LIST_HEAD(flights, flight);

struct resolver_counts {
	struct counter		 hits, misses, joined, remembered;
	struct counter		 results[DNS_RESULTS];
};

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
	struct dns_zones		 zones;		/* v NULL: not used */
	struct flights			 flights;
	struct flight_queue		 ready;		/* to be submitted */
	struct flight_queue		 ended;		/* to be freed */
	size_t				 flights_n;	/* not waiting */
	struct resolver_counts		 counts;	/* read without it */
};

struct dns_query {
	struct answer_box	 own;		/* while no entry has one */
	TAILQ_ENTRY(dns_query)	 link;		/* of its batch */
	TAILQ_ENTRY(dns_query)	 wait;		/* of its entry, while open */
	struct dns_batch	*batch;
	struct dns_name		 name;
	enum dns_type		 type;
	struct cache_entry	*entry;		/* a reference; or NULL */
	/* What its thread sees; changed only by dns_batch_add and _wait. */
	const struct dns_answer	*answer;
	bool			 open;		/* under the lock */
};
TAILQ_HEAD(query_list, dns_query);

struct dns_batch {
	struct dns		*dns;
	struct query_list	 queries;
	size_t			 queries_n;	/* distinct names and types */
	struct dns_query	*bad;		/* for all invalid names */
	pthread_cond_t		 cond;		/* with the lock of dns */
	size_t			 open_n;	/* under the lock */
};

/* Joins the query to an entry, or starts one. NOMEM: nothing happened. */
enum status	resolver_ask(struct dns *, struct dns_query *) ATTR_MUST_CHECK;
/* With the lock held: ends entries that are pending for too long. */
void		resolver_expire(struct dns *, uint64_t now_us);
/*
 * Releases the lock; then frees what was dropped under it, and submits flights
 * that no longer have to wait.
 */
void		resolver_unlock(struct dns *);
/* A parser's object was added to the answer. */
void		resolver_count_object(struct answer_box *, size_t bytes);

#endif
