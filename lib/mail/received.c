/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received.h"

struct clause {			/* "from" up to "by" */
	struct received_client	*r;
	struct str		 host;	/* the words before the first comment */
	bool			 commented;
	bool			 attributes;	/* "helo=" and the like or
						   "HELO x": host is no HELO */
	bool			 found;
	bool			 doubt;
};

enum piece { PIECE_END, PIECE_WORD, PIECE_COMMENT, PIECE_BROKEN };

static bool
is_delimiter(char c)
{
	return (char_is_fws(c) || c == '(' || c == ')');
}

/*
 * Whether the word "by" occurs once, in comments or not, and no control
 * character does. A HELO that contains "by" would end the clause before the
 * part that the relay wrote.
 */
static bool
is_plain(struct str s)
{
	size_t i, from = 0, n = 0;
	unsigned char c;

	for (i = 0; i <= s.n; i++) {
		if (i < s.n && !is_delimiter(s.p[i])) {
			c = (unsigned char)s.p[i];
			if (c < ' ' || c == 0x7f) {
				return (false);
			}
			continue;
		}
		n += str_eq_ci(str_mem(s.p + from, i - from), STR("by"));
		from = i + 1;
	}
	return (n == 1);
}

/* Length of the quoted-string or comment at the start of s; 0: unclosed. */
static size_t
enclosed_length(struct str s, char open, char close)
{
	size_t i, depth = 1;

	for (i = 1; i < s.n; i++) {
		if (s.p[i] == '\\') {
			i++;
		} else if (s.p[i] == close) {
			if (--depth == 0) {
				return (i + 1);
			}
		} else if (s.p[i] == open) {
			depth++;
		}
	}
	return (0);
}

/* Length of the word at the start of s; 0: malformed. */
static size_t
word_length(struct str s)
{
	size_t i, n;

	for (i = 0; i < s.n && !char_is_fws(s.p[i]) && s.p[i] != '('; i += n) {
		n = 1;
		if (s.p[i] == '"') {
			n = enclosed_length(str_from_offset(s, i), '"', '"');
		}
		if (n == 0 || s.p[i] == '\\' || s.p[i] == ')') {
			return (0);
		}
	}
	return (i);
}

/* Splits the next piece off *rest; a comment without its parentheses. */
static enum piece
next_piece(struct str *rest, struct str *piece)
{
	size_t n;
	bool comment;

	*rest = str_trim_fws(*rest);
	if (rest->n == 0) {
		return (PIECE_END);
	}
	comment = rest->p[0] == '(';
	n = comment ? enclosed_length(*rest, '(', ')') : word_length(*rest);
	if (n == 0) {
		return (PIECE_BROKEN);
	}
	*piece = comment ? str_mem(rest->p + 1, n - 2) : str_first(*rest, n);
	*rest = str_from_offset(*rest, n);
	return (comment ? PIECE_COMMENT : PIECE_WORD);
}

/* In a comment: the next word; empty at the end and at a nested comment. */
static struct str
next_word(struct str *rest)
{
	size_t n = 0;
	struct str s;

	*rest = str_trim_fws(*rest);
	while (n < rest->n && !is_delimiter(rest->p[n])) {
		n++;
	}
	s = str_first(*rest, n);
	*rest = str_from_offset(*rest, n);
	return (s);
}

/* "[ADDRESS]" or "[ADDRESS]:PORT" */
static bool
parse_literal(struct str s, struct ip_addr *ip_r)
{
	size_t end = str_find(s, ']');
	struct str inside, port;
	uint64_t number;

	if (end == s.n || s.p[0] != '[') {
		return (false);
	}
	inside = str_mem(s.p + 1, end - 1);
	if (str_starts_ci(inside, STR("IPv6:"))) {
		inside = str_from_offset(inside, 5);
	}
	port = str_from_offset(s, end + 1);
	if (port.n > 0 && (port.p[0] != ':' ||
	    !str_to_u64(str_from_offset(port, 1), &number))) {
		return (false);
	}
	return (ip_parse(inside, ip_r));
}

