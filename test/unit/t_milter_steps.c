/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that were negotiated, for a connection that is used again. */
#include "milter/steps.h"
#include "test/unit/tap.h"

int
main(void)
{
	static char contexts[4 * STEPS_MAX];
	unsigned long steps = 0;
	size_t i, known = 0, right = 0;

	tap_ok(!steps_recall(&contexts[0], &steps), "an unknown context");
	steps_remember(&contexts[0], 7);
	tap_ok(steps_recall(&contexts[0], &steps) && steps == 7, "a known one");
	steps_remember(&contexts[0], 0);
	tap_ok(steps_recall(&contexts[0], &steps) && steps == 0,
	    "the last steps count; there may be none");
	for (i = 0; i < sizeof(contexts); i++) {
		steps_remember(&contexts[i], i);
	}
	for (i = 0; i < sizeof(contexts); i++) {
		if (steps_recall(&contexts[i], &steps)) {
			known++;
			right += steps == i;
		}
	}
	tap_ok(known > 0 && known <= STEPS_MAX, "the table has a limit: %zu",
	    known);
	tap_ok(right == known, "what is known is right");
	return (tap_done());
}
