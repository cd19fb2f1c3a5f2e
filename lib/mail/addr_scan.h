/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr_scan: the tokens of RFC 5322 3.2 for addr.c. A cursor over a field's
 * value with a sticky failure: after one, the cursor stands at the end, every
 * function does nothing and the caller checks once.
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
	enum addr_from_result	result;	/* ADDR_FROM_OK while all is well */
};

/* Fails at once on control characters, NUL and CR or LF that fold nothing. */
void	addr_scan_init(struct addr_scan *, struct str value);
void	addr_scan_fail(struct addr_scan *, enum addr_from_result);
/* The octet at the cursor; NUL at the end (a value holds none). */
char	addr_scan_peek(const struct addr_scan *);
/* Moves past c if it stands here. */
bool	addr_scan_take(struct addr_scan *, char c);
/* Moves past folding white space and comments. */
void	addr_scan_cfws(struct addr_scan *);
/*
 * Moves past one atom or quoted-string (and CFWS on both sides). Its text,
 * unquoted, goes to out if that is not NULL, where there must be room for as
 * many octets as the input has. Returns the octets of text. Fails when
 * there is no word here.
 */
size_t	addr_scan_word(struct addr_scan *, char *out);
/* As above, an atom only; *atom_r is a view. */
void	addr_scan_atom(struct addr_scan *, struct str *atom_r);
/* At the start of a word? */
bool	addr_scan_at_word(const struct addr_scan *);

#endif
