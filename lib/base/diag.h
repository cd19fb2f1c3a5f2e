/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag: an error message for the operator: "file:line: reason". The first
 * reason that is set is kept, later ones are dropped.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/attr.h"

#define DIAG_MAX_BYTES	1024

struct diag {
	char	text[DIAG_MAX_BYTES];	/* "": no error */
};

void	diag_init(struct diag *);
/* line 0: without line; file NULL: without file. */
void	diag_set(struct diag *, const char *file, unsigned line,
	    const char *fmt, ...) ATTR_PRINTF(4, 5);

#endif
