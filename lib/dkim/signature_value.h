/* SPDX-License-Identifier: BSD-2-Clause */
/* signature_value: the forms of values that DKIM has to itself. */
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
 * dkim-quoted-printable (RFC 6376 2.11). SYNTAX: a '=' that is not followed
 * by two upper-case hexadecimal digits.
 */
enum status	signature_unquote(struct arena *, struct str,
		    struct str *text_r) ATTR_MUST_CHECK;
/* Appends it encoded; octets above 127 too. */
void		signature_quote(struct buf *, struct str);

/*
 * h=: names between colons (RFC 6376 3.5). SYNTAX: one that no header field
 * can have, or an empty one, unless those may_be_empty, which are left out;
 * LIMIT: beyond DKIM_MAX_SIGNED_FIELDS.
 */
enum status	signature_names(struct arena *, struct str, bool may_be_empty,
		    struct str **names_r, size_t *n_r) ATTR_MUST_CHECK;

#endif
