/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ration.h"
#include "test/unit/tap.h"

#define MAX	3
#define BEGIN_US	1000000

static struct ration ration;

static unsigned
take(unsigned n, uint64_t now_us)
{
	unsigned i, taken = 0;

	for (i = 0; i < n; i++) {
		taken += ration_take(&ration, now_us);
	}
	return (taken);
}

static long long
left_out(uint64_t now_us)
{
	return ((long long)ration_left_out(&ration, now_us));
}

int
main(void)
{
	const uint64_t last_us = BEGIN_US + RATION_US - 1;

	if (!tap_ok(ration_init(&ration, MAX), "the start")) {
		return (tap_done());
	}
	tap_num(left_out(BEGIN_US), 0, "nothing was left out");
	tap_num(take(MAX, BEGIN_US), MAX, "as many as there may be");
	tap_num(left_out(last_us + 1), 0, "that is all there were");
	tap_num(take(5, last_us), 0, "no more to the end of the minute");
	tap_num(left_out(last_us), 0, "which is not said before");
	tap_num(left_out(last_us + 1), 5, "but then");
	tap_num(left_out(last_us + 1), 0, "once");
	tap_num(take(MAX + 2, last_us + 1), MAX, "another minute");
	tap_num(take(1, last_us + RATION_US + 1), 1, "and another");
	tap_num(left_out(last_us + RATION_US + 2), 2,
	    "what was left out is said while the next one goes on");
	tap_num(take(MAX + 4, last_us + RATION_US + 2), MAX - 1, "its rest");
	tap_num(left_out(last_us + RATION_US + 3), 0,
	    "which is not said before");
	tap_num(left_out(UINT64_MAX), 5, "but at the end");
	ration_fini(&ration);
	return (tap_done());
}
