/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/access.h"
#include "base/str.h"
#include "milter/listen.h"

#define BACKLOG		SOMAXCONN	/* as libmilter's */
#define LEFT_STEP_MS	50
#define LEFT_STEPS	40
#define DESCRIPTORS_MAX	4096		/* open at the start */
#define IN_THE_WAY	"is in the way and not a socket"

#ifndef POLLRDHUP
#define POLLRDHUP		0	/* POLLHUP is all there is */
#endif

const char *
listen_path(const char *where)
{
	if (strncmp(where, "unix:", 5) == 0) {
		return (where + 5);
	}
	if (strncmp(where, "local:", 6) == 0) {
		return (where + 6);
	}
	return (where[0] == '/' ? where : NULL);
}

/* Connects to the socket file. 0: a process listens there; else the error. It
   does not wait: with a full backlog a process listens (EAGAIN). */
static int
try_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (strlcpy(addr.sun_path, path, sizeof(addr.sun_path)) >=
	    sizeof(addr.sun_path)) {
		return (ENAMETOOLONG);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		return (errno);
	}
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1 &&
	    errno != EAGAIN) {
		error = errno;
	}
	close(fd);
	return (error);
}

/* error: of try_connect. Fails if it does not say whether a process listens. */
static enum status
check_known(const char *path, int error, struct diag *diag)
{
	if (error == 0 || error == ECONNREFUSED || error == ENOENT) {
		return (STATUS_OK);
	}
	diag_set(diag, path, 0, "it is not known whether a process "
	    "listens there: %s; remove it if none does", strerror(error));
	return (STATUS_IO);
}

enum status
listen_remove_stale(const char *path, struct diag *diag)
{
	struct stat st;
	int error;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT) {
			return (STATUS_OK);
		}
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	if (!S_ISSOCK(st.st_mode)) {
		diag_set(diag, path, 0, IN_THE_WAY);
		return (STATUS_IO);
	}
	error = try_connect(path);
	if (check_known(path, error, diag) != STATUS_OK) {
		return (STATUS_IO);
	}
	if (error == 0) {
		diag_set(diag, path, 0, "another process listens there");
	} else if (unlink(path) == -1 && errno != ENOENT) {
		diag_set(diag, path, 0, "cannot remove the old socket: %s",
		    strerror(errno));
	} else {
		return (STATUS_OK);
	}
	return (STATUS_IO);
}

/* Tries to bind, without listening. Returns the error. */
static int
try_bind(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, error = 0;

	if (fd == -1) {
		return (errno);
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		error = errno;
	}
	close(fd);
	return (error);
}

/* The addresses of "inet:port@host". */
static enum status
find_inet(const char *where, struct addrinfo **ai_r, struct diag *diag)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE };
	struct str host, rest = str_from(where);
	char name[256], port[8];
	int error;

	hints.ai_family = str_starts(rest, STR("inet6:")) ? AF_INET6 :
	    AF_INET;
	rest = str_from_offset(rest, str_find(rest, ':') + 1);
	host = str_from_offset(rest, str_find(rest, '@') + 1);
	if (host.n > 0 && host.p[0] == '[') {
		host = str_mem(host.p + 1, host.n - 2);
	}
	(void)snprintf(name, sizeof(name), "%.*s", STR_FMT(host));
	(void)snprintf(port, sizeof(port), "%.*s", STR_FMT(str_first(rest,
	    str_find(rest, '@'))));
	error = getaddrinfo(host.n > 0 ? name : NULL, port, &hints, ai_r);
	if (error != 0) {
		diag_set(diag, NULL, 0, "cannot listen on %s: %s: %s", where,
		    name, gai_strerror(error));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* steps: how often to look again while the port is in use, which in the end is
   no error: it may be our own. */
static enum status
check_inet(const char *where, int steps, struct diag *diag)
{
	const struct timespec step = { 0, LEFT_STEP_MS * 1000000L };
	struct addrinfo *ai;
	enum status status = find_inet(where, &ai, diag);
	int error;

	if (status != STATUS_OK) {
		return (status);
	}
	while ((error = try_bind(ai)) == EADDRINUSE && steps-- > 0) {
		(void)nanosleep(&step, NULL);
	}
	freeaddrinfo(ai);
	if (error == 0 || error == EADDRINUSE) {
		return (STATUS_OK);
	}
	diag_set(diag, NULL, 0, "cannot listen on %s: %s", where,
	    error == EADDRNOTAVAIL ? "that address is not this host's" :
	    strerror(error));
	return (STATUS_IO);
}

enum status
listen_check(const char *where, struct diag *diag)
{
	const char *path = listen_path(where);
	struct stat st;

	if (path == NULL) {
		return (check_inet(where, 0, diag));
	}
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode)) {
			diag_set(diag, path, 0, IN_THE_WAY);
			return (STATUS_IO);
		}
		if (check_known(path, try_connect(path), diag) != STATUS_OK) {
			return (STATUS_IO);
		}
	}
	return (access_make(path, "the socket: ", diag));
}

static bool
is_listening(int fd)
{
	int listening = 0;
	socklen_t n = sizeof(listening);

	return (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) ==
	    0 && listening != 0);
}

