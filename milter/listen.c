/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/access.h"
#include "milter/listen.h"

#define IN_THE_WAY	"is in the way and not a socket"

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

/* Connects to the socket file. 0: a process listens there; else the error. */
static int
try_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (strlcpy(addr.sun_path, path, sizeof(addr.sun_path)) >=
	    sizeof(addr.sun_path)) {
		return (ENAMETOOLONG);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		return (errno);
	}
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1) {
		error = errno;
	}
	close(fd);
	return (error);
}

/* Whether nobody listens on the socket file; if not, says why. */
static bool
is_stale(const char *path, struct diag *diag)
{
	int error = try_connect(path);

	if (error == ECONNREFUSED || error == ENOENT) {
		return (true);
	}
	if (error == 0) {
		diag_set(diag, path, 0, "another process listens there");
	} else {
		diag_set(diag, path, 0, "it is not known whether a process "
		    "listens there: %s; remove it if none does",
		    strerror(error));
	}
	return (false);
}

enum status
listen_remove_stale(const char *path, struct diag *diag)
{
	struct stat st;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT) {
			return (STATUS_OK);
		}
		diag_set(diag, path, 0, "%s", strerror(errno));
	} else if (!S_ISSOCK(st.st_mode)) {
		diag_set(diag, path, 0, IN_THE_WAY);
	} else if (!is_stale(path, diag)) {
		return (STATUS_IO);
	} else if (unlink(path) == -1 && errno != ENOENT) {
		diag_set(diag, path, 0, "cannot remove the old socket: %s",
		    strerror(errno));
	} else {
		return (STATUS_OK);
	}
	return (STATUS_IO);
}

enum status
listen_check(const char *where, struct diag *diag)
{
	const char *path = listen_path(where);
	struct stat st;

	if (path == NULL) {
		return (STATUS_OK);
	}
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		diag_set(diag, path, 0, IN_THE_WAY);
		return (STATUS_IO);
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

/*
 * At the end of message libmilter writes each action as a segment of its own.
 * Nagle's algorithm would hold the second one until the MTA's kernel
 * acknowledges the first, which it delays by 40 ms. Connections inherit the
 * option from the listening socket, whose descriptor libmilter keeps to itself:
 * it is the only one that listens at this time.
 */
static void
set_no_delay(void)
{
	long max = sysconf(_SC_OPEN_MAX);
	int fd, on = 1;

	for (fd = 0; fd < max; fd++) {
		if (is_listening(fd)) {
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof(on));
			return;
		}
	}
}

enum status
listen_open(const char *where, struct diag *diag)
{
	const char *path = listen_path(where);
	enum status status = path != NULL ? listen_remove_stale(path, diag) :
	    STATUS_OK;

	if (status != STATUS_OK) {
		return (status);
	}
	/* libmilter logs the reason. */
	if (smfi_setconn((char *)(uintptr_t)where) != MI_SUCCESS ||
	    smfi_opensocket(0) != MI_SUCCESS) {
		diag_set(diag, NULL, 0, "cannot listen on %s", where);
		return (STATUS_IO);
	}
	if (path == NULL) {
		set_no_delay();
	}
	return (STATUS_OK);
}

void
listen_close(const char *where)
{
	const char *path = listen_path(where);

	if (path != NULL) {
		(void)unlink(path);
	}
}
