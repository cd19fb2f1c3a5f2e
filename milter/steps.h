/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps: the protocol steps of a connection, for the next connection state on
 * it. After QUIT_NC (quit, new connection follows) libmilter calls xxfi_close
 * and xxfi_connect, but not xxfi_negotiate: what was negotiated still holds and
 * cannot be asked for. At xxfi_close libmilter does not tell QUIT_NC from QUIT,
 * so the steps of every connection are remembered, by its context's address, in
 * a table of fixed size. A lost entry only defers messages. Shared by all
 * threads.
 */
#ifndef MILTER_STEPS_H
#define MILTER_STEPS_H

#include <stdbool.h>

#define STEPS_MAX	1024	/* connections remembered */

void	 steps_remember(const void *ctx, unsigned long steps);
/* False: unknown. */
bool	 steps_recall(const void *ctx, unsigned long *steps_r);

#endif
