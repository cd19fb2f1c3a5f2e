/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_READ_SOURCES_PRIVATE_H
#define REPORT_READ_SOURCES_PRIVATE_H

#include <sys/tree.h>

#include "base/strmap.h"
#include "report/read_sources.h"

#define SHARED_TEXTS	256	/* a power of two */

struct sources_key {		/* of a report, or a reporter of a domain */
	RB_ENTRY(sources_key)	 node;
	struct str		 text;
};
RB_HEAD(sources_keys, sources_key);

struct sources {
	struct source		*v;
	size_t			 n;
	size_t			 merged;	/* of these, sorted and
						   distinct */
	size_t			 cap;
	struct source_domain	*domains;
	size_t			 domains_n;
	size_t			 domains_cap;
	struct strmap		 by_name;	/* index into domains, + 1 */
	struct sources_keys	 keys;
	size_t			 keys_n;
	struct arena		 arena;
	const char		*shared[SHARED_TEXTS];
};

/* Whether the words are new. Remembers them; see sources_seen(). */
bool	 sources_remember(struct sources *, char kind, const char *,
	    const char *, const char *, int64_t, int64_t);
/* NULL: no memory, or too many domains. */
struct source_domain	*sources_domain_at(struct sources *,
			    const char *name);
/* Adds the sums of a report. p: in the arena of the sources. */
void	 sources_domain_add(struct sources *, struct source_domain *,
	    const struct report_aggregate *, const char *p);
/* Sorts, and adds equal sources up. */
void	 sources_merge(struct sources *);

#endif
