/* SPDX-License-Identifier: BSD-2-Clause */
/* exec: runs programs of this host, without a shell and with a time limit. */
#ifndef TOOLS_EXEC_H
#define TOOLS_EXEC_H

#include "base/arena.h"
#include "base/str.h"

/*
 * Runs a program, argv[0] from PATH, and kills it when its time is over. The
 * exit status; -1: it could not be started, was killed, or printed more than
 * 1 MiB. out and err (either may be NULL) get what it printed, in the arena.
 */
int	 exec_program(struct arena *, char *const argv[], unsigned timeout_s,
	    struct str *out, struct str *err);

#endif
