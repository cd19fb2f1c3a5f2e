/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "test/bench/chain.h"
#include "tools/player_wire.h"

#define MAX_PIECES	4	/* mail, rcpt, data, and all the rest */
#define MAX_INSERTED	16	/* fields in one message */

struct pieces {			/* a script, cut where the client's turn is */
	struct player_script	 v[MAX_PIECES];
	size_t			 n;
};

struct chain {
	const struct chain_opts	*opts;
	struct player		*players[CHAIN_MAX_MILTERS];
	struct pieces		 first[CHAIN_MAX_MESSAGES];

	/* of the message in play */
	struct arena		 arena;
	struct message		 message;
	size_t			 room;	/* for fields yet to be inserted */
	bool			 seen;	/* the expected field */
	enum status		 status; /* of the insertions */
};

/* As a line of its own has it. */
static struct str
with_leading_space(struct arena *arena, struct str value)
{
	if (value.n > 0 && char_is_wsp(value.p[0])) {
		return (value);
	}
	return (arena_printf(arena, " %.*s", STR_FMT(value)));
}

static enum status
insert(struct chain *chain, size_t at, struct str name, struct str value)
{
	struct field_list *fields = &chain->message.fields, one;
	enum status status;

	if (chain->room == 0) {
		return (STATUS_LIMIT);
	}
	value = with_leading_space(&chain->arena, value);
	if (value.p == NULL) {
		return (STATUS_NOMEM);
	}
	field_list_init(&one);
	status = field_list_add(&chain->arena, &one, name, value);
	if (status != STATUS_OK) {
		return (status);
	}
	at = at > fields->n ? fields->n : at;
	memmove(&fields->v[at + 1], &fields->v[at],
	    (fields->n - at) * sizeof(fields->v[0]));
	fields->v[at] = one.v[0];
	fields->n++;
	chain->room--;
	return (STATUS_OK);
}

static void
on_change(void *ctx, const struct player_change *change)
{
	struct chain *chain = ctx;
	const struct chain_opts *opts = chain->opts;

	if ((change->type != SMFIR_INSHEADER &&
	    change->type != SMFIR_ADDHEADER) || change->value.n == 0) {
		return;
	}
	if (opts->show) {
		fprintf(stderr, "%.*s: %.*s\n", STR_FMT(change->name),
		    STR_FMT(change->value));
	}
	if (opts->expect != NULL &&
	    str_eq_ci(change->name, str_from(opts->expect))) {
		chain->seen = true;
	}
	if (opts->sockets_n > 1 && chain->status == STATUS_OK) {
		chain->status = insert(chain,
		    change->type == SMFIR_INSHEADER ? change->index : SIZE_MAX,
		    change->name, change->value);
	}
}

static void
pieces_fini(struct pieces *pieces)
{
	size_t i;

	for (i = 0; i < pieces->n; i++) {
		player_script_fini(&pieces->v[i]);
	}
	pieces->n = 0;
}

/* Whether the client must have had its turn before this packet. */
static bool
is_after_turn(const struct wire_packet *packet, char *stage)
{
	char cmd = packet->cmd == SMFIC_MACRO && packet->data.n > 0 ?
	    packet->data.p[0] : packet->cmd;

	if (cmd == *stage || (cmd != SMFIC_RCPT && cmd != SMFIC_DATA &&
	    cmd != SMFIC_HEADER)) {
		return (false);
	}
	*stage = cmd;
	return (true);
}

static enum status
cut(struct pieces *pieces, const struct player_script *script)
{
	struct str rest = buf_str(&script->packets);
	struct wire_packet packet;
	struct buf *out = NULL;
	enum status status;
	char stage = '\0';

	while (rest.n > 0) {
		status = wire_get(rest, rest.n, &packet);
		if (status != STATUS_OK) {
			return (status);
		}
		if (out == NULL || (is_after_turn(&packet, &stage) &&
		    pieces->n < MAX_PIECES)) {
			player_script_init(&pieces->v[pieces->n]);
			out = &pieces->v[pieces->n++].packets;
		}
		buf_add(out, rest.p, packet.bytes);
		if (out->status != STATUS_OK) {
			return (out->status);
		}
		rest = str_from_offset(rest, packet.bytes);
	}
	return (STATUS_OK);
}

static enum status
make_first(struct chain *chain, size_t index)
{
	const struct chain_opts *opts = chain->opts;
	struct pieces *pieces = &chain->first[index];
	struct player_script *script, whole;
	enum status status;

	script = opts->rtt_ms == 0 ? &pieces->v[pieces->n++] : &whole;
	player_script_init(script);
	status = player_script_message(script, &opts->envelope,
	    &opts->messages[index], player_leadspc(chain->players[0]));
	if (script == &whole) {
		if (status == STATUS_OK) {
			status = cut(pieces, &whole);
		}
		player_script_fini(&whole);
	}
	return (status);
}

