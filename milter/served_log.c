/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/ration.h"
#include "milter/served_log.h"

static struct {
	const struct env	*env;		/* NULL: not yet */
	struct ration		 ration;
} served;
static _Thread_local bool serves;

static void
log_served(void *ctx, enum log_level level, const char *line)
{
	if (!serves || ration_take(&served.ration, env_mono_us(served.env))) {
		served.env->log(ctx, level, line);
	}
}

enum status
served_log_init(const struct env *env, struct env *r)
{
	if (!ration_init(&served.ration, SERVED_LOG_LINES)) {
		return (STATUS_NOMEM);
	}
	served.env = env;
	*r = *env;
	r->log = log_served;
	return (STATUS_OK);
}

void
served_log_begin(void)
{
	serves = true;
}

void
served_log_tend(bool ends)
{
	uint64_t n = served.env != NULL ? ration_left_out(&served.ration,
	    ends ? UINT64_MAX : env_mono_us(served.env)) : 0;

	if (n > 0) {
		env_log(served.env, LOG_LEVEL_ERROR, "%" PRIu64 " more lines "
		    "about requests of the mail process are left out", n);
	}
}
