/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy: what becomes of a message that is judged, in this order:
 *
 *	a From field that names no author	OnBadFrom
 *	a rule for the author's domain		DomainRules
 *	the policy that the domain publishes	OnDMARC...
 *
 * What an exemption (TrustedNetworks, MailingListHosts, TrustedSealers)
 * keeps from happening is named in the decision, and so is, in RFC 9990's
 * words, why a published policy is not followed. Of several author domains
 * the strictest outcome counts (RFC 9989 11.5); a message with more of them
 * than are looked at has no usable From field.
 */
#include "engine/private.h"

enum outcome {			/* from lenient to strict */
	PASSES, TAGGED, HELD, DEFERRED, REFUSED
};

struct finding {		/* about one author domain */
	enum outcome		 outcome;
	struct engine_decision	 decision;
	const struct dmarc_verdict *verdict;	/* NULL: about From itself */
	size_t			 author;	/* as of dmarc_get */
};

/* What a quarantine is here. */
static enum outcome
quarantine_outcome(const struct engine_msg *m)
{
	switch (msg_conf(m)->on_dmarc_quarantine) {
	case CONF_Q_TAG:
		return (TAGGED);
	case CONF_Q_HOLD:
		return (HELD);
	case CONF_Q_ACCEPT:
		break;
	}
	return (PASSES);
}

static void
overrule(struct finding *f, const char *comment)
{
	f->decision.override = ENGINE_LOCAL_POLICY;
	f->decision.comment = comment;
}

static void
quarantine(const struct engine_msg *m, struct finding *f)
{
	f->outcome = quarantine_outcome(m);
	if (f->outcome == PASSES) {
		overrule(f, "OnDMARCQuarantine accept");
	}
}

static void
apply_reject(const struct engine_msg *m, struct finding *f)
{
	switch (msg_conf(m)->on_dmarc_reject) {
	case CONF_REJECT:
		if (engine_opinion_refuses_dmarc(m, f->author)) {
			f->outcome = REFUSED;
			break;
		}
		overrule(f, "RejectNeedsSecondOpinion");
		quarantine(m, f);
		break;
	case CONF_QUARANTINE:
	case CONF_TEMPFAIL:
		overrule(f, "OnDMARCReject quarantine");
		quarantine(m, f);
		break;
	case CONF_ACCEPT:
		overrule(f, "OnDMARCReject accept");
		break;
	}
}

/* A message that fails; t=y has lowered the policy already. */
static void
apply_policy(const struct engine_msg *m, struct finding *f)
{
	if (f->verdict->lowered) {
		f->decision.override = ENGINE_POLICY_TEST_MODE;
	}
	switch (f->verdict->policy) {
	case DMARC_P_NONE:
		break;
	case DMARC_P_QUARANTINE:
		quarantine(m, f);
		break;
	case DMARC_P_REJECT:
		apply_reject(m, f);
		break;
	}
}

/*
 * RFC 9989 5.3.6: without the record it is no pass, yet nothing to wait for if
 * no record could make it fail. Where the policy is known, it is a check that is aligned or may be. A policy
 * of none has nothing to wait for; any other must not be lifted by a signature
 * whose key nobody can fetch, since a forger can add one.
 */
static void
apply_temperror(const struct engine_msg *m, struct finding *f)
{
	const struct dmarc_verdict *v = f->verdict;

	if (v->unfailing || (v->policy_known && v->policy == DMARC_P_NONE)) {
		return;
	}
	if (msg_conf(m)->on_dmarc_temperror == CONF_TEMPFAIL) {
		f->outcome = DEFERRED;
	} else if (v->policy_known) {
		quarantine(m, f);
	}
}

static void
apply_dmarc(const struct engine_msg *m, struct finding *f)
{
	f->decision.rule = ENGINE_RULE_DMARC;
	switch (f->verdict->result) {
	case DMARC_NONE:
	case DMARC_PASS:
	case DMARC_PERMERROR:
		break;
	case DMARC_TEMPERROR:
		apply_temperror(m, f);
		break;
	case DMARC_FAIL:
		apply_policy(m, f);
		break;
	}
}

