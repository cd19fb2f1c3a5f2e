/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>

#include "milter/metrics.h"

struct view {			/* what the writers of one answer share */
	const struct live	*live;
	const struct meter	*meter;
	struct dns_stats	 dns;
	struct report_collector_numbers reports;
	struct buf		*out;
	const char		*name;		/* of the metric */
};

static void
write_number(const struct view *view, const char *labels, uint64_t n)
{
	buf_printf(view->out, "%s%s %" PRIu64 "\n", view->name, labels, n);
}

/* A time that is 0 is unknown. */
static void
write_time(const struct view *view, int64_t s)
{
	if (s > 0) {
		write_number(view, "", (uint64_t)s);
	}
}

static uint64_t
get_counter(const struct view *view, enum engine_counter counter)
{
	return (engine_stats_get(view->live->stats, counter));
}

static void
write_build(const struct view *view)
{
	write_number(view, "{version=\"" PACKAGE_VERSION "\"}", 1);
}

static void
write_start(const struct view *view)
{
	write_time(view, atomic_load(&view->meter->started_s));
}

static void
write_reload_success(const struct view *view)
{
	write_number(view, "", !atomic_load(&view->meter->load_failed));
}

static void
write_reload_time(const struct view *view)
{
	write_time(view, atomic_load(&view->meter->loaded_s));
}

static void
write_messages(const struct view *view)
{
	static const char *const directions[METER_DIRECTIONS] = {
		[ENGINE_UNDECIDED] = "undecided", [ENGINE_SIGN] = "sign",
		[ENGINE_VERIFY] = "verify", [ENGINE_PASS_THROUGH] = "pass",
		[ENGINE_RETURNED] = "returned"
	};
	unsigned d, v;

	for (d = 0; d < METER_DIRECTIONS; d++) {
		for (v = 0; v < METER_ACTIONS; v++) {
			buf_printf(view->out, "%s{direction=\"%s\",action=\""
			    "%s\"} %" PRIuFAST64 "\n", view->name,
			    directions[d], v == METER_TAG ? "tag" :
			    engine_verdict_name((enum engine_verdict)v),
			    atomic_load(&view->meter->messages[d][v]));
		}
	}
}

