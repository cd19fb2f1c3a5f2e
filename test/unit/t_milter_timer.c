/* SPDX-License-Identifier: BSD-2-Clause */
/* What the main thread does by the clock. */
#include "milter/timer.h"
#include "test/unit/tap.h"

int
main(void)
{
	struct timer t = { .every_us = 0 };

	tap_ok(!timer_take(&t, UINT64_MAX), "zeroed: never due");
	tap_num((long long)timer_wait_us(&t, 5, 77), 77, "nor waited for");
	timer_set(&t, 10, 100);
	tap_ok(!timer_take(&t, 109), "not yet");
	tap_num((long long)timer_wait_us(&t, 103, 77), 7, "the rest is waited");
	tap_num((long long)timer_wait_us(&t, 103, 3), 3, "or less, if asked");
	tap_ok(timer_take(&t, 110), "due");
	tap_ok(!timer_take(&t, 119), "not again before its time");
	tap_num((long long)timer_wait_us(&t, 500, 77), 0, "late: no wait");
	tap_ok(timer_take(&t, 500) && !timer_take(&t, 500),
	    "times that were missed are not made up for");
	timer_set(&t, 0, 100);
	tap_ok(!timer_take(&t, UINT64_MAX), "turned off");
	return (tap_done());
}
