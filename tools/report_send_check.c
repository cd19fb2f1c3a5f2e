/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_send_check: whether our own mail would pass DMARC (RFC 9990 3.5). What
 * SPF says depends on the address that the MTA sends from, which is not known
 * here: a signature that verifies and is aligned is required.
 */
#include "config.h"

#include "dkim/key.h"
#include "mail/addr.h"
#include "mail/domain.h"
#include "mail/message.h"
#include "tools/report_send.h"

struct own_mail {
	struct report_send	*s;
	struct arena		 arena;
	struct dns_batch	*batch;
	struct signers_picks	 picks;
	struct dmarc_identifier	*ids;	/* of keys whose record is right */
	size_t			 ids_n;
	uint64_t		 deadline_us;
};

/* Runs a message with these fields and that body through the signing engine.
   Free it with engine_msg_free. NULL: no memory. */
static struct engine_msg *
sign_message(struct report_send *s, const struct field_list *fields,
    struct str body, const struct engine_outcome **out_r)
{
	static const struct engine_client client = { .inbound = false };
	struct engine_msg *msg;
	size_t i;

	msg = engine_msg_new(s->off.engine, &client,
	    s->conf->report_from.text);
	if (msg == NULL) {
		return (NULL);
	}
	engine_msg_mail(msg);
	for (i = 0; i < fields->n; i++) {
		struct str raw = fields->v[i].raw;

		engine_msg_header(msg, str_first(raw, str_find(raw, ':')),
		    fields->v[i].value);
	}
	if (engine_msg_eoh(msg)) {
		(void)engine_msg_body(msg, body.p, body.n);
	}
	*out_r = engine_msg_eom(msg);
	return (msg);
}

/* False: diag says why nothing signs. */
static bool
find_keys(struct own_mail *m, struct diag *diag)
{
	struct report_send *s = m->s;
	struct signers *signers = engine_signers(s->off.engine);
	const struct str from = s->conf->report_from.text;
	const struct engine_outcome *out;
	const struct addr_mailbox *author;
	struct message message;
	struct engine_msg *msg;
	struct str text;
	bool ok = false;

	text = arena_printf(&m->arena, "From: %.*s\n\n", STR_FMT(from));
	if (text.p == NULL || message_parse(&m->arena, text, &message) !=
	    STATUS_OK) {
		diag_set(diag, NULL, 0, "out of memory");
		return (false);
	}
	msg = sign_message(s, &message.fields, STR("\r\n"), &out);
	if (msg == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (false);
	}
	author = addr_from_author(out->from);
	if (out->signatures_n == 0 || author == NULL) {
		diag_set(diag, NULL, 0, "no key signs mail from %.*s (%s); "
		    "mailseal explain --from %.*s says more", STR_FMT(from),
		    out->error != ENGINE_NO_ERROR ? engine_error_text(out) :
		    engine_direction_text(out), STR_FMT(from));
	} else if (signers_pick(signers, &m->arena, author->local,
	    author->domain, &m->picks) != STATUS_OK || signers_load(signers,
	    &m->arena, &m->picks) != STATUS_OK) {
		diag_set(diag, NULL, 0, "out of memory");
	} else {
		ok = true;
	}
	engine_msg_free(msg);
	return (ok);
}

/* Whether the key's record is in the DNS; diag: why not. */
static bool
has_record(struct own_mail *m, const struct signers_pick *pick,
    struct diag *diag)
{
	const struct dns_answer *answer;
	const struct dkim_keys *keys;
	const struct dns_query *query;
	struct str name;

	name = domain_key_name(&m->arena, pick->selector, pick->domain);
	query = name.p != NULL ? dns_batch_add(m->batch, name, DNS_TXT) : NULL;
	if (query == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (false);
	}
	dns_batch_wait(m->batch, m->deadline_us);
	answer = dns_query_answer(query);
	if (answer->result != DNS_OK) {
		diag_set(diag, NULL, 0, "%.*s: %s", STR_FMT(name),
		    dns_result_text(answer->result));
		return (false);
	}
	keys = dns_answer_object(answer, &dkim_keys_parser);
	if (keys == NULL || dkim_keys_find(keys, pick->key) == NULL) {
		diag_set(diag, NULL, 0, "%.*s: not the record of the key that "
		    "signs", STR_FMT(name));
		return (false);
	}
	return (true);
}

