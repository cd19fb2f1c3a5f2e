/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr: the author of a message by its From field. A strict parser reads the
 * field first (RFC 5322 3.4, 3.6.2). One common form is accepted there that RFC
 * 5322 does not allow: an unquoted address as display name, "a@b <c@d>". It
 * counts as two mailboxes, <c@d> and then a@b, so that both domains are subject
 * to policy. An invalid field is read as addr_read.h describes: each domain
 * that some reader might show counts. addr_shown.h has what a valid one shows
 * besides, and a long one once it is sent.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/field.h"
#include "mail/lines.h"

#define ADDR_MAX_MAILBOXES	1000
#define ADDR_MAX_COMMENT_DEPTH	64

enum addr_from_result {
	ADDR_FROM_OK,
	ADDR_FROM_NONE,		/* the field names no domain: no '@', or address
				   literals only */
	ADDR_FROM_MISSING,	/* no From field */
	ADDR_FROM_REPEATED,	/* more than one From field, or another
				   field hides one (mail/field.h) */
	ADDR_FROM_SYNTAX,	/* an '@', but no readable domain */
	ADDR_FROM_LIMIT		/* more than ADDR_MAX_MAILBOXES, comments nested
				   beyond ADDR_MAX_COMMENT_DEPTH, or a limit
				   of addr_read.h */
};

struct addr_mailbox {
	struct str	local;	/* unquoted */
	struct str	domain;	/* A-labels, lower case */
	bool		gaps;	/* it was read across gaps (addr_read.h) */
};

struct addr_from {
	enum addr_from_result	 result;
	bool			 strict;	/* OK: valid by RFC 5322, with
						   the same mailboxes for all
						   readers and as it is sent */
	bool			 odd;		/* a valid field with what
						   some readers take for
						   another author: a comment or
						   white space in an address, a
						   route, a group, or an address
						   in a comment */
	bool			 broken;	/* the MTA breaks a line of it:
						   readers may find others of
						   these domains */
	bool			 coded;	/* it has encoded words, and once they
					   are decoded more '@' than mailboxes:
					   a program that writes it so makes
					   another author */
	struct addr_mailbox	*v;	/* in order; n >= 1 if OK */
	size_t			 n;
};

/* A static phrase such as "no From field". */
const char	*addr_from_text(enum addr_from_result);

/* STATUS_OK for any field; else NOMEM. rule: how the MTA breaks long lines
   when it sends the message. */
enum status	addr_from_parse(struct arena *, const struct field_list *,
		    struct lines_rule rule, struct addr_from *from_r)
    ATTR_MUST_CHECK;
/*
 * Whether it may be no address at all: the "@" of an invalid field can be part
 * of a name, "Sales @ Work <a@b.example>", and "work" is no domain then.
 */
bool		addr_is_word(const struct addr_from *,
		    const struct addr_mailbox *);
/*
 * The author whose domain signs: the first mailbox. Of an invalid field, only
 * if its readings agree on one domain, apart from those across gaps and, if
 * there are others, words. NULL: none.
 */
const struct addr_mailbox	*addr_from_author(const struct addr_from *);
/* One field's value, by the strict parser only; SYNTAX if that fails. */
enum status	addr_list_parse(struct arena *, struct str value,
		    struct addr_from *from_r) ATTR_MUST_CHECK;
#endif
