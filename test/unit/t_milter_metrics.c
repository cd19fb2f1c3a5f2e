/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a monitor gets: the numbers, and whether the daemon can work. All of it
 * is read while the locks that messages take are held.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "milter/health.h"
#include "milter/metrics.h"
#include "test/unit/tap.h"

#define PATIENCE_S	60	/* then a lock was waited for */

static struct env env;
static struct live live;

static void
start_live(void)
{
	struct conf *conf = NULL;
	struct diag diag;

	env_init_system(&env);
	diag_init(&diag);
	if (conf_parse(STR("Mode v\nZone /dev/null\n"), "conf", &env, &conf,
	    &diag) != STATUS_OK ||
	    live_prepare(&live, conf, &env, &diag) != STATUS_OK ||
	    live_init(&live, conf, NULL, &diag) != STATUS_OK) {
		printf("Bail out! %s\n", diag.text);
		exit(99);
	}
	conf_release(conf);
}

/* As if a message held it. */
static void
hold_locks(void)
{
	pthread_mutex_lock(&live.lock);
	(void)alarm(PATIENCE_S);
}

static void
release_locks(void)
{
	(void)alarm(0);
	pthread_mutex_unlock(&live.lock);
}

static bool
has_line(const char *line)
{
	struct buf out;
	bool found;

	buf_init(&out, METRICS_MAX_BYTES);
	hold_locks();
	metrics_write(&live, &out);
	release_locks();
	found = out.status == STATUS_OK && strstr(out.p, line) != NULL;
	buf_fini(&out);
	return (found);
}

static void
check_line(const char *line)
{
	tap_ok(has_line(line), "%.*s", (int)strcspn(line + 1, "\n"),
	    line + 1);
}

static void
test_counts(void)
{
	struct engine_outcome out = { .direction = ENGINE_SIGN,
		.signatures_n = 2, .elapsed_us = 1000, .dns_wait_us = 1001 };

	meter_count(&live.board->meter, &out, ENGINE_ACCEPT);
	out.elapsed_us = 10000001;
	out.dns_wait_us = 0;
	meter_count(&live.board->meter, &out, ENGINE_TEMPFAIL);
	meter_count_unexamined(&live.board->meter, ENGINE_TEMPFAIL);
	check_line("\nmailseal_messages_total{direction=\"sign\",action="
	    "\"accept\"} 1\n");
	check_line("\nmailseal_messages_total{direction=\"sign\",action="
	    "\"tempfail\"} 1\n");
	check_line("\nmailseal_messages_total{direction=\"undecided\",action="
	    "\"tempfail\"} 1\n");
	check_line("\nmailseal_signatures_total{result=\"added\"} 2\n");
	/* A limit belongs to its bucket. */
	check_line("\nmailseal_message_seconds_bucket{le=\"0.001\"} 1\n");
	check_line("\nmailseal_message_seconds_bucket{le=\"10\"} 1\n");
	check_line("\nmailseal_message_seconds_bucket{le=\"+Inf\"} 2\n");
	check_line("\nmailseal_message_seconds_sum 10.001001\n");
	check_line("\nmailseal_message_seconds_count 2\n");
	check_line("\nmailseal_dns_wait_seconds_bucket{le=\"0.001\"} 1\n");
	check_line("\nmailseal_dns_wait_seconds_bucket{le=\"0.0025\"} 2\n");
	/* The last of the directions. */
	out.direction = ENGINE_RETURNED;
	meter_count(&live.board->meter, &out, ENGINE_ACCEPT);
	check_line("\nmailseal_messages_total{direction=\"returned\",action="
	    "\"accept\"} 1\n");
}

static void
test_reload(void)
{
	meter_note_load(&live.board->meter, true, 1234);
	check_line("\nmailseal_config_reload_success 1\n");
	check_line("\nmailseal_config_reload_time_seconds 1234\n");
	meter_note_load(&live.board->meter, false, 5678);
	check_line("\nmailseal_config_reload_success 0\n");
	check_line("\nmailseal_config_reload_time_seconds 1234\n");
}

/* What is unknown has no value, but is named. */
static void
test_unknown(void)
{
	tap_ok(!has_line("\nmailseal_key_oldest_time_seconds "),
	    "no key store: no age");
	atomic_store(&live.oldest_key_s, 77);
	check_line("\nmailseal_key_oldest_time_seconds 77\n");
	check_line("\nmailseal_dns_resolver_up 1\n");
	atomic_store(&live.zone_text, false);
	tap_ok(!has_line("\nmailseal_dns_resolver_up "),
	    "unknown state of the resolvers: no value");
	check_line("\n# TYPE mailseal_report_rows_pending gauge\n");
	tap_ok(!has_line("\nmailseal_report_rows_pending "),
	    "no reports: no value");
	atomic_store(&live.keys, 3);
	check_line("\nmailseal_keys{state=\"not checked\"} 3\n");
}

/* why NULL: it is well. */
static void
check_health(const char *why, const char *name)
{
	struct buf out;
	bool well;

	buf_init(&out, 1024);
	hold_locks();
	well = health_check(&live, &out);
	release_locks();
	tap_ok(well == (why == NULL), "%s", name);
	tap_ok(why == NULL ? out.n == 0 : strstr(out.p, why) != NULL &&
	    strchr(out.p, '\n') == NULL, "%s: the line", name);
	buf_fini(&out);
}

static void
test_health(void)
{
	bool begins;

	check_health(NULL, "well");
	atomic_store(&live.board->meter.socket_lost, true);
	check_health("the socket was removed", "no socket");
	atomic_store(&live.board->meter.socket_lost, false);
	atomic_store(&live.peers, live.peers_max);
	check_health("connections", "no descriptors");
	atomic_store(&live.peers, 0);
	budget_set_max(&live.budget, 10);
	(void)budget_take(&live.budget, 11, &begins);
	check_health("MaximumMemory", "no memory");
	budget_set_max(&live.budget, 100);
	(void)budget_take(&live.budget, 1, &begins);
	budget_give(&live.budget, 1);
	check_health(NULL, "well again");
	live_drain(&live);
	check_health("stopping", "the end");
}

int
main(void)
{
	start_live();
	test_counts();
	test_reload();
	test_unknown();
	test_health();
	live_fini(&live);
	return (tap_done());
}
