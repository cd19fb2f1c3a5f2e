/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches over a backend that answers when a test wants it to: at once, later,
 * out of order, after the batch has ended, or never. The clock is the test's
 * own; it stands still unless a test moves it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "test/unit/tap.h"

#define MS		UINT64_C(1000)
#define S		UINT64_C(1000000)
/* Far more than any test needs: reaching it is a failure, not a wait. */
#define LONG		(60 * S)
#define MAX_OPEN	(DNS_MAX_FLIGHTS + 1)

struct fake {
	pthread_mutex_t	 lock;
	pthread_cond_t	 asked;
	struct {
		char	 name[DNS_NAME_MAX_BYTES + 1];
		void	*cookie;
	}		 open[MAX_OPEN];
	size_t		 open_n;
	size_t		 submitted;
	bool		 at_once;	/* answers inside submit */
	bool		 refuses;
	bool		 is_answering;
};

struct world {
	struct fake	 fake;
	atomic_ullong	 now_us;
	struct env	 env;
	struct dns_opts	 opts;
	struct dns	*dns;
};

static const struct dns_record one_record[] = { { { "t", 1 }, 0 } };
static const struct dns_answer good = { .result = DNS_OK, .ttl_s = 60,
	.v = one_record, .n = 1 };

static enum status
fake_submit(void *backend, struct str name, enum dns_type type, void *cookie)
{
	struct fake *fake = backend;
	bool at_once;

	(void)type;
	pthread_mutex_lock(&fake->lock);
	if (fake->refuses) {
		pthread_mutex_unlock(&fake->lock);
		return (STATUS_TEMP);
	}
	fake->submitted++;
	at_once = fake->at_once;
	if (!at_once && fake->open_n < MAX_OPEN) {
		snprintf(fake->open[fake->open_n].name,
		    sizeof(fake->open[0].name), "%.*s", STR_FMT(name));
		fake->open[fake->open_n++].cookie = cookie;
		pthread_cond_broadcast(&fake->asked);
	}
	pthread_mutex_unlock(&fake->lock);
	if (at_once) {
		dns_backend_done(cookie, &good);
	}
	return (STATUS_OK);
}

static void
fake_free(void *backend)
{
	((struct fake *)backend)->open_n = 0;
}

static bool
fake_is_answering(void *backend, uint64_t since_us)
{
	(void)since_us;
	return (((struct fake *)backend)->is_answering);
}

static const struct dns_backend_ops fake_ops = {
	.submit = fake_submit, .free = fake_free,
	.is_answering = fake_is_answering
};

/* Answers what was first asked of this name; false: it was not asked. */
static bool
fake_answer(struct fake *fake, const char *name, const struct dns_answer *a)
{
	void *cookie = NULL;
	size_t i;

	pthread_mutex_lock(&fake->lock);
	for (i = 0; i < fake->open_n; i++) {
		if (strcmp(fake->open[i].name, name) == 0) {
			cookie = fake->open[i].cookie;
			fake->open_n--;
			memmove(&fake->open[i], &fake->open[i + 1],
			    (fake->open_n - i) * sizeof(fake->open[0]));
			break;
		}
	}
	pthread_mutex_unlock(&fake->lock);
	if (cookie != NULL) {
		dns_backend_done(cookie, a);
	}
	return (cookie != NULL);
}

static uint64_t
world_now(void *ctx)
{
	return (atomic_load(&((struct world *)ctx)->now_us));
}

static struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		abort();
	}
	pthread_mutex_init(&w->fake.lock, NULL);
	pthread_cond_init(&w->fake.asked, NULL);
	w->fake.is_answering = true;
	atomic_init(&w->now_us, 1000 * S);
	env_init_system(&w->env);
	w->env.mono_us = world_now;
	w->env.ctx = w;
	dns_opts_init(&w->opts);
	w->opts.env = &w->env;
	w->opts.timeout_us = LONG;
	return (w);
}

static void
world_start(struct world *w)
{
	if (dns_new_backend(&w->opts, &fake_ops, &w->fake, &w->dns) !=
	    STATUS_OK) {
		abort();
	}
}

