/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "dkim/result.h"
#include "milter/logline.h"

static struct logline_signature *
list_add(struct logline_list *list)
{
	list->total++;
	if (list->shown == LOGLINE_MAX_RESULTS) {
		return (NULL);
	}
	list->v[list->shown] = (struct logline_signature){ 0 };
	return (&list->v[list->shown++]);
}

static const char *
direction_name(enum engine_direction direction)
{
	switch (direction) {
	case ENGINE_UNDECIDED:
		return ("undecided");
	case ENGINE_SIGN:
		return ("sign");
	case ENGINE_VERIFY:
		return ("verify");
	case ENGINE_PASS_THROUGH:
		return ("pass");
	case ENGINE_RETURNED:
		return ("returned");
	}
	return ("undecided");
}

static void
set_from(struct logline *r, const struct addr_from *from)
{
	size_t i;

	r->from_n = 0;
	r->from_error = NULL;
	if (from == NULL) {
		return;
	}
	if (from->result != ADDR_FROM_OK) {
		r->from_error = addr_from_text(from->result);
		return;
	}
	for (i = 0; i < from->n && i < LOGLINE_MAX_FROM; i++) {
		r->from[r->from_n++] = from->v[i].domain;
	}
}

static void
set_dkim(struct logline *r, const struct dkim_verifier *verifier)
{
	size_t i;

	for (i = 0; i < dkim_verifier_count(verifier); i++) {
		const struct dkim_verdict *verdict =
		    dkim_verifier_get(verifier, i);
		struct logline_signature *to = list_add(&r->dkim);

		if (to == NULL) {
			continue;
		}
		to->result = dkim_result_name(verdict->result);
		to->domain = verdict->sig.domain;
		to->selector = verdict->sig.selector;
		to->algorithm = verdict->sig.algorithm;
		to->key_bits = verdict->key_bits;
		to->reason = str_from(verdict->reason);
	}
}

static void
set_second(struct logline *r, const struct engine_outcome *outcome)
{
	size_t i;

	r->second_asked = outcome->second_asked;
	r->second_dmarc = second_word_name(outcome->second_dmarc.result);
	r->second_agrees = outcome->second_agrees;
	for (i = 0; outcome->second != NULL &&
	    i < second_dkim_count(outcome->second); i++) {
		const struct second_result *result =
		    second_dkim_get(outcome->second, i);
		struct logline_signature *to = list_add(&r->second);

		if (to == NULL) {
			continue;
		}
		to->result = second_word_name(result->result);
		to->domain = result->domain;
		to->selector = result->selector;
		to->reason = result->reason;
	}
}

static void
set_sender(struct logline *r, const struct engine_sender *sender)
{
	if (sender == NULL || sender->source == NULL) {
		return;
	}
	r->sender_source = sender->source;
	if (sender->known) {
		ip_text(&sender->ip, r->sender_text);
		r->sender = str_from(r->sender_text);
	}
}

static void
set_judged(struct logline *r, const struct engine_outcome *outcome)
{
	const struct dmarc_verdict *dmarc;

	set_sender(r, outcome->sender);
	if (outcome->spf != NULL) {
		r->spf = spf_result_name(outcome->spf->result);
		r->spf_domain = outcome->spf->domain;
	}
	if (outcome->spf_helo != NULL) {
		r->spf_helo = spf_result_name(outcome->spf_helo->result);
	}
	if (outcome->iprev != NULL) {
		r->iprev = iprev_result_name(outcome->iprev->result);
	}
	if (outcome->dmarc != NULL) {
		dmarc = dmarc_decisive(outcome->dmarc);
		r->dmarc = dmarc_result_name(dmarc->result);
		r->policy = dmarc->has_policy ?
		    dmarc_policy_name(dmarc->policy) : NULL;
	}
	if (outcome->arc != NULL) {
		r->arc = arc_result_name(outcome->arc->result);
		r->arc_reason = outcome->arc->reason != NULL ?
		    outcome->arc->reason : outcome->arc->uncovered;
	}
	r->decision = outcome->decision;
	r->sealer = outcome->sealer;
}

void
logline_set_outcome(struct logline *r, const struct engine_outcome *outcome)
{
	size_t i;

	r->dkim = r->signatures = r->second = (struct logline_list){ 0 };
	r->direction = direction_name(outcome->direction);
	r->direction_reason = engine_direction_text(outcome);
	set_from(r, outcome->from);
	set_judged(r, outcome);
	r->verified = outcome->dkim != NULL;
	if (r->verified) {
		set_dkim(r, outcome->dkim);
	}
	r->signatures_kept = outcome->signatures_kept;
	for (i = 0; i < outcome->signatures_n; i++) {
		struct logline_signature *to = list_add(&r->signatures);

		if (to != NULL) {
			to->domain = outcome->signatures[i].domain;
			to->selector = outcome->signatures[i].selector;
		}
	}
	r->seal_instance = outcome->seal.instance;
	r->seal_domain = outcome->seal.domain;
	r->seal_selector = outcome->seal.selector;
	set_second(r, outcome);
	r->long_lines = outcome->long_lines;
	r->forged_deleted = outcome->forged_deleted;
	r->action = engine_action_name(outcome);
	r->error = engine_error_text(outcome);
	r->not_signed = engine_unsigned_name(outcome->not_signed);
	r->elapsed_us = outcome->elapsed_us;
	r->dns_wait_us = outcome->dns_wait_us;
}
