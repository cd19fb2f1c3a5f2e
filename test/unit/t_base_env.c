/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/env.h"
#include "tap.h"

struct log {
	char		*line;
	enum log_level	 level;
	unsigned	 lines;
};

static void
take_line(void *ctx, enum log_level level, const char *line)
{
	struct log *log = ctx;

	free(log->line);
	log->line = strdup(line);
	log->level = level;
	log->lines++;
}

static int64_t
fixed_now_s(void *ctx ATTR_UNUSED)
{
	return (1234567890);
}

int
main(void)
{
	struct log log = { 0 };
	struct env env;
	uint64_t before;
	uint32_t seen = 0;
	int i;

	env_init_system(&env);
	tap_ok(env_now_s(&env) > 1600000000, "the system's time");
	before = env_mono_us(&env);
	tap_ok(env_mono_us(&env) >= before && before > 0,
	    "the monotonic clock");
	for (i = 0; i < 64; i++) {
		seen |= env_random(&env);
	}
	tap_ok(seen == UINT32_MAX, "every random bit is set now and then");
	env_log(&env, LOG_LEVEL_ERROR, "nobody listens %d", 1);
	tap_ok(true, "no log is no crash");

	env.log = take_line;
	env.ctx = &log;
	env.now_s = fixed_now_s;
	tap_num(env_now_s(&env), 1234567890, "a test's own time");
	env_log(&env, LOG_LEVEL_WARNING, "%s=%d", "x", 5);
	tap_ok(log.lines == 1 && log.level == LOG_LEVEL_WARNING,
	    "one line of that level");
	tap_str(str_from(log.line), STR("x=5"), "its text");
	env_log(&env, LOG_LEVEL_INFO, "%*d", 2047, 1);
	tap_num((long long)strlen(log.line), 2047, "as long as the stack's");
	env_log(&env, LOG_LEVEL_INFO, "%*d", 2048, 1);
	tap_num((long long)strlen(log.line), 2048, "one longer");
	env_log(&env, LOG_LEVEL_INFO, "%*d", 100000, 1);
	tap_num((long long)strlen(log.line), 100000, "much longer");
	free(log.line);
	return (tap_done());
}
