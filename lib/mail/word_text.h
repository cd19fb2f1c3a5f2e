/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * word_text: the octets that the text of an encoded word stands for (RFC 2047
 * 4), read as programs do that show mail: what is invalid is taken literally in
 * Q and skipped in B, where each '=' ends a run.
 */
#ifndef MAIL_WORD_TEXT_H
#define MAIL_WORD_TEXT_H

#include <stdbool.h>

#include "base/str.h"

struct word_text {		/* { .rest = text, .base64 = B, not Q } */
	struct str	 rest;
	bool		 base64;
	unsigned	 bits;		/* read, and not yet returned */
	unsigned	 bits_n;
};

/* The next octet; false: the end. There are not more than in the text, and each
   is read before it is returned. */
bool	word_text_next(struct word_text *, char *r);

#endif
