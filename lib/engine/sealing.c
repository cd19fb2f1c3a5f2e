/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sealing: one more ARC set on external mail that is forwarded (ArcSeal). It
 * covers the message with everything that is changed here (RFC 8617 5.1),
 * which includes DKIM signatures by rules for any author. A message that
 * cannot be sealed is forwarded without a seal.
 */
#include "arc/seal.h"
#include "engine/private.h"

/* The key is the one for mail from this user of ArcSealKey's domain. */
#define SEALER_LOCAL	STR("postmaster")

/* The names of Postfix and Sendmail for delivery on the host itself. */
static const struct str final_mailers[] = {
	STR("local"), STR("virtual"), STR("lmtp"), STR("dovecot"),
	STR("cyrus"), STR("cyrusv2"), STR("*file*"),
};

bool
engine_sealing_is_forwarding(struct str mailer)
{
	return (!str_list_has_ci(final_mailers,
	    sizeof(final_mailers) / sizeof(final_mailers[0]), mailer));
}

bool
engine_sealing_is_wanted(const struct engine_input *in)
{
	switch (input_conf(in)->arc_seal) {
	case CONF_ARC_SEAL_OFF:
		return (false);
	case CONF_ARC_SEAL_ALL:
		return (in->judged);
	case CONF_ARC_SEAL_FORWARDED:
		break;
	}
	/* Without recipients it is unknown; a seal is harmless (5.1.5). */
	return (in->judged && (in->forwarded || !in->has_rcpts));
}

static enum status
pick_sealer(struct signers *signers, const struct conf *conf,
    struct arena *arena, struct signers_picks *r)
{
	return (signers_pick(signers, arena, SEALER_LOCAL,
	    conf->arc_seal_key.domain, r));
}

static bool
can_seal(const struct conf *conf, const struct signers_pick *pick)
{
	struct str selector = conf->arc_seal_key.selector;

	return (pick->error.n == 0 && (selector.p == NULL ||
	    str_eq(pick->selector, selector)));
}

/* With a key store the key may be added later: only a warning. */
static enum status
report_no_key(const struct engine *engine, struct diag *diag)
{
	const struct conf *conf = engine->opts.conf;
	const char *selector = conf->arc_seal_key.selector.p != NULL ?
	    " with that selector" : "";

	if (conf->key_stores.n == 0 || (conf->key_stores.optional &&
	    !signers_have_stores(engine->signers))) {
		diag_set(diag, NULL, 0, "ArcSeal: no key signs for %.*s%s",
		    STR_FMT(conf->arc_seal_key.domain), selector);
		return (STATUS_SYNTAX);
	}
	env_log(engine->opts.env, LOG_LEVEL_WARNING, "ArcSeal: no key signs "
	    "for %.*s now%s; nothing is sealed",
	    STR_FMT(conf->arc_seal_key.domain), selector);
	return (STATUS_OK);
}

enum status
engine_sealing_check(const struct engine *engine, struct diag *diag)
{
	const struct conf *conf = engine->opts.conf;
	struct signers_picks picks = { NULL, 0 };
	enum status status;
	struct arena arena;
	size_t i = 0;

	if (conf->arc_seal == CONF_ARC_SEAL_OFF) {
		return (STATUS_OK);
	}
	arena_init(&arena, ENGINE_MSG_MAX_BYTES);
	status = pick_sealer(engine->signers, conf, &arena, &picks);
	while (i < picks.n && !can_seal(conf, &picks.v[i])) {
		i++;
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
	} else if (i == picks.n) {
		status = report_no_key(engine, diag);
	}
	signers_picks_fini(&picks);
	arena_fini(&arena);
	return (status);
}

/* RSA first: a validator of ARC may not support Ed25519. */
static const struct signers_pick *
choose_key(const struct conf *conf, const struct signers_picks *picks)
{
	const struct signers_pick *best = NULL;
	size_t i;

	for (i = 0; i < picks->n; i++) {
		const struct signers_pick *pick = &picks->v[i];

		if (pick->key == NULL || !can_seal(conf, pick)) {
			continue;
		}
		if (best == NULL || (privkey_type(best->key) != CRYPTO_RSA &&
		    privkey_type(pick->key) == CRYPTO_RSA)) {
			best = pick;
		}
	}
	return (best);
}

