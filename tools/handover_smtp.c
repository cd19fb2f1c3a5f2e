/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover_smtp: by SMTP (RFC 5321), to an MTA that takes mail of this host as
 * its own: without TLS and login, so on this machine or a trusted network.
 */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "tools/handover.h"

#define PORT		"25"
#define SHOWN_MAX_BYTES	200

struct smtp {
	const struct handover	*h;
	const char		*where;
	int			 fd;
	uint64_t		 deadline_us;
	struct buf		 in;		/* the reply that was read */
	size_t			 at;		/* of it is done with */
	struct diag		*diag;
};

static enum handover_result
set_failure(struct smtp *s, const char *why)
{
	diag_set(s->diag, s->where, 0, "%s", why);
	return (HANDOVER_LATER);
}

/* "host", "host:port", "[address]:port". False: none of them. */
static bool
split_where(const char *where, char **host_r, char **port_r)
{
	struct str s = str_from(where), host = s, port = STR(PORT);
	size_t colon = str_rfind(s, ':'), end = str_find(s, ']');

	if (s.n > 0 && s.p[0] == '[' && end < s.n) {
		host = str_mem(s.p + 1, end - 1);
		colon = end + 1;
	} else if (colon < s.n) {
		host = str_first(s, colon);
	}
	if (colon < s.n) {
		port = str_from_offset(s, colon + 1);
	}
	*host_r = strndup(host.n > 0 ? host.p : "", host.n);
	*port_r = strndup(port.n > 0 ? port.p : "", port.n);
	return (*host_r != NULL && *port_r != NULL && host.n > 0 &&
	    port.n > 0);
}

static int
connect_one(struct smtp *s, const struct addrinfo *a)
{
	int fd, error = 0;
	socklen_t n = sizeof(error);

	fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, a->ai_protocol);
	if (fd == -1) {
		return (-1);
	}
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
		return (fd);
	}
	if (errno == EINPROGRESS && handover_wait(s->h, fd, POLLOUT,
	    s->deadline_us) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
	    &n) == 0 && error == 0) {
		return (fd);
	}
	error = error != 0 ? error : errno;
	(void)close(fd);
	errno = error;
	return (-1);
}

static bool
open_connection(struct smtp *s)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *a;
	char *host = NULL, *port = NULL;
	int error;

	if (!split_where(s->where, &host, &port)) {
		(void)set_failure(s, "not a host and a port");
	} else {
		error = getaddrinfo(host, port, &hints, &list);
		if (error != 0) {
			(void)set_failure(s, gai_strerror(error));
		}
	}
	for (a = list; a != NULL && s->fd == -1; a = a->ai_next) {
		s->fd = connect_one(s, a);
	}
	if (list != NULL && s->fd == -1) {
		(void)set_failure(s, strerror(errno));
	}
	if (list != NULL) {
		freeaddrinfo(list);
	}
	free(host);
	free(port);
	return (s->fd != -1);
}

static bool
send_bytes(struct smtp *s, struct str text)
{
	ssize_t n;

	while (text.n > 0) {
		n = send(s->fd, text.p, text.n, MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN) {
			if (!handover_wait(s->h, s->fd, POLLOUT,
			    s->deadline_us)) {
				return (false);
			}
		} else if (n == -1 && errno != EINTR) {
			return (false);
		}
		text = str_from_offset(text, n > 0 ? (size_t)n : 0);
	}
	return (true);
}

static bool
receive_bytes(struct smtp *s)
{
	char piece[1024];
	ssize_t n;

	do {
		if (!handover_wait(s->h, s->fd, POLLIN, s->deadline_us)) {
			return (false);
		}
		n = recv(s->fd, piece, sizeof(piece), 0);
	} while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n > 0) {
		buf_add(&s->in, piece, (size_t)n);
	}
	return (n > 0 && s->in.status == STATUS_OK);
}

/* The next line without its end; absent: none came. */
static struct str
read_line(struct smtp *s)
{
	struct str rest, line;

	for (;;) {
		rest = str_from_offset(buf_str(&s->in), s->at);
		if (str_find(rest, '\n') < rest.n) {
			break;
		}
		if (!receive_bytes(s)) {
			return (STR_NONE);
		}
	}
	line = str_first(rest, str_find(rest, '\n'));
	s->at += line.n + 1;
	return (str_trim_fws(line));
}

/* The code of the whole reply, whose last line is in *line_r; 0: none. */
static unsigned
read_reply(struct smtp *s, struct str *line_r)
{
	uint64_t code;

	buf_reset(&s->in);
	s->at = 0;
	do {
		*line_r = read_line(s);
		if (!str_to_u64(str_first(*line_r, 3), &code) ||
		    line_r->n < 3) {
			return (0);
		}
	} while (line_r->n > 3 && line_r->p[3] == '-');
	return ((unsigned)code);
}

