/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forged: received fields that would be taken for ours. RFC 8601 5: those
 * under a name of AuthservID are forged, wherever the mail comes from, but for
 * the one with a mark that fits the message (direction.c). The same holds for
 * ARC-Authentication-Results, which some readers take for results as well,
 * unless they belong to a set of ours in a chain that passes.
 *
 * A field is read as received and as the MTA will send it: where it breaks a
 * line that is too long, another name may end.
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
value_claims_our_name(const struct engine_input *in, struct str value)
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

/* "i=N;" and results: the results; else the whole value. */
static struct str
split_instance(struct str value, uint64_t *instance_r)
{
	size_t end = str_find(value, ';');
	struct str head = str_trim_fws(str_first(value, end));

	*instance_r = 0;
	if (end == value.n || !str_starts_ci(head, STR("i"))) {
		return (value);
	}
	head = str_trim_fws(str_from_offset(head, 1));
	if (head.n == 0 || head.p[0] != '=' || !str_to_u64(str_trim_fws(
	    str_from_offset(head, 1)), instance_r)) {
		return (value);
	}
	return (str_from_offset(value, end + 1));
}

static bool
is_claimed(const struct engine_input *in, const struct field *field,
    struct str value)
{
	uint64_t instance;

	return (value_claims_our_name(in,
	    str_eq_ci(field->name, ENGINE_FIELD_AAR) ?
	    split_instance(value, &instance) : value));
}

/* Out of memory: true. */
static bool
claims_our_name(const struct engine_input *in, const struct field *field)
{
	struct lines_rule rule = input_conf(in)->line_limit;
	size_t name_n = field->raw.n - field->value.n - 2;
	struct str sent;

	if (is_claimed(in, field, field->value)) {
		return (true);
	}
	if (!lines_field_is_long(rule, field->raw)) {
		return (false);
	}
	return (lines_field_sent(in->arena, rule, field->raw, &sent) !=
	    STATUS_OK || is_claimed(in, field,
	    str_mem(sent.p + name_n, sent.n - name_n - 2)));
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
		    (all || claims_our_name(in, &v[i - 1]))) {
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
	if (input_mark_field(in).n > 0 && in->mark_index == in->fields.n) {
		delete_fields(in, out, input_mark_field(in), true);
	}
}

void
engine_forged_delete_tags(const struct engine_input *in,
    struct engine_outcome *out)
{
	delete_fields(in, out, ENGINE_FIELD_TAG, true);
}

/* Whether the set of a chain that passes is by our ArcSealKey. */
static bool
is_our_set(const struct engine_input *in, const struct arc_verdict *arc,
    uint64_t instance)
{
	struct str ours = input_conf(in)->arc_seal_key.domain;

	return (ours.p != NULL && instance > 0 && instance <= arc->sealers_n &&
	    str_eq(arc->sealers[instance - 1].domain, ours));
}

/* In a chain that passes, a name that cannot be read is not ours. */
static bool
is_forged_arc(const struct engine_input *in, const struct arc_verdict *arc,
    const struct field *field)
{
	bool passes = arc != NULL && arc->result == ARC_PASS;
	uint64_t instance;
	struct str results = split_instance(field->value, &instance);
	struct authres ar;

	if (!claims_our_name(in, field)) {
		return (false);
	}
	return (!passes || (!is_our_set(in, arc, instance) &&
	    authres_read(in->arena, results, &ar) == STATUS_OK));
}

bool
engine_forged_delete_arc(const struct engine_input *in,
    struct engine_outcome *out)
{
	const struct field *v = in->fields.v;
	size_t i, index = field_list_count(&in->fields, ENGINE_FIELD_AAR);
	bool breaks = false;

	for (i = in->fields.n; i > 0 && index > 0; i--) {
		if (!str_eq_ci(v[i - 1].name, ENGINE_FIELD_AAR)) {
			continue;
		}
		if (is_forged_arc(in, out->arc, &v[i - 1])) {
			engine_outcome_delete_field(out, ENGINE_FIELD_AAR,
			    (unsigned)index);
			breaks |= out->arc != NULL &&
			    out->arc->result == ARC_PASS;
		}
		index--;
	}
	return (breaks);
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
	if (input_mark_field(in).n > 0 &&
	    str_eq_ci(field->name, input_mark_field(in))) {
		return (in->mark_index == in->fields.n);
	}
	return (str_eq_ci(field->name, ENGINE_FIELD_AUTHRES) &&
	    claims_our_name(in, field));
}
