/* SPDX-License-Identifier: BSD-2-Clause */
/* The mechanisms (RFC 7208 5) and redirect= (6.1), one term at a time. */
#include "mail/domain.h"
#include "spf/evaluator.h"

static enum spf_next
next_term(struct spf_evaluator *ev)
{
	spf_top(ev)->next++;
	ev->work = (struct spf_work){ .counted = false };
	return (SPF_GO_ON);
}

static enum spf_next
return_match(struct spf_evaluator *ev, const struct spf_term *term)
{
	if (ev->depth == 0) {
		ev->verdict.mechanism = term->text;
	}
	return (spf_return(ev, term->result, NULL, STR_NONE));
}

static enum spf_next
finish_term(struct spf_evaluator *ev, const struct spf_term *term, bool matches)
{
	return (matches ? return_match(ev, term) : next_term(ev));
}

bool
spf_has_address(const struct spf_evaluator *ev,
    const struct dns_answer *answer, unsigned bits4, unsigned bits6)
{
	size_t i, n = ev->ip.v6 ? 16 : 4;

	for (i = 0; i < answer->n; i++) {
		if (answer->v[i].data.n == n && ip_match(&ev->ip,
		    answer->v[i].data.p, ev->ip.v6 ? bits6 : bits4)) {
			return (true);
		}
	}
	return (false);
}

static bool
query_failed(const struct dns_query *query)
{
	enum dns_result result = dns_query_answer(query)->result;

	return (result == DNS_SERVFAIL || result == DNS_TIMEOUT);
}

static enum spf_next
return_temperror(struct spf_evaluator *ev, const struct dns_query *query,
    struct str name)
{
	return (spf_finish(ev, SPF_TEMPERROR,
	    spf_error_reason(dns_query_answer(query)->result), name));
}

/* Whether the term has an answer; if not, *next_r is how to proceed. */
static bool
answer_is_good(struct spf_evaluator *ev, const struct spf_term *term,
    enum spf_next *next_r)
{
	struct spf_work *w = &ev->work;

	if (!dns_query_is_answered(w->query)) {
		*next_r = SPF_WAIT;
		return (false);
	}
	if (query_failed(w->query)) {
		*next_r = return_temperror(ev, w->query, w->target);
		return (false);
	}
	if (!w->void_counted) {
		w->void_counted = true;
		*next_r = SPF_GO_ON;
		return (spf_count_void(ev, w->query, term->text));
	}
	return (true);
}

static enum spf_next
step_address(struct spf_evaluator *ev, const struct spf_term *term)
{
	const struct dns_answer *answer = dns_query_answer(ev->work.query);

	return (finish_term(ev, term, term->mechanism == SPF_EXISTS ?
	    answer->n > 0 : spf_has_address(ev, answer, term->bits4,
	    term->bits6)));
}

/* Queries the addresses of all hosts. A null MX has no addresses. */
static enum spf_next
query_hosts(struct spf_evaluator *ev, const struct spf_term *term)
{
	const struct dns_answer *answer = dns_query_answer(ev->work.query);
	struct spf_work *w = &ev->work;
	size_t i;

	if (answer->n > SPF_MAX_MX_NAMES) {
		return (spf_finish(ev, SPF_PERMERROR, "too many MX names",
		    term->text));
	}
	for (i = 0; i < answer->n; i++) {
		w->hosts[w->hosts_n] = dns_batch_add(ev->batch,
		    answer->v[i].data, spf_address_type(ev));
		if (w->hosts[w->hosts_n++] == NULL) {
			return (SPF_NO_MEMORY);
		}
	}
	w->has_hosts = true;
	return (SPF_GO_ON);
}

/*
 * Matches if any host has the client's address, even if the lookup of another
 * one fails: the result must not depend on the order of the hosts.
 */
static enum spf_next
step_mx(struct spf_evaluator *ev, const struct spf_term *term)
{
	const struct dns_query *failed = NULL;
	struct spf_work *w = &ev->work;
	bool waits = false;
	size_t i;

	if (!w->has_hosts) {
		return (query_hosts(ev, term));
	}
	for (i = 0; i < w->hosts_n; i++) {
		if (!dns_query_is_answered(w->hosts[i])) {
			waits = true;
		} else if (query_failed(w->hosts[i])) {
			failed = w->hosts[i];
		} else if (spf_has_address(ev, dns_query_answer(w->hosts[i]),
		    term->bits4, term->bits6)) {
			return (return_match(ev, term));
		}
	}
	if (waits) {
		return (SPF_WAIT);
	}
	return (failed != NULL ? return_temperror(ev, failed, w->target) :
	    next_term(ev));
}

static enum spf_next
step_ptr(struct spf_evaluator *ev, const struct spf_term *term)
{
	size_t i;

	for (i = 0; i < ev->names_n; i++) {
		if (domain_is_within(ev->names[i], ev->work.target)) {
			return (return_match(ev, term));
		}
	}
	return (next_term(ev));
}

