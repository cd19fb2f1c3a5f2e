/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failure: what failure reports (RFC 9991) will say of a judged message, one
 * for each policy domain whose record asks for it. Invariants:
 *
 *	A report is made only of what fo= asks for (RFC 9989 4.7), with
 *	FailureReports and an address of ruf= that mail can be sent to; never
 *	for the policy of a public suffix (RFC 9991 2), for the domain of
 *	ReportFrom, nor about domains that ReportAllow or ReportDeny leave out.
 *	A result that is not known for now is no failure.
 *	No report about mail without a sender, about a report, about mail of a
 *	program (Auto-Submitted), nor about mail that came through a list or a
 *	forwarder that this host trusts.
 */
#include "config.h"

#include "dkim/key.h"
#include "dmarc/uri.h"
#include "engine/failure.h"
#include "mail/domain.h"

#define LIKE_MAX_BYTES	2048
#define LABEL		STR("mailseal: local parts in failure reports")

enum status
engine_failure_init(struct engine *engine, struct str secret)
{
	struct redact *r = &engine->redact;
	const struct str label = LABEL;
	struct str parts[] = { label, secret };
	uint32_t bits;
	size_t i;

	r->crypto = engine->opts.crypto;
	if (secret.n > 0) {
		return (hmac_sha256(r->crypto, label, parts, 2, r->key));
	}
	for (i = 0; i < sizeof(r->key); i++) {
		bits = env_random(engine->opts.env);
		r->key[i] = (unsigned char)bits;
	}
	return (STATUS_OK);
}

static bool
has_failed(const struct dkim_verdict *s)
{
	switch (s->result) {
	case DKIM_FAIL:
	case DKIM_NEUTRAL:
	case DKIM_PERMERROR:
		return (!s->skipped);
	case DKIM_NONE:
	case DKIM_PASS:
	case DKIM_POLICY:
	case DKIM_TEMPERROR:
		break;
	}
	return (false);
}

static bool
is_aligned(const struct dkim_verdict *s, const struct dmarc_verdict *v)
{
	return (str_eq(s->sig.domain, v->from) ||
	    (!v->record->adkim_strict && v->org_domain.n > 0 &&
	    domain_is_within(s->sig.domain, v->org_domain)));
}

/* One that failed, aligned if there is such a one; NULL: none. */
static const struct dkim_verdict *
find_signature(const struct engine_outcome *out, const struct dmarc_verdict *v,
    bool aligned)
{
	const struct dkim_verdict *s;
	size_t i;

	for (i = 0; out->dkim != NULL && i < dkim_verifier_count(out->dkim);
	    i++) {
		s = dkim_verifier_get(out->dkim, i);
		if (has_failed(s) && (!aligned || is_aligned(s, v))) {
			return (s);
		}
	}
	return (NULL);
}

static bool
is_dkim_known(const struct engine_outcome *out)
{
	size_t i;

	for (i = 0; out->dkim != NULL && i < dkim_verifier_count(out->dkim);
	    i++) {
		if (dkim_verifier_get(out->dkim, i)->result ==
		    DKIM_TEMPERROR) {
			return (false);
		}
	}
	return (true);
}

static bool
has_spf_failed(const struct spf_verdict *spf)
{
	return (spf != NULL && (spf->result == SPF_FAIL ||
	    spf->result == SPF_SOFTFAIL || spf->result == SPF_PERMERROR));
}

static bool
is_one_missing(const struct failing *f)
{
	const struct spf_verdict *spf = f->out->spf;

	return ((!f->v->dkim_aligned && is_dkim_known(f->out)) ||
	    (!f->v->spf_aligned && spf != NULL &&
	    spf->result != SPF_TEMPERROR));
}

