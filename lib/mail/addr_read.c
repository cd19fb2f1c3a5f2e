/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ip.h"
#include "base/utf8.h"
#include "mail/addr_read.h"
#include "mail/addr_words.h"
#include "mail/domain.h"

#define LITERAL_MAX_BYTES	64	/* of an address literal */

enum comments {
	COMMENTS_IGNORED,
	COMMENTS_NESTED,	/* RFC 5322 3.2.2 */
	COMMENTS_INNERMOST	/* those without others in them */
};

struct reader {
	struct arena		*arena;
	struct str		 s;
	size_t			 i;
	bool			 quotes;	/* are obeyed */
	bool			 cr_ends;	/* they and comments end at CR,
						   as in Python's email.utils */
	enum comments		 comments;
	struct addr_from	*out;
	size_t			 cap;
	size_t			 ats;		/* looked at so far */
	bool			 found;		/* a domain, by this reading */
	bool			 unreadable;	/* an '@' without a name */
	size_t			 cut;		/* names before an empty
						   label */
	bool			 unknown;	/* a charset */
	enum status		 status;
};

static bool
char_is_control(char c)
{
	return ((unsigned char)c < ' ' || c == 0x7f);
}

static bool
str_any_control(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (char_is_control(s.p[i])) {
			return (true);
		}
	}
	return (false);
}

/* Whether the character ends the word before it. */
static bool
char_separates(char c)
{
	return (c != '\0' && strchr("<>,;:[]", c) != NULL);
}

static bool
char_is_blank(char c)
{
	return (c == ' ' || char_is_control(c));
}

/* Of a name, or of one that could follow in U-labels. */
static bool
char_is_name(char c)
{
	return (char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_' ||
	    c == '.' || (unsigned char)c > 0x7f);
}

/* Behind the quoted string that begins at i; one without an end goes to the
   end of the text. */
static size_t
skip_quoted(struct str s, size_t i)
{
	size_t j;

	for (j = i + 1; j < s.n && s.p[j] != '"'; j++) {
		j += s.p[j] == '\\';
	}
	return (j < s.n ? j + 1 : s.n);
}

/* From i: behind the first CR before end, or end. */
static size_t
cut_at_cr(const struct reader *r, size_t i, size_t end)
{
	size_t n = r->cr_ends ? str_find(str_mem(r->s.p + i, end - i), '\r') :
	    end - i;

	return (n < end - i ? i + n + 1 : end);
}

/* The same for a comment, which may hold others. */
static size_t
skip_comment(struct str s, size_t i)
{
	size_t j, depth = 0;

	for (j = i; j < s.n; j++) {
		if (s.p[j] == '\\') {
			j++;
		} else if (s.p[j] == '(') {
			depth++;
		} else if (s.p[j] == ')' && --depth == 0) {
			return (j + 1);
		}
	}
	return (s.n);
}

static size_t
skip_innermost(struct str s, size_t i)
{
	size_t j;

	for (j = i + 1; j < s.n && s.p[j] != '('; j++) {
		if (s.p[j] == ')') {
			return (j + 1);
		}
	}
	return (i + 1);
}

static size_t
skip_comment_here(const struct reader *r, size_t i)
{
	switch (r->comments) {
	case COMMENTS_IGNORED:
		return (i);
	case COMMENTS_NESTED:
		return (cut_at_cr(r, i, skip_comment(r->s, i)));
	case COMMENTS_INNERMOST:
		return (skip_innermost(r->s, i));
	}
	return (i);
}

static bool
char_delimits(char c)
{
	return (char_is_blank(c) || char_separates(c) ||
	    strchr(".@()", c) != NULL);
}

/* Whether the character makes readers differ on what is quoted. */
static bool
char_is_doubtful(struct str s, size_t i)
{
	char c = s.p[i];

	return (c == '\\' || c == ')' || (char_is_control(c) && c != '\t' &&
	    (i == 0 || s.p[i - 1] != '\r') && str_fws_at(s, i) == 0));
}

/* Behind the quoted string or comment at i, if every reader agrees on that. */
static size_t
skip_plain(struct str s, size_t i)
{
	char open = s.p[i], close = open == '"' ? '"' : ')';
	bool parts = false, at = false;
	size_t j;

	if (i > 0 && !char_delimits(s.p[i - 1])) {
		return (i);
	}
	for (j = i + 1; j < s.n && s.p[j] != close; j++) {
		if (strchr("\"(", s.p[j]) != NULL || char_is_doubtful(s, j)) {
			return (i);
		}
		parts = parts || char_separates(s.p[j]);
		at = at || s.p[j] == '@';
	}
	if (open == '(' && parts && at) {
		return (i);
	}
	return (j < s.n && (j + 1 == s.n || char_delimits(s.p[j + 1])) ?
	    j + 1 : i);
}

