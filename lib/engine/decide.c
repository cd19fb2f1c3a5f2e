/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decide: what is done with a verified message: first by its author domains
 * (policy.c), then by its ARC chain, then by its signatures, as long as it is
 * not refused.
 */
#include "engine/private.h"

static const struct engine_answer for_signature = {
	STR("550 5.7.20 No passing DKIM signature found"),
	STR("451 4.7.20 No passing DKIM signature found"),
	STR("no passing DKIM signature"),
};
static const struct engine_answer for_dns = {
	STR("550 5.4.3 DKIM key unavailable"),
	STR("451 4.4.3 DKIM key unavailable, try again later"),
	STR("DKIM key unavailable"),
};
static const struct engine_answer for_chain = {
	STR("550 5.7.29 ARC validation failure"),
	STR("451 4.7.29 ARC validation failure"),
	STR("ARC validation failure"),
};

/* An earlier decision stays unless this one is stricter. */
static void
act_if_stricter(struct engine_outcome *out, enum engine_rule rule,
    const struct engine_answer *answer, enum conf_action action)
{
	struct engine_decision decision = { .rule = rule };

	if (action == CONF_ACCEPT) {
		return;
	}
	if (action != CONF_QUARANTINE || out->verdict != ENGINE_QUARANTINE) {
		engine_outcome_set_decision(out, &decision);
	}
	engine_outcome_act(out, answer, action);
}

/* Quarantines instead of a refusal that the second opinion does not share. */
static void
spare_refusal(const struct engine_input *in, struct engine_outcome *out,
    const struct engine_answer *answer)
{
	struct engine_decision decision = { .rule = ENGINE_RULE_DKIM,
		.comment = "RejectNeedsSecondOpinion" };

	if (out->verdict != ENGINE_QUARANTINE) {
		engine_outcome_set_decision(out, &decision);
	}
	engine_policy_quarantine(in, out, answer->quarantine,
	    answer->quarantine);
}

static void
act_on_signatures(const struct engine_input *in,
    const struct engine_opinion *opinion, struct engine_outcome *out,
    const struct engine_answer *answer, enum conf_action action)
{
	if (action == CONF_REJECT &&
	    !engine_opinion_refuses_dkim(in, opinion)) {
		spare_refusal(in, out, answer);
	} else {
		act_if_stricter(out, ENGINE_RULE_DKIM, answer, action);
	}
}

/* RFC 8617 5.2.1: a failed chain counts as none, unless OnArcFail is set. */
static void
decide_arc(const struct engine_input *in, struct engine_outcome *out)
{
	if (out->arc != NULL && out->arc->result == ARC_FAIL &&
	    !input_is_relay_exempt(in)) {
		act_if_stricter(out, ENGINE_RULE_ARC, &for_chain,
		    input_conf(in)->on_arc_fail);
	}
}

static bool
passes_dmarc(const struct engine_outcome *out)
{
	return (out->dmarc != NULL &&
	    dmarc_decisive(out->dmarc)->result == DMARC_PASS);
}

/* Whether OnBadSignature is for such a signature: not for a key in test mode
   (3.6.1). */
static bool
is_bad(const struct conf *conf, const struct dkim_verdict *v)
{
	return (!v->testing && (conf->bad_signatures == CONF_BAD_ANY ||
	    v->result == DKIM_FAIL));
}

/*
 * RFC 6376 6.1: one signature that passes is enough. A temporary error is a
 * reason to defer only if none passes and DMARC does not pass by SPF.
 */
static void
decide_dkim(const struct engine_input *in, const struct engine_opinion *opinion,
    struct engine_outcome *out)
{
	const struct conf *conf = input_conf(in);
	size_t i, n = dkim_verifier_count(out->dkim);
	bool failed = false, temporary = false;

	for (i = 0; i < n; i++) {
		const struct dkim_verdict *v = dkim_verifier_get(out->dkim, i);

		if (v->result == DKIM_PASS) {
			return;
		}
		if (v->result == DKIM_TEMPERROR) {
			temporary = true;
		} else if (is_bad(conf, v)) {
			failed = true;
		}
	}
	if (temporary) {
		act_on_signatures(in, opinion, out, &for_dns,
		    passes_dmarc(out) ? CONF_ACCEPT : conf->on_dns_error);
	} else if (failed) {
		act_on_signatures(in, opinion, out, &for_signature,
		    conf->on_bad_signature);
	}
}

void
engine_decide(const struct engine_input *in,
    const struct engine_verification *v, struct engine_outcome *out)
{
	if (in->judged) {
		engine_policy_decide(in, v, out);
	} else if (in->foreign) {
		engine_policy_decide_foreign(in, out);
	}
	if (engine_verdict_accepts(out->verdict)) {
		decide_arc(in, out);
	}
	if (engine_verdict_accepts(out->verdict)) {
		decide_dkim(in, &v->opinion, out);
	}
}
