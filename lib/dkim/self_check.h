/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self_check: verifies a signature that was just made. Parses the field as a
 * receiver does, computes the header hash again and verifies the signature
 * with the public key. The body is not hashed again, because it is not stored.
 * Detects faults of the hardware, of OpenSSL and of the signature writer.
 */
#ifndef DKIM_SELF_CHECK_H
#define DKIM_SELF_CHECK_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dkim/body.h"
#include "mail/field.h"

/*
 * value: the value of the DKIM-Signature from dkim_signer_finish; fields: the
 * fields that were signed; bodies: finished. *reason_r: a static phrase, or
 * NULL if the signature verifies.
 */
enum status	 dkim_self_check(struct arena *, const struct crypto *,
		    const struct privkey *, const struct field_list *,
		    const struct dkim_bodies *, struct str value,
		    const char **reason_r) ATTR_MUST_CHECK;
/*
 * The same for a DKIM-Signature that is one of the fields, made by that key
 * before. It must not have expired at now_s (Unix time), nor leave a field open
 * (cover.h) that was added since.
 */
enum status	 dkim_self_check_field(struct arena *, const struct crypto *,
		    const struct privkey *, const struct field_list *,
		    const struct dkim_bodies *, size_t index, int64_t now_s,
		    const char **reason_r) ATTR_MUST_CHECK;

#endif
