/* SPDX-License-Identifier: BSD-2-Clause */
/* sign_names: selects the names in h= of a new signature. */
#ifndef DKIM_SIGN_NAMES_H
#define DKIM_SIGN_NAMES_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "dkim/sign.h"
#include "mail/field.h"

/* Whether a signature covers the fields of that name. */
bool		 sign_names_cover(const struct dkim_sign_opts *,
		    struct str name);
/*
 * Returns the name of each field to be signed, in the field's own spelling,
 * followed by each oversigned name. SYNTAX: no From field. LIMIT: more than
 * DKIM_MAX_SIGNED_FIELDS, which our verifier would refuse.
 */
enum status	sign_names_choose(struct arena *, const struct dkim_sign_opts *,
		    const struct field_list *, struct str **names_r,
		    size_t *n_r) ATTR_MUST_CHECK;

#endif
