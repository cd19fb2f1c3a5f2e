/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arc: validates the ARC chain of one message (RFC 8617 5.2). Call
 * arc_validator_new at end of headers; it reads the sets, checks what needs no
 * key, reserves body slots and sends the key queries. The body is hashed by
 * the dkim_bodies shared with DKIM. After dkim_bodies_finish call
 * arc_validator_finish.
 *
 * All failures are permanent (5.2.1): a failed key lookup fails the chain, and
 * a failed chain is treated as no chain. But one that fails because a key could
 * not be fetched says so, for who would rather wait than refuse the message. At
 * most two keys are queried per set.
 */
#ifndef ARC_ARC_H
#define ARC_ARC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dkim/body.h"
#include "dkim/cover.h"
#include "dns/dns.h"
#include "mail/field.h"

#define ARC_MAX_SETS	50	/* RFC 8617 4.2.1 */

enum arc_result { ARC_NONE, ARC_PASS, ARC_FAIL };

struct arc_sealer {		/* the signer of an ARC-Seal */
	unsigned	 instance;
	struct str	 domain;	/* d=, A-labels; absent if unreadable */
	struct str	 selector;
};

struct arc_verdict {		/* views into the fields and the arena */
	enum arc_result		 result;
	const char		*reason;	/* static phrase; NULL: pass */
	bool			 unavailable;	/* it fails because a key
						   temporarily could not be
						   fetched */
	unsigned		 at;		/* instance that failed, or 0 */
	unsigned		 instances;	/* the highest; 0: none */
	bool			 has_oldest;	/* oldest_pass is set */
	unsigned		 oldest_pass;	/* 5.2 step 5; 0: all of them */
	const struct arc_sealer	*sealers;	/* instance 1 first */
	size_t			 sealers_n;
	bool			 from_signed;	/* by the newest AMS */
	const char		*uncovered;	/* what it leaves open: a
						   static phrase; NULL:
						   nothing */
	const struct str	*results;	/* of the AAR of each instance,
						   without "i=N;"; NULL unless
						   the chain passes or is
						   unavailable */
};

struct arc_opts {
	const struct crypto	*crypto;
	int64_t			 now_s;		/* time of receipt */
	int64_t			 drift_s;	/* allowance for t= and x= */
	unsigned		 min_rsa_bits;
	unsigned		 max_signatures; /* AMS that are verified,
						   newest first; at least 1 */
	/* as in dkim_verify_opts, but only uncovered depends on them */
	struct dkim_minimum	 minimum;
	bool			 extra_fields;
};

struct arc_validator;

/* NOMEM only. bodies and batch may be NULL if !arc_is_there(). */
enum status	 arc_validator_new(struct arena *, const struct arc_opts *,
		    const struct field_list *, struct dkim_bodies *,
		    struct dns_batch *, struct arc_validator **r)
    ATTR_MUST_CHECK;
/* Whether the message has an ARC field. */
bool		 arc_is_there(const struct field_list *);
/* Whether all key queries that finish needs are answered. */
bool		 arc_validator_is_ready(const struct arc_validator *);
enum status	 arc_validator_finish(struct arc_validator *) ATTR_MUST_CHECK;
const struct arc_verdict
		*arc_validator_get(const struct arc_validator *);

const char	*arc_result_name(enum arc_result);

#endif
