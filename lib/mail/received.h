/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: the client that a host of ours names in the Received field that it
 * wrote (RFC 5321 4.4: the From-domain clause), in the ways of Postfix,
 * Sendmail, Exim, qmail and Exchange:
 *
 *	from helo (name [192.0.2.1]) ... by ...
 *	from helo ([192.0.2.1]) by ...
 *	from name ([192.0.2.1] helo=helo) by ...
 *	from [192.0.2.1] (helo=helo) by ...
 *	from name (HELO helo) (192.0.2.1) by ...
 *	from helo (192.0.2.1) by ...
 *
 * What the client said of itself never makes an address. Where the clause has
 * two of them, nobody knows which is meant.
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/str.h"

struct received_client {
	struct sockaddr_storage	 storage;	/* AF_INET or AF_INET6; mapped
						   addresses are AF_INET */
	const struct sockaddr	*addr;		/* the same */
	struct str		 name;		/* from PTR; or absent */
	struct str		 helo;		/* or absent */
};

/* False: no client is named, or it is not clear which. Views into value. */
bool	received_client(struct str value, struct received_client *r);

#endif
