/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self_check: whether a signature that was just made verifies. The field is
 * parsed as a receiver parses it, the header hash is made anew from it, and
 * the signature is held against the public half of the key. The body has gone
 * by: its hash is the one that was made while it did. What is found is a fault
 * between the key and the wire: in the machine, in OpenSSL, in our writer.
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
 * value: of the DKIM-Signature, as dkim_signer_finish gives it; fields: those
 * that it was made over; bodies: finished. *reason_r: a static phrase, or NULL
 * if all is well.
 */
enum status	 dkim_self_check(struct arena *, const struct crypto *,
		    const struct privkey *, const struct field_list *,
		    const struct dkim_bodies *, struct str value,
		    const char **reason_r) ATTR_MUST_CHECK;

#endif
