/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opinion: asks the second opinion (libopendkim, libopendmarc),
 * compares, logs and counts where it differs. It changes what becomes of a
 * message only with RejectNeedsSecondOpinion.
 */
#include "base/escape.h"
#include "engine/private.h"

static bool
is_wanted(const struct engine_msg *m, size_t signatures)
{
	return (m->engine->opts.second != NULL &&
	    (signatures > 0 || m->judged) &&
	    engine_is_sampled(m, msg_conf(m)->second_percent));
}

/* libopendkim's time grows with the product of the two. */
static bool
is_too_much(const struct engine_msg *m, size_t signatures)
{
	return (signatures > msg_conf(m)->maximum_signatures ||
	    (signatures > 0 && m->fields.n > ENGINE_SECOND_MAX_FIELDS));
}

static void
give_up(struct engine_msg *m, enum status st)
{
	env_log(msg_env(m), LOG_LEVEL_WARNING,
	    "second opinion not available: %s", status_text(st));
	second_dkim_free(m->second);
	m->second = NULL;
	m->outcome.second = NULL;
	m->outcome.second_asked = false;
}

void
engine_opinion_begin(struct engine_msg *m, size_t signatures)
{
	enum status st;
	size_t i;

	m->outcome.second_asked = is_wanted(m, signatures);
	m->second_too_much = is_too_much(m, signatures);
	if (!m->outcome.second_asked || signatures == 0 ||
	    m->second_too_much) {
		return;
	}
	st = second_dkim_new(m->engine->opts.second, &m->arena, m->batch,
	    env_now_s(msg_env(m)), m->macros[ENGINE_QUEUE_ID], &m->second);
	if (st != STATUS_OK) {
		give_up(m, st);
		return;
	}
	for (i = 0; i < m->fields.n; i++) {
		second_dkim_field(m->second, m->fields.v[i].raw);
	}
	second_dkim_eoh(m->second);
}

/* For each author domain, with our SPF result. */
static enum status
ask_dmarc(struct engine_msg *m, uint64_t until_us)
{
	struct engine_outcome *out = &m->outcome;
	struct second_dmarc_query q = { .dkim = m->second };
	size_t i, n = out->dmarc != NULL ? dmarc_count(out->dmarc) : 0;
	enum status st = STATUS_OK;

	m->second_dmarc = arena_calloc(&m->arena, n,
	    sizeof(*m->second_dmarc));
	if (m->second_dmarc == NULL) {
		return (STATUS_NOMEM);
	}
	if (out->spf != NULL) {
		q.spf_domain = out->spf->domain;
		q.spf_result = spf_result_name(out->spf->result);
	}
	for (i = 0; i < n && i < DMARC_MAX_AUTHORS && st == STATUS_OK; i++) {
		const struct dmarc_verdict *v = dmarc_get(out->dmarc, i);

		q.from = v->from;
		st = second_dmarc_check(m->engine->opts.second, &m->arena,
		    m->batch, &q, until_us, &m->second_dmarc[i]);
		if (v == dmarc_decisive(out->dmarc)) {
			out->second_dmarc = m->second_dmarc[i];
		}
	}
	return (st);
}

static enum status
ask(struct engine_msg *m, uint64_t until_us)
{
	enum status st = STATUS_OK;

	if (m->second != NULL) {
		st = second_dkim_finish(m->second, until_us);
	}
	if (st != STATUS_OK) {
		return (st);
	}
	m->outcome.second = m->second;
	return (ask_dmarc(m, until_us));
}

/* One passes and the other does not: their other words are not the same. */
static bool
agrees(const struct engine_msg *m, const char *method, struct str domain,
    const char *ours, const char *theirs, const char *their_reason)
{
	struct str pass = STR("pass");
	struct buf line;

	if (theirs == NULL ||
	    str_eq(str_from(ours), pass) == str_eq(str_from(theirs), pass)) {
		return (true);
	}
	buf_init(&line, 4096);
	buf_add_cstr(&line, "queue_id=");
	escape_log_value(&line, m->macros[ENGINE_QUEUE_ID],
	    LOG_VALUE_MAX_BYTES);
	buf_printf(&line, " second opinion differs: method=%s domain=",
	    method);
	escape_log_value(&line, domain, LOG_VALUE_MAX_BYTES);
	buf_printf(&line, " ours=%s theirs=%s theirs_reason=", ours, theirs);
	escape_log_value(&line, str_from(their_reason), LOG_VALUE_MAX_BYTES);
	if (line.status == STATUS_OK) {
		env_log(msg_env(m), LOG_LEVEL_WARNING, "%s", line.p);
	}
	buf_fini(&line);
	return (false);
}

static void
compare(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;
	const struct dmarc_verdict *dmarc;
	bool dkim = true, policy = true;

	if (out->second != NULL) {
		dkim = engine_opinion_agrees_dkim(m);
	}
	/* Without the signatures theirs is about SPF alone. */
	if (out->dmarc != NULL && !m->second_too_much) {
		dmarc = dmarc_decisive(out->dmarc);
		policy = agrees(m, "dmarc", dmarc->from,
		    dmarc_result_name(dmarc->result),
		    out->second_dmarc.result, out->second_dmarc.reason);
	}
	out->second_agrees = dkim && policy;
	engine_count(m, ENGINE_SECOND_DKIM, !dkim);
	engine_count(m, ENGINE_SECOND_DMARC, !policy);
}

void
engine_opinion_finish(struct engine_msg *m, uint64_t dns_deadline_us)
{
	enum status st;

	m->outcome.second_agrees = true;
	if (!m->outcome.second_asked) {
		return;
	}
	st = ask(m, dns_deadline_us);
	if (st != STATUS_OK) {
		give_up(m, st);
		return;
	}
	compare(m);
}

bool
engine_opinion_refuses_dkim(const struct engine_msg *m)
{
	const struct engine_outcome *out = &m->outcome;

	return (!msg_conf(m)->reject_needs_second || (out->second_asked &&
	    (m->second_too_much || (out->second != NULL &&
	    !engine_opinion_passes_dkim(out->second)))));
}

bool
engine_opinion_refuses_dmarc(const struct engine_msg *m, size_t author)
{
	const char *result;

	if (!msg_conf(m)->reject_needs_second) {
		return (true);
	}
	result = m->outcome.second_asked ? m->second_dmarc[author].result :
	    NULL;
	return (result != NULL && strcmp(result, "fail") == 0);
}
