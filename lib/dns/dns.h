/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: DNS queries in batches. A message adds every query that it knows of,
 * waits once under one deadline and reads the answers. Below that is a cache
 * (positive and negative TTLs, RFC 2308; bounded memory; one query in flight
 * per name and type, however many messages wait for it) and a backend: a stub
 * resolver on c-ares (stub.c), libunbound, which validates (unbound.c), or
 * zone text (zone.c).
 *
 * struct dns is shared by all threads. A batch and its queries belong to one
 * thread; an answer is immutable and lives at least as long as the batch. A
 * daemon makes its struct dns after it has gone to the background: threads do
 * not survive a fork.
 *
 * How long answers are kept: records for their least TTL, negative answers for
 * the SOA's minimum (RFC 2308 5), both capped by dns_opts; a TTL of 0 serves
 * only those who wait for it. DNS_SERVFAIL and DNS_TIMEOUT are kept for 1 s,
 * and twice as long each time the query fails again, for at most 300 s (RFC
 * 9520 3.2); after several names of a zone failed, the whole zone is held to
 * fail (zones.h). Failures of our own (out of memory, no socket) and those of
 * all name servers are not kept. A query ends after dns_opts.timeout_us.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"

/*
 * One TXT record, strings joined. A longer one is dropped, as is a record that
 * is malformed or has a name that is not text; an answer of which no record is
 * left is DNS_SERVFAIL.
 */
#define DNS_TXT_MAX_BYTES	65535
#define DNS_MAX_RECORDS		256	/* of one answer; the rest is dropped */
#define DNS_BATCH_MAX_QUERIES	1100	/* distinct ones of one batch */

enum dns_type {			/* as on the wire */
	DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12,
	DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_TLSA = 52
};

enum dns_result {
	DNS_OK,			/* at least one record */
	DNS_NODATA,		/* the name exists, the type does not */
	DNS_NXDOMAIN,
	DNS_SERVFAIL,		/* any other rcode, a bogus or broken answer */
	DNS_TIMEOUT,		/* no answer before the deadline */
	DNS_BADNAME		/* not a name that can be asked for */
};
#define DNS_RESULTS	(DNS_BADNAME + 1)

enum dns_security {		/* DNSSEC status of the answer */
	DNS_INSECURE, DNS_SECURE, DNS_BOGUS
};

struct dns_record {
	struct str	data;	/* TXT: all strings joined; A, AAAA: 4 or 16
				   octets; CNAME, MX, NS, PTR: the name as a
				   lower-case text without trailing dot ("" is
				   the root); SOA: the 4 octets of its
				   minimum; TLSA: usage, selector, matching
				   type and the data, as on the wire */
	uint16_t	preference;	/* MX */
};

struct dns_answer {
	enum dns_result		 result;
	enum dns_security	 security;
	uint32_t		 ttl_s;	/* kept so long from its arrival */
	const struct dns_record	*v;	/* n > 0 only for DNS_OK */
	size_t			 n;
};

/*
 * A protocol's own form of an answer, made once and kept with the cached
 * answer. parse may return NULL (out of memory); it is thread-safe.
 */
struct dns_parser {
	void	*(*parse)(const struct dns_answer *);
	void	 (*free)(void *);
	size_t	 object_bytes;	/* about how large; counted by the cache */
};

struct dns;
struct dns_batch;
struct dns_query;

struct dns_opts {
	const struct env	*env;
	size_t			 cache_max_bytes;
	uint32_t		 ttl_max_s;	/* of a positive answer */
	uint32_t		 negative_ttl_max_s;	/* of a negative one */
	/* Only for dns_new_resolver: */
	const struct str	*nameservers;	/* "192.0.2.1" "2001:db8::1",
						   either with "@port" */
	size_t			 nameservers_n;	/* 0: those of resolv_conf */
	const char		*resolv_conf;	/* read again when it changes */
	const char		*trust_anchor_file;	/* NULL: no DNSSEC */
	uint64_t		 timeout_us;	/* at most, for one query */
};

/* Defaults; env must still be set. */
void		 dns_opts_init(struct dns_opts *);
/* Each returns one reference; *diag says why when not OK. */
/*
 * Asks recursive resolvers: with a trust anchor through libunbound, which
 * validates; else through c-ares, where an answer is DNS_SECURE if its AD bit
 * is set and the server is named in opts or on loopback.
 */
enum status	 dns_new_resolver(const struct dns_opts *, struct dns **r,
		    struct diag *) ATTR_MUST_CHECK;
/* path: a file of zone text; zone.h has the syntax. */
enum status	 dns_new_zone(const struct dns_opts *, const char *path,
		    struct dns **r, struct diag *) ATTR_MUST_CHECK;
struct dns	*dns_hold(struct dns *);
/* The last one ends the backend, which may take time. */
void		 dns_release(struct dns *);	/* NULL is valid */
/* Whether there are references besides the caller's. Once there are none this
   stays so until the caller makes one. */
bool		 dns_is_shared(const struct dns *);

struct dns_stats {		/* counted since the start, except */
	uint64_t	hits, misses, joined, evicted;
	uint64_t	remembered;	/* failures of a zone, from memory */
	uint64_t	results[DNS_RESULTS];	/* of queries that were sent */
	uint64_t	entries, bytes;	/* now, in the cache */
	uint64_t	servers;	/* now; 0: the backend has none */
	uint64_t	servers_up;	/* those that answer */
};
/* Takes no lock: a reader must not delay mail. */
void		 dns_get_stats(struct dns *, struct dns_stats *);

struct dns_batch	*dns_batch_new(struct dns *);	/* NULL: no memory */
void			 dns_batch_free(struct dns_batch *);
/*
 * Asks, or joins the same question of this batch. Starts at once, never
 * blocks. name: any text; an invalid name gives DNS_BADNAME.
 * NULL: no memory, or more than DNS_BATCH_MAX_QUERIES.
 */
struct dns_query	*dns_batch_add(struct dns_batch *, struct str name,
			    enum dns_type);
/* Until all are answered or env's mono clock reaches deadline_us. May be
   called again after further dns_batch_add. */
void			 dns_batch_wait(struct dns_batch *,
			    uint64_t deadline_us);
/*
 * As above until one answer arrives that could not be read before. False: none
 * did, because the deadline came or no query was open.
 */
bool			 dns_batch_wait_any(struct dns_batch *,
			    uint64_t deadline_us);
/* Whether it had been answered at the last add or wait. */
bool			 dns_query_is_answered(const struct dns_query *);
/*
 * The answer; a query still open reads as DNS_TIMEOUT. Never NULL; it changes
 * only while its thread is in dns_batch_add or one of the waits.
 */
const struct dns_answer	*dns_query_answer(const struct dns_query *);
/* Questions that this batch asked (distinct ones). */
size_t			 dns_batch_count(const struct dns_batch *);
/* The parser's object for the answer, made on first use; NULL: no memory.
   Owned by the answer. */
const void		*dns_answer_object(const struct dns_answer *,
			    const struct dns_parser *);

/* A stable phrase: "no such name", "no answer in time" ... */
const char		*dns_result_text(enum dns_result);

#endif
