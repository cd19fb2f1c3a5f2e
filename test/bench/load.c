/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: a milter load generator. Each connection is a thread that plays the
 * given messages in turn to a milter, one after another over one connection
 * as a busy MTA would, until the time or the count is up; it notes how long
 * each one took, from MAIL to the last answer, and whether the milter really
 * did its work. The threads begin at different messages, so that N of them
 * play all within the Nth part. Given several milters, each message goes
 * through one after the other.
 * Prints one JSON object. Exit 0 when every message was answered as expected.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/status.h"
#include "test/bench/chain.h"

#define LOAD_MAX_CONNECTIONS	1000
#define LOAD_FILE_MAX_BYTES	(64 * 1024 * 1024)

struct load {			/* read only once the threads run */
	struct chain_opts	 chain;
	unsigned		 connections;
	unsigned long		 count;		/* of messages each; 0: no
						   end */
	unsigned		 reconnect;	/* after so many; 0: never */
	double			 seconds;	/* for starting messages */
	uint64_t		 end_us;
	struct env		 env;
};

struct worker {			/* one connection */
	const struct load	*load;
	pthread_t		 thread;
	size_t			 first;		/* message */
	uint32_t		*latency_us;
	size_t			 n, cap;
	unsigned long		 errors;
};

static atomic_int complaints;	/* only the first few are printed */

static void
complain(const char *what)
{
	if (atomic_fetch_add(&complaints, 1) < 5) {
		fprintf(stderr, "load: %s\n", what);
	}
}

static bool
note(struct worker *w, uint64_t took_us)
{
	if (w->n == w->cap) {
		size_t cap = w->cap == 0 ? 1024 : w->cap * 2;
		uint32_t *p = reallocarray(w->latency_us, cap, sizeof(*p));

		if (p == NULL) {
			complain("out of memory");
			return (false);
		}
		w->latency_us = p;
		w->cap = cap;
	}
	w->latency_us[w->n++] = took_us > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)took_us;
	return (true);
}

/* One message; false when the connection is of no more use. */
static bool
play_one(struct worker *w, struct chain *chain, size_t index)
{
	bool as_expected;
	struct diag diag;
	uint64_t start;

	diag_init(&diag);
	start = env_mono_us(&w->load->env);
	if (chain_play(chain, index, &as_expected, &diag) != STATUS_OK) {
		complain(diag.text[0] != '\0' ? diag.text :
		    "a message was not played");
		w->errors++;
		return (false);
	}
	if (!as_expected) {
		complain("the milter did not do what was expected");
		w->errors++;
	}
	return (note(w, env_mono_us(&w->load->env) - start));
}

/* One connection, until its messages are done; false on an error. */
static bool
connect_and_play(struct worker *w, unsigned long *done)
{
	const struct load *load = w->load;
	struct chain *chain;
	struct diag diag;
	bool ok = true;

	diag_init(&diag);
	if (chain_open(&load->chain, &chain, &diag) != STATUS_OK) {
		complain(diag.text[0] != '\0' ? diag.text : "no connection");
		w->errors++;
		return (false);
	}
	while (env_mono_us(&load->env) < load->end_us) {
		if (load->count != 0 && *done >= load->count) {
			break;
		}
		if (!play_one(w, chain, (w->first + *done) %
			load->chain.messages_n)) {
			ok = false;
			break;
		}
		(*done)++;
		if (load->reconnect != 0 && *done % load->reconnect == 0) {
			break;
		}
	}
	chain_close(chain);
	return (ok);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	unsigned long done = 0;

	while (env_mono_us(&w->load->env) < w->load->end_us &&
	    (w->load->count == 0 || done < w->load->count)) {
		if (!connect_and_play(w, &done)) {
			break;
		}
	}
	return (NULL);
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
report(struct worker *workers, unsigned n, double seconds)
{
	uint32_t *all;
	size_t total = 0, at = 0;
	unsigned long errors = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		total += workers[i].n;
		errors += workers[i].errors;
	}
	all = calloc(total + 1, sizeof(*all));
	if (all == NULL) {
		fprintf(stderr, "load: out of memory\n");
		return (2);
	}
	for (i = 0; i < n; i++) {
		if (workers[i].n > 0) {
			memcpy(all + at, workers[i].latency_us,
			    workers[i].n * sizeof(*all));
		}
		at += workers[i].n;
	}
	qsort(all, total, sizeof(*all), by_size);
	printf("{\"messages\": %zu, \"seconds\": %.3f, \"rate\": %.1f, "
	    "\"p50_us\": %u, \"p99_us\": %u, \"errors\": %lu}\n",
	    total, seconds, (double)total / seconds, all[total / 2],
	    all[total * 99 / 100], errors);
	free(all);
	return (errors != 0 || total == 0);
}

