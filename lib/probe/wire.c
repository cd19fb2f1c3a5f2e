/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection that never blocks, in the clear or encrypted. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/private.h"

#define PIECE_BYTES	(16 * 1024)	/* of one read */
#define OUT_MAX_BYTES	(64 * 1024)
#define COMMAND_BYTES	1024

static socklen_t
make_sockaddr(const struct probe *p, struct sockaddr_storage *r)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)r;
	struct sockaddr_in *in = (struct sockaddr_in *)r;

	memset(r, 0, sizeof(*r));
	if (p->ip.v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)p->port);
		memcpy(&in6->sin6_addr, p->ip.octets, 16);
		return (sizeof(*in6));
	}
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)p->port);
	memcpy(&in->sin_addr, p->ip.octets, 4);
	return (sizeof(*in));
}

static void
fail_connect(struct probe *p, int error)
{
	p->error = error;
	probe_end(p, PROBE_UNREACHABLE);
}

void
wire_open(struct probe *p, const struct tls_roots *roots, struct arena *arena)
{
	struct sockaddr_storage address;
	socklen_t n = make_sockaddr(p, &address);
	struct probe_wire *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		probe_end(p, PROBE_NO_MEMORY);
		return;
	}
	p->wire = w;
	w->roots = roots;
	w->arena = arena;
	buf_init(&w->in, PROBE_MAX_OCTETS);
	buf_init(&w->out, OUT_MAX_BYTES);
	w->fd = socket(p->ip.v6 ? AF_INET6 : AF_INET, SOCK_STREAM |
	    SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd == -1 || (connect(w->fd, (struct sockaddr *)&address, n) ==
	    -1 && errno != EINPROGRESS)) {
		fail_connect(p, errno);
	}
}

void
wire_close(struct probe *p)
{
	struct probe_wire *w = p->wire;

	if (w == NULL) {
		return;
	}
	if (w->fd != -1) {
		(void)close(w->fd);
	}
	buf_fini(&w->in);
	buf_fini(&w->out);
	free(w);
	p->wire = NULL;
}

short
wire_events(const struct probe *p)
{
	return (p->stage == PROBE_AT_CONNECT ? POLLOUT : p->wire->out.n > 0 ?
	    POLLIN | POLLOUT : POLLIN);
}

/* The connection stands, or it will not. */
static void
finish_connect(struct probe *p)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(p->wire->fd, SOL_SOCKET, SO_ERROR, &error, &n) == -1) {
		error = errno;
	}
	if (error != 0) {
		fail_connect(p, error);
		return;
	}
	if (p->kind == PROBE_HTTPS) {
		wire_start_tls(p);
	} else {
		p->stage = PROBE_AT_GREETING;
	}
}

static void
remove_first(struct buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

static void
send_some(struct probe *p)
{
	struct probe_wire *w = p->wire;
	ssize_t n;

	if (w->out.n == 0) {
		return;
	}
	n = send(w->fd, w->out.p, w->out.n, MSG_NOSIGNAL);
	if (n > 0) {
		remove_first(&w->out, (size_t)n);
	} else if (errno != EAGAIN && errno != EINTR) {
		/* What it said before can still be read. */
		w->out.n = 0;
	}
}

/* What TLS wants to send. */
static void
drain_tls(struct probe *p)
{
	struct probe_wire *w = p->wire;
	char piece[4096];
	size_t n;

	while ((n = tls_drain(p->tls, piece, sizeof(piece))) > 0) {
		buf_add(&w->out, piece, n);
	}
	if (w->out.status != STATUS_OK) {
		probe_end(p, PROBE_ENDLESS);
	}
}

static void
read_tls(struct probe *p)
{
	enum tls_progress progress;
	char piece[4096];
	size_t n;

	do {
		progress = tls_read(p->tls, piece, sizeof(piece), &n);
		if (progress == TLS_OPEN) {
			buf_add(&p->wire->in, piece, n);
		}
	} while (progress == TLS_OPEN);
	p->wire->ended |= progress == TLS_ENDED;
	if (progress == TLS_FAILED) {
		probe_end(p, PROBE_NO_TLS);
	}
}

/* After octets came, or at the start. */
static void
step_tls(struct probe *p)
{
	enum tls_progress progress = TLS_OPEN;

	if (!p->encrypted) {
		progress = tls_handshake(p->tls);
		p->encrypted = progress == TLS_OPEN;
	}
	if (progress == TLS_FAILED || progress == TLS_ENDED) {
		drain_tls(p);		/* the alert */
		send_some(p);
		probe_end(p, PROBE_NO_TLS);
		return;
	}
	if (p->encrypted) {
		read_tls(p);
	}
	drain_tls(p);
}

void
wire_start_tls(struct probe *p)
{
	struct probe_wire *w = p->wire;

	/* Octets that came in the clear are not part of it. */
	w->in.n = 0;
	p->stage = PROBE_AT_HANDSHAKE;
	p->tls = tls_new(w->roots, p->host);
	if (p->tls == NULL) {
		probe_end(p, PROBE_NO_MEMORY);
		return;
	}
	step_tls(p);
}

static void
take_octets(struct probe *p, struct str octets)
{
	struct probe_wire *w = p->wire;

	w->received += octets.n;
	if (p->tls == NULL) {
		buf_add_str(&w->in, octets);
	} else if (tls_feed(p->tls, octets)) {
		step_tls(p);
	} else {
		probe_end(p, PROBE_NO_MEMORY);
	}
	if (w->in.status == STATUS_NOMEM) {
		probe_end(p, PROBE_NO_MEMORY);
	} else if (w->in.status != STATUS_OK ||
	    w->received > PROBE_MAX_OCTETS) {
		probe_end(p, PROBE_ENDLESS);
	}
}

static void
receive_some(struct probe *p)
{
	static const int gone = 0;
	char piece[PIECE_BYTES];
	ssize_t n = recv(p->wire->fd, piece, sizeof(piece), 0);

	if (n > 0) {
		take_octets(p, str_mem(piece, (size_t)n));
	} else if (n == gone || (errno != EAGAIN && errno != EINTR)) {
		p->wire->ended = true;
	}
}

void
wire_move(struct probe *p, short events)
{
	if (p->stage == PROBE_AT_CONNECT) {
		finish_connect(p);
		if (p->end == PROBE_OPEN && p->kind == PROBE_HTTPS) {
			send_some(p);
		}
		return;
	}
	if ((events & POLLOUT) != 0) {
		send_some(p);
	}
	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
		receive_some(p);
	}
}

void
wire_send(struct probe *p, const char *fmt, ...)
{
	char text[COMMAND_BYTES];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		probe_end(p, PROBE_NO_MEMORY);
		return;
	}
	if (!p->encrypted) {
		buf_add(&p->wire->out, text, (size_t)n);
	} else if (tls_write(p->tls, str_mem(text, (size_t)n))) {
		drain_tls(p);
	} else {
		probe_end(p, PROBE_NO_TLS);
	}
	send_some(p);
}

void
wire_skip(struct probe *p, size_t n)
{
	remove_first(&p->wire->in, n);
}
