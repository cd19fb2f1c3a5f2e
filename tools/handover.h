/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover: gives a mail of ours to the local MTA, whose queue, TLS and milters
 * do the rest: by sendmail(8), by SMTP, or as a file in a folder. Each mail has
 * one recipient. What does not end in time is given up and is to be tried
 * again.
 *
 * A mail for which HANDOVER_DONE was not returned may have been taken all the
 * same, if this process ended in between.
 */
#ifndef TOOLS_HANDOVER_H
#define TOOLS_HANDOVER_H

#include "base/diag.h"
#include "base/env.h"
#include "base/str.h"

#define HANDOVER_MAX_US		(60 * 1000000ULL)	/* of one mail */
#define HANDOVER_REPLY_MAX_BYTES 16384			/* of the MTA */

enum handover_result {
	HANDOVER_DONE,
	HANDOVER_LATER,		/* not now; diag says why */
	HANDOVER_REFUSED	/* the MTA says that the recipient is no
				   address, or none any more */
};

struct handover_mail {
	const char	*sender;	/* of the envelope */
	const char	*recipient;
	struct str	 text;		/* with LF */
	const char	*name;		/* of the file in a folder */
};

struct handover {
	const struct env *env;
	const char	*transport;	/* as ReportTransport has it */
	const char	*folder;	/* instead of it; NULL: none */
	const char	*helo;		/* the name of this host */
};

enum handover_result	 handover_send(const struct handover *,
			    const struct handover_mail *, struct diag *);

/* The ways (handover_sendmail.c, handover_smtp.c, handover_file.c) */

enum handover_result	 handover_sendmail(const struct handover *,
			    const char *program, const struct handover_mail *,
			    struct diag *);
/* where: "host", "host:port", "[address]:port". */
enum handover_result	 handover_smtp(const struct handover *,
			    const char *where, const struct handover_mail *,
			    struct diag *);
enum handover_result	 handover_file(const struct handover *,
			    const struct handover_mail *, struct diag *);
/* Waits for an event of poll(2). False: not before deadline_us. */
bool			 handover_wait(const struct handover *, int fd,
			    short event, uint64_t deadline_us);

#endif
