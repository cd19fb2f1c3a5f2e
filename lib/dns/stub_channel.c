/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of c-ares that 1.18 and 1.34 have in common. Later versions call
 * some of them deprecated; they stay part of its stable interface.
 */
#define CARES_NO_DEPRECATED
#include "config.h"

#include <sys/time.h>

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/packet.h"
#include "dns/stub.h"

/* The first timeout; c-ares doubles it for each further try. */
#define FIRST_TIMEOUT_MS	1000
/* One less than c-ares reports: its macro shifts the last into the sign. */
#define CHANNEL_SOCKETS		(ARES_GETSOCK_MAXNUM - 1)
#define SOCKET_BUFFER_BYTES	(1 << 20)

enum channel_kind { CHANNEL_UDP, CHANNEL_TCP, CHANNEL_PROBE };

struct channel {
	LIST_ENTRY(channel)	 link;
	ares_channel		 ares;
	unsigned		 sent;
	unsigned		 open;		/* attempts in flight */
	uint64_t		 born_us;
	bool			 is_broken;
};

/* Tries until FIRST_TIMEOUT_MS, doubled each time, add up to the timeout. */
static int
count_tries(uint64_t timeout_us)
{
	uint64_t ms = FIRST_TIMEOUT_MS, sum_ms = 0;
	int n = 0;

	while (sum_ms < timeout_us / 1000 && n < 8) {
		sum_ms += ms;
		ms *= 2;
		n++;
	}
	return (n > 0 ? n : 1);
}

static int
set_server(ares_channel ares, const struct dns_server *where)
{
	struct ares_addr_port_node node = { .family = where->family,
		.udp_port = where->port, .tcp_port = where->port };

	memcpy(&node.addr, where->octets,
	    where->family == AF_INET ? 4 : sizeof(where->octets));
	return (ares_set_servers_ports(ares, &node));
}

/* All that c-ares would otherwise look up in files is given. */
static int
init_ares(ares_channel *ares, const struct stub_server *server,
    enum channel_kind kind)
{
	bool is_probe = kind == CHANNEL_PROBE;
	struct in_addr unused = { .s_addr = 0 };
	char lookups[] = "b";
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
		    ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP |
		    (kind == CHANNEL_TCP ? ARES_FLAG_USEVC :
		    ARES_FLAG_IGNTC),
		.timeout = is_probe ? STUB_PROBE_TIMEOUT_MS :
		    FIRST_TIMEOUT_MS,
		.tries = is_probe ? 1 : count_tries(server->stub->timeout_us),
		.ndots = 1, .lookups = lookups, .ednspsz = DNS_PACKET_UDP_BYTES,
		.servers = &unused, .nservers = 1,
		.socket_receive_buffer_size = SOCKET_BUFFER_BYTES
	};
	int error, mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	    ARES_OPT_NDOTS | ARES_OPT_LOOKUPS | ARES_OPT_EDNSPSZ |
	    ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
	    ARES_OPT_SOCK_RCVBUF;

#ifdef ARES_OPT_QUERY_CACHE
	/* The cache above knows what may be kept. */
	o.qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	error = ares_init_options(ares, &o, mask);
	if (error == ARES_SUCCESS) {
		error = set_server(*ares, &server->where);
		if (error != ARES_SUCCESS) {
			ares_destroy(*ares);
		}
	}
	return (error);
}

static struct channel *
channel_new(const struct stub_server *server, enum channel_kind kind,
    uint64_t now_us)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (c != NULL && init_ares(&c->ares, server, kind) != ARES_SUCCESS) {
		free(c);
		return (NULL);
	}
	if (c != NULL) {
		c->born_us = now_us;
	}
	return (c);
}

void
channel_free(struct channel *c)
{
	if (c != NULL) {
		ares_destroy(c->ares);
		free(c);
	}
}

void
channel_free_list(struct channel_list *list)
{
	struct channel *c;

	while ((c = LIST_FIRST(list)) != NULL) {
		LIST_REMOVE(c, link);
		channel_free(c);
	}
}

static enum stub_outcome
outcome_of(int error)
{
	switch (error) {
	case ARES_SUCCESS:
		return (STUB_ANSWERED);
	case ARES_ETIMEOUT:
		return (STUB_NO_ANSWER);
	case ARES_ECONNREFUSED:
	/* c-ares 1.34: an answer on the same connection was malformed. */
	case ARES_EBADRESP:
	case ARES_EFORMERR:
		return (STUB_REFUSED);
	case ARES_EDESTRUCTION:
	case ARES_ECANCELLED:
		return (STUB_ABANDONED);
	default:
		return (STUB_OUR_FAILURE);
	}
}

/* No socket could be made: c-ares reports that as a refused connection. */
static bool
is_our_error(int error)
{
	return (error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM);
}

static void
take_result(void *arg, int error, int timeouts, unsigned char *packet, int n)
{
	struct attempt *attempt = arg;
	struct channel *c = attempt->channel;
	enum stub_outcome outcome = outcome_of(error);

	(void)timeouts;
	c->open--;
	if (packet != NULL && n > 0) {
		outcome = STUB_ANSWERED;
	} else if (outcome == STUB_ANSWERED || (error == ARES_ECONNREFUSED &&
	    is_our_error(errno))) {
		outcome = STUB_OUR_FAILURE;
	}
	if (outcome == STUB_OUR_FAILURE) {
		c->is_broken = true;
	}
	stub_attempt_ended(attempt, outcome, str_mem(packet, n > 0 ?
	    (size_t)n : 0));
}

