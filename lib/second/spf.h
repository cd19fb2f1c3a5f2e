/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf: what libspf2 says of the client; OpenDMARC links it for its own SPF.
 * Its questions are answered from the message's batch, never by a resolver of
 * its own.
 *
 * Debian's libspf2 expands macros with a known fault (CVE-2023-42118), and
 * what it reads comes from outside. So it is never shown a text with a macro,
 * nor one that is not ASCII, nor one beyond SECOND_SPF_TEXT_BYTES: then there
 * is no second opinion on SPF.
 */
#ifndef SECOND_SPF_H
#define SECOND_SPF_H

#include <sys/socket.h>

#include "second/second.h"

#define SECOND_SPF_TEXT_BYTES	4096	/* of a record */
#define SECOND_SPF_NAME_BYTES	255	/* of HELO, of MAIL FROM */
#define SECOND_SPF_MAX_QUERIES	150	/* beyond it names do not exist */

struct second_spf {
	const char	*result;	/* RFC 8601's word; NULL: no opinion */
	const char	*reason;	/* static phrase of libspf2's or ours */
};

struct second_spf_query {
	const struct sockaddr	*addr;
	struct str		 helo;
	struct str		 mail_from;	/* "<a@b>", "a@b", "<>" or "" */
};

/* The MAIL FROM identity. Waits for answers until the deadline. */
enum status	second_spf_check(struct arena *, struct dns_batch *,
		    const struct second_spf_query *, uint64_t dns_deadline_us,
		    struct second_spf *r) ATTR_MUST_CHECK;

#endif
