/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: the client that a relay of ours named in the Received field it
 * wrote (RFC 5321 4.4), so that what is true about that client can be checked
 * behind the relay. Only a field that a trusted host wrote may be given here.
 *
 * Read are the forms of Postfix, Sendmail, Exim, qmail and Exchange:
 *	from HELO (NAME [ADDRESS]) ... by	from HELO ([ADDRESS]) by
 *	from HELO (IDENT@NAME [ADDRESS] (may be forged)) by
 *	from [ADDRESS] (helo=HELO) by	from NAME ([ADDRESS]:PORT helo=HELO) by
 *	from NAME (HELO HELO) (IDENT@ADDRESS) by	from HELO (ADDRESS) by
 * "[ADDRESS]" alone may be a HELO and names nobody. HELO and IDENT are the
 * client's own words, which some relays write as they are: an address counts
 * only where the relay puts one, and a field that can be read in two ways (two
 * addresses, a second "by", parentheses or quotes that do not match, a
 * backslash outside them) names nobody either.
 *
 * No allocation; time is linear in the length, whatever it is.
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdbool.h>

#include "base/ip.h"
#include "base/str.h"

struct received_client {	/* views into the value */
	struct ip_addr		 ip;
	struct str		 name;	/* reverse DNS name that the relay
					   wrote; absent: "unknown", none */
	struct str		 helo;	/* as it stands; absent: none */
};

/* False: the value names no client, or it is not clear which. */
bool	received_client(struct str value, struct received_client *r);

#endif