static bool
find_records(struct own_mail *m, struct diag *diag)
{
	size_t i;

	m->ids = arena_calloc(&m->arena, m->picks.n, sizeof(*m->ids));
	if (m->ids == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (false);
	}
	for (i = 0; i < m->picks.n; i++) {
		if (m->picks.v[i].key != NULL && has_record(m,
		    &m->picks.v[i], diag)) {
			m->ids[m->ids_n++] = (struct dmarc_identifier){
				m->picks.v[i].domain, DMARC_AUTH_PASS };
		}
	}
	if (m->ids_n == 0) {
		diag_set(diag, NULL, 0, "no key can be read");
	}
	return (m->ids_n > 0);
}

static bool
judge_mail(struct own_mail *m, struct diag *diag)
{
	struct report_send *s = m->s;
	struct dmarc_opts opts = { .suffixes = s->psl,
		.psl = s->conf->org_domain == CONF_PSL ? s->psl : NULL };
	const struct dmarc_verdict *v;
	struct dmarc *dmarc = NULL;
	enum status status;
	bool done = false;

	status = dmarc_new(&m->arena, m->batch, &opts, &s->receiver, 1,
	    &dmarc);
	if (status == STATUS_OK) {
		status = dmarc_authenticated(dmarc, NULL, m->ids, m->ids_n);
	}
	while (status == STATUS_OK && !done) {
		status = dmarc_step(dmarc, &done);
		if (status == STATUS_OK && !done &&
		    !dns_batch_wait_any(m->batch, m->deadline_us)) {
			dmarc_give_up(dmarc);
		}
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
		return (false);
	}
	v = dmarc_decisive(dmarc);
	if (v->result == DMARC_NONE) {
		diag_set(diag, NULL, 0, "%.*s has no DMARC record: publish "
		    "one at _dmarc.%.*s", STR_FMT(s->receiver),
		    STR_FMT(s->receiver));
	} else if (v->result != DMARC_PASS) {
		diag_set(diag, NULL, 0, "DMARC of %.*s: %s, %s: d= of the "
		    "signature is %.*s", STR_FMT(s->receiver),
		    dmarc_result_name(v->result), v->reason,
		    STR_FMT(m->ids[0].domain));
	}
	return (v->result == DMARC_PASS);
}

bool
report_send_check(struct report_send *s, struct diag *diag)
{
	struct own_mail m = { .s = s };
	bool ok;

	arena_init(&m.arena, TOOL_ARENA_BYTES);
	m.batch = dns_batch_new(s->dns);
	m.deadline_us = env_mono_us(&s->env) +
	    cli_dns_timeout_us(&s->dns_opts);
	if (m.batch == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
	}
	ok = m.batch != NULL && find_keys(&m, diag) &&
	    find_records(&m, diag) && judge_mail(&m, diag);
	signers_picks_fini(&m.picks);
	dns_batch_free(m.batch);
	arena_fini(&m.arena);
	return (ok);
}

/* Appends an inserted field with LF. */
static void
add_field(struct buf *out, const struct engine_action *action)
{
	size_t i;

	buf_add_str(out, action->name);
	buf_add_char(out, ':');
	for (i = 0; i < action->value.n; i++) {
		if (action->value.p[i] != '\r') {
			buf_add_char(out, action->value.p[i]);
		}
	}
	buf_add_char(out, '\n');
}

bool
report_send_sign(struct report_send *s, struct buf *mail)
{
	const struct engine_outcome *out = NULL;
	struct engine_msg *msg = NULL;
	struct message message;
	struct arena arena;
	struct buf fields;
	size_t i;
	bool ok;

	arena_init(&arena, 4 * WRITE_MAIL_MAX_BYTES);
	buf_init(&fields, WRITE_MAIL_MAX_BYTES);
	if (message_parse(&arena, buf_str(mail), &message) == STATUS_OK) {
		msg = sign_message(s, &message.fields, message.body, &out);
	}
	/* Each is inserted on top of those before. */
	for (i = out != NULL ? out->actions_n : 0; i > 0; i--) {
		if (out->actions[i - 1].type == ENGINE_INSERT_FIELD) {
			add_field(&fields, &out->actions[i - 1]);
		}
	}
	ok = out != NULL && out->signatures_n > 0;
	if (ok) {
		buf_add_str(&fields, buf_str(mail));
		ok = fields.status == STATUS_OK;
	}
	if (ok) {
		buf_reset(mail);
		buf_add_str(mail, buf_str(&fields));
	}
	engine_msg_free(msg);
	buf_fini(&fields);
	arena_fini(&arena);
	return (ok && mail->status == STATUS_OK);
}
