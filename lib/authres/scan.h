/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan: the tokens of RFC 8601 2.2, for the parser, the writer and the check
 * for forged fields. A cursor over one field's value; each function moves it
 * past a token, or returns false and leaves it.
 */
#ifndef AUTHRES_SCAN_H
#define AUTHRES_SCAN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define AUTHRES_MAX_COMMENT_DEPTH	64

struct scan {
	struct str	rest;
};

/* Whether c may be in a token (RFC 2045 5.1) or is above 127. */
bool	scan_is_token_char(char);
/* Letters, digits, '-' (RFC 5321 Keyword), and '_'. */
bool	scan_is_keyword_char(char);
/* Of an authserv-id and of a method, in the forms that are in use. */
bool	scan_is_id_char(char);
bool	scan_is_method_char(char);
/* Whether s is a word of these that does not end in a hyphen. */
bool	scan_is_keyword(struct str s);
/* Whether s is [[local-part] "@"] domain-name with an '@' in it. */
bool	scan_is_address(struct str s);

bool	scan_at_end(const struct scan *);
/* The next octet; NUL at the end and for a NUL. */
char	scan_peek(const struct scan *);
bool	scan_char(struct scan *, char);
/* The longest run of such characters; false if empty. */
bool	scan_run(struct scan *, bool (*is)(char), struct str *run_r);
/*
 * White space and comments, or nothing. False: an unclosed comment, or one that
 * is nested too deeply. *comment_r (may be NULL) is set to the content of the
 * first comment if it was absent before.
 */
bool	scan_cfws(struct scan *, struct str *comment_r);
/* A quoted-string with its quotes; false: unclosed, or contains a control
   character. */
bool	scan_quoted(struct scan *, struct str *raw_r);

/* The content of a quoted-string or comment, without delimiters: unfolded,
   quoted pairs resolved. p == NULL: out of memory. */
struct str	scan_unescape(struct arena *, struct str inside);
/* Unfolded only. */
struct str	scan_unfold(struct arena *, struct str raw);

#endif
