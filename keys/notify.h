/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify: reports to the operator what dkimkeygen cannot do by itself, by
 * Notify of dkimkeygen.conf(5): a program that gets the text on its standard
 * input, or a mail through sendmail(8). One message for a run, bounded; what
 * does not fit is counted.
 */
#ifndef KEYS_NOTIFY_H
#define KEYS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"
#include "keys/store.h"

#define NOTIFY_MAX_BYTES	24576	/* of the text */

struct notice {			/* of one run */
	struct buf	 text;
	size_t		 n;		/* keys in it */
	size_t		 omitted;	/* keys for which there was no room */
};

void	 notice_init(struct notice *);
void	 notice_fini(struct notice *);
/* A key, in one paragraph without its line end. */
void	 notice_add(struct notice *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Does nothing without Notify, or if there is nothing to report. False: said
   why. */
bool	 notice_send(struct store *, struct notice *);

#endif
