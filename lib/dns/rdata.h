/* SPDX-License-Identifier: BSD-2-Clause */
/* rdata: the data of a record, from the wire (RFC 1035 3.3, RFC 3596 2.2). */
#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

/*
 * One record's data: n octets of packet from `at`. A name in it may continue
 * elsewhere in the packet (RFC 1035 4.1.4); for rdata without compression,
 * packet is the rdata itself and `at` is 0. The result is allocated in the
 * arena. SYNTAX: truncated, trailing octets, or a name that cannot be written
 * as text (dns/name.h); LIMIT: a TXT of more than DNS_TXT_MAX_BYTES. Such a
 * record is dropped from the answer.
 */
enum status	dns_rdata_read(struct arena *, enum dns_type,
		    struct str packet, size_t at, size_t n,
		    struct dns_record *r) ATTR_MUST_CHECK;

#endif
