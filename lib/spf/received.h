/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: writes the value of a Received-SPF field (RFC 7208 9.1), for
 * software that does not read Authentication-Results.
 */
#ifndef SPF_RECEIVED_H
#define SPF_RECEIVED_H

#include "base/buf.h"
#include "spf/check.h"

#define SPF_RECEIVED_VALUE_BYTES 320	/* longer values are truncated */

struct spf_received {
	const struct spf_verdict	*verdict;
	const struct ip_addr		*ip;		/* the client's */
	struct str			 mail_from;	/* the SMTP path */
	struct str			 helo;		/* or absent */
	struct str			 receiver;	/* this host */
};

/*
 * Appends the value without the field name, folded with CRLF HTAB at 78
 * columns. Text from outside is reduced to printable ASCII.
 */
enum status	spf_received_write(struct buf *, const struct spf_received *)
    ATTR_MUST_CHECK;

#endif
