/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outcome: the result of a message. Actions are kept in the order in which
 * the MTA must apply them: deletions first, by the indexes of the message as
 * received and from the highest down, then changes, then insertions, each on
 * top of what is there. The MTA counts an index among the fields that it has at
 * that time: after an insertion it would be the index of another field.
 */
#include "engine/private.h"
#include "mail/addr_form.h"

static const struct engine_answer for_signing = {
	.tempfail = STR("451 4.7.5 The message cannot be signed now, try "
	    "again later"),
};
static const struct engine_answer for_mismatch = {
	.reject = STR("550 5.7.1 Your login may not write as the address in "
	    "From"),
	.tempfail = STR("451 4.7.1 Your login may not write as the address in "
	    "From"),
};
static const struct engine_answer for_internal = {
	STR("550 5.3.0 Internal error"),
	STR("451 4.3.0 Temporary internal error"),
	STR("internal error of the filter"),
};

void
engine_outcome_init(struct engine_outcome *out, const struct engine_input *in)
{
	*out = (struct engine_outcome){ .from = &in->from,
		.second_agrees = true };
}

/* How many fields may have to be changed. */
static size_t
count_changes(const struct engine_input *in)
{
	const struct conf *conf = input_conf(in);
	size_t i, n = 0, limit = conf->line_limit.limit;

	for (i = 0; i < in->fields.n; i++) {
		n += limit > 0 && in->fields.v[i].raw.n > limit;
		n += conf->address_lists == CONF_ADDRESSES_SENDMAIL &&
		    addr_form_is_list(in->fields.v[i].name);
	}
	return (n);
}

enum status
engine_outcome_reserve(struct engine_outcome *out,
    const struct engine_input *in)
{
	size_t n = field_list_count(&in->fields, ENGINE_FIELD_AUTHRES) +
	    field_list_count(&in->fields, ENGINE_FIELD_AAR) +
	    field_list_count(&in->fields, ENGINE_FIELD_TAG) +
	    field_list_count(&in->fields, input_mark_field(in)) +
	    count_changes(in);

	/* Results, MarkField, Received-SPF, a tag; signatures by the keys of
	   the configuration or of other sources; a quarantine; an ARC set; and
	   signatures that are replaced. */
	n += 4 + input_conf(in)->keys_n + SIGNERS_PICKS_MAX + 1 + 3;
	n += input_conf(in)->keys_n + SIGNERS_PICKS_MAX +
	    ENGINE_OWN_SIGNATURES_EXTRA;
	out->room.v = arena_calloc(in->arena, n, sizeof(*out->room.v));
	if (out->room.v == NULL) {
		return (STATUS_NOMEM);
	}
	out->room.cap = n;
	return (STATUS_OK);
}

enum status
engine_outcome_reserve_signatures(struct engine_outcome *out,
    const struct engine_input *in, size_t n)
{
	struct engine_signature *v = arena_calloc(in->arena, n, sizeof(*v));

	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	out->signatures = v + n;
	out->signatures_n = 0;
	return (STATUS_OK);
}

void
engine_outcome_set_input(struct engine_outcome *out,
    const struct engine_input *in)
{
	out->direction = in->direction;
	out->direction_reason = in->direction_reason;
	out->from = &in->from;
	if (input_lost_mark(in)) {
		out->sender = &in->sender;
	}
}

void
engine_outcome_set_verification(struct engine_outcome *out,
    const struct engine_input *in, const struct engine_verification *v)
{
	out->dkim = v->verifier;
	out->sender = in->judged ? &in->sender : NULL;
	out->spf = engine_checks_spf(v);
	out->spf_helo = engine_checks_helo(v);
	out->iprev = engine_checks_iprev(v);
	out->dmarc = v->checks.dmarc;
	out->arc = engine_checks_arc(v);
	out->sealer = v->arc_word.sealer;
	out->second_asked = v->opinion.asked;
	out->second = v->opinion.dkim;
	out->second_dmarc = v->opinion.decisive;
	out->second_agrees = !v->opinion.differs;
}