static void
world_free(struct world *w)
{
	dns_release(w->dns);
	pthread_cond_destroy(&w->fake.asked);
	pthread_mutex_destroy(&w->fake.lock);
	free(w);
}

static void
move(struct world *w, uint64_t us)
{
	atomic_fetch_add(&w->now_us, us);
}

static uint64_t
in(struct world *w, uint64_t us)
{
	return (atomic_load(&w->now_us) + us);
}

/* Asks for one name by a batch of its own, and waits not at all. */
static enum dns_result
ask(struct world *w, const char *name)
{
	struct dns_batch *b = dns_batch_new(w->dns);
	struct dns_query *q = dns_batch_add(b, str_from(name), DNS_TXT);
	enum dns_result result = dns_query_answer(q)->result;

	dns_batch_free(b);
	return (result);
}

static void
test_names(void)
{
	struct world *w = world_new();
	struct dns_query *a, *b, *bad;
	struct dns_batch *batch;

	w->fake.at_once = true;
	world_start(w);
	batch = dns_batch_new(w->dns);
	dns_batch_wait(batch, 0);
	tap_num((long long)dns_batch_count(batch), 0, "an empty batch");
	a = dns_batch_add(batch, STR("a.x"), DNS_TXT);
	b = dns_batch_add(batch, STR("A.X."), DNS_TXT);
	tap_ok(a != NULL && a == b, "the same question is one");
	tap_ok(dns_batch_add(batch, STR("a.x"), DNS_A) != a,
	    "another type is another question");
	tap_num((long long)dns_batch_count(batch), 2, "both are counted");
	tap_num(dns_query_answer(a)->result, DNS_OK, "answered at once");
	tap_str(dns_query_answer(a)->v[0].data, STR("t"), "with its record");
	bad = dns_batch_add(batch, STR("a..x"), DNS_TXT);
	tap_num(dns_query_answer(bad)->result, DNS_BADNAME, "no name");
	tap_num(dns_query_answer(dns_batch_add(batch, STR_NONE, DNS_A))->result,
	    DNS_BADNAME, "nothing is no name");
	tap_num((long long)dns_batch_count(batch), 2, "nor counted");
	tap_num((long long)w->fake.submitted, 2, "nor asked");
	dns_batch_free(batch);
	dns_batch_free(NULL);
	dns_release(NULL);
	world_free(w);
}

static void
test_later(void)
{
	struct world *w = world_new();
	struct dns_query *q1, *q2, *q3;
	struct dns_batch *b1, *b2;
	struct dns_stats stats;

	world_start(w);
	b1 = dns_batch_new(w->dns);
	b2 = dns_batch_new(w->dns);
	q1 = dns_batch_add(b1, STR("a.x"), DNS_TXT);
	q2 = dns_batch_add(b2, STR("a.x"), DNS_TXT);
	q3 = dns_batch_add(b2, STR("b.x"), DNS_TXT);
	tap_num((long long)w->fake.submitted, 2,
	    "the question of two batches is asked once");
	dns_batch_wait(b1, in(w, 0));
	tap_num(dns_query_answer(q1)->result, DNS_TIMEOUT,
	    "a deadline that is over");
	dns_batch_wait(b1, in(w, 5 * MS));
	tap_num(dns_query_answer(q1)->result, DNS_TIMEOUT,
	    "a deadline that comes");
	fake_answer(&w->fake, "a.x", &good);
	tap_num(dns_query_answer(q1)->result, DNS_TIMEOUT,
	    "an answer does not change while it is read");
	dns_batch_wait(b1, in(w, 0));
	tap_num(dns_query_answer(q1)->result, DNS_OK,
	    "waiting again shows it");
	dns_batch_wait(b2, in(w, 5 * MS));
	tap_ok(dns_query_answer(q2) == dns_query_answer(q1),
	    "both batches see the same");
	tap_num(dns_query_answer(q3)->result, DNS_TIMEOUT,
	    "one of two came");
	dns_batch_free(b1);
	dns_batch_free(b2);
	tap_num(ask(w, "b.x"), DNS_TIMEOUT, "joins what is under way");
	fake_answer(&w->fake, "b.x", &good);
	tap_num(ask(w, "b.x"), DNS_OK, "filled without a thread that waits");
	/* As if a message held it: a monitor must not wait for it. */
	pthread_mutex_lock(&w->dns->lock);
	(void)alarm(60);
	dns_get_stats(w->dns, &stats);
	(void)alarm(0);
	pthread_mutex_unlock(&w->dns->lock);
	tap_ok(true, "numbers are read without the lock");
	tap_num((long long)stats.misses, 2, "misses");
	tap_num((long long)stats.joined, 2, "joined");
	tap_num((long long)stats.hits, 1, "hits");
	tap_num((long long)stats.entries, 2, "entries");
	world_free(w);
}

