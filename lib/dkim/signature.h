/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signature: a strict parser for the DKIM-Signature field (RFC 6376 3.5,
 * 6.1.1) and for the signature fields of ARC (RFC 8617 4.1), which have nearly
 * the same tags.
 */
#ifndef DKIM_SIGNATURE_H
#define DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dkim/result.h"
#include "mail/canon.h"
#include "mail/field.h"

#define DKIM_MAX_SIGNED_FIELDS	1000	/* names in h= */

enum dkim_signature_kind {
	DKIM_SIGNATURE,
	DKIM_ARC_MESSAGE,	/* ARC-Message-Signature: without v= and i=;
				   From need not be signed */
	DKIM_ARC_SEAL		/* ARC-Seal: only a, b, d, s and t */
};

struct dkim_signature {		/* views into the raw field, or arena copies */
	enum dkim_signature_kind kind;
	enum dkim_result	 result;	/* DKIM_NONE: no error, verify;
						   else the final result */
	const char		*reason;	/* static phrase, or NULL */
	struct str		 domain;	/* d=, A-labels, lower case */
	struct str		 selector;	/* s=, A-labels */
	struct str		 identity;	/* i= decoded; default "@d" */
	struct str		 identity_domain; /* of i=, A-labels */
	struct str		 algorithm;	/* a= as written */
	enum crypto_key_type	 key_type;	/* from a= */
	enum canon		 header_canon;
	enum canon		 body_canon;
	struct str		*names;		/* h=, as written, in order */
	size_t			 names_n;
	struct str		 body_hash;	/* bh= decoded, 32 octets */
	struct str		 signature;	/* b= decoded */
	struct str		 b_text;	/* b= without white space */
	struct str		 b_raw;		/* all octets between b= and
						   ';' or the end */
	int64_t			 signed_s;	/* t=, Unix time; -1 absent */
	int64_t			 expires_s;	/* x=; -1 absent */
	uint64_t		 body_bytes;	/* l=; UINT64_MAX absent */
};

/*
 * NOMEM only. A bad field has its result and reason set, and those of domain,
 * selector, algorithm and b_text that could be read.
 */
enum status	dkim_signature_parse(struct arena *, const struct field *,
		    enum dkim_signature_kind, struct dkim_signature *r)
    ATTR_MUST_CHECK;

#endif
