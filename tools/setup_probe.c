/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks Postfix's smtpd for its answer to MAIL FROM, as a client of this host,
 * before and after its milters change: a milter that it cannot reach, or not
 * talk to, makes it refuse there. No message is sent.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <errno.h>
#include <netdb.h>
#include <unistd.h>

#include "tools/setup.h"

#define TIMEOUT_S	30
#define LINES_MAX	64		/* of one reply */
#define LINE_BYTES	1024

struct probe {
	int	fd;
	char	in[LINE_BYTES];
	size_t	n;
	char	line[LINE_BYTES];	/* the last one */
};

/* A listener with the milters of main.cf and without TLS from the start. */
static const struct postfix_service *
choose_service(const struct setup_postfix *p)
{
	const struct postfix_service *service;
	size_t i;

	for (i = 0; i < p->n; i++) {
		service = &p->v[i];
		if (str_eq(service->type, STR("inet")) && !service->wrapped &&
		    service->command != POSTFIX_CLEANUP &&
		    !postfix_has_word(service->receive, "no_milters") &&
		    service->milters.p == NULL) {
			return (service);
		}
	}
	return (NULL);
}

/* "host:port", "[host]:port" or a port on the first of inet_interfaces. NULL:
   a loopback address, of either family (inet_protocols). */
static void
split_service(struct setup *s, struct str name, const char **host_r,
    const char **port_r)
{
	size_t colon = str_rfind(name, ':');
	struct str host = colon < name.n ? str_first(name, colon) : STR_NONE;
	struct str port = colon < name.n ? str_from_offset(name, colon + 1) :
	    name;

	if (host.n == 0) {
		host = s->postfix.interfaces;
		host = str_first(host, str_find(host, ','));
		host = str_first(host, str_find(host, ' '));
		if (str_eq(host, STR("all")) || host.n == 0 ||
		    str_eq(host, STR("loopback-only"))) {
			host = STR_NONE;
		}
	}
	if (host.n > 2 && host.p[0] == '[') {
		host = str_mem(host.p + 1, host.n - 2);
	}
	*host_r = host.n > 0 ? arena_cstr(&s->arena, host) : NULL;
	*port_r = arena_cstr(&s->arena, port);
}

static int
connect_to_host(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval limit = { TIMEOUT_S, 0 };
	struct addrinfo *list, *a;
	int fd = -1;

	if (port == NULL ||
	    getaddrinfo(host, port, &hints, &list) != 0) {
		errno = EADDRNOTAVAIL;
		return (-1);
	}
	for (a = list; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd == -1) {
			continue;
		}
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
		    sizeof(limit));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
		    sizeof(limit));
		if (connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
			(void)close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return (fd);
}

static int
connect_to(const char **host, const char *port)
{
	int fd;

	if (*host != NULL) {
		return (connect_to_host(*host, port));
	}
	*host = "::1";
	fd = connect_to_host(*host, port);
	if (fd == -1) {
		*host = "127.0.0.1";
		fd = connect_to_host(*host, port);
	}
	return (fd);
}

static bool
read_line(struct probe *p)
{
	size_t end;
	ssize_t n;

	for (;;) {
		end = str_find(str_mem(p->in, p->n), '\n');
		if (end < p->n) {
			memcpy(p->line, p->in, end);
			p->line[end] = '\0';
			p->n -= end + 1;
			memmove(p->in, p->in + end + 1, p->n);
			return (true);
		}
		if (p->n == sizeof(p->in)) {
			return (false);
		}
		n = read(p->fd, p->in + p->n, sizeof(p->in) - p->n);
		if (n <= 0) {
			return (false);
		}
		p->n += (size_t)n;
	}
}

static int
reply_code(const char *line)
{
	uint64_t code;

	return (strlen(line) >= 3 && str_to_u64(str_mem(line, 3), &code) ?
	    (int)code : 0);
}

/* The code of a reply; 0: there is none. */
static int
read_reply(struct probe *p)
{
	int i;

	for (i = 0; i < LINES_MAX && read_line(p); i++) {
		if (strlen(p->line) < 3 || p->line[3] != '-') {
			return (reply_code(p->line));
		}
	}
	return (0);
}

static int
send_command(struct probe *p, const char *command)
{
	size_t n = strlen(command);

	return (send(p->fd, command, n, MSG_NOSIGNAL) == (ssize_t)n ?
	    read_reply(p) : 0);
}

static int
play_client(struct setup *s, struct probe *p)
{
	struct str mail = setup_text(s, "MAIL FROM:<postmaster@%.*s>\r\n",
	    STR_FMT(s->domain));
	int code = read_reply(p);

	if (code / 100 == 2) {
		code = send_command(p, "EHLO localhost\r\n");
	}
	if (code / 100 == 2) {
		code = send_command(p, mail.p);
		(void)send(p->fd, "QUIT\r\n", 6, MSG_NOSIGNAL);
	}
	return (code);
}

int
setup_probe(struct setup *s, struct str *reply_r)
{
	const struct postfix_service *service = choose_service(&s->postfix);
	struct probe p = { .fd = -1 };
	const char *host, *port;
	int code;

	if (service == NULL) {
		*reply_r = STR("no listener uses the milters of main.cf");
		return (0);
	}
	split_service(s, service->name, &host, &port);
	p.fd = connect_to(&host, port);
	if (p.fd == -1) {
		*reply_r = setup_text(s, "%s port %s: %s", host, port,
		    strerror(errno));
		return (0);
	}
	code = play_client(s, &p);
	*reply_r = setup_text(s, "%s", p.line[0] != '\0' ? p.line :
	    "no answer");
	(void)close(p.fd);
	return (code);
}
