/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/addr_words.h"
#include "mail/word_text.h"

#define CHARSET_CHARS	16	/* more than any name in known[] */

/* In place of text's own octets, at out. */
static size_t
decode_text(struct str text, bool base64, char *out)
{
	struct word_text word = { .rest = text, .base64 = base64 };
	size_t n = 0;

	while (word_text_next(&word, &out[n])) {
		n++;
	}
	return (n);
}

/* The name in lower case, without "x-" and hyphens: many spell it otherwise. */
static struct str
plain_charset(struct str charset, char out[CHARSET_CHARS])
{
	size_t i, n = 0;

	i = str_starts_ci(charset, STR("x-")) ? 2 : 0;
	for (; i < charset.n && n < CHARSET_CHARS; i++) {
		if (charset.p[i] != '-' && charset.p[i] != '_') {
			out[n++] = char_lower(charset.p[i]);
		}
	}
	return (str_mem(out, n));
}

/* Whether octets of the text below 128 are ASCII, but for shift sequences.
   Those of UTF-16 are with NUL, which addr_read drops. */
static bool
charset_is_known(struct str charset, struct str text)
{
	static const char *const known[] = { "usascii", "ascii", "utf8",
		"iso8859", "iso88", "latin", "windows12", "windows3",
		"windows8", "windows9", "win12", "cp12", "cp437", "cp85",
		"cp86", "cp874", "cp932", "cp936", "cp949", "cp950", "cp65001",
		"dos", "ibm437", "ibm85", "ibm86", "koi8", "gb", "hzgb",
		"big5", "euc", "shift", "sjis", "mskanji", "iso2022",
		"ksc5601", "johab", "tis620", "viscii", "tcvn", "ansix3.4",
		"mac", "utf16", "utf32", "unknown", "userdefined", "default" };
	char buf[CHARSET_CHARS];
	struct str name = plain_charset(charset, buf);
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_starts(name, str_from(known[i]))) {
			return (true);
		}
	}
	return (charset.n == 0 || (str_starts(name, STR("utf7")) &&
	    str_find(text, '+') == text.n));
}

/* The offset of the first "?="; s.n: there is none. */
static size_t
find_word_end(struct str s)
{
	size_t i;

	for (i = 0; i + 1 < s.n && (s.p[i] != '?' || s.p[i + 1] != '='); i++) {
	}
	return (i + 1 < s.n ? i : s.n);
}

/*
 * The encoded word at the start of s (RFC 2047 2): its length, and what it
 * stands for at out, where there is room for it. 0: it is none.
 */
static size_t
decode_word(struct str s, char *out, size_t *n_r, bool *unknown_r)
{
	struct str rest = str_from_offset(s, 2), text;
	size_t charset, end;
	char encoding;

	if (!str_starts(s, STR("=?"))) {
		return (0);
	}
	charset = str_find(rest, '?');
	if (charset + 2 >= rest.n || rest.p[charset + 2] != '?') {
		return (0);
	}
	encoding = char_lower(rest.p[charset + 1]);
	text = str_from_offset(rest, charset + 3);
	if (encoding != 'q' && encoding != 'b') {
		return (0);
	}
	end = find_word_end(text);
	if (end == text.n) {
		return (0);
	}
	text.n = end;
	*n_r = decode_text(text, encoding == 'b', out);
	*unknown_r |= !charset_is_known(str_first(rest, charset),
	    str_mem(out, *n_r));
	return (2 + charset + 3 + end + 2);
}

/* The offset of the last "?="; 0: there is none. */
static size_t
last_word_end(struct str s)
{
	size_t i = s.n;

	while (i > 1 && (s.p[i - 2] != '?' || s.p[i - 1] != '=')) {
		i--;
	}
	return (i > 1 ? i - 2 : 0);
}

static bool
has_words(struct str s)
{
	size_t i;

	for (i = 0; i + 1 < s.n && (s.p[i] != '=' || s.p[i + 1] != '?'); i++) {
	}
	return (i + 1 < s.n);
}

enum status
addr_words_decode(struct arena *a, struct str s, const char *behind,
    struct str *decoded_r, bool *unknown_r)
{
	size_t i, n = 0, length, decoded, words = 0;
	size_t last = last_word_end(s);
	char *p;

	*decoded_r = STR_NONE;
	if (!has_words(s)) {
		return (STATUS_OK);
	}
	p = arena_alloc(a, s.n);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < s.n; i += length) {
		length = words < ADDR_WORDS_MAX && i < last ? decode_word(
		    str_from_offset(s, i), p + n, &decoded, unknown_r) : 0;
		if (length > 0) {
			/* There is room: the word is longer than its text. */
			n += decoded;
			words++;
			if (*behind != '\0') {
				p[n++] = *behind;
			}
		} else {
			p[n++] = s.p[i];
			length = 1;
		}
	}
	if (words > 0) {
		*decoded_r = str_mem(p, n);
	}
	return (STATUS_OK);
}
