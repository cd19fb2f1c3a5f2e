/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stem_main: preloaded into a program that tests run thousands of times, so
 * that its sixty libraries are loaded and linked once. In place of main() it
 * waits for requests on standard input, a socket of packets, and has main()
 * called in a child for each of them: the child is the program as it is after
 * linking. test/lib/stem.py is the other end.
 *
 * A request is texts, each with a NUL: the umask in octal, the folder to be in,
 * the number of arguments, the arguments, the environment. With it come
 * descriptors: standard input, output and error, and a socket for the reply,
 * which is two ints: the child's process ID, and its wait status at its end.
 */
#include "config.h"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES	(96 * 1024)	/* of stem.py, too */
#define TEXTS_MAX		4096
#define CHILDREN_MAX		64
#define FDS			4		/* the last one: the reply */

typedef int	main_function(int, char **, char **);

struct child {
	pid_t	pid;			/* 0: free */
	int	reply;
};

extern char **environ;

int	__libc_start_main(main_function *, int, char **, void (*)(void),
	    void (*)(void), void (*)(void), void *);

static main_function *program_main;
static struct child children[CHILDREN_MAX];
static char request[REQUEST_MAX_BYTES + 1];

/* Its size; 0: no more will come. */
static size_t
receive_request(int fds[FDS])
{
	union {
		struct cmsghdr	header;
		char		space[CMSG_SPACE(FDS * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = request,
		.iov_len = REQUEST_MAX_BYTES };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(STDIN_FILENO, &message, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	if (n <= 0) {
		return (0);
	}
	if (c == NULL || c->cmsg_len != CMSG_LEN(FDS * sizeof(int)) ||
	    (message.msg_flags & MSG_TRUNC) != 0) {
		errx(1, "stem: a malformed request");
	}
	memcpy(fds, CMSG_DATA(c), FDS * sizeof(int));
	request[n] = '\0';
	return ((size_t)n);
}

static void
run_main(size_t n, const int fds[FDS], const sigset_t *before)
{
	static char *texts[TEXTS_MAX];
	char *at, **argv = texts + 3;
	size_t texts_n = 0;
	int i, argc;

	for (at = request; at < request + n && texts_n < TEXTS_MAX - 2;
	    at += strlen(at) + 1) {
		/* A NULL between the arguments and the environment. */
		if (texts_n > 3 && texts_n == 3 + strtoul(texts[2], NULL, 10)) {
			texts_n++;
		}
		texts[texts_n++] = at;
	}
	argc = texts_n < 4 ? 0 : (int)strtoul(texts[2], NULL, 10);
	if (argc == 0 || texts_n >= TEXTS_MAX - 2 || chdir(texts[1]) != 0) {
		errx(1, "stem: a malformed request");
	}
	(void)umask((mode_t)strtoul(texts[0], NULL, 8));
	for (i = 0; i < FDS - 1; i++) {
		if (dup2(fds[i], i) == -1) {
			err(1, "stem: dup2");
		}
	}
	(void)close_range(FDS - 1, ~0U, 0);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
	environ = argv + argc + 1;
	exit(program_main(argc, argv, environ));
}

static void
start_child(size_t n, int fds[FDS], const sigset_t *before)
{
	struct child *child = children;
	int i, pid;

	while (child->pid != 0) {
		if (++child == children + CHILDREN_MAX) {
			errx(1, "stem: too many children");
		}
	}
	pid = fork();
	if (pid == 0) {
		run_main(n, fds, before);
	}
	if (pid == -1) {
		err(1, "stem: fork");
	}
	for (i = 0; i < FDS - 1; i++) {
		(void)close(fds[i]);
	}
	child->pid = pid;
	child->reply = fds[FDS - 1];
	(void)send(child->reply, &pid, sizeof(pid), MSG_NOSIGNAL);
}

static void
reap_children(int signals)
{
	struct signalfd_siginfo info;
	struct child *child;
	int status;
	pid_t pid;

	if (read(signals, &info, sizeof(info)) == -1) {
		return;
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (child = children; child->pid != pid;) {
			if (++child == children + CHILDREN_MAX) {
				errx(1, "stem: an unknown child");
			}
		}
		(void)send(child->reply, &status, sizeof(status),
		    MSG_NOSIGNAL);
		(void)close(child->reply);
		child->pid = 0;
	}
}

static int
serve(int argc, char **argv, char **envp)
{
	int signals, fds[FDS];
	sigset_t set, before;
	size_t n;

	(void)argc;
	(void)argv;
	(void)envp;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals == -1) {
		err(1, "stem: signalfd");
	}
	for (;;) {
		struct pollfd polls[] = { { STDIN_FILENO, POLLIN, 0 },
			{ signals, POLLIN, 0 } };

		(void)poll(polls, 2, -1);
		if (polls[1].revents != 0) {
			reap_children(signals);
		}
		if (polls[0].revents != 0) {
			n = receive_request(fds);
			if (n == 0) {
				_exit(0);
			}
			start_child(n, fds, &before);
		}
	}
}

/* Called by the program's start code, with its main(). */
int
__libc_start_main(main_function *of_program, int argc, char **argv,
    void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
    void *stack_end)
{
	int (*next)(main_function *, int, char **, void (*)(void),
	    void (*)(void), void (*)(void), void *);

	*(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
	program_main = of_program;
	return (next(serve, argc, argv, init, fini, rtld_fini, stack_end));
}