/* Whether a quoted string that ends there is no name before an address. */
static bool
is_behind_name(struct str s, size_t end)
{
	while (end < s.n && !char_separates(s.p[end]) &&
	    strchr("@\"(", s.p[end]) == NULL) {
		end++;
	}
	return (end < s.n && (s.p[end] == '>' || s.p[end] == ':'));
}

/* Whether all readers agree on what is quoted and what is a comment. */
static bool
quoting_is_plain(struct str s)
{
	bool behind = false;	/* an address, in the same item */
	size_t i, next;

	for (i = 0; i < s.n; i = next) {
		next = i + 1;
		if (char_is_doubtful(s, i)) {
			return (false);
		}
		if (s.p[i] == '"' || s.p[i] == '(') {
			next = skip_plain(s, i);
		}
		if (next == i || (s.p[i] == '"' &&
		    (behind || is_behind_name(s, next)))) {
			return (false);
		}
		behind = s.p[i] == '>' || (behind && s.p[i] != ',' &&
		    s.p[i] != ';');
	}
	return (true);
}

/* Behind the white space or the comment at i, or i. */
static size_t
skip_blank_here(const struct reader *r, size_t i)
{
	if (i == r->s.n) {
		return (i);
	}
	if (r->s.p[i] == '(' && r->comments != COMMENTS_IGNORED) {
		return (skip_comment_here(r, i));
	}
	return (i + (char_is_blank(r->s.p[i]) || r->s.p[i] == '(' ||
	    r->s.p[i] == ')'));
}

static size_t
skip_blank(const struct reader *r, size_t i)
{
	size_t next;

	while ((next = skip_blank_here(r, i)) > i) {
		i = next;
	}
	return (i);
}

static bool
is_known(const struct reader *r, struct str domain)
{
	size_t i;

	for (i = 0; i < r->out->n; i++) {
		if (str_eq(r->out->v[i].domain, domain)) {
			return (true);
		}
	}
	return (false);
}

static void
add_mailbox(struct reader *r, struct addr_mailbox mailbox)
{
	struct addr_mailbox *v;

	r->found = true;
	if (r->status != STATUS_OK || is_known(r, mailbox.domain)) {
		return;
	}
	if (r->out->n == ADDR_READ_MAX_DOMAINS) {
		r->out->result = ADDR_FROM_LIMIT;
		return;
	}
	v = arena_grow(r->arena, r->out->v, r->out->n, &r->cap, sizeof(*v));
	if (v == NULL) {
		r->status = STATUS_NOMEM;
		return;
	}
	r->out->v = v;
	v[r->out->n++] = mailbox;
}

static struct str
drop_trailing_dots(struct str name)
{
	while (name.n > 0 && name.p[name.n - 1] == '.') {
		name.n--;
	}
	return (name);
}

/* Whether the text was a name; it is added then. */
static bool
add_domain(struct reader *r, struct addr_mailbox mailbox, struct str text)
{
	enum status status;

	if (mailbox.local.n == 0 || !utf8_valid(mailbox.local) ||
	    str_any_control(mailbox.local)) {
		mailbox.local = STR("");
	}
	status = domain_normalize(r->arena, drop_trailing_dots(text),
	    &mailbox.domain);
	if (status == STATUS_OK) {
		add_mailbox(r, mailbox);
	} else if (status == STATUS_NOMEM) {
		r->status = STATUS_NOMEM;
	}
	return (status == STATUS_OK);
}

static size_t
ascii_length(struct str s)
{
	size_t i;

	for (i = 0; i < s.n && (unsigned char)s.p[i] <= 0x7f; i++) {
	}
	return (i);
}

/* Behind the run of a name's characters at i. */
static size_t
skip_name(const struct reader *r, size_t i)
{
	while (i < r->s.n && char_is_name(r->s.p[i])) {
		i++;
	}
	return (i);
}

enum join {
	JOIN_DOTS,	/* RFC 5322 4.4: white space and comments around dots */
	JOIN_WORDS,	/* the same anywhere, and backslashes */
	JOIN_ALL,	/* angle brackets and parentheses, too */
	JOIN_BRACKETS	/* and square brackets */
};

