/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dns/answer.h"
#include "test/unit/tap.h"

#define THREADS		8
#define ROUNDS		200

static atomic_int made, freed;
static pthread_barrier_t meeting;

static void *
parse_first(const struct dns_answer *a)
{
	atomic_fetch_add(&made, 1);
	return (strdup(a->n > 0 ? "first" : "none"));
}

static void *
parse_second(const struct dns_answer *a)
{
	(void)a;
	atomic_fetch_add(&made, 1);
	return (strdup("second"));
}

static void *
parse_never(const struct dns_answer *a)
{
	(void)a;
	return (NULL);
}

/* Two threads are in here at the same time. */
static void *
parse_meeting(const struct dns_answer *a)
{
	pthread_barrier_wait(&meeting);
	return (parse_first(a));
}

static void
free_object(void *p)
{
	atomic_fetch_add(&freed, 1);
	free(p);
}

static const struct dns_parser first = { parse_first, free_object, 6 };
static const struct dns_parser second = { parse_second, free_object, 7 };
static const struct dns_parser both = { parse_meeting, free_object, 6 };
static const struct dns_parser never = { parse_never, free_object, 0 };

static void
must_copy(const struct dns_answer *a, struct dns_answer *copy_r,
    void **block_r, size_t *bytes_r)
{
	if (answer_copy(a, copy_r, block_r, bytes_r) != STATUS_OK) {
		abort();
	}
}

static void
test_copy(void)
{
	static char text[DNS_TXT_MAX_BYTES + 1];
	struct dns_record v[DNS_MAX_RECORDS + 2];
	struct dns_answer a = { .result = DNS_OK, .security = DNS_SECURE,
		.ttl_s = 60, .v = v, .n = 3 };
	struct dns_answer copy;
	size_t i, bytes;
	void *block;

	v[0] = (struct dns_record){ STR("one"), 5 };
	v[1] = (struct dns_record){ STR_NONE, 0 };
	v[2] = (struct dns_record){ str_mem(text, DNS_TXT_MAX_BYTES), 7 };
	must_copy(&a, &copy, &block, &bytes);
	tap_num(copy.result, DNS_OK, "copy: result");
	tap_num(copy.security, DNS_SECURE, "copy: security");
	tap_num(copy.ttl_s, 60, "copy: TTL");
	tap_num((long long)copy.n, 3, "copy: records");
	tap_ok(str_eq(copy.v[0].data, STR("one")) &&
	    copy.v[0].data.p != v[0].data.p, "copy: its own text");
	tap_num(copy.v[2].preference, 7, "copy: preference");
	tap_ok(copy.v[1].data.n == 0 && copy.v[1].data.p != NULL,
	    "copy: an empty text is there");
	tap_num((long long)copy.v[2].data.n, DNS_TXT_MAX_BYTES,
	    "copy: the longest text");
	free(block);

	v[1] = (struct dns_record){ str_mem(text, DNS_TXT_MAX_BYTES + 1), 6 };
	must_copy(&a, &copy, &block, &bytes);
	tap_num((long long)copy.n, 2, "a text that is too long is dropped");
	tap_num(copy.v[1].preference, 7, "and only that");
	free(block);

	a.v = v + 1;
	a.n = 1;
	must_copy(&a, &copy, &block, &bytes);
	tap_ok(copy.result == DNS_SERVFAIL && copy.n == 0 && block == NULL,
	    "nothing is left: it failed");

	for (i = 0; i < DNS_MAX_RECORDS + 2; i++) {
		v[i] = (struct dns_record){ STR("x"), (uint16_t)i };
	}
	a.v = v;
	a.n = DNS_MAX_RECORDS + 2;
	must_copy(&a, &copy, &block, &bytes);
	tap_num((long long)copy.n, DNS_MAX_RECORDS, "at most 256 records");
	tap_num(copy.v[255].preference, 255, "the first ones");
	free(block);

	a.result = DNS_NXDOMAIN;
	must_copy(&a, &copy, &block, &bytes);
	tap_ok(copy.result == DNS_NXDOMAIN && copy.n == 0 && block == NULL,
	    "only DNS_OK has records");
}

