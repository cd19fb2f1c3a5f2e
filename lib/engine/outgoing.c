/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outgoing: the header as the next hop gets it. Signatures and seals must
 * cover that one: SignHeaders may name a field that is deleted here.
 */
#include "engine/private.h"

enum status
engine_outgoing_kept(const struct engine_input *in,
    const struct engine_outcome *out, const struct field_list **r)
{
	struct field_list *list;
	size_t i;

	*r = &in->fields;
	if (out->deletions_n == 0) {
		return (STATUS_OK);
	}
	list = arena_alloc(in->arena, sizeof(*list));
	if (list == NULL) {
		return (STATUS_NOMEM);
	}
	list->v = arena_calloc(in->arena, in->fields.n, sizeof(*list->v));
	if (list->v == NULL) {
		return (STATUS_NOMEM);
	}
	list->cap = in->fields.n;
	for (i = 0; i < in->fields.n; i++) {
		const struct field *field = &in->fields.v[i];

		if (!engine_forged_is_deleted(in, field)) {
			list->v[list->n++] = *field;
			list->bytes += field->raw.n;
		}
	}
	*r = list;
	return (STATUS_OK);
}

/* The fields that are inserted, top first. */
static enum status
list_inserted(const struct engine_input *in, const struct engine_outcome *out,
    struct field_list *r)
{
	enum status status;
	size_t i;

	field_list_init(r);
	for (i = out->actions_n; i > 0; i--) {
		const struct engine_action *action = &out->actions[i - 1];

		if (action->type != ENGINE_INSERT_FIELD) {
			continue;
		}
		status = field_list_add(in->arena, r, action->name,
		    action->value);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

enum status
engine_outgoing_all(const struct engine_input *in,
    const struct engine_outcome *out, struct field_list *r)
{
	const struct field_list *kept;
	struct field_list added;
	enum status status;

	status = engine_outgoing_kept(in, out, &kept);
	if (status != STATUS_OK) {
		return (status);
	}
	status = list_inserted(in, out, &added);
	if (status != STATUS_OK) {
		return (status);
	}
	field_list_init(r);
	r->n = r->cap = added.n + kept->n;
	r->v = arena_calloc(in->arena, r->n, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	if (added.n > 0) {
		memcpy(r->v, added.v, added.n * sizeof(*r->v));
	}
	if (kept->n > 0) {
		memcpy(r->v + added.n, kept->v, kept->n * sizeof(*r->v));
	}
	return (STATUS_OK);
}
