/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/backend.h"
#include "dns/packet.h"
#include "dns/resolver.h"
#include "dns/stub.h"

/* What the records of one answer, at most 64 KiB on the wire, can need. */
#define ANSWER_MAX_BYTES	((size_t)1 << 20)

static void
release_question(struct question *q)
{
	if (--q->refs == 0) {
		free(q);
	}
}

/* Takes it off its list, and with that the list's reference. */
static void *
close_question(struct stub *stub, struct question *q)
{
	void *cookie = q->cookie;
	size_t i;

	for (i = 0; i < stub->n; i++) {
		stub_server_forget(&stub->servers[i], q->udp[i] + q->tcp[i]);
	}
	TAILQ_REMOVE(q->is_parked ? &stub->parked : &stub->open, q, link);
	q->cookie = NULL;
	release_question(q);
	return (cookie);
}

static void
answer_question(struct stub *stub, struct question *q,
    const struct dns_answer *answer)
{
	dns_backend_done(close_question(stub, q), answer);
}

static void
fail_question(struct stub *stub, struct question *q)
{
	dns_backend_failed(close_question(stub, q));
}

static void
park_question(struct stub *stub, struct question *q)
{
	if (!q->is_parked) {
		TAILQ_REMOVE(&stub->open, q, link);
		TAILQ_INSERT_TAIL(&stub->parked, q, link);
		q->is_parked = true;
	}
}

static void
unpark_question(struct stub *stub, struct question *q)
{
	if (q->is_parked) {
		TAILQ_REMOVE(&stub->parked, q, link);
		TAILQ_INSERT_TAIL(&stub->open, q, link);
		q->is_parked = false;
	}
}

static void
say_our_failure(struct stub *stub)
{
	if (!stub->said_failure) {
		stub->said_failure = true;
		env_log(&stub->env, LOG_LEVEL_ERROR, "dns: a query cannot be "
		    "sent: out of memory or sockets; trying again");
	}
}

/* The count of its attempts in flight. */
static unsigned *
count_of(struct question *q, const struct stub_server *server, bool is_tcp)
{
	size_t i = (size_t)(server - server->stub->servers);

	return (is_tcp ? &q->tcp[i] : &q->udp[i]);
}

/* The attempt may end, and the question with it, before it is sent. */
static enum status
send_question(struct stub *stub, struct question *q,
    struct stub_server *server, bool is_tcp, uint64_t now_us)
{
	unsigned char query[DNS_QUERY_MAX_BYTES];
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	enum status status;
	size_t n;

	if (attempt == NULL) {
		return (STATUS_NOMEM);
	}
	n = dns_query_write(&q->name, (unsigned)q->type,
	    (uint16_t)env_random(&stub->env), query);
	*attempt = (struct attempt){ .question = q, .server = server,
		.sent_us = now_us, .is_tcp = is_tcp };
	++*count_of(q, server, is_tcp);
	q->refs++;
	stub_server_sent(server, now_us);
	status = channel_send(server, attempt, query, n, now_us);
	if (status != STATUS_OK) {
		stub_server_forget(server, 1);
		free(attempt);
		--*count_of(q, server, is_tcp);
		release_question(q);
	}
	return (status);
}

/* Whether the server may still answer, and has not. */
static bool
is_waiting_for(const struct question *q, size_t i)
{
	return (q->tcp[i] > 0 || (q->udp[i] > 0 &&
	    (q->answered & 1u << i) == 0));
}

static bool
is_waiting(const struct question *q)
{
	size_t i;

	for (i = 0; i < DNS_SERVERS_MAX; i++) {
		if (is_waiting_for(q, i)) {
			return (true);
		}
	}
	return (false);
}

static void
give_up_question(struct stub *stub, struct question *q)
{
	bool is_bad = q->is_refused || q->sent >= STUB_MAX_ATTEMPTS;
	const struct dns_answer answer = {
		.result = is_bad ? DNS_SERVFAIL : DNS_TIMEOUT };

	if (stub_is_answering(stub, q->since_us)) {
		answer_question(stub, q, &answer);
	} else {
		fail_question(stub, q);
	}
}

