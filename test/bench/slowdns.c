/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slowdns: a DNS server with a latency. It forwards queries (UDP only) to
 * another server and returns each answer a fixed time after its query arrived,
 * however many there are at once; it logs when queries arrived.
 *
 * Commands on standard input, one a line; it ends with the input:
 *	delay MS	the latency from now on; prints "."
 *	log		prints the queries since the last log, one a line: when
 *			it arrived and was answered (microseconds of a
 *			monotonic clock, 0: not yet), type, name; then "."
 */
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "base/str.h"

#define PACKET_MAX_BYTES	4096
#define NAME_MAX_BYTES		256
#define HEAD_BYTES		12
/* Queries that are remembered; the index is their id upstream. */
#define QUERIES_MAX		65536
#define LINE_MAX_BYTES		64

struct query {
	uint64_t		 came_us;
	uint64_t		 answered_us;	/* 0: not yet */
	struct sockaddr_in	 client;
	unsigned char		 id[2];		/* as the client chose it */
	unsigned		 type;
	char			 name[NAME_MAX_BYTES];
};

struct answer {			/* to be sent at due_us; in that order */
	struct answer	*next;
	uint64_t	 due_us;
	uint16_t	 query;
	size_t		 n;
	unsigned char	 packet[PACKET_MAX_BYTES];
};

struct slowdns {
	struct env	 env;
	int		 client_fd;
	int		 server_fd;	/* connected */
	uint64_t	 delay_us;
	struct query	*queries;	/* QUERIES_MAX of them, a ring */
	size_t		 next;		/* never wraps; index by remainder */
	size_t		 logged;
	struct answer	*first;
	struct answer	**last;
};

/* The question's name as text, as far as it can be read, and its type. */
static void
read_question(struct query *query, const unsigned char *p, size_t n)
{
	size_t at = HEAD_BYTES, out = 0;

	while (at < n && p[at] != 0 && p[at] < 64 && at + 1 + p[at] < n &&
	    out + p[at] + 2 <= sizeof(query->name)) {
		memcpy(query->name + out, p + at + 1, p[at]);
		out += p[at];
		query->name[out++] = '.';
		at += 1 + (size_t)p[at];
	}
	query->name[out] = '\0';
	query->type = at + 2 < n ? (unsigned)p[at + 1] << 8 | p[at + 2] : 0;
}

static void
take_query(struct slowdns *dns)
{
	struct query *query = &dns->queries[dns->next % QUERIES_MAX];
	socklen_t client_n = sizeof(query->client);
	unsigned char packet[PACKET_MAX_BYTES];
	ssize_t n;

	n = recvfrom(dns->client_fd, packet, sizeof(packet), 0,
	    (struct sockaddr *)&query->client, &client_n);
	if (n < HEAD_BYTES) {
		return;
	}
	query->came_us = env_mono_us(&dns->env);
	query->answered_us = 0;
	memcpy(query->id, packet, sizeof(query->id));
	read_question(query, packet, (size_t)n);
	packet[0] = (unsigned char)(dns->next % QUERIES_MAX >> 8);
	packet[1] = (unsigned char)(dns->next % QUERIES_MAX);
	dns->next++;
	/* It may get lost, as on any network. */
	(void)!send(dns->server_fd, packet, (size_t)n, 0);
}

static void
take_answer(struct slowdns *dns)
{
	struct answer *answer = malloc(sizeof(*answer));
	ssize_t n;

	if (answer == NULL) {
		return;
	}
	n = recv(dns->server_fd, answer->packet, sizeof(answer->packet), 0);
	if (n < HEAD_BYTES) {
		free(answer);
		return;
	}
	answer->n = (size_t)n;
	answer->query = (uint16_t)(answer->packet[0] << 8 | answer->packet[1]);
	answer->due_us = dns->queries[answer->query].came_us + dns->delay_us;
	answer->next = NULL;
	*dns->last = answer;
	dns->last = &answer->next;
}

static void
send_due(struct slowdns *dns)
{
	struct answer *answer;
	struct query *query;

	while ((answer = dns->first) != NULL &&
	    answer->due_us <= env_mono_us(&dns->env)) {
		query = &dns->queries[answer->query];
		memcpy(answer->packet, query->id, sizeof(query->id));
		query->answered_us = env_mono_us(&dns->env);
		(void)!sendto(dns->client_fd, answer->packet, answer->n, 0,
		    (struct sockaddr *)&query->client, sizeof(query->client));
		dns->first = answer->next;
		if (dns->first == NULL) {
			dns->last = &dns->first;
		}
		free(answer);
	}
}