/* The channel for new questions; NULL: no memory. */
static struct channel *
find_channel(struct stub_server *server, uint64_t now_us)
{
	struct channel *c = server->channel;

	if (c != NULL && (c->is_broken || (c->sent >= STUB_CHANNEL_QUERIES &&
	    now_us >= c->born_us + STUB_CHANNEL_US))) {
		LIST_INSERT_HEAD(&server->old, c, link);
		c = NULL;
	}
	if (c == NULL) {
		c = channel_new(server, CHANNEL_UDP, now_us);
	}
	server->channel = c;
	return (c);
}

/*
 * One without questions, or else the one with the fewest. NULL: no memory. Of
 * a channel without questions c-ares has closed the connection.
 */
static struct channel *
find_tcp_channel(struct stub_server *server, uint64_t now_us)
{
	struct channel *best = NULL;
	size_t i, unused = STUB_TCP_CHANNELS;

	for (i = 0; i < STUB_TCP_CHANNELS; i++) {
		struct channel *c = server->tcp[i];

		if (c == NULL) {
			unused = i;
		} else if (!c->is_broken &&
		    (best == NULL || c->open < best->open)) {
			best = c;
		}
	}
	if (unused < STUB_TCP_CHANNELS && (best == NULL || best->open > 0)) {
		best = channel_new(server, CHANNEL_TCP, now_us);
		server->tcp[unused] = best;
	}
	return (best);
}

enum status
channel_send(struct stub_server *server, struct attempt *attempt,
    const unsigned char *query, size_t n, uint64_t now_us)
{
	struct channel *c;

	if (attempt->question == NULL) {
		c = server->probe = channel_new(server, CHANNEL_PROBE, now_us);
	} else if (attempt->is_tcp) {
		c = find_tcp_channel(server, now_us);
	} else {
		c = find_channel(server, now_us);
	}
	if (c == NULL) {
		return (STATUS_NOMEM);
	}
	c->sent++;
	c->open++;
	attempt->channel = c;
	errno = 0;
	ares_send(c->ares, query, (int)n, take_result, attempt);
	return (STATUS_OK);
}

static void
drop_ended(struct channel **c)
{
	if (*c != NULL && (*c)->open == 0) {
		channel_free(*c);
		*c = NULL;
	}
}

void
channel_tidy(struct stub_server *server)
{
	struct channel *c, *next;
	unsigned n = 0;
	size_t i;

	for (c = LIST_FIRST(&server->old); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		/* The newest come first. */
		if (c->open == 0 || ++n > STUB_OLD_CHANNELS) {
			LIST_REMOVE(c, link);
			channel_free(c);
		}
	}
	drop_ended(&server->probe);
	for (i = 0; i < STUB_TCP_CHANNELS; i++) {
		drop_ended(&server->tcp[i]);
	}
}

static void
add_channel(struct channel *c, struct stub_fds *fds)
{
	ares_socket_t sockets[CHANNEL_SOCKETS];
	unsigned bits, i;
	short events;

	if (c == NULL || c->open == 0) {
		return;
	}
	fds->n_open++;
	bits = (unsigned)ares_getsock(c->ares, sockets, CHANNEL_SOCKETS);
	for (i = 0; i < CHANNEL_SOCKETS && fds->n < STUB_MAX_FDS; i++) {
		events = 0;
		if (ARES_GETSOCK_READABLE(bits, i)) {
			events |= POLLIN;
		}
		if (ARES_GETSOCK_WRITABLE(bits, i)) {
			events |= POLLOUT;
		}
		if (events != 0) {
			fds->owner[fds->n] = c;
			fds->v[fds->n++] = (struct pollfd){
				.fd = sockets[i], .events = events };
		}
	}
}

void
channel_add_fds(struct stub_server *server, struct stub_fds *fds)
{
	struct channel *c;
	size_t i;

	add_channel(server->channel, fds);
	add_channel(server->probe, fds);
	for (i = 0; i < STUB_TCP_CHANNELS; i++) {
		add_channel(server->tcp[i], fds);
	}
	LIST_FOREACH(c, &server->old, link) {
		add_channel(c, fds);
	}
}

void
channel_process_fds(const struct stub_fds *fds)
{
	size_t i;

	for (i = 1; i < fds->n; i++) {
		short got = fds->v[i].revents;

		if (got != 0) {
			ares_process_fd(fds->owner[i]->ares,
			    (got & ~POLLOUT) != 0 ? fds->v[i].fd :
			    ARES_SOCKET_BAD, (got & POLLOUT) != 0 ?
			    fds->v[i].fd : ARES_SOCKET_BAD);
		}
	}
}

static void
process_timeouts(struct channel *c)
{
	if (c != NULL && c->open > 0) {
		ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

void
channel_process_timeouts(struct stub_server *server)
{
	struct channel *c, *next, *current = server->channel;
	size_t i;

	/* What is sent again meanwhile may make the current one an old one. */
	for (c = LIST_FIRST(&server->old); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		process_timeouts(c);
	}
	process_timeouts(current);
	process_timeouts(server->probe);
	for (i = 0; i < STUB_TCP_CHANNELS; i++) {
		process_timeouts(server->tcp[i]);
	}
}
