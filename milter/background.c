/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/background.h"
#include "milter/signals.h"

void
background_open_standard(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd != -1 && fd <= STDERR_FILENO) {
		fd = open("/dev/null", O_RDWR);
	}
	if (fd != -1) {
		close(fd);
	}
}

void
background_none(struct background *bg)
{
	bg->fd = -1;
}

static void
exit_with_error(const char *what)
{
	fprintf(stderr, "mailseald: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* One octet means success; end of file without it, that the child ended. */
static void
wait_and_exit(int fd, pid_t child)
{
	char byte;
	ssize_t n;
	int status = 0;

	do {
		n = read(fd, &byte, 1);
	} while (n == -1 && errno == EINTR);
	if (n == 1) {
		_exit(0);
	}
	while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
		continue;
	}
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ?
	    WEXITSTATUS(status) : 1);
}

void
background_enter(struct background *bg)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) == -1) {
		exit_with_error("pipe");
	}
	child = fork();
	if (child == -1) {
		exit_with_error("fork");
	}
	if (child > 0) {
		signals_unblock();
		close(fds[1]);
		wait_and_exit(fds[0], child);
	}
	close(fds[0]);
	bg->fd = fds[1];
	/* No chdir(): a reload must find files by relative paths. */
	(void)setsid();
}

void
background_detach(bool keep_stderr)
{
	int null = open("/dev/null", O_RDWR);

	if (null != -1) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		if (!keep_stderr) {
			(void)dup2(null, STDERR_FILENO);
		}
		if (null > STDERR_FILENO) {
			close(null);
		}
	}
}

void
background_ready(struct background *bg, bool keep_stderr)
{
	if (bg->fd == -1) {
		return;
	}
	background_detach(keep_stderr);
	while (write(bg->fd, "", 1) == -1 && errno == EINTR) {
		continue;
	}
	close(bg->fd);
	bg->fd = -1;
}