static void *
answer_both(void *arg)
{
	struct world *w = arg;

	pthread_mutex_lock(&w->fake.lock);
	while (w->fake.open_n < 2) {
		pthread_cond_wait(&w->fake.asked, &w->fake.lock);
	}
	pthread_mutex_unlock(&w->fake.lock);
	fake_answer(&w->fake, "b.x", &good);
	fake_answer(&w->fake, "a.x", &good);
	return (NULL);
}

static void
test_waking(void)
{
	struct world *w = world_new();
	struct dns_batch *batch;
	struct dns_query *a, *b;
	pthread_t thread;

	world_start(w);
	batch = dns_batch_new(w->dns);
	a = dns_batch_add(batch, STR("a.x"), DNS_TXT);
	pthread_create(&thread, NULL, answer_both, w);
	b = dns_batch_add(batch, STR("b.x"), DNS_TXT);
	dns_batch_wait(batch, in(w, LONG));
	tap_num(dns_query_answer(a)->result, DNS_OK, "woken by the last");
	tap_num(dns_query_answer(b)->result, DNS_OK, "and all are there");
	pthread_join(thread, NULL);
	dns_batch_free(batch);
	world_free(w);
}

static void *
answer_one(void *arg)
{
	fake_answer(&((struct world *)arg)->fake, "a.x", &good);
	return (NULL);
}

static void
test_waiting_for_any(void)
{
	struct world *w = world_new();
	struct dns_batch *batch;
	struct dns_query *a, *b, *bad;
	pthread_t thread;

	world_start(w);
	batch = dns_batch_new(w->dns);
	tap_ok(!dns_batch_wait_any(batch, in(w, LONG)), "any of none");
	a = dns_batch_add(batch, STR("a.x"), DNS_TXT);
	b = dns_batch_add(batch, STR("b.x"), DNS_TXT);
	bad = dns_batch_add(batch, STR("b..x"), DNS_TXT);
	tap_ok(!dns_query_is_answered(a) && dns_query_is_answered(bad),
	    "an open query is not answered, a bad name is");
	tap_ok(!dns_batch_wait_any(batch, in(w, 5 * MS)),
	    "none came until the deadline");
	fake_answer(&w->fake, "b.x", &good);
	tap_ok(!dns_query_is_answered(b), "not answered before a wait");
	tap_ok(dns_batch_wait_any(batch, 0), "one came before the wait");
	tap_ok(!dns_query_is_answered(a) && dns_query_is_answered(b),
	    "and only that one is answered");
	tap_ok(!dns_batch_wait_any(batch, in(w, 5 * MS)), "it came once");
	pthread_create(&thread, NULL, answer_one, w);
	tap_ok(dns_batch_wait_any(batch, in(w, LONG)),
	    "one comes while the batch waits");
	tap_ok(dns_query_is_answered(a), "and it is answered");
	pthread_join(thread, NULL);
	tap_ok(!dns_batch_wait_any(batch, in(w, LONG)), "no query is open");
	dns_batch_free(batch);
	world_free(w);
}

/* The result of a query that waits for a moment of the test's clock. */
static enum dns_result
wait_for(struct world *w, const char *name)
{
	struct dns_batch *b = dns_batch_new(w->dns);
	struct dns_query *q = dns_batch_add(b, str_from(name), DNS_TXT);
	enum dns_result result;

	dns_batch_wait(b, in(w, 0));
	result = dns_query_answer(q)->result;
	dns_batch_free(b);
	return (result);
}

