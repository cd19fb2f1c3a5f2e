/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser: RFC 8601 2.2 with CFWS everywhere. Unambiguous extensions of
 * large receivers are accepted: a ';' after the last result (Yahoo), '_' in a
 * word ("dkim_pass", Yahoo), a '.' in a method ("gateway.spf", Gmail), '/', '='
 * and '?' in an unquoted value ("header.b=a/b=", Gmail), and "action=none"
 * (Microsoft), which is ignored.
 */
#include <limits.h>

#include "authres/authres.h"
#include "authres/scan.h"
#include "base/utf8.h"

struct parser {
	struct scan	 scan;
	struct arena	*arena;
	const char	*reason;
	enum status	 status;	/* sticky */
	size_t		 results_cap;
	size_t		 properties_cap;	/* of the current result */
};

static bool
set_failure(struct parser *p, enum status status, const char *reason)
{
	if (p->status == STATUS_OK) {
		p->status = status;
		p->reason = reason;
	}
	return (false);
}

static bool
fail_syntax(struct parser *p, const char *reason)
{
	return (set_failure(p, STATUS_SYNTAX, reason));
}

/* Whether the arena could make the text; else fails. */
static bool
check_text(struct parser *p, struct str s)
{
	return (s.p != NULL || set_failure(p, STATUS_NOMEM, "out of memory"));
}

static bool
cfws(struct parser *p, struct str *comment_r)
{
	return (scan_cfws(&p->scan, comment_r) ||
	    fail_syntax(p, "a comment does not end"));
}

static bool
is_value_char(char c)
{
	return (scan_is_token_char(c) || (c != '\0' && strchr("@/=?", c) !=
	    NULL));
}

/* A word that starts and ends with a letter or a digit. */
static bool
word(struct parser *p, bool (*is)(char), struct str *word_r,
    const char *missing)
{
	char last;

	if (!scan_run(&p->scan, is, word_r)) {
		return (fail_syntax(p, missing));
	}
	last = word_r->p[word_r->n - 1];
	return ((word_r->p[0] != '.' && last != '-' && last != '.') ||
	    fail_syntax(p, "a word ends in a hyphen or a dot"));
}

static bool
number(struct parser *p, unsigned *r)
{
	struct str digits;
	uint64_t n;

	if (!scan_run(&p->scan, char_is_digit, &digits)) {
		return (fail_syntax(p, "a version is not a number"));
	}
	*r = str_to_u64(digits, &n) && n < UINT_MAX ? (unsigned)n : UINT_MAX;
	return (true);
}

static bool
quoted(struct parser *p, struct str *raw_r)
{
	return (scan_quoted(&p->scan, raw_r) ||
	    fail_syntax(p, "a quoted string does not end"));
}

/* RFC 2045 5.1 value: a token or a quoted-string. */
static bool
value(struct parser *p, struct str *r, const char *missing)
{
	struct str raw;

	if (scan_peek(&p->scan) != '"') {
		return (scan_run(&p->scan, scan_is_token_char, r) ||
		    fail_syntax(p, missing));
	}
	if (!quoted(p, &raw)) {
		return (false);
	}
	*r = scan_unescape(p->arena, str_mem(raw.p + 1, raw.n - 2));
	return (check_text(p, *r));
}

/* RFC 8601 2.2 pvalue: a value, or [[local-part] "@"] domain-name. */
static bool
pvalue(struct parser *p, struct str *r)
{
	struct str raw = str_first(p->scan.rest, 0), rest;

	if (scan_peek(&p->scan) == '"') {
		if (!quoted(p, &raw)) {
			return (false);
		}
		if (scan_peek(&p->scan) != '@') {
			*r = scan_unescape(p->arena,
			    str_mem(raw.p + 1, raw.n - 2));
			return (check_text(p, *r));
		}
	}
	if (!scan_run(&p->scan, is_value_char, &rest)) {
		return (fail_syntax(p, "a property has no value"));
	}
	*r = scan_unfold(p->arena, str_mem(raw.p, raw.n + rest.n));
	if (!check_text(p, *r)) {
		return (false);
	}
	return (str_find(*r, '@') == r->n || scan_is_address(*r) ||
	    fail_syntax(p, "an address is malformed"));
}

static bool
add_property(struct parser *p, struct authres_result *result,
    struct str ptype)
{
	struct authres_property property = { .ptype = ptype }, *v;

	if (scan_peek(&p->scan) == '=' && str_eq_ci(ptype, STR("action"))) {
		(void)scan_char(&p->scan, '=');
		return (cfws(p, NULL) && pvalue(p, &property.value));
	}
	if (!scan_char(&p->scan, '.') || !cfws(p, NULL)) {
		return (fail_syntax(p, "no \".\" after a property type"));
	}
	if (!word(p, scan_is_keyword_char, &property.property,
	    "a property has no name") || !cfws(p, NULL)) {
		return (false);
	}
	if (!scan_char(&p->scan, '=')) {
		return (fail_syntax(p, "no \"=\" after a property"));
	}
	if (!cfws(p, NULL) || !pvalue(p, &property.value)) {
		return (false);
	}
	if (result->n == AUTHRES_MAX_PROPERTIES) {
		return (set_failure(p, STATUS_LIMIT, "too many properties"));
	}
	v = arena_grow(p->arena, result->v, result->n, &p->properties_cap,
	    sizeof(*v));
	if (v == NULL) {
		return (set_failure(p, STATUS_NOMEM, "out of memory"));
	}
	v[result->n++] = property;
	result->v = v;
	return (true);
}

