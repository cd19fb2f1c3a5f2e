/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr_form: an address list in the form in which Sendmail writes it, which it
 * does after its milters: one space after each comma and none before, no empty
 * items, no space within angle brackets, one before them, a phrase with one of
 * .'[] quoted, folded at 78 columns. Addresses and names stay the same (RFC
 * 5322 3.4). A list that this reading is not sure of (a group, unbalanced
 * quotes) is left as it is. Applied twice it gives the same.
 */
#ifndef MAIL_ADDR_FORM_H
#define MAIL_ADDR_FORM_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

/* Whether a field of that name holds addresses that Sendmail rewrites. */
bool		addr_form_is_list(struct str name);
/* raw: the field, with its final CRLF. *r: the same if nothing changes. */
enum status	addr_form_sendmail(struct arena *, struct str raw,
		    struct str *r) ATTR_MUST_CHECK;

#endif
