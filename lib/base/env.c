/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"

#define LINE_BYTES	2048	/* a longer line is built on the heap */

static int64_t
system_now_s(void *ctx ATTR_UNUSED)
{
	return ((int64_t)time(NULL));
}

static uint64_t
system_mono_us(void *ctx ATTR_UNUSED)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static uint32_t
system_random(void *ctx ATTR_UNUSED)
{
	return (arc4random());
}

void
env_init_system(struct env *env)
{
	*env = (struct env){
		.now_s = system_now_s,
		.mono_us = system_mono_us,
		.random = system_random,
	};
}

int64_t
env_now_s(const struct env *env)
{
	return (env->now_s(env->ctx));
}

uint64_t
env_mono_us(const struct env *env)
{
	return (env->mono_us(env->ctx));
}

uint32_t
env_random(const struct env *env)
{
	return (env->random(env->ctx));
}

void
env_log(const struct env *env, enum log_level level, const char *fmt, ...)
{
	char line[LINE_BYTES], *big = NULL;
	va_list ap;
	int n;

	if (env->log == NULL) {
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0) {
		return;
	}
	if ((size_t)n >= sizeof(line)) {
		big = malloc((size_t)n + 1);
	}
	if (big != NULL) {
		va_start(ap, fmt);
		vsnprintf(big, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	/* Without memory the line is logged truncated. */
	env->log(env->ctx, level, big != NULL ? big : line);
	free(big);
}
