/* SPDX-License-Identifier: BSD-2-Clause */
/* What the thread checks, when it asks for a load, and that one which waits for
   a database does not hold up the end. */
#include "config.h"

#include <stdatomic.h>
#include <unistd.h>

#include "milter/watch.h"
#include "test/unit/tap.h"

#define STEP_US		1000
#define SOON_S		60		/* on a loaded machine */
#define HOUR_S		3600

struct store {
	atomic_bool	asked;
	atomic_bool	answers;
};

static bool
look_at_store(void *ctx, enum watch_what what, struct watch_state *r)
{
	struct store *store = ctx;

	(void)what;
	(void)r;
	atomic_store(&store->asked, true);
	while (!atomic_load(&store->answers)) {
		(void)usleep(STEP_US);
	}
	return (false);
}

static void
ask_nothing(void *ctx)
{
	(void)ctx;
}

static void
check_end(void)
{
	struct store store = { .asked = false };
	struct watch watch = { .look = look_at_store, .ask = ask_nothing,
		.ctx = &store };

	tap_ok(watch_stop(&watch, 0), "it was not started: nothing to stop");
	tap_ok(watch_start(&watch) == STATUS_OK, "a start");
	while (!atomic_load(&store.asked)) {
		(void)usleep(STEP_US);
	}
	tap_ok(!watch_stop(&watch, 0), "a store that does not answer is not "
	    "waited for");
	atomic_store(&store.answers, true);
	tap_ok(watch_stop(&watch, SOON_S), "a store that answers: the end");
	tap_ok(watch_stop(&watch, 0), "which is for good");
}

/* Successive checks. asked: whether a load is asked for after this one. */
static const struct row {
	const char		*name;
	enum watch_what		 what;
	struct watch_state	 state;
	bool			 asked;
} rows[] = {
	{ "first, all is checked", WATCH_ALL,
	    { HOUR_S, 1, false, 1, false }, false },
	{ "then the stores on this host: a change", WATCH_LOCAL,
	    { HOUR_S, 1, true, 7, false }, true },
	{ "the same, and a table that waits for KeyRefresh", WATCH_LOCAL,
	    { HOUR_S, 1, true, 7, true }, false },
	{ "another change", WATCH_LOCAL,
	    { HOUR_S, 1, true, 8, false }, true },
	{ "none, and KeyRefresh is a second now", WATCH_LOCAL,
	    { 1, 1, false, 8, false }, false },
	{ "all again: a change", WATCH_ALL, { 1, 1, true, 9, false }, true },
	{ "the same", WATCH_ALL, { 1, 1, true, 9, false }, false },
	{ "the same, but a table waits", WATCH_ALL,
	    { 1, 0, true, 9, true }, true },
};

#define ROWS_N	(sizeof(rows) / sizeof(rows[0]))

struct play {
	atomic_size_t	n;		/* checks until now */
	bool		right[ROWS_N];	/* what was checked */
	unsigned	asked[ROWS_N];	/* after that check */
};

static bool
look_at_row(void *ctx, enum watch_what what, struct watch_state *r)
{
	struct play *play = ctx;
	size_t i = atomic_load(&play->n);

	if (i >= ROWS_N) {
		return (false);
	}
	play->right[i] = what == rows[i].what;
	*r = rows[i].state;
	atomic_store(&play->n, i + 1);
	return (true);
}

static void
note_asked(void *ctx)
{
	struct play *play = ctx;

	play->asked[atomic_load(&play->n) - 1]++;
}

static void
check_rows(void)
{
	static struct play play;
	struct watch watch = { .look = look_at_row, .ask = note_asked,
		.ctx = &play };
	size_t i;

	tap_ok(watch_start(&watch) == STATUS_OK, "a start");
	while (atomic_load(&play.n) < ROWS_N) {
		(void)usleep(STEP_US);
	}
	tap_ok(watch_stop(&watch, SOON_S), "and the end");
	for (i = 0; i < ROWS_N; i++) {
		tap_ok(play.right[i] && play.asked[i] == rows[i].asked, "%s",
		    rows[i].name);
	}
}

int
main(void)
{
	check_end();
	check_rows();
	return (tap_done());
}