bool
listen_is_open(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };

	/* A local socket that was shut down says that it listens. */
	return (is_listening(fd) && (poll(&end, 1, 0) <= 0 ||
	    (end.revents & (POLLHUP | POLLRDHUP)) == 0));
}

/* path: of a local socket, or NULL: any. */
static bool
is_bound(int fd, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNSPEC };
	socklen_t n = sizeof(addr);

	return (path == NULL ||
	    (getsockname(fd, (struct sockaddr *)&addr, &n) == 0 &&
	    addr.sun_family == AF_UNIX && n < sizeof(addr) &&
	    strcmp(addr.sun_path, path) == 0));
}

/* libmilter keeps it to itself; a supervisor may have left others that listen,
   which are never taken for that of a local path. */
static int
find_descriptor(const char *path)
{
	int fd;

	for (fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		if (is_listening(fd) && is_bound(fd, path)) {
			return (fd);
		}
	}
	return (-1);
}

/*
 * At the end of message libmilter writes each action as a segment of its own.
 * Nagle's algorithm would hold the second one until the MTA's kernel
 * acknowledges the first, which it delays by 40 ms. Connections inherit the
 * option from the listening socket.
 */
static void
set_no_delay(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
bind_again(int fd, const char *path, int like)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int flags = fcntl(like, F_GETFL);

	if (fd == -1 || flags == -1) {
		return (false);
	}
	if (strlcpy(addr.sun_path, path, sizeof(addr.sun_path)) >=
	    sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return (false);
	}
	return (fcntl(fd, F_SETFL, flags) == 0 &&
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    listen(fd, BACKLOG) == 0);
}

/* libmilter goes on with its descriptor, on which it waits for at most a few
   seconds at a time. */
static enum status
make_again(const char *path, int fd, struct diag *diag)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	enum status status;
	int next;

	/* A connection from before the loss would be reset. */
	if (listen_is_open(fd) && poll(&waiting, 1, 0) > 0) {
		diag_set(diag, path, 0, "connections still wait there");
		return (STATUS_TEMP);
	}
	status = listen_remove_stale(path, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	next = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!bind_again(next, path, fd) || dup3(next, fd, O_CLOEXEC) == -1) {
		diag_set(diag, path, 0, "it cannot be made again: %s",
		    strerror(errno));
		status = STATUS_IO;
	}
	if (next != -1) {
		close(next);
	}
	return (status);
}

enum status
listen_again(const char *where, int fd, struct diag *diag)
{
	const char *path = listen_path(where);

	if (path != NULL) {
		return (make_again(path, fd, diag));
	}
	/* It is bound still. */
	if (listen(fd, BACKLOG) == -1) {
		diag_set(diag, NULL, 0, "cannot listen on %s again: %s", where,
		    strerror(errno));
		return (STATUS_IO);
	}
	set_no_delay(fd);
	return (STATUS_OK);
}

void
listen_renew(int fd)
{
	if (listen_is_open(fd)) {
		(void)listen(fd, BACKLOG);
	}
}

/* The mail process of a daemon that was killed leaves the socket only when it
   notices that. */
static enum status
remove_left_behind(const char *path, struct diag *diag)
{
	const struct timespec step = { 0, LEFT_STEP_MS * 1000000L };
	enum status status = STATUS_IO;
	int i;

	for (i = 0; i < LEFT_STEPS && status != STATUS_OK; i++) {
		if (i > 0) {
			(void)nanosleep(&step, NULL);
		}
		diag_init(diag);
		status = listen_remove_stale(path, diag);
		if (status != STATUS_OK && try_connect(path) != 0) {
			break;
		}
	}
	return (status);
}

enum status
listen_open(const char *where, int *fd_r, struct diag *diag)
{
	const char *path = listen_path(where);
	enum status status = path != NULL ? remove_left_behind(path, diag) :
	    check_inet(where, LEFT_STEPS, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	/* libmilter logs the reason. */
	if (smfi_setconn((char *)(uintptr_t)where) != MI_SUCCESS ||
	    smfi_opensocket(0) != MI_SUCCESS) {
		diag_set(diag, NULL, 0, "cannot listen on %s", where);
		return (STATUS_IO);
	}
	*fd_r = find_descriptor(path);
	if (path == NULL) {
		set_no_delay(*fd_r);
	}
	return (STATUS_OK);
}

void
listen_abandon(int fd)
{
	const struct sockaddr_un none = { .sun_family = AF_UNIX };
	int next = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	/* While libmilter waits for the socket, replacing its descriptor would
	   not close it. */
	(void)shutdown(fd, SHUT_RDWR);
	/* Without a name the system chooses an abstract one. */
	if (next != -1 && bind(next, (const struct sockaddr *)&none,
	    sizeof(none.sun_family)) == 0 && listen(next, 0) == 0) {
		(void)dup3(next, fd, O_CLOEXEC);
	}
	if (next != -1) {
		(void)close(next);
	}
}

void
listen_close(const char *where)
{
	const char *path = listen_path(where);

	if (path != NULL) {
		(void)unlink(path);
	}
}
