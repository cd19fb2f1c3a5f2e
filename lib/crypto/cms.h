/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cms: the content of a signed message (RFC 5652 5), as S/MIME wraps mail
 * (RFC 8551 3.5.2). Signatures are not verified: whoever uses the content must
 * not trust it more than mail without one.
 */
#ifndef CRYPTO_CMS_H
#define CRYPTO_CMS_H

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

/* Appends the content of DER or BER. SYNTAX: it is no signed data, or has its
   content elsewhere. NOMEM, LIMIT: as the buffer says. */
enum status	 cms_read_content(struct str, struct buf *) ATTR_MUST_CHECK;

#endif
