/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hosts: a list of peers, as InternalHosts has it: addresses and CIDR blocks
 * of both families, host names, ".domain" for all names below it, each with
 * an optional "!" that excludes. The most specific entry that matches
 * decides (longest prefix, longest name; an address beats a name). IPv4-mapped
 * IPv6 addresses are IPv4. Immutable once built, shared by threads.
 */
#ifndef CONF_HOSTS_H
#define CONF_HOSTS_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"

struct hosts;

struct hosts	*hosts_new(void);	/* empty; NULL: no memory */
void		 hosts_free(struct hosts *);
/* One entry. SYNTAX with a reason when it is none of the forms. */
enum status	 hosts_add(struct hosts *, struct str entry, const char *file,
		    unsigned line, struct diag *) ATTR_MUST_CHECK;
/* ip NULL: unknown; name absent: unknown. */
bool		 hosts_match(const struct hosts *, const struct ip_addr *ip,
		    struct str name);

#endif