static void
test_giving_up(void)
{
	const struct dns_answer none = { .result = DNS_NXDOMAIN,
		.ttl_s = 60 };
	struct world *w = world_new();
	struct dns_batch *batch;
	struct dns_query *q;

	w->opts.timeout_us = 10 * S;
	world_start(w);
	ask(w, "a.x");
	move(w, 10 * S - 1);
	ask(w, "a.x");
	tap_num((long long)w->fake.submitted, 1, "pending for 10 s");
	move(w, 1);
	ask(w, "a.x");
	tap_num((long long)w->fake.submitted, 1,
	    "a timeout is remembered (RFC 9520 3.2)");
	fake_answer(&w->fake, "a.x", &good);
	tap_num(ask(w, "a.x"), DNS_OK, "a late answer is cached");

	ask(w, "b.x");
	move(w, 11 * S);
	ask(w, "b.x");
	move(w, S);
	batch = dns_batch_new(w->dns);
	q = dns_batch_add(batch, STR("b.x"), DNS_TXT);
	tap_num((long long)w->fake.submitted, 3, "then it is asked again");
	fake_answer(&w->fake, "b.x", &good);
	dns_batch_wait(batch, in(w, LONG));
	tap_num(dns_query_answer(q)->result, DNS_OK,
	    "the first flight's answer serves the second");
	fake_answer(&w->fake, "b.x", &none);
	dns_batch_wait(batch, in(w, LONG));
	tap_num(dns_query_answer(q)->result, DNS_OK,
	    "the second flight's changes nothing");
	tap_num(ask(w, "b.x"), DNS_OK, "nor later");
	dns_batch_free(batch);

	batch = dns_batch_new(w->dns);
	q = dns_batch_add(batch, STR("c.x"), DNS_TXT);
	w->dns->timeout_us = 5 * MS;
	dns_batch_wait(batch, in(w, LONG));
	tap_num(dns_query_answer(q)->result, DNS_TIMEOUT,
	    "a wait ends when all queries have timed out");
	fake_answer(&w->fake, "c.x", &good);
	tap_num(dns_query_answer(q)->result, DNS_TIMEOUT,
	    "and that stays so");
	dns_batch_free(batch);
	w->fake.refuses = true;
	tap_num(wait_for(w, "d.x"), DNS_SERVFAIL, "submit fails");
	w->fake.refuses = false;
	ask(w, "d.x");
	tap_num((long long)w->fake.submitted, 5,
	    "our own failure is not remembered");
	world_free(w);
}

/* Fails a question n times: how long each failure is remembered. */
static void
test_backoff(enum dns_result result, const char *what)
{
	static const uint64_t seconds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256,
		300, 300 };
	const struct dns_answer failed = { .result = result };
	struct world *w = world_new();
	size_t i, wrong = 0;

	world_start(w);
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		size_t before = w->fake.submitted;

		ask(w, "a.x");
		fake_answer(&w->fake, "a.x", &failed);
		move(w, seconds[i] * S - 1);
		wrong += ask(w, "a.x") != result ||
		    w->fake.submitted != before + 1;
		move(w, 1);
	}
	tap_ok(wrong == 0, "%s: remembered for 1, 2, 4 ... 300 s", what);
	ask(w, "a.x");
	fake_answer(&w->fake, "a.x", &good);
	move(w, good.ttl_s * S);
	ask(w, "a.x");
	fake_answer(&w->fake, "a.x", &failed);
	move(w, S);
	ask(w, "a.x");
	tap_ok(w->fake.open_n == 1, "%s: an answer resets that", what);
	world_free(w);
}

/* Fails one question of each name. */
static void
fail_names(struct world *w, const char *const *names, size_t n)
{
	const struct dns_answer failed = { .result = DNS_SERVFAIL };
	size_t i;

	for (i = 0; i < n; i++) {
		ask(w, names[i]);
		fake_answer(&w->fake, names[i], &failed);
	}
}

