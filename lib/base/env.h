/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env: the library's sources of time and randomness, and its log. A test
 * supplies its own.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

struct env {
	int64_t		(*now_s)(void *ctx);	/* Unix time */
	uint64_t	(*mono_us)(void *ctx);	/* monotonic clock */
	uint32_t	(*random)(void *ctx);	/* uniform 32 bits */
	/* One line, escaped, without newline. NULL: nothing is logged. */
	void		(*log)(void *ctx, enum log_level, const char *line);
	void		*ctx;
};

/* Uses the system's clocks and arc4random; log is NULL. */
void	env_init_system(struct env *);

int64_t		env_now_s(const struct env *);
uint64_t	env_mono_us(const struct env *);
uint32_t	env_random(const struct env *);
void		env_log(const struct env *, enum log_level,
		    const char *fmt, ...)
    ATTR_PRINTF(3, 4);

#endif
