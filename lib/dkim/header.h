/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * header: computes the header hash of RFC 6376 3.7: the field instances that
 * h= selects, bottom-up (5.4.2), then the signature field with an empty b=.
 *
 * The field names of a message are sorted once for all its signatures, so that
 * the cost is bounded by the size of the header for any h=.
 */
#ifndef DKIM_HEADER_H
#define DKIM_HEADER_H

#include "base/arena.h"
#include "base/status.h"
#include "crypto/crypto.h"
#include "mail/canon.h"
#include "mail/field.h"

struct dkim_headers;	/* in the arena; belongs to one thread */

/* Borrows the fields, which must not change. NULL: no memory. */
struct dkim_headers	*dkim_headers_new(struct arena *,
			    const struct field_list *);
/* The number of fields of that name, case ignored. */
size_t			 dkim_headers_count(const struct dkim_headers *,
			    struct str name);
/* The next field that is loose (mail/field.h), or NULL; start with *i = 0. */
const struct field	*dkim_headers_next_loose(const struct dkim_headers *,
			    size_t *i);

struct dkim_header_input {
	enum canon		 canon;
	const struct str	*names;		/* h=, in order */
	size_t			 names_n;
	size_t			 skip;		/* index of the signature being
						   verified, never selected;
						   fields->n: none */
	struct str		 sig_raw;	/* the signature field */
	struct str		 b_raw;		/* its b= value, a part of
						   sig_raw to omit; or absent */
};

/* The digest is empty on entry and is empty again on return. */
enum status	dkim_header_hash(struct dkim_headers *, struct digest *,
		    const struct dkim_header_input *,
		    unsigned char hash_r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;

#endif
