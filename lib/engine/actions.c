/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actions: what the MTA is asked to do, in the order in which it must do it:
 * deletions first, by the indexes of the message as received and from the
 * highest down, then insertions, each on top of what is there.
 */
#include "authres/authres.h"
#include "engine/private.h"

enum status
engine_actions_init(struct engine_msg *m)
{
	size_t n = field_list_count(&m->fields, ENGINE_FIELD_AUTHRES) +
	    field_list_count(&m->fields, ENGINE_FIELD_TAG);

	/* Our own results, Received-SPF and a tag, or signatures, by the keys
	   of the configuration or by other sources; a quarantine; an ARC
	   set. */
	n += 3 + 3 + msg_conf(m)->keys_n + SIGNERS_PICKS_MAX + 1;
	m->actions = arena_calloc(&m->arena, n, sizeof(*m->actions));
	if (m->actions == NULL) {
		return (STATUS_NOMEM);
	}
	m->actions_cap = n;
	return (STATUS_OK);
}

static void
add(struct engine_msg *m, const struct engine_action *action)
{
	struct engine_outcome *out = &m->outcome;

	if (out->actions_n < m->actions_cap) {
		m->actions[out->actions_n++] = *action;
		out->actions = m->actions;
	}
}

bool
engine_actions_any_hidden(const struct engine_msg *m)
{
	size_t i;

	for (i = 0; i < m->fields.n; i++) {
		if (authres_is_hidden(m->fields.v[i].value)) {
			return (true);
		}
	}
	return (false);
}

/* id absent: all of that name; else those that claim to be its. */
static void
delete_fields(struct engine_msg *m, struct str name, struct str id)
{
	const struct field *v = m->fields.v;
	size_t index = field_list_count(&m->fields, name);
	size_t i;

	for (i = m->fields.n; i > 0 && index > 0; i--) {
		if (!str_eq_ci(v[i - 1].name, name)) {
			continue;
		}
		if (id.p == NULL || authres_is_forged(v[i - 1].value, id)) {
			add(m, &(struct engine_action){
			    .type = ENGINE_DELETE_FIELD, .name = name,
			    .index = (unsigned)index });
		}
		index--;
	}
	m->forged_n = m->outcome.actions_n;
}

/* RFC 8601 5: what claims to be ours is not, wherever the mail comes from. */
void
engine_actions_delete_forged(struct engine_msg *m)
{
	delete_fields(m, ENGINE_FIELD_AUTHRES, m->engine->authserv_id);
	m->outcome.forged_deleted = (unsigned)m->forged_n;
}

void
engine_actions_delete_tags(struct engine_msg *m)
{
	delete_fields(m, ENGINE_FIELD_TAG, STR_NONE);
}

void
engine_actions_keep_deletions(struct engine_msg *m)
{
	m->outcome.actions_n = m->forged_n;
}

void
engine_actions_insert(struct engine_msg *m, struct str name, struct str value)
{
	add(m, &(struct engine_action){ .type = ENGINE_INSERT_FIELD,
	    .name = name, .value = value });
}

void
engine_actions_quarantine(struct engine_msg *m, struct str reason)
{
	struct engine_outcome *out = &m->outcome;
	size_t i;

	out->verdict = ENGINE_QUARANTINE;
	for (i = 0; i < out->actions_n; i++) {
		if (out->actions[i].type == ENGINE_HOLD) {
			return;
		}
	}
	if (m->actions == NULL) {
		m->actions = &m->spare_action;
		m->actions_cap = 1;
	}
	add(m, &(struct engine_action){ .type = ENGINE_HOLD,
	    .value = reason });
}
