/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tolerant reader. The field is split at ';' outside of quoted strings and
 * comments; each part is read on its own. In a part, a word that is no
 * property is skipped. What cannot be read is never guessed: a method without
 * a readable result has an absent result, and a property without a readable
 * value an empty one, so that the reader of the results can refuse both.
 */
#include "authres/authres.h"
#include "authres/scan.h"

struct reader {
	struct arena	*arena;
	enum status	 status;	/* sticky */
	size_t		 results_cap;
	size_t		 properties_cap;	/* of the current result */
};

static bool
fail_reader(struct reader *r, enum status status)
{
	if (r->status == STATUS_OK) {
		r->status = status;
	}
	return (false);
}

/* *closed_r: no quoted string or comment is open at the end. */
static struct str
next_part(struct str *rest, bool *closed_r)
{
	struct str s = *rest;
	bool quoted = false;
	size_t i, depth = 0;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && (quoted || depth > 0)) {
			i++;
		} else if (quoted) {
			quoted = c != '"';
		} else if (c == '(') {
			depth++;
		} else if (depth > 0) {
			depth -= c == ')';
		} else if (c == '"') {
			quoted = true;
		} else if (c == ';') {
			break;
		}
	}
	*closed_r = !quoted && depth == 0;
	*rest = i < s.n ? str_from_offset(s, i + 1) : STR_NONE;
	return (str_first(s, i));
}

static bool
at_boundary(const struct scan *scan)
{
	return (scan_at_end(scan) || char_is_fws(scan_peek(scan)) ||
	    scan_peek(scan) == '(');
}

static bool
is_loose_char(char c)
{
	return ((unsigned char)c > ' ' && c != 0x7f && c != '(' && c != '"');
}

/* Up to the next white space or comment, at least one octet. */
static void
skip_word(struct scan *scan)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < scan->rest.n; i++) {
		char c = scan->rest.p[i];

		if (c == '\\' && quoted) {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (i > 0 && !quoted && (char_is_fws(c) || c == '(')) {
			break;
		}
	}
	scan->rest = str_from_offset(scan->rest, i);
}

/* A quoted string, a word, or an address with a quoted local part. */
static bool
read_value(struct reader *r, struct scan *scan, struct str *value_r)
{
	struct str raw = str_first(scan->rest, 0), rest;

	if (scan_quoted(scan, &raw) && at_boundary(scan)) {
		*value_r = scan_unescape(r->arena,
		    str_mem(raw.p + 1, raw.n - 2));
	} else if (scan_run(scan, is_loose_char, &rest) &&
	    (raw.n == 0 || rest.p[0] == '@') && at_boundary(scan)) {
		*value_r = scan_unfold(r->arena,
		    str_mem(raw.p, raw.n + rest.n));
	} else {
		return (false);
	}
	return (value_r->p != NULL || fail_reader(r, STATUS_NOMEM));
}

static bool
add_property(struct reader *r, struct authres_result *result,
    const struct authres_property *property)
{
	struct authres_property *v;

	if (result->n == AUTHRES_MAX_PROPERTIES) {
		return (fail_reader(r, STATUS_LIMIT));
	}
	v = arena_grow(r->arena, result->v, result->n, &r->properties_cap,
	    sizeof(*v));
	if (v == NULL) {
		return (fail_reader(r, STATUS_NOMEM));
	}
	v[result->n++] = *property;
	result->v = v;
	return (true);
}

/* After "ptype" and white space: ".property=value". */
static bool
read_property(struct reader *r, struct scan *scan,
    struct authres_result *result, struct str ptype)
{
	struct authres_property property = { .ptype = ptype,
		.value = STR("") };
	bool good;

	if (!scan_char(scan, '.') || !scan_cfws(scan, NULL) ||
	    !scan_run(scan, scan_is_keyword_char, &property.property) ||
	    !scan_cfws(scan, NULL) || !scan_char(scan, '=')) {
		return (false);
	}
	good = scan_cfws(scan, NULL) && read_value(r, scan, &property.value);
	if (!good) {
		property.value = STR("");
	}
	return (add_property(r, result, &property) && good);
}

/* A property, or "name=value" as "reason=". */
static bool
read_detail(struct reader *r, struct scan *scan,
    struct authres_result *result)
{
	struct str name, value;

	if (!scan_run(scan, scan_is_keyword_char, &name) ||
	    !scan_cfws(scan, NULL)) {
		return (false);
	}
	if (!scan_char(scan, '=')) {
		return (read_property(r, scan, result, name));
	}
	if (!scan_cfws(scan, NULL) || !read_value(r, scan, &value)) {
		return (false);
	}
	if (str_eq_ci(name, STR("reason")) && result->reason.p == NULL &&
	    result->n == 0) {
		result->reason = value;
	}
	return (true);
}

