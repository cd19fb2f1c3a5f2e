/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals: all signals that mean something to the daemon are blocked in every
 * thread and taken by one thread, which asks for them here.
 *
 * libmilter has a thread of its own that waits for SIGHUP, SIGTERM and SIGINT
 * and stops the library at each of them. It cannot be told not to, and which
 * of two waiting threads a signal goes to is not defined (POSIX sigwait). So
 * this module defines sigwait(), which nothing else in this program calls: the
 * library's thread ends up in ours and stays there.
 */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

#include <stdbool.h>

enum signals_event {
	SIGNALS_NONE,		/* the time is up */
	SIGNALS_STOP,		/* SIGTERM, SIGINT */
	SIGNALS_RELOAD,		/* SIGHUP */
	SIGNALS_COUNTERS,	/* SIGUSR1 */
	SIGNALS_KEYS		/* SIGUSR2, which we send ourselves, too */
};

/* Before the first thread is made: threads inherit the mask. */
void	 signals_block(void);
/* For a process that stays behind and serves nobody. */
void	 signals_unblock(void);
/* timeout_ms < 0: as long as it takes. */
enum signals_event	 signals_wait(int timeout_ms);
/* Wakes signals_wait with SIGNALS_KEYS or SIGNALS_STOP, from any thread. */
void	 signals_raise_keys(void);
void	 signals_raise_stop(void);

#endif
