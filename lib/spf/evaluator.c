/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/domain.h"
#include "spf/evaluator.h"

#define POSTMASTER	STR("postmaster")

const char *
spf_identity_name(enum spf_identity identity)
{
	return (identity == SPF_HELO ? "helo" : "mailfrom");
}

const char *
spf_error_reason(enum dns_result result)
{
	return (result == DNS_TIMEOUT ? "no answer from DNS in time" :
	    "the name servers failed");
}

enum spf_next
spf_finish(struct spf_evaluator *ev, enum spf_result result,
    const char *reason, struct str problem)
{
	ev->verdict.result = result;
	ev->verdict.reason = reason;
	ev->verdict.problem = problem;
	ev->stage = SPF_STAGE_DONE;
	return (SPF_GO_ON);
}

/* Ends the record of the bottom frame, and so the evaluation. */
static enum spf_next
return_bottom(struct spf_evaluator *ev, enum spf_result result,
    const char *reason, struct str problem)
{
	(void)spf_finish(ev, result, reason, problem);
	if (result == SPF_FAIL && spf_top(ev)->record->exp.text.p != NULL) {
		ev->work = (struct spf_work){ .counted = false };
		ev->stage = SPF_STAGE_EXPLAIN;
	}
	return (SPF_GO_ON);
}

enum spf_next
spf_return(struct spf_evaluator *ev, enum spf_result result,
    const char *reason, struct str problem)
{
	struct spf_frame *frame = spf_top(ev);
	const struct spf_term *term;

	if (result == SPF_NONE && frame->redirected) {
		return (spf_finish(ev, SPF_PERMERROR,
		    "redirect to a domain without SPF record",
		    frame->domain));
	}
	if (ev->depth == 0) {
		return (return_bottom(ev, result, reason, problem));
	}
	/* The table of RFC 7208 5.2 for include. */
	switch (result) {
	case SPF_NONE:
		return (spf_finish(ev, SPF_PERMERROR,
		    "include of a domain without SPF record", frame->domain));
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		return (spf_finish(ev, result, reason, problem));
	case SPF_PASS:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		break;
	}
	ev->depth--;
	frame = spf_top(ev);
	ev->work = (struct spf_work){ .counted = false };
	ev->stage = SPF_STAGE_TERM;
	term = &frame->record->v[frame->next++];
	if (result != SPF_PASS) {
		return (SPF_GO_ON);
	}
	if (ev->depth == 0) {
		ev->verdict.mechanism = term->text;
	}
	return (spf_return(ev, term->result, NULL, STR_NONE));
}

enum spf_next
spf_enter(struct spf_evaluator *ev, struct spf_frame *frame,
    struct str domain)
{
	*frame = (struct spf_frame){ .domain = domain,
		.redirected = frame->redirected };
	ev->work = (struct spf_work){ .counted = false };
	ev->stage = SPF_STAGE_RECORD;
	if (domain_labels(domain) < 2) {
		return (SPF_GO_ON);
	}
	frame->query = dns_batch_add(ev->batch, domain, DNS_TXT);
	return (frame->query != NULL ? SPF_GO_ON : SPF_NO_MEMORY);
}

bool
spf_count_term(struct spf_evaluator *ev, struct str problem)
{
	if (ev->terms == SPF_MAX_TERMS) {
		(void)spf_finish(ev, SPF_PERMERROR,
		    "too many terms that need DNS", problem);
		return (false);
	}
	ev->terms++;
	return (true);
}

bool
spf_count_void(struct spf_evaluator *ev, const struct dns_query *query,
    struct str problem)
{
	enum dns_result result = dns_query_answer(query)->result;

	if (result != DNS_NODATA && result != DNS_NXDOMAIN) {
		return (true);
	}
	if (ev->voids == SPF_MAX_VOIDS) {
		(void)spf_finish(ev, SPF_PERMERROR,
		    "too many terms that find nothing in DNS", problem);
		return (false);
	}
	ev->voids++;
	return (true);
}

