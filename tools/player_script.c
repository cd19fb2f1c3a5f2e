/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts: what an MTA says to a milter, as the packets on the wire. */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "base/ip.h"
#include "tools/player.h"
#include "tools/player_wire.h"

void
player_script_init(struct player_script *script)
{
	buf_init(&script->packets, PLAYER_SCRIPT_MAX_BYTES);
}

void
player_script_fini(struct player_script *script)
{
	buf_fini(&script->packets);
}

/* The macros of a stage, and one more unless the caller has it already. */
static void
put_macros(struct buf *out, const struct player_envelope *env, char stage,
    struct str more_name, struct str more_value)
{
	size_t begun = wire_begin(out, SMFIC_MACRO), empty, i;

	buf_add_char(out, stage);
	empty = out->n;
	for (i = 0; i < env->macros_n; i++) {
		if (env->macros[i].stage != stage) {
			continue;
		}
		if (str_eq(env->macros[i].name, more_name)) {
			more_name = STR_NONE;
		}
		wire_put_cstr(out, env->macros[i].name);
		wire_put_cstr(out, env->macros[i].value);
	}
	if (more_name.n > 0) {
		wire_put_cstr(out, more_name);
		wire_put_cstr(out, more_value);
	}
	if (out->n == empty && out->status == STATUS_OK) {
		out->n = begun;
		return;
	}
	wire_end(out, begun);
}

/* Family, port and address of the client. */
static enum status
put_client(struct buf *out, struct str ip)
{
	struct ip_addr addr;

	if (ip.p == NULL) {
		buf_add_char(out, SMFIA_UNKNOWN);
		return (STATUS_OK);
	}
	if (!ip_parse(ip, &addr)) {
		return (STATUS_SYNTAX);
	}
	/* The text goes out unchanged, an IPv4-mapped address as IPv6. */
	buf_add_char(out, str_find(ip, ':') < ip.n ? SMFIA_INET6 :
	    SMFIA_INET);
	buf_add(out, "\0\0", 2);	/* the client's port: not known */
	wire_put_cstr(out, ip);
	return (STATUS_OK);
}

enum status
player_script_session(struct player_script *script,
    const struct player_envelope *env)
{
	struct buf *out = &script->packets;
	enum status status;
	size_t begun;

	put_macros(out, env, SMFIC_CONNECT, STR_NONE, STR_NONE);
	begun = wire_begin(out, SMFIC_CONNECT);
	wire_put_cstr(out, env->client_name.p != NULL ? env->client_name :
	    STR("unknown"));
	status = put_client(out, env->client_ip);
	if (status != STATUS_OK) {
		return (status);
	}
	wire_end(out, begun);
	if (env->helo.p != NULL) {
		put_macros(out, env, SMFIC_HELO, STR_NONE, STR_NONE);
		begun = wire_begin(out, SMFIC_HELO);
		wire_put_cstr(out, env->helo);
		wire_end(out, begun);
	}
	return (out->status);
}

static void
put_path(struct buf *out, char cmd, struct str address)
{
	size_t begun = wire_begin(out, cmd);

	buf_add_char(out, '<');
	buf_add_str(out, str_first(address, str_find(address, '\0')));
	wire_put_cstr(out, STR(">"));
	wire_end(out, begun);
}

/* CRLF becomes LF; a NUL ends the text, as in an MTA written in C. */
static void
put_value(struct buf *out, struct str value)
{
	size_t from = 0, i;

	value = str_first(value, str_find(value, '\0'));
	for (i = 0; i + 1 < value.n; i++) {
		if (value.p[i] == '\r' && value.p[i + 1] == '\n') {
			buf_add(out, value.p + from, i - from);
			from = i + 1;
		}
	}
	buf_add_str(out, str_from_offset(value, from));
	buf_add_char(out, '\0');
}

static void
put_field(struct buf *out, const struct field *field, bool leadspc)
{
	struct str value = field->value;
	size_t begun = wire_begin(out, SMFIC_HEADER);

	if (!leadspc && value.n > 0 && char_is_wsp(value.p[0])) {
		value = str_from_offset(value, 1);
	}
	wire_put_cstr(out, field->name);
	put_value(out, value);
	wire_end(out, begun);
}

static void
put_body(struct buf *out, struct str body)
{
	size_t begun;

	for (; body.n > 0; body = str_from_offset(body, MILTER_CHUNK_SIZE)) {
		begun = wire_begin(out, SMFIC_BODY);
		buf_add_str(out, str_first(body, MILTER_CHUNK_SIZE));
		wire_end(out, begun);
	}
}

enum status
player_script_message(struct player_script *script,
    const struct player_envelope *env, const struct message *message,
    bool leadspc)
{
	struct buf *out = &script->packets;
	size_t i;

	put_macros(out, env, SMFIC_MAIL, STR("{mail_addr}"), env->mail_from);
	put_path(out, SMFIC_MAIL, env->mail_from);
	for (i = 0; i < env->rcpts_n; i++) {
		put_macros(out, env, SMFIC_RCPT, STR("{rcpt_addr}"),
		    env->rcpts[i]);
		put_path(out, SMFIC_RCPT, env->rcpts[i]);
	}
	put_macros(out, env, SMFIC_DATA, STR_NONE, STR_NONE);
	wire_put_empty(out, SMFIC_DATA);
	for (i = 0; i < message->fields.n; i++) {
		put_field(out, &message->fields.v[i], leadspc);
	}
	put_macros(out, env, SMFIC_EOH, STR_NONE, STR_NONE);
	wire_put_empty(out, SMFIC_EOH);
	put_body(out, message->body);
	put_macros(out, env, SMFIC_BODYEOB, STR_NONE, STR_NONE);
	wire_put_empty(out, SMFIC_BODYEOB);
	return (out->status);
}
