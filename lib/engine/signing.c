/* SPDX-License-Identifier: BSD-2-Clause */
/* signing: one DKIM-Signature per key, over one pass of the body. */
#include "dkim/self_check.h"
#include "dkim/sign_names.h"
#include "engine/private.h"
#include "mail/domain.h"

static enum status
begin_signer(const struct engine_sign *sign, struct engine_signing *s,
    size_t i)
{
	const struct signers_pick *pick = &s->picks.v[i];
	struct engine_sign_key key = { .key = pick->key,
		.domain = pick->domain, .selector = pick->selector,
		.identity = pick->identity };

	if (pick->key == NULL) {
		return (STATUS_OK);
	}
	return (engine_sign_begin(sign, &key, s->fields, s->bodies,
	    &s->signers[i]));
}

static enum status
begin_signers(const struct engine_input *in, struct engine_signing *s,
    const struct engine_sign *sign)
{
	enum status status;
	size_t i;

	s->signers = arena_calloc(in->arena, s->picks.n,
	    sizeof(*s->signers));
	if (s->signers == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < s->picks.n; i++) {
		status = begin_signer(sign, s, i);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

enum status
engine_signing_begin(const struct engine_input *in, struct engine_signing *s,
    const struct engine_outcome *out)
{
	struct engine_sign sign;
	enum status status;

	status = signers_load(in->engine->signers, in->arena, &s->picks);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_own_keys_begin(in, s);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_sign_init(&sign, in->arena, input_conf(in),
	    in->engine->opts.crypto, env_now_s(input_env(in)));
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_outgoing_prepare(in, out, &sign.opts, s);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_own_signatures_begin(in, s);
	if (status != STATUS_OK) {
		return (status);
	}
	s->covers_signatures = sign_names_cover(&sign.opts,
	    ENGINE_FIELD_SIGNATURE);
	return (begin_signers(in, s, &sign));
}

/* The last two labels, the most that an organizational domain can be above. */
static struct str
last_two_labels(struct str domain)
{
	while (domain_labels(domain) > 2) {
		domain = domain_parent(domain);
	}
	return (domain);
}

/*
 * A rule for any author also signs forwarded mail, but never with a domain
 * that could be aligned with an author's: the author may be forged. Domains
 * below a public suffix count as one organization, which at worst leaves out
 * a signature.
 */
static bool
signs_forwarded(const struct engine_input *in,
    const struct signers_pick *pick)
{
	struct str ours = last_two_labels(pick->domain);
	size_t i;

	for (i = 0; i < in->from.n; i++) {
		if (str_eq(last_two_labels(in->from.v[i].domain), ours)) {
			return (false);
		}
	}
	return (pick->any_author);
}

enum status
engine_signing_begin_forwarded(const struct engine_input *in,
    struct engine_signing *s, const struct engine_outcome *out)
{
	bool any = false;
	enum status status;
	size_t i;

	for (i = 0; i < s->picks.n; i++) {
		if (signs_forwarded(in, &s->picks.v[i])) {
			any = true;
		} else {
			s->picks.v[i].error =
			    STR("not for mail from outside");
		}
	}
	if (!any) {
		return (STATUS_OK);
	}
	status = engine_signing_begin(in, s, out);
	if (status == STATUS_LIMIT) {
		/* Too many fields: forward it without signatures. */
		s->signers = NULL;
		return (STATUS_OK);
	}
	return (status);
}

/* *reason_r: NULL, or why this signature must not be added. NOMEM only. */
static enum status
make_signature(const struct engine_input *in, struct engine_signing *s,
    size_t i, struct str *value_r, const char **reason_r)
{
	enum status status = dkim_signer_finish(s->signers[i], value_r);

	*reason_r = NULL;
	if (status == STATUS_NOMEM) {
		return (status);
	}
	if (status != STATUS_OK) {
		*reason_r = status_text(status);
		return (STATUS_OK);
	}
	if (!input_is_sampled(in, input_conf(in)->self_check_percent)) {
		return (STATUS_OK);
	}
	return (dkim_self_check(in->arena, in->engine->opts.crypto,
	    s->picks.v[i].key, s->fields, s->bodies, *value_r, reason_r));
}

/* *value_r: absent if there must be none. */
static enum status
try_key(const struct engine_input *in, struct engine_signing *s, size_t i,
    struct str *value_r)
{
	const char *reason;
	enum status status;

	status = make_signature(in, s, i, value_r, &reason);
	if (status == STATUS_OK && reason != NULL) {
		engine_log_key(in, LOG_LEVEL_ERROR, "a signature failed",
		    &s->picks.v[i], reason);
		engine_count(in, ENGINE_SIGNATURES_FAILED, 1);
		*value_r = STR_NONE;
	}
	return (status);
}

/* A value for each pick that signs and has no signature yet. */
static enum status
make_signatures(const struct engine_input *in, struct engine_signing *s,
    struct str *made)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < s->picks.n && status == STATUS_OK; i++) {
		if (!engine_own_key_signs(s, i)) {
			continue;
		}
		if (engine_own_signatures_has(s, i)) {
			s->kept_n++;
		} else {
			status = try_key(in, s, i, &made[i]);
		}
	}
	return (status);
}

/* From the last to the first: the first key's signature ends up on top. */
enum status
engine_signing_add(const struct engine_input *in, struct engine_signing *s,
    struct engine_outcome *out)
{
	struct str *made = arena_calloc(in->arena, s->picks.n, sizeof(*made));
	enum status status;
	size_t i;

	status = made != NULL ?
	    engine_outcome_reserve_signatures(out, in, s->picks.n) :
	    STATUS_NOMEM;
	if (status == STATUS_OK) {
		status = engine_own_signatures_check(in, s);
	}
	if (status == STATUS_OK) {
		status = make_signatures(in, s, made);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	/* A new signature may cover the one that it replaces. */
	if (!s->covers_signatures) {
		engine_own_signatures_delete(s, made, out);
	}
	for (i = s->picks.n; i > 0; i--) {
		if (made[i - 1].p != NULL) {
			engine_outcome_insert_signature(out,
			    &s->picks.v[i - 1], made[i - 1]);
		}
	}
	engine_outcome_set_kept(out, s->kept_n);
	return (STATUS_OK);
}

enum engine_unsigned
engine_signing_why_unsigned(const struct engine_signing *s,
    const struct engine_outcome *out)
{
	size_t i;

	if (out->signatures_n > 0 || s->kept_n > 0) {
		return (engine_own_keys_are_bad(s) ?
		    ENGINE_UNSIGNED_NOT_IN_DNS : ENGINE_UNSIGNED_NO);
	}
	for (i = 0; i < s->picks.n; i++) {
		if (s->picks.v[i].key != NULL) {
			return (ENGINE_UNSIGNED_SELF_CHECK_FAILED);
		}
	}
	switch (s->picks.v[0].why) {
	case SIGNERS_KEY_UNREADABLE:
		break;
	case SIGNERS_NO_ACTIVE_KEY:
		return (ENGINE_UNSIGNED_NO_ACTIVE_KEY);
	case SIGNERS_STORE_UNREACHABLE:
		return (ENGINE_UNSIGNED_STORE_UNREACHABLE);
	}
	return (ENGINE_UNSIGNED_KEY_UNREADABLE);
}