/* Every include counts as a term, so that the frames cannot overflow. */
static enum spf_next
step_include(struct spf_evaluator *ev)
{
	struct str target = ev->work.target;

	ev->depth++;
	spf_top(ev)->redirected = false;
	return (spf_enter(ev, spf_top(ev), target));
}

/*
 * Counts the term, and once more if it uses %{p}, which queries DNS like ptr;
 * then determines the client's names if they are needed. READY: done.
 */
static enum spf_next
prepare_lookup(struct spf_evaluator *ev, const struct spf_spec *spec,
    bool is_ptr, struct str text)
{
	bool uses_name = (spec->uses & SPF_USES_NAME) != 0;
	struct spf_work *w = &ev->work;
	enum spf_next next;

	if (!w->counted) {
		w->counted = true;
		if (!spf_count_term(ev, text) ||
		    (uses_name && !spf_count_term(ev, text))) {
			return (SPF_GO_ON);
		}
	}
	if (!is_ptr && !uses_name) {
		return (SPF_READY);
	}
	next = spf_need_names(ev);
	if (next == SPF_READY && !w->void_counted) {
		w->void_counted = is_ptr;
		if (!spf_count_void(ev, ev->ptr, text)) {
			return (SPF_GO_ON);
		}
	}
	return (next);
}

/* Expands the target and sends its query. */
static enum spf_next
start_lookup(struct spf_evaluator *ev, const struct spf_term *term)
{
	struct spf_work *w = &ev->work;

	if (spf_expand_target(ev, &term->spec, &w->target) != STATUS_OK) {
		return (SPF_NO_MEMORY);
	}
	w->begun = true;
	if (term->mechanism == SPF_INCLUDE || term->mechanism == SPF_PTR) {
		return (SPF_GO_ON);
	}
	w->query = dns_batch_add(ev->batch, w->target,
	    spf_query_type(ev, term->mechanism));
	return (w->query != NULL ? SPF_GO_ON : SPF_NO_MEMORY);
}

/* A term that queries DNS. */
static enum spf_next
step_lookup(struct spf_evaluator *ev, const struct spf_term *term)
{
	struct spf_work *w = &ev->work;
	enum spf_next next;

	if (!w->begun) {
		next = prepare_lookup(ev, &term->spec,
		    term->mechanism == SPF_PTR, term->text);
		return (next == SPF_READY ? start_lookup(ev, term) : next);
	}
	if (spf_cannot_match(ev, &term->spec)) {
		return (next_term(ev));
	}
	if (term->mechanism == SPF_INCLUDE) {
		return (step_include(ev));
	}
	if (w->target.p == NULL) {
		return (next_term(ev));
	}
	if (term->mechanism == SPF_PTR) {
		return (step_ptr(ev, term));
	}
	if (!answer_is_good(ev, term, &next)) {
		return (next);
	}
	return (term->mechanism == SPF_MX ? step_mx(ev, term) :
	    step_address(ev, term));
}

/*
 * No term matched: follows redirect=, or returns the default result (RFC 7208
 * 4.7, 6.1).
 */
static enum spf_next
step_end(struct spf_evaluator *ev)
{
	struct spf_frame *frame = spf_top(ev);
	const struct spf_spec *redirect = &frame->record->redirect;
	enum spf_next next;
	struct str target;

	if (redirect->text.p != NULL && !spf_cannot_match(ev, redirect)) {
		next = prepare_lookup(ev, redirect, false, redirect->text);
		if (next != SPF_READY) {
			return (next);
		}
		if (spf_expand_target(ev, redirect, &target) != STATUS_OK) {
			return (SPF_NO_MEMORY);
		}
		frame->redirected = true;
		return (spf_enter(ev, frame, target));
	}
	if (ev->depth == 0) {
		ev->verdict.mechanism = STR("default");
	}
	return (spf_return(ev, SPF_NEUTRAL, "no mechanism matched",
	    STR_NONE));
}

enum spf_next
spf_step_term(struct spf_evaluator *ev)
{
	struct spf_frame *frame = spf_top(ev);
	const struct spf_term *term;

	if (frame->next == frame->record->n) {
		return (step_end(ev));
	}
	term = &frame->record->v[frame->next];
	switch (term->mechanism) {
	case SPF_ALL:
		return (return_match(ev, term));
	case SPF_IP4:
		return (finish_term(ev, term, !ev->ip.v6 &&
		    ip_match(&ev->ip, term->octets, term->bits4)));
	case SPF_IP6:
		return (finish_term(ev, term, ev->ip.v6 &&
		    ip_match(&ev->ip, term->octets, term->bits6)));
	case SPF_INCLUDE:
	case SPF_A:
	case SPF_MX:
	case SPF_PTR:
	case SPF_EXISTS:
		break;
	}
	return (step_lookup(ev, term));
}
