/* SPDX-License-Identifier: BSD-2-Clause */
/* message: the events of one message, in their order. */
#include <stdlib.h>

#include "engine/private.h"

static uint64_t
enter(const struct engine_msg *m)
{
	return (env_mono_us(msg_env(m)));
}

static void
leave(struct engine_msg *m, uint64_t start_us)
{
	m->elapsed_us += env_mono_us(msg_env(m)) - start_us;
}

/* The first failure stays. */
static void
note(struct engine_msg *m, enum status st)
{
	if (m->status == STATUS_OK) {
		m->status = st;
	}
}

/* As above; what the message brought about is a reason to refuse it. */
static void
note_header(struct engine_msg *m, enum status st)
{
	if (st == STATUS_LIMIT || st == STATUS_SYNTAX) {
		m->header = st;
	} else {
		note(m, st);
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
	uint64_t start_us;

	if (m == NULL) {
		return (NULL);
	}
	m->engine = engine_hold(engine);
	start_us = enter(m);
	m->client = client;
	arena_init(&m->arena, ENGINE_MSG_MAX_BYTES);
	field_list_init(&m->fields);
	m->from.result = ADDR_FROM_MISSING;
	m->mail_from = arena_dup(&m->arena, mail_from);
	if (m->mail_from.p == NULL) {
		engine_msg_free(m);
		return (NULL);
	}
	leave(m, start_us);
	return (m);
}

void
engine_msg_free(struct engine_msg *m)
{
	if (m == NULL) {
		return;
	}
	second_dkim_free(m->second);
	signers_picks_fini(&m->picks);
	signers_picks_fini(&m->seal_picks);
	if (m->bodies != NULL) {
		dkim_bodies_fini(m->bodies);
	}
	if (m->batch != NULL) {
		dns_batch_free(m->batch);
	}
	arena_fini(&m->arena);
	engine_release(m->engine);
	free(m);
}

void
engine_msg_macro(struct engine_msg *m, enum engine_macro macro,
    struct str value)
{
	struct str copy;

	if (macro >= ENGINE_MACROS || str_eq(m->macros[macro], value)) {
		return;
	}
	copy = arena_dup(&m->arena, value);
	if (copy.p == NULL) {
		note(m, STATUS_NOMEM);
		return;
	}
	m->macros[macro] = copy;
}

static enum status
begin_mail(struct engine_msg *m)
{
	engine_sender_at_mail(m);
	return (m->sender.known && msg_conf(m)->mode_verify &&
	    engine_origin(m) == ENGINE_EXTERNAL_HOST ? engine_checks_begin(m) : STATUS_OK);
}

static void
end_mail(struct engine_msg *m)
{
	if (!m->mail_done) {
		m->mail_done = true;
		note(m, begin_mail(m));
	}
}

void
engine_msg_mail(struct engine_msg *m)
{
	uint64_t start_us = enter(m);

	end_mail(m);
	leave(m, start_us);
}

void
engine_msg_rcpt(struct engine_msg *m, struct str mailer)
{
	m->has_rcpts = true;
	m->handed_on = m->handed_on || engine_sealing_is_handed_on(mailer);
}

void
engine_msg_poll(struct engine_msg *m)
{
	uint64_t start_us = enter(m);

	if (is_sound(m)) {
		note(m, engine_checks_poll(m));
	}
	leave(m, start_us);
}

void
engine_msg_header(struct engine_msg *m, struct str name, struct str value)
{
	uint64_t start_us = enter(m);

	if (!m->eoh_done && is_sound(m)) {
		note_header(m, field_list_add(&m->arena, &m->fields, name,
		    value));
	}
	leave(m, start_us);
}

static enum status
begin(struct engine_msg *m)
{
	enum status st;

	if (engine_actions_any_hidden(m)) {
		return (STATUS_SYNTAX);
	}
	st = engine_actions_init(m);
	if (st != STATUS_OK) {
		return (st);
	}
	engine_actions_delete_forged(m);
	st = addr_from_parse(&m->arena, &m->fields, &m->from);
	if (st != STATUS_OK) {
		return (st);
	}
	st = engine_direction_decide(m);
	if (st != STATUS_OK) {
		return (st);
	}
	switch (m->direction) {
	case ENGINE_SIGN:
		return (engine_signing_begin(m));
	case ENGINE_VERIFY:
		return (engine_verifying_begin(m));
	case ENGINE_UNDECIDED:
	case ENGINE_PASS_THROUGH:
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
		note_header(m, begin(m));
	}
}

static bool
wants_body(const struct engine_msg *m)
{
	return (is_sound(m) && m->bodies != NULL && !m->eom_done &&
	    (m->second != NULL || dkim_bodies_need_more(m->bodies)));
}

bool
engine_msg_eoh(struct engine_msg *m)
{
	uint64_t start_us = enter(m);

	end_headers(m);
	leave(m, start_us);
	return (wants_body(m));
}

bool
engine_msg_body(struct engine_msg *m, const char *p, size_t n)
{
	uint64_t start_us = enter(m);

	end_headers(m);
	if (wants_body(m)) {
		dkim_bodies_update(m->bodies, p, n);
		if (m->second != NULL) {
			second_dkim_body(m->second, p, n);
		}
	}
	leave(m, start_us);
	return (wants_body(m));
}

static enum status
finish(struct engine_msg *m)
{
	switch (m->direction) {
	case ENGINE_SIGN:
		return (engine_signing_finish(m));
	case ENGINE_VERIFY:
		return (engine_verifying_finish(m));
	case ENGINE_UNDECIDED:
	case ENGINE_PASS_THROUGH:
		break;
	}
	return (STATUS_OK);
}

const struct engine_outcome *
engine_msg_eom(struct engine_msg *m)
{
	struct engine_outcome *out = &m->outcome;
	uint64_t start_us = enter(m);

	if (m->eom_done) {
		return (out);
	}
	end_headers(m);
	m->eom_done = true;
	out->direction = m->direction;
	out->direction_reason = m->direction_reason;
	out->from = &m->from;
	out->second_agrees = true;
	if (is_sound(m)) {
		note(m, finish(m));
	}
	if (is_sound(m)) {
		engine_external_warn(m);
	}
	engine_decide(m);
	if (is_sound(m)) {
		note(m, engine_sealing_finish(m));
		if (!is_sound(m)) {
			engine_decide(m);
		}
	}
	engine_count_outcome(m);
	leave(m, start_us);
	out->elapsed_us = m->elapsed_us;
	return (out);
}

struct str
engine_msg_get_macro(const struct engine_msg *m, enum engine_macro macro)
{
	return (macro < ENGINE_MACROS ? m->macros[macro] : STR_NONE);
}

struct str
engine_msg_mail_from(const struct engine_msg *m)
{
	return (m->mail_from);
}
