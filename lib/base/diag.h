/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag: why something of the operator's was refused: "file:line: reason".
 * The first reason set stays, later ones are dropped.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/attr.h"

#define DIAG_MAX_BYTES	1024

struct diag {
	char	text[DIAG_MAX_BYTES];	/* "" while all is well */
};

void	diag_init(struct diag *);
/* line 0: no line; file NULL: no place. */
void	diag_set(struct diag *, const char *file, unsigned line,
	    const char *fmt, ...) ATTR_PRINTF(4, 5);

#endif
