/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/steps.h"

static struct {
	const void	*ctx;		/* NULL: free */
	unsigned long	 steps;
} remembered[STEPS_MAX];		/* guarded by lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Multiplicative hashing: the low bits of an address are all alike. */
static size_t
slot_of(const void *ctx)
{
	uint64_t address = (uint64_t)(uintptr_t)ctx;

	return ((size_t)(address * 0x9e3779b97f4a7c15ULL >> 32) % STEPS_MAX);
}

void
steps_remember(const void *ctx, unsigned long steps)
{
	size_t i = slot_of(ctx);

	pthread_mutex_lock(&lock);
	remembered[i].ctx = ctx;
	remembered[i].steps = steps;
	pthread_mutex_unlock(&lock);
}

bool
steps_recall(const void *ctx, unsigned long *steps_r)
{
	size_t i = slot_of(ctx);
	bool known;

	pthread_mutex_lock(&lock);
	known = remembered[i].ctx == ctx;
	*steps_r = remembered[i].steps;
	pthread_mutex_unlock(&lock);
	return (known);
}
