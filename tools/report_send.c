/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal report send: the run (report_send.h). */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/domain.h"
#include "tools/judge.h"
#include "tools/report.h"
#include "tools/report_send.h"

#define PERIODS_ARENA_BYTES	((size_t)512 * 1024 * 1024)
#define HOST_BYTES		256

static bool
take_option(void *opts, int id, const char *value)
{
	struct report_send *s = opts;
	bool bad;

	switch (id) {
	case 'c':
		s->conf_path = value;
		break;
	case 'n':
		s->dry_run = true;
		break;
	case 'o':
		s->folder = value;
		break;
	case 'D':
		return (report_take_date("--date", value, &s->day_s));
	case 'd':
		s->domain = value;
		break;
	case 'm':
		return (cli_number("max", value, 1, INT64_MAX, &s->max));
	case 0x300:
		s->legacy = true;
		break;
	case 0x301:
		s->only_failures = true;
		break;
	case 'N':
		return (cli_number("now", value, 0, INT64_MAX, &s->now_s));
	case 'j':
		s->json = true;
		break;
	default:
		return (cli_dns_option(&s->dns_opts, id, value, &bad) && !bad);
	}
	return (true);
}

static int64_t
fixed_now_s(void *ctx)
{
	return (*(const int64_t *)ctx);
}

/* The resolver of the configuration, unless options name another one. */
static bool
open_dns(struct report_send *s)
{
	const struct judge judge = { .env = s->env, .conf = s->off.conf };
	struct judge_opts opts;

	judge_opts_init(&opts);
	opts.dns = s->dns_opts;
	s->dns = judge_conf_dns(&judge, &opts);
	if (s->dns_opts.timeout_s == 0) {
		s->dns_opts.timeout_s =
		    (int64_t)(s->conf->dns_timeout_us / 1000000);
	}
	if (dmarc_psl_new(NULL, &s->psl) != STATUS_OK) {
		cli_warn("no public suffix list");
	}
	return (s->dns != NULL);
}