void
engine_outcome_set_times(struct engine_outcome *out, uint64_t elapsed_us,
    uint64_t dns_wait_us)
{
	out->elapsed_us = elapsed_us;
	out->dns_wait_us = dns_wait_us;
}

static void
add_action(struct engine_outcome *out, const struct engine_action *action)
{
	if (out->room.v == NULL) {
		out->room.v = out->room.spare;
		out->room.cap = sizeof(out->room.spare) /
		    sizeof(out->room.spare[0]);
	}
	if (out->actions_n < out->room.cap) {
		out->room.v[out->actions_n++] = *action;
		out->actions = out->room.v;
	}
}

void
engine_outcome_delete_field(struct engine_outcome *out, struct str name,
    unsigned index)
{
	add_action(out, &(struct engine_action){ .type = ENGINE_DELETE_FIELD,
	    .name = name, .index = index });
	out->deletions_n = out->actions_n;
	if (str_eq(name, ENGINE_FIELD_AUTHRES) ||
	    str_eq(name, ENGINE_FIELD_AAR)) {
		out->forged_deleted++;
	}
}

void
engine_outcome_insert_field(struct engine_outcome *out, struct str name,
    struct str value)
{
	add_action(out, &(struct engine_action){ .type = ENGINE_INSERT_FIELD,
	    .name = name, .value = value });
}

static bool
is_index(const struct engine_action *action)
{
	return (action->type == ENGINE_DELETE_FIELD ||
	    action->type == ENGINE_CHANGE_FIELD);
}

void
engine_outcome_change_field(struct engine_outcome *out,
    const struct engine_refolded *field)
{
	struct engine_action change = { .type = ENGINE_CHANGE_FIELD,
		.name = field->name, .value = field->value,
		.index = field->index };
	size_t at, n = out->actions_n;

	add_action(out, &change);
	if (out->actions_n == n) {
		return;
	}
	for (at = n; at > 0 && !is_index(&out->room.v[at - 1]); at--) {
		out->room.v[at] = out->room.v[at - 1];
	}
	out->room.v[at] = change;
}

void
engine_outcome_restore(struct engine_outcome *out,
    const struct engine_outcome *before)
{
	size_t i, n = 0;

	for (i = 0; i < out->actions_n; i++) {
		if (out->room.v[i].type != ENGINE_CHANGE_FIELD) {
			out->room.v[n++] = out->room.v[i];
		}
	}
	*out = *before;
}

void
engine_outcome_set_long_lines(struct engine_outcome *out, uint64_t n)
{
	out->long_lines = n;
}

void
engine_outcome_insert_results(struct engine_outcome *out, struct str marked,
    struct str folded, struct str unfolded)
{
	engine_outcome_insert_field(out, ENGINE_FIELD_AUTHRES, marked);
	out->authres_folded = folded;
	out->authres = unfolded;
}

/* The list grows downwards: the last insertion ends up on top. */
void
engine_outcome_insert_signature(struct engine_outcome *out,
    const struct signers_pick *pick, struct str value)
{
	engine_outcome_insert_field(out, ENGINE_FIELD_SIGNATURE, value);
	out->signatures--;
	*out->signatures = (struct engine_signature){ .domain = pick->domain,
		.selector = pick->selector };
	out->signatures_n++;
}

void
engine_outcome_set_kept(struct engine_outcome *out, size_t n)
{
	out->signatures_kept = n;
}

void
engine_outcome_insert_seal(struct engine_outcome *out,
    const struct signers_pick *pick, const struct arc_seal *seal)
{
	engine_outcome_insert_field(out, STR("ARC-Authentication-Results"),
	    seal->aar);
	engine_outcome_insert_field(out, STR("ARC-Message-Signature"),
	    seal->ams);
	engine_outcome_insert_field(out, STR("ARC-Seal"), seal->as);
	out->seal.instance = seal->instance;
	out->seal.domain = pick->domain;
	out->seal.selector = pick->selector;
}