/* No server is left to ask. */
static void
settle_question(struct stub *stub, struct question *q, uint64_t now_us)
{
	bool is_answering = stub_is_answering(stub, q->since_us);

	if (is_waiting(q)) {
		return;
	}
	if (now_us - q->since_us >= stub->timeout_us || (is_answering &&
	    (q->is_refused || q->sent >= STUB_MAX_ATTEMPTS))) {
		give_up_question(stub, q);
		return;
	}
	if (!is_answering) {
		q->sent = 0;
	}
	park_question(stub, q);
}

void
stub_ask(struct stub *stub, struct question *q, uint64_t now_us)
{
	bool may_ask = q->sent < STUB_MAX_ATTEMPTS &&
	    now_us - q->since_us < stub->timeout_us;
	int i = may_ask ? stub_choose_server(stub, q->asked) : -1;

	if (i < 0) {
		settle_question(stub, q, now_us);
		return;
	}
	unpark_question(stub, q);
	q->server = &stub->servers[i];
	q->asked |= 1u << i;
	q->answered &= ~(1u << i);
	q->sent++;
	q->wait_us = STUB_AGAIN_US;
	q->again_us = now_us + q->wait_us;
	q->refs++;
	if (send_question(stub, q, &stub->servers[i], false, now_us) !=
	    STATUS_OK) {
		say_our_failure(stub);
		fail_question(stub, q);
	}
	release_question(q);
}

/* The second half of an attempt. */
static void
ask_over_tcp(struct stub *stub, struct question *q,
    struct stub_server *server, uint64_t now_us)
{
	if (send_question(stub, q, server, true, now_us) != STATUS_OK) {
		say_our_failure(stub);
		fail_question(stub, q);
	}
}

/* A packet came: an answer, or an error after which another is asked. */
static void
take_packet(struct stub *stub, struct question *q,
    const struct stub_server *server, struct str packet, uint64_t now_us)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer answer;
	enum status status;
	struct arena arena;

	arena_init(&arena, ANSWER_MAX_BYTES);
	status = dns_packet_read(&arena, packet, &q->name, q->type, v,
	    &answer);
	if (!server->where.trusted) {
		answer.security = DNS_INSECURE;
	}
	if (status != STATUS_OK) {
		say_our_failure(stub);
		fail_question(stub, q);
	} else if (answer.result != DNS_SERVFAIL) {
		stub->said_failure = false;
		answer_question(stub, q, &answer);
	} else {
		q->is_refused = true;
		stub_ask(stub, q, now_us);
	}
	arena_fini(&arena);
}

static void
end_question_attempt(struct stub *stub, struct question *q,
    const struct attempt *attempt, enum stub_outcome outcome,
    struct str packet, uint64_t now_us)
{
	unsigned bit = 1u << (attempt->server - stub->servers);
	bool is_first = (q->answered & bit) == 0;

	if (outcome == STUB_ANSWERED) {
		q->answered |= bit;
	}
	if (outcome == STUB_ANSWERED && !attempt->is_tcp &&
	    dns_packet_is_truncated(packet)) {
		if (is_first) {
			ask_over_tcp(stub, q, attempt->server, now_us);
		}
	} else if (outcome == STUB_ANSWERED) {
		take_packet(stub, q, attempt->server, packet, now_us);
	} else if (outcome == STUB_OUR_FAILURE && !is_waiting(q)) {
		say_our_failure(stub);
		fail_question(stub, q);
	} else {
		stub_ask(stub, q, now_us);
	}
}

void
stub_attempt_ended(struct attempt *attempt, enum stub_outcome outcome,
    struct str packet)
{
	struct stub_server *server = attempt->server;
	struct question *q = attempt->question;
	struct stub *stub = server->stub;
	uint64_t now_us = env_mono_us(&stub->env);

