/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * header: the header hash of RFC 6376 3.7: which instance each name of h=
 * selects (5.4.2, bottom-up), then the signature field with an empty b=.
 *
 * The names of a message are sorted once, however many signatures it has to
 * verify, so that the cost stays near the size of the header whatever an h=
 * asks for.
 */
#ifndef DKIM_HEADER_H
#define DKIM_HEADER_H

#include "base/arena.h"
#include "base/status.h"
#include "crypto/crypto.h"
#include "mail/canon.h"
#include "mail/field.h"

struct dkim_headers;	/* in the arena; belongs to one thread */

/* The fields stay the caller's and must not change. NULL: no memory. */
struct dkim_headers	*dkim_headers_new(struct arena *,
			    const struct field_list *);

struct dkim_header_input {
	enum canon		 canon;
	const struct str	*names;		/* h=, in order */
	size_t			 names_n;
	size_t			 skip;		/* index of the signature that
						   is verified, never selected;
						   fields->n: none */
	struct str		 sig_raw;	/* the signature field */
	struct str		 b_raw;		/* its b= value within sig_raw,
						   left out; or absent */
};

/* The digest is fresh from digest_new or digest_final, and so it is after. */
enum status	dkim_header_hash(struct dkim_headers *, struct digest *,
		    const struct dkim_header_input *,
		    unsigned char hash_r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;

#endif
