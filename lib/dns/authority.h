/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authority: what each authoritative server of a zone says, asked one by one,
 * past all caches. For tools: each question blocks. dns_authority_find walks
 * up from the name to its zone (the SOA), through CNAMEs (a delegated
 * _domainkey), with the resolvers of opts; dns_authority_ask then asks the
 * servers themselves.
 *
 * Each address of a server is asked by itself: behind one name there may be
 * several machines.
 */
#ifndef DNS_AUTHORITY_H
#define DNS_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

#define DNS_AUTHORITY_MAX_SERVERS	32	/* of a zone; more: LIMIT */
#define DNS_AUTHORITY_MAX_ADDRESSES	8	/* of one server; more: LIMIT */
#define DNS_AUTHORITY_MAX_CNAMES	8

struct dns_server {
	struct str	 name;
	struct str	 addresses[DNS_AUTHORITY_MAX_ADDRESSES]; /* as text */
	size_t		 n;
};

struct dns_authority {		/* in the arena */
	struct str		 name;		/* the one asked for, behind its
						   CNAMEs */
	struct str		 zone;		/* in which it lies */
	int64_t			 negative_ttl_s; /* RFC 2308 5 */
	struct dns_server	 v[DNS_AUTHORITY_MAX_SERVERS]; /* by name */
	size_t			 n;
};

struct dns_told {		/* by one server */
	enum dns_result	 result;	/* OK, NODATA, NXDOMAIN, or no answer */
	struct str	*v;		/* each TXT record, its strings joined */
	size_t		 n;
	int64_t		 ttl_s;
};

/* name: any text. TEMP: the diag says what could not be found out. */
enum status	 dns_authority_find(struct arena *, const struct dns_opts *,
		    struct str name, struct dns_authority *r, struct diag *)
    ATTR_MUST_CHECK;
/* For TXT records. address: one of a server's. TEMP: no answer. */
enum status	 dns_authority_ask(struct arena *, const struct dns_opts *,
		    struct str name, struct str address, unsigned port,
		    struct dns_told *r, struct diag *) ATTR_MUST_CHECK;

#endif
