/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * servers: the recursive resolvers to ask, from the configuration or from
 * resolv.conf(5).
 */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "dns/dns.h"

#define DNS_SERVERS_MAX		8
#define DNS_SERVER_MAX_BYTES	64	/* "address@port" and a NUL */
#define DNS_RESOLV_CONF		"/etc/resolv.conf"
#define DNS_RESOLV_CONF_MAX_BYTES	65536

struct dns_server {
	int		family;		/* AF_INET or AF_INET6 */
	unsigned char	octets[16];	/* 4 of them for AF_INET */
	uint16_t	port;
	bool		trusted;	/* its AD bit counts: it was named in
					   the configuration, or is loopback */
	char		text[DNS_SERVER_MAX_BYTES];	/* "address@port" */
};

struct dns_servers {
	struct dns_server	v[DNS_SERVERS_MAX];
	size_t			n;	/* at least 1 */
};

/*
 * The servers of opts, or, when it has none, those of its resolv.conf: lines
 * that are not understood are logged with their number and skipped; no server
 * at all, or no file, is 127.0.0.1 with a warning, as resolv.conf(5) says.
 * SYNTAX, LIMIT, NOMEM: a server of opts is not an address, there are too
 * many, or the file could not be read into memory.
 */
enum status	dns_servers_read(const struct dns_opts *,
		    struct dns_servers *r, struct diag *) ATTR_MUST_CHECK;
/* Whether both ask the same servers in the same order. */
bool		dns_servers_eq(const struct dns_servers *,
		    const struct dns_servers *);
/* Reads the text of a resolv.conf; path is for the log. */
void		dns_servers_parse(struct str text, const char *path,
		    const struct env *, struct dns_servers *r);

#endif
