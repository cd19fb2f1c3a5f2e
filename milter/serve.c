/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>

#include "milter/counters.h"
#include "milter/serve.h"
#include "milter/signals.h"
#include "milter/timer.h"

#define USEC_PER_S	1000000ULL
#define SWEEP_US	200000	/* while messages hold former resolvers */
#define PRESENCE_US	2000000		/* between two checks of the sockets */
/* Between two reports without a watchdog. */
#define REPORT_US	30000000

struct timers {
	struct timer	 presence;
	struct timer	 report;	/* to the service manager */
	struct timer	 stats;
};

static void
set_timers(struct daemon *daemon, struct timers *timers)
{
	uint64_t now_us = env_mono_us(&daemon->env);
	uint64_t alive_us = manager_interval_us(&daemon->manager);

	timer_set(&timers->presence, PRESENCE_US, now_us);
	timer_set(&timers->report, alive_us != 0 && alive_us < REPORT_US ?
	    alive_us : REPORT_US, now_us);
}

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

	us = timer_wait_us(&timers->presence, now_us, us);
	us = timer_wait_us(&timers->report, now_us, us);
	us = timer_wait_us(&timers->stats, now_us, us);
	/* Rounded up: not to wake before it is due. */
	return ((int)(us / 1000 + 1));
}

/* After every signal, too: signals may come more often than timers are due. */
static void
run_timers(struct daemon *daemon, struct timers *timers)
{
	uint64_t now_us = env_mono_us(&daemon->env);

	if (timer_take(&timers->presence, now_us)) {
		presence_watch(&daemon->presence, &daemon->env);
		atomic_store(&daemon->live.meter.socket_lost,
		    daemon->presence.lost);
		exporter_watch(&daemon->exporter);
	}
	if (timer_take(&timers->report, now_us)) {
		daemon_report_alive(daemon);
	}
	if (timer_take(&timers->stats, now_us)) {
		counters_log(&daemon->live, "stats");
	}
}

void
serve_signals(struct daemon *daemon)
{
	struct timers timers = { .stats = { .every_us = 0 } };

	set_timers(daemon, &timers);
	for (;;) {
		set_stats_timer(daemon, &timers);
		switch (signals_wait(wait_ms(daemon, &timers))) {
		case SIGNALS_STOP:
			return;
		case SIGNALS_RELOAD:
			manager_reloading(&daemon->manager);
			daemon_reload(daemon);
			daemon_report_ready(daemon);
			break;
		case SIGNALS_KEYS:
			manager_loading(&daemon->manager);
			daemon_reload_keys(daemon);
			daemon_report_ready(daemon);
			break;
		case SIGNALS_COUNTERS:
			counters_log(&daemon->live, "counters");
			break;
		case SIGNALS_NONE:
			break;
		}
		run_timers(daemon, &timers);
	}
}
