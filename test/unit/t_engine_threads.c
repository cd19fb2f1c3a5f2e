/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of several threads on one engine; for TSan. */
#include <pthread.h>

#include "engine_fixture.h"
#include "tap.h"

#define TEXT		"From: joe@example.com\r\nSubject: s\r\n\r\nbody\r\n"
#define THREADS		4
#define ROUNDS		25

struct worker {
	pthread_t	 thread;
	struct fx	*fx;
	struct str	 text;
	bool		 sign;
	unsigned	 good;
};

static bool
is_good(const struct worker *w, const struct engine_outcome *out)
{
	if (w->sign) {
		return (out->signatures_n == 2);
	}
	return (out->dkim != NULL && dkim_verifier_count(out->dkim) == 2 &&
	    dkim_verifier_get(out->dkim, 0)->result == DKIM_PASS &&
	    dkim_verifier_get(out->dkim, 1)->result == DKIM_PASS &&
	    out->second_agrees);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct fx_mail mail = { .ip = w->sign ? NULL : "192.0.2.1" };
	struct fx_client client;

	for (int i = 0; i < ROUNDS; i++) {
		struct engine *held = engine_hold(w->fx->engine);
		struct engine_msg *m = fx_run(w->fx, &mail, &client, w->text);

		w->good += is_good(w, engine_msg_eom(m));
		engine_msg_free(m);
		engine_release(held);
	}
	return (NULL);
}

int
main(void)
{
	struct worker workers[THREADS];
	struct buf text;
	struct fx fx;
	unsigned good = 0;

	fx_init(&fx, "");
	buf_init(&text, FX_MAX_BYTES);
	fx_sign(&fx, FX_SIGN_BOTH, TEXT, &text);
	fx_configure(&fx, FX_SIGN_BOTH "SecondOpinion all\n");
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .fx = &fx, .sign = i % 2 == 0,
			.text = i % 2 == 0 ? STR(TEXT) : buf_str(&text) };
		if (pthread_create(&workers[i].thread, NULL, work,
		    &workers[i]) != 0) {
			fx_die("pthread_create", "failed");
		}
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		good += workers[i].good;
	}
	tap_num(good, THREADS * ROUNDS, "every message of every thread");
	tap_num((long long)engine_stats_get(fx.stats, ENGINE_MESSAGES),
	    THREADS * ROUNDS + 1, "all are counted");
	buf_fini(&text);
	fx_fini(&fx);
	return (tap_done());
}
