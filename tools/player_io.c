/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/player_io.h"

#define FIRST_BYTES	(64 * 1024)
#define SPEC_MAX_BYTES	1024

static uint64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* Until fd is ready or the deadline is reached. */
static enum status
wait_for(int fd, short events, uint64_t deadline_ms, struct diag *diag)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now;
	int n;

	for (;;) {
		now = now_ms();
		n = poll(&p, 1, now < deadline_ms ?
		    (int)(deadline_ms - now) : 0);
		if (n > 0) {
			return (STATUS_OK);
		}
		if (n == 0) {
			diag_set(diag, NULL, 0,
			    "the milter does not answer in time");
			return (STATUS_TEMP);
		}
		if (errno != EINTR) {
			diag_set(diag, NULL, 0, "poll: %s", strerror(errno));
			return (STATUS_IO);
		}
	}
}

/* Connects a new socket; -1: errno says why. */
static int
connect_to(int family, const struct sockaddr *addr, socklen_t n,
    unsigned timeout_ms)
{
	socklen_t error_n = sizeof(int);
	struct diag unused;
	int fd, error = 0;

	diag_init(&unused);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		return (-1);
	}
	if (connect(fd, addr, n) == 0) {
		return (fd);
	}
	error = errno;
	if (error == EINPROGRESS) {
		if (wait_for(fd, POLLOUT, now_ms() + timeout_ms,
		    &unused) != STATUS_OK) {
			error = ETIMEDOUT;
		} else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
		    &error_n) == -1) {
			error = errno;
		}
		if (error == 0) {
			return (fd);
		}
	}
	(void)close(fd);
	errno = error;
	return (-1);
}

