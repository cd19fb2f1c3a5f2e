/* SPDX-License-Identifier: BSD-2-Clause */
/* utf8: recognises the well-formed sequences of RFC 3629. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The length of the character at the start of s (1 to 4), 0 if malformed. */
size_t	utf8_decode(struct str s, uint32_t *code_r);
/* Whether all of s is well-formed; the empty string is. */
bool	utf8_valid(struct str s);

#endif