/* Behind what is no part of a name and yet does not end it for some readers. */
static size_t
skip_gap(const struct reader *r, size_t i, enum join join)
{
	const char *skipped[] = {
		[JOIN_DOTS] = " \t\r\n",
		[JOIN_WORDS] = " \t\r\n\\",
		[JOIN_ALL] = " \t\r\n\\<>()",
		[JOIN_BRACKETS] = " \t\r\n\\<>()[]",
	};
	char c;

	for (; i < r->s.n; i++) {
		c = r->s.p[i];
		if (c == '(' && r->comments != COMMENTS_IGNORED) {
			i = skip_comment_here(r, i) - 1;
		} else if ((c == '\0' || strchr(skipped[join], c) == NULL) &&
		    (join == JOIN_DOTS || !char_is_control(c))) {
			break;
		}
	}
	return (i);
}

static bool
add_ascii(struct reader *r, struct addr_mailbox mailbox, struct str name,
    size_t n)
{
	char text[ADDR_READ_NAME_MAX_BYTES];
	size_t i;

	if (name.n > sizeof(text)) {
		return (false);
	}
	memcpy(text, name.p, n);
	for (i = n; i < name.n; i++) {
		if ((unsigned char)name.p[i] <= 0x7f) {
			text[n++] = name.p[i];
		}
	}
	mailbox.gaps = true;
	return (add_domain(r, mailbox, str_mem(text, n)));
}

/* With dots for U+2024 and U+FE52, as IDNA 2003 has it. */
static bool
add_dotted(struct reader *r, struct addr_mailbox mailbox, struct str name)
{
	char text[ADDR_READ_NAME_MAX_BYTES];
	size_t i, n = 0;
	bool dots = false;

	if (name.n > sizeof(text)) {
		return (false);
	}
	for (i = 0; i < name.n; i++) {
		struct str rest = str_from_offset(name, i);

		if (str_starts(rest, STR("\xe2\x80\xa4")) ||
		    str_starts(rest, STR("\xef\xb9\x92"))) {
			text[n++] = '.';
			dots = true;
			i += 2;
		} else {
			text[n++] = name.p[i];
		}
	}
	mailbox.gaps = true;
	return (dots && add_domain(r, mailbox, str_mem(text, n)));
}

/* Up to an empty label, as some readers take it. It makes no field readable. */
static void
add_cut(struct reader *r, struct addr_mailbox mailbox, struct str name)
{
	size_t i = 0, n = r->out->n;
	bool found = r->found;

	while (i + 1 < name.n && (name.p[i] != '.' || name.p[i + 1] != '.')) {
		i++;
	}
	if (i > 0 && i + 1 < name.n) {
		mailbox.gaps = true;
		(void)add_domain(r, mailbox, str_first(name, i));
		r->cut += r->out->n - n;
		r->found = found;
	}
}

/* A name; and how it is read by who takes ASCII only: up to another octet, or
   without those. */
static bool
add_name(struct reader *r, struct addr_mailbox mailbox, struct str name)
{
	size_t n = ascii_length(name);
	bool found = add_domain(r, mailbox, name);

	if (n < name.n) {
		found |= add_ascii(r, mailbox, str_first(name, n), n);
		found |= add_ascii(r, mailbox, name, n);
		found |= add_dotted(r, mailbox, name);
	}
	if (!found) {
		add_cut(r, mailbox, name);
	}
	return (found);
}

/* The name that begins with `first` and goes on at i, without its gaps. */
static bool
add_joined(struct reader *r, struct str local, struct str first, size_t i,
    enum join join)
{
	struct addr_mailbox mailbox = { .local = local, .gaps = true };
	char text[ADDR_READ_NAME_MAX_BYTES];
	size_t n = first.n, next, end;
	bool found = false;

	if (n == 0 || n > sizeof(text)) {
		return (false);
	}
	memcpy(text, first.p, n);
	for (;;) {
		next = skip_gap(r, i, join);
		end = skip_name(r, next);
		if (next == i || end == next || end - next > sizeof(text) - n ||
		    (join == JOIN_DOTS && r->s.p[next] != '.' &&
		    text[n - 1] != '.')) {
			break;
		}
		/* A name may end at a dot, and where a line does. */
		if (n > first.n && (text[n - 1] == '.' ||
		    str_find(str_mem(r->s.p + i, next - i), '\r') <
		    next - i)) {
			found |= add_name(r, mailbox, str_mem(text, n));
		}
		memcpy(text + n, r->s.p + next, end - next);
		n += end - next;
		i = end;
	}
	if (n > first.n) {
		found |= add_name(r, mailbox, str_mem(text, n));
	}
	return (found);
}

