/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "milter/signals.h"

static void
signals_set(sigset_t *set_r)
{
	sigemptyset(set_r);
	sigaddset(set_r, SIGTERM);
	sigaddset(set_r, SIGINT);
	sigaddset(set_r, SIGHUP);
	sigaddset(set_r, SIGUSR1);
	sigaddset(set_r, SIGUSR2);
}

/* Called by libmilter's signal thread only; see signals.h. */
int
sigwait(const sigset_t *restrict set, int *restrict sig)
{
	(void)set;
	(void)sig;
	for (;;) {
		pause();
	}
}

void
signals_block(void)
{
	sigset_t set;

	signals_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A connection that was closed is an error of write(2). */
	signal(SIGPIPE, SIG_IGN);
}

void
signals_unblock(void)
{
	sigset_t set;

	signals_set(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* Whether a signal to stop is pending; it is taken. The system would deliver
   a SIGHUP first, however many come. */
static bool
take_stop(void)
{
	const struct timespec none = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return (sigtimedwait(&set, NULL, &none) > 0);
}

enum signals_event
signals_wait(int timeout_ms)
{
	struct timespec ts = { timeout_ms / 1000,
		(long)(timeout_ms % 1000) * 1000000 };
	sigset_t set;
	int sig;

	if (take_stop()) {
		return (SIGNALS_STOP);
	}
	signals_set(&set);
	do {
		sig = timeout_ms < 0 ? sigwaitinfo(&set, NULL)
				     : sigtimedwait(&set, NULL, &ts);
	} while (sig == -1 && errno == EINTR);
	switch (sig) {
	case SIGTERM:
	case SIGINT:
		return (SIGNALS_STOP);
	case SIGHUP:
		return (SIGNALS_RELOAD);
	case SIGUSR1:
		return (SIGNALS_COUNTERS);
	case SIGUSR2:
		return (SIGNALS_KEYS);
	default:
		return (SIGNALS_NONE);
	}
}

void
signals_raise_stop(void)
{
	kill(getpid(), SIGTERM);
}

void
signals_raise_keys(void)
{
	kill(getpid(), SIGUSR2);
}
