/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_connect: what the servers themselves say (--connect): the MX hosts of
 * each domain, the web server of its MTA-STS policy, and a mail server outside,
 * to see whether this machine can reach port 25 at all.
 *
 * All servers of up to CONNECT_DOMAINS domains are talked to at once, for at
 * most --connect-timeout after the DNS has answered. Nothing is delivered: see
 * probe/probe.h. A server that misbehaves is a finding about that server.
 *
 * Whether a host relays is asked only from an address that it does not relay
 * for: not from its own, and not from one in Postfix's mynetworks.
 */
#ifndef TOOLS_CHECK_CONNECT_H
#define TOOLS_CHECK_CONNECT_H

#include "conf/hosts.h"
#include "probe/probe.h"
#include "tools/check_host.h"

#define CONNECT_DOMAINS		64	/* at once */
#define CONNECT_MAX_HOSTS	16	/* of one domain */
#define CONNECT_MAX_ADDRESSES	4	/* of one host */
#define CONNECT_TIMEOUT_S	15
#define CONNECT_OUTSIDE		"gmail.com"	/* --outbound */
#define CONNECT_SOON_S		(14 * 86400)	/* a certificate ends */

struct connect_host {		/* a mail server by its name */
	struct connect_host	*next;
	struct str		 name;
	bool			 greet_only;	/* it is nobody's MX */
	struct dns_query	*v4, *v6, *tlsa;
	struct connect_server	*servers[CONNECT_MAX_ADDRESSES];
	size_t			 n;
};

struct connect_server {		/* one address of it */
	struct connect_host	*host;
	struct dns_query	*ptr;
	struct probe		*probe;
	struct str		 shown;		/* "mail.d.example
						   (192.0.2.1)" */
};

struct connect_domain {
	struct check_shown	*shown;
	struct dns_query	*mx, *sts, *sts_v4, *sts_v6;
	struct connect_host	*hosts[CONNECT_MAX_HOSTS];
	size_t			 n;
	struct probe		*web[2];	/* of the policy; NULL: none */
};

struct connect {
	const struct check_args	*args;
	struct check_host	*host;
	const struct env	*env;
	struct dns		*dns;
	struct arena		 arena;		/* of the findings */
	struct tls_roots	*roots;
	struct str		 helo;
	struct hosts		*inside;	/* Postfix's mynetworks; NULL:
						   there is no Postfix */
	bool			 inside_unknown;	/* in tables, too */
	/* of the domains at hand */
	struct dns_batch	*batch;
	const char		*outside_name;	/* NULL: none is tried */
	struct dns_query	*outside_mx;	/* NULL: not asked */
	struct connect_host	*outside;	/* NULL: none */
	bool			 outside_done;
	struct connect_domain	 domains[CONNECT_DOMAINS];
	size_t			 domains_n;
	struct connect_host	*hosts;
	struct probe		 probes[PROBE_MAX];
	size_t			 probes_n;
	bool			 truncated;	/* more servers than that */
	bool			 blocked;	/* port 25 of others cannot be
						   reached from here */
};

/* Adds what was found to the reports. False: said why. */
bool	 check_connect(const struct check_args *, struct check_host *,
	    struct dns *, const struct env *, struct check_shown *shown,
	    size_t n, struct connect **r);
/* The findings are valid until then. */
void	 check_connect_free(struct connect *);	/* NULL is valid */

/* check_connect_judge.c, check_connect_sts.c: what the answers mean. */
void	 connect_judge_outside(struct connect *, struct check_sayer *);
void	 connect_judge_domain(struct connect *, struct check_sayer *,
	    const struct connect_domain *);
void	 connect_judge_policy(struct connect *, struct check_sayer *,
	    const struct connect_domain *);
/* "does not answer in time"; where it ended and why, for a finding. */
const char	*connect_trouble(const struct probe *);
/* Whether senders that insist on a certificate deliver to that server. */
bool	 connect_is_trusted(const struct connect *, const struct probe *);

#endif
