/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_dns: for mailseald -n, whether the keys that sign are in the DNS. Each
 * key whose record is missing or another one's is warned of, with a hint where
 * the record stands if the zone's name was appended twice. A resolver that does
 * not answer is a warning as well; nothing here is an error.
 *
 * Limits: CHECK_DNS_KEYS_MAX keys, CHECK_DNS_WAIT_US for all answers together.
 */
#ifndef MILTER_CHECK_DNS_H
#define MILTER_CHECK_DNS_H

#include "base/env.h"
#include "dns/dns.h"
#include "signers/signers.h"

#define CHECK_DNS_KEYS_MAX	200
#define CHECK_DNS_WAIT_US	4000000	/* for the records */
#define CHECK_DNS_HINT_US	2000000	/* for the hints after that */

struct check_dns_counts {
	size_t	 bad;		/* keys without their record */
	size_t	 unknown;	/* without an answer */
	size_t	 left;		/* beyond the limit */
};

struct check_dns;

/* NULL: out of memory. */
struct check_dns	*check_dns_new(struct dns *, const struct env *);
void			 check_dns_free(struct check_dns *);	/* NULL is
								   valid */
/* Asks for the record of a key. ctx: a struct check_dns. */
void			 check_dns_add(void *ctx, const struct signers_pick *);
/* Waits, warns and counts. */
void			 check_dns_finish(struct check_dns *,
			    struct check_dns_counts *r);

#endif
