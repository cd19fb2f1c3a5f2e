/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_mail: the mail that carries an aggregate report (RFC 9990 3.5): a
 * sentence for people and the report as an attachment. Equal input gives equal
 * octets, so that a report that is sent again is the same mail.
 */
#ifndef REPORT_WRITE_MAIL_H
#define REPORT_WRITE_MAIL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "report/write.h"

#define WRITE_MAIL_MAX_BYTES	(96 << 20)

struct write_mail {		/* all of it printable ASCII but gzip */
	struct str	from;		/* an address */
	struct str	to;		/* the same */
	struct str	receiver;	/* domain of the reporter */
	struct str	domain;		/* of the policy */
	struct str	id;		/* of the report: letters and digits */
	struct str	tag;		/* letters and digits; or empty */
	int64_t		begin_s;	/* first and last second */
	int64_t		end_s;
	int64_t		date_s;
	struct write_counts counts;
	struct str	gzip;
};

/* Appends "Sun, 29 Nov 2026 12:00:00 +0000". */
void		 write_mail_time(struct buf *, int64_t time_s);
/* Appends the mail, with LF. LIMIT, NOMEM: as the buffer says. */
enum status	 write_mail(struct buf *, const struct write_mail *)
    ATTR_MUST_CHECK;

#endif
