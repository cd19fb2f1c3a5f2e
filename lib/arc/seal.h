/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal: one more ARC set for a message (RFC 8617 5.1). At end of headers
 * arc_seal_begin claims the body slot. After dkim_bodies_finish, when all
 * else that changes the message is known, arc_seal_finish makes the three
 * fields over the message as it leaves. They go on top of it: the AAR first,
 * then the AMS, then the AS.
 *
 * The validation result is that of the message on arrival, whatever has been
 * added since (5.1 step 4).
 */
#ifndef ARC_SEAL_H
#define ARC_SEAL_H

#include "arc/arc.h"

struct arc_seal_opts {
	const struct crypto	*crypto;
	const struct privkey	*key;
	struct str		 domain;	/* d=, A-labels */
	struct str		 selector;	/* s= */
	const struct str	*sign_headers;	/* as of dkim_sign_opts; also
						   DKIM-Signature, never what
						   4.1.2 forbids */
	size_t			 sign_headers_n;
	const struct str	*oversign_headers;
	size_t			 oversign_headers_n;
	int64_t			 now_s;		/* t= */
};

struct arc_seal_message {
	const struct field_list	*fields;	/* as it leaves */
	struct dkim_bodies	*bodies;	/* finished */
	enum arc_result		 cv;
	struct str		 results;	/* our Authentication-Results:
						   a value as authres_write has
						   it, with a space before */
};

struct arc_seal {		/* values, as of dkim_signer_finish */
	unsigned	instance;	/* 0: no set may be added, and there
					   is none */
	struct str	aar;
	struct str	ams;
	struct str	as;
};

enum status	arc_seal_begin(struct dkim_bodies *) ATTR_MUST_CHECK;
/*
 * No set is added to a chain whose newest seal says cv=fail, that has
 * ARC_MAX_SETS, or that has more fields than so many sets have. SYNTAX: no
 * From field, or the cv is not that of any such chain (none with a set there,
 * pass without one or with a set that is not whole). LIMIT: as
 * dkim_signer_new.
 */
enum status	arc_seal_finish(struct arena *, const struct arc_seal_opts *,
		    const struct arc_seal_message *, struct arc_seal *r)
    ATTR_MUST_CHECK;

#endif
