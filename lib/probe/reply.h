/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply: reads replies of SMTP servers (RFC 5321 4.2) from octets that nobody
 * vouches for. A reply is one line or more, each "250-text" but the last, which
 * has a space or nothing after the code. LF alone ends a line, too.
 *
 * Limits: PROBE_LINE_MAX_BYTES of a line, with or without its end, and
 * PROBE_REPLY_MAX_LINES.
 */
#ifndef PROBE_REPLY_H
#define PROBE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define PROBE_LINE_MAX_BYTES	4096
#define PROBE_REPLY_MAX_LINES	128

enum reply_state {
	REPLY_MORE,		/* its end has not come yet */
	REPLY_DONE,
	REPLY_GARBAGE,		/* no reply at all */
	REPLY_ENDLESS		/* past a limit */
};

struct reply {
	unsigned	 code;		/* 200 to 599 */
	struct str	 text;		/* of its first line, after the code */
	struct str	 lines;		/* all of it, as it came */
	size_t		 n;		/* lines */
};

/* Reads one from the start of the octets; the views are into these. */
enum reply_state	 reply_read(struct str octets, struct reply *r);
/* Whether a line after the first one begins with that word (RFC 5321 4.1.1.1),
   letter case aside. */
bool			 reply_has_keyword(const struct reply *,
			    struct str keyword);

#endif
