/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: the life of the process. It starts (configuration and keys are read
 * as root, then privileges go, then the socket opens, then threads), serves,
 * reloads at SIGHUP, tells its counters at SIGUSR1, and at SIGTERM lets the
 * messages in flight finish.
 */
#ifndef MILTER_DAEMON_H
#define MILTER_DAEMON_H

#include <stdbool.h>

#define DAEMON_DRAIN_SECONDS	30	/* for messages in flight */
/* How long nothing was in flight before the process ends: the last answer is
   written by libmilter behind the callback, and nothing says when it is out. */
#define DAEMON_ANSWER_US	500000

enum daemon_exit {
	DAEMON_OK = 0,
	DAEMON_NO = 1,		/* the configuration is no good, or no start */
	DAEMON_USAGE = 2	/* a file that cannot be read, wrong usage */
};

struct daemon_opts {
	const char	*conf_path;	/* -c */
	const char	*socket;	/* -p; NULL: as configured */
	bool		 foreground;	/* -f */
	bool		 test_mode;	/* -t */
};

enum daemon_exit	daemon_run(const struct daemon_opts *);
/* -n: all that a start would read is read and checked. */
enum daemon_exit	daemon_check(const struct daemon_opts *);

#endif