static int
usage(void)
{
	fprintf(stderr, "usage: load --milter SOCKET ... [--connections N] "
	    "[--seconds T] [--count N]\n"
	    "            [--reconnect N] [--rtt MS] [--name CLIENT] [--ip A] "
	    "[--helo N]\n"
	    "            [--mail-from ADDR] [--expect FIELD] [--show] "
	    "FILE ...\n");
	return (2);
}

static const struct option options[] = {
	{ "milter", required_argument, NULL, 'm' },
	{ "connections", required_argument, NULL, 'c' },
	{ "seconds", required_argument, NULL, 's' },
	{ "count", required_argument, NULL, 'n' },
	{ "reconnect", required_argument, NULL, 'r' },
	{ "rtt", required_argument, NULL, 't' },
	{ "name", required_argument, NULL, 'N' },
	{ "ip", required_argument, NULL, 'i' },
	{ "helo", required_argument, NULL, 'h' },
	{ "mail-from", required_argument, NULL, 'f' },
	{ "expect", required_argument, NULL, 'e' },
	{ "show", no_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 }
};

static bool
read_option(struct load *load, int c, const char *value)
{
	struct chain_opts *chain = &load->chain;

	switch (c) {
	case 'm':
		if (chain->sockets_n == CHAIN_MAX_MILTERS) {
			return (false);
		}
		chain->sockets[chain->sockets_n++] = value;
		return (true);
	case 'c':
		load->connections = (unsigned)strtoul(value, NULL, 10);
		return (true);
	case 's':
		load->seconds = strtod(value, NULL);
		return (true);
	case 'n':
		load->count = strtoul(value, NULL, 10);
		return (true);
	case 'r':
		load->reconnect = (unsigned)strtoul(value, NULL, 10);
		return (true);
	case 't':
		chain->rtt_ms = (unsigned)strtoul(value, NULL, 10);
		return (true);
	case 'N':
		chain->envelope.client_name = str_from(value);
		return (true);
	case 'i':
		chain->envelope.client_ip = str_from(value);
		return (true);
	case 'h':
		chain->envelope.helo = str_from(value);
		return (true);
	case 'f':
		chain->envelope.mail_from = str_from(value);
		return (true);
	case 'e':
		chain->expect = value;
		return (true);
	case 'w':
		chain->show = true;
		return (true);
	default:
		return (false);
	}
}

static bool
read_options(int argc, char **argv, struct load *load)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!read_option(load, c, optarg)) {
			return (false);
		}
	}
	return (load->chain.sockets_n > 0 && optind < argc &&
	    argc - optind <= CHAIN_MAX_MESSAGES && load->connections > 0 &&
	    load->connections <= LOAD_MAX_CONNECTIONS);
}

static bool
read_messages(struct chain_opts *chain, struct arena *arena, char **paths)
{
	for (; *paths != NULL; paths++) {
		struct str text;

		if (message_read(*paths, LOAD_FILE_MAX_BYTES, arena, &text) !=
		    STATUS_OK || message_parse(arena, text,
		    &chain->messages[chain->messages_n]) != STATUS_OK) {
			fprintf(stderr, "load: cannot use %s\n", *paths);
			return (false);
		}
		chain->messages_n++;
	}
	return (true);
}

int
main(int argc, char **argv)
{
	static const struct str rcpt = { "bob@example.net", 15 };
	static struct load load;
	static struct worker workers[LOAD_MAX_CONNECTIONS];
	struct arena arena;
	uint64_t start;
	unsigned i;
	int status;

	load.connections = 1;
	load.seconds = 2;
	load.chain.envelope.client_name = STR("client.example.com");
	load.chain.envelope.client_ip = STR("192.0.2.1");
	load.chain.envelope.helo = STR("client.example.com");
	load.chain.envelope.mail_from = STR("alice@example.com");
	load.chain.envelope.rcpts = &rcpt;
	load.chain.envelope.rcpts_n = 1;
	if (!read_options(argc, argv, &load)) {
		return (usage());
	}
	arena_init(&arena, SIZE_MAX);
	if (!read_messages(&load.chain, &arena, argv + optind)) {
		return (2);
	}
	env_init_system(&load.env);
	start = env_mono_us(&load.env);
	load.end_us = start + (uint64_t)(load.seconds * 1e6);
	for (i = 0; i < load.connections; i++) {
		workers[i].load = &load;
		workers[i].first = i * load.chain.messages_n /
		    load.connections;
		if (pthread_create(&workers[i].thread, NULL, work,
			&workers[i]) != 0) {
			fprintf(stderr, "load: no thread\n");
			return (2);
		}
	}
	for (i = 0; i < load.connections; i++) {
		(void)pthread_join(workers[i].thread, NULL);
	}
	status = report(workers, load.connections,
	    (double)(env_mono_us(&load.env) - start) / 1e6);
	for (i = 0; i < load.connections; i++) {
		free(workers[i].latency_us);
	}
	arena_fini(&arena);
	return (status);
}