static void
test_failing_zone(void)
{
	static const char *const names[] = { "a.dead.x", "b.dead.x",
		"dead.x" };
	struct world *w = world_new();
	struct dns_stats stats;

	world_start(w);
	fail_names(w, names, 2);
	tap_num(ask(w, "c.dead.x"), DNS_TIMEOUT,
	    "zone: asked while two of its labels failed");
	fake_answer(&w->fake, "c.dead.x", &(struct dns_answer){
	    .result = DNS_SERVFAIL });
	tap_num(ask(w, "d.dead.x"), DNS_SERVFAIL,
	    "zone: three labels failed, a fourth is known to fail");
	tap_num((long long)w->fake.submitted, 3, "zone: and not asked");
	tap_num(wait_for(w, "d.dead.x"), DNS_SERVFAIL,
	    "zone: without a wait");
	dns_get_stats(w->dns, &stats);
	tap_num((long long)stats.remembered, 2, "zone: counted");
	tap_num((long long)stats.results[DNS_SERVFAIL], 3,
	    "results: three queries failed");
	ask(w, "other.x");
	tap_num((long long)w->fake.open_n, 1, "zone: others are asked");
	fake_answer(&w->fake, "other.x", &good);
	move(w, S);
	ask(w, "e.dead.x");
	tap_num(ask(w, "f.dead.x"), DNS_SERVFAIL,
	    "zone: after a second one question is let through");
	tap_num((long long)w->fake.open_n, 1, "zone: and only one");
	fake_answer(&w->fake, "e.dead.x", &(struct dns_answer){
	    .result = DNS_SERVFAIL });
	move(w, 2 * S - 1);
	ask(w, "f.dead.x");
	tap_num((long long)w->fake.open_n, 0, "zone: then 2 s more");
	move(w, 1);
	ask(w, "g.dead.x");
	fake_answer(&w->fake, "g.dead.x", &good);
	ask(w, "h.dead.x");
	ask(w, "i.dead.x");
	tap_num((long long)w->fake.open_n, 2, "zone: an answer ends it");
	world_free(w);
}

/* Timeouts of a zone, one after the other, without a wait between. */
static void
test_silent_zone(void)
{
	struct world *w = world_new();
	struct dns_batch *batch;
	struct dns_query *q = NULL;
	char name[32];
	int i;

	w->opts.timeout_us = 10 * S;
	world_start(w);
	batch = dns_batch_new(w->dns);
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%d.silent.x", i);
		q = dns_batch_add(batch, str_from(name), DNS_TXT);
	}
	tap_num((long long)w->fake.open_n, ZONE_MAX_FLIGHTS,
	    "silent zone: ZONE_MAX_FLIGHTS of 500 questions are asked");
	tap_num(wait_for(w, "good.y"), DNS_TIMEOUT, "silent zone: another");
	fake_answer(&w->fake, "good.y", &good);
	tap_num(ask(w, "good.y"), DNS_OK, "silent zone: is answered");
	move(w, 10 * S);
	dns_batch_wait(batch, in(w, LONG));
	tap_num(dns_query_answer(q)->result, DNS_TIMEOUT,
	    "silent zone: all time out");
	tap_num(ask(w, "next.silent.x"), DNS_TIMEOUT,
	    "silent zone: another name of it");
	tap_num((long long)w->fake.submitted, ZONE_MAX_FLIGHTS + 1,
	    "silent zone: costs no query");
	move(w, S);
	ask(w, "probe.silent.x");
	tap_num((long long)w->fake.submitted, ZONE_MAX_FLIGHTS + 2,
	    "silent zone: its probe does not wait for those without answer");
	dns_batch_free(batch);
	world_free(w);
}

/* Timeouts while no name server answers say nothing about the names. */
static void
test_silent_servers(void)
{
	static const char *const names[] = { "a.good.x", "b.good.x",
		"c.good.x" };
	struct world *w = world_new();
	size_t i;

	w->opts.timeout_us = 10 * S;
	w->fake.is_answering = false;
	world_start(w);
	for (i = 0; i < 3; i++) {
		ask(w, names[i]);
	}
	move(w, 10 * S);
	tap_num(wait_for(w, "d.good.x"), DNS_TIMEOUT,
	    "silent servers: another name of the zone");
	tap_num((long long)w->fake.submitted, 4,
	    "silent servers: is asked");
	ask(w, "a.good.x");
	tap_num((long long)w->fake.submitted, 5,
	    "silent servers: the same question is asked again");
	world_free(w);
}

