/* SPDX-License-Identifier: BSD-2-Clause */
/* message: the events of one message, in their order. */
#include <stdlib.h>

#include "engine/message.h"

#define MARK_RESERVE_BYTES	(64 * 1024)

static uint64_t
start_clock(const struct engine_msg *m)
{
	return (env_mono_us(input_env(&m->in)));
}

static void
stop_clock(struct engine_msg *m, uint64_t start_us)
{
	m->elapsed_us += env_mono_us(input_env(&m->in)) - start_us;
}

/* Keeps the first internal error. */
static void
note_status(struct engine_msg *m, enum status status)
{
	if (m->status == STATUS_OK) {
		m->status = status;
	}
}

/* The same; but what the message itself caused is a reason to refuse it. */
static void
note_header_status(struct engine_msg *m, enum status status)
{
	if (status == STATUS_LIMIT || status == STATUS_SYNTAX) {
		m->header = status;
	} else {
		note_status(m, status);
	}
}

static bool
is_sound(const struct engine_msg *m)
{
	return (m->status == STATUS_OK && m->header == STATUS_OK);
}

struct engine_msg *
engine_msg_new(struct engine *engine, const struct engine_client *client,
    struct str mail_from)
{
	struct engine_msg *m = calloc(1, sizeof(*m));
	struct engine_input *in;
	uint64_t start_us;

	if (m == NULL) {
		return (NULL);
	}
	in = &m->in;
	in->engine = engine_hold(engine);
	start_us = start_clock(m);
	arena_init(&m->arena, ENGINE_MSG_MAX_BYTES);
	in->arena = &m->arena;
	in->client = client;
	field_list_init(&in->fields);
	in->from.result = ADDR_FROM_MISSING;
	in->mail_from = arena_dup(in->arena, mail_from);
	if (in->mail_from.p == NULL) {
		engine_msg_free(m);
		return (NULL);
	}
	engine_outcome_init(&m->outcome, in);
	stop_clock(m, start_us);
	return (m);
}

void
engine_msg_free(struct engine_msg *m)
{
	if (m == NULL) {
		return;
	}
	second_dkim_free(m->verification.opinion.dkim);
	signers_picks_fini(&m->signing.picks);
	signers_picks_fini(&m->signing.seal_picks);
	if (m->bodies != NULL) {
		dkim_bodies_fini(m->bodies);
	}
	if (m->verification.batch != NULL) {
		dns_batch_free(m->verification.batch);
	}
	if (m->signing.batch != NULL) {
		dns_batch_free(m->signing.batch);
	}
	arena_fini(&m->arena);
	engine_release(m->in.engine);
	free(m);
}

void
engine_msg_macro(struct engine_msg *m, enum engine_macro macro,
    struct str value)
{
	struct engine_input *in = &m->in;
	struct str copy;

	if (macro >= ENGINE_MACROS || str_eq(in->macros[macro], value)) {
		return;
	}
	copy = arena_dup(in->arena, value);
	if (copy.p == NULL) {
		note_status(m, STATUS_NOMEM);
		return;
	}
	in->macros[macro] = copy;
}

static enum status
begin_sender(struct engine_msg *m)
{
	const struct engine_input *in = &m->in;

	engine_sender_at_mail(&m->in);
	if (!in->sender.known || !input_conf(in)->mode_verify ||
	    engine_origin(in) != ENGINE_EXTERNAL_HOST) {
		return (STATUS_OK);
	}
	return (engine_checks_begin(in, &m->verification));
}

static void
end_mail(struct engine_msg *m)
{
	if (!m->mail_done) {
		m->mail_done = true;
		note_status(m, begin_sender(m));
	}
}

void
engine_msg_smtputf8(struct engine_msg *m)
{
	m->in.smtputf8 = true;
}

void
engine_msg_mail(struct engine_msg *m)
{
	uint64_t start_us = start_clock(m);

	end_mail(m);
	stop_clock(m, start_us);
}

void
engine_msg_rcpt(struct engine_msg *m, struct str mailer)
{
	m->in.has_rcpts = true;
	m->in.forwarded = m->in.forwarded ||
	    engine_sealing_is_forwarding(mailer);
}

void
engine_msg_poll(struct engine_msg *m)
{
	uint64_t start_us = start_clock(m);

	if (is_sound(m)) {
		note_status(m, engine_checks_poll(&m->verification));
	}
	stop_clock(m, start_us);
}

void
engine_msg_header(struct engine_msg *m, struct str name, struct str value)
{
	uint64_t start_us = start_clock(m);

	if (!m->eoh_done && is_sound(m)) {
		note_header_status(m, field_list_add(&m->arena,
		    &m->in.fields, name, value));
	}
	stop_clock(m, start_us);
}

