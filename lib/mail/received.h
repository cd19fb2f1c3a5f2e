/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: reads the client from the Received field of a trusted relay (RFC
 * 5321 4.4), so that the client can be checked behind the relay. The caller
 * passes only fields that a trusted host wrote.
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

#endif
