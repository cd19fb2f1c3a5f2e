/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of the daemon's state after its end: callbacks may still come,
   for libmilter's threads are never stopped. */
#include "milter/live.h"
#include "test/unit/tap.h"

int
main(void)
{
	struct live live = { .test_mode = false };
	struct diag diag;
	struct env env;

	env_init_system(&env);
	live.env = &env;
	diag_init(&diag);
	if (live_share(&live, &diag) != STATUS_OK) {
		return (99);
	}
	pthread_mutex_init(&live.lock, NULL);
	live_fini(&live);
	tap_ok(!live_wants_rcpts(&live), "the end: no recipients are wanted");
	tap_ok(live_begin(&live) == NULL, "the end: no message begins");
	tap_ok(live_is_draining(&live), "the end: connections are refused");
	live_end(&live, NULL);
	tap_num(live_in_flight(&live), 0, "the end: none is in flight");
	return (tap_done());
}
