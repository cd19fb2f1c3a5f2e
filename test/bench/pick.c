/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pick: what it costs to find who signs. Reads a KeyTable and a SigningTable
 * as the daemon does, then asks for authors at d0.example to d(N-1).example in
 * no order, and for as many of whom no rule knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "signers/signers.h"

#define PICKS	1000000

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

/* Seconds; -1: a pick was not as expected. */
static double
pick(struct signers *s, unsigned long n, const char *below, size_t want)
{
	double start = now_s();
	struct signers_picks picks;
	struct arena arena;
	char domain[64];
	unsigned long i;

	arena_init(&arena, 1 << 20);
	for (i = 0; i < PICKS; i++) {
		(void)snprintf(domain, sizeof(domain), "d%lu%s",
		    i * 7919 % n, below);
		if (signers_pick(s, &arena, STR("alice"), str_from(domain),
		    &picks) != STATUS_OK || picks.n != want) {
			return (-1);
		}
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return (now_s() - start);
}

int
main(int argc, char **argv)
{
	struct signers_opts opts = { .cache_max = 1 };
	double start = now_s(), ready, known, unknown;
	struct signers *s;
	struct diag diag;
	struct env env;
	unsigned long n;

	if (argc != 5) {
		fprintf(stderr, "usage: pick KEYTABLE file|refile "
		    "SIGNINGTABLE N\n");
		return (2);
	}
	env_init_system(&env);
	opts.env = &env;
	opts.key_table = argv[1];
	opts.signing_patterns = str_eq(str_from(argv[2]), STR("refile"));
	opts.signing_table = argv[3];
	n = strtoul(argv[4], NULL, 10);
	diag_init(&diag);
	if (signers_new(&opts, NULL, &s, &diag) != STATUS_OK) {
		fprintf(stderr, "pick: %s\n", diag.text);
		return (1);
	}
	ready = now_s();
	known = pick(s, n, ".example", 1);
	unknown = pick(s, n, ".a.b.c.example", 0);
	printf("{\"read_s\": %.3f, \"known_us\": %.3f, \"unknown_us\": "
	    "%.3f}\n", ready - start, known * 1e6 / PICKS,
	    unknown * 1e6 / PICKS);
	signers_free(s);
	return (known < 0 || unknown < 0);
}