/* One reasonspec, before the properties, or one property. */
static bool
add_detail(struct parser *p, struct authres_result *result)
{
	struct str name;

	if (!word(p, scan_is_keyword_char, &name,
	    "neither a property nor \";\" after a result") ||
	    !cfws(p, NULL)) {
		return (false);
	}
	if (scan_peek(&p->scan) != '=' || !str_eq_ci(name, STR("reason")) ||
	    result->reason.p != NULL || result->n > 0) {
		return (add_property(p, result, name));
	}
	(void)scan_char(&p->scan, '=');
	return (cfws(p, NULL) &&
	    value(p, &result->reason, "a reason has no value"));
}

/* After the method's name: [ "/" version ] "=" result. */
static bool
method_result(struct parser *p, struct authres_result *result)
{
	result->version = 1;
	if (scan_char(&p->scan, '/') && !(cfws(p, NULL) &&
	    number(p, &result->version) && cfws(p, NULL))) {
		return (false);
	}
	if (!scan_char(&p->scan, '=')) {
		return (fail_syntax(p, "no \"=\" after a method"));
	}
	return (cfws(p, NULL) && word(p, scan_is_keyword_char,
	    &result->result, "a method has no result"));
}

static bool
details(struct parser *p, struct authres_result *result)
{
	struct str comment = STR_NONE;
	size_t before = p->scan.rest.n;

	p->properties_cap = 0;
	if (!cfws(p, &comment)) {
		return (false);
	}
	if (comment.p != NULL) {
		result->comment = scan_unescape(p->arena, comment);
		if (!check_text(p, result->comment)) {
			return (false);
		}
	}
	while (!scan_at_end(&p->scan) && scan_peek(&p->scan) != ';') {
		if (p->scan.rest.n == before) {
			return (fail_syntax(p,
			    "neither space nor \";\" after a value"));
		}
		if (!add_detail(p, result)) {
			return (false);
		}
		before = p->scan.rest.n;
		if (!cfws(p, NULL)) {
			return (false);
		}
	}
	return (true);
}

static bool
add_result(struct parser *p, struct authres *a, struct str method)
{
	struct authres_result *v;

	if (a->n == AUTHRES_MAX_RESULTS) {
		return (set_failure(p, STATUS_LIMIT, "too many results"));
	}
	v = arena_grow(p->arena, a->v, a->n, &p->results_cap, sizeof(*v));
	if (v == NULL) {
		return (set_failure(p, STATUS_NOMEM, "out of memory"));
	}
	a->v = v;
	v[a->n] = (struct authres_result){ .method = method };
	if (!method_result(p, &v[a->n])) {
		return (false);
	}
	return (details(p, &v[a->n++]));
}

/* After the authserv-id and its version. */
static bool
results(struct parser *p, struct authres *a)
{
	struct str method;

	if (scan_at_end(&p->scan)) {
		return (fail_syntax(p, "no results after the authserv-id"));
	}
	while (!scan_at_end(&p->scan)) {
		if (!scan_char(&p->scan, ';')) {
			return (fail_syntax(p, "no \";\" before a result"));
		}
		if (!cfws(p, NULL)) {
			return (false);
		}
		if (scan_at_end(&p->scan) && a->n > 0) {
			return (true);
		}
		if (!word(p, scan_is_method_char, &method,
		    "a result has no method") || !cfws(p, NULL)) {
			return (false);
		}
		if (a->n == 0 && scan_at_end(&p->scan) &&
		    str_eq_ci(method, STR("none"))) {
			return (true);
		}
		if (!add_result(p, a, method)) {
			return (false);
		}
	}
	return (true);
}

static bool
field(struct parser *p, struct authres *a)
{
	size_t before;

	if (!cfws(p, NULL) ||
	    !value(p, &a->authserv_id, "no authserv-id")) {
		return (false);
	}
	before = p->scan.rest.n;
	if (!cfws(p, NULL)) {
		return (false);
	}
	if (char_is_digit(scan_peek(&p->scan)) && p->scan.rest.n < before) {
		if (!number(p, &a->version) || a->version != 1 ||
		    !cfws(p, NULL)) {
			return (false);
		}
	}
	return (results(p, a));
}

enum status
authres_parse(struct arena *arena, struct str text, struct authres *a,
    const char **reason_r)
{
	struct parser p = { .scan = { text }, .arena = arena };

	*a = (struct authres){ .version = 1 };
	if (text.n > AUTHRES_MAX_BYTES) {
		(void)set_failure(&p, STATUS_LIMIT, "too long");
	} else if (!utf8_valid(text)) {
		(void)fail_syntax(&p, "not UTF-8");
	} else {
		(void)field(&p, a);
	}
	*reason_r = p.reason;
	return (p.status);
}
