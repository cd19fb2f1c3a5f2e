/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cover: what a signature that verifies leaves open to others. Anyone can
 * replay a signed message with text behind the part of the body that l= counts
 * (RFC 6376 8.2), or with a second field above a signed one, which readers
 * show and the signature does not cover (8.15).
 *
 * The invariant: a signature counts only if no field of the list in cover.c
 * occurs more often than h= names it once h= names it at all, and if at most
 * as much of the body is unsigned as dkim_minimum allows. Nor may a field that
 * is not signed show such a field to a reader that splits lines at a bare CR,
 * or end the header for a reader, which takes what follows for the body
 * (mail/field.h).
 */
#ifndef DKIM_COVER_H
#define DKIM_COVER_H

#include <stdint.h>

#include "base/str.h"
#include "dkim/header.h"

enum dkim_minimum_kind {	/* OpenDKIM's three forms of Minimum */
	DKIM_MINIMUM_LEFT,	/* n octets may be unsigned; 0: none */
	DKIM_MINIMUM_BYTES,	/* n octets are signed, or all */
	DKIM_MINIMUM_PERCENT	/* n of 100 octets are signed */
};

struct dkim_minimum {		/* all zero: the whole body is signed */
	enum dkim_minimum_kind	kind;
	uint64_t		n;
};

enum dkim_cover {		/* what is not covered */
	DKIM_COVERED,
	DKIM_BODY_OPEN,
	DKIM_FIELD_OPEN
};

/* The most octets that a canonical body may have if signed_bytes of them are
   signed; UINT64_MAX: any number. */
uint64_t	 dkim_minimum_allows(const struct dkim_minimum *,
		    uint64_t signed_bytes);
/* The reason that a field is not covered, a static phrase; NULL: all are. */
const char	*dkim_uncovered_field(const struct dkim_headers *,
		    const struct str *names, size_t names_n);
/* The reason if the body is not. */
extern const char dkim_uncovered_body[];

#endif
