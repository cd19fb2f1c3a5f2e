/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * str: a borrowed view of bytes. It owns nothing, is not NUL-terminated, and
 * may hold NUL: all outside input is kept this way until the edges (libmilter,
 * OpenSSL). The absent string is {NULL, 0}, the empty one has p != NULL.
 * All case folding here is ASCII only, whatever the locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char	*p;
	size_t		 n;
};

#define STR(literal)	((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE	((struct str){ NULL, 0 })
/* For printf("%.*s", STR_FMT(s)): only for text known to be clean. */
#define STR_FMT(s)	(int)(s).n, (s).p != NULL ? (s).p : ""

static inline struct str
str_from(const char *cstr)
{
	return ((struct str){ cstr, cstr != NULL ? strlen(cstr) : 0 });
}

static inline struct str
str_mem(const void *p, size_t n)
{
	return ((struct str){ (const char *)p, n });
}

static inline bool
char_is_wsp(char c)
{
	return (c == ' ' || c == '\t');
}

static inline bool
char_is_fws(char c)
{
	return (char_is_wsp(c) || c == '\r' || c == '\n');
}

static inline bool
char_is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static inline bool
char_is_alpha(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static inline char
char_lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
}

/* Octets of folding white space at i: SP or HTAB, or CRLF before one; or 0. */
static inline size_t
str_fws_at(struct str s, size_t i)
{
	if (i < s.n && char_is_wsp(s.p[i])) {
		return (1);
	}
	return (i + 2 < s.n && s.p[i] == '\r' && s.p[i + 1] == '\n' &&
	    char_is_wsp(s.p[i + 2]) ? 3 : 0);
}

bool	str_eq(struct str, struct str);
bool	str_eq_ci(struct str, struct str);
bool	str_starts(struct str, struct str prefix);
bool	str_starts_ci(struct str, struct str prefix);
bool	str_ends_ci(struct str, struct str suffix);
/* No octet above 127. */
bool	str_is_ascii(struct str);
/* Whether one of the n is s, case ignored. */
bool	str_list_has_ci(const struct str *list, size_t n, struct str s);
/* <0, 0, >0 as memcmp, shorter first on a common prefix. */
int	str_cmp(struct str, struct str);
/* Offset of the first c, or s.n when there is none. */
size_t	str_find(struct str s, char c);
/* Offset of the last c, or s.n when there is none. */
size_t	str_rfind(struct str s, char c);
/* The part from offset `from` on; empty when from >= s.n. */
struct str	str_from_offset(struct str s, size_t from);
struct str	str_first(struct str s, size_t n);
/* Without SP and HTAB at both ends. */
struct str	str_trim_wsp(struct str s);
/* Without them at the end. */
struct str	str_trim_wsp_end(struct str s);
/* Without SP, HTAB, CR and LF at both ends. */
struct str	str_trim_fws(struct str s);
/* With each bare LF as CRLF: how many octets, and a copy of as many. */
size_t	str_crlf_bytes(struct str s);
void	str_crlf_copy(char *out, struct str s);
/*
 * Cuts the next piece off *rest at `sep`: true and the piece (maybe empty),
 * or false when *rest is absent. After the last piece *rest is STR_NONE.
 */
bool	str_next(struct str *rest, char sep, struct str *piece_r);
/* Decimal digits only, all of s, no sign; false on overflow or n == 0. */
bool	str_to_u64(struct str s, uint64_t *value_r);

/* For tables and for telling things apart; it withstands accidents, not an
   adversary. */
uint64_t	 str_hash(struct str);

#endif