/* The keys for the author, and what follows from them. */
static enum status
decide_direction(struct engine_msg *m)
{
	struct engine_input *in = &m->in;
	struct signers_picks *picks = &m->signing.picks;
	const struct addr_mailbox *author;
	enum status status = STATUS_OK;

	author = addr_from_author(&in->from);
	if (author != NULL) {
		status = signers_pick(in->engine->signers, in->arena,
		    author->local, author->domain, picks);
	}
	if (status == STATUS_OK) {
		status = engine_logins_check(in, picks);
	}
	engine_direction_decide(in, picks->n > 0);
	return (status);
}

/* One pass over the body serves every signature, chain and seal. */
static enum status
begin_body(struct engine_msg *m)
{
	m->bodies = dkim_bodies_new(&m->arena, m->in.engine->opts.crypto);
	m->verification.bodies = m->signing.bodies = m->bodies;
	if (m->bodies == NULL) {
		return (STATUS_NOMEM);
	}
	dkim_bodies_break_lines(m->bodies, input_conf(&m->in)->line_limit);
	return (STATUS_OK);
}

static enum status
begin_signing(struct engine_msg *m)
{
	enum status status = begin_body(m);

	if (status != STATUS_OK) {
		return (status);
	}
	return (engine_signing_begin(&m->in, &m->signing, &m->outcome));
}

static enum status
begin_verifying(struct engine_msg *m)
{
	struct engine_input *in = &m->in;
	enum status status = STATUS_OK;
	bool needs_body;

	/* A relay that verifies for us may have added the tag. */
	if (in->judged && !input_is_relay_exempt(in)) {
		engine_forged_delete_tags(in, &m->outcome);
	}
	if (in->judged && in->relayed && !input_is_relay_exempt(in)) {
		engine_sender_at_eoh(in);
	}
	m->signing.sealing = engine_sealing_is_wanted(in);
	needs_body = engine_verifying_plan(in, &m->verification);
	if (needs_body || m->signing.sealing) {
		status = begin_body(m);
	}
	if (status == STATUS_OK) {
		status = engine_verifying_begin(in, &m->verification);
	}
	if (status != STATUS_OK || !m->signing.sealing) {
		return (status);
	}
	return (engine_sealing_begin(in, &m->signing, &m->outcome));
}

static enum status
begin_direction(struct engine_msg *m)
{
	enum status status;

	if (engine_origin(&m->in) == ENGINE_PEER) {
		engine_direction_skip(&m->in);
		return (STATUS_OK);
	}
	if (engine_forged_is_hidden(&m->in)) {
		return (STATUS_SYNTAX);
	}
	status = engine_outcome_reserve(&m->outcome, &m->in);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_direction_begin(&m->in);
	engine_forged_delete_results(&m->in, &m->outcome);
	if (status != STATUS_OK) {
		return (status);
	}
	status = decide_direction(m);
	if (status != STATUS_OK) {
		return (status);
	}
	switch (m->in.direction) {
	case ENGINE_SIGN:
		return (begin_signing(m));
	case ENGINE_VERIFY:
		return (begin_verifying(m));
	case ENGINE_UNDECIDED:
	case ENGINE_PASS_THROUGH:
	case ENGINE_RETURNED:
		break;
	}
	return (STATUS_OK);
}

static void
end_headers(struct engine_msg *m)
{
	if (m->eoh_done) {
		return;
	}
	m->eoh_done = true;
	end_mail(m);
	if (is_sound(m)) {
		note_header_status(m, begin_direction(m));
	}
}

static bool
wants_body(const struct engine_msg *m)
{
	return (is_sound(m) && m->bodies != NULL && !m->eom_done &&
	    (m->verification.opinion.dkim != NULL ||
	    dkim_bodies_need_more(m->bodies)));
}

bool
engine_msg_eoh(struct engine_msg *m)
{
	uint64_t start_us = start_clock(m);

	end_headers(m);
	stop_clock(m, start_us);
	return (wants_body(m));
}

bool
engine_msg_body(struct engine_msg *m, const char *p, size_t n)
{
	uint64_t start_us = start_clock(m);

	end_headers(m);
	if (wants_body(m)) {
		dkim_bodies_update(m->bodies, p, n);
		if (m->verification.opinion.dkim != NULL) {
			second_dkim_body(m->verification.opinion.dkim, p, n);
		}
	}
	stop_clock(m, start_us);
	return (wants_body(m));
}

static enum status
finish_signing(struct engine_msg *m)
{
	const struct engine_outcome before = m->outcome;
	enum engine_unsigned reason;
	enum status status;

	engine_own_keys_finish(&m->in, &m->signing);
	engine_outgoing_refold(&m->signing, &m->outcome);
	status = engine_signing_add(&m->in, &m->signing, &m->outcome);
	if (status != STATUS_OK) {
		return (status);
	}
	reason = engine_signing_why_unsigned(&m->signing, &m->outcome);
	if (m->outcome.signatures_n + m->outcome.signatures_kept == 0) {
		engine_unsigned_log(&m->in, reason);
		engine_outcome_restore(&m->outcome, &before);
		engine_outcome_unsigned(&m->outcome, reason,
		    input_conf(&m->in)->on_sign_failure);
	} else {
		engine_outcome_set_unsigned(&m->outcome, reason);
	}
	return (STATUS_OK);
}

