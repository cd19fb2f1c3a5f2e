/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: writes a DNS record in the forms that people and programs take it:
 * a line of a zone file, an update of nsupdate(1), a name relative to its zone.
 *
 * A value is as in a zone file; that of TXT is the text itself, its strings
 * joined and not quoted. Names have no final dot. Octets that mean something in
 * a zone file are escaped (RFC 1035 5.1), so that any text can be written and
 * is read back as the same text.
 */
#ifndef WANTED_RECORD_H
#define WANTED_RECORD_H

#include "base/buf.h"
#include "base/str.h"

#define RECORD_STRING_MAX_BYTES	255	/* of one character-string in TXT */

/* The text as it is, but for octets that are not printable ASCII. */
void	 record_text(struct buf *, struct str text);
/* Quoted strings of at most 255 octets, a space between them. */
void	 record_strings(struct buf *, struct str value);
/* The value, that of TXT in strings. */
void	 record_data(struct buf *, const char *type, struct str value);
/* "owner. IN TYPE data" and a line end, on one line and without parentheses,
   for programs that read it by line. */
void	 record_zone_line(struct buf *, struct str owner, const char *type,
	    struct str value);
/* The same without the class, as people write it, and without a line end. */
void	 record_short_line(struct buf *, struct str owner, const char *type,
	    struct str value);
/* A line "update add" for nsupdate(1). */
void	 record_update_add(struct buf *, struct str owner, unsigned ttl_s,
	    const char *type, struct str value);
/* The owner as it is entered in the zone: without the zone's name; empty for
   the zone itself; the owner itself if it is not within the zone. */
struct str	 record_relative(struct str owner, struct str zone);

#endif
