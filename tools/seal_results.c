/* SPDX-License-Identifier: BSD-2-Clause */
/* seal_results: one field for all results of an administrative domain (RFC
   8617 4.1.1). */
#include "authres/authres.h"
#include "base/buf.h"
#include "tools/mailseal.h"
#include "tools/seal.h"

#define RESULTS_MAX_BYTES	(1024 * 1024)

struct results {
	struct arena	*arena;
	struct authres	 all;
	size_t		 cap;
};

static bool
has_method(const struct results *r, size_t n, struct str method)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_eq_ci(r->all.v[i].method, method)) {
			return (true);
		}
	}
	return (false);
}

/* The reader accepts results that the grammar does not have. */
static bool
can_be_written(const struct authres_result *result)
{
	struct authres_result copy = *result;
	struct authres one = { .authserv_id = STR("x"), .version = 1,
		.v = &copy, .n = 1 };
	struct buf text;
	bool can;

	buf_init(&text, RESULTS_MAX_BYTES);
	can = authres_write(&text, &one, false, true) == STATUS_OK;
	buf_fini(&text);
	return (can);
}

static enum status
add_result(struct results *r, const struct authres_result *result)
{
	struct authres_result *v = arena_grow(r->arena, r->all.v, r->all.n,
	    &r->cap, sizeof(*v));

	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	r->all.v = v;
	v[r->all.n++] = *result;
	return (STATUS_OK);
}

/* Adds the results of a field, but none of a method that the first `known`
   results have. */
/* Why a field is left out; NULL: it is not. */
static const char *
find_flaw(enum status status, const struct authres *a)
{
	switch (status) {
	case STATUS_SYNTAX:
		return ("it has no authserv-id");
	case STATUS_LIMIT:
		return ("it has too many results");
	case STATUS_OK:
		return (!a->incomplete ? NULL :
		    "it has a quoted string or comment without an end");
	case STATUS_NOMEM:
	case STATUS_TEMP:
	case STATUS_IO:
		break;
	}
	return (NULL);
}

static enum status
add_value(struct results *r, struct str value, size_t known)
{
	struct authres a;
	enum status status = authres_read(r->arena, value, &a);
	const char *flaw = find_flaw(status, &a);
	size_t i;

	if (flaw != NULL) {
		cli_warn("an Authentication-Results field is left out: %s",
		    flaw);
		return (STATUS_OK);
	}
	for (i = 0; i < a.n && status == STATUS_OK; i++) {
		if (!has_method(r, known, a.v[i].method) &&
		    can_be_written(&a.v[i])) {
			status = add_result(r, &a.v[i]);
		}
	}
	return (status);
}

enum status
seal_results(struct arena *arena, const struct field_list *fields,
    struct str authserv_id, struct str ours, struct str *value_r)
{
	struct results r = { .arena = arena, .all = {
		.authserv_id = authserv_id, .version = 1 } };
	enum status status = STATUS_OK;
	struct buf text;
	size_t i;

	for (i = 0; i < fields->n && status == STATUS_OK; i++) {
		const struct field *field = &fields->v[i];

		if (str_eq_ci(field->name, STR("Authentication-Results")) &&
		    authres_is_forged(field->value, authserv_id)) {
			status = add_value(&r, field->value, 0);
		}
	}
	if (status == STATUS_OK) {
		status = add_value(&r, ours, r.all.n);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	buf_init(&text, RESULTS_MAX_BYTES);
	buf_add_char(&text, ' ');
	status = authres_write(&text, &r.all, true, true);
	if (status == STATUS_OK) {
		*value_r = arena_dup(arena, buf_str(&text));
		status = value_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&text);
	return (status);
}
