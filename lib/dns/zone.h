/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone: DNS without a network, from text in the style of a master file
 * (RFC 1035 5), for tests and for `--zone`.
 *
 *	owner [ttl] [IN] TYPE rdata
 *	owner TIMEOUT [TYPE]	the query gets no answer
 *	owner SERVFAIL [TYPE]	the query fails
 *	$ORIGIN name		the value of '@', and the suffix of names
 *				without a trailing dot; default: the root
 *	$TTL ttl		of records without a TTL; default: 3600
 *
 * ';' begins a comment. A blank owner is that of the previous line.
 * Parentheses join lines. A TTL is in seconds or as in 1h30m. TXT strings,
 * quoted or not, are joined; \" \\ and \DDD escape an octet, and a string of
 * more than 255 octets becomes several. Types are A AAAA MX TXT CNAME PTR
 * TLSA; other types of DNS only make their owner exist. `$INCLUDE` is refused.
 *
 * A name that has no record and no name below it is NXDOMAIN, unless a
 * wildcard covers it (RFC 4592); a name without the type asked for is NODATA.
 * CNAMEs are followed inside the text. A fault of one type wins over a CNAME,
 * a CNAME over a fault of all types, and a record of the same type over both.
 * Answers are DNS_INSECURE; negative answers have a TTL of 300 seconds.
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

#define ZONE_MAX_BYTES		(64 << 20)	/* the whole text */
#define ZONE_ENTRY_MAX_BYTES	(4 << 20)	/* an entry, lines joined */
#define ZONE_MAX_RECORDS	1000000
#define ZONE_MAX_CNAMES		8		/* followed for one query */
#define ZONE_TTL_S		3600
#define ZONE_NEGATIVE_TTL_S	300

/* Values of zone_record.type besides enum dns_type. */
#define ZONE_TYPE_OTHER		0	/* a type that is not answered */
#define ZONE_TYPE_ANY		255	/* a fault of all types */
/*
 * The labels of an owner from the last to the first, each followed by a NUL:
 * in this order a name is directly followed by the names below it.
 */
#define ZONE_KEY_MAX_BYTES	256

struct zone_record {
	struct str		key;
	struct dns_record	data;
	uint32_t		ttl_s;
	uint32_t		order;	/* in the text */
	uint16_t		type;	/* of the fault, if it is one */
	enum dns_result		fault;	/* TIMEOUT, SERVFAIL; OK: a record */
};

struct zone {
	struct arena		 arena;
	struct zone_record	*v;	/* sorted */
	size_t			 n;
};

/* file: the name of the text in diag. On failure there is nothing to fini. */
enum status	zone_parse(struct zone *, struct str text, const char *file,
		    struct diag *) ATTR_MUST_CHECK;
void		zone_fini(struct zone *);
/*
 * name: as made by dns_name_make. The records are borrowed from the zone;
 * v_r has room for DNS_MAX_RECORDS, and the answer points to it.
 */
void		zone_find(const struct zone *, struct str name, enum dns_type,
		    struct dns_record *v_r, struct dns_answer *answer_r);

/* The key of a name; "" is the root's. */
size_t		zone_key(struct str name, char key_r[ZONE_KEY_MAX_BYTES]);
int		zone_record_cmp(const void *, const void *);

#endif
