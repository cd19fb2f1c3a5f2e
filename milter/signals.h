/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals: the daemon's signals are the parent's. They are blocked in every
 * process and thread; the parent takes them while it waits in signals_poll().
 * The others ignore them: a service manager, or a terminal, sends a signal to
 * all processes at once, and the parent then tells the others what to do.
 *
 * libmilter has a thread that waits for SIGHUP, SIGTERM and SIGINT and stops
 * the library at each of them. This cannot be disabled. So this module defines
 * sigwait(), which nothing else in this program calls: libmilter's thread calls
 * it and never returns.
 */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

struct pollfd;

enum signals_event {
	SIGNALS_NONE,
	SIGNALS_STOP,		/* SIGTERM, SIGINT */
	SIGNALS_CHILD,		/* SIGCHLD */
	SIGNALS_RELOAD,		/* SIGHUP */
	SIGNALS_KEYS,		/* SIGUSR2 */
	SIGNALS_COUNTERS	/* SIGUSR1 */
};

/* First of all: what comes now is taken later. */
void	 signals_block(void);
/* For the caller's process, which only waits. */
void	 signals_unblock(void);
/* For a child of the parent. */
void	 signals_ignore(void);
/* poll(2), which a signal ends. timeout_ms >= 0. */
void	 signals_poll(struct pollfd *, size_t n, int timeout_ms);
/* The next one that came, and was not taken yet. */
enum signals_event	 signals_take(void);
/* Only whether to stop: the others stay, to be taken later. */
bool	 signals_take_stop(void);

#endif
