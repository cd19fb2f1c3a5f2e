/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr_scan: the tokens of RFC 5322 3.2 for addr.c. A cursor over a field's
 * value with a sticky failure: after a failure the cursor is at the end and
 * every function does nothing, so that the caller checks once.
 */
#ifndef MAIL_ADDR_SCAN_H
#define MAIL_ADDR_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "mail/addr.h"

struct addr_scan {
	struct str		s;
	size_t			i;
	enum addr_from_result	result;	/* ADDR_FROM_OK: no failure */
	bool			odd;	/* a comment with an '@' that some
					   readers end or split elsewhere */
};

/* Fails on control characters, NUL, and CR or LF outside a fold. */
void	addr_scan_init(struct addr_scan *, struct str value);
void	addr_scan_fail(struct addr_scan *, enum addr_from_result);
/* The octet at the cursor; NUL at the end (a value contains none). */
char	addr_scan_peek(const struct addr_scan *);
/* Moves past c if it is the next octet. */
bool	addr_scan_take(struct addr_scan *, char c);
/* Moves past folding white space and comments. */
void	addr_scan_cfws(struct addr_scan *);
/*
 * Moves past one atom or quoted-string and CFWS on both sides. Copies its text,
 * unquoted, to out if that is not NULL; out needs space for as many octets as
 * the input has. Returns the length of the text. Fails without a word.
 */
size_t	addr_scan_word(struct addr_scan *, char *out);
/* The same for an atom; *atom_r is a view. */
void	addr_scan_atom(struct addr_scan *, struct str *atom_r);
/* Whether a word starts at the cursor. */
bool	addr_scan_at_word(const struct addr_scan *);

#endif
