/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "milter/watch.h"

/* If KeyRefresh is 0: a reload may change it. */
#define IDLE_S	10

/* False: the thread shall end. */
static bool
sleep_seconds(struct watch *w, int64_t s)
{
	struct timespec until;
	bool stopping;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)s;
	pthread_mutex_lock(&w->lock);
	while (!w->stopping && error != ETIMEDOUT) {
		error = pthread_cond_timedwait(&w->wake, &w->lock, &until);
	}
	stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return (!stopping);
}

/* A load that failed is asked for again after so many checks. */
#define CHECKS_AGAIN	10

struct course {
	int64_t		 left_s;	/* until all is checked; 0: now */
	/* The last revisions for which a load was asked for. */
	uint64_t	 tried;
	uint64_t	 tried_local;
	unsigned	 checks;	/* of all, since then */
};

static void
check_all(struct watch *w, struct course *c, const struct watch_state *state)
{
	if (state->changed && (state->now != c->tried || state->again ||
	    ++c->checks >= CHECKS_AGAIN)) {
		c->tried = state->now;
		c->checks = 0;
		w->ask(w->ctx);
	}
}

static void
check_local(struct watch *w, struct course *c,
    const struct watch_state *state)
{
	if (state->changed && state->now != c->tried_local) {
		c->tried_local = state->now;
		w->ask(w->ctx);
	}
}

/* Returns the seconds until the next check. */
static int64_t
check_keys(struct watch *w, struct course *c)
{
	struct watch_state state = { .refresh_s = 0 };
	enum watch_what what = c->left_s > 0 ? WATCH_LOCAL : WATCH_ALL;
	int64_t s;

	if (!w->look(w->ctx, what, &state) || state.refresh_s == 0) {
		c->left_s = 0;
		return (IDLE_S);
	}
	if (what == WATCH_LOCAL) {
		check_local(w, c, &state);
	} else {
		check_all(w, c, &state);
		c->left_s = state.refresh_s;
	}
	/* A reload may have changed KeyRefresh. */
	s = c->left_s < state.refresh_s ? c->left_s : state.refresh_s;
	if (state.local_s > 0 && state.local_s < s) {
		c->left_s = s - state.local_s;
		return (state.local_s);
	}
	c->left_s = 0;
	return (s);
}

static void *
run_watch(void *arg)
{
	struct watch *w = arg;
	struct course course = { .left_s = 0 };
	int64_t s = 1;

	while (sleep_seconds(w, s)) {
		s = check_keys(w, &course);
	}
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return (NULL);
}

static bool
init_wake(struct watch *w)
{
	pthread_condattr_t attr;
	bool ok;

	if (pthread_condattr_init(&attr) != 0) {
		return (false);
	}
	ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	    pthread_cond_init(&w->wake, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return (ok);
}

enum status
watch_start(struct watch *w)
{
	if (pthread_mutex_init(&w->lock, NULL) != 0 || !init_wake(w) ||
	    pthread_create(&w->thread, NULL, run_watch, w) != 0) {
		return (STATUS_NOMEM);
	}
	w->running = true;
	return (STATUS_OK);
}

bool
watch_stop(struct watch *w, unsigned seconds)
{
	struct timespec until;
	bool ended;
	int error = 0;

	if (!w->running) {
		return (true);
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	while (!w->ended && error != ETIMEDOUT) {
		error = pthread_cond_timedwait(&w->wake, &w->lock, &until);
	}
	ended = w->ended;
	pthread_mutex_unlock(&w->lock);
	if (ended) {
		pthread_join(w->thread, NULL);
		w->running = false;
	}
	return (ended);
}
