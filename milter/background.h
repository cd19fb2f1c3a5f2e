/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background: the fork, before any thread is started. The caller's process
 * waits until the daemon serves or has failed, so that its exit status and
 * standard error are right.
 */
#ifndef MILTER_BACKGROUND_H
#define MILTER_BACKGROUND_H

#include <stdbool.h>

struct background {
	int	fd;	/* to the caller; -1: this is the caller's process */
};

/* Opens /dev/null for those of the descriptors 0 to 2 that are closed, so that
   no file or socket takes the place of standard error. */
void	background_open_standard(void);

void	background_none(struct background *);
/* Returns in the child. The parent exits: with 0 after background_ready, else
   with 1. */
void	background_enter(struct background *);
/* Detaches this process from the terminal. */
void	background_detach(bool keep_stderr);
/* The daemon serves: ends the caller and detaches from the terminal. */
void	background_ready(struct background *, bool keep_stderr);

#endif
