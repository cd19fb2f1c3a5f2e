/* SPDX-License-Identifier: BSD-2-Clause */
/* rdata: what a record holds, from the wire (RFC 1035 3.3, RFC 3596 2.2). */
#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

/*
 * wire: one record's rdata, its names uncompressed. The record's data lies in
 * the arena. SYNTAX: truncated, with something behind it, a compressed name,
 * or a name that cannot be written as text (dns/name.h); LIMIT: a TXT of more
 * than DNS_TXT_MAX_BYTES. Such a record is left out of the answer.
 */
enum status	dns_rdata_read(struct arena *, enum dns_type, struct str wire,
		    struct dns_record *r) ATTR_MUST_CHECK;

#endif
