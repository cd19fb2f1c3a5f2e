/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks: SPF for MAIL FROM and for HELO, iprev, DMARC and the keys of DKIM
 * and ARC, in parallel over one batch of DNS queries. SPF and iprev start at
 * MAIL, DMARC's policy and the keys at end of headers. Each check goes on as
 * soon as it has its answers, so that a message waits no longer than for the
 * longest chain of queries that depend on each other.
 */
#include "engine/private.h"

/* The queries of one message fit into its batch: SPF twice, iprev, DMARC, the
   keys of as many signatures as can be configured and of a chain, a second
   opinion. */
#define KEYS_MAX	100
_Static_assert(2 * SPF_MAX_QUERIES + 1 + IPREV_MAX_NAMES + DMARC_MAX_QUERIES +
    KEYS_MAX + 2 * ARC_MAX_SETS + 2 * DMARC_MAX_AUTHORS <=
    DNS_BATCH_MAX_QUERIES, "queries of one message");

static bool
is_null_path(struct str path)
{
	return (path.n == 0 || str_eq(path, STR("<>")));
}

static enum status
begin_spf(const struct engine_input *in, struct engine_verification *v)
{
	struct spf_opts opts = { .identity = SPF_MAILFROM,
		.ip = in->sender.ip,
		.helo = in->sender.helo,
		.mail_from = in->mail_from,
		.receiver = input_authserv_id(in),
		.now_s = env_now_s(input_env(in)) };
	enum status status;

	status = spf_evaluator_new(in->arena, &opts, v->batch,
	    &v->checks.spf);
	/* The null reverse-path is checked by the name of HELO already. */
	if (status != STATUS_OK || is_null_path(in->mail_from)) {
		return (status);
	}
	opts.identity = SPF_HELO;
	return (spf_evaluator_new(in->arena, &opts, v->batch,
	    &v->checks.spf_helo));
}

enum status
engine_checks_begin(const struct engine_input *in,
    struct engine_verification *v)
{
	enum status status;

	if (v->batch == NULL) {
		v->batch = dns_batch_new(in->engine->opts.dns);
	}
	if (v->batch == NULL) {
		return (STATUS_NOMEM);
	}
	if (!in->sender.known || v->checks.spf != NULL) {
		return (STATUS_OK);
	}
	status = begin_spf(in, v);
	if (status != STATUS_OK) {
		return (status);
	}
	return (iprev_new(in->arena, v->batch, &in->sender.ip,
	    &v->checks.iprev));
}

struct author_domains {
	struct str	*v;		/* those in doubt last */
	size_t		 n;
	size_t		 doubtful_n;	/* these */
};

/* Whether it was read across gaps, or may be only a word. */
static bool
is_in_doubt(const struct addr_from *from, const struct addr_mailbox *mailbox)
{
	return (mailbox->gaps || addr_is_word(from, mailbox));
}

/* DomainRules may exclude some. How many were added. */
static size_t
add_author_domains(const struct engine_input *in, bool doubt,
    struct author_domains *r)
{
	const struct names *rules = input_conf(in)->domain_rules;
	size_t i, before = r->n;
	int rule;

	for (i = 0; i < in->from.n; i++) {
		const struct addr_mailbox *mailbox = &in->from.v[i];

		if (is_in_doubt(&in->from, mailbox) == doubt &&
		    (!names_find(rules, mailbox->domain, &rule) ||
		    rule != CONF_RULE_IGNORE)) {
			r->v[r->n++] = mailbox->domain;
		}
	}
	return (r->n - before);
}

/* The author domains that are evaluated. */
static enum status
list_author_domains(const struct engine_input *in, struct author_domains *r)
{
	*r = (struct author_domains){ .v = arena_calloc(in->arena, in->from.n,
	    sizeof(*r->v)) };
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	(void)add_author_domains(in, false, r);
	r->doubtful_n = add_author_domains(in, true, r);
	return (STATUS_OK);
}

