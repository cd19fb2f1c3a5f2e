/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authority: what each authoritative server of a zone answers, asked one by
 * one, without caches. Each question blocks.
 *
 * authority_find() follows CNAMEs (a delegated _domainkey) and walks up to the
 * zone (the SOA) with the configured resolvers; authority_ask() then asks the
 * servers themselves. Zone cuts and the addresses of servers are remembered as
 * long as a struct authority exists, which is one run of a command. An address
 * that timed out twice in a row is not asked again in that run.
 *
 * Each address of a server is asked by itself: one name may stand for several
 * hosts.
 */
#ifndef AUTHORITY_AUTHORITY_H
#define AUTHORITY_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

#define AUTHORITY_MAX_SERVERS	32	/* of a zone; more: LIMIT */
#define AUTHORITY_MAX_ADDRESSES	8	/* of one server; more: LIMIT */
#define AUTHORITY_MAX_CNAMES	8

struct authority;

struct authority_address;	/* of a server */

struct authority_server {
	struct str			 name;
	struct authority_address	*addresses[AUTHORITY_MAX_ADDRESSES];
	size_t				 n;
};

struct authority_zone {
	struct str			 name;
	int64_t				 negative_ttl_s; /* RFC 2308 5 */
	struct authority_server		*v[AUTHORITY_MAX_SERVERS]; /* by name */
	size_t				 n;
};

struct authority_answer {	/* of one server; in the caller's arena */
	enum dns_result	 result;	/* OK, NODATA, NXDOMAIN, or no answer */
	struct str	*v;		/* TXT records, strings joined */
	size_t		 n;
	int64_t		 ttl_s;		/* -1: no record */
	bool		 bogus;		/* DNSSEC; a resolver's answer */
};

/* opts, and what it points to, outlives it. port: of the servers. */
enum status	 authority_new(const struct dns_opts *, unsigned port,
		    struct authority **r, struct diag *) ATTR_MUST_CHECK;
void		 authority_free(struct authority *); /* NULL is fine */

/*
 * Where name's records are: the name after its CNAMEs (in the arena) and its
 * zone (the authority's). TEMP: the diag says what could not be found.
 */
enum status	 authority_find(struct authority *, struct arena *,
		    struct str name, struct str *target_r,
		    const struct authority_zone **zone_r, struct diag *)
    ATTR_MUST_CHECK;
/* For TXT records. Never fails but for memory: no answer is DNS_TIMEOUT. */
enum status	 authority_ask(struct authority *, struct arena *,
		    struct str name, struct authority_address *,
		    struct authority_answer *r) ATTR_MUST_CHECK;
/* The same from another source: a resolver, or zone text. */
enum status	 authority_ask_dns(struct dns *, const struct dns_opts *,
		    struct arena *, struct str name,
		    struct authority_answer *r) ATTR_MUST_CHECK;

#endif
