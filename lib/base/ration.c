/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ration.h"

bool
ration_init(struct ration *r, unsigned max)
{
	*r = (struct ration){ .max = max };
	return (pthread_mutex_init(&r->lock, NULL) == 0);
}

void
ration_fini(struct ration *r)
{
	(void)pthread_mutex_destroy(&r->lock);
}

bool
ration_take(struct ration *r, uint64_t now_us)
{
	bool take;

	pthread_mutex_lock(&r->lock);
	if (now_us >= r->end_us) {
		r->end_us = now_us + RATION_US;
		r->taken = 0;
		r->left_out_before += r->left_out;
		r->left_out = 0;
	}
	take = r->taken < r->max;
	if (take) {
		r->taken++;
	} else {
		r->left_out++;
	}
	pthread_mutex_unlock(&r->lock);
	return (take);
}

uint64_t
ration_left_out(struct ration *r, uint64_t now_us)
{
	uint64_t n;

	pthread_mutex_lock(&r->lock);
	n = r->left_out_before;
	r->left_out_before = 0;
	if (now_us >= r->end_us) {
		n += r->left_out;
		r->left_out = 0;
	}
	pthread_mutex_unlock(&r->lock);
	return (n);
}
