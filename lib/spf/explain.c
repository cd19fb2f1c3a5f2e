/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exp= (RFC 7208 6.2): an explanation from the owner of the domain for a fail.
 * An error here discards the explanation and does not change the result.
 */
#include "spf/evaluator.h"

static enum spf_next
end_explain(struct spf_evaluator *ev)
{
	ev->stage = SPF_STAGE_DONE;
	return (SPF_GO_ON);
}

/* Replies and logs need one line of printable ASCII. */
static bool
is_clean(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~') {
			return (false);
		}
	}
	return (text.n > 0);
}

/* Expands the text of the explanation and ends the evaluation. */
static enum spf_next
expand_text(struct spf_evaluator *ev, struct str text)
{
	enum spf_next next;
	struct buf out;
	unsigned uses;

	if (!spf_macro_check(text, SPF_MACRO_EXPLAIN, &uses) ||
	    ((uses & SPF_USES_LOCAL) != 0 && !ev->local_is_ascii)) {
		return (end_explain(ev));
	}
	if ((uses & SPF_USES_NAME) != 0) {
		next = spf_need_names(ev);
		if (next != SPF_READY) {
			return (next);
		}
	}
	ev->values.domain = spf_top(ev)->domain;
	ev->values.name = spf_best_name(ev);
	buf_init(&out, SPF_EXPLANATION_MAX_BYTES);
	spf_macro_expand(text, &ev->values, &out);
	next = out.status == STATUS_NOMEM ? SPF_NO_MEMORY : end_explain(ev);
	if (out.status == STATUS_OK && is_clean(buf_str(&out))) {
		ev->verdict.explanation = arena_dup(ev->arena, buf_str(&out));
		if (ev->verdict.explanation.p == NULL) {
			next = SPF_NO_MEMORY;
		}
	}
	buf_fini(&out);
	return (next);
}

enum spf_next
spf_step_explain(struct spf_evaluator *ev)
{
	const struct spf_spec *exp = &spf_top(ev)->record->exp;
	struct spf_work *w = &ev->work;
	const struct dns_answer *answer;
	enum spf_next next;

	if (!w->begun) {
		if ((exp->uses & SPF_USES_NAME) != 0) {
			next = spf_need_names(ev);
			if (next != SPF_READY) {
				return (next);
			}
		}
		if (spf_expand_target(ev, exp, &w->target) != STATUS_OK) {
			return (SPF_NO_MEMORY);
		}
		if (w->target.p == NULL) {
			return (end_explain(ev));
		}
		w->begun = true;
		w->query = dns_batch_add(ev->batch, w->target, DNS_TXT);
		return (w->query != NULL ? SPF_GO_ON : SPF_NO_MEMORY);
	}
	if (!dns_query_is_answered(w->query)) {
		return (SPF_WAIT);
	}
	answer = dns_query_answer(w->query);
	return (answer->n == 1 ? expand_text(ev, answer->v[0].data) :
	    end_explain(ev));
}
