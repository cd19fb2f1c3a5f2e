/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider: how the web forms of DNS providers want a record, as one table. All
 * of them append the zone's name themselves, which is why a full name ends up
 * with the zone's twice (DOMAIN_DOUBLED_WHAT). They differ in the name of the
 * zone itself and in TXT: most quote and split the text, others want quoted
 * strings of at most 255 octets. A provider is known by its name servers.
 *
 * An unknown provider is taken as one that quotes and splits the text.
 */
#ifndef WANTED_PROVIDER_H
#define WANTED_PROVIDER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct provider {
	const char	*name;		/* "Cloudflare" */
	const char	*servers;	/* patterns of its name servers */
	const char	*apex;		/* the zone itself in the form: "@", or
					   "", an empty field */
	bool		 quotes;	/* TXT in quoted strings */
};

/* By the zone's name servers, of which one suffices; NULL: unknown. */
const struct provider	*provider_find(const struct str *servers, size_t n);
/* By its name, letter case aside; NULL: unknown. */
const struct provider	*provider_named(const char *name);
/* All of them, the last with a NULL name. */
const struct provider	*provider_table(void);

/* What is entered as the name, and as the value. The provider may be NULL. */
void	 provider_name(const struct provider *, struct buf *, struct str owner,
	    struct str zone);
void	 provider_value(const struct provider *, struct buf *,
	    const char *type, struct str value);
/* Both, on lines with labels. */
void	 provider_form(const struct provider *, struct buf *, struct str zone,
	    struct str owner, const char *type, struct str value);

#endif
