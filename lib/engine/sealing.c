/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sealing: one more ARC set on what came from outside and goes on, over the
 * message with all that is changed about it here (RFC 8617 5.1), DKIM
 * signatures by a rule for whatever author among it. A message
 * that cannot be sealed goes on without.
 */
#include "arc/seal.h"
#include "engine/private.h"

/* The key is that for mail from this user of the domain. */
#define SEALER_LOCAL	STR("postmaster")

/* What Postfix and Sendmail call delivery on the host itself. */
static const struct str final_mailers[] = {
	STR("local"), STR("virtual"), STR("lmtp"), STR("dovecot"),
	STR("cyrus"), STR("cyrusv2"), STR("*file*"),
};

bool
engine_sealing_is_handed_on(struct str mailer)
{
	return (!str_list_has_ci(final_mailers,
	    sizeof(final_mailers) / sizeof(final_mailers[0]), mailer));
}

bool
engine_sealing_is_wanted(const struct engine_msg *m)
{
	switch (msg_conf(m)->arc_seal) {
	case CONF_ARC_SEAL_OFF:
		return (false);
	case CONF_ARC_SEAL_ALL:
		return (m->judged);
	case CONF_ARC_SEAL_FORWARDED:
		break;
	}
	/* Nobody said where it goes: sealing does no harm (5.1.5). */
	return (m->judged && (m->handed_on || !m->has_rcpts));
}

static enum status
pick(struct signers *signers, const struct conf *conf, struct arena *arena,
    struct signers_picks *r)
{
	return (signers_pick(signers, arena, SEALER_LOCAL,
	    conf->arc_seal_key.domain, r));
}

static bool
fits(const struct conf *conf, const struct signers_pick *p)
{
	struct str selector = conf->arc_seal_key.selector;

	return (p->trouble.n == 0 && (selector.p == NULL ||
	    str_eq(p->selector, selector)));
}

enum status
engine_sealing_check(const struct engine *engine, struct diag *diag)
{
	const struct conf *conf = engine->opts.conf;
	struct signers_picks picks = { NULL, 0 };
	enum status st = STATUS_OK;
	struct arena arena;
	size_t i = 0;

	if (conf->arc_seal == CONF_ARC_SEAL_OFF) {
		return (STATUS_OK);
	}
	arena_init(&arena, ENGINE_MSG_MAX_BYTES);
	st = pick(engine->signers, conf, &arena, &picks);
	while (i < picks.n && !fits(conf, &picks.v[i])) {
		i++;
	}
	if (st != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(st));
	} else if (i == picks.n && conf->key_stores.n > 0) {
		/* Keys come and go there: that is no reason not to start. */
		env_log(engine->opts.env, LOG_LEVEL_WARNING, "ArcSeal: no key "
		    "signs for %.*s now%s; nothing is sealed",
		    STR_FMT(conf->arc_seal_key.domain),
		    conf->arc_seal_key.selector.p != NULL ?
		    " with that selector" : "");
	} else if (i == picks.n) {
		diag_set(diag, NULL, 0, "ArcSeal: no key signs for %.*s%s",
		    STR_FMT(conf->arc_seal_key.domain),
		    conf->arc_seal_key.selector.p != NULL ?
		    " with that selector" : "");
		st = STATUS_SYNTAX;
	}
	signers_picks_fini(&picks);
	arena_fini(&arena);
	return (st);
}

/* RSA first: who validates ARC may not know Ed25519. */
static void
choose(struct engine_msg *m)
{
	size_t i;

	for (i = 0; i < m->seal_picks.n; i++) {
		const struct signers_pick *p = &m->seal_picks.v[i];

		if (p->key == NULL || !fits(msg_conf(m), p)) {
			continue;
		}
		if (m->seal_pick == NULL ||
		    (privkey_type(m->seal_pick->key) != CRYPTO_RSA &&
		    privkey_type(p->key) == CRYPTO_RSA)) {
			m->seal_pick = p;
		}
	}
}

