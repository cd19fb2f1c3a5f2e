/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failure: what is kept of a message for the failure reports that this host
 * sends (RFC 9991), and the mail that such a report is. Invariants:
 *
 *	Nothing of a body, no local part of an address, and no field but those
 *	that engine/failure.c names is in it (RFC 9991 7).
 *	All of it is printable ASCII in lines of at most 998 octets, each of
 *	which begins with the name of a field or a space: no text of a message
 *	can end a part of the report or add a field to it.
 *	Messages that are alike (client, domains and what failed) are one
 *	report with a number (Incidents), at most one in FAILURE_SLOT_S.
 */
#ifndef REPORT_FAILURE_H
#define REPORT_FAILURE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

#define FAILURE_SLOT_S		3600
#define FAILURE_FEEDBACK_MAX_BYTES 8192
#define FAILURE_HEADER_MAX_BYTES 16384
#define FAILURE_WORD_MAX_BYTES	500	/* in a line; a longer one is split */
#define FAILURE_MAIL_MAX_BYTES	((size_t)64 * 1024)
/* A report that could not be sent until then is of no use. */
#define FAILURE_KEPT_S		(2 * 86400)

struct kept_failure {
	struct str	domain;		/* where the record was found */
	struct str	ruf;		/* valid URIs as published, in order,
					   separated by commas */
	struct str	source;		/* the client's address, RFC 5952 */
	struct str	like;		/* equal for messages that are alike */
	struct str	feedback;	/* fields of the report; LF at the end
					   of each line */
	struct str	header;		/* fields of the message, the same */
	int64_t		at_s;		/* of the first message */
	int64_t		incidents;	/* messages */
};

struct failure_limits {		/* of reports within 24 hours */
	int64_t		per_day;	/* in all */
	int64_t		per_domain;	/* about a policy domain */
	int64_t		per_source;	/* about a client; IPv6: a /64 */
};

/* Appends a field with LF. text: printable ASCII; folded at its spaces. An
   empty one adds nothing. */
void		 failure_add_field(struct buf *, const char *name, struct str);

struct failure_mail {		/* all of it printable ASCII */
	struct str	from;		/* an address */
	struct str	to;		/* the same */
	struct str	receiver;	/* domain of the reporter */
	struct str	id;		/* of the report: letters and digits */
	struct str	tag;		/* letters and digits; or empty */
	int64_t		date_s;
	const struct kept_failure *failure;
};

/* Appends the mail, with LF. Equal input gives equal octets. LIMIT, NOMEM: as
   the buffer says. */
enum status	 failure_write_mail(struct buf *, const struct failure_mail *)
    ATTR_MUST_CHECK;

#endif
