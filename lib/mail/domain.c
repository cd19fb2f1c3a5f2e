/* SPDX-License-Identifier: BSD-2-Clause */
#include <idn2.h>

#include "base/utf8.h"
#include "mail/domain.h"

/* The longest U-label form of a name that fits DOMAIN_MAX_BYTES. */
#define U_NAME_MAX_BYTES	(4 * DOMAIN_MAX_BYTES)

static bool
label_is_valid(struct str label)
{
	size_t i;

	for (i = 0; i < label.n; i++) {
		if (!char_is_alpha(label.p[i]) && !char_is_digit(label.p[i]) &&
		    label.p[i] != '-' && label.p[i] != '_') {
			return (false);
		}
	}
	return (label.n > 0 && label.n <= DOMAIN_LABEL_MAX_BYTES);
}

static bool
name_is_valid(struct str name)
{
	struct str rest = name, label;

	if (name.n == 0 || name.n > DOMAIN_MAX_BYTES) {
		return (false);
	}
	while (str_next(&rest, '.', &label)) {
		if (!label_is_valid(label)) {
			return (false);
		}
	}
	return (true);
}

static struct str
drop_trailing_dot(struct str name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.') {
		name.n--;
	}
	return (name);
}

static enum status
normalize_ascii(struct arena *a, struct str name, struct str *name_r)
{
	char *p;
	size_t i;

	name = drop_trailing_dot(name);
	if (!name_is_valid(name)) {
		return (STATUS_SYNTAX);
	}
	p = arena_cstr(a, name);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < name.n; i++) {
		p[i] = char_lower(p[i]);
	}
	*name_r = str_mem(p, name.n);
	return (STATUS_OK);
}

/* RFC 5891 with the non-transitional mapping of UTS #46, as in MUAs. */
static enum status
normalize_utf8(struct arena *a, struct str name, struct str *name_r)
{
	enum status status;
	char *u_name, *a_name = NULL;
	int rc;

	if (name.n > U_NAME_MAX_BYTES || !utf8_valid(name) ||
	    str_find(name, '\0') < name.n) {
		return (STATUS_SYNTAX);
	}
	u_name = arena_cstr(a, name);
	if (u_name == NULL) {
		return (STATUS_NOMEM);
	}
	rc = idn2_to_ascii_8z(u_name, &a_name,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK) {
		return (rc == IDN2_MALLOC ? STATUS_NOMEM : STATUS_SYNTAX);
	}
	status = normalize_ascii(a, str_from(a_name), name_r);
	idn2_free(a_name);
	return (status);
}

enum status
domain_normalize(struct arena *a, struct str name, struct str *name_r)
{
	*name_r = STR_NONE;
	return (str_is_ascii(name) ? normalize_ascii(a, name, name_r) :
	    normalize_utf8(a, name, name_r));
}

enum status
domain_to_unicode(struct arena *a, struct str name, struct str *r)
{
	char *a_name, *u_name = NULL;
	struct str u, back;
	enum status status;

	*r = name;
	if (name.n > U_NAME_MAX_BYTES || str_find(name, '\0') < name.n) {
		return (STATUS_OK);
	}
	a_name = arena_cstr(a, name);
	if (a_name == NULL) {
		return (STATUS_NOMEM);
	}
	if (idn2_to_unicode_8z8z(a_name, &u_name, 0) != IDN2_OK) {
		return (STATUS_OK);
	}
	u = arena_dup(a, str_from(u_name));
	idn2_free(u_name);
	status = u.p != NULL ? domain_normalize(a, u, &back) : STATUS_NOMEM;
	if (status == STATUS_OK && str_eq(back, name)) {
		*r = u;
	}
	return (status == STATUS_NOMEM ? status : STATUS_OK);
}

size_t
domain_labels(struct str name)
{
	size_t i, n = name.n > 0;

	for (i = 0; i < name.n; i++) {
		n += name.p[i] == '.';
	}
	return (n);
}

bool
domain_is_within(struct str name, struct str parent)
{
	size_t above;

	if (name.n <= parent.n || parent.n == 0) {
		return (str_eq(name, parent));
	}
	above = name.n - parent.n;
	return (name.p[above - 1] == '.' &&
	    str_eq(str_from_offset(name, above), parent));
}

struct str
domain_parent(struct str name)
{
	return (str_from_offset(name, str_find(name, '.') + 1));
}

struct str
domain_key_name(struct arena *a, struct str selector, struct str domain)
{
	return (arena_printf(a, "%.*s._domainkey.%.*s", STR_FMT(selector),
	    STR_FMT(domain)));
}

struct str
domain_doubled(struct arena *a, struct str name, struct str zone)
{
	return (arena_printf(a, "%.*s.%.*s", STR_FMT(name), STR_FMT(zone)));
}
