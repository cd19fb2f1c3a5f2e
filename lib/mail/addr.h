/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr: who wrote a message: the From field (RFC 5322 3.4, 3.6.2), strictly.
 * A failure is named, never skipped over, because a policy depends on it.
 *
 * One thing is taken that RFC 5322 does not have, since it is not rare: an
 * address without quotes for a display name, "a@b <c@d>". It counts as two
 * mailboxes, <c@d> and then a@b, so that a policy sees both domains and a lie
 * is found out.
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
	ADDR_FROM_REPEATED,	/* more than one From field, or one more that
				   another field hides (mail/field.h) */
	ADDR_FROM_SYNTAX,	/* not a mailbox-list, or no mailbox in it; an
				   address literal, which names no domain */
	ADDR_FROM_LIMIT		/* more than ADDR_MAX_MAILBOXES, or comments
				   nested beyond ADDR_MAX_COMMENT_DEPTH */
};

struct addr_mailbox {
	struct str	local;	/* unquoted */
	struct str	domain;	/* A-labels, lower case */
};

struct addr_from {
	enum addr_from_result	 result;
	struct addr_mailbox	*v;	/* in their order; n >= 1 if OK */
	size_t			 n;
};

/* Static phrase such as "two From fields". */
const char	*addr_from_text(enum addr_from_result);

/* STATUS_OK whatever the field holds; NOMEM only. */
enum status	addr_from_parse(struct arena *, const struct field_list *,
		    struct addr_from *from_r) ATTR_MUST_CHECK;
/* One field's value as a mailbox-list, the same rules. */
enum status	addr_list_parse(struct arena *, struct str value,
		    struct addr_from *from_r) ATTR_MUST_CHECK;
#endif
