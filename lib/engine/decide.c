/* SPDX-License-Identifier: BSD-2-Clause */
/* decide: what becomes of the message: On... and the replies. */
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
static const struct engine_answer for_signing = {
	.tempfail = STR("451 4.7.5 The message cannot be signed now, try "
	    "again later"),
};
static const struct engine_answer for_chain = {
	STR("550 5.7.29 ARC validation failure"),
	STR("451 4.7.29 ARC validation failure"),
	STR("ARC validation failure"),
};
static const struct engine_answer for_internal = {
	STR("550 5.3.0 Internal error"),
	STR("451 4.3.0 Temporary internal error"),
	STR("internal error of the filter"),
};

static void
refuse(struct engine_outcome *out, enum engine_verdict verdict,
    struct str reply)
{
	out->verdict = verdict;
	out->reply = reply;
	out->actions = NULL;
	out->actions_n = 0;
	out->forged_deleted = 0;
	out->decision.tagged = false;
}

void
engine_act(struct engine_msg *m, const struct engine_answer *answer,
    enum conf_action action)
{
	struct engine_outcome *out = &m->outcome;

	switch (action) {
	case CONF_ACCEPT:
		break;
	case CONF_REJECT:
		refuse(out, ENGINE_REJECT, answer->reject);
		break;
	case CONF_TEMPFAIL:
		refuse(out, ENGINE_TEMPFAIL, answer->tempfail);
		break;
	case CONF_QUARANTINE:
		engine_actions_quarantine(m, answer->quarantine);
		break;
	}
}

/* What was decided already stays, unless this is stricter. */
static void
act_beside(struct engine_msg *m, enum engine_rule rule,
    const struct engine_answer *answer, enum conf_action action)
{
	if (action == CONF_ACCEPT) {
		return;
	}
	if (action != CONF_QUARANTINE ||
	    m->outcome.verdict != ENGINE_QUARANTINE) {
		m->outcome.decision = (struct engine_decision){ .rule = rule };
	}
	engine_act(m, answer, action);
}

/* A refusal that the second opinion does not share. */
static void
spare_dkim(struct engine_msg *m, const struct engine_answer *answer)
{
	if (m->outcome.verdict != ENGINE_QUARANTINE) {
		m->outcome.decision = (struct engine_decision){
			.rule = ENGINE_RULE_DKIM, .comment = "RejectNeedsSecondOpinion" };
	}
	engine_policy_quarantine(m, answer->quarantine, answer->quarantine);
}

static void
act_dkim(struct engine_msg *m, const struct engine_answer *answer,
    enum conf_action action)
{
	if (action == CONF_REJECT && !engine_opinion_refuses_dkim(m)) {
		spare_dkim(m, answer);
	} else {
		act_beside(m, ENGINE_RULE_DKIM, answer, action);
	}
}

/* RFC 8617 5.2.1: as if there was no chain, unless an operator wants more. */
static void
decide_arc(struct engine_msg *m)
{
	const struct arc_verdict *arc = m->outcome.arc;

	if (arc != NULL && arc->result == ARC_FAIL &&
	    !msg_is_relay_exempt(m)) {
		act_beside(m, ENGINE_RULE_ARC, &for_chain,
		    msg_conf(m)->on_arc_fail);
	}
}

static bool
passes_dmarc(const struct engine_msg *m)
{
	return (m->outcome.dmarc != NULL &&
	    dmarc_decisive(m->outcome.dmarc)->result == DMARC_PASS);
}

/*
 * RFC 6376 6.1: one that passes is enough, and a temporary error is a reason
 * to defer only if none does and SPF has not made up for it. A key in test mode
 * must not do harm (3.6.1): its signature counts only when it passes.
 */
static void
decide_dkim(struct engine_msg *m)
{
	size_t i, n = dkim_verifier_count(m->verifier);
	bool failed = false, temporary = false;

	for (i = 0; i < n; i++) {
		const struct dkim_verdict *v =
		    dkim_verifier_get(m->verifier, i);

		if (v->result == DKIM_PASS) {
			return;
		}
		if (v->result == DKIM_TEMPERROR) {
			temporary = true;
		} else if (!v->testing) {
			failed = true;
		}
	}
	if (temporary) {
		act_dkim(m, &for_dns, passes_dmarc(m) ? CONF_ACCEPT :
		    msg_conf(m)->on_dns_error);
	} else if (failed) {
		act_dkim(m, &for_signature, msg_conf(m)->on_bad_signature);
	}
}

/* Ours, but no key could sign it; each has been logged. */
static void
decide_unsigned(struct engine_msg *m)
{
	m->outcome.error = ENGINE_NOT_SIGNED;
	engine_count(m, ENGINE_SIGN_FAILED, 1);
	engine_act(m, &for_signing, msg_conf(m)->on_sign_failure);
}

/* Nothing half-done leaves: neither signatures nor results. */
static void
decide_internal_error(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;

	out->error = ENGINE_INTERNAL_ERROR;
	out->status = m->status;
	out->dkim = NULL;
	out->sender = NULL;
	out->spf = out->spf_helo = NULL;
	out->iprev = NULL;
	out->dmarc = NULL;
	out->arc = NULL;
	out->authres = STR_NONE;
	out->signatures_n = 0;
	out->decision = (struct engine_decision){
		.rule = ENGINE_RULE_NONE };
	out->second = NULL;
	out->second_asked = false;
	engine_actions_keep_deletions(m);
	engine_act(m, &for_internal, msg_conf(m)->on_internal_error);
}

void
engine_decide(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;

	out->verdict = ENGINE_ACCEPT;
	if (m->status != STATUS_OK) {
		decide_internal_error(m);
	} else if (m->header == STATUS_LIMIT) {
		out->error = ENGINE_HEADER_TOO_LARGE;
		refuse(out, ENGINE_REJECT,
		    STR("552 5.3.4 Message header too large"));
	} else if (m->header != STATUS_OK) {
		out->error = ENGINE_HEADER_MALFORMED;
		refuse(out, ENGINE_REJECT,
		    STR("550 5.6.0 Malformed message header"));
	} else if (m->direction == ENGINE_SIGN && out->signatures_n == 0) {
		decide_unsigned(m);
	} else if (m->direction == ENGINE_VERIFY) {
		if (m->judged) {
			engine_policy_decide(m);
		}
		if (engine_verdict_accepts(out->verdict)) {
			decide_arc(m);
		}
		if (engine_verdict_accepts(out->verdict)) {
			decide_dkim(m);
		}
	}
}
