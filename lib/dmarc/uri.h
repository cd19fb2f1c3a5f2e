/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uri: the lists of rua= and ruf= (RFC 9989 4.6, 4.8): URIs of RFC 3986 with
 * commas between them. Views into the list, nothing is decoded.
 */
#ifndef DMARC_URI_H
#define DMARC_URI_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Cuts the next URI off *list, without the size limit that RFC 7489 allowed
 * behind it ("!10m"). What is no URI is passed over. False: none is left. The
 * scheme may be any; a mailto: has an address.
 */
bool	dmarc_uri_next(struct str *list, struct str *uri_r);
/* The address, still percent-encoded, if it is a mailto: URI; else absent. */
struct str	dmarc_uri_mailto(struct str uri);

#endif
