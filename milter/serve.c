/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <poll.h>
#include <stdint.h>

#include "milter/counters.h"
#include "milter/serve.h"
#include "milter/timer.h"

#define USEC_PER_S	1000000ULL
#define SWEEP_US	200000	/* while messages hold former resolvers */
#define EXPORTER_US	2000000		/* between two looks at it */

struct timers {
	struct timer	 exporter;
	struct timer	 stats;
};

/* A reload may have changed it. */
static void
set_stats_timer(struct daemon *daemon, struct timers *timers)
{
	uint64_t every_us = (uint64_t)live_conf(&daemon->live)->
	    stats_interval_s * USEC_PER_S;

	if (every_us != timers->stats.every_us) {
		timer_set(&timers->stats, every_us,
		    env_mono_us(&daemon->env));
	}
}

static int
wait_ms(struct daemon *daemon, const struct timers *timers)
{
	uint64_t now_us = env_mono_us(&daemon->env);
	uint64_t us = live_sweep(&daemon->live) ? SWEEP_US : UINT64_MAX;

	us = timer_wait_us(&timers->exporter, now_us, us);
	us = timer_wait_us(&timers->stats, now_us, us);
	/* Rounded up: not to wake before it is due. */
	return ((int)(us / 1000 + 1));
}

/* After every message, too: they may come more often than timers are due. */
static void
run_timers(struct daemon *daemon, struct timers *timers)
{
	uint64_t now_us = env_mono_us(&daemon->env);

	if (timer_take(&timers->exporter, now_us)) {
		/* At the load there may have been no memory for it. */
		mail_set_exporter(daemon, live_conf(&daemon->live));
		exporter_watch(&daemon->exporter);
	}
	if (timer_take(&timers->stats, now_us)) {
		counters_log(&daemon->live, "stats");
	}
}

bool
mail_wait(const struct mail *mail, int timeout_ms)
{
	struct pollfd parent = { .fd = mail->start->control,
		.events = POLLIN };

	return (poll(&parent, 1, timeout_ms) > 0);
}

void
serve_mail(struct mail *mail)
{
	struct timers timers = { .stats = { .every_us = 0 } };
	struct daemon *daemon = mail->daemon;

	timer_set(&timers.exporter, EXPORTER_US, env_mono_us(&daemon->env));
	for (;;) {
		set_stats_timer(daemon, &timers);
		if (mail_wait(mail, wait_ms(daemon, &timers)) &&
		    !mail_obey(mail)) {
			return;
		}
		run_timers(daemon, &timers);
	}
}
