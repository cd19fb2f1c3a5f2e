/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter: a number that is changed by one thread at a time, which holds a
 * lock, and may be read by any thread without it. Several that are read one
 * after the other need not fit together.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

struct counter {		/* zeroed: 0 */
	_Atomic uint64_t v;
};

static inline uint64_t
counter_get(const struct counter *c)
{
	return (atomic_load_explicit(&c->v, memory_order_relaxed));
}

static inline void
counter_set(struct counter *c, uint64_t n)
{
	atomic_store_explicit(&c->v, n, memory_order_relaxed);
}

/* Not atomic as a whole: the lock keeps others from changing it. */
static inline void
counter_add(struct counter *c, uint64_t n)
{
	counter_set(c, counter_get(c) + n);
}

static inline void
counter_subtract(struct counter *c, uint64_t n)
{
	counter_set(c, counter_get(c) - n);
}

#endif