static void
test_objects(void)
{
	struct answer_box box;
	const char *p;

	atomic_store(&made, 0);
	atomic_store(&freed, 0);
	answer_box_init(&box, DNS_NODATA);
	p = dns_answer_object(&box.answer, &first);
	tap_ok(p != NULL && str_eq(str_from(p), STR("none")), "an object");
	tap_ok(dns_answer_object(&box.answer, &first) == p, "is kept");
	p = dns_answer_object(&box.answer, &second);
	tap_ok(p != NULL && str_eq(str_from(p), STR("second")),
	    "each parser has its own");
	tap_ok(dns_answer_object(&box.answer, &second) == p, "kept, too");
	tap_ok(dns_answer_object(&box.answer, &never) == NULL,
	    "a parser without memory");
	tap_num(atomic_load(&made), 2, "two were made");
	answer_box_fini(&box);
	tap_num(atomic_load(&freed), 2, "two were freed");
}

static void *
run_meeting(void *arg)
{
	return ((void *)(uintptr_t)dns_answer_object(arg, &both));
}

static void
test_meeting(void)
{
	struct answer_box box;
	const void *mine;
	void *theirs;
	pthread_t thread;

	atomic_store(&made, 0);
	atomic_store(&freed, 0);
	pthread_barrier_init(&meeting, NULL, 2);
	answer_box_init(&box, DNS_NODATA);
	pthread_create(&thread, NULL, run_meeting, &box.answer);
	mine = dns_answer_object(&box.answer, &both);
	pthread_join(thread, &theirs);
	tap_num(atomic_load(&made), 2, "two threads made it at once");
	tap_num(atomic_load(&freed), 1, "one of them went");
	tap_ok(mine != NULL && mine == theirs, "both have the other");
	answer_box_fini(&box);
	pthread_barrier_destroy(&meeting);
}

struct race {
	pthread_barrier_t	 barrier;
	struct answer_box	 box[ROUNDS];
	const void		*seen[THREADS][ROUNDS];
	atomic_int		 next;
};

static void *
run_race(void *arg)
{
	struct race *race = arg;
	int thread = atomic_fetch_add(&race->next, 1), i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&race->barrier);
		race->seen[thread][i] = dns_answer_object(
		    &race->box[i].answer, thread % 4 == 3 ? &second : &first);
	}
	return (NULL);
}

static void
test_race(void)
{
	struct race *race = calloc(1, sizeof(*race));
	pthread_t threads[THREADS];
	int i, t, same = 0;

	if (race == NULL) {
		return;
	}
	atomic_store(&made, 0);
	atomic_store(&freed, 0);
	pthread_barrier_init(&race->barrier, NULL, THREADS);
	for (i = 0; i < ROUNDS; i++) {
		answer_box_init(&race->box[i], DNS_NODATA);
	}
	for (t = 0; t < THREADS; t++) {
		pthread_create(&threads[t], NULL, run_race, race);
	}
	for (t = 0; t < THREADS; t++) {
		pthread_join(threads[t], NULL);
	}
	for (i = 0; i < ROUNDS; i++) {
		for (t = 0; t < THREADS; t++) {
			same += race->seen[t][i] != NULL &&
			    race->seen[t][i] ==
			    race->seen[t % 4 == 3 ? 3 : 0][i];
		}
		answer_box_fini(&race->box[i]);
	}
	tap_num(same, THREADS * ROUNDS, "threads share one object");
	tap_num(atomic_load(&made), atomic_load(&freed), "none is lost");
	pthread_barrier_destroy(&race->barrier);
	free(race);
}

int
main(void)
{
	test_copy();
	test_objects();
	test_meeting();
	test_race();
	return (tap_done());
}
