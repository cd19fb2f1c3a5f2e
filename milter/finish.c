/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <limits.h>

#include "milter/apply.h"
#include "milter/finish.h"
#include "milter/log.h"
#include "milter/logline.h"

/* libmilter's parameters are not const, but it does not write to them. */
static char *
mutable_text(const char *s)
{
	return ((char *)(uintptr_t)s);
}

static bool
insert_field(void *ctx, const char *name, const char *value)
{
	return (smfi_insheader(ctx, 0, mutable_text(name),
	    mutable_text(value)) == MI_SUCCESS);
}

static bool
delete_field(void *ctx, const char *name, unsigned index)
{
	return (index > 0 && index <= INT_MAX &&
	    smfi_chgheader(ctx, mutable_text(name), (int)index, NULL) ==
	    MI_SUCCESS);
}

static bool
change_field(void *ctx, const char *name, unsigned index, const char *value)
{
	return (index > 0 && index <= INT_MAX &&
	    smfi_chgheader(ctx, mutable_text(name), (int)index,
	    mutable_text(value)) == MI_SUCCESS);
}

static bool
quarantine_message(void *ctx, const char *reason)
{
	return (smfi_quarantine(ctx, mutable_text(reason)) == MI_SUCCESS);
}

static bool
set_reply(void *ctx, const char *code, const char *xcode, const char *words)
{
	return (smfi_setreply(ctx, mutable_text(code), mutable_text(xcode),
	    mutable_text(words)) == MI_SUCCESS);
}

/* Removes < and >, except from the null reverse-path. */
static struct str
bare_path(struct str path)
{
	if (path.n > 2 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = str_mem(path.p + 1, path.n - 2);
	}
	return (path);
}

static void
write_line(const struct peer *peer, struct logline *line)
{
	const struct conf *conf = engine_conf(peer->engine);
	struct buf out;
	enum status status = STATUS_OK;

	line->queue_id = engine_msg_get_macro(peer->msg, ENGINE_QUEUE_ID);
	if (peer->ip_text[0] != '\0') {
		line->client_addr = str_from(peer->ip_text);
	}
	line->client_name = peer->client.name;
	line->helo = peer->client.helo;
	line->login = engine_msg_get_macro(peer->msg, ENGINE_AUTH_AUTHEN);
	line->mail_from = bare_path(engine_msg_mail_from(peer->msg));
	buf_init(&out, LOGLINE_MAX_BYTES);
	if (conf->log_format == CONF_LOG_JSON) {
		status = logline_write_json(line, &out);
	} else {
		logline_write_text(line, &out);
	}
	if (status == STATUS_OK && out.status == STATUS_OK) {
		log_write_record(buf_str(&out));
	} else {
		env_log(peer->live->env, LOG_LEVEL_ERROR,
		    "the log line of a message was lost: %s, action=%s",
		    status_text(status != STATUS_OK ? status : out.status),
		    line->action);
	}
	buf_fini(&out);
}

/* NULL: it is logged elsewhere. */
static const char *
refusal_text(enum peer_refusal refusal)
{
	switch (refusal) {
	case PEER_NO_MAIL:
		return ("the MTA ended a message that it had not begun");
	case PEER_STOPPING:
		return ("shutting down");
	case PEER_NO_MEMORY:
		return ("out of memory");
	case PEER_OVER_BUDGET:
		return (NULL);
	case PEER_CLIENT_UNKNOWN:
		return ("it is not known who the client is");
	case PEER_SUSPECT:
		return ("two mail processes died while they worked on it");
	case PEER_BAD_MACROS:
		return ("the MTA sent malformed macros");
	}
	return ("out of memory");
}

static enum engine_verdict
defer_message(const struct peer *peer, SMFICTX *ctx)
{
	const char *why = refusal_text(peer->refusal);
	bool test_mode = peer->live->test_mode;
	enum engine_verdict verdict = test_mode ? ENGINE_ACCEPT :
	    ENGINE_TEMPFAIL;

	if (why != NULL) {
		env_log(peer->live->env, LOG_LEVEL_WARNING, "%s: %s",
		    test_mode ? "a message was not examined" :
		    "a message was deferred", why);
	}
	meter_count_unexamined(&peer->live->board->meter, verdict);
	if (!test_mode) {
		(void)set_reply(ctx, "451", "4.3.2",
		    "Service not available, try later");
	}
	return (verdict);
}

enum engine_verdict
finish_message(struct peer *peer, SMFICTX *ctx)
{
	struct apply_ops ops = { insert_field, delete_field,
		change_field, quarantine_message, set_reply,
		ctx, (peer->steps & SMFIP_HDR_LEADSPC) != 0 };
	const struct engine_outcome *outcome;
	struct logline line = { .test_mode = peer->live->test_mode };
	enum engine_verdict verdict = ENGINE_ACCEPT;
	const char *failed = NULL;

	if (peer->msg == NULL) {
		return (defer_message(peer, ctx));
	}
	outcome = engine_msg_eom(peer->msg);
	logline_set_outcome(&line, outcome);
	if (!peer->live->test_mode) {
		verdict = apply_outcome(&ops, outcome, &failed);
	}
	if (failed != NULL) {
		line.error = failed;
		line.action = engine_verdict_name(verdict);
	}
	meter_count(&peer->live->board->meter, outcome, peer->live->test_mode ?
	    outcome->verdict : verdict);
	write_line(peer, &line);
	engine_msg_report(peer->msg, !peer->live->test_mode);
	return (verdict);
}
