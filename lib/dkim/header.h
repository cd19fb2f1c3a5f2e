/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * header: the header hash of RFC 6376 3.7: which instance each name of h=
 * selects (5.4.2, bottom-up), then the signature field with an empty b=.
 */
#ifndef DKIM_HEADER_H
#define DKIM_HEADER_H

#include "base/arena.h"
#include "base/status.h"
#include "crypto/crypto.h"
#include "mail/canon.h"
#include "mail/field.h"

/*
 * fields: the message's; skip: the index in it of the signature under
 * verification, never selected (fields->n: none). sig_raw: the signature
 * field, b_raw its b= value within it (left out of the hash).
 */
enum status	dkim_header_hash(struct arena *, const struct crypto *,
		    enum canon, const struct field_list *fields, size_t skip,
		    const struct str *names, size_t names_n,
		    struct str sig_raw, struct str b_raw,
		    unsigned char hash_r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;

#endif
