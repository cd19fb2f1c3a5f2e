/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify: verifies every DKIM-Signature of one message (RFC 6376 6.1). Call
 * dkim_verifier_new at end of headers; it parses the fields, reserves body
 * slots and sends the key queries. The body is hashed by the shared
 * dkim_bodies. After dkim_bodies_finish and dns_batch_wait call
 * dkim_verifier_finish.
 */
#ifndef DKIM_VERIFY_H
#define DKIM_VERIFY_H

#include "base/arena.h"
#include "base/status.h"
#include "dkim/body.h"
#include "dkim/cover.h"
#include "dkim/key.h"
#include "dkim/result.h"
#include "dkim/signature.h"
#include "dns/dns.h"
#include "mail/field.h"

struct dkim_verify_opts {
	const struct crypto	*crypto;
	int64_t			 now_s;		/* time of receipt */
	int64_t			 drift_s;	/* allowance for t= and x= */
	unsigned		 min_rsa_bits;	/* 1024 or more; shorter keys
						   result in policy */
	unsigned		 max_signatures; /* that are verified; further
						   ones result in policy */
	struct dkim_minimum	 minimum;	/* of the body is signed; else
						   policy */
	bool			 extra_fields;	/* may be unsigned; else
						   policy */
};

struct dkim_verdict {			/* immutable once finished */
	enum dkim_result	 result;
	const char		*reason;	/* static phrase, or NULL */
	struct dkim_signature	 sig;
	enum dkim_cover		 cover;		/* why it is policy though it
						   verifies */
	unsigned		 key_bits;	/* 0: unknown */
	bool			 testing;	/* key has t=y */
	bool			 revoked;	/* key has an empty p= */
	bool			 body_differs;	/* from the body hash */
	bool			 skipped;	/* not verified: too many */
	enum dns_security	 security;	/* of the key's answer */
	size_t			 field_index;	/* in the field list */
};

struct dkim_verifier;

/*
 * Signatures that are refused without a key lookup (syntax, a limit, their
 * time) do not count towards max_signatures. NOMEM only.
 */
enum status	 dkim_verifier_new(struct arena *,
		    const struct dkim_verify_opts *, const struct field_list *,
		    struct dkim_bodies *, struct dns_batch *,
		    struct dkim_verifier **r) ATTR_MUST_CHECK;
/* Whether all key queries are answered. */
bool		 dkim_verifier_is_ready(const struct dkim_verifier *);
/* Unanswered key queries result in temperror. */
enum status	 dkim_verifier_finish(struct dkim_verifier *)
    ATTR_MUST_CHECK;
/* One verdict per signature, in the order of the fields, topmost first. */
size_t		 dkim_verifier_count(const struct dkim_verifier *);
const struct dkim_verdict	*dkim_verifier_get(const struct dkim_verifier *,
				    size_t);

#endif