/* Unless signatures are made, too. */
static enum status
prepare_fields(const struct engine_input *in, struct engine_signing *s,
    const struct engine_outcome *out)
{
	struct engine_sign sign;
	enum status status;

	if (s->fields != NULL) {
		return (STATUS_OK);
	}
	status = engine_sign_init(&sign, in->arena, input_conf(in),
	    in->engine->opts.crypto, env_now_s(input_env(in)));
	if (status != STATUS_OK) {
		return (status);
	}
	return (engine_outgoing_prepare(in, out, &sign.opts, s));
}

enum status
engine_sealing_begin(const struct engine_input *in, struct engine_signing *s,
    const struct engine_outcome *out)
{
	const struct conf *conf = input_conf(in);
	struct signers *signers = in->engine->signers;
	enum status status;

	status = pick_sealer(signers, conf, in->arena, &s->seal_picks);
	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_load(signers, in->arena, &s->seal_picks);
	if (status != STATUS_OK) {
		return (status);
	}
	s->seal_pick = choose_key(conf, &s->seal_picks);
	status = arc_seal_begin(s->bodies);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_signing_begin_forwarded(in, s, out);
	if (status != STATUS_OK) {
		return (status);
	}
	return (prepare_fields(in, s, out));
}

static enum status
make_seal(const struct engine_input *in, const struct engine_signing *s,
    const struct engine_outcome *out, struct arc_seal *r)
{
	struct engine_sign_key key = { .key = s->seal_pick->key,
		.domain = s->seal_pick->domain,
		.selector = s->seal_pick->selector };
	struct arc_seal_message message = { .bodies = s->bodies,
		.cv = out->arc != NULL ? out->arc->result : ARC_NONE,
		.results = out->authres_folded };
	struct field_list fields;
	struct engine_sign sign;
	enum status status;

	status = engine_sign_init(&sign, in->arena, input_conf(in),
	    in->engine->opts.crypto, env_now_s(input_env(in)));
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_outgoing_all(in, out, s, &fields);
	if (status != STATUS_OK) {
		return (status);
	}
	message.fields = &fields;
	return (engine_sign_seal(&sign, &key, &message, r));
}

/* What fails DMARC is forwarded with its results, but without a signature. */
static bool
has_failed(const struct engine_outcome *out)
{
	return (out->tagged || out->dmarc == NULL ||
	    dmarc_decisive(out->dmarc)->result == DMARC_FAIL);
}

/* Whether the chain may pass elsewhere: a seal with cv=fail would end it. */
static bool
is_undecided(const struct engine_outcome *out)
{
	return (out->arc != NULL && out->arc->unavailable);
}

/* Out of memory, too: what is decided and its results stay. */
void
engine_sealing_finish(const struct engine_input *in, struct engine_signing *s,
    struct engine_outcome *out)
{
	const struct engine_outcome before = *out;
	struct arc_seal seal = { .instance = 0 };
	enum status status = STATUS_OK;

	if (!s->sealing || !engine_verdict_accepts(out->verdict)) {
		return;
	}
	engine_outgoing_refold(s, out);
	if (s->signers != NULL && !has_failed(out)) {
		status = engine_signing_add(in, s, out);
	}
	if (status == STATUS_OK && s->seal_pick != NULL && !is_undecided(out)) {
		status = make_seal(in, s, out, &seal);
	}
	if (status == STATUS_NOMEM ||
	    (seal.instance == 0 && out->signatures_n == 0)) {
		engine_outcome_restore(out, &before);
	}
	if (status == STATUS_NOMEM || seal.instance == 0) {
		engine_count(in, ENGINE_ARC_NOT_SEALED, 1);
		return;
	}
	engine_outcome_insert_seal(out, s->seal_pick, &seal);
	engine_count(in, ENGINE_ARC_SEALED, 1);
}
