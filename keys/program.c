/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "keys/program.h"

#define SAID_MAX_BYTES	400		/* of its output in a message */
#define SAID_KEPT_BYTES	65536

extern char **environ;

struct running {
	pid_t	pid;
	int	in[2];		/* its standard input */
	int	out[2];		/* its standard output and error */
};

static void
close_end(int *fd)
{
	if (*fd != -1) {
		(void)close(*fd);
		*fd = -1;
	}
}

static int
spawn_program(struct running *r, char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error != 0) {
		return (error);
	}
	error = posix_spawn_file_actions_adddup2(&actions, r->in[0], 0);
	if (error == 0) {
		error = posix_spawn_file_actions_adddup2(&actions, r->out[1],
		    1);
	}
	if (error == 0) {
		error = posix_spawn_file_actions_adddup2(&actions, r->out[1],
		    2);
	}
	if (error == 0) {
		error = posix_spawnp(&r->pid, argv[0], &actions, NULL, argv,
		    environ);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return (error);
}

/* A program may end without reading: then the pipe breaks, and its status
   counts. */
static void
write_input(int fd, struct str input)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	ssize_t n;

	(void)sigaction(SIGPIPE, &ignore, &before);
	while (input.n > 0) {
		n = write(fd, input.p, input.n);
		if (n == -1 && errno != EINTR) {
			break;
		}
		input = str_from_offset(input, n > 0 ? (size_t)n : 0);
	}
	(void)sigaction(SIGPIPE, &before, NULL);
}

/* Until it closes its output. False: it did not in time. */
static bool
read_output(const struct env *env, int fd, struct buf *said, uint64_t end_us)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now_us;
	char chunk[512];
	ssize_t n;

	while ((now_us = env_mono_us(env)) < end_us) {
		if (poll(&p, 1, (int)((end_us - now_us) / 1000) + 1) <= 0) {
			continue;
		}
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0 || (n == -1 && errno != EINTR)) {
			return (true);
		}
		if (n > 0) {
			buf_add(said, chunk, (size_t)n);
		}
	}
	return (false);
}

/* Its exit status; it is killed if it does not end in time. */
static int
wait_end(const struct env *env, pid_t pid, uint64_t end_us, bool *late_r)
{
	const struct timespec step = { 0, 10000000 };
	int status = 0;
	pid_t ended;

	*late_r = false;
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 &&
	    env_mono_us(env) < end_us) {
		(void)nanosleep(&step, NULL);
	}
	if (ended == 0) {
		*late_r = true;
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
			continue;
		}
	}
	return (status);
}

static enum status
judge_status(const char *name, int status, bool late, struct buf *said,
    struct diag *diag)
{
	char how[64] = "was ended by a signal";
	struct buf text;
	size_t i;

	if (!late && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return (STATUS_OK);
	}
	if (late) {
		(void)snprintf(how, sizeof(how), "did not end in time");
	} else if (WIFEXITED(status)) {
		(void)snprintf(how, sizeof(how), "ended with status %d",
		    WEXITSTATUS(status));
	}
	/* The output becomes part of one line. */
	for (i = 0; i < said->n; i++) {
		if (said->p[i] == '\n' || said->p[i] == '\r') {
			said->p[i] = ' ';
		}
	}
	buf_init(&text, 4 * SAID_MAX_BYTES + 16);
	escape_text(&text, str_trim_fws(str_mem(said->p != NULL ? said->p :
	    "", said->n)), SAID_MAX_BYTES);
	diag_set(diag, name, 0, "%s%s%s", how, text.n > 0 ? ": " : "",
	    text.p != NULL ? text.p : "");
	buf_fini(&text);
	return (STATUS_TEMP);
}

static enum status
run_until(const struct env *env, struct running *r, const char *name,
    struct str input, unsigned timeout_s, struct diag *diag)
{
	uint64_t end_us = env_mono_us(env) + timeout_s * 1000000ULL;
	enum status result;
	struct buf said;
	bool late;
	int status;

	buf_init(&said, SAID_KEPT_BYTES);
	write_input(r->in[1], input);
	close_end(&r->in[1]);
	(void)read_output(env, r->out[0], &said, end_us);
	status = wait_end(env, r->pid, end_us, &late);
	result = judge_status(name, status, late, &said, diag);
	buf_fini(&said);
	return (result);
}

enum status
program_run(const struct env *env, char *const argv[], struct str input,
    unsigned timeout_s, struct diag *diag)
{
	struct running r = { -1, { -1, -1 }, { -1, -1 } };
	enum status status = STATUS_TEMP;
	int error = input.n > PROGRAM_INPUT_MAX_BYTES ? E2BIG : 0;

	if (error == 0 && (pipe2(r.in, O_CLOEXEC) == -1 ||
	    pipe2(r.out, O_CLOEXEC) == -1)) {
		error = errno;
	}
	if (error == 0) {
		error = spawn_program(&r, argv);
	}
	close_end(&r.in[0]);
	close_end(&r.out[1]);
	if (error != 0) {
		diag_set(diag, argv[0], 0, "%s", strerror(error));
	} else {
		status = run_until(env, &r, argv[0], input, timeout_s, diag);
	}
	close_end(&r.in[1]);
	close_end(&r.out[0]);
	return (status);
}
