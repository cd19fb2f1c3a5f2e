/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address: the mail address of a mailto: URI in rua= or ruf= (RFC 9989 4.6,
 * RFC 6068). The URI comes from outside and the address goes into an
 * envelope and a To field, so that only this form results: a local part that
 * is a dot-string or a quoted string of printable ASCII, without '@', and a
 * domain of two labels or more in A-labels.
 */
#ifndef DMARC_ADDRESS_H
#define DMARC_ADDRESS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define DMARC_LOCAL_MAX_BYTES	64	/* RFC 5321 4.5.3.1.1 */
#define DMARC_ADDRESS_MAX_BYTES	254	/* RFC 5321 4.5.3.1.3 */

struct dmarc_address {		/* in the arena */
	struct str	text;	/* local@host */
	struct str	host;	/* normalised; the end of text */
};

/*
 * uri: as dmarc_uri_next() returns it. SYNTAX: another scheme, or no address
 * that mail can be sent to. Fields of the URI ("?subject=") are ignored.
 */
enum status	dmarc_address_read(struct arena *, struct str uri,
		    struct dmarc_address *r) ATTR_MUST_CHECK;

#endif
