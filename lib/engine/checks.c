/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks: SPF for MAIL FROM and for HELO, iprev, DMARC and the keys of DKIM and
 * ARC, side by side over one batch of questions. SPF and iprev start
 * at MAIL, DMARC's policy and the keys at the end of the headers. Whoever has
 * its answers goes on, so that a message waits no longer than the longest chain
 * of questions that follow from each other.
 */
#include "engine/private.h"

/* What a message may bring about fits into its batch: SPF twice, iprev, DMARC,
   the keys of as many signatures as can be configured and of a chain, a second
   opinion. */
#define KEYS_MAX	100
_Static_assert(2 * SPF_MAX_QUERIES + 1 + IPREV_MAX_NAMES + DMARC_MAX_QUERIES +
    KEYS_MAX + 2 * ARC_MAX_SETS + 2 * DMARC_MAX_AUTHORS <= DNS_BATCH_MAX_QUERIES,
    "questions of one message");

static bool
is_null_path(struct str path)
{
	return (path.n == 0 || str_eq(path, STR("<>")));
}

static enum status
begin_spf(struct engine_msg *m, const struct ip_addr *ip)
{
	struct engine_checks *c = &m->checks;
	struct spf_opts opts = { .identity = SPF_MAILFROM,
		.ip = *ip,
		.helo = m->sender.helo,
		.mail_from = m->mail_from,
		.receiver = m->engine->authserv_id,
		.now_s = env_now_s(msg_env(m)) };
	enum status st;

	st = spf_evaluator_new(&m->arena, &opts, m->batch, &c->spf);
	/* The null reverse-path is checked by the name of HELO already. */
	if (st != STATUS_OK || is_null_path(m->mail_from)) {
		return (st);
	}
	opts.identity = SPF_HELO;
	return (spf_evaluator_new(&m->arena, &opts, m->batch, &c->spf_helo));
}

enum status
engine_checks_begin(struct engine_msg *m)
{
	enum status st;

	if (m->batch == NULL) {
		m->batch = dns_batch_new(m->engine->opts.dns);
	}
	if (m->batch == NULL) {
		return (STATUS_NOMEM);
	}
	if (!m->sender.known || m->checks.spf != NULL) {
		return (STATUS_OK);
	}
	st = begin_spf(m, &m->sender.ip);
	return (st != STATUS_OK ? st :
	    iprev_new(&m->arena, m->batch, &m->sender.ip,
	    &m->checks.iprev));
}

/* The domains that are evaluated: an operator may have some ignored. */
static enum status
author_domains(struct engine_msg *m, struct str **v_r, size_t *n_r)
{
	const struct conf *conf = msg_conf(m);
	size_t i;
	int rule;

	*n_r = 0;
	*v_r = arena_calloc(&m->arena, m->from.n, sizeof(**v_r));
	if (*v_r == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < m->from.n; i++) {
		struct str domain = m->from.v[i].domain;

		if (!names_find(conf->domain_rules, domain, &rule) ||
		    rule != CONF_RULE_IGNORE) {
			(*v_r)[(*n_r)++] = domain;
		}
	}
	return (STATUS_OK);
}

/* What may turn out to be aligned is looked up already. */
static enum status
expect(struct engine_msg *m)
{
	struct engine_checks *c = &m->checks;
	enum status st = STATUS_OK;
	size_t i;

	if (c->spf != NULL) {
		st = dmarc_expect(c->dmarc, spf_evaluator_get(c->spf)->domain);
	}
	for (i = 0; i < dkim_verifier_count(m->verifier) && st == STATUS_OK;
	    i++) {
		const struct dkim_verdict *v =
		    dkim_verifier_get(m->verifier, i);

		/* Others are decided already, and do not pass. */
		if (v->result == DKIM_NONE) {
			st = dmarc_expect(c->dmarc, v->sig.domain);
		}
	}
	return (st);
}

enum status
engine_checks_headers(struct engine_msg *m)
{
	struct dmarc_opts opts = { .psl = m->engine->opts.psl };
	struct str *domains;
	enum status st;
	size_t n;

	if (m->from.result != ADDR_FROM_OK || msg_is_relay_exempt(m)) {
		return (STATUS_OK);
	}
	st = author_domains(m, &domains, &n);
	if (st != STATUS_OK || n == 0) {
		return (st);
	}
	st = dmarc_new(&m->arena, m->batch, &opts, domains, n,
	    &m->checks.dmarc);
	return (st == STATUS_OK ? expect(m) : st);
}