static void
write_results(const struct view *view)
{
	static const struct {
		const char		*labels;
		enum engine_counter	 counter;
	} rows[] = {
		{ "dkim\",result=\"pass", ENGINE_DKIM_PASS },
		{ "dkim\",result=\"fail", ENGINE_DKIM_FAIL },
		{ "dkim\",result=\"policy", ENGINE_DKIM_POLICY },
		{ "dkim\",result=\"neutral", ENGINE_DKIM_NEUTRAL },
		{ "dkim\",result=\"temperror", ENGINE_DKIM_TEMPERROR },
		{ "dkim\",result=\"permerror", ENGINE_DKIM_PERMERROR },
		{ "dkim\",result=\"none", ENGINE_DKIM_NONE },
		{ "spf\",result=\"pass", ENGINE_SPF_PASS },
		{ "spf\",result=\"fail", ENGINE_SPF_FAIL },
		{ "spf\",result=\"softfail", ENGINE_SPF_SOFTFAIL },
		{ "spf\",result=\"neutral", ENGINE_SPF_NEUTRAL },
		{ "spf\",result=\"temperror", ENGINE_SPF_TEMPERROR },
		{ "spf\",result=\"permerror", ENGINE_SPF_PERMERROR },
		{ "spf\",result=\"none", ENGINE_SPF_NONE },
		{ "dmarc\",result=\"pass", ENGINE_DMARC_PASS },
		{ "dmarc\",result=\"fail", ENGINE_DMARC_FAIL },
		{ "dmarc\",result=\"temperror", ENGINE_DMARC_TEMPERROR },
		{ "dmarc\",result=\"permerror", ENGINE_DMARC_PERMERROR },
		{ "dmarc\",result=\"none", ENGINE_DMARC_NONE },
		{ "arc\",result=\"pass", ENGINE_ARC_PASS },
		{ "arc\",result=\"fail", ENGINE_ARC_FAIL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_printf(view->out, "%s{method=\"%s\"} %" PRIu64 "\n",
		    view->name, rows[i].labels,
		    get_counter(view, rows[i].counter));
	}
}

static void
write_times(const struct view *view, const struct meter_times *times)
{
	uint64_t n = 0, sum_us;
	size_t i;

	for (i = 0; i < METER_LIMITS; i++) {
		n += atomic_load(&times->buckets[i]);
		buf_printf(view->out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n",
		    view->name, (double)meter_limits_us[i] / 1e6, n);
	}
	n += atomic_load(&times->buckets[METER_LIMITS]);
	sum_us = atomic_load(&times->sum_us);
	buf_printf(view->out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "%s_sum %" PRIu64 ".%06" PRIu64 "\n%s_count %" PRIu64 "\n",
	    view->name, n, view->name, sum_us / 1000000, sum_us % 1000000,
	    view->name, n);
}

static void
write_message_times(const struct view *view)
{
	write_times(view, &view->meter->message_times);
}

static void
write_dns_waits(const struct view *view)
{
	write_times(view, &view->meter->dns_waits);
}

static void
write_signatures(const struct view *view)
{
	write_number(view, "{result=\"added\"}",
	    atomic_load(&view->meter->signatures));
	write_number(view, "{result=\"failed\"}",
	    get_counter(view, ENGINE_SIGNATURES_FAILED));
}

static void
write_unsigned(const struct view *view)
{
	int i;

	for (i = ENGINE_UNSIGNED_NO + 1; i < ENGINE_UNSIGNED_REASONS; i++) {
		enum engine_unsigned reason = (enum engine_unsigned)i;

		buf_printf(view->out, "%s{reason=\"%s\"} %" PRIu64 "\n",
		    view->name, engine_unsigned_name(reason),
		    engine_stats_unsigned(view->live->stats, reason));
	}
}

static void
write_keys(const struct view *view)
{
	uint64_t all = atomic_load(&view->live->keys), n[KEY_STATES];
	uint64_t checked;

	key_checks_count(view->live->key_checks,
	    (int64_t)(env_mono_us(view->live->env) / 1000000), n);
	checked = n[KEY_GOOD] + n[KEY_BAD];
	write_number(view, "{state=\"in DNS\"}", n[KEY_GOOD]);
	write_number(view, "{state=\"not in DNS\"}", n[KEY_BAD]);
	write_number(view, "{state=\"not checked\"}", all > checked ?
	    all - checked : 0);
}

static void
write_kept_keys(const struct view *view)
{
	write_number(view, "", atomic_load(&view->live->kept_keys));
}

static void
write_oldest_key(const struct view *view)
{
	write_time(view, atomic_load(&view->live->oldest_key_s));
}

static void
write_dns_queries(const struct view *view)
{
	static const char *const results[DNS_RESULTS] = {
		[DNS_OK] = "ok", [DNS_NODATA] = "nodata",
		[DNS_NXDOMAIN] = "nxdomain", [DNS_SERVFAIL] = "servfail",
		[DNS_TIMEOUT] = "timeout"
	};
	size_t i;

	for (i = 0; i < DNS_RESULTS; i++) {
		/* A name that is not valid is not sent. */
		if (results[i] != NULL) {
			buf_printf(view->out, "%s{result=\"%s\"} %" PRIu64
			    "\n", view->name, results[i],
			    view->dns.results[i]);
		}
	}
}

static void
write_dns_hits(const struct view *view)
{
	write_number(view, "", view->dns.hits);
}

/* Not known of libunbound; zone text always answers. */
static void
write_resolver_up(const struct view *view)
{
	if (view->dns.servers > 0) {
		write_number(view, "", view->dns.servers_up > 0);
	} else if (atomic_load(&view->live->zone_text)) {
		write_number(view, "", 1);
	}
}

static void
write_internal_errors(const struct view *view)
{
	write_number(view, "", get_counter(view, ENGINE_INTERNAL_ERRORS));
}

static void
write_disagreed(const struct view *view)
{
	write_number(view, "{method=\"dkim\"}",
	    get_counter(view, ENGINE_SECOND_DKIM));
	write_number(view, "{method=\"dmarc\"}",
	    get_counter(view, ENGINE_SECOND_DMARC));
}

/* Without a store there is no value. */
static void
write_report_number(const struct view *view, const char *labels, uint64_t n)
{
	if (view->reports.active) {
		write_number(view, labels, n);
	}
}

static void
write_report_messages(const struct view *view)
{
	write_report_number(view, "{result=\"kept\"}", view->reports.kept);
	write_report_number(view, "{result=\"lost\"}", view->reports.lost);
}

static void
write_report_store(const struct view *view)
{
	write_report_number(view, "", !view->reports.away);
}

static void
write_report_pending(const struct view *view)
{
	write_report_number(view, "", view->reports.rows_pending);
}

static void
write_report_oldest(const struct view *view)
{
	int64_t age_s = view->reports.oldest_s < 0 ? 0 :
	    env_now_s(view->live->env) - view->reports.oldest_s;

	write_report_number(view, "", age_s > 0 ? (uint64_t)age_s : 0);
}

static void
write_report_dropped(const struct view *view)
{
	write_report_number(view, "", view->reports.rows_dropped);
}

static void
write_report_failures(const struct view *view)
{
	write_report_number(view, "{result=\"kept\"}",
	    view->reports.failures_kept);
	write_report_number(view, "{result=\"dropped\"}",
	    view->reports.failures_dropped);
}

static void
write_received(const struct view *view)
{
	if (view->reports.received) {
		write_number(view, "",
		    (uint64_t)view->reports.received_reports);
	}
}

static void
write_received_messages(const struct view *view)
{
	const struct report_collector_numbers *n = &view->reports;

	if (n->received) {
		write_number(view, "{result=\"pass\"}",
		    (uint64_t)n->received_passed);
		write_number(view, "{result=\"fail\"}",
		    (uint64_t)(n->received_messages - n->received_passed));
	}
}

static void
write_received_time(const struct view *view)
{
	if (view->reports.received && view->reports.received_at_s >= 0) {
		write_number(view, "",
		    (uint64_t)view->reports.received_at_s);
	}
}

/* What the mail process asked for, what the keys process made. */
static void
write_key_signatures(const struct view *view)
{
	const struct live *live = view->live;

	write_number(view, "{process=\"mail\"}",
	    atomic_load(&live->board->said.asked_n));
	write_number(view, "{process=\"keys\"}",
	    atomic_load(&live->board_keys->made.made_n));
}

static void
write_differing(const struct view *view)
{
	write_number(view, "",
	    atomic_load(&view->live->board_keys->made.differing));
}

static void
write_deaths(const struct view *view)
{
	const struct board *board = view->live->board;

	write_number(view, "{process=\"keys\"}",
	    atomic_load(&board->deaths[BOARD_KEYS]));
	write_number(view, "{process=\"mail\"}",
	    atomic_load(&board->deaths[BOARD_MAIL]));
}

static void
write_waiting(const struct view *view)
{
	const struct board *board = view->live->board;

	write_number(view, "{process=\"keys\"}",
	    atomic_load(&board->waiting[BOARD_KEYS]));
	write_number(view, "{process=\"mail\"}",
	    atomic_load(&board->waiting[BOARD_MAIL]));
}

struct metric {
	const char	*name;
	const char	*type;
	const char	*help;
	void		(*write)(const struct view *);
};

#define COUNTER		"counter"
#define GAUGE		"gauge"
#define HISTOGRAM	"histogram"

static const struct metric metrics[] = {
	{ "mailseal_build_info", GAUGE, "Always 1.", write_build },
	{ "mailseal_start_time_seconds", GAUGE,
	    "When the daemon was started, in Unix time.", write_start },
	{ "mailseal_config_reload_success", GAUGE,
	    "Whether the last reload succeeded.", write_reload_success },
	{ "mailseal_config_reload_time_seconds", GAUGE,
	    "When the configuration in service was loaded, in Unix time.",
	    write_reload_time },
	{ "mailseal_process_deaths_total", COUNTER,
	    "Processes that died and were started again.", write_deaths },
	{ "mailseal_process_waiting", GAUGE, "Whether a process died so often "
	    "that its next start waits.", write_waiting },
	{ "mailseal_key_signatures_total", COUNTER,
	    "Signatures that the mail process asked for, and that the keys "
	    "process made.", write_key_signatures },
	{ "mailseal_key_signature_differences", GAUGE,
	    "Keys of which more signatures were made than the mail process "
	    "asked for, or fewer than it got; the log names them.",
	    write_differing },
	{ "mailseal_messages_total", COUNTER,
	    "Messages by direction and by what was done with them; undecided: "
	    "not examined to the end of the headers.", write_messages },
	{ "mailseal_results_total", COUNTER,
	    "Results of verified mail; those of dkim by signature.",
	    write_results },
	{ "mailseal_message_seconds", HISTOGRAM,
	    "Time from MAIL to the end of a message, in the engine.",
	    write_message_times },
	{ "mailseal_dns_wait_seconds", HISTOGRAM,
	    "Time that a message waited for the DNS at its end.",
	    write_dns_waits },
	{ "mailseal_signatures_total", COUNTER,
	    "Signatures that were added, or could not be made.",
	    write_signatures },
	{ "mailseal_unsigned_total", COUNTER,
	    "Mail of domains that are signed here which left, or was deferred, "
	    "without a signature that a receiver can verify.",
	    write_unsigned },
	{ "mailseal_keys", GAUGE,
	    "Keys that may sign. CheckKeys checks a key when it signs; a "
	    "result counts for a day.", write_keys },
	{ "mailseal_keys_kept", GAUGE,
	    "Keys that sign although the KeyTable has another one by now, "
	    "which cannot be loaded, or none.", write_kept_keys },
	{ "mailseal_key_oldest_time_seconds", GAUGE,
	    "When the oldest key of a key store that signs was made, in Unix "
	    "time.", write_oldest_key },
	{ "mailseal_dns_queries_total", COUNTER,
	    "DNS queries that were sent, by result.", write_dns_queries },
	{ "mailseal_dns_cache_hits_total", COUNTER,
	    "DNS questions answered from the cache.", write_dns_hits },
	{ "mailseal_dns_resolver_up", GAUGE,
	    "Whether a name server answers; unknown with TrustAnchorFile.",
	    write_resolver_up },
	{ "mailseal_internal_errors_total", COUNTER,
	    "Messages that met an internal error.", write_internal_errors },
	{ "mailseal_second_opinion_disagreed_total", COUNTER,
	    "Messages about which the second opinion differs.",
	    write_disagreed },
	{ "mailseal_report_messages_total", COUNTER,
	    "Messages that are in the store for DMARC reports, or lost to "
	    "them.", write_report_messages },
	{ "mailseal_report_store_up", GAUGE,
	    "Whether ReportStore answers.", write_report_store },
	{ "mailseal_report_rows_pending", GAUGE,
	    "Rows for DMARC reports that are not stored yet.",
	    write_report_pending },
	{ "mailseal_report_oldest_unsent_seconds", GAUGE,
	    "Time since the end of the oldest day whose reports are not all "
	    "sent; 0: none.", write_report_oldest },
	{ "mailseal_report_rows_dropped_total", COUNTER,
	    "Rows for DMARC reports that were lost.", write_report_dropped },
	{ "mailseal_report_failures_total", COUNTER,
	    "Messages in failure reports, or in none though their policy asks "
	    "for one.", write_report_failures },
	{ "mailseal_report_received_reports", GAUGE,
	    "Reports of other hosts in ReportStore whose period ended within 7 "
	    "days.", write_received },
	{ "mailseal_report_received_messages", GAUGE,
	    "Messages in these reports, by result of DMARC.",
	    write_received_messages },
	{ "mailseal_report_received_time_seconds", GAUGE,
	    "When such a report was stored last, in Unix time.",
	    write_received_time },
};

void
metrics_write(struct live *live, struct buf *out)
{
	struct view view = { .live = live,
		.meter = &live->board->meter, .out = out };
	size_t i;

	live_get_dns_stats(live, &view.dns);
	report_collector_get(live->reports, &view.reports);
	for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *m = &metrics[i];

		view.name = m->name;
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name,
		    m->help, m->name, m->type);
		m->write(&view);
	}
}