static bool
open_store(struct report_send *s)
{
	struct diag diag;

	diag_init(&diag);
	if (report_store_open(s->conf->report_store.where, false, &s->store,
	    &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	return (true);
}

/* Root has become UserID, for whom a directory of root is not writable. */
static bool
check_folder(const struct report_send *s)
{
	const struct passwd *user;
	struct stat st;

	if (s->folder == NULL) {
		return (true);
	}
	if (stat(s->folder, &st) == -1) {
		(void)cli_fail("--out: %s: %s", s->folder, strerror(errno));
		return (false);
	}
	if (!S_ISDIR(st.st_mode) || access(s->folder, W_OK | X_OK) == -1) {
		user = getpwuid(geteuid());
		(void)cli_fail("--out: %s is not a directory that user %s can "
		    "write to", s->folder, user != NULL ? user->pw_name : "?");
		return (false);
	}
	return (true);
}

static bool
check_conf(struct report_send *s)
{
	const struct conf *conf = s->conf;

	if (conf->report_from.text.p == NULL) {
		(void)cli_fail("ReportFrom is not set: no reports are sent");
		return (false);
	}
	if (conf->report_store.where == NULL) {
		(void)cli_fail("ReportStore is none: there is nothing to "
		    "send");
		return (false);
	}
	if (s->only_failures && !conf->failure_reports) {
		(void)cli_fail("FailureReports is not set: no failure reports "
		    "are sent");
		return (false);
	}
	s->receiver = conf->report_from.domain;
	s->handover = (struct handover){ .env = &s->env,
		.transport = conf->report_transport, .folder = s->folder };
	return (true);
}

static bool
init_run(struct report_send *s, char host[HOST_BYTES])
{
	struct str name;

	if (s->now_s >= 0) {
		s->env.now_s = fixed_now_s;
		s->env.ctx = &s->now_s;
	}
	if (s->domain != NULL) {
		if (domain_normalize(&s->arena, str_from(s->domain), &name) !=
		    STATUS_OK) {
			(void)cli_fail("--domain: %s is not a domain",
			    s->domain);
			return (false);
		}
		s->domain = name.p;
	}
	if (!offline_open(&s->off, s->conf_path, true, &s->env)) {
		return (false);
	}
	s->conf = s->off.conf;
	if (!check_conf(s) || !check_folder(s) || !open_dns(s) ||
	    !open_store(s)) {
		return (false);
	}
	if (gethostname(host, HOST_BYTES - 1) == -1) {
		host[0] = '\0';
	}
	s->handover.helo = host[0] != '\0' ? host : "localhost";
	report_holder_name(&s->env, s->holder);
	s->reports = s->json ? json_array() : NULL;
	s->failures = s->json ? json_array() : NULL;
	return (true);
}

static void
fini_run(struct report_send *s)
{
	json_decref(s->reports);
	json_decref(s->failures);
	report_store_close(s->store);
	dmarc_psl_free(s->psl);
	dns_release(s->dns);
	offline_close(&s->off);
	arena_fini(&s->arena);
}

static bool
send_all(struct report_send *s, struct report_period *v, size_t n)
{
	enum status status = STATUS_OK;
	struct cli_progress progress;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	cli_progress_begin(&progress, &s->env, "reports", n, s->json);
	status = report_store_count(s->store, STR_NONE, env_now_s(&s->env) -
	    REPORT_DAY_S, &s->mails_today, &diag);
	for (i = 0; i < n && status == STATUS_OK &&
	    (s->max == 0 || (int64_t)s->sent < s->max); i++) {
		s->full = s->mails_today >=
		    (int64_t)s->conf->reports_per_day;
		if (s->full) {
			break;
		}
		cli_progress_hide(&progress);
		status = report_send_period(s, &v[i], &diag);
		cli_progress_step(&progress, i + 1);
	}
	cli_progress_hide(&progress);
	if (status != STATUS_OK) {
		cli_warn("%s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
	} else if (s->full) {
		cli_warn("ReportsPerDay is reached: %zu reports wait", n - i);
	}
	return (status == STATUS_OK);
}

/* *ok_r: false: said why. False: the store failed at once. */
static bool
send_periods(struct report_send *s, bool *ok_r)
{
	struct report_filter filter = { .domain = str_from(s->domain),
		.begin_s = s->day_s, .due_s = env_now_s(&s->env) };
	struct report_period *v = NULL;
	struct diag diag;
	size_t n = 0;

	diag_init(&diag);
	if (report_store_periods(s->store, &s->arena, &filter, &v, &n,
	    &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	*ok_r = send_all(s, v, n);
	return (true);
}

static int
run_all(struct report_send *s)
{
	const char *refused = NULL;
	struct diag diag, missing;
	bool ok = true;

	diag_init(&diag);
	diag_init(&missing);
	if (!report_send_check(s, &missing)) {
		refused = missing.text;
		cli_warn("%s: mail from %.*s would not pass DMARC: %s",
		    s->dry_run ? "nothing would be sent" : "nothing is sent",
		    STR_FMT(s->conf->report_from.text), refused);
		if (!s->dry_run) {
			return (report_send_show_end(s, refused) ? CLI_NO :
			    CLI_USAGE);
		}
	}
	if (!s->only_failures && !send_periods(s, &ok)) {
		return (CLI_USAGE);
	}
	/* A failure report belongs to no day. */
	if (s->conf->failure_reports && s->day_s == -1) {
		ok &= report_send_failures(s, &diag);
	}
	if (!report_send_show_end(s, refused)) {
		return (CLI_USAGE);
	}
	return (ok && s->later == 0 && !s->full ? CLI_YES : CLI_NO);
}

int
report_send_main(const struct cli_command *command, int argc, char **argv)
{
	struct report_send s = { .conf_path = SYSCONFDIR "/mailseald.conf",
		.day_s = -1, .now_s = -1 };
	int early, result = CLI_USAGE;
	char host[HOST_BYTES] = "";

	early = cli_options(command, argc, argv, take_option, &s);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	/* If it is inherited as ignored, no exit status is had. */
	(void)signal(SIGCHLD, SIG_DFL);
	env_init_system(&s.env);
	arena_init(&s.arena, PERIODS_ARENA_BYTES);
	if (init_run(&s, host)) {
		result = run_all(&s);
	}
	fini_run(&s);
	return (result);
}