/*
 * Whether a reply says that the address is bad or its mailbox disabled: by its
 * enhanced code (RFC 3463), since MTAs answer RCPT with 5xx to a host, a sender
 * or a way that they refuse as well; without one, by 550, 551 or 553.
 */
static bool
is_bad_address(unsigned code, struct str line)
{
	static const char *const codes[] = { "5.1.1", "5.1.2", "5.1.3",
		"5.1.6", "5.1.10", "5.2.1" };
	struct str text = str_from_offset(line, 4);
	struct str word = str_first(text, str_find(text, ' '));
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (str_eq(word, str_from(codes[i]))) {
			return (true);
		}
	}
	return (!str_starts_ci(word, STR("5.")) &&
	    (code == 550 || code == 551 || code == 553));
}

/* Sends a command and wants a reply of that class (2 or 3). REFUSED: the
   address of the command is bad. */
static enum handover_result
send_command(struct smtp *s, struct str text, unsigned class)
{
	struct buf shown;
	struct str line;
	unsigned code;

	if (!send_bytes(s, text)) {
		return (set_failure(s, "the connection was lost"));
	}
	code = read_reply(s, &line);
	if (code / 100 == class) {
		return (HANDOVER_DONE);
	}
	if (code == 0) {
		return (set_failure(s, "no reply in time"));
	}
	buf_init(&shown, 8 * SHOWN_MAX_BYTES);
	escape_text(&shown, line, SHOWN_MAX_BYTES);
	(void)set_failure(s, shown.p != NULL ? shown.p : "refused");
	buf_fini(&shown);
	return (code / 100 == 5 && is_bad_address(code, line) ?
	    HANDOVER_REFUSED : HANDOVER_LATER);
}

static enum handover_result ATTR_PRINTF(3, 4)
send_line(struct smtp *s, unsigned class, const char *fmt, ...)
{
	enum handover_result result;
	struct buf text;
	va_list ap;
	char line[1024];

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_init(&text, sizeof(line) + 2);
	buf_printf(&text, "%s\r\n", line);
	result = send_command(s, buf_str(&text), class);
	buf_fini(&text);
	return (result);
}

/* With CRLF, dots doubled (RFC 5321 4.5.2), and the end. */
static enum handover_result
send_text(struct smtp *s, struct str text)
{
	enum handover_result result;
	struct str line;
	struct buf out;

	buf_init(&out, 2 * text.n + 16);
	if (text.n > 0 && text.p[text.n - 1] == '\n') {
		text.n--;
	}
	while (str_next(&text, '\n', &line)) {
		if (line.n > 0 && line.p[0] == '.') {
			buf_add_char(&out, '.');
		}
		buf_add_str(&out, line);
		buf_add_cstr(&out, "\r\n");
	}
	buf_add_cstr(&out, ".\r\n");
	result = out.status == STATUS_OK ? send_command(s, buf_str(&out), 2) :
	    set_failure(s, status_text(out.status));
	buf_fini(&out);
	/* A mail that is refused as a whole is our own trouble. */
	return (result == HANDOVER_REFUSED ? HANDOVER_LATER : result);
}

static enum handover_result
converse_smtp(struct smtp *s, const struct handover_mail *mail)
{
	enum handover_result result = send_command(s, STR(""), 2);

	if (result == HANDOVER_DONE) {
		result = send_line(s, 2, "EHLO %s", s->h->helo);
	}
	if (result == HANDOVER_DONE) {
		result = send_line(s, 2, "MAIL FROM:<%s>", mail->sender);
	}
	if (result != HANDOVER_DONE) {
		return (HANDOVER_LATER);
	}
	result = send_line(s, 2, "RCPT TO:<%s>", mail->recipient);
	if (result != HANDOVER_DONE) {
		return (result);
	}
	result = send_line(s, 3, "DATA");
	if (result != HANDOVER_DONE) {
		return (HANDOVER_LATER);
	}
	return (send_text(s, mail->text));
}

enum handover_result
handover_smtp(const struct handover *h, const char *where,
    const struct handover_mail *mail, struct diag *diag)
{
	struct smtp s = { .h = h, .where = where, .fd = -1, .diag = diag };
	enum handover_result result = HANDOVER_LATER;

	s.deadline_us = env_mono_us(h->env) + HANDOVER_MAX_US;
	buf_init(&s.in, HANDOVER_REPLY_MAX_BYTES);
	if (open_connection(&s)) {
		result = converse_smtp(&s, mail);
		(void)send_bytes(&s, STR("QUIT\r\n"));
		(void)close(s.fd);
	}
	buf_fini(&s.in);
	return (result);
}
