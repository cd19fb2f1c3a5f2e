/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process writes to its parent when it dies of a forbidden call; both
   are the same program. */
#ifndef MILTER_SANDBOX_REPORT_H
#define MILTER_SANDBOX_REPORT_H

#include <stdint.h>

enum sandbox_detail {
	SANDBOX_DETAIL_NONE,
	SANDBOX_DETAIL_TEXT,		/* a path */
	SANDBOX_DETAIL_ADDRESS		/* a struct sockaddr */
};

struct sandbox_report {
	int32_t		number;		/* of the system call */
	uint32_t	detail;		/* enum sandbox_detail */
	char		octets[128];	/* cut off, or followed by NUL */
};

#endif
