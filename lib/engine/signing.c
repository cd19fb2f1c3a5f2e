/* SPDX-License-Identifier: BSD-2-Clause */
/* signing: one DKIM-Signature per key picked, over one pass of the body. */
#include "authres/authres.h"
#include "engine/private.h"

/* SignHeaders, OversignHeaders: without a list the usual names, and for a
   list with "*" in front those and the others of the list. */
static enum status
header_names(struct arena *arena, const struct conf_strings *list,
    const struct str *usual, size_t usual_n, const struct str **v_r,
    size_t *n_r)
{
	struct str *v;
	size_t i;

	*v_r = list->v != NULL ? list->v : usual;
	*n_r = list->v != NULL ? list->n : usual_n;
	if (list->n == 0 || !str_eq(list->v[0], STR("*"))) {
		return (STATUS_OK);
	}
	v = arena_calloc(arena, usual_n + list->n, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(v, usual, usual_n * sizeof(*v));
	*v_r = v;
	*n_r = usual_n;
	for (i = 1; i < list->n; i++) {
		if (!str_list_has_ci(usual, usual_n, list->v[i])) {
			v[(*n_r)++] = list->v[i];
		}
	}
	return (STATUS_OK);
}

static enum status
common_opts(struct engine_msg *m, struct dkim_sign_opts *opts)
{
	const struct conf *conf = msg_conf(m);
	enum status st;

	*opts = (struct dkim_sign_opts){
		.crypto = m->engine->opts.crypto,
		.header_canon = conf->canonicalization.header,
		.body_canon = conf->canonicalization.body,
		.now_s = env_now_s(msg_env(m)),
		.ttl_s = conf->signature_ttl_s,
	};
	st = header_names(&m->arena, &conf->sign_headers,
	    dkim_sign_headers_default, dkim_sign_headers_default_n,
	    &opts->sign_headers, &opts->sign_headers_n);
	if (st != STATUS_OK) {
		return (st);
	}
	return (header_names(&m->arena, &conf->oversign_headers,
	    dkim_oversign_headers_default, dkim_oversign_headers_default_n,
	    &opts->oversign_headers, &opts->oversign_headers_n));
}

/*
 * The fields as the message will leave: SignHeaders may name
 * Authentication-Results, and those that are deleted must not be signed.
 */
static enum status
leaving_fields(struct engine_msg *m, const struct field_list **r)
{
	struct field_list *list = arena_alloc(&m->arena, sizeof(*list));
	size_t i;

	if (list == NULL) {
		return (STATUS_NOMEM);
	}
	list->v = arena_calloc(&m->arena, m->fields.n, sizeof(*list->v));
	if (list->v == NULL) {
		return (STATUS_NOMEM);
	}
	list->cap = m->fields.n;
	for (i = 0; i < m->fields.n; i++) {
		const struct field *field = &m->fields.v[i];

		if (str_eq_ci(field->name, ENGINE_FIELD_AUTHRES) &&
		    authres_is_forged(field->value, m->engine->authserv_id)) {
			continue;
		}
		list->v[list->n++] = *field;
		list->bytes += field->raw.n;
	}
	*r = list;
	return (STATUS_OK);
}

enum status
engine_signing_begin(struct engine_msg *m)
{
	const struct field_list *fields = &m->fields;
	struct dkim_sign_opts opts;
	enum status st = common_opts(m, &opts);
	size_t i;

	if (st == STATUS_OK) {
		st = signers_load(m->engine->signers, &m->picks);
	}
	if (st != STATUS_OK) {
		return (st);
	}
	if (m->forged_n > 0) {
		st = leaving_fields(m, &fields);
		if (st != STATUS_OK) {
			return (st);
		}
	}
	m->bodies = dkim_bodies_new(&m->arena, opts.crypto);
	m->signers = arena_calloc(&m->arena, m->picks.n,
	    sizeof(*m->signers));
	if (m->bodies == NULL || m->signers == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < m->picks.n && st == STATUS_OK; i++) {
		opts.key = m->picks.v[i].key;
		opts.domain = m->picks.v[i].domain;
		opts.selector = m->picks.v[i].selector;
		st = dkim_signer_new(&m->arena, &opts, fields, m->bodies,
		    &m->signers[i]);
	}
	return (st);
}

enum status
engine_signing_finish(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;
	enum status st = dkim_bodies_finish(m->bodies);
	struct str value;
	size_t i;

	if (st != STATUS_OK) {
		return (st);
	}
	out->signatures = arena_calloc(&m->arena, m->picks.n,
	    sizeof(*out->signatures));
	if (out->signatures == NULL) {
		return (STATUS_NOMEM);
	}
	/* Each goes on top of the last one: the first key's ends up there. */
	for (i = m->picks.n; i > 0; i--) {
		st = dkim_signer_finish(m->signers[i - 1], &value);
		if (st != STATUS_OK) {
			return (st);
		}
		engine_actions_insert(m, ENGINE_FIELD_SIGNATURE, value);
		out->signatures[i - 1].domain = m->picks.v[i - 1].domain;
		out->signatures[i - 1].selector = m->picks.v[i - 1].selector;
	}
	out->signatures_n = m->picks.n;
	return (STATUS_OK);
}
