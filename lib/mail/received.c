/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>

#include "mail/received.h"

#define ADDRESS_MAX_BYTES	INET6_ADDRSTRLEN

struct clause {			/* "from" up to "by" */
	struct str		 rest;
	unsigned		 depth;		/* of comments */
	bool			 broken;	/* unbalanced */
	/* the comment that we are in */
	unsigned		 words;		/* of it, so far */
	struct str		 before;	/* the last of them */
	bool			 is_helo;	/* "(HELO name)" */
	/* what was found */
	struct str		 first;		/* word outside of comments */
	struct str		 helo;
	struct sockaddr_storage	 addr;		/* ss_family 0: none yet */
	struct str		 name;		/* in front of it */
	bool			 several;	/* that differ */
};

static bool
is_blank(char c)
{
	return (char_is_wsp(c) || c == '\r' || c == '\n');
}

static void
enter(struct clause *c)
{
	if (c->depth++ == 0) {
		c->words = 0;
		c->before = STR_NONE;
		c->is_helo = false;
	}
}

/* Parentheses and blanks in front of the next word. */
static void
skip(struct clause *c)
{
	while (c->rest.n > 0 && !c->broken) {
		char ch = c->rest.p[0];

		if (ch == '(') {
			enter(c);
		} else if (ch == ')') {
			c->broken = c->depth == 0;
			c->depth -= c->depth > 0;
		} else if (!is_blank(ch)) {
			return;
		}
		c->rest = str_from_offset(c->rest, 1);
	}
}

static bool
next_word(struct clause *c, struct str *word_r)
{
	size_t i;

	skip(c);
	for (i = 0; i < c->rest.n && !is_blank(c->rest.p[i]) &&
	    c->rest.p[i] != '(' && c->rest.p[i] != ')'; i++) {
		/* RFC 5322 3.2.1 quoted-pair */
		i += c->rest.p[i] == '\\' && i + 1 < c->rest.n;
	}
	*word_r = str_first(c->rest, i);
	c->rest = str_from_offset(c->rest, i);
	return (i > 0 && !c->broken);
}

static bool
parse_address(struct str text, struct sockaddr_storage *r)
{
	struct sockaddr_in *in = (struct sockaddr_in *)r;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)r;
	char copy[ADDRESS_MAX_BYTES];
	struct in6_addr a6;

	memset(r, 0, sizeof(*r));
	if (text.n == 0 || text.n >= sizeof(copy) ||
	    memchr(text.p, '\0', text.n) != NULL) {
		return (false);
	}
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, copy, &a6) != 1) {
		return (false);
	} else if (IN6_IS_ADDR_V4MAPPED(&a6)) {
		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, (const char *)&a6 + 12, 4);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = a6;
	}
	return (true);
}

/* "[address]", "[IPv6:address]", each with ":port" behind it or without. */
static bool
parse_literal(struct str word, struct sockaddr_storage *r)
{
	struct str ipv6 = STR("IPv6:"), port;
	size_t end = str_find(word, ']');
	uint64_t number;

	if (word.n == 0 || word.p[0] != '[' || end == word.n) {
		return (false);
	}
	port = str_from_offset(word, end + 1);
	if (port.n > 0 && (port.p[0] != ':' ||
	    !str_to_u64(str_from_offset(port, 1), &number))) {
		return (false);
	}
	word = str_from_offset(str_first(word, end), 1);
	if (str_starts_ci(word, ipv6)) {
		word = str_from_offset(word, ipv6.n);
	}
	return (parse_address(word, r));
}

/* The whole of a comment is an address. */
static bool
is_alone(const struct clause *c)
{
	return (c->words == 0 && c->depth == 1 && c->rest.n > 0 &&
	    c->rest.p[0] == ')');
}

static void
add_address(struct clause *c, const struct sockaddr_storage *addr)
{
	if (c->addr.ss_family == 0) {
		c->addr = *addr;
		c->name = c->before;
	} else if (memcmp(&c->addr, addr, sizeof(*addr)) != 0) {
		c->several = true;
	}
}

static void
take_comment_word(struct clause *c, struct str word)
{
	struct str helo = STR("helo="), ident = STR("ident=");
	struct sockaddr_storage addr;

	if (str_starts_ci(word, helo)) {
		c->helo = str_from_offset(word, helo.n);
		word = STR_NONE;
	} else if (c->is_helo && c->words == 1) {
		c->helo = word;
	} else if (c->words == 0 && (str_eq_ci(word, STR("HELO")) ||
	    str_eq_ci(word, STR("EHLO")))) {
		c->is_helo = true;
	} else if (!c->is_helo && !str_starts_ci(word, ident) &&
	    (parse_literal(word, &addr) ||
	    (is_alone(c) && parse_address(word, &addr)))) {
		add_address(c, &addr);
	}
	c->words++;
	c->before = word;
}

/* Up to "by"; false without one. */
static bool
read_clause(struct clause *c)
{
	struct str word;

	if (!next_word(c, &word) || !str_eq_ci(word, STR("from"))) {
		return (false);
	}
	while (next_word(c, &word)) {
		if (c->depth > 0) {
			take_comment_word(c, word);
		} else if (str_eq_ci(word, STR("by"))) {
			return (true);
		} else if (c->first.p == NULL) {
			c->first = word;
		}
	}
	return (false);
}

/* "unknown" is no name; Sendmail writes what identd said in front of it. */
static struct str
clean_name(struct str name)
{
	size_t at = str_rfind(name, '@');

	if (at < name.n) {
		name = str_from_offset(name, at + 1);
	}
	return (name.n == 0 || str_eq_ci(name, STR("unknown")) ? STR_NONE :
	    name);
}

/* Exim's form for a client without a name: the first word is the address. */
static void
take_first(struct clause *c)
{
	struct sockaddr_storage addr;

	if (parse_literal(c->first, &addr)) {
		c->before = STR_NONE;
		add_address(c, &addr);
	} else {
		c->name = c->first;
	}
}

bool
received_client(struct str value, struct received_client *r)
{
	struct clause c = { .rest = value };

	*r = (struct received_client){ .addr = NULL };
	if (!read_clause(&c) || c.several || c.first.p == NULL) {
		return (false);
	}
	r->helo = c.helo;
	if (c.helo.p != NULL) {
		take_first(&c);
	} else {
		/* Postfix, Sendmail, Exchange. */
		r->helo = c.first;
	}
	r->name = clean_name(c.name);
	r->storage = c.addr;
	r->addr = (const struct sockaddr *)&r->storage;
	return (c.addr.ss_family != 0 && !c.several);
}
