/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape: the one way for text from outside into something of ours. Each
 * writer takes any bytes and gives text that cannot break its target.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"
#include "base/str.h"

/*
 * For log lines and terminals: printable ASCII and valid UTF-8 stay, a
 * backslash doubles, all else becomes \xHH, also the controls of Unicode and
 * the characters that reorder text. At most max_bytes of input are shown, then
 * "...".
 */
void	escape_text(struct buf *, struct str, size_t max_bytes);
/* key=value logs: as escape_text, in quotes when empty or no plain word. */
void	escape_log_value(struct buf *, struct str, size_t max_bytes);
/* SMTP reply text: printable ASCII only, others become '?'; '%' stays. */
void	escape_reply(struct buf *, struct str, size_t max_bytes);

#endif
