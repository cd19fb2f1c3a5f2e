/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mail process can do to the page that it only reads. */
#include "config.h"

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
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
	return (tap_done());
}
