/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that waits for a database does not hold up the end. */
#include "config.h"

#include <stdatomic.h>
#include <unistd.h>

#include "milter/watch.h"
#include "test/unit/tap.h"

#define STEP_US		1000
#define SOON_S		60		/* on a loaded machine */

struct store {
	atomic_bool	asked;
	atomic_bool	answers;
};

static bool
look_at_store(void *ctx, struct watch_state *r)
{
	struct store *store = ctx;

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

int
main(void)
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
	return (tap_done());
}
