/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * encoded: encoded words (RFC 2047), as far as they can hide a header field
 * from an MTA and show it to a reader that decodes first and splits the header
 * into lines then. They are read as leniently as any reader does: anywhere, of
 * any length, in any charset. Allocates nothing; takes linear time.
 */
#ifndef MAIL_ENCODED_H
#define MAIL_ENCODED_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Whether the decoded value has a line that begins with that name and a colon.
 * The end of a line counts encoded or not, unless white space follows it. NUL
 * octets are skipped, so that UTF-16 and UTF-32 need no conversion; in UTF-7,
 * the name alone is enough.
 */
bool	encoded_hides(struct str value, struct str name);

#endif
