/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_host: what this host knows of itself, for mailseal check: the domains
 * that it signs for with their keys, by mailseald.conf(5), and the addresses
 * and the name that Postfix sends with.
 *
 * Nothing is asked of the network. postconf(1) is run without a shell.
 */
#ifndef TOOLS_CHECK_HOST_H
#define TOOLS_CHECK_HOST_H

#include "tools/check.h"
#include "tools/mta.h"

struct check_own_domain {
	struct check_own_domain	*next;
	struct str		 name;
	struct check_selector	 selectors[CHECK_MAX_SELECTORS];
	size_t			 n;
	bool			 subdomains;	/* names below it sign, too */
};

#define CHECK_MAX_UNSIGNED	32	/* names that are reported */

struct check_host {
	struct arena		 arena;
	struct check_own_domain	*domains;	/* sorted by name */
	size_t			 domains_n;
	bool			 failed;	/* no memory */
	struct mta		 mta;
	struct str		 socket;	/* of mailseald.conf */
	bool			 origin_unsigned;	/* Postfix's myorigin */
	bool			 origin_below;	/* one above it signs */
	struct str		 unsigned_domains[CHECK_MAX_UNSIGNED];
	size_t			 unsigned_n;	/* Postfix takes mail for */
	struct {
		struct str	 name;
		const char	*why;
	}			 lost[CHECK_MAX_UNSIGNED];
	size_t			 lost_n;	/* ours, without a usable key */
};

/* Reads the configuration and the keys. warns: of domains that cannot sign.
   False: printed why. Close it all the same. */
bool	 check_host_open(struct check_host *, const char *conf_path,
	    bool warns, struct env *env);
void	 check_host_close(struct check_host *);
/* Only Postfix. False: said why. Close it all the same. */
bool	 check_host_open_mta(struct check_host *);
/* NULL: this host does not sign for it. */
const struct check_own_domain	*check_host_find(const struct check_host *,
				    struct str domain);
/* What of its mail would leave unsigned, and what Postfix lacks: adds findings
   sign.* and postfix.*. False: said why. */
bool	 check_mta(const struct check_args *, struct check_host *,
	    struct check_shown *shown, size_t n);
/* The name that Postfix gives with HELO, in the arena; absent: no Postfix. */
struct str	check_host_helo(struct check_host *);
/* Takes an option --ip, of at most CHECK_MAX_IPS. False: printed why. */
bool	 check_host_take_ip(struct ip_addr *v, size_t *n, const char *value);
/* The public addresses of this host's interfaces; how many, at most max. */
size_t	check_host_interfaces(struct ip_addr *v, size_t max);
/*
 * The public addresses of this host's interfaces; returns how many there are,
 * at most max. Where Postfix delivers through a relay there are none, and
 * *relay_r is its name.
 */
size_t	check_host_addresses(const struct check_host *,
	    struct ip_addr *v, size_t max, struct str *relay_r);

#endif