static enum spf_next
enter_record(struct spf_evaluator *ev, const struct spf_policy *policy)
{
	struct spf_frame *frame = spf_top(ev);

	if (policy->count == 0) {
		return (spf_return(ev, SPF_NONE, "no SPF record", STR_NONE));
	}
	if (policy->count > 1) {
		return (spf_return(ev, SPF_PERMERROR,
		    "more than one SPF record", frame->domain));
	}
	if (ev->depth == 0 && !frame->redirected) {
		ev->verdict.record = policy->record.text;
	}
	if (policy->record.error != NULL) {
		return (spf_return(ev, SPF_PERMERROR, policy->record.error,
		    policy->record.problem));
	}
	frame->record = &policy->record;
	ev->stage = SPF_STAGE_TERM;
	return (spf_query_early(ev));
}

static enum spf_next
step_record(struct spf_evaluator *ev)
{
	struct spf_frame *frame = spf_top(ev);
	const struct dns_answer *answer;
	const struct spf_policy *policy;

	/* RFC 7208 4.3: a domain of one label is not queried. */
	if (frame->query == NULL) {
		return (spf_return(ev, SPF_NONE, "not a mail domain",
		    STR_NONE));
	}
	if (!dns_query_is_answered(frame->query)) {
		return (SPF_WAIT);
	}
	answer = dns_query_answer(frame->query);
	switch (answer->result) {
	case DNS_OK:
		policy = dns_answer_object(answer, &spf_policy_parser);
		return (policy != NULL ? enter_record(ev, policy) :
		    SPF_NO_MEMORY);
	case DNS_NODATA:
		return (spf_return(ev, SPF_NONE, "no SPF record", STR_NONE));
	case DNS_NXDOMAIN:
		return (spf_return(ev, SPF_NONE, "no such domain", STR_NONE));
	case DNS_BADNAME:
		return (spf_return(ev, SPF_NONE, "not a domain name",
		    STR_NONE));
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		break;
	}
	return (spf_return(ev, SPF_TEMPERROR, spf_error_reason(answer->result),
	    frame->domain));
}

static bool
is_ascii(struct str s)
{
	unsigned char high = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		high |= (unsigned char)s.p[i] & 0x80;
	}
	return (high == 0);
}

/* Removes the angle brackets and a source route (RFC 5321 4.1.2). */
static struct str
strip_path(struct str path)
{
	size_t colon;

	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = str_mem(path.p + 1, path.n - 2);
	}
	colon = str_find(path, ':');
	if (path.n > 0 && path.p[0] == '@' && colon < path.n) {
		path = str_from_offset(path, colon + 1);
	}
	return (path);
}

/* The domain to check, not yet normalised, and its local-part. */
static struct str
choose_sender(const struct spf_opts *opts, struct str *local_r)
{
	struct str path = strip_path(opts->mail_from);
	size_t at = str_rfind(path, '@');

	*local_r = POSTMASTER;
	if (opts->identity == SPF_HELO || path.n == 0) {
		return (opts->helo);
	}
	if (at == path.n) {
		return (path);
	}
	if (at > 0) {
		*local_r = str_first(path, at);
	}
	return (str_from_offset(path, at + 1));
}

/* Converts an internationalised HELO to A-labels (RFC 8616 4). */
static enum status
take_helo(struct spf_evaluator *ev, struct str helo)
{
	enum status status = STATUS_SYNTAX;
	struct str name;

	if (!is_ascii(helo)) {
		status = domain_normalize(ev->arena, helo, &name);
	}
	ev->values.helo = status == STATUS_OK ? name : helo;
	return (status == STATUS_NOMEM ? STATUS_NOMEM : STATUS_OK);
}

