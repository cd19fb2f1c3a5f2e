/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * str: a borrowed view of bytes, not NUL-terminated, which may contain NUL.
 * All input is kept in this form up to the calls of libmilter and OpenSSL.
 * The absent string is {NULL, 0}; the empty one has p != NULL. Case is folded
 * for ASCII only, whatever the locale.
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
/* For printf("%.*s", STR_FMT(s)), with text that needs no escaping. */
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

/* Of a hexadecimal digit, 0 to 15; -1: it is none. */
static inline int
char_hex(char c)
{
	if (char_is_digit(c)) {
		return (c - '0');
	}
	c = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
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

/* Length of folding white space at i: SP, HTAB, or CRLF before one; or 0. */
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
/* Whether no octet is above 127. */
bool	str_is_ascii(struct str);
/* Whether one of the n strings equals s, case ignored. */
bool	str_list_has_ci(const struct str *list, size_t n, struct str s);
/* <0, 0, >0 as memcmp; a prefix sorts first. */
int	str_cmp(struct str, struct str);
/* Offset of the first c, or s.n. */
size_t	str_find(struct str s, char c);
/* Offset of the last c, or s.n. */
size_t	str_rfind(struct str s, char c);
/* The part from offset `from` to the end; empty when from >= s.n. */
struct str	str_from_offset(struct str s, size_t from);
struct str	str_first(struct str s, size_t n);
/* Without SP and HTAB at both ends. */
struct str	str_trim_wsp(struct str s);
/* Without SP and HTAB at the end. */
struct str	str_trim_wsp_end(struct str s);
/* Without SP, HTAB, CR and LF at both ends. */
struct str	str_trim_fws(struct str s);
/* Turns each bare LF into CRLF: the length of the result, and the copy. */
size_t	str_crlf_bytes(struct str s);
void	str_crlf_copy(char *out, struct str s);
/*
 * Splits the next piece, which may be empty, off *rest at `sep`. False when
 * *rest is absent. After the last piece *rest is STR_NONE.
 */
bool	str_next(struct str *rest, char sep, struct str *piece_r);
/* Decimal digits only, all of s, no sign; false on overflow or n == 0. */
bool	str_to_u64(struct str s, uint64_t *value_r);

/* For tables and for comparing; not safe against chosen input. */
uint64_t	 str_hash(struct str);

#endif
