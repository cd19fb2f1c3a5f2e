/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: whether our own code worked. What is true about a mail is said by
 * enum dkim_result and the like, never by a status.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_NOMEM,	/* out of memory, or an arena at its ceiling */
	STATUS_LIMIT,	/* input beyond a named limit */
	STATUS_SYNTAX,	/* malformed input */
	STATUS_TEMP,	/* a temporary failure: DNS, a busy peer */
	STATUS_IO	/* a file or a socket failed; errno says how */
};

/* A short lower-case phrase, static. */
const char	*status_text(enum status);

#endif