void
engine_outcome_set_decision(struct engine_outcome *out,
    const struct engine_decision *decision)
{
	out->decision = *decision;
}

void
engine_outcome_tag(struct engine_outcome *out, struct str value)
{
	if (!out->tagged) {
		engine_outcome_insert_field(out, ENGINE_FIELD_TAG, value);
	}
	out->tagged = true;
	out->verdict = ENGINE_QUARANTINE;
}

bool
engine_outcome_is_held(const struct engine_outcome *out)
{
	size_t i;

	for (i = 0; i < out->actions_n; i++) {
		if (out->actions[i].type == ENGINE_HOLD) {
			return (true);
		}
	}
	return (false);
}

void
engine_outcome_hold(struct engine_outcome *out, struct str reason)
{
	out->verdict = ENGINE_QUARANTINE;
	if (engine_outcome_is_held(out)) {
		return;
	}
	add_action(out, &(struct engine_action){ .type = ENGINE_HOLD,
	    .value = reason });
}

/* Throws the actions away: a refused message is not changed. */
static void
refuse_message(struct engine_outcome *out, enum engine_verdict verdict,
    struct str reply)
{
	out->verdict = verdict;
	out->reply = reply;
	out->actions = NULL;
	out->actions_n = 0;
	out->forged_deleted = 0;
	out->tagged = false;
}

void
engine_outcome_act(struct engine_outcome *out,
    const struct engine_answer *answer, enum conf_action action)
{
	switch (action) {
	case CONF_ACCEPT:
		break;
	case CONF_REJECT:
		refuse_message(out, ENGINE_REJECT, answer->reject);
		break;
	case CONF_TEMPFAIL:
		refuse_message(out, ENGINE_TEMPFAIL, answer->tempfail);
		break;
	case CONF_QUARANTINE:
		engine_outcome_hold(out, answer->quarantine);
		break;
	}
}

void
engine_outcome_set_unsigned(struct engine_outcome *out,
    enum engine_unsigned reason)
{
	out->not_signed = reason;
}

void
engine_outcome_unsigned(struct engine_outcome *out,
    enum engine_unsigned reason, enum conf_action action)
{
	out->error = ENGINE_NOT_SIGNED;
	out->not_signed = reason;
	engine_outcome_act(out, &for_signing, action);
}

void
engine_outcome_mismatch(struct engine_outcome *out, enum conf_mismatch action)
{
	out->not_signed = ENGINE_UNSIGNED_LOGIN_MISMATCH;
	switch (action) {
	case CONF_MISMATCH_UNSIGNED:
		break;
	case CONF_MISMATCH_REJECT:
		engine_outcome_act(out, &for_mismatch, CONF_REJECT);
		break;
	case CONF_MISMATCH_TEMPFAIL:
		engine_outcome_act(out, &for_mismatch, CONF_TEMPFAIL);
		break;
	}
}

void
engine_outcome_refuse_header(struct engine_outcome *out, enum status status)
{
	if (status == STATUS_LIMIT) {
		out->error = ENGINE_HEADER_TOO_LARGE;
		refuse_message(out, ENGINE_REJECT,
		    STR("552 5.3.4 Message header too large"));
	} else {
		out->error = ENGINE_HEADER_MALFORMED;
		refuse_message(out, ENGINE_REJECT,
		    STR("550 5.6.0 Malformed message header"));
	}
}

void
engine_outcome_fail(struct engine_outcome *out, const struct engine_input *in,
    enum status status)
{
	*out = (struct engine_outcome){
		.error = ENGINE_INTERNAL_ERROR,
		.status = status,
		.second_agrees = true,
		.actions = out->room.v,
		.actions_n = out->deletions_n,
		.deletions_n = out->deletions_n,
		.forged_deleted = out->forged_deleted,
		.room = out->room,
	};
	engine_outcome_set_input(out, in);
	if (in->direction == ENGINE_SIGN) {
		out->not_signed = ENGINE_UNSIGNED_INTERNAL_ERROR;
	}
	engine_outcome_act(out, &for_internal,
	    input_conf(in)->on_internal_error);
}
