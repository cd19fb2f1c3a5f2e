/* SPDX-License-Identifier: BSD-2-Clause */
/* However many lines the threads log that serve the mail process, few are in
   the log. The clock is this test's. */
#include "config.h"

#include <pthread.h>

#include "base/ration.h"
#include "milter/served_log.h"
#include "test/unit/tap.h"

#define MANY	(10 * SERVED_LOG_LINES)

static struct env env, own;
static uint64_t clock_us = 1000000;
static unsigned lines;
static char last[200];

static uint64_t
read_clock(void *unused)
{
	(void)unused;
	return (clock_us);
}

static void
take_line(void *unused, enum log_level level, const char *line)
{
	(void)unused;
	(void)level;
	lines++;
	(void)snprintf(last, sizeof(last), "%s", line);
}

static unsigned
log_many(void)
{
	unsigned i, before = lines;

	for (i = 0; i < MANY; i++) {
		env_log(&own, LOG_LEVEL_ERROR, "a request");
	}
	return (lines - before);
}

/* One that serves, as another does later. */
static void *
run_thread(void *r)
{
	served_log_begin();
	*(unsigned *)r = log_many();
	return (NULL);
}

static unsigned
log_in_thread(void)
{
	unsigned n = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_thread, &n) == 0) {
		(void)pthread_join(thread, NULL);
	}
	return (n);
}

static void
tend(bool ends, unsigned want, const char *name)
{
	unsigned before = lines;

	served_log_tend(ends);
	tap_num(lines - before, want, name);
}

int
main(void)
{
	env_init_system(&env);
	env.mono_us = read_clock;
	env.log = take_line;
	served_log_tend(true);
	if (!tap_ok(served_log_init(&env, &own) == STATUS_OK, "the start")) {
		return (tap_done());
	}
	tap_num(log_many(), MANY, "a thread that does not serve: all lines");
	tap_num(log_in_thread(), SERVED_LOG_LINES, "one that serves: few");
	tap_num(log_in_thread(), 0, "the next one shares them");
	tend(false, 0, "nothing more is said within the minute");
	clock_us += RATION_US;
	tend(false, 1, "when it is over a line");
	tap_str(str_from(last), STR("570 more lines about requests of the mail "
	    "process are left out"), "that says how many there were");
	tend(false, 0, "once");
	tap_num(log_in_thread(), SERVED_LOG_LINES, "another minute");
	tap_num(log_many(), MANY, "others still log all");
	tend(true, 1, "at the end what was left out is said at once");
	return (tap_done());
}
