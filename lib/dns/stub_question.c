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
	q->server = server;
	q->asked |= 1u << (server - stub->servers);
	q->sent++;
	q->attempts++;
	q->refs++;
	stub_server_sent(server, now_us);
	status = channel_send(server, attempt, query, n, now_us);
	if (status != STATUS_OK) {
		server->attempts--;
		free(attempt);
		q->attempts--;
		release_question(q);
	}
	return (status);
}

/* No server is left to ask. */
static void
settle_question(struct stub *stub, struct question *q, uint64_t now_us)
{
	const struct dns_answer failed = { .result = DNS_SERVFAIL };
	const struct dns_answer timeout = { .result = DNS_TIMEOUT };
	bool is_late = now_us - q->since_us >= stub->timeout_us;

	if (q->attempts > 0) {
		return;
	}
	if (!stub_is_answering(stub, q->since_us)) {
		if (is_late) {
			fail_question(stub, q);
			return;
		}
		q->sent = 0;
		park_question(stub, q);
	} else if (q->is_refused || q->sent >= STUB_MAX_ATTEMPTS) {
		answer_question(stub, q, &failed);
	} else if (is_late) {
		answer_question(stub, q, &timeout);
	} else {
		park_question(stub, q);
	}
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
	/* The attempt may end, and the question with it, before it is sent. */
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
	q->sent--;
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
	if (outcome == STUB_ANSWERED && !attempt->is_tcp &&
	    dns_packet_is_truncated(packet)) {
		ask_over_tcp(stub, q, attempt->server, now_us);
	} else if (outcome == STUB_ANSWERED) {
		take_packet(stub, q, attempt->server, packet, now_us);
	} else if (outcome == STUB_OUR_FAILURE && q->attempts == 0) {
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

	server->attempts--;
	if (outcome == STUB_ANSWERED) {
		stub_server_answered(server, now_us);
	} else if (q == NULL) {
		stub_probe_failed(server, outcome, now_us);
	} else if (outcome == STUB_REFUSED && !attempt->is_tcp) {
		stub_server_refused(server, attempt->sent_us, now_us);
	}
	if (q != NULL) {
		q->attempts--;
		if (q->cookie != NULL && !stub->is_freeing) {
			end_question_attempt(stub, q, attempt, outcome, packet,
			    now_us);
		}
		release_question(q);
	}
	free(attempt);
}

/*
 * Asks again, which may end any question. The mark keeps the place of q in the
 * list of open ones. Returns the one after q, or NULL.
 */
static struct question *
ask_again(struct stub *stub, struct question *q, uint64_t now_us)
{
	struct question mark, *next;

	TAILQ_INSERT_AFTER(&stub->open, q, &mark, link);
	stub_ask(stub, q, now_us);
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
		next = q->server == server ? ask_again(stub, q, now_us) :
		    TAILQ_NEXT(q, link);
	}
}

/* Some servers cannot reach what others can. */
void
stub_ask_second(struct stub *stub, uint64_t now_us)
{
	struct question *q, *next;

	for (q = TAILQ_FIRST(&stub->open); q != NULL; q = next) {
		if (q->is_second || now_us - q->since_us < STUB_SECOND_US) {
			next = TAILQ_NEXT(q, link);
			continue;
		}
		q->is_second = true;
		next = ask_again(stub, q, now_us);
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
