/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/player_conn.h"

#define TIMEOUT_MS	30000
#define ACTIONS		(SMFIF_ADDHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT | \
	SMFIF_DELRCPT | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_CHGFROM | \
	SMFIF_ADDRCPT_PAR | SMFIF_SETSYMLIST)

void
player_opts_init(struct player_opts *opts, const char *socket)
{
	*opts = (struct player_opts){ .socket = socket,
		.timeout_ms = TIMEOUT_MS, .actions = ACTIONS,
		.steps = SMFI_CURR_PROT };
}

static enum status
negotiate_steps(struct player *player, const struct player_opts *opts,
    struct diag *diag)
{
	struct wire_negotiation got;
	struct wire_packet packet;
	struct iovec v;
	struct buf out;
	enum status status;
	size_t begun;

	buf_init(&out, 64);
	begun = wire_begin(&out, SMFIC_OPTNEG);
	wire_put_u32(&out, SMFI_PROT_VERSION);
	wire_put_u32(&out, opts->actions);
	wire_put_u32(&out, opts->steps);
	wire_end(&out, begun);
	status = out.status;
	if (status == STATUS_OK) {
		v = (struct iovec){ .iov_base = out.p, .iov_len = out.n };
		status = player_io_write(&player->io, &v, 1, diag);
	}
	if (status == STATUS_OK) {
		status = player_io_read(&player->io, &packet, diag);
	}
	buf_fini(&out);
	if (status != STATUS_OK) {
		return (status);
	}
	if (packet.cmd != SMFIC_OPTNEG ||
	    wire_get_negotiation(packet.data, &got) != STATUS_OK) {
		diag_set(diag, NULL, 0, "no milter: it does not negotiate");
		return (STATUS_SYNTAX);
	}
	if (got.version < 2 || got.version > SMFI_PROT_VERSION ||
	    (got.actions & ~opts->actions) != 0 ||
	    (got.steps & ~opts->steps) != 0) {
		diag_set(diag, NULL, 0, "the milter asked for what was not "
		    "offered: version %u, actions 0x%x, steps 0x%x",
		    got.version, got.actions, got.steps);
		return (STATUS_SYNTAX);
	}
	player->actions = got.actions;
	player->steps = got.steps;
	return (STATUS_OK);
}

enum status
player_open_fd(const struct player_opts *opts, int fd, struct player **r,
    struct diag *diag)
{
	struct player *player;
	enum status status;

	*r = NULL;
	player = calloc(1, sizeof(*player));
	if (player == NULL) {
		(void)close(fd);
		return (STATUS_NOMEM);
	}
	player->change = opts->change;
	player->ctx = opts->ctx;
	status = player_io_init(&player->io, fd, opts->timeout_ms, diag);
	if (status == STATUS_OK) {
		status = negotiate_steps(player, opts, diag);
	}
	if (status != STATUS_OK) {
		player->broken = true;
		player_close(player);
		return (status);
	}
	*r = player;
	return (STATUS_OK);
}

enum status
player_open(const struct player_opts *opts, struct player **r,
    struct diag *diag)
{
	enum status status;
	int fd;

	*r = NULL;
	status = player_io_connect(opts->socket, opts->timeout_ms, &fd, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	return (player_open_fd(opts, fd, r, diag));
}

bool
player_leadspc(const struct player *player)
{
	return ((player->steps & SMFIP_HDR_LEADSPC) != 0);
}

enum status
player_send(struct player *player, struct iovec *v, size_t n, struct diag *diag)
{
	enum status status = player_io_write(&player->io, v, n, diag);

	if (status != STATUS_OK) {
		player->broken = true;
	}
	return (status);
}

static enum status
send_command(struct player *player, char cmd, struct diag *diag)
{
	char packet[WIRE_HEAD_BYTES] = { 0, 0, 0, 1, cmd };
	struct iovec v = { .iov_base = packet, .iov_len = sizeof(packet) };

	return (player_send(player, &v, 1, diag));
}

enum status
player_abort(struct player *player, struct diag *diag)
{
	return (send_command(player, SMFIC_ABORT, diag));
}

void
player_close(struct player *player)
{
	struct diag unused;

	if (player == NULL) {
		return;
	}
	diag_init(&unused);
	if (!player->broken &&
	    send_command(player, SMFIC_QUIT, &unused) != STATUS_OK) {
		player->broken = true;
	}
	player_io_fini(&player->io);
	free(player);
}
