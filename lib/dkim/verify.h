/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify: every DKIM-Signature of one message (RFC 6376 6.1). At end of
 * headers: dkim_verifier_new, which parses, claims its body slots and asks
 * for the keys. The body then goes through the shared dkim_bodies. At the
 * end, after dkim_bodies_finish and dns_batch_wait: dkim_verifier_finish.
 */
#ifndef DKIM_VERIFY_H
#define DKIM_VERIFY_H

#include "base/arena.h"
#include "base/status.h"
#include "dkim/body.h"
#include "dkim/key.h"
#include "dkim/result.h"
#include "dkim/signature.h"
#include "dns/dns.h"
#include "mail/field.h"

struct dkim_verify_opts {
	const struct crypto	*crypto;
	int64_t			 now_s;		/* time of receipt */
	int64_t			 drift_s;	/* allowance for t= and x= */
	unsigned		 min_rsa_bits;	/* >= 1024; below it: policy */
	unsigned		 max_signatures; /* tried; the rest is policy */
};

struct dkim_verdict {			/* immutable once finished */
	enum dkim_result	 result;
	const char		*reason;	/* static phrase, or NULL */
	struct dkim_signature	 sig;
	unsigned		 key_bits;	/* 0: unknown */
	bool			 testing;	/* key has t=y */
	enum dns_security	 security;	/* of the key's answer */
	size_t			 field_index;	/* in the field list */
};

struct dkim_verifier;

/*
 * A signature that its field decides (syntax, a limit, its time) counts
 * nothing towards max_signatures. NOMEM only.
 */
enum status	 dkim_verifier_new(struct arena *,
		    const struct dkim_verify_opts *, const struct field_list *,
		    struct dkim_bodies *, struct dns_batch *,
		    struct dkim_verifier **r) ATTR_MUST_CHECK;
/* Whether all the keys are there that finish will look at. */
bool		 dkim_verifier_is_ready(const struct dkim_verifier *);
/* A key that is not there now is unavailable. */
enum status	 dkim_verifier_finish(struct dkim_verifier *)
    ATTR_MUST_CHECK;
/* One per signature, in the order of the fields, top first. */
size_t		 dkim_verifier_count(const struct dkim_verifier *);
const struct dkim_verdict	*dkim_verifier_get(const struct dkim_verifier *,
				    size_t);

#endif
