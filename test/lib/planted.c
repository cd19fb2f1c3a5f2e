/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For LD_PRELOAD: a defect in mailseald's header callback. A field X-Plant
 * makes the process that gets it do what the value says. PLANTED_AT_START in
 * the environment says what a process does as it makes its first thread, which
 * is while it starts and behind the sandbox. With PLANTED_AT_EXIT each
 * process writes a line when it ends by exit(). PLANTED_UNSENT is the number of
 * a kind of message (milter/control.h) that cannot be sent for the first time.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

typedef int	 registrar(struct smfiDesc);
typedef int	 creator(pthread_t *, const pthread_attr_t *,
		    void *(*)(void *), void *);
typedef ssize_t	 sender(int, const struct msghdr *, int);
typedef sfsistat header(SMFICTX *, char *, char *);

static header *header_before;

static void
connect_elsewhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)connect(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static void
run_program(void)
{
	char *const argv[] = { (char *)"true", NULL };

	(void)execv("/bin/true", argv);
}

static void
read_address_zero(void)
{
	volatile const char *volatile nowhere = NULL;

	(void)*nowhere;
}

static void
shut_down(void)
{
	int fd, on;
	socklen_t n;

	for (fd = 0; fd < 64; fd++) {
		on = 0;
		n = sizeof(on);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 &&
		    on != 0) {
			(void)shutdown(fd, SHUT_RDWR);
		}
	}
}

static void
do_planted(const char *value)
{
	while (*value == ' ') {
		value++;
	}
	if (strcmp(value, "segv") == 0) {
		read_address_zero();
	} else if (strcmp(value, "abort") == 0) {
		abort();
	} else if (strcmp(value, "open") == 0) {
		(void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	} else if (strcmp(value, "exec") == 0) {
		run_program();
	} else if (strcmp(value, "connect") == 0) {
		connect_elsewhere();
	} else if (strcmp(value, "fork") == 0) {
		(void)fork();
	} else if (strcmp(value, "shutdown") == 0) {
		shut_down();
	}
}

static sfsistat
plant_header(SMFICTX *ctx, char *name, char *value)
{
	if (strcasecmp(name, "X-Plant") == 0) {
		do_planted(value);
	}
	return (header_before(ctx, name, value));
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
	const char *what = getenv("PLANTED_AT_START");
	void *next = dlsym(RTLD_NEXT, "pthread_create");
	creator *before;

	if (what != NULL) {
		do_planted(what);
	}
	memcpy(&before, &next, sizeof(before));
	return (before(thread, attr, start, arg));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	static bool failed;
	const char *unsent = getenv("PLANTED_UNSENT");
	void *next = dlsym(RTLD_NEXT, "sendmsg");
	sender *before;
	uint32_t kind;

	if (unsent != NULL && !failed && message->msg_iovlen == 1 &&
	    message->msg_iov->iov_len > 24) {
		memcpy(&kind, message->msg_iov->iov_base, sizeof(kind));
		failed = kind == (uint32_t)atoi(unsent);
		if (failed) {
			errno = EAGAIN;
			return (-1);
		}
	}
	memcpy(&before, &next, sizeof(before));
	return (before(fd, message, flags));
}

__attribute__((destructor)) static void
say_exit(void)
{
	if (getenv("PLANTED_AT_EXIT") != NULL) {
		(void)dprintf(STDERR_FILENO, "exit of %ld\n", (long)getpid());
	}
}

int
smfi_register(struct smfiDesc desc)
{
	void *next = dlsym(RTLD_NEXT, "smfi_register");
	registrar *before;

	memcpy(&before, &next, sizeof(before));
	header_before = desc.xxfi_header;
	desc.xxfi_header = plant_header;
	return (before(desc));
}
