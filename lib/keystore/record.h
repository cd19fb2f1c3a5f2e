/* SPDX-License-Identifier: BSD-2-Clause */
/* record: the TXT record of a key, as text for a name server. */
#ifndef KEYSTORE_RECORD_H
#define KEYSTORE_RECORD_H

#include "base/buf.h"
#include "base/str.h"

#define RECORD_STRING_MAX_BYTES	255	/* of one character-string in TXT */

/* A space and a quoted string for each 255 octets. */
void	 record_strings(struct buf *, struct str value);
/* A line of master file: owner, type, strings. */
void	 record_zone_line(struct buf *, struct str owner, struct str value);

#endif
