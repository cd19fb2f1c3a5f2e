/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_mbox: splits an mbox into its messages as the bytes arrive. Writers do
 * not agree on quoting "From " within a message (RFC 4155), so that such a line
 * ends one only if it has a time and a year, or if it follows an empty line and
 * a header field follows it.
 */
#ifndef REPORT_READ_MBOX_H
#define REPORT_READ_MBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct mbox;

/* A message without its From_ line; absent: it is too large. False: no more of
   them are wanted. */
typedef bool	 mbox_take(void *ctx, struct str message);

struct mbox	*mbox_new(mbox_take *, void *ctx);	/* NULL: no memory */
/* False: no more is wanted. */
bool		 mbox_bytes(struct mbox *, const void *, size_t n);
/* Takes the last message. Frees the mbox. */
void		 mbox_end(struct mbox *);

#endif
