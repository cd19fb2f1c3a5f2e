/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_servers: what the zone's own name servers say (--authoritative), each
 * asked by itself: servers that do not answer, that differ from each other, or
 * from the resolver. One name after another is asked, and blocks; servers that
 * are silent are skipped after two timeouts.
 */
#ifndef TOOLS_CHECK_SERVERS_H
#define TOOLS_CHECK_SERVERS_H

#include "authority/authority.h"
#include "tools/check.h"

struct check_servers {
	const struct check_args	*args;
	struct dns		*dns;		/* the resolver */
	struct dns_opts		 opts;
	struct authority	*authority;
	struct arena		 arena;		/* of the findings */
};

/* False: printed why; close it all the same. */
bool	 check_servers_open(struct check_servers *, const struct check_args *,
	    struct dns *, const struct env *);
void	 check_servers_close(struct check_servers *);
/* Adds findings dns.*. False: no memory. */
bool	 check_servers_report(struct check_servers *, struct check_shown *);

#endif
