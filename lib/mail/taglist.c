/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/taglist.h"

static struct str
skip_fws(struct str s)
{
	size_t i = 0, n;

	while ((n = str_fws_at(s, i)) > 0) {
		i += n;
	}
	return (str_from_offset(s, i));
}

/* Trims folding white space; a CR or LF outside a fold is kept. */
static struct str
trim_value(struct str s)
{
	size_t n;

	s = skip_fws(s);
	do {
		n = s.n;
		s = str_trim_wsp_end(s);
		/* A CRLF belongs to the white space after it. */
		if (s.n < n && str_ends_ci(s, STR("\r\n"))) {
			s.n -= 2;
		}
	} while (s.n < n);
	return (s);
}

/* RFC 6376 3.2: ALPHA *(ALPHA / DIGIT / "_") */
static bool
is_name(struct str s)
{
	size_t i;

	for (i = 1; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) &&
		    s.p[i] != '_') {
			return (false);
		}
	}
	return (s.n > 0 && char_is_alpha(s.p[0]));
}

static bool
is_value(struct str s, bool utf8)
{
	unsigned char c;
	size_t i, n;

	for (i = 0; i < s.n; i += n) {
		c = (unsigned char)s.p[i];
		n = c > ' ' && (c < 0x7f || (c > 0x7f && utf8)) ? 1 :
		    str_fws_at(s, i);
		if (n == 0) {
			return (false);
		}
	}
	return (true);
}

static enum status
add_tag(struct taglist *l, struct str spec, bool utf8, const char **reason_r)
{
	size_t equals = str_find(spec, '=');
	struct tag *tag = &l->v[l->n];

	if (skip_fws(spec).n == 0) {
		*reason_r = "empty tag";
		return (STATUS_SYNTAX);
	}
	if (equals == spec.n) {
		*reason_r = "tag without '='";
		return (STATUS_SYNTAX);
	}
	if (l->n == TAGLIST_MAX_TAGS) {
		*reason_r = "too many tags";
		return (STATUS_LIMIT);
	}
	tag->name = trim_value(str_first(spec, equals));
	tag->raw_value = str_from_offset(spec, equals + 1);
	tag->value = trim_value(tag->raw_value);
	if (!is_name(tag->name)) {
		*reason_r = "bad tag name";
		return (STATUS_SYNTAX);
	}
	if (!is_value(tag->value, utf8)) {
		*reason_r = "bad character in tag value";
		return (STATUS_SYNTAX);
	}
	if (taglist_get(l, tag->name) != NULL) {
		*reason_r = "duplicate tag";
		return (STATUS_SYNTAX);
	}
	l->n++;
	return (STATUS_OK);
}

enum status
taglist_parse(struct taglist *l, struct str s, bool utf8,
    const char **reason_r)
{
	struct str rest = s, spec;
	enum status status;

	l->n = 0;
	*reason_r = NULL;
	if (skip_fws(s).n == 0) {
		*reason_r = "no tags";
		return (STATUS_SYNTAX);
	}
	while (str_next(&rest, ';', &spec)) {
		/* RFC 6376 3.2: one trailing ';' is allowed. */
		if (rest.p == NULL && l->n > 0 && skip_fws(spec).n == 0) {
			break;
		}
		status = add_tag(l, spec, utf8, reason_r);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

const struct tag *
taglist_get(const struct taglist *l, struct str name)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (str_eq(l->v[i].name, name)) {
			return (&l->v[i]);
		}
	}
	return (NULL);
}
