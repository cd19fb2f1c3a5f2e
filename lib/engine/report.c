/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what DMARC aggregate reports will say of a judged message, one fact
 * for each policy domain that applies to it (RFC 9990 3.1). Invariants:
 *
 *	A fact says what was done because of DMARC: what another rule or filter
 *	did is not in it (RFC 9990 3.1.1.9).
 *	The aligned results are those of DMARC, whatever was done.
 *	A message that failed, and was not handled as its policy says, has a
 *	reason (RFC 9990 3.1.6).
 *
 * There is no fact without a client's address, a policy that is known and one
 * address of rua= that mail can be sent to; nor about the domain of ReportFrom,
 * nor about domains that ReportAllow or ReportDeny leave out.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "dmarc/uri.h"
#include "engine/private.h"
#include "mail/domain.h"
#include "report/kept.h"

#define TEXT_FO_BYTES	8	/* "0:1:d:s" */
#define ERRORS_MAX_BYTES 128	/* all of them */

/* Appends the valid URIs with their limits (RFC 7489 6.3). *bad_r: there are
   others. False: no mailto. */
static bool
write_rua(struct buf *out, struct str rua, bool *bad_r)
{
	bool mail = false;
	struct str list = rua, uri;
	size_t items = 0, valid = 0;
	uint64_t bytes;

	while (dmarc_uri_next_sized(&list, &uri, &bytes)) {
		if (valid++ > 0) {
			buf_add_char(out, ',');
		}
		buf_add_str(out, uri);
		if (bytes != UINT64_MAX) {
			buf_printf(out, "!%" PRIu64, bytes);
		}
		mail |= dmarc_uri_mailto(uri).n > 0;
	}
	while (str_next(&rua, ',', &uri)) {
		items += str_trim_fws(uri).n > 0;
	}
	*bad_r = items > valid;
	return (mail);
}

static void
add_error(char text[ERRORS_MAX_BYTES], const char *error)
{
	size_t n = strlen(text);

	(void)snprintf(text + n, ERRORS_MAX_BYTES - n, "%s%s",
	    n > 0 ? "; " : "", error);
}

/* One text: a report has one error (RFC 9990 3.1.1.3). */
static void
write_errors(char out[ERRORS_MAX_BYTES], const struct dmarc_record *record,
    bool bad_rua)
{
	out[0] = '\0';
	if (record->flaw != DMARC_SOUND) {
		add_error(out, "p, sp or np is invalid: treated as p=none");
	} else if (!record->has_p) {
		add_error(out, "there is no p: treated as p=none");
	}
	if (bad_rua) {
		add_error(out, "rua has an invalid URI");
	}
	if (record->repeated) {
		add_error(out, "a tag is repeated");
	}
}

static void
write_fo(char text[TEXT_FO_BYTES], unsigned fo)
{
	static const struct {
		unsigned	bit;
		char		c;
	} rows[] = { { DMARC_FO_0, '0' }, { DMARC_FO_1, '1' },
	    { DMARC_FO_D, 'd' }, { DMARC_FO_S, 's' } };
	size_t i, n = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((fo & rows[i].bit) != 0) {
			if (n > 0) {
				text[n++] = ':';
			}
			text[n++] = rows[i].c;
		}
	}
	text[n] = '\0';
}

static struct str
policy_text(enum dmarc_policy policy, bool published)
{
	return (published ? str_from(dmarc_policy_name(policy)) : STR(""));
}

/* False: no report can be sent for it. */
static bool
write_policy(struct buf *out, struct buf *rua, const struct dmarc_verdict *v)
{
	const struct dmarc_record *record = v->record;
	bool sound = record->flaw == DMARC_SOUND, bad_rua;
	char fo[TEXT_FO_BYTES], errors[ERRORS_MAX_BYTES];
	struct kept_policy policy = {
		.domain = v->policy_domain,
		.discovery = v->psl ? STR("psl") : STR("treewalk"),
		.p = policy_text(record->p, true),
		.sp = policy_text(record->sp, sound && record->has_sp),
		.np = policy_text(record->np, sound && record->has_np),
		.adkim = record->adkim_strict ? STR("s") : STR("r"),
		.aspf = record->aspf_strict ? STR("s") : STR("r"),
		.testing = record->testing ? STR("y") : STR("n") };

	if (!write_rua(rua, record->rua, &bad_rua)) {
		return (false);
	}
	write_fo(fo, record->fo);
	policy.fo = str_from(fo);
	policy.rua = buf_str(rua);
	write_errors(errors, record, bad_rua);
	policy.error = str_from(errors);
	kept_policy_write(out, &policy);
	return (true);
}