static enum status
step_sender(struct engine_checks *c)
{
	enum status st = STATUS_OK;

	if (c->spf != NULL && !c->spf_done) {
		st = spf_evaluator_step(c->spf, &c->spf_done);
	}
	if (st == STATUS_OK && c->spf_helo != NULL && !c->helo_done) {
		st = spf_evaluator_step(c->spf_helo, &c->helo_done);
	}
	if (st == STATUS_OK && c->iprev != NULL && !c->iprev_done) {
		st = iprev_step(c->iprev, &c->iprev_done);
	}
	return (st);
}

/* Answers that came meanwhile are taken, none is waited for. */
enum status
engine_checks_poll(struct engine_msg *m)
{
	struct engine_checks *c = &m->checks;

	if (m->batch == NULL || (c->spf == NULL && c->iprev == NULL)) {
		return (STATUS_OK);
	}
	(void)dns_batch_wait_any(m->batch, 0);
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

static enum dmarc_auth
dkim_auth(enum dkim_result result)
{
	switch (result) {
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

/* RFC 9989 4.4: the MAIL FROM identity, and each signature. */
static enum status
tell_dmarc(struct engine_msg *m)
{
	struct engine_checks *c = &m->checks;
	size_t i, n = dkim_verifier_count(m->verifier);
	struct dmarc_identifier spf, *dkim;

	c->authenticated = true;
	dkim = arena_calloc(&m->arena, n, sizeof(*dkim));
	if (dkim == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n; i++) {
		const struct dkim_verdict *v =
		    dkim_verifier_get(m->verifier, i);

		dkim[i].domain = v->sig.domain;
		/* RFC 6376 3.6.1: a key in test mode vouches for nothing. */
		dkim[i].result = v->testing ? DMARC_AUTH_NOT :
		    dkim_auth(v->result);
	}
	if (c->spf != NULL) {
		const struct spf_verdict *v = spf_evaluator_get(c->spf);

		spf.domain = v->domain;
		spf.result = spf_auth(v->result);
	}
	return (dmarc_authenticated(c->dmarc, c->spf != NULL ? &spf : NULL,
	    dkim, n));
}

static enum status
step_dkim(struct engine_msg *m)
{
	struct engine_checks *c = &m->checks;

	if (c->dkim_done ||
	    (!c->given_up && !dkim_verifier_is_ready(m->verifier))) {
		return (STATUS_OK);
	}
	c->dkim_done = true;
	return (dkim_verifier_finish(m->verifier));
}

static enum status
step_arc(struct engine_msg *m)
{
	struct engine_checks *c = &m->checks;

	if (m->arc == NULL || c->arc_done ||
	    (!c->given_up && !arc_validator_is_ready(m->arc))) {
		return (STATUS_OK);
	}
	c->arc_done = true;
	return (arc_validator_finish(m->arc));
}

/* As far as the answers allow. *done_r: to the end. */
static enum status
step(struct engine_msg *m, bool *done_r)
{
	struct engine_checks *c = &m->checks;
	enum status st = step_sender(c);

	if (st == STATUS_OK) {
		st = step_dkim(m);
	}
	if (st == STATUS_OK) {
		st = step_arc(m);
	}
	if (st == STATUS_OK && c->dmarc != NULL && !c->authenticated &&
	    c->dkim_done && (c->spf == NULL || c->spf_done)) {
		st = tell_dmarc(m);
	}
	if (st == STATUS_OK && c->dmarc != NULL && !c->dmarc_done) {
		st = dmarc_step(c->dmarc, &c->dmarc_done);
	}
	*done_r = c->dkim_done && (c->spf == NULL || c->spf_done) &&
	    (c->spf_helo == NULL || c->helo_done) &&
	    (c->iprev == NULL || c->iprev_done) &&
	    (m->arc == NULL || c->arc_done) &&
	    (c->dmarc == NULL || c->dmarc_done);
	return (st);
}

static void
give_up(struct engine_checks *c)
{
	c->given_up = true;
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
engine_checks_finish(struct engine_msg *m, uint64_t until_us)
{
	const struct env *env = msg_env(m);
	uint64_t start_us;
	enum status st;
	bool done;

	for (;;) {
		st = step(m, &done);
		if (st != STATUS_OK || done) {
			return (st);
		}
		start_us = env_mono_us(env);
		if (!dns_batch_wait_any(m->batch, until_us)) {
			give_up(&m->checks);
		}
		m->outcome.dns_wait_us += env_mono_us(env) - start_us;
	}
}
