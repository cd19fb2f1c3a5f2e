/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key: the key record at <selector>._domainkey.<domain> (RFC 6376 3.6.1,
 * RFC 8301, RFC 8463). It is parsed once, together with its public key, and
 * cached with the DNS answer. Immutable, shared by threads.
 */
#ifndef DKIM_KEY_H
#define DKIM_KEY_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dkim/result.h"
#include "dns/dns.h"

#define DKIM_KEY_MAX_BYTES	16384	/* of one record's text */

/* What is wrong with a record; each makes the key unusable. */
#define DKIM_KEY_SYNTAX		0x01u	/* no tag list, no p, wrong v, or p
					   is no key of the type */
#define DKIM_KEY_NOT_MAIL	0x02u	/* s= */
#define DKIM_KEY_UNKNOWN_TYPE	0x04u	/* k= */
#define DKIM_KEY_NO_DATA	0x08u	/* p= is empty: revoked */
#define DKIM_KEY_BAD_HASH	0x10u	/* h= */
#define DKIM_KEY_TOO_SHORT	0x20u	/* RSA */
#define DKIM_KEY_TOO_LONG	0x40u	/* RSA */

struct dkim_key {
	enum dkim_result	 result;	/* DKIM_NONE: usable; else the
						   result of its signatures */
	unsigned		 flaws;		/* all of them; the first one
						   decides the reason */
	const char		*reason;	/* static phrase, or NULL */
	enum crypto_key_type	 type;
	struct pubkey		*pubkey;	/* NULL unless usable */
	unsigned		 bits;		/* 0: unknown */
	bool			 testing;	/* t=y */
	bool			 strict;	/* t=s: i= domain equals d= */
	bool			 sha256;	/* h= allows it */
	bool			 revoked;	/* p= is empty */
};

/* Parses the text of one record. NOMEM only: a bad record has its result. */
enum status	dkim_key_parse(struct str text, struct dkim_key *r)
    ATTR_MUST_CHECK;
void		dkim_key_fini(struct dkim_key *);

/*
 * The first record of an answer, and those of the others that are usable, for
 * dns_answer_object(). Each may be tried (RFC 6376 6.1.2 step 4). If none is
 * usable, the first one has the reason.
 */
#define DKIM_KEYS_MAX	4
struct dkim_keys {
	struct dkim_key	v[DKIM_KEYS_MAX];
	size_t		n;	/* at least 1 if the answer was DNS_OK */
};
extern const struct dns_parser	dkim_keys_parser;

enum dkim_key_match {
	DKIM_KEY_OURS,		/* the public half of that key, usable */
	DKIM_KEY_REVOKED,	/* of any key: p= is empty */
	DKIM_KEY_OTHER		/* of another key, or not usable */
};
/* Whether a record is that private key's. NULL: nobody has its private half, so
   that no record is. */
enum dkim_key_match	 dkim_key_compare(const struct dkim_key *,
			    const struct privkey *);
/* The record of that key among those of an answer; NULL: it is not there. */
const struct dkim_key	*dkim_keys_find(const struct dkim_keys *,
			    const struct privkey *);

#endif