/* Behind the quoted string at i, or one character. */
static size_t
skip_word_part(const struct reader *r, size_t i)
{
	return (r->quotes && r->s.p[i] == '"' ?
	    cut_at_cr(r, i, skip_quoted(r->s, i)) : i + 1);
}

/* Whether a comma is before i, blanks aside. */
static bool
is_in_list(struct str s, size_t i)
{
	while (i > 0 && char_is_blank(s.p[i - 1])) {
		i--;
	}
	return (i > 0 && s.p[i - 1] == ',');
}

/*
 * Whether the name that ends at i is a source route's (RFC 5322 4.4
 * obs-route), which an address follows: "@a:b@c". Of a longer route, "@a,@b:",
 * some take the names for authors.
 */
static bool
is_route(const struct reader *r, size_t at, size_t i)
{
	if (is_in_list(r->s, at)) {
		return (false);
	}
	i = skip_blank(r, i);
	if (i == r->s.n || r->s.p[i] != ':') {
		return (false);
	}
	i = skip_blank(r, i + 1);
	while (i < r->s.n && !char_is_blank(r->s.p[i]) &&
	    !char_separates(r->s.p[i]) && r->s.p[i] != '@') {
		i = skip_word_part(r, i);
	}
	return (i < r->s.n && r->s.p[i] == '@');
}

/* Whether an address literal (RFC 5321 4.1.3) begins at i. */
static bool
is_literal(struct str s, size_t i)
{
	struct str text = str_first(str_from_offset(s, i + 1),
	    LITERAL_MAX_BYTES);
	size_t end = str_find(text, ']');
	struct ip_addr ip;

	if (end == text.n ||
	    (end + 1 < text.n && char_is_name(text.p[end + 1]))) {
		return (false);
	}
	text = str_trim_fws(str_first(text, end));
	if (str_starts_ci(text, STR("IPv6:"))) {
		text = str_from_offset(text, 5);
	}
	return (ip_parse(text, &ip));
}

/* What stands behind an '@'; local: before it, may be empty. */
static void
read_domain(struct reader *r, struct str local, size_t i)
{
	enum join all = JOIN_ALL;
	size_t at = i - 1, end;
	struct str name;
	bool found;

	if (++r->ats > ADDR_READ_MAX_ATS) {
		r->out->result = ADDR_FROM_LIMIT;
		return;
	}
	i = skip_gap(r, i, JOIN_ALL);
	if (i < r->s.n && r->s.p[i] == '[') {
		if (is_literal(r->s, i)) {
			return;
		}
		all = JOIN_BRACKETS;
		i = skip_gap(r, i, all);
	}
	end = skip_name(r, i);
	if (local.n == 0 && is_route(r, at, end)) {
		return;
	}
	name = str_mem(r->s.p + i, end - i);
	found = add_name(r, (struct addr_mailbox){ .local = local }, name);
	found |= add_joined(r, local, name, end, JOIN_DOTS);
	found |= add_joined(r, local, name, end, JOIN_WORDS);
	found |= add_joined(r, local, name, end, all);
	r->unreadable |= !found;
}

static void	read_addresses(struct reader *);

/* A part of the text without regard to quotes. */
static void
read_part(struct reader *r, struct str part)
{
	struct reader saved = *r;

	r->s = part;
	r->quotes = false;
	read_addresses(r);
	r->s = saved.s;
	r->quotes = saved.quotes;
}

/* What stands between separators; found: it holds an address outside quotes. */
static void
read_alone(struct reader *r, size_t from, size_t to, bool found)
{
	if (r->quotes && !found && !r->cr_ends &&
	    r->out->result == ADDR_FROM_OK) {
		read_part(r, str_mem(r->s.p + from, to - from));
	}
}

/* A quoted string that may be all that is left: an address, if it is one. */
static void
read_cut(struct reader *r, struct str text)
{
	size_t at = str_rfind(text, '@');
	bool found = r->found;

	if (at < text.n) {
		(void)add_domain(r, (struct addr_mailbox){ .gaps = true },
		    str_trim_fws(str_from_offset(text, at + 1)));
		r->found = found;
	}
}

/*
 * A word is a run of characters between white space and separators, with what
 * is quoted in it. The word before an '@' is the local part; the text behind
 * the '@' is a word, too: "x@a@b" shows both. For some readers a quoted local
 * part, or one that stands alone between separators, shows its text.
 */
