/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uri: the lists of rua= and ruf= (RFC 9989 4.6, 4.8): URIs (RFC 3986)
 * separated by commas. Returns views into the list, which are not decoded.
 */
#ifndef DMARC_URI_H
#define DMARC_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Removes the next valid URI from *list and returns it, without the size limit
 * of RFC 7489 ("!10m"). Skips invalid items. False: no more. Accepts any
 * scheme; a mailto: URI must have an address.
 */
bool	dmarc_uri_next(struct str *list, struct str *uri_r);
/* The same with that limit, in octets; UINT64_MAX: none, or too large. */
bool	dmarc_uri_next_sized(struct str *list, struct str *uri_r,
	    uint64_t *bytes_r);
/* The address of a mailto: URI, still percent-encoded; absent for others. */
struct str	dmarc_uri_mailto(struct str uri);

#endif