/* RFC 9989 4.7 */
static enum failure_cause
find_cause(const struct failing *f)
{
	const struct dmarc_verdict *v = f->v;
	unsigned fo = v->record->fo;

	if (v->result != DMARC_PASS && v->result != DMARC_FAIL) {
		return (FAILURE_NO);
	}
	if (((fo & DMARC_FO_0) != 0 && v->result == DMARC_FAIL) ||
	    ((fo & DMARC_FO_1) != 0 && is_one_missing(f))) {
		return (FAILURE_DMARC);
	}
	if ((fo & DMARC_FO_D) != 0 && find_signature(f->out, v, false) !=
	    NULL) {
		return (FAILURE_DKIM);
	}
	return ((fo & DMARC_FO_S) != 0 && has_spf_failed(f->out->spf) ?
	    FAILURE_SPF : FAILURE_NO);
}

const char *
failure_cause_name(const struct failing *f)
{
	const struct dkim_verdict *signature = f->signature;

	switch (f->cause) {
	case FAILURE_DKIM:
		if (signature == NULL) {
			return ("signature");
		}
		return (signature->body_differs ? "bodyhash" :
		    signature->revoked ? "revoked" : "signature");
	case FAILURE_SPF:
		return ("spf");
	case FAILURE_NO:
	case FAILURE_DMARC:
		break;
	}
	return ("dmarc");
}

const char *
failure_alignment(const struct dmarc_verdict *v)
{
	if (!v->dkim_aligned) {
		return (v->spf_aligned ? "dkim" : "dkim, spf");
	}
	return (v->spf_aligned ? "none" : "spf");
}

/* Whose failure is no news: it came by a way that this host trusts. */
static bool
is_excused(const struct engine_input *in, const struct engine_verification *v,
    size_t index)
{
	struct engine_author author;

	engine_policy_author(in, v, index, &author);
	return (author.decision.exempt != ENGINE_NOT_EXEMPT ||
	    author.decision.override == ENGINE_MAILING_LIST ||
	    author.decision.override == ENGINE_TRUSTED_FORWARDER);
}

static bool
is_reported(const struct engine_input *in, const struct dmarc_verdict *v)
{
	const struct conf *conf = input_conf(in);

	return (v->has_policy && v->record != NULL && v->policy_known &&
	    v->record->ruf.n > 0 && v->record->psd != DMARC_PSD_YES &&
	    v->policy_domain.n > 0 &&
	    !domain_is_within(conf->report_from.domain, v->policy_domain) &&
	    conf_reports_on(conf, v->policy_domain));
}

/* Appends the valid URIs. False: no mailto. */
static bool
write_ruf(struct buf *out, struct str ruf)
{
	bool mail = false;
	struct str uri;

	while (dmarc_uri_next(&ruf, &uri)) {
		if (out->n > 0) {
			buf_add_char(out, ',');
		}
		buf_add_str(out, uri);
		mail |= dmarc_uri_mailto(uri).n > 0;
	}
	return (mail);
}

static void
write_like(const struct failing *f, struct buf *out)
{
	const struct dkim_verdict *s = f->signature;

	buf_printf(out, "%.*s\n%.*s\n%.*s\n%s\n%s\n%.*s\n%.*s\n%s",
	    STR_FMT(f->v->policy_domain), STR_FMT(f->v->from),
	    STR_FMT(f->source), failure_cause_name(f),
	    failure_alignment(f->v),
	    STR_FMT(s != NULL ? s->sig.domain : STR_NONE),
	    STR_FMT(s != NULL ? s->sig.selector : STR_NONE),
	    f->out->spf != NULL ? spf_result_name(f->out->spf->result) : "");
}

static void
add_failure(struct failing *f, const struct kept_failure *kept)
{
	struct report_collector *reports = f->in->engine->opts.reports;
	const struct conf *conf = input_conf(f->in);
	const struct failure_limits limits = {
		.per_day = (int64_t)conf->failures_per_day,
		.per_domain = (int64_t)conf->failures_per_domain,
		.per_source = (int64_t)conf->failures_per_source };

	if (f->status == STATUS_OK) {
		report_collector_add_failure(reports, kept, &limits);
	} else {
		report_collector_lose_failure(reports);
	}
}

