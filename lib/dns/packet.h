/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet: a DNS message as sent to and received from a recursive resolver
 * (RFC 1035 4). Queries carry RD, AD (RFC 6840 5.7: the answer may say whether
 * the resolver validated it) and an EDNS0 record that accepts 1232 octets
 * over UDP.
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include "base/arena.h"
#include "base/status.h"
#include "dns/dns.h"
#include "dns/name.h"

#define DNS_PACKET_UDP_BYTES	1232	/* no fragments on any usual network */
#define DNS_QUERY_MAX_BYTES	(12 + DNS_NAME_MAX_BYTES + 2 + 4 + 11)
/* CNAMEs that are followed within one answer. */
#define DNS_MAX_ALIASES		16

/* The query's length. name.n 0 asks for the root. */
size_t		dns_query_write(const struct dns_name *, unsigned type,
		    uint16_t id, unsigned char query_r[DNS_QUERY_MAX_BYTES]);
/* Whether it says that it is truncated: the whole answer comes over TCP. */
bool		dns_packet_is_truncated(struct str packet);
/*
 * Reads the answer to a question of ours; v holds DNS_MAX_RECORDS. What cannot
 * be parsed, is truncated, is a referral, or has another rcode than NOERROR
 * and NXDOMAIN is DNS_SERVFAIL, and so is what does not fit the question: of
 * another name, type or class, negative with records, an alias beside records.
 * security is what the AD bit says: the caller decides whether the server can
 * be trusted. A negative answer lives for the least of the TTLs and the SOA's
 * minimum, without a SOA for 0 seconds. NOMEM: the arena is full, and the
 * answer must not be used.
 */
enum status	dns_packet_read(struct arena *, struct str packet,
		    const struct dns_name *, enum dns_type,
		    struct dns_record *v, struct dns_answer *r)
		    ATTR_MUST_CHECK;

#endif
