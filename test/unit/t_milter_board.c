/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mail process can do to the page that it only reads, and which
   messages are deferred after it died. */
#include "config.h"

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "milter/board.h"
#include "test/unit/tap.h"

/* 0: it reads what the keys process counts, and cannot write it. */
static int
try_as_mail(struct board_keys *keys)
{
	board_keys_protect(keys);
	if (mprotect(keys, sizeof(*keys), PROT_READ | PROT_WRITE) != -1 ||
	    errno != EACCES) {
		return (1);
	}
	return (atomic_load(&keys->made.made_n) == 7 ? 0 : 2);
}

static uint64_t
digest_of(const struct board *board, const char *text)
{
	return (board_digest(board, text, strlen(text)));
}

static void
test_deaths(struct board_keys *keys)
{
	struct board *board = board_new();
	struct board_deaths deaths = { .seen_n = 0 };
	uint64_t copied, other, ended;

	if (!tap_ok(board != NULL, "a board")) {
		return;
	}
	copied = digest_of(board, "copied");
	other = digest_of(board, "other");
	ended = digest_of(board, "ended");
	(void)board_enter(board, copied);
	(void)board_enter(board, copied);
	(void)board_enter(board, copied);
	board_leave(board, board_enter(board, ended));
	tap_num(board_blame(board, keys, &deaths), 0,
	    "copies of a message at one death: not blamed");
	tap_ok(!board_is_suspect(keys, copied), "nor deferred");
	(void)board_enter(board, other);
	board_leave(board, board_enter(board, ended));
	tap_num(board_blame(board, keys, &deaths), 0, "another at the next");
	(void)board_enter(board, copied);
	(void)board_enter(board, copied);
	tap_num(board_blame(board, keys, &deaths), 1,
	    "at a second death: one message is blamed");
	tap_ok(board_is_suspect(keys, copied), "and deferred");
	tap_ok(!board_is_suspect(keys, other) &&
	    !board_is_suspect(keys, ended), "the others are not");
	(void)board_enter(board, copied);
	tap_num(board_blame(board, keys, &deaths), 0,
	    "one that is deferred is not blamed again");
}

/* However many messages: the newest are known. */
static void
test_many(struct board_keys *keys)
{
	struct board *board = board_new();
	struct board_deaths deaths = { .seen_n = 0 };
	unsigned i, death;

	if (!tap_ok(board != NULL, "a board")) {
		return;
	}
	for (death = 0; death < 2; death++) {
		for (i = 0; i < BOARD_MESSAGES; i++) {
			(void)board_enter(board, 2 * i + 1);
		}
		tap_num(board_enter(board, 1), -1,
		    "more messages than are noted");
		tap_num(board_blame(board, keys, &deaths),
		    death == 0 ? 0 : BOARD_MESSAGES, "blamed");
	}
	for (i = 0; i < BOARD_SUSPECTS; i++) {
		if (!board_is_suspect(keys, 2 * (BOARD_MESSAGES - 1 - i) +
		    1)) {
			break;
		}
	}
	tap_num(i, BOARD_SUSPECTS, "the newest are deferred");
	tap_ok(!board_is_suspect(keys, 1), "the oldest is forgotten");
}

int
main(void)
{
	struct board_keys *keys = board_keys_new();
	int status = -1;
	pid_t child;

	tap_ok(keys != NULL, "a page");
	atomic_store(&keys->made.made_n, 7);
	child = fork();
	if (child == 0) {
		_exit(try_as_mail(keys));
	}
	(void)waitpid(child, &status, 0);
	tap_num(status, 0, "mail reads it, and cannot make it writable");
	atomic_store(&keys->made.made_n, 8);
	tap_num((long long)atomic_load(&keys->made.made_n), 8,
	    "the others write it still");
	test_deaths(keys);
	test_many(keys);
	return (tap_done());
}
