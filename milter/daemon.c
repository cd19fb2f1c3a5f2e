/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <inttypes.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/background.h"
#include "milter/counters.h"
#include "milter/log.h"
#include "milter/private.h"
#include "milter/serve.h"
#include "milter/signals.h"

#define NO_THREAD	"cannot start a thread"
#define DRAIN_STEP_MS	20
#define REPORT_BYTES	128

static atomic_bool library_ended;
static volatile sig_atomic_t cleanup_exit_code;

/* The diag has file and line. Add the user if permissions may be missing:
   it is not the one who started the daemon. */
void
daemon_complain(const struct daemon *daemon, enum status status,
    const struct diag *diag)
{
	const struct passwd *user = (status == STATUS_IO ||
	    status == STATUS_TEMP) && geteuid() != daemon->caller ?
	    getpwuid(geteuid()) : NULL;

	env_log(&daemon->env, LOG_LEVEL_ERROR, "%s%s%s", diag->text[0] !=
	    '\0' ? diag->text : status_text(status), user != NULL ?
	    "; this was tried as UserID " : "",
	    user != NULL ? user->pw_name : "");
}

enum daemon_exit
daemon_exit_of(enum status status)
{
	if (status == STATUS_OK) {
		return (DAEMON_OK);
	}
	return (status == STATUS_IO ? DAEMON_USAGE : DAEMON_NO);
}

void
daemon_init(struct daemon *daemon, const struct daemon_opts *opts)
{
	*daemon = (struct daemon){ .opts = opts, .caller = geteuid() };
	daemon->live.test_mode = opts->test_mode;
	log_init();
	env_init_system(&daemon->env);
	daemon->env.log = log_write;
}

/* -f -t: run from a terminal, maybe beside the daemon that serves. */
static bool
is_observer(const struct daemon *daemon)
{
	return (daemon->opts->foreground && daemon->opts->test_mode);
}

static void
set_log(const struct daemon *daemon, const struct conf *conf)
{
	if (!is_observer(daemon)) {
		log_set_target(conf);
	}
}

static void *
run_library(void *unused)
{
	(void)unused;
	(void)smfi_main();
	library_ended = true;
	signals_raise_stop();
	return (NULL);
}

static enum status
serve_in_threads(struct daemon *daemon, struct conf *conf, struct diag *diag)
{
	enum status status;
	pthread_t thread;

	status = live_init(&daemon->live, conf, &daemon->env, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	/* The library answers a waiting client at once. */
	set_log(daemon, conf);
	if (pthread_create(&thread, NULL, run_library, NULL) != 0) {
		diag_set(diag, NULL, 0, NO_THREAD);
		return (STATUS_NOMEM);
	}
	(void)pthread_detach(thread);
	status = report_collector_start(daemon->live.reports);
	if (status == STATUS_OK) {
		status = watch_start(&daemon->watch, &daemon->live);
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, NO_THREAD);
	}
	return (status);
}

void
daemon_warn_root(const struct daemon *daemon)
{
	if (geteuid() == 0) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "running as root: "
		    "set UserID");
	}
}

static enum status
start_threads(struct daemon *daemon, struct conf *conf, struct diag *diag)
{
	enum status status = log_start();

	if (status == STATUS_OK) {
		status = exporter_init(&daemon->exporter, &daemon->live);
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, NO_THREAD);
		return (status);
	}
	return (serve_in_threads(daemon, conf, diag));
}

/* Logs the error and closes what was opened if it fails. */
static enum daemon_exit
start_daemon(struct daemon *daemon, struct conf *conf)
{
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = presence_open(&daemon->presence, conf, &daemon->live, &diag);
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		return (DAEMON_NO);
	}
	status = start_threads(daemon, conf, &diag);
	if (status != STATUS_OK) {
		presence_close(&daemon->presence);
		log_init();	/* back to standard error */
		daemon_complain(daemon, status, &diag);
		log_flush();
		return (daemon_exit_of(status));
	}
	presence_announce(&daemon->presence);
	return (DAEMON_OK);
}

/* A daemon that only looks on leaves the place to the one that serves. */
static void
set_exporter(struct daemon *daemon, const struct conf *conf)
{
	exporter_set(&daemon->exporter, is_observer(daemon) ? NULL :
	    conf->metrics);
}

static void
write_report(struct daemon *daemon, char *text, size_t n)
{
	(void)snprintf(text, n, "in service: %" PRIu64 " messages, %u in "
	    "flight", engine_stats_get(daemon->live.stats, ENGINE_MESSAGES),
	    live_in_flight(&daemon->live));
}

