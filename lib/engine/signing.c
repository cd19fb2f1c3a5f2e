/* SPDX-License-Identifier: BSD-2-Clause */
/* signing: one DKIM-Signature per configured key, over one pass of the body. */
#include "authres/authres.h"
#include "engine/private.h"

static struct dkim_sign_opts
common_opts(const struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	struct dkim_sign_opts opts = {
		.crypto = m->engine->opts.crypto,
		.domain = m->sign_domain,
		.header_canon = conf->canonicalization.header,
		.body_canon = conf->canonicalization.body,
		.sign_headers = conf->sign_headers.v,
		.sign_headers_n = conf->sign_headers.n,
		.oversign_headers = conf->oversign_headers.v,
		.oversign_headers_n = conf->oversign_headers.n,
		.now_s = env_now_s(msg_env(m)),
		.ttl_s = conf->signature_ttl_s,
	};

	if (conf->sign_headers.v == NULL) {
		opts.sign_headers = dkim_sign_headers_default;
		opts.sign_headers_n = dkim_sign_headers_default_n;
	}
	if (conf->oversign_headers.v == NULL) {
		opts.oversign_headers = dkim_oversign_headers_default;
		opts.oversign_headers_n = dkim_oversign_headers_default_n;
	}
	return (opts);
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
	const struct conf *conf = msg_conf(m);
	struct dkim_sign_opts opts = common_opts(m);
	const struct field_list *fields = &m->fields;
	enum status st = STATUS_OK;
	size_t i;

	if (m->forged_n > 0) {
		st = leaving_fields(m, &fields);
		if (st != STATUS_OK) {
			return (st);
		}
	}
	m->bodies = dkim_bodies_new(&m->arena, opts.crypto);
	m->signers = arena_calloc(&m->arena, conf->keys_n,
	    sizeof(*m->signers));
	if (m->bodies == NULL || m->signers == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < conf->keys_n && st == STATUS_OK; i++) {
		opts.key = conf->keys[i].key;
		opts.selector = conf->keys[i].selector;
		st = dkim_signer_new(&m->arena, &opts, fields, m->bodies,
		    &m->signers[i]);
	}
	return (st);
}

enum status
engine_signing_finish(struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	struct engine_outcome *out = &m->outcome;
	enum status st = dkim_bodies_finish(m->bodies);
	struct str value;
	size_t i;

	if (st != STATUS_OK) {
		return (st);
	}
	out->signatures = arena_calloc(&m->arena, conf->keys_n,
	    sizeof(*out->signatures));
	if (out->signatures == NULL) {
		return (STATUS_NOMEM);
	}
	/* Each goes on top of the last one: the first key's ends up there. */
	for (i = conf->keys_n; i > 0; i--) {
		st = dkim_signer_finish(m->signers[i - 1], &value);
		if (st != STATUS_OK) {
			return (st);
		}
		engine_actions_insert(m, ENGINE_FIELD_SIGNATURE, value);
		out->signatures[i - 1].domain = m->sign_domain;
		out->signatures[i - 1].selector = conf->keys[i - 1].selector;
	}
	out->signatures_n = conf->keys_n;
	return (STATUS_OK);
}
