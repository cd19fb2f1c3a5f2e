/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forged: received fields that would be taken for ours. RFC 8601 5: those
 * under our authserv-id are forged, wherever the mail comes from.
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

/* authserv_id absent: every field of that name, else those that claim it. */
static void
delete_fields(const struct engine_input *in, struct engine_outcome *out,
    struct str name, struct str authserv_id)
{
	const struct field *v = in->fields.v;
	size_t index = field_list_count(&in->fields, name);
	size_t i;

	for (i = in->fields.n; i > 0 && index > 0; i--) {
		if (!str_eq_ci(v[i - 1].name, name)) {
			continue;
		}
		if (authserv_id.p == NULL ||
		    authres_is_forged(v[i - 1].value, authserv_id)) {
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
	delete_fields(in, out, ENGINE_FIELD_AUTHRES, in->engine->authserv_id);
}

void
engine_forged_delete_tags(const struct engine_input *in,
    struct engine_outcome *out)
{
	delete_fields(in, out, ENGINE_FIELD_TAG, STR_NONE);
}

bool
engine_forged_is_deleted(const struct engine_input *in,
    const struct field *field)
{
	if (str_eq_ci(field->name, ENGINE_FIELD_TAG)) {
		return (in->judged && !input_is_relay_exempt(in));
	}
	return (str_eq_ci(field->name, ENGINE_FIELD_AUTHRES) &&
	    authres_is_forged(field->value, in->engine->authserv_id));
}