static void
keep_failure(struct failing *f)
{
	struct buf ruf, like, feedback, header;
	struct kept_failure kept = { .domain = f->v->policy_domain,
		.source = f->source, .at_s = f->now_s, .incidents = 1 };

	buf_init(&ruf, KEPT_RUA_MAX_BYTES);
	buf_init(&like, LIKE_MAX_BYTES);
	buf_init(&feedback, FAILURE_FEEDBACK_MAX_BYTES);
	buf_init(&header, FAILURE_HEADER_MAX_BYTES);
	if (write_ruf(&ruf, f->v->record->ruf)) {
		write_like(f, &like);
		failure_write_feedback(f, &feedback);
		failure_write_header(f, &header);
		if (ruf.status != STATUS_OK || like.status != STATUS_OK ||
		    feedback.status != STATUS_OK ||
		    header.status != STATUS_OK) {
			f->status = STATUS_LIMIT;
		}
		kept.ruf = buf_str(&ruf);
		kept.like = buf_str(&like);
		kept.feedback = buf_str(&feedback);
		kept.header = buf_str(&header);
		add_failure(f, &kept);
	}
	buf_fini(&ruf);
	buf_fini(&like);
	buf_fini(&feedback);
	buf_fini(&header);
}

static void
keep_author(struct failing *f)
{
	char ip[IP_TEXT_BYTES];

	f->cause = find_cause(f);
	if (f->cause == FAILURE_NO) {
		return;
	}
	f->signature = find_signature(f->out, f->v, true);
	if (f->signature == NULL && f->cause == FAILURE_DKIM) {
		f->signature = find_signature(f->out, f->v, false);
	}
	ip_text(&f->in->sender.ip, ip);
	f->source = str_from(ip);
	keep_failure(f);
}

/* The value without parameters and a comment. */
static bool
is_no_program(struct str value)
{
	size_t n;

	value = str_trim_fws(value);
	for (n = 0; n < value.n && value.p[n] != ';' && value.p[n] != '(' &&
	    !char_is_fws(value.p[n]); n++) {
		continue;
	}
	return (str_eq_ci(str_first(value, n), STR("no")));
}

/* RFC 3834 5: every value but "no". */
static bool
is_of_program(const struct engine_input *in)
{
	size_t index = in->fields.n;
	const struct field *field;

	do {
		field = field_list_last(&in->fields, STR("Auto-Submitted"),
		    index, &index);
	} while (field != NULL && is_no_program(field->value));
	return (field != NULL);
}

/* Mail that a report must not answer (RFC 9991 5.1). */
static bool
is_automatic(const struct engine_input *in)
{
	size_t index;
	const struct field *type = field_list_last(&in->fields,
	    STR("Content-Type"), in->fields.n, &index);

	return (in->mail_from.n == 0 || str_eq(in->mail_from, STR("<>")) ||
	    (type != NULL && str_starts_ci(str_trim_fws(type->value),
	    STR("multipart/report"))) || is_of_program(in) ||
	    engine_report_is_about(in));
}

void
engine_failure_keep(const struct engine_input *in,
    const struct engine_verification *v, const struct engine_outcome *out,
    bool applied)
{
	const struct dmarc *dmarc = out->dmarc;
	size_t i;

	if (!input_conf(in)->failure_reports || !in->judged ||
	    in->engine->opts.reports == NULL ||
	    !report_collector_is_active(in->engine->opts.reports) ||
	    !in->sender.known || dmarc == NULL ||
	    out->error != ENGINE_NO_ERROR ||
	    out->verdict == ENGINE_TEMPFAIL || is_automatic(in)) {
		return;
	}
	for (i = 0; i < dmarc_count(dmarc); i++) {
		struct failing f = { .in = in, .out = out,
			.v = dmarc_get(dmarc, i), .applied = applied,
			.now_s = env_now_s(input_env(in)) };

		if (is_reported(in, f.v) && !engine_report_is_repeated(dmarc,
		    i) && !is_excused(in, v, i)) {
			keep_author(&f);
		}
	}
}
