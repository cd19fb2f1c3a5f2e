/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy: what is done with a judged message for its author domains. The
 * first of these that applies:
 *
 *	a From field without a usable author	OnBadFrom
 *	a rule for the author's domain		DomainRules
 *	the policy that the domain publishes	OnDMARC...
 *
 * The decision names an exemption (TrustedNetworks, MailingListHosts,
 * TrustedSealers) that kept a rule from being applied, and, in RFC 9990's
 * words, why a published policy was not followed. With several author domains
 * the strictest outcome applies (RFC 9989 11.5); a message with more of them
 * than are evaluated has no usable From field.
 */
#include "engine/private.h"

enum severity {			/* from lenient to strict */
	PASSES, TAGGED, HELD, DEFERRED, REFUSED
};

struct finding {		/* about one author domain */
	enum severity		 severity;
	struct engine_decision	 decision;
	const struct dmarc_verdict *verdict;	/* NULL: about From itself */
	size_t			 author;	/* index of dmarc_get */
};

struct exemption {
	enum engine_exemption	 exempt;
	enum engine_override	 override;
	const char		*comment;
};

/* What a quarantine means in this configuration. */
static enum severity
quarantine_severity(const struct conf *conf)
{
	switch (conf->on_dmarc_quarantine) {
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
override_policy(struct finding *f, const char *comment)
{
	f->decision.override = ENGINE_LOCAL_POLICY;
	f->decision.comment = comment;
}

static void
apply_quarantine(const struct conf *conf, struct finding *f)
{
	f->severity = quarantine_severity(conf);
	if (f->severity == PASSES) {
		override_policy(f, "OnDMARCQuarantine accept");
	}
}

static void
apply_reject(const struct engine_input *in, const struct engine_opinion *o,
    struct finding *f)
{
	const struct conf *conf = input_conf(in);

	switch (conf->on_dmarc_reject) {
	case CONF_REJECT:
		if (engine_opinion_refuses_dmarc(in, o, f->author)) {
			f->severity = REFUSED;
			break;
		}
		override_policy(f, "RejectNeedsSecondOpinion");
		apply_quarantine(conf, f);
		break;
	case CONF_QUARANTINE:
	case CONF_TEMPFAIL:
		override_policy(f, "OnDMARCReject quarantine");
		apply_quarantine(conf, f);
		break;
	case CONF_ACCEPT:
		override_policy(f, "OnDMARCReject accept");
		break;
	}
}

/* The message fails; t=y has lowered the policy already. */
static void
apply_policy(const struct engine_input *in, const struct engine_opinion *o,
    struct finding *f)
{
	if (f->verdict->lowered) {
		f->decision.override = ENGINE_POLICY_TEST_MODE;
	}
	switch (f->verdict->policy) {
	case DMARC_P_NONE:
		break;
	case DMARC_P_QUARANTINE:
		apply_quarantine(input_conf(in), f);
		break;
	case DMARC_P_REJECT:
		apply_reject(in, o, f);
		break;
	}
}

/*
 * RFC 9989 5.3.6. Without the record, the message is deferred unless no record
 * could make it fail. If the policy is known, the temporary error is that of
 * an identifier that is or may be aligned: a policy of none is no reason to
 * defer, and any other still applies, because a forger can add a signature
 * whose key cannot be fetched.
 */
static void
apply_temperror(const struct engine_input *in, struct finding *f)
{
	const struct conf *conf = input_conf(in);
	const struct dmarc_verdict *v = f->verdict;

	if (v->unfailing || (v->policy_known && v->policy == DMARC_P_NONE)) {
		return;
	}
	if (conf->on_dmarc_temperror == CONF_TEMPFAIL) {
		f->severity = DEFERRED;
	} else if (v->policy_known) {
		apply_quarantine(conf, f);
	}
}

static void
apply_dmarc(const struct engine_input *in, const struct engine_opinion *o,
    struct finding *f)
{
	f->decision.rule = ENGINE_RULE_DMARC;
	switch (f->verdict->result) {
	case DMARC_NONE:
	case DMARC_PASS:
	case DMARC_PERMERROR:
		break;
	case DMARC_TEMPERROR:
		apply_temperror(in, f);
		break;
	case DMARC_FAIL:
		apply_policy(in, o, f);
		break;
	}
}

static void
apply_domain_rule(const struct conf *conf, struct finding *f,
    enum conf_rule rule)
{
	f->decision.rule = ENGINE_RULE_DOMAIN;
	switch (rule) {
	case CONF_RULE_ACCEPT:
		if (f->verdict->result == DMARC_FAIL &&
		    f->verdict->policy != DMARC_P_NONE) {
			override_policy(f, "DomainRules accept");
		}
		break;
	case CONF_RULE_QUARANTINE:
		apply_quarantine(conf, f);
		break;
	case CONF_RULE_REJECT:
		f->severity = REFUSED;
		break;
	case CONF_RULE_IGNORE:
		break;
	}
}

/* A trusted sealer may exempt the message once its chain can be verified. */
static void
wait_for_sealer(const struct engine_input *in,
    const struct engine_verification *v, struct finding *f)
{
	if (v->arc_word.later && f->severity != PASSES &&
	    input_conf(in)->on_dmarc_temperror == CONF_TEMPFAIL) {
		f->severity = DEFERRED;
	}
}

static struct finding
judge_author(const struct engine_input *in,
    const struct engine_verification *v, size_t author)
{
	const struct conf *conf = input_conf(in);
	const struct dmarc_verdict *verdict =
	    dmarc_get(v->checks.dmarc, author);
	struct finding f = { .severity = PASSES, .verdict = verdict,
		.author = author, .decision.domain = verdict->from };
	int rule;

	if (verdict->result != DMARC_PASS &&
	    names_find(conf->domain_rules, verdict->from, &rule) &&
	    (verdict->result != DMARC_TEMPERROR || rule == CONF_RULE_ACCEPT)) {
		apply_domain_rule(conf, &f, (enum conf_rule)rule);
	} else {
		apply_dmarc(in, &v->opinion, &f);
	}
	wait_for_sealer(in, v, &f);
	if (f.severity == PASSES &&
	    f.decision.override == ENGINE_NO_OVERRIDE) {
		f.decision = (struct engine_decision){
			.rule = ENGINE_RULE_NONE };
	}
	return (f);
}

/* Whether a is stricter; of two that are equal, whether it alone says why a
   policy was not followed. */
static bool
is_worse(const struct finding *a, const struct finding *b)
{
	if (a->severity != b->severity) {
		return (a->severity > b->severity);
	}
	return (a->decision.override != ENGINE_NO_OVERRIDE &&
	    b->decision.override == ENGINE_NO_OVERRIDE);
}

static struct finding
judge_authors(const struct engine_input *in,
    const struct engine_verification *v)
{
	const struct dmarc *dmarc = v->checks.dmarc;
	struct finding worst = { .severity = PASSES }, f;
	size_t i;

	for (i = 0; dmarc != NULL && i < dmarc_count(dmarc); i++) {
		f = judge_author(in, v, i);
		if (i == 0 || is_worse(&f, &worst)) {
			worst = f;
		}
	}
	return (worst);
}

/* Why the From field has no usable author; NULL: it has. */
static const char *
why_no_author(const struct engine_input *in, const struct dmarc *dmarc)
{
	if (in->from.result == ADDR_FROM_NONE) {
		return (NULL);
	}
	if (in->from.result != ADDR_FROM_OK) {
		return (addr_from_text(in->from.result));
	}
	return (dmarc != NULL && dmarc_count(dmarc) > DMARC_MAX_AUTHORS ?
	    "too many author domains in From field" : NULL);
}

static struct exemption
find_exemption(const struct engine_input *in,
    const struct engine_verification *v)
{
	const struct conf *conf = input_conf(in);
	const struct engine_sender *sender = &in->sender;
	const struct ip_addr *ip = sender->known ? &sender->ip : NULL;
	const struct iprev_verdict *iprev = engine_checks_iprev(v);
	struct str name = sender->name;

	/* Behind a relay, only a name that iprev confirms is used. */
	if (in->relayed) {
		name = iprev != NULL ? iprev->name : STR_NONE;
	}
	if (input_is_relay_exempt(in)) {
		return ((struct exemption){ ENGINE_TRUSTED_RELAY,
		    ENGINE_TRUSTED_FORWARDER, NULL });
	}
	if (hosts_match(conf->trusted_networks, ip, name)) {
		return ((struct exemption){ ENGINE_TRUSTED_NETWORK,
		    ENGINE_TRUSTED_FORWARDER, NULL });
	}
	if (hosts_match(conf->mailing_list_hosts, ip, name)) {
		return ((struct exemption){ ENGINE_MAILING_LIST_HOST,
		    ENGINE_MAILING_LIST, NULL });
	}
	if (v->arc_word.comment != NULL) {
		return ((struct exemption){ ENGINE_TRUSTED_SEALER,
		    ENGINE_LOCAL_POLICY, v->arc_word.comment });
	}
	return ((struct exemption){ ENGINE_NOT_EXEMPT, ENGINE_NO_OVERRIDE,
	    NULL });
}

/* "start", and with a name "start<joint>name". */
static struct str
make_text(const struct engine_input *in, const char *start, const char *joint,
    struct str name)
{
	struct str text = STR_NONE;

	if (name.n > 0) {
		text = arena_printf(in->arena, "%s%s%.*s", start, joint,
		    STR_FMT(name));
	}
	return (text.p != NULL ? text : str_from(start));
}

void
engine_policy_quarantine(const struct engine_input *in,
    struct engine_outcome *out, struct str tag, struct str hold)
{
	switch (quarantine_severity(input_conf(in))) {
	case TAGGED:
		engine_outcome_tag(out, make_text(in, " yes", ", ", tag));
		break;
	case HELD:
		engine_outcome_hold(out, hold);
		break;
	case PASSES:
	case DEFERRED:
	case REFUSED:
		break;
	}
}

static void
refuse_author(const struct engine_input *in, const struct finding *f,
    struct engine_outcome *out)
{
	struct str domain = f->decision.domain;
	bool published = f->verdict->result == DMARC_FAIL &&
	    f->verdict->policy == DMARC_P_REJECT;
	struct engine_answer answer = {
		make_text(in, published ?
		    "550 5.7.1 Rejected per DMARC policy" :
		    "550 5.7.1 Rejected per local DMARC policy", " for ",
		    domain),
		make_text(in, "451 4.7.1 Try again later, DMARC cannot be "
		    "evaluated now", " for ", domain),
		STR_NONE
	};

	engine_outcome_act(out, &answer, f->severity == REFUSED ?
	    CONF_REJECT : CONF_TEMPFAIL);
}

static void
act_on_author(const struct engine_input *in, const struct finding *f,
    struct engine_outcome *out)
{
	struct str domain = f->decision.domain;

	switch (f->severity) {
	case PASSES:
		break;
	case TAGGED:
	case HELD:
		engine_policy_quarantine(in, out,
		    make_text(in, "by the DMARC policy", " for ", domain),
		    make_text(in, "DMARC policy", " for ", domain));
		break;
	case DEFERRED:
	case REFUSED:
		refuse_author(in, f, out);
		break;
	}
}

static void
act_on_from(const struct engine_input *in, const char *reason,
    struct engine_outcome *out)
{
	struct engine_answer answer = {
		make_text(in, "550 5.7.1 No author to apply DMARC to", ": ",
		    str_from(reason)),
		make_text(in, "451 4.7.1 No author to apply DMARC to", ": ",
		    str_from(reason)),
		str_from(reason)
	};

	engine_outcome_act(out, &answer, input_conf(in)->on_bad_from);
}

/* The decision says which rule was not applied, and why. */
static struct engine_decision
exempt_finding(const struct finding *f, const struct exemption *exemption)
{
	struct engine_decision decision = f->decision;

	decision.exempt = exemption->exempt;
	decision.override = f->verdict != NULL &&
	    f->verdict->result == DMARC_FAIL ? exemption->override :
	    ENGINE_NO_OVERRIDE;
	decision.comment = exemption->comment;
	return (decision);
}

void
engine_policy_author(const struct engine_input *in,
    const struct engine_verification *v, size_t author,
    struct engine_author *r)
{
	static const enum engine_verdict verdicts[] = {
		[PASSES] = ENGINE_ACCEPT, [TAGGED] = ENGINE_QUARANTINE,
		[HELD] = ENGINE_QUARANTINE, [DEFERRED] = ENGINE_TEMPFAIL,
		[REFUSED] = ENGINE_REJECT
	};
	struct exemption exemption = find_exemption(in, v);
	struct finding f = judge_author(in, v, author);

	r->verdict = verdicts[f.severity];
	r->decision = f.decision;
	if (exemption.exempt != ENGINE_NOT_EXEMPT && f.severity != PASSES) {
		r->verdict = ENGINE_ACCEPT;
		r->decision = exempt_finding(&f, &exemption);
	}
}

void
engine_policy_decide(const struct engine_input *in,
    const struct engine_verification *v, struct engine_outcome *out)
{
	const char *no_author = why_no_author(in, v->checks.dmarc);
	struct exemption exemption = find_exemption(in, v);
	struct finding f = { .severity = PASSES };
	struct engine_decision decision;

	if (no_author == NULL) {
		f = judge_authors(in, v);
	} else if (input_conf(in)->on_bad_from != CONF_ACCEPT) {
		f.decision.rule = ENGINE_RULE_FROM;
		f.severity = REFUSED;
	}
	if (exemption.exempt != ENGINE_NOT_EXEMPT &&
	    (f.severity != PASSES || input_is_relay_exempt(in))) {
		decision = exempt_finding(&f, &exemption);
		engine_outcome_set_decision(out, &decision);
		return;
	}
	engine_outcome_set_decision(out, &f.decision);
	if (no_author != NULL) {
		act_on_from(in, no_author, out);
	} else {
		act_on_author(in, &f, out);
	}
}

/* The MTA lets a login write any author, but a policy says that mail of this
   one comes from elsewhere. */
void
engine_policy_decide_foreign(const struct engine_input *in,
    struct engine_outcome *out)
{
	const struct dmarc_verdict *v = out->dmarc != NULL ?
	    dmarc_decisive(out->dmarc) : NULL;
	struct engine_decision decision = { .rule = ENGINE_RULE_DMARC };

	if (v == NULL || v->result != DMARC_FAIL ||
	    v->policy == DMARC_P_NONE) {
		return;
	}
	decision.domain = v->from;
	decision.comment = "OnForeignAuthor";
	engine_outcome_set_decision(out, &decision);
	if (input_conf(in)->on_foreign_author == CONF_FOREIGN_REJECT) {
		engine_outcome_act(out, &(struct engine_answer){ make_text(in,
		    "550 5.7.1 Not a domain of yours in From", ": ",
		    v->from), STR_NONE, STR_NONE }, CONF_REJECT);
	} else {
		engine_outcome_tag(out, make_text(in, " yes, by "
		    "OnForeignAuthor", " for ", v->from));
	}
}
