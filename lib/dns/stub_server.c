/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/packet.h"
#include "dns/stub.h"

#define USEC_PER_S	UINT64_C(1000000)

int
stub_choose_server(const struct stub *stub, unsigned asked)
{
	int suspect = -1;
	bool is_up = false;
	size_t i;

	for (i = 0; i < stub->n; i++) {
		bool was_asked = (asked & 1u << i) != 0;

		if (stub->servers[i].state == STUB_UP) {
			if (!was_asked) {
				return ((int)i);
			}
			is_up = true;
		} else if (stub->servers[i].state == STUB_SUSPECT &&
		    !was_asked && suspect < 0) {
			suspect = (int)i;
		}
	}
	return (is_up ? -1 : suspect);
}

void
stub_server_sent(struct stub_server *server, uint64_t now_us)
{
	server->attempts++;
	if (server->waiting_us == 0) {
		server->waiting_us = now_us;
	}
}

void
stub_server_answered(struct stub_server *server, uint64_t now_us)
{
	struct stub *stub = server->stub;
	uint64_t since_us = server->state == STUB_UP ? stub->outage_us :
	    server->failed_us;

	server->answered_us = now_us;
	atomic_store(&stub->answered_us, now_us);
	server->waiting_us = server->attempts > 0 ? now_us : 0;
	if (server->state == STUB_UP && stub->outage_us == 0) {
		return;
	}
	server->state = STUB_UP;
	if (server->said || stub->outage_us > 0) {
		env_log(&stub->env, LOG_LEVEL_INFO, "dns: name server %s "
		    "answers again, after %u s", server->where.text,
		    (unsigned)((now_us - since_us) / USEC_PER_S));
	}
	server->said = false;
	stub->said_down = false;
	stub->outage_us = 0;
	server->must_move = false;
}

void
stub_server_forget(struct stub_server *server, unsigned attempts)
{
	server->attempts -= attempts;
	/* It answered the question of which these were other attempts. */
	if (server->attempts == 0 &&
	    server->waiting_us <= server->answered_us) {
		server->waiting_us = 0;
	}
}

static void
suspect_server(struct stub_server *server, uint64_t now_us)
{
	server->state = STUB_SUSPECT;
	server->failed_us = now_us;
	server->probe_us = now_us;
	server->must_move = true;
}

void
stub_server_refused(struct stub_server *server, uint64_t sent_us,
    uint64_t now_us)
{
	/* An answer since then: only TCP, or a moment, was refused. */
	if (server->state == STUB_UP && server->answered_us <= sent_us) {
		suspect_server(server, now_us);
	}
}

void
stub_probe_failed(struct stub_server *server, enum stub_outcome outcome,
    uint64_t now_us)
{
	if (server->state == STUB_SUSPECT && (outcome == STUB_REFUSED ||
	    (outcome == STUB_NO_ANSWER &&
	    now_us >= server->failed_us + STUB_SUSPECT_US))) {
		server->state = STUB_DOWN;
		server->must_move = true;
	}
}

static void
probe_server(struct stub *stub, struct stub_server *server, uint64_t now_us)
{
	static const struct dns_name root = { .n = 0 };
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	unsigned char query[DNS_QUERY_MAX_BYTES];
	size_t n;

	server->probe_us = now_us + STUB_PROBE_US;
	if (attempt == NULL) {
		return;
	}
	n = dns_query_write(&root, DNS_NS,
	    (uint16_t)env_random(&stub->env), query);
	*attempt = (struct attempt){ .server = server, .sent_us = now_us };
	server->attempts++;
	if (channel_send(server, attempt, query, n, now_us) != STATUS_OK) {
		stub_server_forget(server, 1);
		free(attempt);
	}
}

static void
move_questions(struct stub *stub, struct stub_server *server, uint64_t now_us)
{
	server->must_move = false;
	if (server->state == STUB_DOWN) {
		/* Its attempts end, and their questions move. */
		stub_free_channels(server);
	} else {
		stub_move_questions(stub, server, now_us);
	}
}