/* As many questions of one zone as there may be of all. */
static void
test_greedy_zone(void)
{
	struct world *w = world_new();
	char name[32];
	int i;

	w->opts.timeout_us = 10 * S;
	world_start(w);
	for (i = 0; i < DNS_MAX_FLIGHTS; i++) {
		snprintf(name, sizeof(name), "n%d.silent.x", i);
		ask(w, name);
	}
	ask(w, "a.y");
	tap_ok(fake_answer(&w->fake, "a.y", &good),
	    "greedy zone: another zone is asked");
	tap_num(wait_for(w, "a.y"), DNS_OK, "greedy zone: and answered");
	tap_ok(fake_answer(&w->fake, "n0.silent.x", &good),
	    "greedy zone: one is answered");
	snprintf(name, sizeof(name), "n%d.silent.x", ZONE_MAX_FLIGHTS);
	tap_ok(fake_answer(&w->fake, name, &good),
	    "greedy zone: the first that waited is asked");
	snprintf(name, sizeof(name), "n%d.silent.x", DNS_MAX_FLIGHTS - 1);
	ask(w, name);
	move(w, 10 * S);
	tap_num(wait_for(w, "b.y"), DNS_TIMEOUT, "greedy zone: all time out");
	tap_num((long long)w->dns->flights_n, ZONE_MAX_FLIGHTS + 1,
	    "greedy zone: flights are counted while the backend has them");
	world_free(w);
}

/* A busy zone: what waits is asked when there is room, and lost by none. */
static void
test_busy_zone(void)
{
	struct world *w = world_new();
	struct dns_query *q[200];
	struct dns_batch *batch;
	char name[32];
	int i, wrong = 0;

	world_start(w);
	batch = dns_batch_new(w->dns);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d.busy.x", i);
		q[i] = dns_batch_add(batch, str_from(name), DNS_TXT);
	}
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d.busy.x", i);
		wrong += !fake_answer(&w->fake, name, &good);
	}
	dns_batch_wait(batch, in(w, LONG));
	for (i = 0; i < 200; i++) {
		wrong += dns_query_answer(q[i])->result != DNS_OK;
	}
	tap_num(wrong, 0, "busy zone: all of 200 questions are answered");
	dns_batch_free(batch);
	world_free(w);
}

static void
test_keeping(void)
{
	static const struct {
		const char	*what;
		enum dns_result	 result;
		uint32_t	 ttl_s;
		uint32_t	 kept_s;
	} rows[] = {
		{ "an answer, its TTL", DNS_OK, 60, 60 },
		{ "an answer, at most ttl_max_s", DNS_OK, 1000, 500 },
		{ "an answer with a TTL of 0", DNS_OK, 0, 0 },
		{ "NXDOMAIN, its TTL (RFC 2308 5)", DNS_NXDOMAIN, 60, 60 },
		{ "NXDOMAIN, at most negative_ttl_max_s", DNS_NXDOMAIN, 1000,
		    100 },
		{ "NODATA, its TTL", DNS_NODATA, 60, 60 },
		{ "NODATA, at most negative_ttl_max_s", DNS_NODATA, 1000,
		    100 },
		{ "NODATA without an SOA", DNS_NODATA, 0, 0 },
		{ "SERVFAIL, a second (RFC 9520 3.2)", DNS_SERVFAIL, 1000, 1 },
		{ "TIMEOUT, a second", DNS_TIMEOUT, 1000, 1 }
	};
	struct world *w = world_new();
	size_t i;

	w->opts.ttl_max_s = 500;
	w->opts.negative_ttl_max_s = 100;
	world_start(w);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dns_answer a = { .result = rows[i].result,
			.ttl_s = rows[i].ttl_s };
		struct dns_batch *batch = dns_batch_new(w->dns);
		struct dns_query *q;
		size_t before;

		if (a.result == DNS_OK) {
			a.v = one_record;
			a.n = 1;
		}
		q = dns_batch_add(batch, STR("k.x"), DNS_TXT);
		before = w->fake.submitted;
		fake_answer(&w->fake, "k.x", &a);
		dns_batch_wait(batch, in(w, 0));
		tap_ok(dns_query_answer(q)->result == rows[i].result &&
		    dns_query_answer(q)->ttl_s == rows[i].kept_s,
		    "seen: %s", rows[i].what);
		dns_batch_free(batch);
		if (rows[i].kept_s > 0) {
			move(w, rows[i].kept_s * S - 1);
			ask(w, "k.x");
			move(w, 1);
		}
		tap_num((long long)w->fake.submitted, (long long)before,
		    "kept until then");
		ask(w, "k.x");
		tap_num((long long)w->fake.submitted, (long long)before + 1,
		    "and no longer");
		/* So that the next row finds nothing. */
		dns_backend_failed(w->fake.open[--w->fake.open_n].cookie);
	}
	world_free(w);
}

