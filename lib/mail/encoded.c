/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "mail/encoded.h"
#include "mail/word_text.h"

/* Words that begin within another one: both readings are tried. */
#define NESTED_MAX	64

struct word {			/* =?charset?encoding?text?= */
	struct str	charset;
	char		encoding;	/* b or q */
	struct str	text;
};

struct match {			/* of a field's name in decoded octets */
	struct str	name;
	bool		at_line;	/* only at the start of a line */
	bool		live;		/* the name may go on */
	size_t		n;		/* octets of it that match */
	bool		found;
};

/* LF and CR, and what Unicode has beside them: VT, FF, FS to RS, and the last
   octet of NEL, LS and PS. */
static bool
ends_line(char c)
{
	return ((c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) ||
	    c == '\x85' || c == '\xa8' || c == '\xa9');
}

static void
feed_octet(struct match *m, char c)
{
	if (c == '\0') {
		return;
	}
	if (ends_line(c)) {
		m->live = true;
		m->n = 0;
		return;
	}
	if (m->n == m->name.n && m->live && (c == ':' || char_is_wsp(c))) {
		m->found |= c == ':';
		return;
	}
	if (m->live && m->n < m->name.n &&
	    char_lower(c) == char_lower(m->name.p[m->n])) {
		m->n++;
		m->found |= m->n == m->name.n && !m->at_line;
		return;
	}
	m->live = !m->at_line;
	m->n = m->live && char_lower(c) == char_lower(m->name.p[0]);
}

/* The next '?' that may end a part; false: white space or the end before it. */
static bool
read_part(struct str *s, struct str *part_r)
{
	size_t i;

	for (i = 0; i < s->n && s->p[i] != '?'; i++) {
		if (s->p[i] <= ' ') {
			return (false);
		}
	}
	if (i == s->n) {
		return (false);
	}
	*part_r = str_first(*s, i);
	*s = str_from_offset(*s, i + 1);
	return (true);
}

/* The offset of "?="; s.n: there is none. */
static size_t
find_end(struct str s)
{
	const char *at = memmem(s.p, s.n, "?=", 2);

	return (at != NULL ? (size_t)(at - s.p) : s.n);
}

/* Reads the word at the start of s, which is "=?". */
static bool
read_word(struct str s, struct word *word_r, struct str *rest_r)
{
	struct str encoding;
	size_t end;

	s = str_from_offset(s, 2);

	if (!read_part(&s, &word_r->charset) || !read_part(&s, &encoding) ||
	    encoding.n != 1) {
		return (false);
	}
	word_r->encoding = char_lower(encoding.p[0]);
	if (word_r->encoding != 'b' && word_r->encoding != 'q') {
		return (false);
	}
	end = find_end(s);
	word_r->text = str_first(s, end);
	*rest_r = str_from_offset(s, end + 2);
	return (end < s.n);
}

static bool
is_utf7(struct str charset)
{
	return (str_starts_ci(charset, STR("utf-7")) ||
	    str_starts_ci(charset, STR("unicode-1-1-utf-7")));
}

static void
feed_word(struct match *m, const struct word *word)
{
	struct word_text text = { .rest = word->text,
		.base64 = word->encoding == 'b' };
	char c;

	m->at_line = !is_utf7(word->charset);
	while (word_text_next(&text, &c)) {
		feed_octet(m, c);
	}
}

static bool
begins_word(struct str s)
{
	return (s.n > 1 && s.p[0] == '=' && s.p[1] == '?');
}

/* RFC 2047 6.2: white space between two words is not shown. */
static struct str
skip_to_word(struct str s)
{
	size_t i;

	for (i = 0; i < s.n && char_is_fws(s.p[i]); i++) {
		continue;
	}
	return (begins_word(str_from_offset(s, i)) ? str_from_offset(s, i) :
	    s);
}

static bool
has_words(struct str s)
{
	size_t at;

	for (at = str_find(s, '='); at + 1 < s.n; at = str_find(s, '=')) {
		s = str_from_offset(s, at);
		if (begins_word(s)) {
			return (true);
		}
		s = str_from_offset(s, 1);
	}
	return (false);
}

/* Whether a line begins at an octet that is not encoded; not so in a fold. */
static bool
begins_line(struct str s)
{
	size_t i;

	for (i = 0; i + 1 < s.n; i++) {
		if (ends_line(s.p[i]) && !ends_line(s.p[i + 1]) &&
		    !char_is_wsp(s.p[i + 1])) {
			return (true);
		}
	}
	return (false);
}

/*
 * Whether a value with words may have the end of a line, in a word or outside;
 * most have none, and need not be decoded: those in Q without "=0", "=1", "=8"
 * and "=A".
 */
static bool
may_end_line(struct str s)
{
	bool words = false, octets = false;
	struct str whole = s, charset;
	size_t at;

	for (at = str_find(s, '='); at + 1 < s.n; at = str_find(s, '=')) {
		s = str_from_offset(s, at);
		octets |= memchr("018Aa", s.p[1], 5) != NULL;
		if (begins_word(s)) {
			words = true;
			s = str_from_offset(s, 2);
			charset = str_first(s, str_find(s, '?'));
			octets |= is_utf7(charset) || (s.n > charset.n + 1 &&
			    char_lower(s.p[charset.n + 1]) == 'b');
		} else {
			s = str_from_offset(s, 1);
		}
	}
	return (words && (octets || begins_line(whole)));
}

/* The offset behind the last "?="; 0: there is none. */
static size_t
last_end(struct str s)
{
	size_t n = s.n;

	while (n > 1 && (s.p[n - 2] != '?' || s.p[n - 1] != '=')) {
		n--;
	}
	return (n > 1 ? n : 0);
}

bool
encoded_hides(struct str value, struct str name)
{
	struct match m = { .name = name, .at_line = true };
	size_t tail;		/* no word ends here */
	unsigned nested = 0;
	struct word word;
	struct str rest;

	if (str_find(value, '?') == value.n || !may_end_line(value)) {
		return (false);
	}
	tail = value.n - last_end(value);
	while (value.n > 0 && !m.found && nested < NESTED_MAX) {
		if (value.n > tail && begins_word(value) &&
		    read_word(value, &word, &rest)) {
			struct match outer = m;

			feed_word(&outer, &word);
			if (!has_words(word.text)) {
				m = outer;
				value = skip_to_word(rest);
				continue;
			}
			m.found = outer.found;
			nested++;
		}
		m.at_line = true;
		feed_octet(&m, value.p[0]);
		value = str_from_offset(value, 1);
	}
	return (m.found || nested == NESTED_MAX);
}
