/* SPDX-License-Identifier: BSD-2-Clause */
/* verifying: the checks of one message, from end of headers to their end. */
#include "engine/private.h"

bool
engine_verifying_plan(const struct engine_input *in,
    struct engine_verification *v)
{
	v->signatures_n = field_list_count(&in->fields,
	    ENGINE_FIELD_SIGNATURE);
	v->wants_arc = in->judged && input_conf(in)->arc_verify &&
	    arc_is_there(&in->fields);
	return (v->signatures_n > 0 || v->wants_arc);
}

static struct dkim_minimum
minimum_of(const struct conf *conf)
{
	static const enum dkim_minimum_kind kinds[] = {
		[CONF_MINIMUM_BYTES] = DKIM_MINIMUM_BYTES,
		[CONF_MINIMUM_PERCENT] = DKIM_MINIMUM_PERCENT,
		[CONF_MINIMUM_LEFT] = DKIM_MINIMUM_LEFT,
	};

	return ((struct dkim_minimum){ kinds[conf->minimum.kind],
	    conf->minimum.n });
}

static enum status
begin_arc(const struct engine_input *in, struct engine_verification *v)
{
	const struct conf *conf = input_conf(in);
	struct arc_opts opts = {
		.crypto = in->engine->opts.crypto,
		.now_s = env_now_s(input_env(in)),
		.drift_s = conf->clock_drift_s,
		.min_rsa_bits = conf->minimum_key_bits,
		.max_signatures = conf->maximum_signatures,
		.minimum = minimum_of(conf),
		.extra_fields = conf->allow_extra_fields,
	};

	return (arc_validator_new(in->arena, &opts, &in->fields, v->bodies,
	    v->batch, &v->arc));
}

static enum status
begin_signatures(const struct engine_input *in, struct engine_verification *v)
{
	const struct engine_opts *engine = &in->engine->opts;
	const struct conf *conf = engine->conf;
	struct dkim_verify_opts opts = {
		.crypto = engine->crypto,
		.now_s = env_now_s(engine->env),
		.drift_s = conf->clock_drift_s,
		.min_rsa_bits = conf->minimum_key_bits,
		.max_signatures = conf->maximum_signatures,
		.minimum = minimum_of(conf),
		.extra_fields = conf->allow_extra_fields,
	};

	if ((v->bodies != NULL || in->foreign) && v->batch == NULL) {
		v->batch = dns_batch_new(engine->dns);
		if (v->batch == NULL) {
			return (STATUS_NOMEM);
		}
	}
	return (dkim_verifier_new(in->arena, &opts, &in->fields, v->bodies,
	    v->batch, &v->verifier));
}

/* In Mode v internal mail is verified as well, but not judged. */
static enum status
begin_sender(const struct engine_input *in, struct engine_verification *v)
{
	if (!in->judged) {
		v->checks = (struct engine_checks){ .spf = NULL };
		return (STATUS_OK);
	}
	return (engine_checks_begin(in, v));
}

enum status
engine_verifying_begin(const struct engine_input *in,
    struct engine_verification *v)
{
	enum status status;

	v->dns_deadline_us = env_mono_us(input_env(in)) +
	    input_conf(in)->dns_timeout_us;
	status = begin_sender(in, v);
	if (status != STATUS_OK) {
		return (status);
	}
	status = begin_signatures(in, v);
	if (status != STATUS_OK) {
		return (status);
	}
	status = v->wants_arc ? begin_arc(in, v) : STATUS_OK;
	if (status != STATUS_OK) {
		return (status);
	}
	status = in->judged || in->foreign ? engine_checks_headers(in, v) :
	    STATUS_OK;
	if (status != STATUS_OK) {
		return (status);
	}
	engine_opinion_begin(in, v);
	return (engine_checks_poll(v));
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

/*
 * The author domain if there is one only; absent: there are several. What may
 * be none, such as the word behind an "@" in a name, does not count, unless a
 * rule is about it.
 */
static struct str
find_single_author(const struct engine_input *in, const struct dmarc *dmarc)
{
	const struct names *rules = input_conf(in)->domain_rules;
	struct str author = STR_NONE;
	size_t i;
	int rule;

	for (i = 0; i < dmarc_count(dmarc); i++) {
		struct str domain = dmarc_get(dmarc, i)->from;

		if (!dmarc_counts(dmarc, i) &&
		    !names_find(rules, domain, &rule)) {
			continue;
		}
		if (author.p != NULL) {
			return (STR_NONE);
		}
		author = domain;
	}
	return (author);
}

static enum status
override_by_arc(const struct engine_input *in, struct engine_verification *v)
{
	const struct arc_verdict *arc = engine_checks_arc(v);
	const struct dmarc *dmarc = v->checks.dmarc;

	if (arc == NULL || dmarc == NULL ||
	    dmarc_decisive(dmarc)->result != DMARC_FAIL) {
		return (STATUS_OK);
	}
	return (engine_arc_override(in->arena,
	    input_conf(in)->trusted_sealers, arc,
	    find_single_author(in, dmarc), &v->arc_word));
}

enum status
engine_verifying_finish(const struct engine_input *in,
    struct engine_verification *v)
{
	uint64_t until_us = engine_dns_deadline_us(v->dns_deadline_us,
	    input_conf(in)->dns_timeout_us, env_mono_us(input_env(in)));
	enum status status;

	status = engine_checks_finish(in, v, until_us);
	if (status != STATUS_OK) {
		return (status);
	}
	engine_opinion_finish(in, v, until_us);
	return (override_by_arc(in, v));
}