/* False: a comment that cannot be read. */
static bool
read_details(struct reader *r, struct scan *scan,
    struct authres_result *result)
{
	struct str comment = STR_NONE;
	struct scan before;

	if (!scan_cfws(scan, &comment)) {
		return (false);
	}
	if (comment.p != NULL) {
		result->comment = scan_unescape(r->arena, comment);
		if (result->comment.p == NULL) {
			return (fail_reader(r, STATUS_NOMEM));
		}
	}
	while (!scan_at_end(scan) && r->status == STATUS_OK) {
		before = *scan;
		if (!read_detail(r, scan, result)) {
			*scan = before;
			skip_word(scan);
		}
		if (!scan_cfws(scan, NULL)) {
			return (false);
		}
	}
	return (true);
}

/* [ "/" version ] "=" result */
static bool
read_result(struct scan *scan, struct str *result_r)
{
	struct str version;

	if (!scan_cfws(scan, NULL)) {
		return (false);
	}
	if (scan_char(scan, '/') && !(scan_cfws(scan, NULL) &&
	    scan_run(scan, char_is_digit, &version) &&
	    str_eq(version, STR("1")) && scan_cfws(scan, NULL))) {
		return (false);
	}
	return (scan_char(scan, '=') && scan_cfws(scan, NULL) &&
	    scan_run(scan, scan_is_keyword_char, result_r) &&
	    at_boundary(scan));
}

static void
read_part(struct reader *r, struct str part, bool closed, struct authres *a)
{
	struct authres_result result = { .version = 1 }, *v;
	struct scan scan = { part };

	r->properties_cap = 0;
	if (!scan_cfws(&scan, NULL) ||
	    !scan_run(&scan, scan_is_method_char, &result.method)) {
		return;
	}
	if (!closed || !read_result(&scan, &result.result) ||
	    !read_details(r, &scan, &result)) {
		result.result = STR_NONE;
	}
	if (r->status == STATUS_OK && a->n == AUTHRES_MAX_RESULTS) {
		(void)fail_reader(r, STATUS_LIMIT);
	}
	if (r->status != STATUS_OK) {
		return;
	}
	v = arena_grow(r->arena, a->v, a->n, &r->results_cap, sizeof(*v));
	if (v == NULL) {
		(void)fail_reader(r, STATUS_NOMEM);
		return;
	}
	v[a->n++] = result;
	a->v = v;
}

/* "[192.0.2.5]" and "host:10024" are in use without quotes. "=" would make it a
   result, or an encoded word. */
static bool
is_loose_id_char(char c)
{
	return (is_loose_char(c) && memchr(")=;\\", c, 4) == NULL);
}

/* The authserv-id, and version 1 or none. */
static bool
read_id(struct reader *r, struct str part, struct authres *a)
{
	struct scan scan = { part };
	struct str raw, version;

	if (!scan_cfws(&scan, NULL)) {
		return (false);
	}
	if (scan_quoted(&scan, &raw)) {
		a->authserv_id = scan_unescape(r->arena,
		    str_mem(raw.p + 1, raw.n - 2));
		if (a->authserv_id.p == NULL) {
			return (fail_reader(r, STATUS_NOMEM));
		}
	} else if (!scan_run(&scan, is_loose_id_char,
	    &a->authserv_id)) {
		return (false);
	}
	if (!at_boundary(&scan) || !scan_cfws(&scan, NULL)) {
		return (false);
	}
	return (scan_at_end(&scan) ||
	    (scan_run(&scan, char_is_digit, &version) &&
	    str_eq(version, STR("1")) && scan_cfws(&scan, NULL) &&
	    scan_at_end(&scan)));
}

enum status
authres_read(struct arena *arena, struct str value, struct authres *a)
{
	struct reader r = { .arena = arena, .status = STATUS_OK };
	struct str rest = value, part;
	bool closed;

	*a = (struct authres){ .version = 1 };
	if (value.n > AUTHRES_MAX_BYTES) {
		return (STATUS_LIMIT);
	}
	part = next_part(&rest, &closed);
	if (!closed || !read_id(&r, part, a)) {
		return (r.status != STATUS_OK ? r.status : STATUS_SYNTAX);
	}
	while (rest.p != NULL && r.status == STATUS_OK) {
		part = next_part(&rest, &closed);
		a->incomplete |= !closed && str_find(part, ';') < part.n;
		read_part(&r, part, closed, a);
	}
	return (r.status);
}