static void
set_ip(struct clause *c, const struct ip_addr *ip)
{
	if (c->found && !ip_eq(&c->r->ip, ip)) {
		c->doubt = true;
	}
	c->r->ip = *ip;
	c->found = true;
}

/* Exim writes these after the address or in a separate comment. */
static bool
is_attribute(struct str s)
{
	return (str_starts(s, STR("helo=")) || str_starts(s, STR("port=")) ||
	    str_starts(s, STR("ident=")));
}

static void
read_attributes(struct clause *c, struct str in)
{
	struct str s;

	c->attributes = true;
	while ((s = next_word(&in)).n > 0) {
		if (str_starts(s, STR("helo="))) {
			c->r->helo = str_from_offset(s, 5);
			return;		/* the rest may belong to HELO */
		}
	}
}

/* After the address: nothing, "(may be forged)", "helo=x". */
static void
read_tail(struct clause *c, struct str tail)
{
	tail = str_trim_fws(tail);
	if (is_attribute(tail)) {
		read_attributes(c, tail);
	} else if (tail.n > 0 && (tail.p[0] != '(' ||
	    enclosed_length(tail, '(', ')') != tail.n)) {
		c->doubt = true;
	}
}

static void
read_comment(struct clause *c, struct str in)
{
	struct str rest = in, first = next_word(&rest), name = first, literal;
	struct ip_addr ip;

	if (str_eq_ci(first, STR("HELO")) || str_eq_ci(first, STR("EHLO"))) {
		c->attributes = true;
		c->r->helo = str_trim_fws(rest);
		return;
	}
	if (is_attribute(first)) {
		read_attributes(c, in);
		return;
	}
	if (str_rfind(first, '@') < first.n) {
		name = str_from_offset(first, str_rfind(first, '@') + 1);
	}
	literal = name.n > 0 && name.p[0] == '[' ? name : next_word(&rest);
	if (literal.n > 0 && literal.p[0] == '[') {
		if (!parse_literal(literal, &ip)) {
			c->doubt = true;
			return;
		}
		set_ip(c, &ip);
		c->r->name = literal.p == name.p ? STR_NONE : name;
		read_tail(c, rest);
	} else if (literal.n == 0 && str_trim_fws(rest).n == 0 &&
	    ip_parse(name, &ip)) {
		set_ip(c, &ip);
	}
}

/* Reads all of the value; false: no such clause, or malformed. */
static bool
read_clause(struct clause *c, struct str rest)
{
	struct str piece;
	enum piece kind;
	bool behind = false;

	if (next_piece(&rest, &piece) != PIECE_WORD ||
	    !str_eq_ci(piece, STR("from"))) {
		return (false);
	}
	while ((kind = next_piece(&rest, &piece)) == PIECE_WORD ||
	    kind == PIECE_COMMENT) {
		if (behind || (kind == PIECE_WORD &&
		    str_eq_ci(piece, STR("by")))) {
			behind = true;
		} else if (kind == PIECE_COMMENT) {
			c->commented = true;
			read_comment(c, piece);
		} else if (c->commented) {
			c->doubt = true;
		} else {
			c->host.p = c->host.p != NULL ? c->host.p : piece.p;
			c->host.n = (size_t)(piece.p + piece.n - c->host.p);
		}
	}
	return (behind && kind == PIECE_END);
}

/* The host name in s, or absent. */
static struct str
host_name(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) &&
		    strchr(".-_", s.p[i]) == NULL) {
			return (STR_NONE);
		}
	}
	return (s.n == 0 || str_eq_ci(s, STR("unknown")) ? STR_NONE : s);
}

bool
received_client(struct str value, struct received_client *r)
{
	struct clause c = { .r = r };
	struct ip_addr ip;

	*r = (struct received_client){ .name = STR_NONE, .helo = STR_NONE };
	if (!is_plain(value) || !read_clause(&c, value)) {
		return (false);
	}
	if (c.attributes && parse_literal(c.host, &ip)) {
		set_ip(&c, &ip);
	} else {
		if (c.attributes && r->name.p == NULL) {
			r->name = c.host;
		}
		/* Exim omits a "helo=" that equals the name. */
		if (r->helo.p == NULL) {
			r->helo = c.host;
		}
	}
	r->name = host_name(r->name);
	if (r->helo.n == 0 || str_eq_ci(r->helo, STR("unknown"))) {
		r->helo = STR_NONE;
	}
	return (c.found && !c.doubt);
}