static void
apply_rule(const struct engine_msg *m, struct finding *f, enum conf_rule rule)
{
	f->decision.rule = ENGINE_RULE_DOMAIN;
	switch (rule) {
	case CONF_RULE_ACCEPT:
		if (f->verdict->result == DMARC_FAIL &&
		    f->verdict->policy != DMARC_P_NONE) {
			overrule(f, "DomainRules accept");
		}
		break;
	case CONF_RULE_QUARANTINE:
		quarantine(m, f);
		break;
	case CONF_RULE_REJECT:
		f->outcome = REFUSED;
		break;
	case CONF_RULE_IGNORE:
		break;
	}
}

static struct finding
judge_author(const struct engine_msg *m, size_t author)
{
	const struct dmarc_verdict *v = dmarc_get(m->checks.dmarc, author);
	struct finding f = { .outcome = PASSES, .verdict = v,
		.author = author, .decision.domain = v->from };
	int rule;

	if (v->result != DMARC_PASS &&
	    names_find(msg_conf(m)->domain_rules, v->from, &rule) &&
	    (v->result != DMARC_TEMPERROR || rule == CONF_RULE_ACCEPT)) {
		apply_rule(m, &f, (enum conf_rule)rule);
	} else {
		apply_dmarc(m, &f);
	}
	if (f.outcome == PASSES && f.decision.override == ENGINE_NO_OVERRIDE) {
		f.decision = (struct engine_decision){ .rule = ENGINE_RULE_NONE };
	}
	return (f);
}

static struct finding
judge_all(const struct engine_msg *m)
{
	struct finding worst = { .outcome = PASSES }, f;
	size_t i;

	for (i = 0; m->checks.dmarc != NULL &&
	    i < dmarc_count(m->checks.dmarc); i++) {
		f = judge_author(m, i);
		if (i == 0 || f.outcome > worst.outcome ||
		    (f.outcome == worst.outcome && f.decision.override != ENGINE_NO_OVERRIDE &&
		    worst.decision.override == ENGINE_NO_OVERRIDE)) {
			worst = f;
		}
	}
	return (worst);
}

/* A phrase, or NULL: the From field names its authors. */
static const char *
from_trouble(const struct engine_msg *m)
{
	if (m->from.result != ADDR_FROM_OK) {
		return (addr_from_text(m->from.result));
	}
	return (m->checks.dmarc != NULL &&
	    dmarc_count(m->checks.dmarc) > DMARC_MAX_AUTHORS ?
	    "too many author domains in From field" : NULL);
}

/* Why nothing may come of it, RFC 9990's word for that, and more on it. */
static enum engine_exemption
exemption(const struct engine_msg *m, enum engine_override *override_r,
    const char **comment_r)
{
	const struct conf *conf = msg_conf(m);
	const struct engine_sender *s = &m->sender;
	const struct ip_addr *ip = s->known ? &s->ip : NULL;
	const struct iprev_verdict *iprev = m->outcome.iprev;
	struct str name = s->name;

	/* Behind a relay, a name is one that leads back to the address. */
	if (m->relayed) {
		name = iprev != NULL ? iprev->name : STR_NONE;
	}
	if (msg_is_relay_exempt(m)) {
		*override_r = ENGINE_TRUSTED_FORWARDER;
		return (ENGINE_TRUSTED_RELAY);
	}
	if (hosts_match(conf->trusted_networks, ip, name)) {
		*override_r = ENGINE_TRUSTED_FORWARDER;
		return (ENGINE_TRUSTED_NETWORK);
	}
	if (hosts_match(conf->mailing_list_hosts, ip, name)) {
		*override_r = ENGINE_MAILING_LIST;
		return (ENGINE_MAILING_LIST_HOST);
	}
	if (m->sealers != NULL) {
		*override_r = ENGINE_LOCAL_POLICY;
		*comment_r = m->sealers;
		return (ENGINE_TRUSTED_SEALER);
	}
	return (ENGINE_NOT_EXEMPT);
}

