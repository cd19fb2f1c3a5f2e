/* SPDX-License-Identifier: BSD-2-Clause */
#include <libmilter/mfdef.h>

#include "tools/mailseal.h"
#include "tools/setup_play.h"

static const struct str rcpt = { "postmaster", 10 };
static const struct player_macro macros[] = {
	{ SMFIC_CONNECT, STR("j"), STR("localhost") },
	{ SMFIC_EOH, STR("i"), STR("setup") },
	{ SMFIC_BODYEOB, STR("i"), STR("setup") },
};
static const struct player_envelope envelope = {
	.client_ip = STR("127.0.0.1"), .client_name = STR("localhost"),
	.helo = STR("localhost"), .mail_from = STR(""), .rcpts = &rcpt,
	.rcpts_n = 1, .macros = macros,
	.macros_n = sizeof(macros) / sizeof(macros[0])
};

/* Changes come through this, as the edit begins after the negotiation. */
static void
on_change(void *ctx, const struct player_change *change)
{
	struct edit **edit = ctx;

	edit_change(*edit, change);
}

static enum status
play_edited(const struct player_opts *given, struct arena *arena,
    const struct message *message, struct buf *edited,
    struct player_result *r, struct diag *diag)
{
	struct player_opts opts = *given;
	struct player *player = NULL;
	struct edit edit, *current = &edit;
	enum status status;

	opts.change = on_change;
	opts.ctx = &current;
	status = player_open(&opts, &player, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = edit_init(&edit, arena, message, player_leadspc(player));
	if (status == STATUS_OK) {
		status = player_play_mail(player, &envelope, message, r, diag);
	}
	player_close(player);
	if (status == STATUS_OK) {
		status = edit.status;
	}
	if (status == STATUS_OK && edited != NULL) {
		edit_write(&edit, edited);
		status = edited->status;
	}
	edit_fini(&edit);
	return (status);
}

enum status
setup_play(const struct player_opts *opts, struct str text,
    struct buf *edited, struct player_result *r, struct diag *diag)
{
	struct message message;
	struct arena arena;
	enum status status;

	arena_init(&arena, TOOL_ARENA_BYTES);
	status = message_parse(&arena, text, &message);
	if (status == STATUS_OK) {
		status = play_edited(opts, &arena, &message, edited, r, diag);
	}
	arena_fini(&arena);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
	}
	return (status);
}
