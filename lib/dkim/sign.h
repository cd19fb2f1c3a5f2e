/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign: makes one DKIM-Signature for one message (RFC 6376 5). At end of
 * headers dkim_signer_new selects the fields and reserves a body slot; after
 * dkim_bodies_finish, dkim_signer_finish returns the field. Several signers
 * share the bodies. l= is never written (8.2). An ARC-Message-Signature
 * (RFC 8617 4.1.2) is made in the same way; it never signs ARC and
 * Authentication-Results fields, and always signs DKIM-Signature fields.
 */
#ifndef DKIM_SIGN_H
#define DKIM_SIGN_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dkim/body.h"
#include "dkim/signature.h"
#include "mail/canon.h"
#include "mail/field.h"

struct dkim_sign_opts {
	enum dkim_signature_kind kind;	/* not DKIM_ARC_SEAL */
	unsigned		 instance;	/* i= of ARC */
	const struct crypto	*crypto;
	const struct privkey	*key;
	struct str		 domain;	/* d= */
	struct str		 selector;	/* s= */
	struct str		 identity;	/* i= of DKIM; absent: none */
	enum canon		 header_canon;
	enum canon		 body_canon;
	const struct str	*sign_headers;	/* every instance is signed;
						   From in any case */
	size_t			 sign_headers_n;
	const struct str	*oversign_headers; /* named once more than
						   present */
	size_t			 oversign_headers_n;
	const struct str	*oversign_present; /* the same, if there is
						   one of that name */
	size_t			 oversign_present_n;
	int64_t			 now_s;		/* t=; -1: none */
	int64_t			 ttl_s;		/* x= - t=; 0: no x= */
};

/* Defaults of SignHeaders, OversignHeaders and OversignPresent (RFC 6376 5.4.1,
   8.15). */
extern const struct str	dkim_sign_headers_default[];
extern const size_t	dkim_sign_headers_default_n;
extern const struct str	dkim_oversign_headers_default[];
extern const size_t	dkim_oversign_headers_default_n;
extern const struct str	dkim_oversign_present_default[];
extern const size_t	dkim_oversign_present_default_n;

struct dkim_signer;

/*
 * Borrows the fields and all that opts points to until finish. SYNTAX: the
 * message has no From field. LIMIT: more than DKIM_MAX_SIGNED_FIELDS names.
 */
enum status	 dkim_signer_new(struct arena *, const struct dkim_sign_opts *,
		    const struct field_list *, struct dkim_bodies *,
		    struct dkim_signer **r) ATTR_MUST_CHECK;
/*
 * Returns the value of the field without name, colon and final CRLF. It starts
 * with a space and is folded with CRLF HTAB at 78 columns.
 */
enum status	 dkim_signer_finish(struct dkim_signer *, struct str *value_r)
    ATTR_MUST_CHECK;

#endif
