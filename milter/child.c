/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/child.h"
#include "milter/sandbox.h"
#include "milter/signals.h"

#define USEC_PER_S	1000000ULL
#define HOW_BYTES	128

const char *
child_name(const struct child *child)
{
	switch (child->which) {
	case BOARD_KEYS:
		return ("keys");
	case BOARD_MAIL:
	case BOARD_PROCESSES:
		break;
	}
	return ("mail");
}

static void
close_pair(const int fds[2])
{
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static bool
make_pairs(int control[2], int delivery[2], int report[2])
{
	if (!control_pair(control)) {
		return (false);
	}
	if (!control_pair(delivery)) {
		close_pair(control);
		return (false);
	}
	if (pipe2(report, O_CLOEXEC) == -1) {
		close_pair(control);
		close_pair(delivery);
		return (false);
	}
	return (true);
}

pid_t
child_fork(struct child *child, struct child_ends *r)
{
	int control[2], delivery[2], report[2];
	pid_t pid;

	if (!make_pairs(control, delivery, report)) {
		return (-1);
	}
	pid = fork();
	if (pid == 0) {
		signals_ignore();
		(void)close(control[0]);
		(void)close(delivery[0]);
		(void)close(report[0]);
		*r = (struct child_ends){ control[1], delivery[1], report[1] };
		child->pid = 0;
		return (0);
	}
	(void)close(control[1]);
	(void)close(delivery[1]);
	(void)close(report[1]);
	if (pid == -1) {
		(void)close(control[0]);
		(void)close(delivery[0]);
		(void)close(report[0]);
		return (-1);
	}
	child->pid = pid;
	child->control = control[0];
	child->delivery = delivery[0];
	child->report = report[0];
	child->ready = child->ended = child->killed = child->asked = false;
	child->loading = true;
	child->silent = 0;
	return (pid);
}

void
child_close(struct child *child)
{
	if (child->pid != 0) {
		(void)close(child->control);
		(void)close(child->delivery);
		(void)close(child->report);
		child->pid = 0;
	}
}

/* report: what the process wrote before; "" if nothing. */
static void
describe_death(int status, const char *report, char *text, size_t n)
{
	if (report[0] != '\0') {
		(void)snprintf(text, n, "was ended by the sandbox for a "
		    "forbidden system call (%s)", report);
	} else if (WIFSIGNALED(status)) {
		(void)snprintf(text, n, "was killed by signal %d (%s)%s",
		    WTERMSIG(status), strsignal(WTERMSIG(status)),
		    WCOREDUMP(status) ? ", core dumped" : "");
	} else {
		(void)snprintf(text, n, "ended with status %d",
		    WEXITSTATUS(status));
	}
}

/* When it may start again. */
static void
plan_start(struct child *child, uint64_t now_us)
{
	unsigned first = child->deaths % CHILD_DEATHS;
	bool often = child->deaths >= CHILD_DEATHS - 1 &&
	    child->died_us[(first + 1) % CHILD_DEATHS] + CHILD_WITHIN_US >
	    now_us;

	child->died_us[first] = now_us;
	child->deaths++;
	if (!often) {
		child->wait_us = 0;
	} else if (child->wait_us == 0) {
		child->wait_us = CHILD_WAIT_US;
	} else if (child->wait_us < CHILD_WAIT_MAX_US) {
		child->wait_us *= 2;
	}
	child->due_us = now_us + child->wait_us;
}

static void
log_death(const struct child *child, const struct env *env, pid_t pid,
    const char *how, bool stopping)
{
	if (stopping) {
		env_log(env, LOG_LEVEL_ERROR, "the %s process (%ld) %s",
		    child_name(child), (long)pid, how);
	} else if (child->wait_us == 0) {
		env_log(env, LOG_LEVEL_ERROR, "the %s process (%ld) %s: "
		    "another one is started", child_name(child), (long)pid,
		    how);
	} else {
		env_log(env, LOG_LEVEL_ERROR, "the %s process (%ld) %s, the "
		    "%dth time within a minute or more: the next one is "
		    "started in %u s", child_name(child), (long)pid, how,
		    CHILD_DEATHS, (unsigned)(child->wait_us / USEC_PER_S));
	}
}

bool
child_reap(struct child *child, const struct env *env, struct board *board,
    bool stopping, int *code_r)
{
	char report[SANDBOX_REPORT_BYTES];
	char how[HOW_BYTES + SANDBOX_REPORT_BYTES];
	pid_t pid = child->pid;
	int status = 0;

	if (pid == 0 || waitpid(pid, &status, WNOHANG) != pid) {
		return (false);
	}
	if (!sandbox_read_report(child->report, report)) {
		report[0] = '\0';
	}
	child_close(child);
	child->ready = false;
	*code_r = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (stopping && (WIFEXITED(status) || child->killed)) {
		return (true);
	}
	plan_start(child, env_mono_us(env));
	atomic_fetch_add(&board->deaths[child->which], 1);
	atomic_store(&board->waiting[child->which], child->wait_us > 0);
	describe_death(status, report, how, sizeof(how));
	log_death(child, env, pid, how, stopping);
	return (true);
}
