/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk: the DNS tree walk (RFC 9989 4.10) and what it finds: a name's
 * organisational domain and the policy record for it. All names that a walk
 * may come to are known at its start, so they are asked for at once, eight at
 * most; reading goes only as far as the walk would have gone. Walks are made
 * when needed, once per name and message.
 *
 * With a public suffix list the walk is RFC 7489's instead (3.2, 6.6.3): the
 * name and its organisational domain, two records at most.
 */
#ifndef DMARC_WALK_H
#define DMARC_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "dmarc/psl.h"
#include "dmarc/record.h"
#include "dns/dns.h"

#define DMARC_WALK_MAX_NAMES	8	/* RFC 9989 4.10 step 4 */

struct dmarc_step {
	struct str		 name;		/* the target */
	struct str		 asked;		/* "_dmarc." and the target */
	const struct dns_query	*query;
};

struct dmarc_walk {
	SLIST_ENTRY(dmarc_walk)	 link;
	struct str		 name;		/* where it starts */
	struct dmarc_step	 v[DMARC_WALK_MAX_NAMES];
	size_t			 n;

	bool			 read;	/* what follows is set */
	size_t			 went;	/* so many of v until it stopped */
	bool			 failed;	/* at the last of them: its query
						   got no answer */
	struct str		 org;	/* absent when not known */
	const struct dmarc_record *own;	/* at the name itself; or NULL */
	/* of the organisational domain, or else of the public suffix: */
	const struct dmarc_record *above;	/* NULL: none */
	struct str		 above_name;
};

struct dmarc_walks {		/* those of one message */
	SLIST_HEAD(, dmarc_walk)	 list;
	struct arena			*arena;
	struct dns_batch		*batch;
	const struct dmarc_psl		*psl;	/* NULL: tree walks */
	bool				 given_up;	/* open queries have
						   failed */
};

void		dmarc_walks_init(struct dmarc_walks *, struct arena *,
		    struct dns_batch *, const struct dmarc_psl *);
/*
 * The walk that starts at the name (normalised; it must outlive the walks),
 * its queries sent.
 */
enum status	dmarc_walks_start(struct dmarc_walks *, struct str name,
		    struct dmarc_walk **walk_r) ATTR_MUST_CHECK;
/* NULL: none starts there. */
struct dmarc_walk	*dmarc_walks_find(const struct dmarc_walks *,
			    struct str name);
/*
 * Reads the walk if the answers that it comes to are there: walk->read says
 * whether they were.
 */
enum status	dmarc_walk_read(const struct dmarc_walks *,
		    struct dmarc_walk *) ATTR_MUST_CHECK;

#endif