/* Callbacks may have noted times after now_us. */
static void
check_server(struct stub *stub, struct stub_server *server, uint64_t now_us)
{
	channel_tidy(server, now_us);
	if (server->state == STUB_UP && server->waiting_us > 0 &&
	    now_us >= server->waiting_us + STUB_SUSPECT_US) {
		suspect_server(server, now_us);
	}
	if (server->must_move) {
		move_questions(stub, server, now_us);
	}
	if (server->state != STUB_UP && server->probe == NULL &&
	    now_us >= server->probe_us) {
		probe_server(stub, server, now_us);
	}
}

static void
say_server_down(struct stub *stub, struct stub_server *server,
    uint64_t now_us)
{
	if (server->state == STUB_DOWN && !server->said &&
	    now_us >= server->failed_us + STUB_GRACE_US) {
		server->said = true;
		env_log(&stub->env, LOG_LEVEL_WARNING, "dns: name server %s "
		    "does not answer: the others are asked",
		    server->where.text);
	}
}

static void
say_all_down(struct stub *stub)
{
	if (!stub->said_down) {
		stub->said_down = true;
		stub->outage_us = stub->outage_us > 0 ? stub->outage_us :
		    stub->down_us;
		env_log(&stub->env, LOG_LEVEL_ERROR, "dns: no name server "
		    "answers (%s%s): look-ups fail at once until one does",
		    stub->servers[0].where.text, stub->n > 1 ?
		    " and the others" : "");
	}
}

bool
stub_check_servers(struct stub *stub, uint64_t now_us)
{
	uint64_t failed_us = 0;
	unsigned up = 0, down = 0;
	size_t i;

	for (i = 0; i < stub->n; i++) {
		struct stub_server *server = &stub->servers[i];

		check_server(stub, server, now_us);
		up += server->state == STUB_UP;
		down += server->state == STUB_DOWN;
		failed_us = server->failed_us > failed_us ?
		    server->failed_us : failed_us;
	}
	atomic_store(&stub->servers_up, (unsigned)stub->n - down);
	stub->n_up = up;
	stub->down_us = down == stub->n ? failed_us : 0;
	if (stub->down_us == 0) {
		for (i = 0; up > 0 && i < stub->n; i++) {
			say_server_down(stub, &stub->servers[i], now_us);
		}
	} else if (now_us >= stub->down_us + STUB_GRACE_US) {
		say_all_down(stub);
	}
	return (up == stub->n);
}

void
stub_count_servers(void *backend, struct dns_stats *r)
{
	struct stub *stub = backend;

	r->servers = atomic_load(&stub->servers_n);
	r->servers_up = atomic_load(&stub->servers_up);
}

bool
stub_is_answering(void *backend, uint64_t since_us)
{
	struct stub *stub = backend;

	return (atomic_load(&stub->answered_us) >= since_us);
}

void
stub_free_channels(struct stub_server *server)
{
	struct channel *c = server->channel;
	size_t i;

	server->channel = NULL;
	channel_free(c);
	c = server->probe;
	server->probe = NULL;
	channel_free(c);
	for (i = 0; i < STUB_TCP_CHANNELS; i++) {
		c = server->tcp[i];
		server->tcp[i] = NULL;
		channel_free(c);
	}
	channel_free_list(&server->old);
}

void
stub_set_servers(struct stub *stub, const struct dns_servers *servers)
{
	size_t i;

	for (i = 0; i < stub->n; i++) {
		/* Down, so that nothing is sent there meanwhile. */
		stub->servers[i].state = STUB_DOWN;
	}
	for (i = 0; i < stub->n; i++) {
		stub_free_channels(&stub->servers[i]);
	}
	stub->n = servers->n;
	stub->said_down = false;
	for (i = 0; i < stub->n; i++) {
		stub->servers[i] = (struct stub_server){ .stub = stub,
			.where = servers->v[i], .state = STUB_UP };
		LIST_INIT(&stub->servers[i].old);
	}
	atomic_store(&stub->servers_n, (unsigned)stub->n);
	atomic_store(&stub->servers_up, (unsigned)stub->n);
}
