/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netdb.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "milter/exporter_socket.h"
#include "milter/listen.h"

#define PORT_BYTES	8
#define HOST_BYTES	64

/* Closes fd and sets the diag if it does not listen. */
static int
listen_on(int fd, const char *where, const struct sockaddr *addr, socklen_t n,
    struct diag *diag)
{
	if (fd != -1 && bind(fd, addr, n) == 0 &&
	    listen(fd, EXPORTER_BACKLOG) == 0) {
		return (fd);
	}
	diag_set(diag, NULL, 0, "cannot listen on %s: %s", where,
	    strerror(errno));
	if (fd != -1) {
		close(fd);
	}
	return (-1);
}

static int
open_unix(const char *where, const char *path, struct diag *diag)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (listen_remove_stale(path, diag) != STATUS_OK) {
		return (-1);
	}
	(void)strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
	return (listen_on(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0), where, (const struct sockaddr *)&addr,
	    sizeof(addr), diag));
}

/* Splits "inet:PORT@[ADDRESS]". */
static bool
split_inet(const char *where, char port[PORT_BYTES], char host[HOST_BYTES])
{
	struct str rest = str_from(where), p, h;
	size_t at;

	rest = str_from_offset(rest, str_find(rest, ':') + 1);
	at = str_find(rest, '@');
	p = str_first(rest, at);
	h = str_from_offset(rest, at + 1);
	if (h.n == 0 || str_eq_ci(h, STR("localhost"))) {
		h = strncmp(where, "inet6:", 6) == 0 ? STR("::1") :
		    STR("127.0.0.1");
	} else if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']') {
		h = str_mem(h.p + 1, h.n - 2);
	}
	if (p.n >= PORT_BYTES || h.n >= HOST_BYTES) {
		return (false);
	}
	memcpy(port, p.p, p.n);
	port[p.n] = '\0';
	memcpy(host, h.p, h.n);
	host[h.n] = '\0';
	return (true);
}

static int
open_inet(const char *where, struct diag *diag)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	char port[PORT_BYTES], host[HOST_BYTES];
	struct addrinfo *found = NULL;
	int fd, on = 1;

	if (!split_inet(where, port, host) ||
	    getaddrinfo(host, port, &hints, &found) != 0) {
		diag_set(diag, NULL, 0, "%s is not an address", where);
		return (-1);
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (fd != -1) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
		    sizeof(on));
	}
	fd = listen_on(fd, where, found->ai_addr, found->ai_addrlen, diag);
	freeaddrinfo(found);
	return (fd);
}

int
exporter_socket_open(const char *where, struct diag *diag)
{
	const char *path = listen_path(where);

	return (path != NULL ? open_unix(where, path, diag) :
	    open_inet(where, diag));
}

bool
exporter_socket_is_there(const char *where, const struct stat *made)
{
	const char *path = listen_path(where);
	struct stat st;

	return (path == NULL || (made->st_nlink > 0 && lstat(path, &st) == 0 &&
	    st.st_dev == made->st_dev && st.st_ino == made->st_ino));
}

void
exporter_socket_close(const char *where, int fd, const struct stat *made)
{
	const char *path = listen_path(where);

	if (path != NULL && exporter_socket_is_there(where, made)) {
		(void)unlink(path);
	}
	if (fd != -1) {
		close(fd);
	}
}
