/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background: the fork, before any thread is made. The caller's process waits
 * until the daemon serves or has failed, so that its exit status and standard
 * error tell the truth.
 */
#ifndef MILTER_BACKGROUND_H
#define MILTER_BACKGROUND_H

#include <stdbool.h>

struct background {
	int	fd;	/* to the caller; -1: we are the caller's process */
};

void	background_none(struct background *);
/* Returns in the child. The parent exits: 0 after background_ready, else 1. */
void	background_enter(struct background *);
/* Up and running; lets go of the terminal. */
void	background_ready(struct background *, bool keep_stderr);

#endif
