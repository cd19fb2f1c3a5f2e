/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lib/arc share. */
#ifndef ARC_PRIVATE_H
#define ARC_PRIVATE_H

#include "arc/arc.h"
#include "dkim/header.h"
#include "dkim/signature.h"

struct arc_signature {		/* an AMS or an AS */
	size_t			 field;		/* its index */
	struct dkim_signature	 sig;
	struct dns_query	*query;		/* of the key; NULL: not sent */
	unsigned		 slot;		/* body hash of an AMS */
};

enum arc_cv { ARC_CV_NONE, ARC_CV_PASS, ARC_CV_FAIL, ARC_CV_BAD };

struct arc_set {
	unsigned		 aar_n, ams_n, as_n;	/* number of fields */
	size_t			 aar;		/* index of the field */
	struct arc_signature	 ams;
	struct arc_signature	 as;
	enum arc_cv		 cv;
	unsigned char		 seal_hash[CRYPTO_SHA256_BYTES];
};

struct arc_validator {
	struct arena			*arena;
	struct arc_opts			 opts;
	const struct field_list		*fields;
	const struct dkim_bodies	*bodies;
	struct dkim_headers		*headers;
	struct digest			*digest;	/* within finish */
	struct arc_set			 sets[ARC_MAX_SETS];	/* i - 1 */
	struct arc_verdict		 verdict;
	bool				 decided;
	bool				 too_many;	/* ARC fields */
};

/* Fails the chain unless it is decided. at: the instance, or 0. */
void		arc_fail(struct arc_validator *, unsigned at,
		    const char *reason);

/* sets.c */

/* Reads the sets and makes the checks that need no key. */
enum status	arc_read_sets(struct arc_validator *) ATTR_MUST_CHECK;
/* Checks an AMS or AS without its key: a static phrase, or NULL. */
const char	*arc_field_error(const struct arc_validator *,
		    const struct dkim_signature *);
/* Whether the set has one field of each kind. */
bool		arc_set_is_whole(const struct arc_set *);

/* check.c */

/* The reason if a key temporarily could not be fetched. */
extern const char	arc_key_unavailable[];
/* Verifies a signature over the hash. *reason_r: NULL if it verifies. */
enum status	arc_check_key(const struct arc_validator *,
		    const struct arc_signature *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    const char **reason_r) ATTR_MUST_CHECK;
/* Verifies the AMS of the set. *reason_r: NULL if it verifies. */
enum status	arc_check_message(struct arc_validator *,
		    const struct arc_set *, const char **reason_r)
    ATTR_MUST_CHECK;
/* Sets seal_hash of all sets; hashes each field once. */
enum status	arc_hash_seals(struct arc_validator *) ATTR_MUST_CHECK;

/* Whether h= names the field. */
bool		arc_is_signed(const struct dkim_signature *, struct str name);

#endif
