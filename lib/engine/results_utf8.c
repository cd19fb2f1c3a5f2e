/* SPDX-License-Identifier: BSD-2-Clause */
/* results_utf8: U-labels in our results (RFC 8616). */
#include "authres/authres.h"
#include "engine/private.h"
#include "mail/domain.h"

struct utf8_sources {		/* what has UTF-8; found once, for all
				   properties */
	bool	mail_from;
	bool	from;		/* a From field */
	bool	signature;	/* a DKIM-Signature field */
};

/* Whether a field of that name has UTF-8. */
static bool
is_utf8_field(const struct engine_input *in, struct str name)
{
	size_t i;

	for (i = 0; i < in->fields.n; i++) {
		if (str_eq_ci(in->fields.v[i].name, name) &&
		    !str_is_ascii(in->fields.v[i].raw)) {
			return (true);
		}
	}
	return (false);
}

static bool
is_from_utf8(const struct utf8_sources *sources,
    const struct authres_property *property)
{
	if (str_eq(property->ptype, STR("smtp"))) {
		return (str_eq(property->property, STR("mailfrom")) &&
		    sources->mail_from);
	}
	if (!str_eq(property->ptype, STR("header"))) {
		return (false);
	}
	if (str_eq(property->property, STR("from"))) {
		return (sources->from);
	}
	return ((str_eq(property->property, STR("d")) ||
	    str_eq(property->property, STR("i"))) && sources->signature);
}

/* value: "domain" or "local@domain". */
static enum status
show_unicode(struct arena *arena, struct str *value)
{
	size_t at = str_rfind(*value, '@');
	struct str domain, local = STR("");
	enum status status;

	if (at < value->n) {
		local = str_first(*value, at + 1);
	}
	status = domain_to_unicode(arena, str_from_offset(*value, local.n),
	    &domain);
	if (status != STATUS_OK) {
		return (status);
	}
	*value = arena_printf(arena, "%.*s%.*s", STR_FMT(local),
	    STR_FMT(domain));
	return (value->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
engine_results_keep_utf8(const struct engine_input *in, struct authres *ar)
{
	enum status status = STATUS_OK;
	struct utf8_sources sources;
	size_t i, k;

	if (!in->smtputf8) {
		return (STATUS_OK);
	}
	sources = (struct utf8_sources){
		.mail_from = !str_is_ascii(in->mail_from),
		.from = is_utf8_field(in, STR("From")),
		.signature = is_utf8_field(in, ENGINE_FIELD_SIGNATURE) };
	for (i = 0; i < ar->n; i++) {
		struct authres_result *r = &ar->v[i];

		for (k = 0; k < r->n && status == STATUS_OK; k++) {
			if (is_from_utf8(&sources, &r->v[k])) {
				status = show_unicode(in->arena,
				    &r->v[k].value);
			}
		}
	}
	return (status);
}
