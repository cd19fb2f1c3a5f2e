/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bounce: whether a mail says that one of ours could not be delivered (RFC
 * 3464). It comes from outside, to the address in the return path of a
 * report: nothing of it is used but this answer.
 */
#ifndef REPORT_BOUNCE_H
#define REPORT_BOUNCE_H

#include "base/str.h"

/* Of a mail; the rest is not read. A bounce begins with its report. */
#define BOUNCE_MAX_BYTES	((size_t)1024 * 1024)

enum bounce {
	BOUNCE_NONE,		/* no delivery status notification */
	BOUNCE_DELAYED,		/* or delivered, relayed, expanded */
	BOUNCE_FAILED
};

/* LF or CRLF. */
enum bounce	bounce_read(struct str mail);

#endif
