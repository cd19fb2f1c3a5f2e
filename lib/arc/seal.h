/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal: adds an ARC set to a message (RFC 8617 5.1). At end of headers
 * arc_seal_begin reserves the body slot. After dkim_bodies_finish, once all
 * other changes to the message are known, arc_seal_finish makes the three
 * fields over the outgoing message. Insert them at its top: the AAR first,
 * then the AMS, then the AS.
 *
 * cv= is the validation result of the message as received (5.1 step 4).
 */
#ifndef ARC_SEAL_H
#define ARC_SEAL_H

#include "arc/arc.h"

struct arc_seal_opts {
	const struct crypto	*crypto;
	const struct privkey	*key;
	struct str		 domain;	/* d=, A-labels */
	struct str		 selector;	/* s= */
	const struct str	*sign_headers;	/* see dkim_sign_opts;
						   DKIM-Signature is added,
						   the fields that 4.1.2
						   forbids are ignored */
	size_t			 sign_headers_n;
	const struct str	*oversign_headers;
	size_t			 oversign_headers_n;
	const struct str	*oversign_present;
	size_t			 oversign_present_n;
	int64_t			 now_s;		/* t= */
};

struct arc_seal_message {
	const struct field_list	*fields;	/* of the outgoing message */
	struct dkim_bodies	*bodies;	/* finished */
	enum arc_result		 cv;
	struct str		 results;	/* our Authentication-Results,
						   a value as written by
						   authres_write: starts with
						   a space */
};

struct arc_seal {		/* values, see dkim_signer_finish */
	unsigned	instance;	/* 0: no set was made */
	struct str	aar;
	struct str	ams;
	struct str	as;
};

enum status	arc_seal_begin(struct dkim_bodies *) ATTR_MUST_CHECK;
/*
 * Makes no set if the newest seal of the chain has cv=fail, or if the chain
 * has ARC_MAX_SETS or more fields than these have. SYNTAX: no From field, or
 * cv contradicts the chain (none with a set, pass without a set or with an
 * incomplete one). LIMIT: see dkim_signer_new.
 */
enum status	arc_seal_finish(struct arena *, const struct arc_seal_opts *,
		    const struct arc_seal_message *, struct arc_seal *r)
    ATTR_MUST_CHECK;

#endif
