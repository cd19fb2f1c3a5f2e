/* SPDX-License-Identifier: BSD-2-Clause */
/* b64: base64 (RFC 4648 4) as mail uses it, with a strict alphabet. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

/* Appends the encoding of n bytes, padded, in one line. */
void	b64_encode(struct buf *, const void *, size_t n);
/*
 * Decodes into the arena. SP, HTAB, CR and LF are skipped anywhere. Any other
 * octet outside the alphabet, data after padding, wrong padding and non-zero
 * unused bits are STATUS_SYNTAX. Empty input gives an empty result.
 */
enum status	b64_decode(struct arena *, struct str, struct str *bytes_r)
    ATTR_MUST_CHECK;
/* Of a character of the alphabet, 0 to 63; -1: it is none. */
int	b64_value(char);

#endif