/* "beginning", and with a name "beginning<joint>name". */
static struct str
text(struct engine_msg *m, const char *beginning, const char *joint,
    struct str name)
{
	struct str s = STR_NONE;

	if (name.n > 0) {
		s = arena_printf(&m->arena, "%s%s%.*s", beginning, joint,
		    STR_FMT(name));
	}
	return (s.p != NULL ? s : str_from(beginning));
}

void
engine_policy_quarantine(struct engine_msg *m, struct str tag, struct str hold)
{
	struct engine_decision *d = &m->outcome.decision;

	switch (quarantine_outcome(m)) {
	case TAGGED:
		if (!d->tagged) {
			engine_actions_insert(m, ENGINE_FIELD_TAG,
			    text(m, " yes", ", ", tag));
		}
		m->outcome.verdict = ENGINE_QUARANTINE;
		d->tagged = true;
		break;
	case HELD:
		engine_actions_quarantine(m, hold);
		break;
	case PASSES:
	case DEFERRED:
	case REFUSED:
		break;
	}
}

static void
refuse_author(struct engine_msg *m, const struct finding *f)
{
	const struct engine_decision *d = &m->outcome.decision;
	bool local = f->verdict->result != DMARC_FAIL ||
	    f->verdict->policy != DMARC_P_REJECT;
	struct engine_answer answer;

	answer.reject = text(m, local ?
	    "550 5.7.1 Rejected per local DMARC policy" :
	    "550 5.7.1 Rejected per DMARC policy", " for ", d->domain);
	answer.tempfail = text(m, "451 4.7.1 Try again later, DMARC cannot be "
	    "evaluated now", " for ", d->domain);
	answer.quarantine = STR_NONE;
	engine_act(m, &answer, f->outcome == REFUSED ? CONF_REJECT :
	    CONF_TEMPFAIL);
}

static void
carry_out(struct engine_msg *m, const struct finding *f)
{
	switch (f->outcome) {
	case PASSES:
		break;
	case TAGGED:
	case HELD:
		engine_policy_quarantine(m, text(m, "by the DMARC policy",
		    " for ", f->decision.domain), text(m, "DMARC policy",
		    " for ", f->decision.domain));
		break;
	case DEFERRED:
	case REFUSED:
		refuse_author(m, f);
		break;
	}
}

static void
act_on_from(struct engine_msg *m, const char *trouble)
{
	const struct engine_answer answer = {
		text(m, "550 5.7.1 No author to apply DMARC to", ": ",
		    str_from(trouble)),
		text(m, "451 4.7.1 No author to apply DMARC to", ": ",
		    str_from(trouble)),
		str_from(trouble)
	};

	engine_act(m, &answer, msg_conf(m)->on_bad_from);
}

/* Nothing is done; the decision says why. */
static void
spare(struct engine_decision *d, const struct finding *f,
    enum engine_exemption exempt, enum engine_override override,
    const char *comment)
{
	d->exempt = exempt;
	d->override = f->verdict != NULL &&
	    f->verdict->result == DMARC_FAIL ? override : ENGINE_NO_OVERRIDE;
	d->comment = comment;
}

void
engine_policy_decide(struct engine_msg *m)
{
	struct engine_decision *d = &m->outcome.decision;
	const char *trouble = from_trouble(m);
	enum engine_override override = ENGINE_NO_OVERRIDE;
	const char *comment = NULL;
	enum engine_exemption exempt = exemption(m, &override, &comment);
	struct finding f = { .outcome = PASSES };

	if (trouble == NULL) {
		f = judge_all(m);
	} else if (msg_conf(m)->on_bad_from != CONF_ACCEPT) {
		f.decision.rule = ENGINE_RULE_FROM;
		f.outcome = REFUSED;
	}
	*d = f.decision;
	if (exempt != ENGINE_NOT_EXEMPT &&
	    (f.outcome != PASSES || msg_is_relay_exempt(m))) {
		spare(d, &f, exempt, override, comment);
	} else if (trouble != NULL) {
		act_on_from(m, trouble);
	} else {
		carry_out(m, &f);
	}
}
