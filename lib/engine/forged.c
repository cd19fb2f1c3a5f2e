/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forged: received fields that would be taken for ours. RFC 8601 5: those
 * under a name of AuthservID are forged, wherever the mail comes from, but for
 * the one with a mark that fits the message (direction.c).
 */
#include "authres/authres.h"
#include "engine/private.h"

bool
engine_forged_is_hidden(const struct engine_input *in)
{
	size_t i;

	for (i = 0; i < in->fields.n; i++) {
		if (authres_is_hidden(in->fields.v[i].value)) {
			return (true);
		}
	}
	return (false);
}

/* Whether the value of a field claims a name of AuthservID. */
static bool
claims_our_name(const struct engine_input *in, struct str value)
{
	const struct conf_strings *names = &input_conf(in)->authserv_id.names;
	struct str id = input_authserv_id(in);
	size_t i;

	if (authres_is_forged(value, id)) {
		return (true);
	}
	for (i = 0; i < names->n; i++) {
		id = str_eq(names->v[i], STR("{j}")) ?
		    in->macros[ENGINE_MTA_NAME] : names->v[i];
		if (id.n > 0 && authres_is_forged(value, id)) {
			return (true);
		}
	}
	return (false);
}

/* all: every field of that name, else those that claim to be ours. */
static void
delete_fields(const struct engine_input *in, struct engine_outcome *out,
    struct str name, bool all)
{
	const struct field *v = in->fields.v;
	size_t index = field_list_count(&in->fields, name);
	size_t i;

	for (i = in->fields.n; i > 0 && index > 0; i--) {
		if (!str_eq_ci(v[i - 1].name, name)) {
			continue;
		}
		if (i - 1 != in->mark_index &&
		    (all || claims_our_name(in, v[i - 1].value))) {
			engine_outcome_delete_field(out, name,
			    (unsigned)index);
		}
		index--;
	}
}

void
engine_forged_delete_results(const struct engine_input *in,
    struct engine_outcome *out)
{
	delete_fields(in, out, ENGINE_FIELD_AUTHRES, false);
}

void
engine_forged_delete_tags(const struct engine_input *in,
    struct engine_outcome *out)
{
	delete_fields(in, out, ENGINE_FIELD_TAG, true);
}

bool
engine_forged_is_deleted(const struct engine_input *in,
    const struct field *field)
{
	if (field == &in->fields.v[in->mark_index]) {
		return (false);
	}
	if (str_eq_ci(field->name, ENGINE_FIELD_TAG)) {
		return (in->judged && !input_is_relay_exempt(in));
	}
	return (str_eq_ci(field->name, ENGINE_FIELD_AUTHRES) &&
	    claims_our_name(in, field->value));
}