enum status
engine_sealing_begin(struct engine_msg *m)
{
	struct signers *signers = m->engine->signers;
	enum status st = pick(signers, msg_conf(m), &m->arena, &m->seal_picks);

	if (st == STATUS_OK) {
		st = signers_load(signers, &m->arena, &m->seal_picks);
	}
	if (st == STATUS_OK) {
		choose(m);
		st = arc_seal_begin(m->bodies);
	}
	if (st == STATUS_OK) {
		st = engine_signing_begin_forwarded(m);
	}
	return (st);
}

/* As the message leaves: what is added on top, then what is kept. */
static enum status
all_fields(struct engine_msg *m, struct field_list *r)
{
	const struct engine_outcome *out = &m->outcome;
	const struct field_list *kept;
	struct field_list added;
	enum status st;
	size_t i;

	field_list_init(&added);
	field_list_init(r);
	st = engine_signing_leaving(m, &kept);
	for (i = out->actions_n; i > 0 && st == STATUS_OK; i--) {
		const struct engine_action *a = &out->actions[i - 1];

		if (a->type == ENGINE_INSERT_FIELD) {
			st = field_list_add(&m->arena, &added, a->name,
			    a->value);
		}
	}
	if (st != STATUS_OK) {
		return (st);
	}
	r->n = r->cap = added.n + kept->n;
	r->v = arena_calloc(&m->arena, r->n, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(r->v, added.v, added.n * sizeof(*r->v));
	memcpy(r->v + added.n, kept->v, kept->n * sizeof(*r->v));
	return (STATUS_OK);
}

static enum status
make(struct engine_msg *m, struct arc_seal *seal)
{
	struct arc_seal_message in = { .bodies = m->bodies,
		.results = m->results };
	struct dkim_sign_opts sign;
	struct arc_seal_opts opts;
	struct field_list fields;
	enum status st = engine_signing_opts(m, &sign);

	if (st == STATUS_OK) {
		st = all_fields(m, &fields);
	}
	if (st != STATUS_OK) {
		return (st);
	}
	in.fields = &fields;
	in.cv = m->outcome.arc != NULL ? m->outcome.arc->result : ARC_NONE;
	opts = (struct arc_seal_opts){ .crypto = sign.crypto,
		.key = m->seal_pick->key, .domain = m->seal_pick->domain,
		.selector = m->seal_pick->selector,
		.sign_headers = sign.sign_headers,
		.sign_headers_n = sign.sign_headers_n,
		.oversign_headers = sign.oversign_headers,
		.oversign_headers_n = sign.oversign_headers_n,
		.now_s = sign.now_s };
	return (arc_seal_finish(&m->arena, &opts, &in, seal));
}

/* What DMARC fails is handed on with what is known of it, not vouched for. */
static bool
has_failed(const struct engine_msg *m)
{
	return (m->outcome.decision.tagged || m->outcome.dmarc == NULL ||
	    dmarc_decisive(m->outcome.dmarc)->result == DMARC_FAIL);
}

enum status
engine_sealing_finish(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;
	struct arc_seal seal = { .instance = 0 };
	enum status st = STATUS_OK;

	if (!m->sealing || !engine_verdict_accepts(out->verdict)) {
		return (STATUS_OK);
	}
	if (m->signers != NULL && !has_failed(m)) {
		st = engine_signing_add(m);
	}
	if (st == STATUS_OK && m->seal_pick != NULL) {
		st = make(m, &seal);
	}
	if (st == STATUS_NOMEM) {
		return (st);
	}
	if (seal.instance == 0) {
		engine_count(m, ENGINE_ARC_NOT_SEALED, 1);
		return (STATUS_OK);
	}
	engine_actions_insert(m, STR("ARC-Authentication-Results"), seal.aar);
	engine_actions_insert(m, STR("ARC-Message-Signature"), seal.ams);
	engine_actions_insert(m, STR("ARC-Seal"), seal.as);
	out->seal.instance = seal.instance;
	out->seal.domain = m->seal_pick->domain;
	out->seal.selector = m->seal_pick->selector;
	engine_count(m, ENGINE_ARC_SEALED, 1);
	return (STATUS_OK);
}
