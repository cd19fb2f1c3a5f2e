/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs programs of this host for mailseal setup. */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"
#include "tools/setup.h"

#define TIMEOUT_US	UINT64_C(120000000)
#define STEP_NS		5000000
#define OUTPUT_BYTES	(1024 * 1024)
#define SHOWN_BYTES	400

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
wait_program(const struct env *env, pid_t pid)
{
	const struct timespec step = { 0, STEP_NS };
	uint64_t end_us = env_mono_us(env) + TIMEOUT_US;
	int status = 0;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 &&
	    env_mono_us(env) < end_us) {
		(void)nanosleep(&step, NULL);
	}
	if (ended == 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
	}
	return (ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void
read_output(struct setup *s, FILE *file, struct str *r)
{
	struct buf text;
	char chunk[4096];
	size_t n;

	if (r == NULL) {
		return;
	}
	buf_init(&text, OUTPUT_BYTES);
	rewind(file);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		buf_add(&text, chunk, n);
	}
	*r = arena_dup(&s->arena, buf_str(&text));
	if (r->p == NULL) {
		*r = STR("");
	}
	buf_fini(&text);
}

int
setup_exec(struct setup *s, char *const argv[], struct str *out,
    struct str *err)
{
	FILE *files[2] = { tmpfile(), tmpfile() };
	int status = -1;
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
		status = wait_program(&s->env, pid);
		read_output(s, files[0], out);
		read_output(s, files[1], err);
	}
	if (files[0] != NULL) {
		(void)fclose(files[0]);
	}
	if (files[1] != NULL) {
		(void)fclose(files[1]);
	}
	return (status);
}

bool
setup_command(struct setup *s, char *const argv[])
{
	struct str out, err, text;
	struct buf shown;
	int status = setup_exec(s, argv, &out, &err);

	if (status == 0) {
		return (true);
	}
	text = str_trim_fws(str_trim_fws(err).n > 0 ? err : out);
	buf_init(&shown, 8 * SHOWN_BYTES);
	escape_text(&shown, text, SHOWN_BYTES);
	(void)cli_fail("%s failed: %.*s", argv[0], STR_FMT(buf_str(&shown)));
	buf_fini(&shown);
	return (false);
}
