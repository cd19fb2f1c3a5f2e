/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr_words: a From field with its encoded words (RFC 2047) decoded, for
 * addr_read.h; the engine reads its marks with it, too. They are read as
 * leniently as any reader does: up to the next "?=", base64 without its padding
 * or with other characters in it. No charset is converted: what matters is
 * ASCII, which most leave alone, and so does a word without a charset. Their
 * names are known in any spelling. Linear time.
 */
#ifndef MAIL_ADDR_WORDS_H
#define MAIL_ADDR_WORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define ADDR_WORDS_MAX	1000	/* further ones are left */

/*
 * Behind each word goes the character of `behind`, or nothing if that is "".
 * *decoded_r: absent if there is no word. *unknown_r: set if a word's charset
 * is not known to leave ASCII alone.
 */
enum status	addr_words_decode(struct arena *, struct str,
		    const char *behind, struct str *decoded_r,
		    bool *unknown_r) ATTR_MUST_CHECK;

#endif
