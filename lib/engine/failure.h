/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files that make failure reports. */
#ifndef ENGINE_FAILURE_H
#define ENGINE_FAILURE_H

#include "engine/private.h"
#include "report/failure.h"

enum failure_cause {		/* what fo= asks about */
	FAILURE_NO,
	FAILURE_DMARC,
	FAILURE_DKIM,
	FAILURE_SPF
};

struct failing {		/* a message, for one author domain */
	const struct engine_input	*in;
	const struct engine_outcome	*out;
	const struct dmarc_verdict	*v;
	enum failure_cause		 cause;
	const struct dkim_verdict	*signature;	/* that failed; NULL:
							   none to be named */
	bool				 applied;
	int64_t				 now_s;
	struct str			 source;
	enum status			 status;	/* sticky */
};

/* "dmarc", "bodyhash", "revoked", "signature", "spf" (RFC 6591 3.1, RFC 9991
   4). */
const char	*failure_cause_name(const struct failing *);
/* "dkim, spf", "none" (RFC 9991 4). */
const char	*failure_alignment(const struct dmarc_verdict *);

/* failure_fields.c: both append fields and set the status. */

/* The fields of the report about the message. */
void		 failure_write_feedback(struct failing *, struct buf *);
/* Fields of the message, redacted. */
void		 failure_write_header(struct failing *, struct buf *);

#endif
