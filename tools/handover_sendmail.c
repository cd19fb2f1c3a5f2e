/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover_sendmail: by sendmail(8), which every MTA has. Without a shell; the
 * recipient follows "--", so that no address is an option.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "tools/handover.h"

#define LOOK_NS		5000000		/* how often for the end */
#define ARGUMENTS	8

extern char **environ;

/* The write end does not block. */
static bool
open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) == -1) {
		return (false);
	}
	if (fcntl(fds[1], F_SETFL, O_NONBLOCK) == -1) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return (false);
	}
	return (true);
}

/* An errno, or 0. SIGPIPE ends the program as it would by itself. */
static int
spawn_program(const char *program, const struct handover_mail *mail, int in,
    pid_t *r)
{
	const char *const words[ARGUMENTS] = { program, "-i", "-f",
		mail->sender, "--", mail->recipient, NULL };
	union { const char *const *words; char *const *argv; } u = { words };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int error;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGPIPE);
	error = posix_spawn_file_actions_init(&actions);
	if (error != 0) {
		return (error);
	}
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		(void)posix_spawnattr_setsigdefault(&attributes, &signals);
		(void)posix_spawnattr_setflags(&attributes,
		    POSIX_SPAWN_SETSIGDEF);
		error = posix_spawn_file_actions_adddup2(&actions, in,
		    STDIN_FILENO);
		/* Our own output may be JSON. */
		error = error != 0 ? error : posix_spawn_file_actions_adddup2(
		    &actions, STDERR_FILENO, STDOUT_FILENO);
		error = error != 0 ? error : posix_spawn(r, program, &actions,
		    &attributes, u.argv, environ);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return (error);
}

/* False: the program reads no more, or not in time. */
static bool
feed_program(const struct handover *h, int fd, struct str text,
    uint64_t deadline)
{
	ssize_t n;

	while (text.n > 0) {
		n = write(fd, text.p, text.n);
		if (n == -1 && errno == EAGAIN) {
			if (!handover_wait(h, fd, POLLOUT, deadline)) {
				return (false);
			}
		} else if (n == -1 && errno != EINTR) {
			return (false);
		}
		text = str_from_offset(text, n > 0 ? (size_t)n : 0);
	}
	return (true);
}

/* Its status as of waitpid(2); -1: it did not end, and was killed. */
static int
reap_program(const struct handover *h, pid_t pid, uint64_t deadline)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	int status = -1;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (env_mono_us(h->env) >= deadline) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return (-1);
		}
		(void)nanosleep(&pause, NULL);
	}
	return (status);
}

static enum handover_result
judge_exit(const char *program, int status, bool fed, struct diag *diag)
{
	if (status == -1) {
		diag_set(diag, program, 0, "it did not end in time");
	} else if (!WIFEXITED(status)) {
		diag_set(diag, program, 0, "ended by signal %d",
		    WTERMSIG(status));
	} else if (WEXITSTATUS(status) == EX_OK && fed) {
		return (HANDOVER_DONE);
	} else {
		diag_set(diag, program, 0, "exit status %d",
		    WEXITSTATUS(status));
	}
	return (status != -1 && WIFEXITED(status) &&
	    (WEXITSTATUS(status) == EX_NOUSER || WEXITSTATUS(status) ==
	    EX_NOHOST) ? HANDOVER_REFUSED : HANDOVER_LATER);
}

enum handover_result
handover_sendmail(const struct handover *h, const char *program,
    const struct handover_mail *mail, struct diag *diag)
{
	uint64_t deadline = env_mono_us(h->env) + HANDOVER_MAX_US;
	int fds[2], error;
	pid_t pid;
	bool fed;

	if (!open_pipe(fds)) {
		diag_set(diag, NULL, 0, "pipe: %s", strerror(errno));
		return (HANDOVER_LATER);
	}
	error = spawn_program(program, mail, fds[0], &pid);
	(void)close(fds[0]);
	if (error != 0) {
		(void)close(fds[1]);
		diag_set(diag, program, 0, "%s", strerror(error));
		return (HANDOVER_LATER);
	}
	fed = feed_program(h, fds[1], mail->text, deadline);
	if (!fed) {
		/* What it has is not the whole mail. */
		(void)kill(pid, SIGKILL);
	}
	(void)close(fds[1]);
	return (judge_exit(program, reap_program(h, pid, deadline), fed, diag));
}
