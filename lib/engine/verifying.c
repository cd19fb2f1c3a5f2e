/* SPDX-License-Identifier: BSD-2-Clause */
/* verifying: keys are asked for at end of headers, waited for at the end. */
#include "engine/private.h"

enum status
engine_verifying_begin(struct engine_msg *m)
{
	const struct engine_opts *engine = &m->engine->opts;
	const struct conf *conf = engine->conf;
	size_t signatures = field_list_count(&m->fields,
	    ENGINE_FIELD_SIGNATURE);
	struct dkim_verify_opts opts = {
		.crypto = engine->crypto,
		.now_s = env_now_s(engine->env),
		.drift_s = conf->clock_drift_s,
		.min_rsa_bits = conf->minimum_key_bits,
		.max_signatures = conf->maximum_signatures,
	};
	enum status st;

	if (signatures > 0) {
		m->bodies = dkim_bodies_new(&m->arena, engine->crypto);
		m->batch = dns_batch_new(engine->dns);
		if (m->bodies == NULL || m->batch == NULL) {
			return (STATUS_NOMEM);
		}
	}
	st = dkim_verifier_new(&m->arena, &opts, &m->fields, m->bodies,
	    m->batch, &m->verifier);
	if (st != STATUS_OK) {
		return (st);
	}
	m->dns_deadline_us = env_mono_us(engine->env) + conf->dns_timeout_us;
	engine_opinion_begin(m, signatures);
	return (STATUS_OK);
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

enum status
engine_verifying_finish(struct engine_msg *m)
{
	const struct env *env = msg_env(m);
	uint64_t start_us = env_mono_us(env);
	uint64_t until_us = engine_dns_deadline_us(m->dns_deadline_us,
	    msg_conf(m)->dns_timeout_us, start_us);
	enum status st;

	if (m->batch != NULL) {
		st = dkim_bodies_finish(m->bodies);
		if (st != STATUS_OK) {
			return (st);
		}
		dns_batch_wait(m->batch, until_us);
		m->outcome.dns_wait_us = env_mono_us(env) - start_us;
	}
	st = dkim_verifier_finish(m->verifier);
	if (st != STATUS_OK) {
		return (st);
	}
	m->outcome.dkim = m->verifier;
	engine_opinion_finish(m, until_us);
	return (engine_results_write(m));
}
