/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: reads Received fields (RFC 5321 4.4): the client in that of a
 * trusted relay, so that the client can be checked behind the relay; and who
 * wrote a field, and how the message arrived there. The caller passes only
 * fields that a trusted host wrote, or decides by "by" which are.
 *
 * The forms of Postfix, Sendmail, Exim, qmail and Exchange are recognised:
 *	from HELO (NAME [ADDRESS]) ... by	from HELO ([ADDRESS]) by
 *	from HELO (IDENT@NAME [ADDRESS] (may be forged)) by
 *	from [ADDRESS] (helo=HELO) by	from NAME ([ADDRESS]:PORT helo=HELO) by
 *	from NAME (HELO HELO) (IDENT@ADDRESS) by	from HELO (ADDRESS) by
 * "[ADDRESS]" alone may be a HELO and is not used. HELO and IDENT come from the
 * client, and some relays copy them unchanged: an address counts only where the
 * relay writes one, and an ambiguous field (two addresses, a second "by",
 * unbalanced parentheses or quotes, a backslash outside them) is not used.
 *
 * Allocates nothing; time is linear in the length.
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdbool.h>

#include "base/ip.h"
#include "base/str.h"

struct received_client {	/* views into the value */
	struct ip_addr		 ip;
	struct str		 name;	/* reverse DNS name that the relay
					   wrote; absent: none or "unknown" */
	struct str		 helo;	/* unchanged; absent: none */
};

/* False: the value names no client, or is ambiguous. */
bool	received_client(struct str value, struct received_client *r);

enum received_address {		/* of the client, in the first comment */
	RECEIVED_NO_ADDRESS,	/* as of programs that are no SMTP server; or
				   "[local]" */
	RECEIVED_UNCLEAR,
	RECEIVED_ADDRESS
};

struct received_hop {		/* views into the value */
	struct str		 by;	/* the host; absent: none */
	struct str		 with;	/* the protocol; absent: none */
	struct str		 id;	/* the queue ID there; absent: none */
	bool			 login;	/* "(Authenticated sender: x)",
					   "(authenticated bits=0)", behind
					   another comment */
	enum received_address	 address;
	struct received_client	 client;	/* with RECEIVED_ADDRESS; name:
						   only if the host confirmed
						   it */
};

/*
 * Reads a field of Postfix's or Sendmail's form, up to the ID:
 *	from HELO (NAME [ADDRESS]) ... by HOST ... with PROTOCOL id ID
 *	by HOST ... id ID
 * HELO is one word, whichever, without parentheses or quotes, as both see to.
 * Of a malformed field, what is read until then.
 */
void	received_hop(struct str value, struct received_hop *r);

#endif
