/* SPDX-License-Identifier: BSD-2-Clause */
/* signature_value: encodings of tag values that only DKIM uses. */
#ifndef DKIM_SIGNATURE_VALUE_H
#define DKIM_SIGNATURE_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

/* A copy without SP, HTAB, CR and LF; p == NULL: no memory. */
struct str	signature_without_fws(struct arena *, struct str)
    ATTR_MUST_CHECK;

/*
 * Decodes dkim-quoted-printable (RFC 6376 2.11). SYNTAX: a '=' without two
 * upper-case hexadecimal digits after it.
 */
enum status	signature_unquote(struct arena *, struct str,
		    struct str *text_r) ATTR_MUST_CHECK;
/* Appends s encoded, including octets above 127. */
void		signature_quote(struct buf *, struct str);

/*
 * Splits the names of h= at colons (RFC 6376 3.5). Empty names, which some
 * signers write, are skipped. SYNTAX: an invalid field name. LIMIT: more than
 * DKIM_MAX_SIGNED_FIELDS.
 */
enum status	signature_names(struct arena *, struct str,
		    struct str **names_r, size_t *n_r) ATTR_MUST_CHECK;

#endif
