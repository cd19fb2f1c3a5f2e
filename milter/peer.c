/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "milter/finish.h"
#include "milter/macros.h"
#include "milter/peer.h"

#define NAME_MAX_BYTES	1024		/* of a host; the rest is cut off */

/* What a message takes, estimated from what the process grew by in tests. */
#define MESSAGE_BYTES	(64 * 1024)	/* without its header fields */
#define FIELD_BYTES	256		/* of a field, without its text */
#define FIELD_COPIES	2		/* of a field's text */

struct peer *
peer_new(struct live *live, unsigned long steps)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer != NULL) {
		peer->live = live;
		peer->steps = steps;
		atomic_fetch_add(&live->peers, 1);
	}
	return (peer);
}

static void
free_message(struct peer *peer)
{
	engine_msg_free(peer->msg);
	peer->msg = NULL;
	budget_give(&peer->live->budget, peer->memory_bytes);
	peer->memory_bytes = 0;
	peer->body_wanted = false;
}

void
peer_abort(struct peer *peer)
{
	free_message(peer);
	live_end(peer->live, peer->engine);
	peer->engine = NULL;
	peer->refusal = PEER_NO_MAIL;
	peer->first_n = 0;
	peer->digest = 0;
}

void
peer_lose_message(struct peer *peer, enum peer_refusal refusal)
{
	free_message(peer);
	peer->refusal = refusal;
}

void
peer_free(struct peer *peer)
{
	if (peer == NULL) {
		return;
	}
	peer_abort(peer);
	atomic_fetch_sub(&peer->live->peers, 1);
	free(peer->name);
	free(peer->helo);
	free(peer);
}

/* Replaces *at by a copy. False: there is no memory, and *at is NULL. */
static bool
replace_name(char **at, const char *name)
{
	free(*at);
	*at = name != NULL ? strndup(name, NAME_MAX_BYTES) : NULL;
	return (*at != NULL || name == NULL);
}

static void
set_ip(struct peer *peer, const struct sockaddr *addr)
{
	peer->ip_text[0] = '\0';
	peer->client.ip = NULL;
	if (addr == NULL || !ip_from_sockaddr(addr, &peer->ip)) {
		return;
	}
	peer->client.ip = &peer->ip;
	ip_text(&peer->ip, peer->ip_text);
}

void
peer_connect(struct peer *peer, const char *name, const struct sockaddr *addr)
{
	peer_abort(peer);
	/* Without PTR record: "unknown" (Postfix), "[192.0.2.1]" (Sendmail). */
	if (name != NULL && (name[0] == '[' || strcmp(name, "unknown") == 0)) {
		name = NULL;
	}
	peer->client_known = replace_name(&peer->name, name);
	peer->client.name = str_from(peer->name);
	peer->helo_lost = !replace_name(&peer->helo, NULL);
	peer->client.helo = STR_NONE;
	set_ip(peer, addr);
}

void
peer_helo(struct peer *peer, const char *name)
{
	/* A message borrows the name. */
	peer_abort(peer);
	peer->helo_lost = !replace_name(&peer->helo, name);
	peer->client.helo = str_from(peer->helo);
}

/* The message is lost if the MTA's macros are malformed. */
static void
get_macros(struct peer *peer, SMFICTX *ctx)
{
	static const struct {
		enum engine_macro	 macro;
		const char		*name;
	} macros[] = {
		{ ENGINE_AUTH_AUTHEN, "{auth_authen}" },
		{ ENGINE_AUTH_TYPE, "{auth_type}" },
		{ ENGINE_DAEMON_NAME, "{daemon_name}" },
		{ ENGINE_MTA_NAME, "j" },
		{ ENGINE_QUEUE_ID, "i" },
	};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		if (!macros_get(ctx, macros[i].name, &value)) {
			peer_lose_message(peer, PEER_BAD_MACROS);
			return;
		}
		if (value != NULL && value[0] != '\0') {
			engine_msg_macro(peer->msg, macros[i].macro,
			    str_from(value));
		}
	}
}

/* False: the message must be deferred for lack of memory. */
static bool
take_memory(struct peer *peer, size_t bytes)
{
	struct budget *budget = &peer->live->budget;
	bool begins;

	if (budget_take(budget, bytes, &begins)) {
		peer->memory_bytes += bytes;
		return (true);
	}
	if (begins) {
		env_log(peer->live->env, LOG_LEVEL_WARNING, "the messages in "
		    "flight fill MaximumMemory (%zu MiB): others are deferred "
		    "until some finish", budget->max_bytes / (1024 * 1024));
	}
	return (false);
}

static enum peer_refusal
begin_message(struct peer *peer, const char *mail_from)
{
	if (!peer->client_known || peer->helo_lost) {
		return (PEER_CLIENT_UNKNOWN);
	}
	peer->engine = live_begin(peer->live);
	if (peer->engine == NULL) {
		return (PEER_STOPPING);
	}
	if (!take_memory(peer, MESSAGE_BYTES)) {
		return (PEER_OVER_BUDGET);
	}
	peer->msg = engine_msg_new(peer->engine, &peer->client,
	    mail_from != NULL && mail_from[0] != '\0' ? str_from(mail_from) :
	    STR("<>"));
	return (PEER_NO_MEMORY);
}

