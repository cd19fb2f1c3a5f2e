/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "cli/cli.h"
#include "tools/exec.h"

#define SECOND_US	UINT64_C(1000000)
#define STEP_NS		5000000
#define OUTPUT_BYTES	(1024 * 1024)

extern char **environ;

static bool
start_program(char *const argv[], FILE *out, FILE *err, pid_t *pid_r)
{
	posix_spawn_file_actions_t actions;
	int error;

	if (posix_spawn_file_actions_init(&actions) != 0) {
		return (false);
	}
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, fileno(out),
	    STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, fileno(err),
	    STDERR_FILENO);
	error = posix_spawnp(pid_r, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	errno = error;
	return (error == 0);
}

/* Its exit status; -1: a signal, or it did not end in time and was killed. */
static int
wait_program(pid_t pid, unsigned timeout_s)
{
	const struct timespec step = { 0, STEP_NS };
	uint64_t end_us;
	struct env env;
	int status = 0;
	pid_t ended;

	env_init_system(&env);
	end_us = env_mono_us(&env) + timeout_s * SECOND_US;
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 &&
	    env_mono_us(&env) < end_us) {
		(void)nanosleep(&step, NULL);
	}
	if (ended == 0) {
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
			continue;
		}
	}
	return (ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* False: it is too long. */
static bool
read_output(struct arena *arena, FILE *file, struct str *r)
{
	struct buf text;
	char chunk[4096];
	bool ok;
	size_t n;

	if (r == NULL) {
		return (true);
	}
	buf_init(&text, OUTPUT_BYTES);
	rewind(file);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		buf_add(&text, chunk, n);
	}
	ok = text.status == STATUS_OK && !ferror(file);
	*r = arena_dup(arena, buf_str(&text));
	if (r->p == NULL) {
		*r = STR("");
	}
	buf_fini(&text);
	return (ok);
}

int
exec_program(struct arena *arena, char *const argv[], unsigned timeout_s,
    struct str *out, struct str *err)
{
	FILE *files[2] = { tmpfile(), tmpfile() };
	int status = -1;
	bool whole;
	pid_t pid;

	if (out != NULL) {
		*out = STR("");
	}
	if (err != NULL) {
		*err = STR("");
	}
	if (files[0] == NULL || files[1] == NULL) {
		(void)cli_fail("%s: %s", argv[0], strerror(errno));
	} else if (!start_program(argv, files[0], files[1], &pid)) {
		if (err != NULL) {
			*err = str_from(strerror(errno));
		}
	} else {
		status = wait_program(pid, timeout_s);
		whole = read_output(arena, files[0], out);
		whole &= read_output(arena, files[1], err);
		status = whole ? status : -1;
	}
	if (files[0] != NULL) {
		(void)fclose(files[0]);
	}
	if (files[1] != NULL) {
		(void)fclose(files[1]);
	}
	return (status);
}
