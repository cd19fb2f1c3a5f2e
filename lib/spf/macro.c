/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "spf/macro.h"

/* More parts than any value can have, and far from an overflow. */
#define KEEP_MAX	(1U << 20)

enum part_kind {
	PART_LITERAL, PART_CHAR, PART_LETTER, PART_BAD
};

struct part {
	enum part_kind	kind;
	struct str	text;		/* LITERAL, CHAR: its expansion */
	char		letter;		/* lower case */
	bool		escape;		/* the letter is in upper case */
	bool		reverse;
	unsigned	keep;		/* parts from the right; 0: all */
	struct str	delims;		/* empty: "." */
};

static bool
is_delimiter(char c)
{
	return (c != '\0' && strchr(".-+,/_=", c) != NULL);
}

/* Parses the text between "%{" and "}" (RFC 7208 7.1). */
static bool
read_letter(struct str in, struct part *part)
{
	size_t i = 1;

	if (in.n == 0 || !char_is_alpha(in.p[0])) {
		return (false);
	}
	part->letter = char_lower(in.p[0]);
	part->escape = in.p[0] != part->letter;
	for (; i < in.n && char_is_digit(in.p[i]); i++) {
		part->keep = part->keep * 10 + (unsigned)(in.p[i] - '0');
		if (part->keep > KEEP_MAX) {
			part->keep = KEEP_MAX;
		}
	}
	if (i > 1 && part->keep == 0) {
		return (false);
	}
	if (i < in.n && char_lower(in.p[i]) == 'r') {
		part->reverse = true;
		i++;
	}
	part->delims = str_from_offset(in, i);
	for (; i < in.n; i++) {
		if (!is_delimiter(in.p[i])) {
			return (false);
		}
	}
	return (strchr("slodiphvcrt", part->letter) != NULL);
}

/* Removes the next part from *rest and parses it; false at the end. */
static bool
next_part(struct str *rest, struct part *part)
{
	size_t n = str_find(*rest, '%');
	struct str in;

	*part = (struct part){ .kind = PART_BAD };
	if (rest->n == 0) {
		return (false);
	}
	if (n > 0) {
		part->kind = PART_LITERAL;
		part->text = str_first(*rest, n);
		*rest = str_from_offset(*rest, n);
		return (true);
	}
	part->kind = PART_CHAR;
	n = 2;
	switch (rest->n > 1 ? rest->p[1] : '\0') {
	case '%':
		part->text = STR("%");
		break;
	case '_':
		part->text = STR(" ");
		break;
	case '-':
		part->text = STR("%20");
		break;
	case '{':
		n = str_find(*rest, '}');
		in = str_from_offset(str_first(*rest, n), 2);
		part->kind = n < rest->n && read_letter(in, part) ?
		    PART_LETTER : PART_BAD;
		n++;
		break;
	default:
		part->kind = PART_BAD;
		break;
	}
	*rest = str_from_offset(*rest, n);
	return (true);
}

/* Whether all octets are allowed outside of macros. */
static bool
literal_is_valid(struct str text, enum spf_macro_kind kind)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] > 0x7e || text.p[i] < ' ' || (text.p[i] == ' ' &&
		    kind != SPF_MACRO_EXPLAIN)) {
			return (false);
		}
	}
	return (true);
}

/* toplabel (RFC 7208 7.1): not only digits, no hyphen at either end. */
static bool
toplabel_is_valid(struct str label)
{
	bool all_digits = true;
	size_t i;

	for (i = 0; i < label.n; i++) {
		if (!char_is_alpha(label.p[i]) && !char_is_digit(label.p[i]) &&
		    label.p[i] != '-') {
			return (false);
		}
		all_digits = all_digits && char_is_digit(label.p[i]);
	}
	return (label.n > 0 && !all_digits && label.p[0] != '-' &&
	    label.p[label.n - 1] != '-');
}

/* Whether the last part of a domain-spec is a valid domain-end. */
static bool
end_is_valid(const struct part *last)
{
	struct str text = last->text;
	size_t dot;

	if (last->kind != PART_LITERAL) {
		return (true);
	}
	if (text.p[text.n - 1] == '.') {
		text.n--;
	}
	dot = str_rfind(text, '.');
	return (dot < text.n &&
	    toplabel_is_valid(str_from_offset(text, dot + 1)));
}