/* RFC 6531 3.4: a parameter without a value. */
static bool
has_smtputf8(char *const *argv)
{
	size_t i;

	for (i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
		if (str_eq_ci(str_from(argv[i]), STR("SMTPUTF8"))) {
			return (true);
		}
	}
	return (false);
}

void
peer_mail(struct peer *peer, SMFICTX *ctx, char *const *argv)
{
	peer_abort(peer);
	peer->refusal = begin_message(peer, argv[0]);
	if (peer->msg != NULL && has_smtputf8(argv)) {
		engine_msg_smtputf8(peer->msg);
	}
	if (peer->msg != NULL) {
		get_macros(peer, ctx);
	}
	if (peer->msg != NULL) {
		engine_msg_mail(peer->msg);
	}
}

void
peer_rcpt(struct peer *peer, SMFICTX *ctx)
{
	const char *mailer;

	if (peer->msg == NULL) {
		return;
	}
	if (macros_get(ctx, "{rcpt_mailer}", &mailer)) {
		engine_msg_rcpt(peer->msg, str_from(mailer));
	} else {
		peer_lose_message(peer, PEER_BAD_MACROS);
	}
}

void
peer_data(struct peer *peer)
{
	if (peer->msg != NULL) {
		engine_msg_poll(peer->msg);
	}
}

/*
 * Without SMFIP_HDR_LEADSPC the MTA removes one space after the colon, and does
 * not report whether there was one. Nearly always there was.
 */
static bool
add_header_with_space(struct peer *peer, const char *name, const char *value)
{
	struct buf with_space;
	bool done;

	buf_init(&with_space, PEER_PACKET_MAX_BYTES + 1);
	buf_add_char(&with_space, ' ');
	buf_add_cstr(&with_space, value);
	done = with_space.status == STATUS_OK;
	if (done) {
		engine_msg_header(peer->msg, str_from(name),
		    buf_str(&with_space));
	}
	buf_fini(&with_space);
	return (done);
}

static void
add_first(struct peer *peer, const char *text)
{
	size_t n = strnlen(text, BOARD_FIRST_BYTES - peer->first_n);

	memcpy(peer->first + peer->first_n, text, n);
	peer->first_n += n;
}

void
peer_header(struct peer *peer, const char *name, const char *value)
{
	if (peer->msg == NULL) {
		return;
	}
	add_first(peer, name);
	add_first(peer, value);
	if (!take_memory(peer, FIELD_BYTES + FIELD_COPIES *
	    (strlen(name) + strlen(value)))) {
		peer_lose_message(peer, PEER_OVER_BUDGET);
	} else if ((peer->steps & SMFIP_HDR_LEADSPC) != 0) {
		engine_msg_header(peer->msg, str_from(name), str_from(value));
	} else if (!add_header_with_space(peer, name, value)) {
		/* Never judge a message without all of its fields. */
		peer_lose_message(peer, PEER_NO_MEMORY);
	}
}

/* A message that was worked on when two processes died is not tried again. */
static void
judge_first(struct peer *peer)
{
	const struct live *live = peer->live;

	peer->digest = board_digest(live->board, peer->first, peer->first_n);
	if (board_is_suspect(live->board_keys, peer->digest)) {
		peer_lose_message(peer, PEER_SUSPECT);
	}
}

static int
enter_work(const struct peer *peer)
{
	return (peer->digest != 0 ? board_enter(peer->live->board,
	    peer->digest) : -1);
}

void
peer_eoh(struct peer *peer, SMFICTX *ctx)
{
	int place;

	if (peer->msg != NULL) {
		get_macros(peer, ctx);
	}
	if (peer->msg != NULL) {
		judge_first(peer);
	}
	if (peer->msg != NULL) {
		place = enter_work(peer);
		peer->body_wanted = engine_msg_eoh(peer->msg);
		board_leave(peer->live->board, place);
	}
}

bool
peer_body(struct peer *peer, const char *data, size_t n)
{
	int place;

	if (peer->msg != NULL && peer->body_wanted) {
		place = enter_work(peer);
		peer->body_wanted = engine_msg_body(peer->msg, data, n);
		board_leave(peer->live->board, place);
	}
	return (peer->body_wanted);
}

enum engine_verdict
peer_eom(struct peer *peer, SMFICTX *ctx)
{
	enum engine_verdict verdict;
	int place;

	if (peer->msg != NULL) {
		get_macros(peer, ctx);
	}
	place = peer->msg != NULL ? enter_work(peer) : -1;
	verdict = finish_message(peer, ctx);
	board_leave(peer->live->board, place);
	peer_abort(peer);
	return (verdict);
}