/* RFC 9990 3.1.3; the lowest first. */
static int
rank_signature(const struct dkim_verdict *s, const struct dmarc_verdict *v)
{
	if (s->result != DKIM_PASS) {
		return (3);
	}
	if (str_eq(s->sig.domain, v->from)) {
		return (0);
	}
	return (v->org_domain.n > 0 &&
	    domain_is_within(s->sig.domain, v->org_domain) ? 1 : 2);
}

/* At most KEPT_MAX_SIGNATURES; those that were not verified are no results. */
static void
add_signatures(const struct dkim_verifier *dkim, const struct dmarc_verdict *v,
    struct kept_fact *fact)
{
	const struct dkim_verdict *s;
	size_t i;
	int rank;

	for (rank = 0; dkim != NULL && rank <= 3; rank++) {
		for (i = 0; i < dkim_verifier_count(dkim) &&
		    fact->signatures_n < KEPT_MAX_SIGNATURES; i++) {
			s = dkim_verifier_get(dkim, i);
			if (s->sig.domain.n > 0 && s->sig.selector.n > 0 &&
			    !s->skipped && rank_signature(s, v) == rank) {
				fact->signatures[fact->signatures_n++] =
				    (struct kept_signature){ s->sig.domain,
				    s->sig.selector, str_from(
				    dkim_result_name(s->result)) };
			}
		}
	}
}

static void
add_sender(const struct engine_input *in, const struct engine_outcome *out,
    struct kept_fact *fact)
{
	struct str path = in->mail_from;
	size_t at;

	if (out->spf != NULL && out->spf->domain.n > 0) {
		fact->spf_domain = out->spf->domain;
		fact->spf_result = str_from(spf_result_name(out->spf->result));
	}
	if (path.n > 1 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = str_mem(path.p + 1, path.n - 2);
	}
	at = str_rfind(path, '@');
	if (at < path.n && domain_normalize(in->arena,
	    str_from_offset(path, at + 1), &fact->envelope_from) !=
	    STATUS_OK) {
		fact->envelope_from = STR_NONE;
	}
}

static void
add_reason(struct kept_fact *fact, const char *type, const char *comment)
{
	fact->reasons[fact->reasons_n++] = (struct kept_reason){
		str_from(type), str_from(comment != NULL ? comment : "") };
}

/* Before t=y lowered it. */
static enum dmarc_policy
published_policy(const struct dmarc_verdict *v)
{
	if (!v->lowered) {
		return (v->policy);
	}
	return (v->policy == DMARC_P_NONE ? DMARC_P_QUARANTINE :
	    DMARC_P_REJECT);
}

/* An exemption from a temporary error has no override. */
static const char *
reason_type(const struct engine_decision *d)
{
	if (d->override == ENGINE_MAILING_LIST ||
	    d->exempt == ENGINE_MAILING_LIST_HOST) {
		return ("mailing_list");
	}
	return (d->override == ENGINE_TRUSTED_FORWARDER ||
	    d->exempt == ENGINE_TRUSTED_RELAY ||
	    d->exempt == ENGINE_TRUSTED_NETWORK ? "trusted_forwarder" :
	    "local_policy");
}

/* Why what was done is not what the policy, lowered by t=y, says. */
static void
add_override(struct kept_fact *fact, const struct dmarc_verdict *v,
    const struct engine_author *author, bool prevented)
{
	const struct engine_decision *d = &author->decision;
	const char *comment = d->comment;

	if (prevented) {
		add_reason(fact, "local_policy",
		    "this host only watches: no message is changed");
		return;
	}
	if (comment == NULL && v->result == DMARC_TEMPERROR) {
		comment = "a result was not available";
	} else if (comment == NULL && d->override == ENGINE_NO_OVERRIDE &&
	    d->exempt == ENGINE_NOT_EXEMPT) {
		comment = "a rule for this domain";
	}
	add_reason(fact, reason_type(d), comment);
}

