/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redact: text of a message as others may see it (RFC 6590, RFC 9991 7). What
 * stands before an "@" becomes a token: a keyed hash, so that equal local parts
 * have equal tokens and none can be found by trying names. Encoded words, which
 * may hide an address, become tokens as a whole, "http" becomes "hxxp". Of a
 * text that is too long, what stands before the cut is a token, too: an "@" may
 * have followed. So a caller cuts what comes out, not what goes in.
 *
 * What comes out is printable ASCII without line ends, whatever goes in: it can
 * neither end a line nor be shown in another order.
 */
#ifndef REPORT_REDACT_H
#define REPORT_REDACT_H

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

#define REDACT_KEY_BYTES	CRYPTO_SHA256_BYTES
#define REDACT_TOKEN_CHARS	24	/* hexadecimal digits */
#define REDACT_TEXT_MAX_BYTES	2000	/* what is longer is cut */

struct redact {
	const struct crypto	*crypto;
	unsigned char		 key[REDACT_KEY_BYTES];
};

/* Appends the token of a local part, or of any other text. NOMEM; LIMIT as the
   buffer says. */
enum status	redact_token(const struct redact *, struct buf *, struct str)
    ATTR_MUST_CHECK;
/* Appends "token@domain"; the domain is normalised. */
enum status	redact_address(const struct redact *, struct buf *,
		    struct str local, struct str domain) ATTR_MUST_CHECK;
/* Appends any text. */
enum status	redact_text(const struct redact *, struct buf *, struct str)
    ATTR_MUST_CHECK;

#endif
