/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk: the DNS tree walk (RFC 9989 4.10), which determines the organisational
 * domain of a name and its policy record. All names on the way are known at
 * the start, at most eight, so that their queries are sent at once; answers
 * beyond the end of the walk are ignored. Each name is walked at most once per
 * message.
 *
 * Public suffixes have a veto: where many tenants have a name below one suffix,
 * its record must not make them one organisation. A name on the list is no
 * organisational domain, unless its record has psd=n. The policy is found as in
 * RFC 9989 all the same.
 *
 * With a public suffix list instead of walks the lookup is that of RFC 7489
 * (3.2, 6.6.3): the name and its organisational domain, at most two queries.
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
	struct str		 name;		/* the start */
	struct dmarc_step	 v[DMARC_WALK_MAX_NAMES];
	size_t			 n;

	bool			 given_up;	/* missing answers are
						   failures */
	bool			 read;		/* the rest is set */
	size_t			 went;		/* steps until the walk ended */
	bool			 failed;	/* the last of these had no
						   answer */
	struct str		 org;		/* absent: unknown */
	/* If it failed: the highest name with a record below, or absent. Of a
	   public suffix, the part of the name one label longer. */
	struct str		 floor;
	const struct dmarc_record *own;		/* at the name, or NULL */
	/* The record of the organisational domain or of the public suffix: */
	const struct dmarc_record *above;	/* NULL: none */
	struct str		 above_name;
};

struct dmarc_walks {		/* of one message */
	SLIST_HEAD(, dmarc_walk)	 list;
	struct arena			*arena;
	struct dns_batch		*batch;
	const struct dmarc_psl		*psl;	/* NULL: tree walks */
	const struct dmarc_psl		*suffixes; /* for tree walks; or NULL */
	bool				 given_up;	/* missing answers are
							   failures */
};

void		dmarc_walks_init(struct dmarc_walks *, struct arena *,
		    struct dns_batch *, const struct dmarc_psl *,
		    const struct dmarc_psl *suffixes);
/*
 * Returns the walk that starts at the name (normalised; it must outlive the
 * walks). Starts one and sends its queries if necessary.
 */
enum status	dmarc_walks_start(struct dmarc_walks *, struct str name,
		    struct dmarc_walk **walk_r) ATTR_MUST_CHECK;
/* The walk that starts at the name, or NULL. */
struct dmarc_walk	*dmarc_walks_find(const struct dmarc_walks *,
			    struct str name);
/*
 * Reads the walk. walk->read is still false afterwards if an answer is
 * missing.
 */
enum status	dmarc_walk_read(const struct dmarc_walks *,
		    struct dmarc_walk *) ATTR_MUST_CHECK;
/*
 * Whether both names have the same organisational domain whatever the answers
 * say that are missing or failed: both walks found a record at the same name,
 * and failed at the same name above it, so that all above is common to both.
 * Neighbours below a public suffix with a record have not.
 */
bool		dmarc_walks_meet(const struct dmarc_walk *,
		    const struct dmarc_walk *);

#endif