static enum dmarc_policy
applied_policy(enum engine_verdict verdict)
{
	switch (verdict) {
	case ENGINE_QUARANTINE:
		return (DMARC_P_QUARANTINE);
	case ENGINE_REJECT:
		return (DMARC_P_REJECT);
	case ENGINE_ACCEPT:
	case ENGINE_TEMPFAIL:
		break;
	}
	return (DMARC_P_NONE);
}

static void
set_disposition(struct kept_fact *fact, const struct dmarc_verdict *v,
    const struct engine_author *author, bool applied)
{
	enum dmarc_policy done = applied_policy(author->verdict);
	bool prevented = !applied && author->verdict != ENGINE_ACCEPT;

	if (v->spf_aligned || v->dkim_aligned) {
		fact->disposition = published_policy(v) == DMARC_P_NONE ?
		    STR("none") : STR("pass");
		return;
	}
	if (prevented) {
		done = DMARC_P_NONE;
	}
	fact->disposition = str_from(dmarc_policy_name(done));
	if (v->lowered) {
		add_reason(fact, "policy_test_mode", NULL);
	}
	if (done != v->policy) {
		add_override(fact, v, author, prevented);
	}
}

static struct str
field_value(const struct engine_input *in, struct str name)
{
	size_t index;
	const struct field *field = field_list_last(&in->fields, name,
	    in->fields.n, &index);

	return (field != NULL ? str_trim_fws(field->value) : STR_NONE);
}

static bool
has_word(struct str text, struct str word)
{
	size_t i;

	for (i = 0; i + word.n <= text.n; i++) {
		if (str_eq_ci(str_mem(text.p + i, word.n), word)) {
			return (true);
		}
	}
	return (false);
}

static bool
is_address_char(char c)
{
	return (char_is_alpha(c) || char_is_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL));
}

/* Behind a local part: "@domain", perhaps with a tag before it. */
static bool
is_at_domain(struct str s, struct str domain)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '+') {
		while (i < s.n && is_address_char(s.p[i])) {
			i++;
		}
	}
	s = str_from_offset(s, i);
	return (str_starts_ci(s, domain) && (s.n == domain.n ||
	    !is_address_char(s.p[domain.n])));
}

/* Whether a field of addresses names that one. */
static bool
names_address(struct str list, struct str address)
{
	size_t at = str_rfind(address, '@'), i;
	const struct str local = str_first(address, at);
	const struct str domain = str_from_offset(address, at);

	for (i = 0; address.n > 0 && i + address.n <= list.n; i++) {
		if ((i == 0 || !is_address_char(list.p[i - 1])) &&
		    str_eq_ci(str_mem(list.p + i, local.n), local) &&
		    is_at_domain(str_from_offset(list, i + local.n), domain)) {
			return (true);
		}
	}
	return (false);
}

/* To where answers to our reports and bounces of them come. */
static bool
is_to_us(const struct engine_input *in)
{
	const struct conf *conf = input_conf(in);
	struct str to = field_value(in, STR("To"));

	return (names_address(to, conf->report_from.text) ||
	    names_address(to, conf->report_return_path.text));
}

bool
engine_report_is_about(const struct engine_input *in)
{
	struct str subject = field_value(in, STR("Subject"));
	struct str type = field_value(in, STR("Content-Type"));
	struct str automatic = field_value(in, STR("Auto-Submitted"));
	bool null_path = str_eq(in->mail_from, STR("<>")) ||
	    in->mail_from.n == 0;

	/* Some write "[Preview]" or the like before it. */
	if (has_word(subject, STR("Report Domain:")) &&
	    has_word(subject, STR("Submitter:"))) {
		return (true);
	}
	if (has_word(type, STR("feedback-report")) ||
	    has_word(type, STR("tlsrpt"))) {
		return (true);
	}
	return (is_to_us(in) ||
	    str_starts_ci(automatic, STR("auto-replied")) ||
	    (null_path && (str_starts_ci(type, STR("multipart/report")) ||
	    (automatic.n > 0 && !str_starts_ci(automatic, STR("no"))))));
}