/* Behind the comment with the client's name, which may be of any words. */
static bool
is_login(struct str comment)
{
	const struct str word = STR("authenticated");

	comment = str_trim_fws(comment);
	return (str_starts_ci(comment, word) && (comment.n == word.n ||
	    char_is_fws(comment.p[word.n])));
}

/* Sendmail writes before the name, and "@", what the client's identd says. */
static struct str
last_name(struct str s)
{
	size_t i;

	s = str_trim_fws(s);
	i = s.n;
	while (i > 0 && !char_is_fws(s.p[i - 1]) && s.p[i - 1] != '@') {
		i--;
	}
	return (host_name(str_from_offset(s, i)));
}

/* The first comment behind HELO ends in the address, or in that and "(may be
   forged)", of a name that is not confirmed then. */
static void
read_hop_client(struct received_hop *r, struct str comment)
{
	size_t at = str_rfind(comment, '[');
	struct str before = str_first(comment, at);
	struct str tail = str_from_offset(comment, at);
	struct str literal = next_word(&tail);

	tail = str_trim_fws(tail);
	if (literal.n == 0 || (str_eq(literal, STR("[local]")) &&
	    tail.n == 0)) {
		return;
	}
	r->address = RECEIVED_UNCLEAR;
	if (str_find(before, '[') == before.n &&
	    (tail.n == 0 || tail.p[0] == '(') &&
	    parse_literal(literal, &r->client.ip)) {
		r->address = RECEIVED_ADDRESS;
		r->client.name = tail.n == 0 ? last_name(before) : STR_NONE;
	}
}

/* In front of ";", where the date follows. */
static struct str
without_semicolon(struct str word)
{
	return (str_first(word, str_find(word, ';')));
}

enum expected {
	EXPECT_KEY, EXPECT_HELO, EXPECT_HOST, EXPECT_PROTOCOL, EXPECT_ID
};

static enum expected
take_key(const struct received_hop *r, struct str word, bool first)
{
	if (first && str_eq_ci(word, STR("from"))) {
		return (EXPECT_HELO);
	}
	if (r->by.p == NULL && str_eq_ci(word, STR("by"))) {
		return (EXPECT_HOST);
	}
	if (r->by.p != NULL && str_eq_ci(word, STR("id"))) {
		return (EXPECT_ID);
	}
	return (r->by.p != NULL && r->with.p == NULL &&
	    str_eq_ci(word, STR("with")) ? EXPECT_PROTOCOL : EXPECT_KEY);
}

static enum expected
take_word(struct received_hop *r, struct str word, enum expected expected,
    bool first)
{
	switch (expected) {
	case EXPECT_KEY:
		return (take_key(r, word, first));
	case EXPECT_HELO:
		r->client.helo = word;
		break;
	case EXPECT_HOST:
		r->by = without_semicolon(word);
		break;
	case EXPECT_PROTOCOL:
		r->with = without_semicolon(word);
		break;
	case EXPECT_ID:
		r->id = without_semicolon(word);
		break;
	}
	return (EXPECT_KEY);
}

void
received_hop(struct str value, struct received_hop *r)
{
	enum expected expected = EXPECT_KEY;
	bool first = true, commented = false;
	struct str piece;

	*r = (struct received_hop){ .address = RECEIVED_NO_ADDRESS };
	while (r->id.p == NULL) {
		switch (next_piece(&value, &piece)) {
		case PIECE_WORD:
			expected = take_word(r, piece, expected, first);
			first = false;
			break;
		case PIECE_COMMENT:
			r->login = r->login || (commented &&
			    r->by.p == NULL && is_login(piece));
			if (!commented && r->client.helo.p != NULL) {
				read_hop_client(r, piece);
			}
			commented = true;
			break;
		case PIECE_END:
		case PIECE_BROKEN:
			return;
		}
	}
}