void
daemon_report_ready(struct daemon *daemon)
{
	char text[REPORT_BYTES];

	write_report(daemon, text, sizeof(text));
	manager_ready(&daemon->manager, text);
}

void
daemon_report_alive(struct daemon *daemon)
{
	char text[REPORT_BYTES];

	write_report(daemon, text, sizeof(text));
	manager_alive(&daemon->manager, text);
}

static bool
texts_differ(const char *a, const char *b)
{
	return (strcmp(a != NULL ? a : "", b != NULL ? b : "") != 0);
}

static void
warn_restart(const struct daemon *daemon, const struct conf *now,
    const struct conf *next)
{
	if (texts_differ(now->socket, next->socket) ||
	    texts_differ(now->user_id, next->user_id) ||
	    texts_differ(now->pid_file, next->pid_file) ||
	    texts_differ(now->mark_key_file, next->mark_key_file) ||
	    now->umask != next->umask || now->background != next->background) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "a change of Socket, "
		    "UserID, PidFile, MarkKeyFile, UMask or Background needs a "
		    "restart");
	}
}

/* conf_r: NULL if it could not be read. */
static enum status
load_conf(struct daemon *daemon, struct conf **conf_r, struct diag *diag)
{
	enum status status = conf_load(daemon->opts->conf_path, &daemon->env,
	    conf_r, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	warn_restart(daemon, live_conf(&daemon->live), *conf_r);
	return (live_load(&daemon->live, *conf_r, diag));
}

void
daemon_reload(struct daemon *daemon)
{
	struct conf *conf = NULL;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = load_conf(daemon, &conf, &diag);
	meter_note_load(&daemon->live.meter, status == STATUS_OK,
	    env_now_s(&daemon->env));
	if (status == STATUS_OK) {
		set_log(daemon, conf);
		set_exporter(daemon, conf);
		env_log(&daemon->env, LOG_LEVEL_INFO, "%s is in service",
		    daemon->opts->conf_path);
		daemon_log_survey(daemon);
	} else {
		daemon_complain(daemon, status, &diag);
		env_log(&daemon->env, LOG_LEVEL_ERROR, "not reloaded: the "
		    "previous configuration stays in service");
	}
	conf_release(conf);
}

/* The configuration file is not read: it may be half edited. */
void
daemon_reload_keys(struct daemon *daemon)
{
	uint64_t before = live_keys_revision(&daemon->live);
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = live_load_keys(&daemon->live, &diag);
	if (status == STATUS_TEMP) {
		env_log(&daemon->env, LOG_LEVEL_ERROR, "%s; the previous "
		    "keys and rules stay in service until SIGHUP, or until "
		    "the file is whole and does not change for KeyRefresh",
		    diag.text);
	} else if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		env_log(&daemon->env, LOG_LEVEL_ERROR,
		    "the previous keys stay in service");
	} else if (live_keys_revision(&daemon->live) != before) {
		env_log(&daemon->env, LOG_LEVEL_INFO,
		    "keys have changed: the new ones are in service");
		daemon_log_survey(daemon);
	}
}

/*
 * smfi_stop() is never called: it does not wait for callbacks, and the worker
 * pool frees connections that a worker still uses. Instead new messages are
 * refused, those in flight finish, and the process ends while libmilter runs.
 * Returns the number of messages that did not finish.
 */
static unsigned
drain_messages(struct daemon *daemon)
{
	const uint64_t end_us = env_mono_us(&daemon->env) +
	    DAEMON_DRAIN_SECONDS * 1000000ULL;

	/* Now, so that a successor can use the socket. */
	presence_close(&daemon->presence);
	while (live_idle_us(&daemon->live) < DAEMON_ANSWER_US &&
	    env_mono_us(&daemon->env) < end_us) {
		/* The second request does not wait. */
		if (signals_wait(DRAIN_STEP_MS) == SIGNALS_STOP) {
			break;
		}
	}
	return (live_in_flight(&daemon->live));
}

static void
end_process(int number)
{
	(void)number;
	_exit(cleanup_exit_code);
}

/* A database or a library may hang in the clean-up; all mail is answered. */
static void
limit_cleanup(enum daemon_exit code)
{
	struct sigaction action = { .sa_handler = end_process };

	cleanup_exit_code = (sig_atomic_t)code;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)alarm(DAEMON_CLEANUP_SECONDS);
}

