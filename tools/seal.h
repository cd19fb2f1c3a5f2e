/* SPDX-License-Identifier: BSD-2-Clause */
/* seal: the results that mailseal seal puts into ARC-Authentication-Results. */
#ifndef TOOLS_SEAL_H
#define TOOLS_SEAL_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/field.h"

/*
 * The results of the Authentication-Results fields under that authserv-id, and
 * those of ours whose method is not among them, in the form of
 * arc_seal_message. ours: the value of our own field. A field with a syntax
 * error is left out.
 */
enum status	seal_results(struct arena *, const struct field_list *,
		    struct str authserv_id, struct str ours,
		    struct str *value_r) ATTR_MUST_CHECK;

#endif
