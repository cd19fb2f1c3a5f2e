/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache: answers by (name, type), and the questions that are pending. It
 * knows neither threads nor batches: its user holds the lock of the struct dns
 * that it is part of. Entries that drop out of it are put on a list, to be
 * freed after the lock was released (cache_take_dead, cache_free_dead).
 *
 * An entry is pending from cache_start to cache_fill, then immutable. It
 * is counted: one reference is the table's, one for each query that shows it.
 * A pending entry is never evicted; of the others the least recently used
 * one goes first. max_bytes bounds what the table holds, not what queries
 * still hold after it was evicted.
 *
 * A failure that has expired is not found any more, but stays in the table, so
 * that the next one of the same question is remembered for longer.
 */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/str.h"
#include "dns/answer.h"
#include "dns/dns.h"
#include "dns/name.h"

TAILQ_HEAD(cache_list, cache_entry);
TAILQ_HEAD(cache_waiters, dns_query);
RB_HEAD(cache_tree, cache_entry);

struct cache_entry {
	struct answer_box	 box;		/* first; points back here */
	RB_ENTRY(cache_entry)	 node;
	TAILQ_ENTRY(cache_entry) link;		/* pending, lru or dead */
	struct cache_waiters	 waiters;	/* while pending */
	struct flight		*flight;	/* while pending; or NULL */
	uint64_t		 time_us;	/* pending: asked at; else:
						   valid until (env's mono
						   clock) */
	size_t			 bytes;		/* counted in the table */
	unsigned		 refs;
	unsigned		 failures;	/* in a row, with this one */
	bool			 pending;
	bool			 in_table;
	enum dns_type		 type;
	struct dns_name		 name;
};

struct cache {
	struct cache_tree	 tree;
	struct cache_list	 pending;	/* first asked first */
	struct cache_list	 lru;		/* least recently used first */
	struct cache_list	 dead;		/* to be freed */
	size_t			 max_bytes;
	struct counter		 bytes;
	struct counter		 entries;
	struct counter		 evicted;
};

void	cache_init(struct cache *, size_t max_bytes);
/* All entries must be without queries. */
void	cache_fini(struct cache *);

/* A fresh entry of no table; NULL: no memory. */
struct cache_entry	*cache_entry_new(const struct dns_name *,
			    enum dns_type);
/* Frees one that never was in a table. */
void			 cache_entry_free(struct cache_entry *);

/* Pending or still valid at now_us; NULL: none. Adds no reference. */
struct cache_entry	*cache_find(struct cache *, const struct dns_name *,
			    enum dns_type, uint64_t now_us);
/*
 * The table takes the entry, as pending. One of the same question that is not
 * pending is dropped; its failures are counted on, unless it expired more than
 * CACHE_FORGET_US ago.
 */
#define CACHE_FORGET_US		UINT64_C(600000000)
void			 cache_start(struct cache *, struct cache_entry *,
			    uint64_t now_us);
/*
 * Ends a pending entry: the answer (of answer_copy) is kept for ttl_s seconds,
 * or, when that is 0, only by the holders of a reference.
 */
void			 cache_fill(struct cache *, struct cache_entry *,
			    const struct dns_answer *, void *block,
			    size_t block_bytes, uint32_t ttl_s,
			    uint64_t now_us);
void			 cache_hold(struct cache_entry *);
void			 cache_drop(struct cache *, struct cache_entry *);
/* An entry became larger. */
void			 cache_grow(struct cache *, struct cache_entry *,
			    size_t bytes);
/* Moves what is to be freed to a list of the caller's. */
void			 cache_take_dead(struct cache *, struct cache_list *);
void			 cache_free_dead(struct cache_list *);

#endif