static void
test_limits(void)
{
	struct world *w = world_new();
	struct dns_batch *batch;
	struct dns_query *q = NULL;
	char name[32];
	int i;

	w->fake.at_once = true;
	world_start(w);
	batch = dns_batch_new(w->dns);
	for (i = 0; i < DNS_BATCH_MAX_QUERIES; i++) {
		snprintf(name, sizeof(name), "n%d.x", i);
		q = dns_batch_add(batch, str_from(name), DNS_TXT);
	}
	tap_ok(q != NULL && dns_query_answer(q)->result == DNS_OK,
	    "DNS_BATCH_MAX_QUERIES");
	tap_ok(dns_batch_add(batch, STR("more.x"), DNS_TXT) == NULL,
	    "and one more");
	tap_ok(dns_batch_add(batch, STR("n0.x"), DNS_TXT) != NULL,
	    "what was asked is there");
	dns_batch_free(batch);

	w->fake.at_once = false;
	for (i = 0; i < DNS_MAX_FLIGHTS; i++) {
		snprintf(name, sizeof(name), "m%d.x", i);
		ask(w, name);
	}
	tap_num((long long)w->fake.open_n, DNS_MAX_FLIGHTS,
	    "DNS_MAX_FLIGHTS");
	batch = dns_batch_new(w->dns);
	q = dns_batch_add(batch, STR("more.x"), DNS_TXT);
	tap_num((long long)w->fake.open_n, DNS_MAX_FLIGHTS,
	    "one more is not asked");
	dns_batch_wait(batch, in(w, LONG));
	tap_num(dns_query_answer(q)->result, DNS_TIMEOUT, "nor waited for");
	dns_batch_free(batch);
	tap_num(ask(w, "n0.x"), DNS_OK, "what is known is answered");
	world_free(w);
}

/* Many threads, few names, a backend that answers late, at once or never. */
#define THREADS		8
#define ROUNDS		400

struct crowd {
	struct world	*w;
	atomic_int	 wrong;
	atomic_int	 asked;		/* each question of a batch once */
	atomic_bool	 over;
};

static void *
answer_some(void *arg)
{
	struct crowd *crowd = arg;
	struct fake *fake = &crowd->w->fake;
	const struct timespec pause = { 0, 50000 };
	unsigned seed = 1;

	while (!atomic_load(&crowd->over)) {
		char name[16];

		seed = seed * 1103515245 + 12345;
		/* c7.x is never answered. */
		snprintf(name, sizeof(name), "c%u.x", (seed >> 16) % 7);
		if (!fake_answer(fake, name, &good)) {
			nanosleep(&pause, NULL);
		}
		pthread_mutex_lock(&fake->lock);
		fake->at_once = (seed >> 20) % 8 == 0;
		pthread_mutex_unlock(&fake->lock);
		move(crowd->w, 20 * MS);
	}
	return (NULL);
}

static void *
parse(const struct dns_answer *a)
{
	(void)a;
	return (malloc(8));
}

static const struct dns_parser parser = { parse, free, 8 };

/* Whether q[n] is one of those before it. */
static bool
is_among(struct dns_query *const *q, int n)
{
	int i;

	for (i = 0; i < n && q[i] != q[n]; i++) {
		continue;
	}
	return (i < n);
}

