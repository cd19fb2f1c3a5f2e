/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "milter/counters.h"
#include "milter/log.h"

#define NUMBERS_MAX	((int)ENGINE_COUNTERS + \
			(int)ENGINE_UNSIGNED_REASONS + 32)
#define NAME_BYTES	48

struct numbers {
	struct log_number	 v[NUMBERS_MAX];
	size_t			 n;
	char			 names[ENGINE_UNSIGNED_REASONS][NAME_BYTES];
};

static void
add_number(struct numbers *all, const char *name, uint64_t value)
{
	if (all->n < NUMBERS_MAX) {
		all->v[all->n++] = (struct log_number){ name, value };
	}
}

static void
add_dns(struct numbers *all, const struct dns_stats *dns)
{
	add_number(all, "dns_hits", dns->hits);
	add_number(all, "dns_misses", dns->misses);
	add_number(all, "dns_joined", dns->joined);
	add_number(all, "dns_remembered", dns->remembered);
	add_number(all, "dns_ok", dns->results[DNS_OK]);
	add_number(all, "dns_nodata", dns->results[DNS_NODATA]);
	add_number(all, "dns_nxdomain", dns->results[DNS_NXDOMAIN]);
	add_number(all, "dns_servfail", dns->results[DNS_SERVFAIL]);
	add_number(all, "dns_timeout", dns->results[DNS_TIMEOUT]);
	add_number(all, "dns_evicted", dns->evicted);
	add_number(all, "dns_entries", dns->entries);
	add_number(all, "dns_bytes", dns->bytes);
	add_number(all, "dns_servers", dns->servers);
	add_number(all, "dns_servers_up", dns->servers_up);
}

static void
add_reports(struct numbers *all, const struct report_collector *reports)
{
	struct report_collector_numbers n;

	report_collector_get(reports, &n);
	if (n.active) {
		add_number(all, "report_messages_kept", n.kept);
		add_number(all, "report_messages_lost", n.lost);
		add_number(all, "report_rows_pending", n.rows_pending);
	}
}

/* "unsigned_no_active_key" */
static void
add_unsigned(struct numbers *all, const struct engine_stats *stats,
    enum engine_unsigned reason)
{
	char *name = all->names[reason], *p;

	(void)snprintf(name, NAME_BYTES, "unsigned_%s",
	    engine_unsigned_name(reason));
	for (p = name; *p != '\0'; p++) {
		*p = *p == ' ' ? '_' : char_lower(*p);
	}
	add_number(all, name, engine_stats_unsigned(stats, reason));
}

void
counters_log(struct live *live, const char *event)
{
	struct numbers all = { .n = 0 };
	struct dns_stats dns;
	int i;

	for (i = 0; i < ENGINE_COUNTERS; i++) {
		add_number(&all, engine_counter_name((enum engine_counter)i),
		    engine_stats_get(live->stats, (enum engine_counter)i));
	}
	for (i = ENGINE_UNSIGNED_NO + 1; i < ENGINE_UNSIGNED_REASONS; i++) {
		add_unsigned(&all, live->stats, (enum engine_unsigned)i);
	}
	live_get_dns_stats(live, &dns);
	add_dns(&all, &dns);
	add_reports(&all, live->reports);
	add_number(&all, "memory_deferred", live->budget.refusals);
	add_number(&all, "in_flight", live_in_flight(live));
	add_number(&all, "uptime_s", (env_mono_us(live->env) -
	    live->started_us) / 1000000);
	log_write_numbers(event, all.v, all.n);
}
