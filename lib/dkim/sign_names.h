/* SPDX-License-Identifier: BSD-2-Clause */
/* sign_names: which names the h= of a new signature holds. */
#ifndef DKIM_SIGN_NAMES_H
#define DKIM_SIGN_NAMES_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "dkim/sign.h"
#include "mail/field.h"

/*
 * The name of each field to be signed, as it is written there, then one more
 * of each name that is oversigned. SYNTAX: no From; LIMIT: beyond
 * DKIM_MAX_SIGNED_FIELDS, which no verifier of ours would take.
 */
enum status	sign_names_choose(struct arena *, const struct dkim_sign_opts *,
		    const struct field_list *, struct str **names_r,
		    size_t *n_r) ATTR_MUST_CHECK;

#endif
