/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr_read: the domains that some reader of a From field might show as its
 * author's, for a field that is not a valid mailbox-list. Programs read such
 * fields in different ways, so no single reading is right. The invariant:
 *
 *	a domain that a reader takes for the author's is never missing here.
 *
 * A domain too many only makes a policy stricter; a missing one is a forgery
 * that passes. The rules:
 *
 *	- Every '@' with a name behind it counts, unless it is a source route's.
 *	  Dots in the local part and behind the domain are of no account.
 *	- A name that goes on behind a gap (white space, a comment, a backslash)
 *	  counts with and without what follows.
 *	- Quoted strings and comments do not count, unless nothing else does, or
 *	  quoting itself is in doubt: a backslash, a quote or parenthesis
 *	  without its partner, quotes in a comment or parentheses in a quoted
 *	  string. Then the field is also read without regard to either and to
 *	  both.
 *	- Quoting is in doubt, too, if a quoted string is behind an address,
 *	  before ">", or in the name of a group, or a comment has an '@' and one
 *	  of <>,;:[].
 *	- Quoted strings and comments are also read up to the end of a line.
 *	- Brackets are passed over, but for an address literal, which has an
 *	  IP address in it and nothing behind it.
 *	- A name with other characters than ASCII counts in A-labels, up to
 *	  those, without them, and with dots for those that IDNA 2003 takes for
 *	  dots.
 *	- A name with an empty label counts up to that, besides others.
 *	- Encoded words (RFC 2047) are read as they stand and decoded
 *	  (addr_words.h), with and without white space behind them. One in a
 *	  charset that is not known to leave ASCII alone may hold an address
 *	  for a reader that knows it: no reading of the field is complete.
 *	- Control characters separate, and are also read as if absent.
 *
 * Linear in the length of the value.
 */
#ifndef MAIL_ADDR_READ_H
#define MAIL_ADDR_READ_H

#include "mail/addr.h"

#define ADDR_READ_MAX_DOMAINS	100
#define ADDR_READ_MAX_ATS	1000	/* of all readings of a value
					   together */
#define ADDR_READ_NAME_MAX_BYTES 1024	/* of a domain with gaps in it */

/*
 * Sets result, v and n of *r; `strict` is not touched. OK: at least one
 * mailbox, each domain once, in the order of the field. NONE: no '@' that
 * could belong to an address with a domain (an address literal has none).
 * SYNTAX: there is one, but no domain that can be read, or one may be in an
 * unreadable encoded word. LIMIT: beyond one of the limits above. Returns NOMEM
 * or OK.
 */
enum status	addr_read(struct arena *, struct str value, struct addr_from *r)
    ATTR_MUST_CHECK;
/*
 * The same by one reading only, for which quoted strings and comments end at
 * the end of a line. OK without a mailbox: it finds none. Or LIMIT.
 */
enum status	addr_read_folds(struct arena *, struct str value,
		    struct addr_from *r) ATTR_MUST_CHECK;

#endif
