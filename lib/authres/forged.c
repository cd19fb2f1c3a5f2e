/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which fields must be deleted (RFC 8601 5). The authserv-id is read as
 * leniently as any later reader might; if readers could differ, the field is
 * deleted. Nothing after the version of the authserv-id is read.
 */
#include "authres/authres.h"
#include "authres/scan.h"
#include "mail/domain.h"
#include "mail/field.h"

#define MEMORY_MAX_BYTES	(4 * AUTHRES_MAX_BYTES)

static bool
is_id_char(char c)
{
	return (scan_is_token_char(c) || c == '/');
}

static struct str
without_dots(struct str s)
{
	while (s.n > 0 && s.p[s.n - 1] == '.') {
		s.n--;
	}
	return (s);
}

/* Whether the id is ours; a non-ASCII name that is no domain may look so. */
static bool
may_be(struct arena *arena, struct str got, struct str id)
{
	enum status got_status, id_status;
	struct str a, b;

	got = without_dots(str_trim_fws(got));
	id = without_dots(str_trim_fws(id));
	if (str_eq_ci(got, id)) {
		return (true);
	}
	got_status = domain_normalize(arena, got, &a);
	id_status = domain_normalize(arena, id, &b);
	if (got_status == STATUS_NOMEM || id_status == STATUS_NOMEM) {
		return (true);
	}
	if (got_status != STATUS_OK) {
		return (!str_is_ascii(got));
	}
	return (id_status == STATUS_OK && str_eq(a, b));
}

/* Some readers decode these before they parse the field. */
static bool
has_encoded_word(struct str s)
{
	size_t at;

	for (at = str_find(s, '='); at + 1 < s.n; at = str_find(s, '=')) {
		if (s.p[at + 1] == '?') {
			return (true);
		}
		s = str_from_offset(s, at + 1);
	}
	return (false);
}

/* The authserv-id, version 1 or none, then ';' or the end. */
static bool
read_id(struct arena *arena, struct str value, struct str *id_r)
{
	struct scan scan = { value };
	struct str raw, version = STR_NONE;

	if (!scan_cfws(&scan, NULL)) {
		return (false);
	}
	if (scan_quoted(&scan, &raw)) {
		*id_r = scan_unescape(arena, str_mem(raw.p + 1, raw.n - 2));
	} else if (!scan_run(&scan, is_id_char, id_r)) {
		return (false);
	}
	if (id_r->p == NULL || !scan_cfws(&scan, NULL)) {
		return (false);
	}
	if (scan_run(&scan, char_is_digit, &version) &&
	    (!str_eq(version, STR("1")) || !scan_cfws(&scan, NULL))) {
		return (false);
	}
	return ((scan_at_end(&scan) || scan_peek(&scan) == ';') &&
	    !has_encoded_word(str_first(value, value.n - scan.rest.n)));
}

bool
authres_is_forged(struct str value, struct str id)
{
	struct arena arena;
	struct str got;
	bool forged;

	arena_init(&arena, MEMORY_MAX_BYTES);
	forged = !read_id(&arena, value, &got) || may_be(&arena, got, id) ||
	    may_be(&arena, str_first(got, str_find(got, '/')), id);
	arena_fini(&arena);
	return (forged);
}

bool
authres_is_hidden(struct str value)
{
	return (field_hides(value, STR("Authentication-Results")));
}