/* Looks up early the domains that may turn out to be aligned. */
static enum status
expect_identifiers(struct engine_verification *v)
{
	struct dmarc *dmarc = v->checks.dmarc;
	enum status status;
	size_t i;

	if (v->checks.spf != NULL) {
		status = dmarc_expect(dmarc,
		    spf_evaluator_get(v->checks.spf)->domain);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	for (i = 0; i < dkim_verifier_count(v->verifier); i++) {
		const struct dkim_verdict *verdict =
		    dkim_verifier_get(v->verifier, i);

		/* The others have failed already. */
		if (verdict->result != DKIM_NONE) {
			continue;
		}
		status = dmarc_expect(dmarc, verdict->sig.domain);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

enum status
engine_checks_headers(const struct engine_input *in,
    struct engine_verification *v)
{
	const struct dmarc_psl *psl = in->engine->opts.psl;
	bool rfc7489 = input_conf(in)->org_domain == CONF_PSL;
	struct dmarc_opts opts = { .psl = rfc7489 ? psl : NULL,
		.suffixes = psl };
	struct author_domains domains;
	enum status status;

	if (in->from.result != ADDR_FROM_OK || input_is_relay_exempt(in)) {
		return (STATUS_OK);
	}
	status = list_author_domains(in, &domains);
	if (status != STATUS_OK || domains.n == 0) {
		return (status);
	}
	opts.doubtful_n = domains.doubtful_n;
	status = dmarc_new(in->arena, v->batch, &opts, domains.v, domains.n,
	    &v->checks.dmarc);
	if (status != STATUS_OK) {
		return (status);
	}
	return (expect_identifiers(v));
}

static enum status
step_sender(struct engine_checks *c)
{
	enum status status = STATUS_OK;

	if (c->spf != NULL && !c->spf_done) {
		status = spf_evaluator_step(c->spf, &c->spf_done);
	}
	if (status == STATUS_OK && c->spf_helo != NULL && !c->helo_done) {
		status = spf_evaluator_step(c->spf_helo, &c->helo_done);
	}
	if (status == STATUS_OK && c->iprev != NULL && !c->iprev_done) {
		status = iprev_step(c->iprev, &c->iprev_done);
	}
	return (status);
}

enum status
engine_checks_poll(struct engine_verification *v)
{
	struct engine_checks *c = &v->checks;

	if (v->batch == NULL || (c->spf == NULL && c->iprev == NULL)) {
		return (STATUS_OK);
	}
	(void)dns_batch_wait_any(v->batch, 0);
	return (step_sender(c));
}

static enum dmarc_auth
spf_auth(enum spf_result result)
{
	switch (result) {
	case SPF_PASS:
		return (DMARC_AUTH_PASS);
	case SPF_TEMPERROR:
		return (DMARC_AUTH_TEMPERROR);
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_PERMERROR:
		break;
	}
	return (DMARC_AUTH_NOT);
}

/*
 * A passing signature counts whether or not its key is in test mode, as with
 * other verifiers: RFC 6376 3.6.1 (t=y) is about signatures that fail.
 */
static enum dmarc_auth
dkim_auth(const struct dkim_verdict *verdict)
{
	switch (verdict->result) {
	case DKIM_PASS:
		return (DMARC_AUTH_PASS);
	case DKIM_TEMPERROR:
		return (DMARC_AUTH_TEMPERROR);
	case DKIM_NONE:
	case DKIM_FAIL:
	case DKIM_POLICY:
	case DKIM_NEUTRAL:
	case DKIM_PERMERROR:
		break;
	}
	return (DMARC_AUTH_NOT);
}

/* RFC 9989 4.4: the identifiers are MAIL FROM and each signature's d=. */
static enum status
authenticate_dmarc(const struct engine_input *in,
    struct engine_verification *v)
{
	struct engine_checks *c = &v->checks;
	size_t i, n = dkim_verifier_count(v->verifier);
	struct dmarc_identifier spf, *dkim;

	c->authenticated = true;
	dkim = arena_calloc(in->arena, n, sizeof(*dkim));
	if (dkim == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n; i++) {
		const struct dkim_verdict *verdict =
		    dkim_verifier_get(v->verifier, i);

		dkim[i].domain = verdict->sig.domain;
		dkim[i].result = dkim_auth(verdict);
	}
	if (c->spf == NULL) {
		return (dmarc_authenticated(c->dmarc, NULL, dkim, n));
	}
	spf.domain = spf_evaluator_get(c->spf)->domain;
	spf.result = spf_auth(spf_evaluator_get(c->spf)->result);
	return (dmarc_authenticated(c->dmarc, &spf, dkim, n));
}

static enum status
step_dkim(struct engine_verification *v)
{
	struct engine_checks *c = &v->checks;

	if (c->dkim_done ||
	    (!c->timed_out && !dkim_verifier_is_ready(v->verifier))) {
		return (STATUS_OK);
	}
	c->dkim_done = true;
	return (dkim_verifier_finish(v->verifier));
}

static enum status
step_arc(struct engine_verification *v)
{
	struct engine_checks *c = &v->checks;

	if (v->arc == NULL || c->arc_done ||
	    (!c->timed_out && !arc_validator_is_ready(v->arc))) {
		return (STATUS_OK);
	}
	c->arc_done = true;
	return (arc_validator_finish(v->arc));
}

static enum status
step_dmarc(const struct engine_input *in, struct engine_verification *v)
{
	struct engine_checks *c = &v->checks;
	enum status status;

	if (c->dmarc == NULL) {
		return (STATUS_OK);
	}
	if (!c->authenticated && c->dkim_done &&
	    (c->spf == NULL || c->spf_done)) {
		status = authenticate_dmarc(in, v);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (c->dmarc_done ? STATUS_OK :
	    dmarc_step(c->dmarc, &c->dmarc_done));
}

static bool
are_done(const struct engine_verification *v)
{
	const struct engine_checks *c = &v->checks;

	return (c->dkim_done && (c->spf == NULL || c->spf_done) &&
	    (c->spf_helo == NULL || c->helo_done) &&
	    (c->iprev == NULL || c->iprev_done) &&
	    (v->arc == NULL || c->arc_done) &&
	    (c->dmarc == NULL || c->dmarc_done));
}

/* Goes on with every check as far as the answers allow. */
static enum status
step_all(const struct engine_input *in, struct engine_verification *v)
{
	enum status status;

	status = step_sender(&v->checks);
	if (status != STATUS_OK) {
		return (status);
	}
	status = step_dkim(v);
	if (status != STATUS_OK) {
		return (status);
	}
	status = step_arc(v);
	if (status != STATUS_OK) {
		return (status);
	}
	return (step_dmarc(in, v));
}

static void
time_out(struct engine_checks *c)
{
	c->timed_out = true;
	if (c->spf != NULL) {
		spf_evaluator_give_up(c->spf);
	}
	if (c->spf_helo != NULL) {
		spf_evaluator_give_up(c->spf_helo);
	}
	if (c->iprev != NULL) {
		iprev_give_up(c->iprev);
	}
	if (c->dmarc != NULL) {
		dmarc_give_up(c->dmarc);
	}
}

enum status
engine_checks_finish(const struct engine_input *in,
    struct engine_verification *v, uint64_t until_us)
{
	const struct env *env = input_env(in);
	enum status status;
	uint64_t start_us;

	for (;;) {
		status = step_all(in, v);
		if (status != STATUS_OK || are_done(v)) {
			return (status);
		}
		start_us = env_mono_us(env);
		if (!dns_batch_wait_any(v->batch, until_us)) {
			time_out(&v->checks);
		}
		v->dns_wait_us += env_mono_us(env) - start_us;
	}
}

const struct spf_verdict *
engine_checks_spf(const struct engine_verification *v)
{
	return (v->checks.spf != NULL ? spf_evaluator_get(v->checks.spf) :
	    NULL);
}

const struct spf_verdict *
engine_checks_helo(const struct engine_verification *v)
{
	return (v->checks.spf_helo != NULL ?
	    spf_evaluator_get(v->checks.spf_helo) : NULL);
}

const struct iprev_verdict *
engine_checks_iprev(const struct engine_verification *v)
{
	return (v->checks.iprev != NULL ? iprev_get(v->checks.iprev) : NULL);
}

const struct arc_verdict *
engine_checks_arc(const struct engine_verification *v)
{
	return (v->arc != NULL ? arc_validator_get(v->arc) : NULL);
}
