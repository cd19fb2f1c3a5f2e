/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "milter/signals.h"

static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	SIGCHLD };
#define NUMBERS	(sizeof(numbers) / sizeof(numbers[0]))

/* Of each number: received and not yet taken. */
static volatile sig_atomic_t received[NUMBERS];

static void
note_signal(int number)
{
	size_t i;

	for (i = 0; i < NUMBERS; i++) {
		if (numbers[i] == number) {
			received[i] = 1;
		}
	}
}

static void
signals_set(sigset_t *set_r)
{
	size_t i;

	sigemptyset(set_r);
	for (i = 0; i < NUMBERS; i++) {
		sigaddset(set_r, numbers[i]);
	}
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

static void
handle_all(void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < NUMBERS; i++) {
		(void)sigaction(numbers[i], &action, NULL);
	}
}

void
signals_block(void)
{
	sigset_t set;

	signals_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	handle_all(note_signal);
	/* A connection that was closed is an error of write(2). */
	signal(SIGPIPE, SIG_IGN);
}

void
signals_unblock(void)
{
	sigset_t set;

	handle_all(SIG_DFL);
	signals_set(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
}

void
signals_ignore(void)
{
	sigset_t set;

	handle_all(SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool
take_signal(int number)
{
	size_t i;

	for (i = 0; i < NUMBERS; i++) {
		if (numbers[i] == number && received[i] != 0) {
			received[i] = 0;
			return (true);
		}
	}
	return (false);
}

bool
signals_take_stop(void)
{
	return (take_signal(SIGTERM) || take_signal(SIGINT));
}

enum signals_event
signals_take(void)
{
	/* To stop first: a SIGHUP may come again and again. */
	if (signals_take_stop()) {
		return (SIGNALS_STOP);
	}
	if (take_signal(SIGCHLD)) {
		return (SIGNALS_CHILD);
	}
	if (take_signal(SIGHUP)) {
		return (SIGNALS_RELOAD);
	}
	if (take_signal(SIGUSR2)) {
		return (SIGNALS_KEYS);
	}
	return (take_signal(SIGUSR1) ? SIGNALS_COUNTERS : SIGNALS_NONE);
}

void
signals_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	struct timespec ts = { timeout_ms / 1000,
		(long)(timeout_ms % 1000) * 1000000 };
	sigset_t none, blocked;
	size_t i;

	sigemptyset(&none);
	if (ppoll(fds, (nfds_t)n, &ts, &none) <= 0) {
		for (i = 0; i < n; i++) {
			fds[i].revents = 0;
		}
	}
	/* ppoll(2) delivers none if a descriptor was ready. */
	pthread_sigmask(SIG_SETMASK, &none, &blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
}
