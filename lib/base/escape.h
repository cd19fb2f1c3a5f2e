/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape: writes text from outside into log lines and replies. Each writer
 * takes any bytes and produces text that is safe in its target.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* A well-formed character that must not be shown as it is: it drives a
   terminal, ends a line or reorders text. */
bool	escape_is_unsafe(uint32_t code);
/*
 * For log lines and terminals: printable ASCII and valid UTF-8 are kept, a
 * backslash is doubled, all else becomes \xHH, including Unicode controls and
 * characters that reorder text. At most max_bytes of input are shown, then
 * "...".
 */
void	escape_text(struct buf *, struct str, size_t max_bytes);
/* For key=value logs: as escape_text, quoted if empty or not a plain word. */
void	escape_log_value(struct buf *, struct str, size_t max_bytes);
/* For SMTP replies: octets other than printable ASCII become '?'. */
void	escape_reply(struct buf *, struct str, size_t max_bytes);

#endif