static enum status
connect_unix(const char *path, unsigned timeout_ms, int *fd_r,
    struct diag *diag)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (*path == '\0' || strlen(path) >= sizeof(sun.sun_path)) {
		diag_set(diag, NULL, 0, "%s: no path of a socket", path);
		return (STATUS_SYNTAX);
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	*fd_r = connect_to(AF_UNIX, (const struct sockaddr *)&sun, sizeof(sun),
	    timeout_ms);
	if (*fd_r == -1) {
		diag_set(diag, NULL, 0, "%s: %s", path, strerror(errno));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* PORT or PORT@HOST; the text is cut up. */
static enum status
connect_inet(int family, char *where, unsigned timeout_ms, int *fd_r,
    struct diag *diag)
{
	struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM }, *list = NULL, *a;
	char *host = strchr(where, '@');
	int error;

	if (host != NULL) {
		*host++ = '\0';
	}
	error = getaddrinfo(host, where, &hints, &list);
	if (error != 0) {
		diag_set(diag, NULL, 0, "port %s at %s: %s", where,
		    host != NULL ? host : "localhost", gai_strerror(error));
		return (STATUS_SYNTAX);
	}
	*fd_r = -1;
	for (a = list; a != NULL && *fd_r == -1; a = a->ai_next) {
		*fd_r = connect_to(a->ai_family, a->ai_addr, a->ai_addrlen,
		    timeout_ms);
	}
	freeaddrinfo(list);
	if (*fd_r == -1) {
		diag_set(diag, NULL, 0, "port %s at %s: %s", where,
		    host != NULL ? host : "localhost", strerror(errno));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

enum status
player_io_connect(const char *spec, unsigned timeout_ms, int *fd_r,
    struct diag *diag)
{
	const char *colon = strchr(spec, ':');
	struct str scheme = str_first(str_from(spec),
	    str_find(str_from(spec), ':'));
	char where[SPEC_MAX_BYTES];

	if (colon == NULL || strlen(colon + 1) >= sizeof(where)) {
		scheme = STR_NONE;
	} else {
		memcpy(where, colon + 1, strlen(colon + 1) + 1);
	}
	if (str_eq(scheme, STR("unix")) || str_eq(scheme, STR("local"))) {
		return (connect_unix(where, timeout_ms, fd_r, diag));
	}
	if (str_eq(scheme, STR("inet"))) {
		return (connect_inet(AF_INET, where, timeout_ms, fd_r, diag));
	}
	if (str_eq(scheme, STR("inet6"))) {
		return (connect_inet(AF_INET6, where, timeout_ms, fd_r, diag));
	}
	diag_set(diag, NULL, 0,
	    "%s: not unix:PATH, local:PATH, inet:PORT@HOST or inet6:PORT@HOST",
	    spec);
	return (STATUS_SYNTAX);
}

enum status
player_io_init(struct player_io *io, int fd, unsigned timeout_ms,
    struct diag *diag)
{
	int flags = fcntl(fd, F_GETFL);

	*io = (struct player_io){ .fd = fd, .timeout_ms = timeout_ms };
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) {
		diag_set(diag, NULL, 0, "fcntl: %s", strerror(errno));
		return (STATUS_IO);
	}
	io->cap = FIRST_BYTES;
	io->in = malloc(io->cap);
	return (io->in != NULL ? STATUS_OK : STATUS_NOMEM);
}

void
player_io_fini(struct player_io *io)
{
	if (io->fd != -1) {
		(void)close(io->fd);
	}
	io->fd = -1;
	free(io->in);
	io->in = NULL;
}

/* Drops the first n bytes of the vector. */
static void
advance_iov(struct iovec **v, size_t *v_n, size_t n)
{
	while (*v_n > 0 && n >= (*v)->iov_len) {
		n -= (*v)->iov_len;
		(*v)++;
		(*v_n)--;
	}
	if (n > 0) {
		(*v)->iov_base = (char *)(*v)->iov_base + n;
		(*v)->iov_len -= n;
	}
}

enum status
player_io_write(struct player_io *io, struct iovec *v, size_t v_n,
    struct diag *diag)
{
	uint64_t deadline_ms = 0;
	struct msghdr msg;
	enum status status;
	ssize_t n;

	while (v_n > 0) {
		msg = (struct msghdr){ .msg_iov = v, .msg_iovlen = v_n };
		n = sendmsg(io->fd, &msg, MSG_NOSIGNAL);
		if (n >= 0) {
			advance_iov(&v, &v_n, (size_t)n);
			deadline_ms = 0;
			continue;
		}
		if (errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			diag_set(diag, NULL, 0, "the milter is gone: %s",
			    strerror(errno));
			return (STATUS_IO);
		}
		if (deadline_ms == 0) {
			deadline_ms = now_ms() + io->timeout_ms;
		}
		status = wait_for(io->fd, POLLOUT, deadline_ms, diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/* Room for a packet of `need` bytes from start on. */
static enum status
make_room(struct player_io *io, size_t need)
{
	char *p;

	if (io->start > 0) {
		memmove(io->in, io->in + io->start, io->end - io->start);
		io->end -= io->start;
		io->start = 0;
	}
	if (need <= io->cap) {
		return (STATUS_OK);
	}
	p = realloc(io->in, need);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	io->in = p;
	io->cap = need;
	return (STATUS_OK);
}

/* Receives what there is; waits for it if need be. */
static enum status
receive_bytes(struct player_io *io, uint64_t *deadline_ms, struct diag *diag)
{
	enum status status;
	ssize_t n;

	for (;;) {
		n = recv(io->fd, io->in + io->end, io->cap - io->end, 0);
		if (n > 0) {
			io->end += (size_t)n;
			return (STATUS_OK);
		}
		if (n == 0) {
			diag_set(diag, NULL, 0,
			    "the milter closed the connection");
			return (STATUS_IO);
		}
		if (errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			diag_set(diag, NULL, 0, "the milter is gone: %s",
			    strerror(errno));
			return (STATUS_IO);
		}
		if (*deadline_ms == 0) {
			*deadline_ms = now_ms() + io->timeout_ms;
		}
		status = wait_for(io->fd, POLLIN, *deadline_ms, diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
}

enum status
player_io_read(struct player_io *io, struct wire_packet *r, struct diag *diag)
{
	uint64_t deadline_ms = 0;
	enum status status;

	for (;;) {
		status = wire_get(str_mem(io->in + io->start,
		    io->end - io->start), PLAYER_REPLY_MAX_BYTES, r);
		if (status == STATUS_OK) {
			io->start += r->bytes;
			return (STATUS_OK);
		}
		if (status != STATUS_TEMP) {
			diag_set(diag, NULL, 0,
			    "the milter's packet has a bad length");
			return (status);
		}
		if (io->start == io->end) {
			io->start = io->end = 0;
		}
		if (io->cap - io->start < r->bytes || io->end == io->cap) {
			status = make_room(io, r->bytes);
			if (status != STATUS_OK) {
				return (status);
			}
		}
		status = receive_bytes(io, &deadline_ms, diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
}
