/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr_shown: domains that a reader may show as the author's and that are not
 * those of the field's mailboxes. The invariant of addr_read.h holds for valid
 * fields, and for fields as the next hop gets them:
 *
 *	- A local part that is itself an address, "a@b.example"@c.example, or
 *	  that has encoded words, which RFC 2047 5 forbids there and some
 *	  readers decode, names a domain of its own.
 *	- White space or a comment within an address, and a source route, are
 *	  read in different ways: in a@b.example. (c) d.example, a domain may
 *	  end at the dot. A valid field with these is read as an invalid one, as
 *	  well, and is not strict if that shows more.
 *	- A quoted string or comment may end at the end of a line for a reader
 *	  that does not unfold the field.
 *	- A line that is too long is broken by the MTA after its milters
 *	  (mail/lines.h). A domain may end where white space is inserted:
 *	  a@b.example.c.example becomes "a@b.example", " .c.example".
 *	  A break between a backslash and a quote moves the quotes: what was in
 *	  a name is then an address. A valid field that has other mailboxes as
 *	  it is sent is not strict, and each domain of the new reading counts.
 *	  This goes for the field as it is, and as a milter refolds it.
 *
 * The mailboxes of the field stay the first ones.
 */
#ifndef MAIL_ADDR_SHOWN_H
#define MAIL_ADDR_SHOWN_H

#include "mail/addr.h"
#include "mail/lines.h"

/* Sets `coded`. value: the field's, whose mailboxes are known. */
enum status	addr_shown_in_words(struct arena *, struct str value,
		    struct addr_from *) ATTR_MUST_CHECK;
/* Of a valid field. SYNTAX if a reading is not complete (addr_read.h). */
enum status	addr_shown_in_odd_syntax(struct arena *, struct str value,
		    struct addr_from *) ATTR_MUST_CHECK;
/* LIMIT if there are too many (addr.h, addr_read.h). */
enum status	addr_shown_in_local_parts(struct arena *, struct addr_from *)
    ATTR_MUST_CHECK;
/* A field that names no domain (NONE) may become OK. Sets `broken`; clears
   `strict` as above. */
enum status	addr_shown_when_sent(struct arena *, struct lines_rule,
		    const struct field *, struct addr_from *) ATTR_MUST_CHECK;

#endif
