/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opinion: asks the second opinion (libopendkim, libopendmarc) and logs and
 * counts where it differs from ours. It changes the outcome of a message only
 * with RejectNeedsSecondOpinion.
 */
#include "engine/private.h"

static bool
is_wanted(const struct engine_input *in, const struct engine_verification *v)
{
	return (in->engine->opts.second != NULL &&
	    (v->signatures_n > 0 || in->judged) &&
	    input_is_sampled(in, input_conf(in)->second_percent));
}

/* libopendkim's time grows with the product of signatures and fields. */
static bool
is_too_much(const struct engine_input *in,
    const struct engine_verification *v)
{
	return (v->signatures_n > input_conf(in)->maximum_signatures ||
	    (v->signatures_n > 0 && in->fields.n > ENGINE_SECOND_MAX_FIELDS));
}

static void
drop_opinion(const struct engine_input *in, struct engine_opinion *opinion,
    enum status status)
{
	env_log(input_env(in), LOG_LEVEL_WARNING,
	    "second opinion not available: %s", status_text(status));
	second_dkim_free(opinion->dkim);
	*opinion = (struct engine_opinion){ .too_much = opinion->too_much };
}

void
engine_opinion_begin(const struct engine_input *in,
    struct engine_verification *v)
{
	struct engine_opinion *opinion = &v->opinion;
	enum status status;
	size_t i;

	opinion->asked = is_wanted(in, v);
	opinion->too_much = is_too_much(in, v);
	if (!opinion->asked || v->signatures_n == 0 || opinion->too_much) {
		return;
	}
	status = second_dkim_new(in->engine->opts.second, in->arena, v->batch,
	    env_now_s(input_env(in)), in->macros[ENGINE_QUEUE_ID],
	    &opinion->dkim);
	if (status != STATUS_OK) {
		drop_opinion(in, opinion, status);
		return;
	}
	for (i = 0; i < in->fields.n; i++) {
		second_dkim_field(opinion->dkim, in->fields.v[i].raw);
	}
	second_dkim_eoh(opinion->dkim);
}

static enum second_word
spf_word(enum spf_result result)
{
	switch (result) {
	case SPF_PASS:
		return (SECOND_PASS);
	case SPF_NONE:
		return (SECOND_NONE);
	case SPF_NEUTRAL:
		return (SECOND_NEUTRAL);
	case SPF_TEMPERROR:
		return (SECOND_TEMPERROR);
	case SPF_PERMERROR:
		return (SECOND_PERMERROR);
	case SPF_FAIL:
	case SPF_SOFTFAIL:
		break;
	}
	return (SECOND_FAIL);
}

/* For each author domain, with our SPF result. */
static enum status
ask_dmarc(const struct engine_input *in, struct engine_verification *v,
    uint64_t until_us)
{
	struct engine_opinion *opinion = &v->opinion;
	struct second_dmarc_query query = { .dkim = opinion->dkim };
	const struct spf_verdict *spf = engine_checks_spf(v);
	const struct dmarc *dmarc = v->checks.dmarc;
	size_t i, n = dmarc != NULL ? dmarc_count(dmarc) : 0;
	enum status status;

	opinion->dmarc = arena_calloc(in->arena, n, sizeof(*opinion->dmarc));
	if (opinion->dmarc == NULL) {
		return (STATUS_NOMEM);
	}
	if (spf != NULL) {
		query.spf_domain = spf->domain;
		query.spf_result = spf_word(spf->result);
	}
	for (i = 0; i < n && i < DMARC_MAX_AUTHORS; i++) {
		const struct dmarc_verdict *verdict = dmarc_get(dmarc, i);

		query.from = verdict->from;
		status = second_dmarc_check(in->engine->opts.second,
		    in->arena, v->batch, &query, until_us,
		    &opinion->dmarc[i]);
		if (status != STATUS_OK) {
			return (status);
		}
		if (verdict == dmarc_decisive(dmarc)) {
			opinion->decisive = opinion->dmarc[i];
		}
	}
	return (STATUS_OK);
}

static enum status
ask_opinion(const struct engine_input *in, struct engine_verification *v,
    uint64_t until_us)
{
	enum status status;

	if (v->opinion.dkim != NULL) {
		status = second_dkim_finish(v->opinion.dkim, until_us);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (ask_dmarc(in, v, until_us));
}

/* Compares passes only: the other words of the two mean different things. */
static bool
agrees_dmarc(const struct engine_input *in,
    const struct engine_verification *v)
{
	const struct dmarc_verdict *ours = dmarc_decisive(v->checks.dmarc);
	const struct second_dmarc *theirs = &v->opinion.decisive;
	const char *reason = theirs->reason != NULL ? theirs->reason : "";
	const struct engine_log_pair pairs[] = {
		{ "method", STR("dmarc"), 0 },
		{ "domain", ours->from, 0 },
		{ "ours", str_from(dmarc_result_name(ours->result)), 0 },
		{ "theirs", str_from(second_word_name(theirs->result)), 0 },
		{ "theirs_reason", str_from(reason), 0 },
	};

	if (theirs->result == SECOND_ABSENT ||
	    (ours->result == DMARC_PASS) == (theirs->result == SECOND_PASS)) {
		return (true);
	}
	engine_log_pairs(in, LOG_LEVEL_WARNING, "second opinion differs",
	    pairs, sizeof(pairs) / sizeof(pairs[0]));
	return (false);
}

static void
compare_opinion(const struct engine_input *in, struct engine_verification *v)
{
	bool dkim = true, dmarc = true;

	if (v->opinion.dkim != NULL) {
		dkim = engine_opinion_agrees_dkim(in, v);
	}
	/* Without the signatures their DMARC result is about SPF alone. */
	if (v->checks.dmarc != NULL && !v->opinion.too_much) {
		dmarc = agrees_dmarc(in, v);
	}
	v->opinion.differs = !dkim || !dmarc;
	engine_count(in, ENGINE_SECOND_DKIM, !dkim);
	engine_count(in, ENGINE_SECOND_DMARC, !dmarc);
}

void
engine_opinion_finish(const struct engine_input *in,
    struct engine_verification *v, uint64_t dns_deadline_us)
{
	enum status status;

	if (!v->opinion.asked) {
		return;
	}
	status = ask_opinion(in, v, dns_deadline_us);
	if (status != STATUS_OK) {
		drop_opinion(in, &v->opinion, status);
		return;
	}
	compare_opinion(in, v);
}

bool
engine_opinion_refuses_dkim(const struct engine_input *in,
    const struct engine_opinion *opinion)
{
	if (!input_conf(in)->reject_needs_second) {
		return (true);
	}
	return (opinion->asked && (opinion->too_much ||
	    (opinion->dkim != NULL &&
	    !engine_opinion_passes_dkim(opinion->dkim))));
}

bool
engine_opinion_refuses_dmarc(const struct engine_input *in,
    const struct engine_opinion *opinion, size_t author)
{
	return (!input_conf(in)->reject_needs_second || (opinion->asked &&
	    opinion->dmarc[author].result == SECOND_FAIL));
}
