/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iprev: whether a name of the client's address has that address (RFC 8601 3:
 * its PTR records, then the addresses of their names). Like an SPF evaluation
 * it is a state machine without a thread: a step advances as far as the answers
 * that have arrived allow. At most 1 + IPREV_MAX_NAMES queries are sent.
 */
#ifndef IPREV_IPREV_H
#define IPREV_IPREV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

#define IPREV_MAX_NAMES	10	/* further names are ignored */

enum iprev_result {		/* RFC 8601 2.7.3 */
	IPREV_PASS,
	IPREV_FAIL,		/* no name has the address */
	IPREV_TEMPERROR,	/* DNS did not answer */
	IPREV_PERMERROR		/* no name */
};

struct iprev_verdict {
	enum iprev_result	 result;
	struct str		 name;		/* has the address; or absent */
	const char		*reason;	/* static phrase; NULL: pass */
};

struct iprev;

/* Queries the names. The machine is in the arena; the batch must live as long
   as it. */
enum status	iprev_new(struct arena *, struct dns_batch *,
		    const struct ip_addr *, struct iprev **r) ATTR_MUST_CHECK;
/* *done_r: iprev_get() has the result. Else answers are missing. */
enum status	iprev_step(struct iprev *, bool *done_r) ATTR_MUST_CHECK;
/* Ends the evaluation: missing answers count as timeouts. */
void		iprev_give_up(struct iprev *);
/* The result, after *done_r was true. */
const struct iprev_verdict	*iprev_get(const struct iprev *);

const char	*iprev_result_name(enum iprev_result);

#endif