static void *
ask_much(void *arg)
{
	struct crowd *crowd = arg;
	struct world *w = crowd->w;
	unsigned seed = (unsigned)(uintptr_t)&seed;
	int i, k;

	for (i = 0; i < ROUNDS; i++) {
		struct dns_batch *batch = dns_batch_new(w->dns);
		struct dns_query *q[4];

		for (k = 0; k < 4; k++) {
			char name[16];

			seed = seed * 1103515245 + 12345;
			snprintf(name, sizeof(name), "c%u.x",
			    (seed >> 16) % 8);
			q[k] = dns_batch_add(batch, str_from(name), DNS_TXT);
			atomic_fetch_add(&crowd->asked, !is_among(q, k));
		}
		if (seed >> 31) {
			dns_batch_wait(batch, in(w, 40 * MS));
		}
		for (k = 0; k < 4; k++) {
			const struct dns_answer *a = dns_query_answer(q[k]);

			if (a->result == DNS_OK ?
			    a->n != 1 || a->v[0].data.p[0] != 't' :
			    a->result != DNS_TIMEOUT) {
				atomic_fetch_add(&crowd->wrong, 1);
			}
			if (dns_answer_object(a, &parser) == NULL) {
				atomic_fetch_add(&crowd->wrong, 1);
			}
		}
		dns_batch_free(batch);
	}
	return (NULL);
}

static void
test_crowd(void)
{
	struct crowd crowd = { .w = world_new() };
	pthread_t threads[THREADS], answerer;
	struct dns_stats stats;
	int i;

	atomic_init(&crowd.wrong, 0);
	atomic_init(&crowd.asked, 0);
	atomic_init(&crowd.over, false);
	crowd.w->opts.timeout_us = S;
	crowd.w->opts.ttl_max_s = 1;
	crowd.w->opts.cache_max_bytes = 4 * sizeof(struct cache_entry);
	world_start(crowd.w);
	pthread_create(&answerer, NULL, answer_some, &crowd);
	for (i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, ask_much, &crowd);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	atomic_store(&crowd.over, true);
	pthread_join(answerer, NULL);
	tap_num(atomic_load(&crowd.wrong), 0, "no wrong answer in a crowd");
	dns_get_stats(crowd.w->dns, &stats);
	tap_num((long long)(stats.hits + stats.misses + stats.joined),
	    atomic_load(&crowd.asked),
	    "each question is a hit, a miss or a join");
	world_free(crowd.w);
}

/* Objects are counted in the cache while their answer is in it. */
static void
test_objects(void)
{
	struct world *w = world_new();
	struct dns_stats before, after;
	struct dns_batch *batch;
	struct dns_query *q, *bad;

	w->fake.at_once = true;
	world_start(w);
	batch = dns_batch_new(w->dns);
	q = dns_batch_add(batch, STR("a.x"), DNS_TXT);
	bad = dns_batch_add(batch, STR("a..x"), DNS_TXT);
	dns_get_stats(w->dns, &before);
	tap_ok(dns_answer_object(dns_query_answer(q), &parser) ==
	    dns_answer_object(dns_query_answer(q), &parser),
	    "an object is made once");
	dns_get_stats(w->dns, &after);
	tap_ok(after.bytes >= before.bytes + parser.object_bytes,
	    "and counted");
	tap_ok(dns_answer_object(dns_query_answer(bad), &parser) != NULL,
	    "an answer of no entry has one, too");
	dns_get_stats(w->dns, &before);
	tap_num((long long)before.bytes, (long long)after.bytes,
	    "and that is not counted");
	dns_batch_free(batch);
	world_free(w);
}

int
main(void)
{
	test_names();
	test_later();
	test_waking();
	test_waiting_for_any();
	test_giving_up();
	test_backoff(DNS_SERVFAIL, "SERVFAIL");
	test_backoff(DNS_TIMEOUT, "TIMEOUT");
	test_failing_zone();
	test_silent_zone();
	test_silent_servers();
	test_greedy_zone();
	test_busy_zone();
	test_keeping();
	test_limits();
	test_objects();
	test_crowd();
	return (tap_done());
}