static void
read_addresses(struct reader *r)
{
	struct str word = STR_NONE;
	bool ended = true;	/* white space stood behind the word */
	bool found = false;	/* an '@' since the last separator */
	size_t i, next, from = 0;

	for (i = 0; i < r->s.n && r->out->result == ADDR_FROM_OK; i = next) {
		next = skip_blank_here(r, i);
		if (next > i) {
			ended = true;
			continue;
		}
		next = skip_word_part(r, i);
		if (r->cr_ends && r->s.p[i] == '"' && !found &&
		    r->s.p[next - 1] == '\r') {
			read_cut(r, str_mem(r->s.p + i + 1, next - i - 2));
		}
		if (r->s.p[i] == '@') {
			if (r->quotes && str_find(word, '@') < word.n) {
				read_part(r, word);
			}
			read_domain(r, word, next);
			found = true;
			word = STR_NONE;
		} else if (next == i + 1 && char_separates(r->s.p[i])) {
			if (r->s.p[i] != '<' && r->s.p[i] != '>') {
				read_alone(r, from, i, found);
				from = next;
				found = false;
			}
			word = STR_NONE;
		} else if (ended || word.n == 0) {
			word = str_mem(r->s.p + i, next - i);
		} else {
			word.n += next - i;
		}
		ended = false;
	}
	read_alone(r, from, r->s.n, found);
}

/* A copy without control characters; absent if it has none. */
static struct str
drop_controls(struct reader *r, struct str s)
{
	size_t i, n = 0;
	char *p;

	if (!str_any_control(s)) {
		return (STR_NONE);
	}
	p = arena_alloc(r->arena, s.n);
	if (p == NULL) {
		r->status = STATUS_NOMEM;
		return (STR_NONE);
	}
	for (i = 0; i < s.n; i++) {
		if (!char_is_control(s.p[i])) {
			p[n++] = s.p[i];
		}
	}
	return (str_mem(p, n));
}

static void
read_as(struct reader *r, bool quotes, enum comments comments)
{
	r->quotes = quotes;
	r->comments = comments;
	read_addresses(r);
}

/* As who ends quoted strings and comments at each end of a line. */
static void
read_folds(struct reader *r, struct str text)
{
	r->s = text;
	if (str_find(text, '\r') < text.n) {
		r->cr_ends = true;
		read_as(r, true, COMMENTS_NESTED);
		r->cr_ends = false;
	}
}

static void
read_all_ways(struct reader *r, struct str text)
{
	read_folds(r, text);
	r->found = false;
	read_as(r, true, COMMENTS_NESTED);
	if (r->found && quoting_is_plain(text)) {
		return;
	}
	read_as(r, true, COMMENTS_IGNORED);
	read_as(r, false, COMMENTS_IGNORED);
	read_as(r, false, COMMENTS_INNERMOST);
}

static void
read_text(struct reader *r, struct str text)
{
	const char *const behind[] = { " ", "" };
	struct str decoded;
	size_t i;

	read_all_ways(r, text);
	for (i = 0; i < 2 && r->status == STATUS_OK; i++) {
		r->status = addr_words_decode(r->arena, text, behind[i],
		    &decoded, &r->unknown);
		if (decoded.n > 0) {
			read_all_ways(r, decoded);
		}
	}
}

enum status
addr_read_folds(struct arena *a, struct str value, struct addr_from *from_r)
{
	struct reader r = { .arena = a, .out = from_r, .status = STATUS_OK };

	from_r->result = ADDR_FROM_OK;
	from_r->v = NULL;
	from_r->n = 0;
	read_folds(&r, value);
	return (r.status);
}

enum status
addr_read(struct arena *a, struct str value, struct addr_from *from_r)
{
	struct reader r = { .arena = a, .out = from_r, .status = STATUS_OK };
	struct str dropped;

	from_r->result = ADDR_FROM_OK;
	from_r->v = NULL;
	from_r->n = 0;
	read_text(&r, value);
	dropped = drop_controls(&r, value);
	if (dropped.n > 0) {
		read_text(&r, dropped);
	}
	if (from_r->result == ADDR_FROM_LIMIT || r.status != STATUS_OK) {
		from_r->v = NULL;
		from_r->n = 0;
	} else if (from_r->n == r.cut || r.unknown) {
		from_r->v = NULL;
		from_r->result = r.unreadable || r.unknown ?
		    ADDR_FROM_SYNTAX : ADDR_FROM_NONE;
		from_r->n = 0;
	}
	return (r.status);
}
