/* SPDX-License-Identifier: BSD-2-Clause */
/* signing: one DKIM-Signature per key picked, over one pass of the body. */
#include "authres/authres.h"
#include "base/escape.h"
#include "dkim/self_check.h"
#include "engine/private.h"
#include "mail/domain.h"

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

enum status
engine_signing_opts(struct engine_msg *m, struct dkim_sign_opts *opts)
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

/* As engine_actions_delete_... have it. */
static bool
is_deleted(const struct engine_msg *m, const struct field *field)
{
	if (str_eq_ci(field->name, ENGINE_FIELD_TAG)) {
		return (m->judged && !msg_is_relay_exempt(m));
	}
	return (str_eq_ci(field->name, ENGINE_FIELD_AUTHRES) &&
	    authres_is_forged(field->value, m->engine->authserv_id));
}

/* SignHeaders may name what is deleted, which must not be signed. */
enum status
engine_signing_leaving(struct engine_msg *m, const struct field_list **r)
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

		if (is_deleted(m, field)) {
			continue;
		}
		list->v[list->n++] = *field;
		list->bytes += field->raw.n;
	}
	*r = list;
	return (STATUS_OK);
}

static enum status
new_signer(struct engine_msg *m, struct dkim_sign_opts *opts, size_t i)
{
	const struct signers_pick *pick = &m->picks.v[i];

	if (pick->key == NULL) {
		return (STATUS_OK);
	}
	opts->key = pick->key;
	opts->domain = pick->domain;
	opts->selector = pick->selector;
	opts->identity = pick->identity;
	return (dkim_signer_new(&m->arena, opts, m->leaving, m->bodies,
	    &m->signers[i]));
}

enum status
engine_signing_begin(struct engine_msg *m)
{
	struct dkim_sign_opts opts;
	enum status st = engine_signing_opts(m, &opts);
	size_t i;

	if (st == STATUS_OK) {
		st = signers_load(m->engine->signers, &m->arena, &m->picks);
	}
	if (st == STATUS_OK) {
		st = engine_own_keys_begin(m);
	}
	m->leaving = &m->fields;
	if (st == STATUS_OK && m->forged_n > 0) {
		st = engine_signing_leaving(m, &m->leaving);
	}
	if (st != STATUS_OK) {
		return (st);
	}
	if (m->bodies == NULL) {
		m->bodies = dkim_bodies_new(&m->arena, opts.crypto);
	}
	m->signers = arena_calloc(&m->arena, m->picks.n,
	    sizeof(*m->signers));
	if (m->bodies == NULL || m->signers == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < m->picks.n && st == STATUS_OK; i++) {
		st = new_signer(m, &opts, i);
	}
	return (st);
}

/* The last two labels, the most that an organisational domain can be above. */
static struct str
last_two_labels(struct str domain)
{
	while (domain_labels(domain) > 2) {
		domain = domain_parent(domain);
	}
	return (domain);
}

/*
 * A rule for whatever author is for what we hand on, too; never under a name
 * that could be aligned with that of an author, who may be a forger. Names
 * below a public suffix are taken for one organisation: that errs on the side
 * of no signature.
 */
static bool
is_for_forwarded(const struct engine_msg *m, const struct signers_pick *pick)
{
	struct str ours = last_two_labels(pick->domain);
	size_t i;

	for (i = 0; i < m->from.n; i++) {
		if (str_eq(last_two_labels(m->from.v[i].domain), ours)) {
			return (false);
		}
	}
	return (pick->any_author);
}

enum status
engine_signing_begin_forwarded(struct engine_msg *m)
{
	bool any = false;
	enum status st;
	size_t i;

	for (i = 0; i < m->picks.n; i++) {
		if (is_for_forwarded(m, &m->picks.v[i])) {
			any = true;
		} else {
			m->picks.v[i].trouble =
			    STR("not for mail from outside");
		}
	}
	if (!any) {
		return (STATUS_OK);
	}
	st = engine_signing_begin(m);
	if (st == STATUS_LIMIT) {
		/* Others may have many fields; it goes on unsigned. */
		m->signers = NULL;
		st = STATUS_OK;
	}
	return (st);
}

void
engine_log_key(const struct engine_msg *m, enum log_level level,
    const char *what, const struct signers_pick *pick, const char *reason)
{
	struct buf line;

	buf_init(&line, 4096);
	buf_add_cstr(&line, "queue_id=");
	escape_log_value(&line, m->macros[ENGINE_QUEUE_ID],
	    LOG_VALUE_MAX_BYTES);
	buf_printf(&line, " %s: domain=", what);
	escape_log_value(&line, pick->domain, LOG_VALUE_MAX_BYTES);
	buf_add_cstr(&line, " selector=");
	escape_log_value(&line, pick->selector, LOG_VALUE_MAX_BYTES);
	if (reason != NULL) {
		buf_printf(&line, " reason=\"%s\"", reason);
	}
	if (line.status == STATUS_OK) {
		env_log(msg_env(m), level, "%s", line.p);
	}
	buf_fini(&line);
}

/* *reason_r: NULL, or why this signature must not leave. NOMEM only. */
static enum status
make_signature(struct engine_msg *m, size_t i, struct str *value_r,
    const char **reason_r)
{
	const struct signers_pick *pick = &m->picks.v[i];
	enum status st = dkim_signer_finish(m->signers[i], value_r);

	*reason_r = NULL;
	if (st == STATUS_OK &&
	    engine_is_sampled(m, msg_conf(m)->self_check_percent)) {
		st = dkim_self_check(&m->arena, m->engine->opts.crypto,
		    pick->key, m->leaving, m->bodies, *value_r, reason_r);
	} else if (st != STATUS_OK && st != STATUS_NOMEM) {
		*reason_r = status_text(st);
		st = STATUS_OK;
	}
	return (st);
}

/* Each goes on top of the last one: the first key's ends up there. */
static enum status
sign(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;
	enum status st = STATUS_OK;
	size_t i, n = m->picks.n;
	const char *reason;
	struct str value;

	for (i = n; i > 0 && st == STATUS_OK; i--) {
		const struct signers_pick *pick = &m->picks.v[i - 1];

		if (!engine_own_key_signs(m, i - 1)) {
			continue;
		}
		st = make_signature(m, i - 1, &value, &reason);
		if (st == STATUS_OK && reason != NULL) {
			engine_log_key(m, LOG_LEVEL_ERROR,
			    "a signature failed", pick, reason);
			engine_count(m, ENGINE_SIGNATURES_FAILED, 1);
		} else if (st == STATUS_OK) {
			engine_actions_insert(m, ENGINE_FIELD_SIGNATURE,
			    value);
			n--;
			out->signatures[n].domain = pick->domain;
			out->signatures[n].selector = pick->selector;
		}
	}
	out->signatures += n;
	out->signatures_n = m->picks.n - n;
	return (st);
}

enum status
engine_signing_add(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;

	out->signatures = arena_calloc(&m->arena, m->picks.n,
	    sizeof(*out->signatures));
	return (out->signatures != NULL ? sign(m) : STATUS_NOMEM);
}

enum status
engine_signing_finish(struct engine_msg *m)
{
	enum status st = dkim_bodies_finish(m->bodies);

	if (st != STATUS_OK) {
		return (st);
	}
	engine_own_keys_finish(m);
	return (engine_signing_add(m));
}
