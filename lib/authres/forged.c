/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which fields must be deleted (RFC 8601 5). The authserv-id is read as
 * leniently as any later reader might; if readers could differ, the field is
 * deleted. Nothing after the version of the authserv-id is read.
 */
#include "authres/authres.h"
#include "authres/scan.h"
#include "mail/domain.h"
#include "mail/encoded.h"
#include "mail/field.h"

#define MEMORY_MAX_BYTES	(4 * AUTHRES_MAX_BYTES)

static struct str
without_dots(struct str s)
{
	while (s.n > 0 && s.p[s.n - 1] == '.') {
		s.n--;
	}
	return (s);
}

/* Whether hosts may have such names, one or "id/host": letters and digits, with
   single dots, slashes and any hyphens between. */
static bool
is_host_name(struct str name)
{
	bool inside = false;
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (char_is_alpha(name.p[i]) || char_is_digit(name.p[i])) {
			inside = true;
		} else if (name.p[i] == '-' ? !inside : !inside ||
		    name.p[i - 1] == '-' ||
		    (name.p[i] != '.' && name.p[i] != '/')) {
			return (false);
		} else {
			inside = name.p[i] == '-';
		}
	}
	return (inside && name.p[name.n - 1] != '-');
}

static bool
contains_id(struct str s, struct str part)
{
	size_t i;

	for (i = 0; i + part.n <= s.n; i++) {
		if (str_starts_ci(str_from_offset(s, i), part)) {
			return (true);
		}
	}
	return (false);
}

/*
 * Whether the id is ours. One that contains ours and is no name of a host, like
 * "<id>-", is only there for readers that search; a non-ASCII name that is no
 * domain may look like ours.
 */
static bool
may_be(struct arena *arena, struct str got, struct str id)
{
	enum status got_status, id_status;
	struct str a, b;

	got = without_dots(str_trim_fws(got));
	id = without_dots(str_trim_fws(id));
	if (str_eq_ci(got, id) ||
	    (contains_id(got, id) && !is_host_name(got))) {
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
	} else if (!scan_run(&scan, scan_is_id_char, id_r)) {
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
	static const struct str names[] = {
		{ "Authentication-Results", 22 },
		{ "ARC-Authentication-Results", 26 } };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (field_hides(value, names[i]) ||
		    encoded_hides(value, names[i])) {
			return (true);
		}
	}
	return (false);
}
