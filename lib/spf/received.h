/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: the value of a Received-SPF field (RFC 7208 9.1). It says what
 * Authentication-Results says, for those who read only this.
 */
#ifndef SPF_RECEIVED_H
#define SPF_RECEIVED_H

#include "base/buf.h"
#include "spf/check.h"

#define SPF_RECEIVED_VALUE_BYTES 320	/* of each value; the rest is cut */

struct spf_received {
	const struct spf_verdict	*verdict;
	const struct ip_addr		*ip;		/* the client's */
	struct str			 mail_from;	/* the SMTP path */
	struct str			 helo;		/* or absent */
	struct str			 receiver;	/* our name */
};

/*
 * Appends it, no field name, with CRLF HTAB folds; lines at most 78 columns
 * where a value allows. What comes from outside is ASCII in it, without
 * controls.
 */
enum status	spf_received_write(struct buf *, const struct spf_received *)
    ATTR_MUST_CHECK;

#endif