static enum status
finish_verifying(struct engine_msg *m)
{
	const struct engine_input *in = &m->in;
	struct engine_outcome *out = &m->outcome;
	enum status status = engine_verifying_finish(in, &m->verification);

	if (status != STATUS_OK) {
		return (status);
	}
	engine_outcome_set_verification(out, in, &m->verification);
	/* A seal over a chain that the next hop finds broken would be wrong. */
	if (in->judged && engine_forged_delete_arc(in, out)) {
		m->signing.sealing = false;
	}
	status = engine_results_received_spf(in, out);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_results_write(in, out);
	if (status != STATUS_OK) {
		return (status);
	}
	engine_decide(in, &m->verification, out);
	engine_sealing_finish(in, &m->signing, out);
	return (STATUS_OK);
}

static enum status
finish_pass_through(struct engine_msg *m)
{
	const struct engine_input *in = &m->in;
	enum status status = STATUS_OK;

	if (input_needs_mark(in)) {
		status = engine_results_write_none(in, &m->outcome);
	}
	return (status == STATUS_OK ?
	    engine_unsigned_note(in, &m->outcome) : status);
}

static enum status
finish_direction(struct engine_msg *m)
{
	enum status status = m->bodies != NULL ?
	    dkim_bodies_finish(m->bodies) : STATUS_OK;

	if (status != STATUS_OK) {
		return (status);
	}
	switch (m->in.direction) {
	case ENGINE_SIGN:
		status = finish_signing(m);
		break;
	case ENGINE_VERIFY:
		status = finish_verifying(m);
		break;
	case ENGINE_PASS_THROUGH:
		status = finish_pass_through(m);
		break;
	case ENGINE_RETURNED:
		status = engine_results_restore(&m->in, &m->outcome);
		break;
	case ENGINE_UNDECIDED:
		break;
	}
	if (status == STATUS_OK) {
		engine_external_warn(&m->in, &m->signing.picks, &m->outcome);
		engine_broken_warn(&m->in, &m->outcome);
	}
	return (status);
}

/*
 * Mail from outside, or of a login that was not checked, that is accepted
 * though it could not be examined could still come back. The mark gets memory
 * beyond the ceiling that may have been the cause.
 */
static void
mark_failed(struct engine_msg *m)
{
	struct engine_input *in = &m->in;

	if ((in->direction == ENGINE_SIGN && in->login == ENGINE_LOGIN_MAY) ||
	    (in->direction == ENGINE_RETURNED && !input_lost_mark(in)) ||
	    !engine_verdict_accepts(m->outcome.verdict)) {
		return;
	}
	in->external = engine_direction_is_external(in);
	if (in->direction == ENGINE_UNDECIDED && engine_logins_apply(in)) {
		in->login = ENGINE_LOGIN_UNKNOWN;
	}
	if (!input_needs_mark(in)) {
		return;
	}
	in->arena->max_bytes += MARK_RESERVE_BYTES;
	if (engine_results_write_none(in, &m->outcome) != STATUS_OK) {
		engine_log_pairs(in, LOG_LEVEL_ERROR, "accepted without a mark "
		    "that it came from outside", NULL, 0);
	}
}

const struct engine_outcome *
engine_msg_eom(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;
	uint64_t start_us = start_clock(m);

	if (m->eom_done) {
		return (out);
	}
	end_headers(m);
	m->eom_done = true;
	engine_outcome_set_input(out, &m->in);
	if (is_sound(m)) {
		note_status(m, finish_direction(m));
	}
	if (m->status != STATUS_OK) {
		engine_outcome_fail(out, &m->in, m->status);
		mark_failed(m);
	} else if (m->header != STATUS_OK) {
		engine_outcome_refuse_header(out, m->header);
	}
	engine_count_outcome(&m->in, out);
	stop_clock(m, start_us);
	engine_outcome_set_times(out, m->elapsed_us,
	    m->verification.dns_wait_us + m->signing.dns_wait_us);
	return (out);
}

void
engine_msg_report(struct engine_msg *m, bool applied)
{
	if (m->eom_done && !m->reported) {
		m->reported = true;
		engine_report_keep(&m->in, &m->verification, &m->outcome,
		    applied);
		engine_failure_keep(&m->in, &m->verification, &m->outcome,
		    applied);
	}
}

struct str
engine_msg_get_macro(const struct engine_msg *m, enum engine_macro macro)
{
	return (macro < ENGINE_MACROS ? m->in.macros[macro] : STR_NONE);
}

struct str
engine_msg_mail_from(const struct engine_msg *m)
{
	return (m->in.mail_from);
}
