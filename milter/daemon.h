/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: the life of the process. At the start the configuration and the keys
 * are read as root, then privileges are dropped, the socket is opened and
 * threads are started. Then it serves: SIGHUP reloads, SIGUSR1 logs the
 * counters. At SIGTERM it waits for the messages in flight and ends.
 *
 * Waiting is measured on the monotonic clock. SIGTERM is obeyed although the
 * log or a resolver hangs: the wait for messages, for the log and for the
 * clean-up each have a limit, 30 + 1 + 5 seconds at most. A reload in progress
 * ends first, and may wait for the timeouts of a database.
 */
#ifndef MILTER_DAEMON_H
#define MILTER_DAEMON_H

#include <stdbool.h>

#define DAEMON_DRAIN_SECONDS	30	/* for messages in flight */
/* The process ends when no message was in flight for that long: libmilter
   writes the last answer after our callback, and does not report when. */
#define DAEMON_ANSWER_US	500000
#define DAEMON_STORE_MS		4000	/* for ReportStore */
#define DAEMON_CLEANUP_SECONDS	5	/* then _exit() */

enum daemon_exit {
	DAEMON_OK = 0,
	DAEMON_NO = 1,		/* invalid configuration, or the start failed */
	DAEMON_USAGE = 2	/* an unreadable file, or wrong usage */
};

struct daemon_opts {
	const char	*conf_path;	/* -c */
	const char	*socket;	/* -p; NULL: as configured */
	bool		 foreground;	/* -f */
	bool		 test_mode;	/* -t */
	bool		 no_dns;	/* --no-dns, with -n */
};

enum daemon_exit	daemon_run(const struct daemon_opts *);
/* -n: reads and checks all that a start would read. */
enum daemon_exit	daemon_check(const struct daemon_opts *);

#endif
