/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals: the daemon's signals are blocked in every thread; one thread waits
 * for them here.
 *
 * libmilter has a thread that waits for SIGHUP, SIGTERM and SIGINT and stops
 * the library at each of them. This cannot be disabled, and POSIX does not
 * define which of two waiting threads gets a signal. So this module defines
 * sigwait(), which nothing else in this program calls: libmilter's thread calls
 * it and never returns.
 */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

#include <stdbool.h>

enum signals_event {
	SIGNALS_NONE,		/* timeout */
	SIGNALS_STOP,		/* SIGTERM, SIGINT */
	SIGNALS_RELOAD,		/* SIGHUP */
	SIGNALS_COUNTERS,	/* SIGUSR1 */
	SIGNALS_KEYS		/* SIGUSR2; also sent by watch.c */
};

/* Before the first thread is made: threads inherit the mask. */
void	 signals_block(void);
/* For the caller's process, which only waits. */
void	 signals_unblock(void);
/* timeout_ms < 0: no timeout. */
enum signals_event	 signals_wait(int timeout_ms);
/* Wakes signals_wait with SIGNALS_KEYS or SIGNALS_STOP, from any thread. */
void	 signals_raise_keys(void);
void	 signals_raise_stop(void);

#endif
