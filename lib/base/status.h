/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: whether our own code worked. What is true about a mail is never
 * said here; that is what enum dkim_result and its kin are for.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_NOMEM,	/* out of memory, or an arena at its ceiling */
	STATUS_LIMIT,	/* input beyond a named limit */
	STATUS_SYNTAX,	/* input that is not what it should be */
	STATUS_TEMP,	/* may work later: DNS, a busy peer */
	STATUS_IO	/* a file or a socket failed; errno says how */
};

/* A short lower-case phrase, static. */
const char	*status_text(enum status);

#endif