	if (q == NULL || q->cookie != NULL) {
		server->attempts--;
	}
	if (outcome == STUB_ANSWERED) {
		stub_server_answered(server, now_us);
	} else if (q == NULL) {
		stub_probe_failed(server, outcome, now_us);
	} else if (outcome == STUB_REFUSED && !attempt->is_tcp) {
		stub_server_refused(server, attempt->sent_us, now_us);
	}
	if (q != NULL) {
		--*count_of(q, server, attempt->is_tcp);
		if (q->cookie != NULL && !stub->is_freeing) {
			end_question_attempt(stub, q, attempt, outcome, packet,
			    now_us);
		}
		release_question(q);
	}
	free(attempt);
}

/* Beside the attempts in flight, at the servers that have not answered. */
static void
ask_beside(struct stub *stub, struct question *q, uint64_t now_us)
{
	uint64_t age_us = now_us - q->since_us;
	size_t i;

	if (age_us >= stub->late_us) {
		give_up_question(stub, q);
		return;
	}
	if (age_us >= stub->timeout_us) {
		q->again_us = q->since_us + stub->late_us;
		return;
	}
	q->wait_us *= 2;
	q->again_us = now_us + q->wait_us;
	q->refs++;
	for (i = 0; i < stub->n && q->cookie != NULL; i++) {
		if (is_waiting_for(q, i) && send_question(stub, q,
		    &stub->servers[i], q->tcp[i] > 0, now_us) != STATUS_OK) {
			say_our_failure(stub);
		}
	}
	release_question(q);
}

/*
 * Calls ask, which may end any question. The mark keeps the place of q in the
 * list of open ones. Returns the one after q, or NULL.
 */
static struct question *
ask_and_next(struct stub *stub, struct question *q, uint64_t now_us,
    void (*ask)(struct stub *, struct question *, uint64_t))
{
	struct question mark, *next;

	TAILQ_INSERT_AFTER(&stub->open, q, &mark, link);
	ask(stub, q, now_us);
	next = TAILQ_NEXT(&mark, link);
	TAILQ_REMOVE(&stub->open, &mark, link);
	return (next);
}

void
stub_move_questions(struct stub *stub, struct stub_server *server,
    uint64_t now_us)
{
	struct question *q, *next;

	for (q = TAILQ_FIRST(&stub->open); q != NULL; q = next) {
		next = q->server == server ? ask_and_next(stub, q,
		    now_us, stub_ask) : TAILQ_NEXT(q, link);
	}
}

void
stub_ask_again(struct stub *stub, uint64_t now_us)
{
	struct question *q, *next;

	for (q = TAILQ_FIRST(&stub->open); q != NULL; q = next) {
		if (stub->n > 1 && !q->is_second &&
		    now_us - q->since_us >= STUB_SECOND_US) {
			/* Some servers cannot reach what others can. */
			q->is_second = true;
			next = ask_and_next(stub, q, now_us, stub_ask);
		} else if (now_us >= q->again_us) {
			next = ask_and_next(stub, q, now_us, ask_beside);
		} else {
			next = TAILQ_NEXT(q, link);
		}
	}
}

void
stub_settle_parked(struct stub *stub, uint64_t now_us)
{
	struct question_list parked;
	struct question *q;

	if (stub->n_up == 0) {
		while (stub->down_us > 0 &&
		    now_us >= stub->down_us + STUB_GRACE_US &&
		    (q = TAILQ_FIRST(&stub->parked)) != NULL) {
			fail_question(stub, q);
		}
		return;
	}
	TAILQ_INIT(&parked);
	TAILQ_CONCAT(&parked, &stub->parked, link);
	while ((q = TAILQ_FIRST(&parked)) != NULL) {
		TAILQ_REMOVE(&parked, q, link);
		TAILQ_INSERT_TAIL(&stub->parked, q, link);
		q->asked = 0;
		stub_ask(stub, q, now_us);
	}
}

void
stub_drop_questions(struct stub *stub)
{
	struct question *q;

	while ((q = TAILQ_FIRST(&stub->open)) != NULL ||
	    (q = TAILQ_FIRST(&stub->parked)) != NULL) {
		(void)close_question(stub, q);
	}
}
