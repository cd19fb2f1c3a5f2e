/* SPDX-License-Identifier: BSD-2-Clause */
/* record: writes the TXT record of a key in the format of a zone file. */
#ifndef KEYSTORE_RECORD_H
#define KEYSTORE_RECORD_H

#include "base/buf.h"
#include "base/str.h"

#define RECORD_STRING_MAX_BYTES	255	/* of one character-string in TXT */

/* Appends a space and a quoted string for each 255 octets. */
void	 record_strings(struct buf *, struct str value);
/* Appends a line of a zone file: owner, type, strings. */
void	 record_zone_line(struct buf *, struct str owner, struct str value);

#endif
