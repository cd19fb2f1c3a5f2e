/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iprev: does the client's address have a name that leads back to it? (RFC
 * 8601 3: its PTR records, then their addresses.) Like an SPF evaluation it is
 * a machine without a thread: a step goes on as far as the answers that are
 * there allow. At most 1 + IPREV_MAX_NAMES questions are asked.
 */
#ifndef IPREV_IPREV_H
#define IPREV_IPREV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

#define IPREV_MAX_NAMES	10	/* of the client; others are ignored */

enum iprev_result {		/* RFC 8601 2.7.3 */
	IPREV_PASS,
	IPREV_FAIL,		/* names, but none leads back */
	IPREV_TEMPERROR,	/* DNS did not answer */
	IPREV_PERMERROR		/* no name */
};

struct iprev_verdict {
	enum iprev_result	 result;
	struct str		 name;		/* that leads back; or absent */
	const char		*reason;	/* static phrase; NULL: pass */
};

struct iprev;

/* Asks for the names. The batch must live as long as the machine, which lies
   in the arena. */
enum status	iprev_new(struct arena *, struct dns_batch *,
		    const struct ip_addr *, struct iprev **r) ATTR_MUST_CHECK;
/* *done_r: iprev_get() has the result; else it waits for answers. */
enum status	iprev_step(struct iprev *, bool *done_r) ATTR_MUST_CHECK;
/* Time is over: what is not answered now never will be. */
void		iprev_give_up(struct iprev *);
/* Once it is done. */
const struct iprev_verdict	*iprev_get(const struct iprev *);

const char	*iprev_result_name(enum iprev_result);

#endif
