/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan: the tokens of RFC 8601 2.2, shared by the parser, the writer and the
 * judge of forgeries. A cursor over one field's value; each function moves it
 * past what it took, or leaves it and returns false.
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

/* RFC 2045 5.1: what may stand in a token; octets above 127 count as such. */
bool	scan_is_token_char(char);
/* Letters, digits, '-' (RFC 5321 Keyword), and '_'. */
bool	scan_is_keyword_char(char);
/* One word of these, which does not end in a hyphen. */
bool	scan_is_keyword(struct str s);
/* Whether s is [[local-part] "@"] domain-name with an '@' in it. */
bool	scan_is_address(struct str s);

bool	scan_at_end(const struct scan *);
/* The next octet, NUL at the end (a NUL in the input is never expected). */
char	scan_peek(const struct scan *);
bool	scan_char(struct scan *, char);
/* The longest run of such characters; false when it is empty. */
bool	scan_run(struct scan *, bool (*is)(char), struct str *run_r);
/*
 * White space and comments, maybe none. False: a comment that does not end or
 * is nested too deep. *comment_r (may be NULL) is set to the inside of the
 * first comment, if there is one and it was absent before.
 */
bool	scan_cfws(struct scan *, struct str *comment_r);
/* A quoted-string as it stands, both quotes included; false: it does not
   end, or holds a control character. */
bool	scan_quoted(struct scan *, struct str *raw_r);

/* The text meant by a quoted-string or comment without its delimiters:
   unfolded, quoted pairs resolved. p == NULL: no memory. */
struct str	scan_unescape(struct arena *, struct str inside);
/* Unfolded only. */
struct str	scan_unfold(struct arena *, struct str raw);

#endif
