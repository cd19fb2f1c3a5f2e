/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stub resolver makes of its servers' states. The clock is the test's
 * own, no thread runs and nothing is sent.
 */
#include <stdlib.h>

#include "dns/stub.h"
#include "test/unit/tap.h"

#define S	UINT64_C(1000000)

static char logged[1024];

static void
keep_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	strlcat(logged, line, sizeof(logged));
	strlcat(logged, "\n", sizeof(logged));
}

static void
use_servers(struct stub *stub, const char *text)
{
	struct dns_servers servers;

	dns_servers_parse(str_from(text), "resolv.conf", &stub->env, &servers);
	stub_set_servers(stub, &servers);
}

static struct stub *
stub_new(const char *servers)
{
	struct stub *stub = calloc(1, sizeof(*stub));

	if (stub == NULL) {
		abort();
	}
	env_init_system(&stub->env);
	stub->env.log = keep_line;
	stub->timeout_us = 10 * S;
	stub->late_us = 15 * S;
	TAILQ_INIT(&stub->open);
	TAILQ_INIT(&stub->parked);
	use_servers(stub, servers);
	logged[0] = '\0';
	return (stub);
}

static void
stub_end(struct stub *stub)
{
	stub_drop_questions(stub);
	free(stub);
}

/* All servers have been down since then, and are not probed soon. */
static void
take_down(struct stub *stub, uint64_t since_us)
{
	size_t i;

	for (i = 0; i < stub->n; i++) {
		stub->servers[i].state = STUB_DOWN;
		stub->servers[i].failed_us = since_us;
		stub->servers[i].probe_us = since_us + 1000 * S;
	}
}

static struct question *
add_question(struct stub *stub, uint64_t since_us)
{
	static int cookie;
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL) {
		abort();
	}
	q->cookie = &cookie;
	q->refs = 1;
	q->type = DNS_TXT;
	q->since_us = since_us;
	TAILQ_INSERT_TAIL(&stub->open, q, link);
	return (q);
}

static void
test_all_refuse(void)
{
	struct stub *stub = stub_new("nameserver 192.0.2.1\n"
	    "nameserver 192.0.2.2\nnameserver 192.0.2.3\n"
	    "nameserver 192.0.2.4\n");
	struct question *q = add_question(stub, 100 * S);

	take_down(stub, 100 * S);
	q->sent = STUB_MAX_ATTEMPTS;
	q->asked = 0xf;
	q->refs++;
	stub_ask(stub, q, 100 * S);
	tap_ok(q->cookie != NULL && q->is_parked,
	    "refused by all servers: the question waits for one to be up");
	tap_num(q->sent, 0, "refused by all servers: and is asked again then");
	if (--q->refs == 0) {
		free(q);
	}
	stub_end(stub);
}

static void
test_new_servers(void)
{
	struct stub *stub = stub_new("nameserver 192.0.2.1\n");

	take_down(stub, 100 * S);
	(void)stub_check_servers(stub, 110 * S);
	use_servers(stub, "nameserver 192.0.2.2\n");
	logged[0] = '\0';
	stub_server_answered(&stub->servers[0], 130 * S);
	stub_server_answered(&stub->servers[0], 131 * S);
	tap_str(str_from(logged), STR("dns: name server 192.0.2.2@53 answers "
	    "again, after 30 s\n"),
	    "other servers during an outage: its end is said once");
	logged[0] = '\0';
	take_down(stub, 200 * S);
	(void)stub_check_servers(stub, 210 * S);
	tap_str(str_from(logged), STR("dns: no name server answers "
	    "(192.0.2.2@53): look-ups fail at once until one does\n"),
	    "other servers during an outage: the next outage is said");
	use_servers(stub, "nameserver 192.0.2.3\n");
	logged[0] = '\0';
	take_down(stub, 220 * S);
	(void)stub_check_servers(stub, 230 * S);
	tap_str(str_from(logged), STR("dns: no name server answers "
	    "(192.0.2.3@53): look-ups fail at once until one does\n"),
	    "other servers during an outage: it is said if they are down");
	stub_end(stub);
}

/* Callbacks of a loop over the servers see a later clock than the loop. */
static void
test_later_clock(void)
{
	struct stub *stub = stub_new("nameserver 192.0.2.1\n");

	stub->servers[0].waiting_us = 100 * S + 1;
	(void)stub_check_servers(stub, 100 * S);
	tap_num(stub->servers[0].state, STUB_UP,
	    "asked a moment after the loop began: not suspected");
	take_down(stub, 100 * S + 1);
	(void)stub_check_servers(stub, 100 * S);
	tap_str(str_from(logged), STR(""),
	    "down a moment after the loop began: not yet said");
	stub_end(stub);
}

/* An answer beside which the question was asked again. */
static void
test_other_attempts(void)
{
	struct stub *stub = stub_new("nameserver 192.0.2.1\n");
	struct stub_server *server = &stub->servers[0];

	stub_server_sent(server, 100 * S);
	stub_server_sent(server, 101 * S);
	server->attempts--;
	stub_server_answered(server, 102 * S);
	stub_server_forget(server, 1);
	tap_num((long long)server->waiting_us, 0,
	    "an answer: the other attempts of the question are not awaited");
	stub_server_sent(server, 120 * S);
	stub_server_sent(server, 120 * S);
	stub_server_forget(server, 1);
	tap_num((long long)(server->waiting_us / S), 120,
	    "no answer: the attempt of another question is awaited");
	stub_end(stub);
}

int
main(void)
{
	test_all_refuse();
	test_new_servers();
	test_later_clock();
	test_other_attempts();
	return (tap_done());
}
