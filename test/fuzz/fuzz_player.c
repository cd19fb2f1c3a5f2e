/* SPDX-License-Identifier: BSD-2-Clause */
/* A hostile milter: the input is all that it sends. */
#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "test/fuzz/fuzz.h"
#include "tools/edit.h"
#include "tools/player.h"

#define MESSAGE	"A: 1\r\nB: 2\r\na: 3\r\n\r\nbody\r\n"

/* As mailseal try: plays a session with a message and edits the message. */
static void
play_session(const struct player_opts *opts, int fd, struct edit *edit,
    struct arena *arena, const struct message *message)
{
	static const struct str rcpts[] = { STR("b@example.net") };
	const struct player_envelope envelope = { .helo = STR("client"),
		.mail_from = STR("a@example.com"), .rcpts = rcpts,
		.rcpts_n = 1 };
	struct player_script session, mail;
	struct player_result r;
	struct player *player;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = player_open_fd(opts, fd, &player, &diag);
	FUZZ_CHECK((status == STATUS_OK) == (player != NULL));
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	if (status != STATUS_OK) {
		return;
	}
	player_script_init(&session);
	player_script_init(&mail);
	FUZZ_CHECK(edit_init(edit, arena, message, player_leadspc(player)) ==
	    STATUS_OK);
	FUZZ_CHECK(player_script_session(&session, &envelope) == STATUS_OK);
	FUZZ_CHECK(player_script_message(&mail, &envelope, message,
	    player_leadspc(player)) == STATUS_OK);
	status = player_play(player, &session, &r, &diag);
	if (status == STATUS_OK && r.stage == '\0') {
		status = player_play(player, &mail, &r, &diag);
		FUZZ_CHECK(status != STATUS_OK || r.stage != '\0');
	}
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	FUZZ_CHECK(r.changes <= PLAYER_MAX_CHANGES);
	player_close(player);
	player_script_fini(&session);
	player_script_fini(&mail);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct player_opts opts;
	struct message message;
	struct arena arena;
	struct edit edit = { .arena = NULL };
	struct buf out;
	int fd[2];

	if (n > 65536) {
		return (0);	/* what the socket accepts at once */
	}
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	FUZZ_CHECK(write(fd[1], data, n) == (ssize_t)n);
	FUZZ_CHECK(shutdown(fd[1], SHUT_WR) == 0);
	arena_init(&arena, 64 * 1024 * 1024);
	buf_init(&out, 64 * 1024 * 1024);
	FUZZ_CHECK(message_parse(&arena, STR(MESSAGE), &message) ==
	    STATUS_OK);
	player_opts_init(&opts, NULL);
	opts.change = edit_change;
	opts.ctx = &edit;
	play_session(&opts, fd[0], &edit, &arena, &message);
	if (edit.arena != NULL) {
		edit_write(&edit, &out);
		FUZZ_CHECK(out.status == STATUS_OK);
		edit_fini(&edit);
	}
	(void)close(fd[1]);
	buf_fini(&out);
	arena_fini(&arena);
	return (0);
}
