/* SPDX-License-Identifier: BSD-2-Clause */
/* timer: what the main thread does by the clock, which is the monotonic one. */
#ifndef MILTER_TIMER_H
#define MILTER_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct timer {			/* zeroed: never due */
	uint64_t	 every_us;	/* 0: never */
	uint64_t	 due_us;
};

/* Due once every_us has passed. */
static inline void
timer_set(struct timer *t, uint64_t every_us, uint64_t now_us)
{
	t->every_us = every_us;
	t->due_us = now_us + every_us;
}

/* Whether it is due; then it is set for the next time. Missed times are
   skipped. */
static inline bool
timer_take(struct timer *t, uint64_t now_us)
{
	if (t->every_us == 0 || now_us < t->due_us) {
		return (false);
	}
	t->due_us = now_us + t->every_us;
	return (true);
}

/* The lesser of wait_us and the time until it is due. */
static inline uint64_t
timer_wait_us(const struct timer *t, uint64_t now_us, uint64_t wait_us)
{
	uint64_t left_us;

	if (t->every_us == 0) {
		return (wait_us);
	}
	left_us = t->due_us > now_us ? t->due_us - now_us : 0;
	return (left_us < wait_us ? left_us : wait_us);
}

#endif
