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

/* Times that c-ares sends a query again after its socket failed. */
#define CHANNEL_TRIES		4
/* c-ares' timeout is after the end of the channel. */
#define TIMEOUT_FACTOR		4
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
	uint64_t		 sent_us;	/* last */
	uint64_t		 wait_us;	/* for an answer */
	bool			 is_broken;
	bool			 is_late;	/* no answer in that time */
};

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
    enum channel_kind kind, uint64_t wait_us)
{
	struct in_addr unused = { .s_addr = 0 };
	char lookups[] = "b";
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
		    ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP |
		    (kind == CHANNEL_TCP ? ARES_FLAG_USEVC :
		    ARES_FLAG_IGNTC),
		.timeout = (int)(TIMEOUT_FACTOR * wait_us / 1000),
		.tries = kind == CHANNEL_PROBE ? 1 : CHANNEL_TRIES,
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

	if (c == NULL) {
		return (NULL);
	}
	c->born_us = now_us;
	c->wait_us = kind == CHANNEL_PROBE ? STUB_PROBE_WAIT_US :
	    server->stub->late_us;
	if (init_ares(&c->ares, server, kind, c->wait_us) != ARES_SUCCESS) {
		free(c);
		return (NULL);
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
	} else if (outcome == STUB_ABANDONED && c->is_late) {
		outcome = STUB_NO_ANSWER;
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

/* Whether it should take no more questions. */
static bool
is_spent(const struct channel *c, uint64_t now_us)
{
	return (c->is_broken || (now_us >= c->born_us + STUB_CHANNEL_US &&
	    (c->sent >= STUB_CHANNEL_QUERIES || (c->open > 0 &&
	    now_us >= c->born_us + c->wait_us / 2))));
}

/* The channel for new questions; NULL: no memory. */
static struct channel *
find_channel(struct stub_server *server, uint64_t now_us)
{
	struct channel *c = server->channel;

	if (c != NULL && is_spent(c, now_us)) {
		LIST_INSERT_HEAD(&server->old, c, link);
		c = NULL;
	}
	if (c == NULL) {
		c = channel_new(server, CHANNEL_UDP, now_us);
	}
	server->channel = c;
	return (c);
}

static bool
is_better(const struct channel *a, const struct channel *b, uint64_t now_us)
{
	bool is_a_spent = is_spent(a, now_us);

	return (is_a_spent == is_spent(b, now_us) ? a->open < b->open :
	    !is_a_spent);
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
		} else if (!c->is_broken && (best == NULL ||
		    is_better(c, best, now_us))) {
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
	c->sent_us = now_us;
	attempt->channel = c;
	errno = 0;
	ares_send(c->ares, query, (int)n, take_result, attempt);
	return (STATUS_OK);
}

/* The second is for those that are taken because all are spent. */
static bool
is_late(const struct channel *c, uint64_t now_us)
{
	return (c->open > 0 && (now_us >= c->sent_us + c->wait_us ||
	    now_us >= c->born_us + 2 * c->wait_us));
}

/* Its questions may be asked in another channel during the call. */
static void
drop_ended(struct channel **r, uint64_t now_us)
{
	struct channel *c = *r;

	if (c != NULL && (c->open == 0 || is_late(c, now_us))) {
		*r = NULL;
		c->is_late = true;
		channel_free(c);
	}
}

void
channel_tidy(struct stub_server *server, uint64_t now_us)
{
	struct channel *c, *next;
	unsigned n = 0;
	size_t i;

	for (c = LIST_FIRST(&server->old); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		/* The newest come first. */
		if (c->open == 0 || is_late(c, now_us) ||
		    ++n > STUB_OLD_CHANNELS) {
			LIST_REMOVE(c, link);
			channel_free(c);
		}
	}
	if (server->channel != NULL && is_late(server->channel, now_us)) {
		drop_ended(&server->channel, now_us);
	}
	drop_ended(&server->probe, now_us);
	for (i = 0; i < STUB_TCP_CHANNELS; i++) {
		drop_ended(&server->tcp[i], now_us);
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

/*
 * Without c-ares' own timeouts where they can be left out (1.34): those are not
 * the ones it was given, and each closes a socket at which the answer to an
 * earlier try may still come. Sockets without questions are closed.
 */
static void
process_socket(struct channel *c, ares_socket_t in, ares_socket_t out)
{
#if ARES_VERSION >= 0x012200
	ares_fd_events_t events[] = {
		{ .fd = in, .events = ARES_FD_EVENT_READ },
		{ .fd = out, .events = ARES_FD_EVENT_WRITE }
	};

	(void)ares_process_fds(c->ares, events, 2,
	    ARES_PROCESS_FLAG_SKIP_NON_FD);
	if (c->open == 0) {
		(void)ares_process_fds(c->ares, NULL, 0,
		    ARES_PROCESS_FLAG_NONE);
	}
#else
	ares_process_fd(c->ares, in, out);
#endif
}

void
channel_process_fds(const struct stub_fds *fds)
{
	size_t i;

	for (i = 1; i < fds->n; i++) {
		short got = fds->v[i].revents;

		if (got != 0) {
			process_socket(fds->owner[i], (got & ~POLLOUT) != 0 ?
			    fds->v[i].fd : ARES_SOCKET_BAD,
			    (got & POLLOUT) != 0 ? fds->v[i].fd :
			    ARES_SOCKET_BAD);
		}
	}
}