static enum status
take_sender(struct spf_evaluator *ev, const struct spf_opts *opts)
{
	struct spf_macro_values *v = &ev->values;
	struct str domain = choose_sender(opts, &v->local);
	enum status status;

	ev->local_is_ascii = is_ascii(v->local);
	status = domain_normalize(ev->arena, domain, &v->sender_domain);
	if (status == STATUS_NOMEM) {
		return (status);
	}
	if (status != STATUS_OK) {
		(void)spf_finish(ev, SPF_NONE, domain.n > 0 ?
		    "not a mail domain" : "no domain to check", STR_NONE);
		return (STATUS_OK);
	}
	ev->verdict.domain = v->sender_domain;
	v->sender = arena_printf(ev->arena, "%.*s@%.*s", STR_FMT(v->local),
	    STR_FMT(v->sender_domain));
	return (v->sender.p != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
spf_evaluator_new(struct arena *a, const struct spf_opts *opts,
    struct dns_batch *batch, struct spf_evaluator **r)
{
	struct spf_evaluator *ev = arena_alloc(a, sizeof(*ev));
	enum status status;

	*r = NULL;
	if (ev == NULL) {
		return (STATUS_NOMEM);
	}
	ev->arena = a;
	ev->batch = batch;
	ev->ip = opts->ip;
	ev->verdict.identity = opts->identity;
	ev->values = (struct spf_macro_values){ .ip = &ev->ip,
		.receiver = opts->receiver.n > 0 ? opts->receiver :
		STR("unknown"), .now_s = opts->now_s };
	status = take_helo(ev, opts->helo);
	if (status != STATUS_OK) {
		return (status);
	}
	status = take_sender(ev, opts);
	if (status != STATUS_OK) {
		return (status);
	}
	if (ev->stage != SPF_STAGE_DONE && spf_enter(ev, spf_top(ev),
	    ev->values.sender_domain) == SPF_NO_MEMORY) {
		return (STATUS_NOMEM);
	}
	*r = ev;
	return (STATUS_OK);
}

enum status
spf_evaluator_step(struct spf_evaluator *ev, bool *done_r)
{
	enum spf_next next = SPF_GO_ON;

	while (next == SPF_GO_ON) {
		switch (ev->stage) {
		case SPF_STAGE_RECORD:
			next = step_record(ev);
			break;
		case SPF_STAGE_TERM:
			next = spf_step_term(ev);
			break;
		case SPF_STAGE_EXPLAIN:
			next = spf_step_explain(ev);
			break;
		case SPF_STAGE_DONE:
			*done_r = true;
			return (STATUS_OK);
		}
	}
	*done_r = false;
	return (next == SPF_NO_MEMORY ? STATUS_NOMEM : STATUS_OK);
}

void
spf_evaluator_give_up(struct spf_evaluator *ev)
{
	switch (ev->stage) {
	case SPF_STAGE_RECORD:
	case SPF_STAGE_TERM:
		ev->verdict.mechanism = STR_NONE;
		(void)spf_finish(ev, SPF_TEMPERROR,
		    spf_error_reason(DNS_TIMEOUT), spf_top(ev)->domain);
		break;
	case SPF_STAGE_EXPLAIN:
		ev->stage = SPF_STAGE_DONE;
		break;
	case SPF_STAGE_DONE:
		break;
	}
}

const struct spf_verdict *
spf_evaluator_get(const struct spf_evaluator *ev)
{
	return (&ev->verdict);
}

enum status
spf_check(struct arena *a, const struct spf_opts *opts,
    struct dns_batch *batch, uint64_t deadline_us, struct spf_verdict *r)
{
	struct spf_evaluator *ev;
	enum status status;
	bool done;

	status = spf_evaluator_new(a, opts, batch, &ev);
	if (status != STATUS_OK) {
		return (status);
	}
	for (;;) {
		status = spf_evaluator_step(ev, &done);
		if (status != STATUS_OK) {
			return (status);
		}
		if (done) {
			*r = *spf_evaluator_get(ev);
			return (STATUS_OK);
		}
		if (!dns_batch_wait_any(batch, deadline_us)) {
			spf_evaluator_give_up(ev);
		}
	}
}
