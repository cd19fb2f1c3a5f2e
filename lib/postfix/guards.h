/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guards: what Postfix must refuse by itself because no milter can see it: the
 * end of a message that a bare line feed makes (SMTP smuggling), commands that
 * a client sends ahead of their time, and NUL, behind which mail programs read
 * different things. One table, so that what mailseal setup sets, mailseal check
 * calls right.
 *
 * A value is safe or not; one that is stricter than the one proposed is safe.
 * Values are as postconf -x prints them: absent means that this Postfix does
 * not have the parameter.
 */
#ifndef POSTFIX_GUARDS_H
#define POSTFIX_GUARDS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum postfix_guard {
	POSTFIX_NEWLINE,	/* smtpd_forbid_bare_newline */
	POSTFIX_PIPELINING,	/* smtpd_forbid_unauth_pipelining */
	POSTFIX_CHARACTERS,	/* message_reject_characters */
	POSTFIX_GUARDS_N
};

const char	*postfix_guard_name(enum postfix_guard);
/* Whether cleanup has the parameter, not smtpd. */
bool	 postfix_guard_is_cleanup(enum postfix_guard);
bool	 postfix_guard_is_safe(enum postfix_guard, struct str value);
/* The value that makes an unsafe one safe and keeps what else it says.
   version: Postfix's mail_version. */
void	 postfix_guard_value(struct buf *, enum postfix_guard,
	    struct str value, struct str version);

#endif
