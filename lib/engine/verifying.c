/* SPDX-License-Identifier: BSD-2-Clause */
/* verifying: what is asked for at end of headers, and waited for at the end. */
#include "engine/private.h"

static bool
wants_arc(const struct engine_msg *m)
{
	return (m->judged && msg_conf(m)->arc_verify &&
	    arc_is_there(&m->fields));
}

static enum status
begin_arc(struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	struct arc_opts opts = {
		.crypto = m->engine->opts.crypto,
		.now_s = env_now_s(msg_env(m)),
		.drift_s = conf->clock_drift_s,
		.min_rsa_bits = conf->minimum_key_bits,
		.max_signatures = conf->maximum_signatures,
	};

	return (arc_validator_new(&m->arena, &opts, &m->fields, m->bodies,
	    m->batch, &m->arc));
}

static enum status
begin_signatures(struct engine_msg *m, size_t signatures, bool bodies)
{
	const struct engine_opts *engine = &m->engine->opts;
	const struct conf *conf = engine->conf;
	struct dkim_verify_opts opts = {
		.crypto = engine->crypto,
		.now_s = env_now_s(engine->env),
		.drift_s = conf->clock_drift_s,
		.min_rsa_bits = conf->minimum_key_bits,
		.max_signatures = conf->maximum_signatures,
	};

	if (signatures > 0 || bodies) {
		m->bodies = dkim_bodies_new(&m->arena, engine->crypto);
		if (m->batch == NULL) {
			m->batch = dns_batch_new(engine->dns);
		}
		if (m->bodies == NULL || m->batch == NULL) {
			return (STATUS_NOMEM);
		}
	}
	return (dkim_verifier_new(&m->arena, &opts, &m->fields, m->bodies,
	    m->batch, &m->verifier));
}

/* Our own mail, which only Mode v brings here, is not judged. */
static enum status
begin_sender(struct engine_msg *m)
{
	m->judged = m->external;
	if (!m->judged) {
		m->checks = (struct engine_checks){ .spf = NULL };
		return (STATUS_OK);
	}
	/* A relay that has judged for us may have tagged as well. */
	if (!msg_is_relay_exempt(m)) {
		engine_actions_delete_tags(m);
	}
	if (m->relayed &&
	    msg_conf(m)->relay_mail == CONF_RELAY_RECEIVED) {
		engine_sender_at_eoh(m);
	}
	return (engine_checks_begin(m));
}

enum status
engine_verifying_begin(struct engine_msg *m)
{
	size_t signatures = field_list_count(&m->fields,
	    ENGINE_FIELD_SIGNATURE);
	enum status st;
	bool arc;

	m->dns_deadline_us = env_mono_us(msg_env(m)) +
	    msg_conf(m)->dns_timeout_us;
	st = begin_sender(m);
	arc = wants_arc(m);
	m->sealing = engine_sealing_is_wanted(m);
	if (st == STATUS_OK) {
		st = begin_signatures(m, signatures, arc || m->sealing);
	}
	/* It has room for all the sets that there may be. */
	if (st == STATUS_OK && arc) {
		st = begin_arc(m);
	}
	if (st == STATUS_OK && m->sealing) {
		st = engine_sealing_begin(m);
	}
	if (st == STATUS_OK && m->judged) {
		st = engine_checks_headers(m);
	}
	if (st == STATUS_OK) {
		engine_opinion_begin(m, signatures);
	}
	return (st == STATUS_OK ? engine_checks_poll(m) : st);
}

uint64_t
engine_dns_deadline_us(uint64_t deadline_us, uint64_t timeout_us,
    uint64_t now_us)
{
	uint64_t grace_us = timeout_us < ENGINE_DNS_GRACE_US ? timeout_us :
	    ENGINE_DNS_GRACE_US;

	return (deadline_us > now_us + grace_us ? deadline_us :
	    now_us + grace_us);
}

static void
set_outcome(struct engine_msg *m)
{
	const struct engine_checks *c = &m->checks;
	struct engine_outcome *out = &m->outcome;

	out->dkim = m->verifier;
	out->sender = m->judged ? &m->sender : NULL;
	out->spf = c->spf != NULL ? spf_evaluator_get(c->spf) : NULL;
	out->spf_helo = c->spf_helo != NULL ?
	    spf_evaluator_get(c->spf_helo) : NULL;
	out->iprev = c->iprev != NULL ? iprev_get(c->iprev) : NULL;
	out->dmarc = c->dmarc;
	out->arc = m->arc != NULL ? arc_validator_get(m->arc) : NULL;
}

/* Of several authors a chain cannot tell which of them passed. */
static enum status
judge_sealers(struct engine_msg *m)
{
	const struct engine_outcome *out = &m->outcome;

	if (out->arc == NULL || out->dmarc == NULL ||
	    dmarc_count(out->dmarc) != 1 ||
	    dmarc_get(out->dmarc, 0)->result != DMARC_FAIL) {
		return (STATUS_OK);
	}
	return (engine_sealers_judge(&m->arena, msg_conf(m)->trusted_sealers,
	    out->arc, dmarc_get(out->dmarc, 0)->from, &m->sealers));
}

enum status
engine_verifying_finish(struct engine_msg *m)
{
	uint64_t until_us = engine_dns_deadline_us(m->dns_deadline_us,
	    msg_conf(m)->dns_timeout_us, env_mono_us(msg_env(m)));
	enum status st = STATUS_OK;

	if (m->bodies != NULL) {
		st = dkim_bodies_finish(m->bodies);
	}
	if (st == STATUS_OK) {
		st = engine_checks_finish(m, until_us);
	}
	if (st != STATUS_OK) {
		return (st);
	}
	set_outcome(m);
	engine_opinion_finish(m, until_us);
	st = judge_sealers(m);
	if (st == STATUS_OK) {
		st = engine_results_received_spf(m);
	}
	return (st == STATUS_OK ? engine_results_write(m) : st);
}