static enum status
play_session(struct chain *chain, struct player *player, struct diag *diag)
{
	struct player_script script;
	struct player_result result;
	enum status status;

	player_script_init(&script);
	status = player_script_session(&script, &chain->opts->envelope);
	if (status == STATUS_OK) {
		status = player_play(player, &script, &result, diag);
	}
	player_script_fini(&script);
	return (status);
}

enum status
chain_open(const struct chain_opts *opts, struct chain **r, struct diag *diag)
{
	struct chain *chain = calloc(1, sizeof(*chain));
	struct player_opts player_opts;
	enum status status = STATUS_OK;
	size_t i;

	*r = NULL;
	if (chain == NULL) {
		return (STATUS_NOMEM);
	}
	chain->opts = opts;
	arena_init(&chain->arena, SIZE_MAX);
	for (i = 0; i < opts->sockets_n && status == STATUS_OK; i++) {
		player_opts_init(&player_opts, opts->sockets[i]);
		player_opts.change = on_change;
		player_opts.ctx = chain;
		status = player_open(&player_opts, &chain->players[i], diag);
		if (status == STATUS_OK) {
			status = play_session(chain, chain->players[i], diag);
		}
	}
	for (i = 0; i < opts->messages_n && status == STATUS_OK; i++) {
		status = make_first(chain, i);
	}
	if (status != STATUS_OK) {
		chain_close(chain);
		return (status);
	}
	*r = chain;
	return (STATUS_OK);
}

static enum status
play_first(struct chain *chain, const struct pieces *pieces,
    struct player_result *result, struct diag *diag)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < pieces->n; i++) {
		if (i > 0) {
			(void)poll(NULL, 0, (int)chain->opts->rtt_ms);
		}
		status = player_play(chain->players[0], &pieces->v[i], result,
		    diag);
		if (status != STATUS_OK || result->stage != '\0') {
			break;
		}
	}
	return (status);
}

static enum status
play_next(struct chain *chain, struct player *player,
    struct player_result *result, struct diag *diag)
{
	struct player_script script;
	enum status status;

	player_script_init(&script);
	status = player_script_message(&script, &chain->opts->envelope,
	    &chain->message, player_leadspc(player));
	if (status == STATUS_OK) {
		status = player_play(player, &script, result, diag);
	}
	player_script_fini(&script);
	return (status);
}

/* Lets the fields of a message grow without those of the original. */
static enum status
copy_message(struct chain *chain, const struct message *message)
{
	struct field_list *fields = &chain->message.fields;
	size_t n = message->fields.n;

	arena_reset(&chain->arena);
	chain->message = *message;
	chain->room = MAX_INSERTED;
	fields->v = arena_alloc(&chain->arena,
	    (n + MAX_INSERTED) * sizeof(fields->v[0]));
	if (fields->v == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(fields->v, message->fields.v, n * sizeof(fields->v[0]));
	return (STATUS_OK);
}

enum status
chain_play(struct chain *chain, size_t index, bool *as_expected_r,
    struct diag *diag)
{
	const struct chain_opts *opts = chain->opts;
	struct player_result result = { .verdict = PLAYER_ACCEPT };
	enum status status = STATUS_OK;
	size_t i;

	*as_expected_r = true;
	chain->status = STATUS_OK;
	if (opts->sockets_n > 1) {
		status = copy_message(chain, &opts->messages[index]);
	}
	for (i = 0; i < opts->sockets_n && status == STATUS_OK &&
	    result.verdict == PLAYER_ACCEPT; i++) {
		chain->seen = false;
		if (i == 0) {
			status = play_first(chain, &chain->first[index],
			    &result, diag);
		} else {
			status = play_next(chain, chain->players[i], &result,
			    diag);
		}
		if (opts->expect != NULL && (!chain->seen ||
		    result.verdict != PLAYER_ACCEPT)) {
			*as_expected_r = false;
		}
	}
	return (status != STATUS_OK ? status : chain->status);
}

void
chain_close(struct chain *chain)
{
	size_t i;

	if (chain == NULL) {
		return;
	}
	for (i = 0; i < CHAIN_MAX_MILTERS; i++) {
		player_close(chain->players[i]);
	}
	for (i = 0; i < CHAIN_MAX_MESSAGES; i++) {
		pieces_fini(&chain->first[i]);
	}
	arena_fini(&chain->arena);
	free(chain);
}