bool
spf_macro_check(struct str text, enum spf_macro_kind kind, unsigned *uses_r)
{
	struct part part, last = { .kind = PART_BAD };

	*uses_r = 0;
	while (next_part(&text, &part)) {
		if (part.kind == PART_BAD ||
		    (part.kind == PART_LITERAL &&
		    !literal_is_valid(part.text, kind))) {
			return (false);
		}
		if (part.kind == PART_LETTER) {
			if (kind != SPF_MACRO_EXPLAIN &&
			    strchr("crt", part.letter) != NULL) {
				return (false);
			}
			*uses_r |= part.letter == 'p' ? SPF_USES_NAME : 0;
			*uses_r |= part.letter == 's' || part.letter == 'l' ?
			    SPF_USES_LOCAL : 0;
		}
		last = part;
	}
	return (kind != SPF_MACRO_DOMAIN ||
	    (last.kind != PART_BAD && end_is_valid(&last)));
}

static void
add_escaped(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		/* RFC 3986 2.3 unreserved */
		if (char_is_alpha(c) || char_is_digit(c) ||
		    (c != '\0' && strchr("-._~", c) != NULL)) {
			buf_add_char(out, c);
		} else {
			buf_printf(out, "%%%02X", (unsigned char)c);
		}
	}
}

static void
add_text(struct buf *out, const struct part *part, struct str text)
{
	if (part->escape) {
		add_escaped(out, text);
	} else {
		buf_add_str(out, text);
	}
}

static bool
is_separator(const struct part *part, char c)
{
	if (part->delims.n == 0) {
		return (c == '.');
	}
	return (str_find(part->delims, c) < part->delims.n);
}

/* Removes the first or the last piece of the value and returns it. */
static struct str
cut_piece(const struct part *part, struct str *value, bool last)
{
	struct str piece;
	size_t n = last ? value->n : 0;

	if (last) {
		while (n > 0 && !is_separator(part, value->p[n - 1])) {
			n--;
		}
		piece = str_from_offset(*value, n);
		*value = str_first(*value, n > 0 ? n - 1 : 0);
		return (piece);
	}
	while (n < value->n && !is_separator(part, value->p[n])) {
		n++;
	}
	piece = str_first(*value, n);
	*value = str_from_offset(*value, n + 1);
	return (piece);
}

/*
 * Splits the value, reverses the pieces, keeps the right-most ones and joins
 * these with dots. With reversal these are the first pieces of the value.
 */
static void
add_transformed(struct buf *out, const struct part *part, struct str value)
{
	size_t i, n = 1, keep;

	for (i = 0; i < value.n; i++) {
		n += is_separator(part, value.p[i]);
	}
	keep = part->keep > 0 && part->keep < n ? part->keep : n;
	for (i = keep; i < n; i++) {
		(void)cut_piece(part, &value, part->reverse);
	}
	for (i = 0; i < keep && out->status == STATUS_OK; i++) {
		if (i > 0) {
			buf_add_char(out, '.');
		}
		add_text(out, part, cut_piece(part, &value, part->reverse));
	}
}

static void
add_letter(struct buf *out, const struct part *part,
    const struct spf_macro_values *v)
{
	char text[IP_TEXT_BYTES];
	struct str value = STR_NONE;

	switch (part->letter) {
	case 's':
		value = v->sender;
		break;
	case 'l':
		value = v->local;
		break;
	case 'o':
		value = v->sender_domain;
		break;
	case 'd':
		value = v->domain;
		break;
	case 'p':
		value = v->name;
		break;
	case 'h':
		value = v->helo;
		break;
	case 'r':
		value = v->receiver;
		break;
	case 'v':
		value = v->ip->v6 ? STR("ip6") : STR("in-addr");
		break;
	case 'i':
		ip_dotted(v->ip, text);
		value = str_from(text);
		break;
	case 'c':
		ip_text(v->ip, text);
		value = str_from(text);
		break;
	default:	/* t: no other letter is parsed */
		(void)snprintf(text, sizeof(text), "%lld",
		    (long long)v->now_s);
		value = str_from(text);
		break;
	}
	add_transformed(out, part, value);
}

void
spf_macro_expand(struct str text, const struct spf_macro_values *v,
    struct buf *out)
{
	struct part part;

	while (out->status == STATUS_OK && next_part(&text, &part)) {
		switch (part.kind) {
		case PART_LITERAL:
		case PART_CHAR:
			buf_add_str(out, part.text);
			break;
		case PART_LETTER:
			add_letter(out, &part, v);
			break;
		case PART_BAD:
			break;
		}
	}
}