struct keeping {		/* of one message */
	const struct engine_input *in;
	const struct engine_verification *v;
	const struct engine_outcome *out;
	bool			 applied;
	bool			 ordinary;
	int64_t			 now_s;
	struct kept_signature	 signatures[KEPT_MAX_SIGNATURES];
};

static bool
is_reported(const struct engine_input *in, const struct dmarc_verdict *v)
{
	const struct conf *conf = input_conf(in);
	struct str ours = conf->report_from.domain;

	return (v->has_policy && v->record != NULL && v->policy_known &&
	    v->record->rua.n > 0 && v->policy_domain.n > 0 &&
	    (ours.n == 0 || !domain_is_within(ours, v->policy_domain)) &&
	    conf_reports_on(conf, v->policy_domain));
}

static void
write_fact(struct keeping *k, const struct dmarc_verdict *v, size_t index,
    struct buf *text)
{
	struct engine_author author;
	char ip[IP_TEXT_BYTES];
	struct kept_fact fact = { .header_from = v->from,
		.dkim = v->dkim_aligned ? STR("pass") : STR("fail"),
		.spf = v->spf_aligned ? STR("pass") : STR("fail"),
		.signatures = k->signatures };

	ip_text(&k->in->sender.ip, ip);
	fact.ip = str_from(ip);
	engine_policy_author(k->in, k->v, index, &author);
	set_disposition(&fact, v, &author, k->applied);
	add_signatures(k->out->dkim, v, &fact);
	add_sender(k->in, k->out, &fact);
	kept_fact_write(text, &fact);
}

static void
keep_author(struct keeping *k, const struct dmarc_verdict *v, size_t index)
{
	struct report_collector *reports = k->in->engine->opts.reports;
	struct kept_weight weight = { .messages = 1, .ordinary = k->ordinary };
	struct buf policy, fact, rua;

	weight.accepted = k->ordinary && (!k->applied ||
	    engine_verdict_accepts(k->out->verdict));
	weight.passed = k->ordinary && (v->spf_aligned || v->dkim_aligned);
	buf_init(&policy, KEPT_TEXT_MAX_BYTES);
	buf_init(&fact, KEPT_TEXT_MAX_BYTES);
	buf_init(&rua, KEPT_RUA_MAX_BYTES);
	if (write_policy(&policy, &rua, v)) {
		write_fact(k, v, index, &fact);
		if (policy.status == STATUS_OK && fact.status == STATUS_OK) {
			report_collector_add(reports, k->now_s,
			    buf_str(&policy), buf_str(&fact), &weight);
		} else {
			report_collector_lose(reports);
		}
	}
	buf_fini(&policy);
	buf_fini(&fact);
	buf_fini(&rua);
}

bool
engine_report_is_repeated(const struct dmarc *dmarc, size_t index)
{
	struct str domain = dmarc_get(dmarc, index)->policy_domain;
	size_t i;

	for (i = 0; i < index; i++) {
		if (str_eq(dmarc_get(dmarc, i)->policy_domain, domain)) {
			return (true);
		}
	}
	return (false);
}

void
engine_report_keep(const struct engine_input *in,
    const struct engine_verification *v, const struct engine_outcome *out,
    bool applied)
{
	const struct dmarc *dmarc = out->dmarc;
	const struct dmarc_verdict *verdict;
	struct keeping k;
	size_t i;

	if (in->engine->opts.reports == NULL || !in->judged ||
	    !report_collector_is_active(in->engine->opts.reports) ||
	    !in->sender.known || dmarc == NULL ||
	    out->error != ENGINE_NO_ERROR) {
		return;
	}
	k.in = in;
	k.v = v;
	k.out = out;
	k.applied = applied;
	k.now_s = env_now_s(input_env(in));
	k.ordinary = !engine_report_is_about(in);
	for (i = 0; i < dmarc_count(dmarc); i++) {
		verdict = dmarc_get(dmarc, i);
		if (is_reported(in, verdict) &&
		    !engine_report_is_repeated(dmarc, i)) {
			keep_author(&k, verdict, i);
		}
	}
}
