/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr: a strict parser of the From field (RFC 5322 3.4, 3.6.2). Each failure
 * has a result of its own, because a policy depends on it.
 *
 * One common form is accepted that RFC 5322 does not allow: an unquoted address
 * as display name, "a@b <c@d>". It counts as two mailboxes, <c@d> and then a@b,
 * so that both domains are subject to policy.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/field.h"

#define ADDR_MAX_MAILBOXES	1000
#define ADDR_MAX_COMMENT_DEPTH	64

enum addr_from_result {
	ADDR_FROM_OK,
	ADDR_FROM_MISSING,	/* no From field */
	ADDR_FROM_REPEATED,	/* more than one From field, or another
				   field hides one (mail/field.h) */
	ADDR_FROM_SYNTAX,	/* not a mailbox-list, no mailbox in it, or
				   an address literal instead of a domain */
	ADDR_FROM_LIMIT		/* more than ADDR_MAX_MAILBOXES, or comments
				   nested beyond ADDR_MAX_COMMENT_DEPTH */
};

struct addr_mailbox {
	struct str	local;	/* unquoted */
	struct str	domain;	/* A-labels, lower case */
};

struct addr_from {
	enum addr_from_result	 result;
	struct addr_mailbox	*v;	/* in order; n >= 1 if OK */
	size_t			 n;
};

/* A static phrase such as "no From field". */
const char	*addr_from_text(enum addr_from_result);

/* STATUS_OK for any field; else NOMEM. */
enum status	addr_from_parse(struct arena *, const struct field_list *,
		    struct addr_from *from_r) ATTR_MUST_CHECK;
/* The same for the value of one field. */
enum status	addr_list_parse(struct arena *, struct str value,
		    struct addr_from *from_r) ATTR_MUST_CHECK;
#endif