static void
print_log(struct slowdns *dns)
{
	const struct query *query;

	if (dns->next - dns->logged > QUERIES_MAX) {
		dns->logged = dns->next - QUERIES_MAX;
	}
	for (; dns->logged < dns->next; dns->logged++) {
		query = &dns->queries[dns->logged % QUERIES_MAX];
		printf("%llu %llu %u %s\n", (unsigned long long)query->came_us,
		    (unsigned long long)query->answered_us, query->type,
		    query->name);
	}
}

/* False: end of input, or an unknown command. */
static bool
take_command(struct slowdns *dns)
{
	char line[LINE_MAX_BYTES];
	uint64_t ms;

	if (fgets(line, sizeof(line), stdin) == NULL) {
		return (false);
	}
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "log") == 0) {
		print_log(dns);
	} else if (strncmp(line, "delay ", 6) == 0 &&
	    str_to_u64(str_from(line + 6), &ms) && ms < 10000) {
		dns->delay_us = ms * 1000;
	} else {
		return (false);
	}
	return (puts(".") >= 0 && fflush(stdout) == 0);
}

/* Time until an answer is due, a second at most. */
static struct timespec
time_left(const struct slowdns *dns)
{
	uint64_t now = env_mono_us(&dns->env), us = 1000000;

	if (dns->first != NULL) {
		us = dns->first->due_us > now ? dns->first->due_us - now : 0;
	}
	return ((struct timespec){ .tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000 });
}

static void
serve(struct slowdns *dns)
{
	int most = dns->client_fd > dns->server_fd ? dns->client_fd :
	    dns->server_fd;
	struct timespec wait;
	bool go_on = true;
	fd_set fds;

	while (go_on) {
		FD_ZERO(&fds);
		FD_SET(STDIN_FILENO, &fds);
		FD_SET(dns->client_fd, &fds);
		FD_SET(dns->server_fd, &fds);
		wait = time_left(dns);
		if (pselect(most + 1, &fds, NULL, NULL, &wait, NULL) > 0) {
			if (FD_ISSET(dns->server_fd, &fds)) {
				take_answer(dns);
			}
			if (FD_ISSET(dns->client_fd, &fds)) {
				take_query(dns);
			}
			if (FD_ISSET(STDIN_FILENO, &fds)) {
				go_on = take_command(dns);
			}
		}
		send_due(dns);
	}
}

/* A socket that is bound to ADDRESS@PORT, or connected to it; -1: neither. */
static int
open_socket(const char *text, bool is_ours)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct str spec = str_from(text);
	size_t at = str_find(spec, '@');
	char address[INET_ADDRSTRLEN];
	uint64_t port;
	int fd;

	if (at >= sizeof(address) || at == spec.n ||
	    !str_to_u64(str_from_offset(spec, at + 1), &port) || port > 65535) {
		return (-1);
	}
	memcpy(address, text, at);
	address[at] = '\0';
	sin.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1) {
		return (-1);
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd != -1 && (is_ours ?
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) :
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin))) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

int
main(int argc, char **argv)
{
	static struct slowdns dns;

	if (argc != 3) {
		fprintf(stderr, "usage: slowdns ADDRESS@PORT SERVER@PORT\n");
		return (2);
	}
	env_init_system(&dns.env);
	dns.queries = calloc(QUERIES_MAX, sizeof(*dns.queries));
	dns.last = &dns.first;
	dns.client_fd = open_socket(argv[1], true);
	dns.server_fd = open_socket(argv[2], false);
	if (dns.queries == NULL || dns.client_fd == -1 ||
	    dns.server_fd == -1) {
		fprintf(stderr, "slowdns: cannot forward from %s to %s\n",
		    argv[1], argv[2]);
		return (1);
	}
	serve(&dns);
	while (dns.first != NULL) {
		struct answer *next = dns.first->next;

		free(dns.first);
		dns.first = next;
	}
	close(dns.client_fd);
	close(dns.server_fd);
	free(dns.queries);
	return (0);
}
