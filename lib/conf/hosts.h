/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hosts: a list of hosts such as InternalHosts: IPv4 and IPv6 addresses and
 * blocks, host names, and ".domain" for all names below a domain, each with an
 * optional "!" that excludes. The most specific entry that matches decides: the
 * longest prefix, the longest name, an address before a name. IPv4-mapped IPv6
 * addresses are IPv4. A complete list is immutable and shared by threads.
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
/* Adds an entry. SYNTAX: it has none of the forms. */
enum status	 hosts_add(struct hosts *, struct str entry, const char *file,
		    unsigned line, struct diag *) ATTR_MUST_CHECK;
/* ip NULL: unknown; name absent: unknown. */
bool		 hosts_match(const struct hosts *, const struct ip_addr *ip,
		    struct str name);

#endif