/* False: the store does not answer, and its thread uses the daemon still. */
static bool
stop_reports(struct daemon *daemon)
{
	struct report_collector_numbers n;

	if (report_collector_stop(daemon->live.reports, DAEMON_STORE_MS)) {
		return (true);
	}
	report_collector_get(daemon->live.reports, &n);
	env_log(&daemon->env, LOG_LEVEL_WARNING, "ReportStore: it is too "
	    "slow; %" PRIu64 " rows are missing from DMARC reports",
	    n.rows_pending);
	return (false);
}

static enum daemon_exit
stop_daemon(struct daemon *daemon)
{
	enum daemon_exit code = library_ended ? DAEMON_NO : DAEMON_OK;
	unsigned left;
	bool stored;

	/* First, so that the line below is true when it is read. */
	live_drain(&daemon->live);
	manager_stopping(&daemon->manager, "waiting for messages in flight");
	env_log(&daemon->env, LOG_LEVEL_INFO, "stopping: %u in flight",
	    live_in_flight(&daemon->live));
	left = drain_messages(daemon);
	stored = stop_reports(daemon);
	counters_log(&daemon->live, "counters");
	if (left > 0) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "stopped with %u "
		    "messages unfinished: the MTA will try them again", left);
		log_flush();
		/* Their threads use what a clean-up would free. */
		_exit((int)code);
	}
	env_log(&daemon->env, LOG_LEVEL_INFO, "stopped");
	log_flush();
	if (!stored) {
		/* As above: its thread runs still. */
		_exit((int)code);
	}
	limit_cleanup(code);
	exporter_stop(&daemon->exporter);
	watch_stop(&daemon->watch);
	live_fini(&daemon->live);
	return (code);
}

static enum status
choose_socket(struct daemon *daemon, const struct conf *conf,
    struct diag *diag)
{
	const char *where = daemon->opts->socket != NULL ?
	    daemon->opts->socket : conf->socket;

	if (where == NULL) {
		diag_set(diag, daemon->opts->conf_path, 0, "no Socket");
		return (STATUS_SYNTAX);
	}
	return (presence_init(&daemon->presence, where,
	    is_observer(daemon) ? NULL : conf->pid_file));
}

static enum status
load_first(struct daemon *daemon, struct conf **conf_r, struct diag *diag)
{
	enum status status = conf_load(daemon->opts->conf_path, &daemon->env,
	    conf_r, diag);

	return (status == STATUS_OK ? choose_socket(daemon, *conf_r, diag) :
	    status);
}

enum daemon_exit
daemon_load(struct daemon *daemon, struct conf **conf_r)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = load_first(daemon, conf_r, &diag);
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		conf_release(*conf_r);
	}
	return (daemon_exit_of(status));
}

static void
announce_start(struct daemon *daemon)
{
	daemon_warn_root(daemon);
	daemon_warn_name(daemon);
	daemon_warn_local(daemon);
	daemon_log_survey(daemon);
	env_log(&daemon->env, LOG_LEVEL_INFO, "mailseald %s listens on %s%s",
	    PACKAGE_VERSION, daemon->presence.socket,
	    daemon->opts->test_mode ? ", test mode: no message is changed" :
	    "");
	/* Standard error may be closed next. */
	log_flush();
}

enum daemon_exit
daemon_run(const struct daemon_opts *opts)
{
	static struct daemon daemon;
	struct conf *conf = NULL;
	struct background caller;
	enum daemon_exit code;

	/* First of all, so that a signal during the start waits. */
	signals_block();
	daemon_init(&daemon, opts);
	daemon.live.may_create = true;
	code = daemon_load(&daemon, &conf);
	if (code != DAEMON_OK) {
		return (code);
	}
	if (!opts->foreground && conf->background) {
		background_enter(&caller);
	} else {
		background_none(&caller);
	}
	manager_init(&daemon.manager);
	code = start_daemon(&daemon, conf);
	if (code != DAEMON_OK) {
		conf_release(conf);
		return (code);
	}
	announce_start(&daemon);
	set_exporter(&daemon, conf);
	background_ready(&caller, conf->log_target == CONF_LOG_STDERR);
	daemon_report_ready(&daemon);
	conf_release(conf);
	serve_signals(&daemon);
	code = stop_daemon(&daemon);
	presence_fini(&daemon.presence);
	manager_fini(&daemon.manager);
	return (code);
}
